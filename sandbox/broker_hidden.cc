#include "sandbox/broker_hidden.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/files.h"
#include "sandbox/expansion.h"
#include "sandbox/mount_view.h"
#include "sandbox/open_flags.h"
#include "sandbox/stalling_mounts.h"

namespace nono::sandbox {
namespace {

constexpr std::size_t kMaxMountTable = std::size_t{16} << 20U;

struct Wanted {
  PathArg path;
  std::string_view operation;
  Access access;
};

std::optional<Wanted> wanted_of(const Call& call) {
  if (call.trap == Trap::Open) {
    const OpenCall open = decode_open(call.number, call.args);
    const ExpansionKind kind = kind_of(open.flags);
    return Wanted{open.path, name_of(kind), access_of(kind)};
  }
  if (call.trap == Trap::Execute) {
    int flags = 0;
    return Wanted{decode_execute(call.number, call.args, flags), "execute", Access::execute()};
  }
  return std::nullopt;
}

// absolute is what the text names; empty where it cannot be told.
std::string absolute(const Call& call, const PathArg& named) {
  const auto path = call.thread.path_at(named.address);
  if (!path || path->empty()) {
    return {};
  }
  if (path->starts_with('/')) {
    return normal_path(*path);
  }
  const auto base = call.thread.base_path(named.dirfd);
  return base && base->starts_with('/') ? normal_path(join_path(*base, *path)) : std::string();
}

int open_at(const std::string& path, std::uint64_t resolve) {
  open_how how{};
  how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | resolve;
  return static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how));
}

}  // namespace

void tell_hidden(BrokerRules& rules, const Call& call) {
  const MountView* const view = rules.config().view;
  const auto wanted = view != nullptr ? wanted_of(call) : std::nullopt;
  if (!wanted) {
    return;
  }
  const std::string path = absolute(call, wanted->path);
  if (!path.empty() && !view->shows(path)) {
    rules.hidden(call, wanted->operation, path, wanted->access);
  }
}

// What the kernel has at hand is told without asking any file system.
bool is_there(const std::string& path) {
  const OwnedFd at_hand(open_at(path, RESOLVE_CACHED));
  if (at_hand.valid() || errno != EAGAIN) {
    return at_hand.valid();
  }
  const auto table = read_file("/proc/self/mountinfo", kMaxMountTable);
  if (!table) {
    return false;
  }
  const auto mounts = StallingMounts::from_table(*table, [](const std::string&) { return true; });
  return mounts.at(path) == nullptr && OwnedFd(open_at(path, 0)).valid();
}

}  // namespace nono::sandbox
