#include "engine/reach.h"

#include <sys/stat.h>

namespace nono::engine {

sandbox::Access access_by_place(const sandbox::CapabilitySet& capabilities,
                                const std::string& path) {
  sandbox::Access all = capabilities.access_at(path);
  for (std::size_t end = path.size(); end != std::string::npos && end > 0;
       end = path.rfind('/', end - 1)) {
    struct stat at{};
    if (::lstat(path.substr(0, end).c_str(), &at) != 0) {
      continue;  // not made yet
    }
    for (const sandbox::PathGrant& grant : capabilities.paths()) {
      if (grant.device == at.st_dev && grant.inode == at.st_ino) {
        all = all | grant.access;
      }
    }
  }
  return all;
}

}  // namespace nono::engine
