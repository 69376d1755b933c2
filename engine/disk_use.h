// engine/disk_use.h: how much the granted trees have grown since the start of a run.
//
// What counts are allocated blocks, each object once however many names it has, and files that
// processes of the agent hold open after their last name was removed. Other programs that write to
// the same trees are counted as if they were the agent.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace nono::engine {

class DiskUse {
 public:
  using Stop = std::function<bool()>;

  // The trees (absolute; files or directories) are measured once: what is there is not counted.
  explicit DiskUse(std::vector<std::string> trees);

  // growth measures anew. Where a directory cannot be listed, or `stop` says to go no further, it
  // is at least what the file systems' free space has shrunk by, whoever wrote it.
  std::uint64_t growth(pid_t broker, const Stop& stop) const;
  // shrunk is what free space has shrunk by since the start: quick, and coarse.
  std::uint64_t shrunk() const;

 private:
  struct Sum {
    std::uint64_t bytes = 0;
    bool complete = true;
    std::set<std::pair<dev_t, ino_t>> linked;  // objects of several names
    std::set<dev_t> devices;
  };
  Sum measure(const Stop& stop) const;
  static void add_removed_files(pid_t process, Sum& sum);
  std::uint64_t free_space() const;

  std::vector<std::string> trees_;
  std::uint64_t before_ = 0;
  std::uint64_t free_before_ = 0;
};

}  // namespace nono::engine
