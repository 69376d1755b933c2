// engine/learn_reach.cc: the wide grants of `nono learn`.
#include <dirent.h>
#include <sys/stat.h>

#include <memory>

#include "base/files.h"
#include "engine/learn.h"

namespace nono::engine {
namespace {

using profile::GrantUse;
using sandbox::Access;

constexpr std::size_t kMaxGrants = 8192;
constexpr int kMaxDepth = 32;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

class Reach {
 public:
  Reach(sandbox::CapabilitySet& capabilities, const profile::NeverGrantList& never)
      : capabilities_(capabilities), never_(never) {}

  // take grants `path` as widely as may be. What cannot be opened is left out: the agent could not
  // open it either.
  void take(const std::string& path, int depth) {
    struct stat status{};
    if (depth > kMaxDepth || ::lstat(path.c_str(), &status) != 0 || S_ISLNK(status.st_mode)) {
      return;
    }
    const auto withheld = never_.find(path, GrantUse::Writing);
    if (!withheld) {
      grant(path, Access::read() | Access::write() | Access::execute());
    } else if (withheld->relation == profile::NeverGrant::Relation::Covers &&
               S_ISDIR(status.st_mode)) {
      take_entries(path, depth);
    } else if (!never_.find(path, GrantUse::Reading)) {
      grant(path, Access::read() | Access::execute());
    }
  }

  bool full() const { return count_ >= kMaxGrants; }

 private:
  void take_entries(const std::string& path, int depth) {
    const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
    if (!directory) {
      return;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of this thread's own
    while (const dirent* entry = ::readdir(directory.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") {
        take(join_path(path, name), depth + 1);
      }
    }
  }

  void grant(const std::string& path, Access access) {
    if (!full() && capabilities_.allow_path(path, access, "learn")) {
      ++count_;
    }
  }

  sandbox::CapabilitySet& capabilities_;
  const profile::NeverGrantList& never_;
  std::size_t count_ = 0;
};

}  // namespace

Result<void> grant_all_but(sandbox::CapabilitySet& capabilities,
                           const profile::NeverGrantList& never, const std::string& root) {
  Reach reach(capabilities, never);
  reach.take(root, 0);
  if (reach.full()) {
    return fail(ErrorKind::Exhausted, "too many files lie beside what is never granted");
  }
  return {};
}

}  // namespace nono::engine
