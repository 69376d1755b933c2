#include "sandbox/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sandbox/supervisor_watch.h"

namespace nono::sandbox {
namespace {

// Fields of /proc/PID/stat (proc(5)), counted from the one after the name.
enum Field : unsigned char {
  kParent = 1,
  kUserTime = 11,
  kSystemTime = 12,
  kChildrenUserTime = 13,
  kChildrenSystemTime = 14,
  kThreads = 17,
  kStarted = 19,
  kFields = 20,
};

// Of parents: nobody nests deeper than there are numbers of processes.
constexpr int kMaxDepth = 1 << 22;
constexpr int kMaxAncestors = 256;  // of a process that somebody is to work with

struct Stat {
  pid_t parent = 0;
  std::uint64_t own_ticks = 0;
  std::uint64_t children_ticks = 0;
  std::uint64_t threads = 0;
  std::uint64_t started = 0;
};

std::string_view read_entry(pid_t pid, const char* name, std::span<char> buffer) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t got = fd.valid() ? ::read(BorrowedFd(fd).raw(), buffer.data(), buffer.size()) : -1;
  return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

std::uint64_t number_in(std::string_view text) {
  std::uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::optional<Stat> stat_of(pid_t pid) {
  std::array<char, 1024> buffer{};
  std::string_view text = read_entry(pid, "stat", buffer);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos || name_end + 2 >= text.size()) {
    return std::nullopt;
  }
  text.remove_prefix(name_end + 2);
  std::array<std::uint64_t, kFields> values{};
  for (std::uint64_t& value : values) {
    const std::size_t end = std::min(text.find(' '), text.size());
    value = number_in(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return Stat{static_cast<pid_t>(values[kParent]), values[kUserTime] + values[kSystemTime],
              values[kChildrenUserTime] + values[kChildrenSystemTime], values[kThreads],
              values[kStarted]};
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::unordered_map<pid_t, Stat> all_processes() {
  std::unordered_map<pid_t, Stat> out;
  const std::unique_ptr<DIR, CloseDirectory> listing(::opendir("/proc"));
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of this function's own
  for (const dirent* each = nullptr; listing && (each = ::readdir(listing.get())) != nullptr;) {
    const auto pid = static_cast<pid_t>(number_in(each->d_name));
    if (const auto stat = pid > 0 ? stat_of(pid) : std::nullopt) {
      out.emplace(pid, *stat);
    }
  }
  return out;
}

std::chrono::milliseconds from_ticks(std::uint64_t ticks) {
  static const long per_second = ::sysconf(_SC_CLK_TCK);
  return std::chrono::milliseconds(ticks * 1000 / static_cast<std::uint64_t>(per_second));
}

// kilobytes_in reads "<key>\t   <number> kB" of /proc/PID/status.
std::uint64_t kilobytes_in(std::string_view status, std::string_view key) {
  const std::size_t at = status.find(key);
  if (at == std::string_view::npos) {
    return 0;
  }
  std::string_view rest = status.substr(at + key.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  return number_in(rest);
}

}  // namespace

ProcessTree processes_beneath(pid_t root, std::span<const pid_t> except) {
  const auto all = all_processes();
  std::unordered_map<pid_t, std::vector<pid_t>> children;
  for (const auto& [pid, stat] : all) {
    children[stat.parent].push_back(pid);
  }
  ProcessTree out;
  const auto top = all.find(root);
  std::uint64_t ticks = top == all.end() ? 0 : top->second.children_ticks;
  std::vector<pid_t> pending = children[root];
  while (!pending.empty()) {
    const pid_t pid = pending.back();
    pending.pop_back();
    if (std::ranges::find(except, pid) != except.end()) {
      continue;
    }
    const Stat& stat = all.at(pid);
    out.processes.push_back({pid, stat.started, stat.threads});
    out.tasks += std::max<std::uint64_t>(stat.threads, 1);
    ticks += stat.own_ticks + stat.children_ticks;
    // Each process has one parent in this picture, so none is met twice.
    pending.insert(pending.end(), children[pid].begin(), children[pid].end());
  }
  out.cpu = from_ticks(ticks);
  return out;
}

bool goes_on_beneath(pid_t root) {
  return std::ranges::any_of(processes_beneath(root).processes, [](const TreeProcess& each) {
    const char state = state_of_process(each.pid);
    // The first thread of a process may have ended, and others not.
    const bool ended = state == 'X' || state == '?' || (state == 'Z' && each.threads <= 1);
    return state != 'T' && !ended;
  });
}

bool is_beneath(pid_t pid, pid_t root, std::span<const pid_t> except) {
  for (int depth = 0; depth < kMaxDepth && pid > 1; ++depth) {
    const auto stat = stat_of(pid);
    if (!stat || std::ranges::find(except, pid) != except.end()) {
      return false;
    }
    if (stat->parent == root) {
      return true;
    }
    pid = stat->parent;
  }
  return false;
}

bool may_descend(BorrowedFd pidfd, pid_t pid, pid_t root) {
  auto here = stat_of(pid);
  pollfd end{pidfd.raw(), POLLIN, 0};
  if (!here || ::poll(&end, 1, 0) != 0) {  // in this order: the number was its own when it was read
    return true;
  }
  for (int depth = 0; depth < kMaxAncestors; ++depth) {
    const pid_t parent = here->parent;
    if (parent == root || parent <= 0) {
      return parent == root;
    }
    const auto above = stat_of(parent);
    const auto again = stat_of(pid);
    if (!above || !again || again->started != here->started || again->parent != parent) {
      return true;
    }
    pid = parent;
    here = above;
  }
  return true;
}

std::vector<pid_t> members_of(pid_t group) {
  std::vector<pid_t> out;
  const std::unique_ptr<DIR, CloseDirectory> listing(::opendir("/proc"));
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of this function's own
  for (const dirent* each = nullptr; listing && (each = ::readdir(listing.get())) != nullptr;) {
    const auto pid = static_cast<pid_t>(number_in(each->d_name));
    if (pid > 0 && ::getpgid(pid) == group) {
      out.push_back(pid);
    }
  }
  return out;
}

std::uint64_t memory_of(pid_t pid) {
  std::array<char, 8192> buffer{};
  const std::string_view status = read_entry(pid, "status", buffer);
  constexpr std::uint64_t kKilo = 1024;
  return kKilo * (kilobytes_in(status, "\nRssAnon:") + kilobytes_in(status, "\nRssShmem:") +
                  kilobytes_in(status, "\nVmSwap:"));
}

std::uint64_t start_of(pid_t pid) {
  const auto stat = stat_of(pid);
  return stat ? stat->started : 0;
}

bool lives(pid_t pid, std::uint64_t started) {
  const char state = state_of_process(pid);
  // In this order: another process that gets the number meanwhile has another start.
  return state != 'Z' && state != 'X' && state != '?' && start_of(pid) == started;
}

bool kill_exactly(const TreeProcess& process) {
  const OwnedFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  // The descriptor holds whoever has the number now; only then is its identity looked at.
  return pidfd.valid() && start_of(process.pid) == process.started &&
         ::syscall(SYS_pidfd_send_signal, BorrowedFd(pidfd).raw(), SIGKILL, nullptr, 0) == 0;
}

}  // namespace nono::sandbox
