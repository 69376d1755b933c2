#include "sandbox/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/mountinfo.h"
#include "base/text.h"

namespace nono::sandbox {
namespace {

constexpr std::size_t kMaxFile = 1u << 20;  // mountinfo of a host with many containers

// contents of a file of the kernel's, whose size says nothing; empty where it cannot be read.
std::string contents(BorrowedFd directory, const char* name) {
  const OwnedFd fd(::openat(directory.raw(), name, O_RDONLY | O_CLOEXEC));
  std::string out;
  std::array<char, 4096> buffer{};
  while (fd.valid() && out.size() < kMaxFile) {
    const ssize_t got = ::read(BorrowedFd(fd).raw(), buffer.data(), buffer.size());
    if (got <= 0) {
      break;
    }
    out.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return out;
}

std::string contents(const std::string& path) {
  return contents(BorrowedFd::unowned(AT_FDCWD), path.c_str());
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) {
      out.push_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool names(std::string_view list, std::string_view word) {
  for (const std::string_view line : split(list, '\n')) {
    for (const std::string_view each : split(line, ' ')) {
      if (each == word) {
        return true;
      }
    }
  }
  return false;
}

// value_of finds "<key> <number>" in a flat keyed file.
std::uint64_t value_of(std::string_view text, std::string_view key) {
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with(key) && line.substr(key.size()).starts_with(' ')) {
      const std::string_view digits = line.substr(key.size() + 1);
      std::uint64_t value = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), value);
      return value;
    }
  }
  return 0;
}

// own_group is this process's path in the one hierarchy of version 2 ("0::/path").
std::optional<std::string> own_group(const CgroupView& view) {
  const std::string text = contents(view.self);
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("0::/")) {
      return std::string(line.substr(3));
    }
  }
  return std::nullopt;
}

struct Mount {
  std::string root;   // which group is mounted
  std::string point;  // where
};

std::optional<Mount> cgroup_mount(const CgroupView& view) {
  const std::string text = contents(view.mounts);
  for (const MountLine& line : mount_lines(text)) {
    if (line.type == "cgroup2" && !line.point.contains('\\') && line.point.starts_with('/')) {
      return Mount{std::string(line.root), std::string(line.point)};
    }
  }
  return std::nullopt;
}

// A child can be made, and this process's children moved there: the nearest common ancestor of
// both groups is the place itself, and its cgroup.procs must be writable.
bool is_delegated(const std::string& directory) {
  return ::access(directory.c_str(), W_OK) == 0 &&
         ::access(join_path(directory, "cgroup.procs").c_str(), W_OK) == 0;
}

// delegated_groups: those in which this process may make a child, from its own group upwards.
std::vector<std::string> delegated_groups(const CgroupView& view) {
  std::vector<std::string> out;
  const auto own = own_group(view);
  const auto mount = own ? cgroup_mount(view) : std::nullopt;
  if (!mount || !beneath(mount->root, *own)) {
    return out;
  }
  std::string directory = normal_path(join_path(mount->point, relative_to(mount->root, *own)));
  for (;; directory = std::string(directory_name(directory))) {
    if (is_delegated(directory)) {
      out.push_back(directory);
    }
    if (directory == mount->point || directory.size() <= mount->point.size()) {
      return out;
    }
  }
}

