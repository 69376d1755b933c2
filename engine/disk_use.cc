#include "engine/disk_use.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>

#include "base/files.h"
#include "engine/tree_walk.h"
#include "sandbox/process_tree.h"

namespace nono::engine {
namespace {

constexpr std::uint64_t kBlock = 512;  // of st_blocks, on every file system

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// BlockVisitor adds up a tree: the names of a directory are looked at through its descriptor.
class BlockVisitor final : public WalkVisitor {
 public:
  using Add = std::function<void(const struct stat&)>;
  BlockVisitor(Add add, const DiskUse::Stop& stop) : add_(std::move(add)), stop_(stop) {}

  bool entry(const std::string&, std::size_t, std::string_view name, EntryKind) override {
    names_.emplace_back(name);
    return names_.size() % kAsk != 0 || !stop_();
  }
  void listed(const std::string&, BorrowedFd fd) override {
    for (const std::string& name : std::exchange(names_, {})) {
      struct stat status{};
      if (::fstatat(fd.raw(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
        add_(status);
      }
    }
  }
  void unreadable(const std::string&) override {
    names_.clear();
    complete_ = false;
  }
  bool complete() const { return complete_; }

 private:
  static constexpr std::size_t kAsk = 512;
  Add add_;
  const DiskUse::Stop& stop_;
  std::vector<std::string> names_;
  bool complete_ = true;
};

}  // namespace

DiskUse::DiskUse(std::vector<std::string> trees) : trees_(std::move(trees)) {
  std::ranges::sort(trees_);
  std::vector<std::string> outer;
  for (std::string& tree : trees_) {
    if (outer.empty() || !beneath(outer.back(), tree)) {
      outer.push_back(std::move(tree));
    }
  }
  trees_ = std::move(outer);
  free_before_ = free_space();
  before_ = measure([] { return false; }).bytes;
}

DiskUse::Sum DiskUse::measure(const Stop& stop) const {
  Sum sum;
  const auto add = [&sum](const struct stat& status) {
    if (status.st_nlink < 2 || S_ISDIR(status.st_mode) ||
        sum.linked.emplace(status.st_dev, status.st_ino).second) {
      sum.bytes += static_cast<std::uint64_t>(status.st_blocks) * kBlock;
    }
  };
  for (const std::string& tree : trees_) {
    struct stat status{};
    if (::lstat(tree.c_str(), &status) != 0) {
      continue;
    }
    add(status);
    sum.devices.insert(status.st_dev);
    if (S_ISDIR(status.st_mode)) {
      BlockVisitor visitor(add, stop);
      const bool walked = TreeWalk(visitor).walk(tree).has_value();
      sum.complete = sum.complete && walked && visitor.complete() && !stop();
    }
  }
  return sum;
}

// add_removed_files counts what has no name any more and is still open; memory files are on no
// device of the trees.
void DiskUse::add_removed_files(pid_t process, Sum& sum) {
  const std::string path = "/proc/" + std::to_string(process) + "/fd";
  const std::unique_ptr<DIR, CloseDirectory> listing(::opendir(path.c_str()));
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of this function's own
  for (const dirent* each = nullptr; listing && (each = ::readdir(listing.get())) != nullptr;) {
    struct stat status{};
    const bool removed = ::fstatat(::dirfd(listing.get()), each->d_name, &status, 0) == 0 &&
                         S_ISREG(status.st_mode) && status.st_nlink == 0;
    if (removed && sum.devices.contains(status.st_dev) &&
        sum.linked.emplace(status.st_dev, status.st_ino).second) {
      sum.bytes += static_cast<std::uint64_t>(status.st_blocks) * kBlock;
    }
  }
}

std::uint64_t DiskUse::growth(pid_t broker, const Stop& stop) const {
  Sum sum = measure(stop);
  for (const sandbox::TreeProcess& process : sandbox::processes_beneath(broker).processes) {
    add_removed_files(process.pid, sum);
  }
  const std::uint64_t seen = sum.bytes > before_ ? sum.bytes - before_ : 0;
  return sum.complete || stop() ? seen : std::max(seen, shrunk());
}

std::uint64_t DiskUse::free_space() const {
  std::map<unsigned long, std::uint64_t> by_file_system;
  for (const std::string& tree : trees_) {
    struct statvfs status{};
    if (::statvfs(tree.c_str(), &status) == 0) {
      by_file_system[status.f_fsid] = std::uint64_t{status.f_bfree} * status.f_frsize;
    }
  }
  std::uint64_t out = 0;
  for (const auto& [id, bytes] : by_file_system) {
    out += bytes;
  }
  return out;
}

std::uint64_t DiskUse::shrunk() const {
  const std::uint64_t now = free_space();
  return free_before_ > now ? free_before_ - now : 0;
}

}  // namespace nono::engine
