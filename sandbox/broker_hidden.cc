#include "sandbox/broker_hidden.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
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

// What a call wants of a path: of the object there, or of a name in its directory.
enum class Of : unsigned char { Object, Name };
struct Wanted {
  PathArg path;
  std::string_view operation;
  Access access = Access::write();
  Of of = Of::Object;
};
// At most two; without an operation where there is none.
using AllWanted = std::array<Wanted, 2>;

Wanted of_open(const Call& call) {
  const OpenCall open = decode_open(call.number, call.args);
  const bool creates = (open.flags & O_CREAT) != 0;
  const ExpansionKind kind = creates ? ExpansionKind::Create : kind_of(open.flags);
  return {open.path, name_of(kind), access_of(kind), creates ? Of::Name : Of::Object};
}

Wanted of_execute(const Call& call) {
  int flags = 0;
  return {decode_execute(call.number, call.args, flags), "execute", Access::execute()};
}

AllWanted of_names(std::string_view operation, const TwoPathCall& paths) {
  return {{{paths.from, operation}, {paths.to, operation, Access::write(), Of::Name}}};
}

AllWanted wanted_of(const Call& call) {
  switch (call.trap) {
    case Trap::Open:
      return {of_open(call)};
    case Trap::Execute:
      return {of_execute(call)};
    case Trap::Rename:
      return of_names("rename", decode_rename(call.number, call.args));
    case Trap::Link:
      return of_names("link", decode_link(call.number, call.args));
    case Trap::Symlink:
      return {
          Wanted{decode_symlink(call.number, call.args).to, "symlink", Access::write(), Of::Name}};
    case Trap::Make:
      return {
          Wanted{decode_make(call.number, call.args).path, "create", Access::write(), Of::Name}};
    case Trap::Unlink:
      return {Wanted{decode_unlink(call.number, call.args).path, "remove"}};
    case Trap::Truncate:
      return {Wanted{{AT_FDCWD, call.args[0]}, "write"}};
    case Trap::Mode:
    case Trap::Owner:
    case Trap::Times:
    case Trap::Xattr:
      return {Wanted{decode_metadata(call.number, call.args).path, "metadata"}};
    default:
      return {};
  }
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
  if (view == nullptr) {
    return;
  }
  for (const Wanted& wanted : wanted_of(call)) {
    const std::string path = wanted.operation.empty() ? "" : absolute(call, wanted.path);
    if (!path.empty() && !view->shows(path)) {
      const auto witness = wanted.of == Of::Name ? directory_name(path) : std::string_view(path);
      rules.hidden(call, wanted.operation, path, witness, wanted.access);
    }
  }
}

void tell_ways(BrokerRules& rules, const Call& call, const Outcome& outcome) {
  if (outcome.kind() == Outcome::Kind::Error) {
    return;
  }
  for (const Wanted& wanted : wanted_of(call)) {
    const std::string path = wanted.operation.empty() ? "" : absolute(call, wanted.path);
    if (!path.empty() && !rules.is_used(path)) {
      rules.used("way", path);
    }
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