// is_leaf_name: nono-PID-XXXXXXXX.
bool is_leaf_name(std::string_view name) {
  constexpr std::string_view kPrefix = "nono-";
  constexpr std::size_t kRandomDigits = 8;
  if (!name.starts_with(kPrefix)) {
    return false;
  }
  name.remove_prefix(kPrefix.size());
  const std::size_t dash = name.find('-');
  return dash != std::string_view::npos && dash > 0 &&
         name.find_first_not_of("0123456789") == dash && name.size() == dash + 1 + kRandomDigits &&
         name.find_first_not_of("0123456789abcdef", dash + 1) == std::string_view::npos;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// leaves_in are the paths of the leaves of runs.
std::vector<std::string> leaves_in(const std::string& place) {
  std::vector<std::string> out;
  const std::unique_ptr<DIR, CloseDirectory> open(::opendir(place.c_str()));
  while (open) {
    const dirent* const entry = ::readdir(open.get());  // NOLINT(concurrency-mt-unsafe): our own
    if (entry == nullptr) {
      break;
    }
    const std::string_view name(static_cast<const char*>(entry->d_name));
    if (is_leaf_name(name)) {
      out.push_back(join_path(place, std::string(name)));
    }
  }
  return out;
}

OwnedFd open_group(const std::string& directory) {
  return OwnedFd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

Result<void> set(BorrowedFd group, const char* file, const std::string& value) {
  const OwnedFd fd(::openat(group.raw(), file, O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return fail_errno(errno, std::string("setting ") + file + " of a control group");
  }
  return write_all(fd, value);
}

Result<void> configure(BorrowedFd group, const CgroupSettings& settings) {
  if (settings.memory) {
    NONO_CHECK(set(group, "memory.max", std::to_string(*settings.memory)));
    // The limit would otherwise be passed by swapping. Absent where the kernel counts no swap.
    const auto no_swap = set(group, "memory.swap.max", "0");
    if (!no_swap && no_swap.error().kind() != ErrorKind::NotFound) {
      return no_swap;
    }
  }
  return settings.pids ? set(group, "pids.max", std::to_string(*settings.pids)) : Result<void>();
}

}  // namespace

std::optional<CgroupPlace> find_cgroup_place(const CgroupView& view, bool memory, bool pids) {
  std::optional<CgroupPlace> best;
  int most = -1;
  for (const std::string& directory : delegated_groups(view)) {
    const std::string enabled = contents(join_path(directory, "cgroup.subtree_control"));
    const CgroupPlace place{directory, names(enabled, "memory"), names(enabled, "pids")};
    const int offers =
        static_cast<int>(memory && place.memory) + static_cast<int>(pids && place.pids);
    if (offers > most) {
      most = offers;
      best = place;
    }
  }
  return best;
}

Cgroup::Cgroup(std::string directory, OwnedFd fd, OwnedFd procs)
    : directory_(std::move(directory)),
      fd_(std::move(fd)),
      procs_(std::move(procs)),
      owner_(::getpid()) {}

Result<Cgroup> Cgroup::create(const CgroupPlace& place, const std::string& name,
                              const CgroupSettings& settings) {
  const std::string directory = join_path(place.directory, name);
  if (::mkdir(directory.c_str(), 0755) != 0) {
    return fail_errno(errno, "making the control group " + printable(directory));
  }
  OwnedFd fd = open_group(directory);
  // The lock keeps a sweep away. It is not waited for: who was here before it is a sweep, which
  // removes the group, or an agent, which may read groups and would hold up every start.
  const bool taken =
      fd.valid() && ::flock(BorrowedFd(fd).raw(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  OwnedFd procs(taken ? -1
                      : ::open(join_path(directory, "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  const int saved = errno;
  Cgroup out(directory, std::move(fd), std::move(procs));
  if (!out.fd_.valid() || !out.procs_.valid()) {
    return fail_errno(saved, "opening the control group " + printable(directory));
  }
  NONO_CHECK(configure(out.fd_, settings));
  return out;
}

Cgroup::~Cgroup() {
  if (fd_.valid() && owner_ == ::getpid()) {
    remove();
  }
}

std::chrono::microseconds Cgroup::cpu_used() const {
  return std::chrono::microseconds(value_of(contents(fd_, "cpu.stat"), "usage_usec"));
}

std::uint64_t Cgroup::killed_for_memory() const {
  return value_of(contents(fd_, "memory.events"), "oom_kill");
}

std::uint64_t Cgroup::forks_refused() const {
  return value_of(contents(fd_, "pids.events"), "max");
}

void Cgroup::kill() const {
  static_cast<void>(set(fd_, "cgroup.kill", "1"));  // what is left is killed one by one
}

bool Cgroup::remove() {
  if (::rmdir(directory_.c_str()) != 0 && errno != ENOENT) {
    return false;
  }
  fd_.reset();
  return true;
}

void sweep_unused_groups(const CgroupView& view) {
  for (const std::string& place : delegated_groups(view)) {
    for (const std::string& leaf : leaves_in(place)) {
      const OwnedFd group = open_group(leaf);
      if (group.valid() && ::flock(BorrowedFd(group).raw(), LOCK_EX | LOCK_NB) == 0) {
        ::rmdir(leaf.c_str());  // the kernel keeps one with processes
      }
    }
  }
}

bool remove_abandoned_group(const std::string& directory) {
  constexpr int kRounds = 1000;
  const OwnedFd group(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct statfs kind{};
  if (!group.valid() || ::fstatfs(BorrowedFd(group).raw(), &kind) != 0 ||
      kind.f_type != CGROUP2_SUPER_MAGIC) {
    return true;
  }
  for (int round = 0; round < kRounds; ++round) {
    if (::rmdir(directory.c_str()) == 0 || errno != EBUSY) {
      return true;
    }
    static_cast<void>(set(group, "cgroup.kill", "1"));
    ::usleep(1000);
  }
  return false;
}

}  // namespace nono::sandbox
