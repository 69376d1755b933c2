#include "sandbox/broker_metadata.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "sandbox/guard_kept.h"

namespace nono::sandbox {
namespace {

constexpr std::size_t kMaxAttribute = 65536;

// mode_argument is where the calls of the chmod family carry the mode.
mode_t mode_argument(const Call& call) {
  const bool at_call = call.number == __NR_fchmodat;
  return static_cast<mode_t>(call.args[at_call ? 2 : 1] & 07777);
}

template <typename T>
Answer<T> read_struct(const AgentThread& thread, std::uint64_t address) {
  const auto bytes = thread.bytes_at(address, sizeof(T));
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  T out{};
  std::memcpy(&out, bytes->data(), sizeof out);
  return out;
}

using Times = std::array<timespec, 2>;

Times from_timevals(const std::array<timeval, 2>& in) {
  return {timespec{in[0].tv_sec, in[0].tv_usec * 1000},
          timespec{in[1].tv_sec, in[1].tv_usec * 1000}};
}

// times_of reads the new times in whatever form the call has them; a null pointer means now.
Answer<Times> times_of(const Call& call) {
  const bool at_call = call.number == __NR_utimensat;
#ifdef __NR_futimesat
  const bool with_dirfd = at_call || call.number == __NR_futimesat;
#else
  const bool with_dirfd = at_call;
#endif
  const std::uint64_t address = call.args[with_dirfd ? 2 : 1];
  if (address == 0) {
    return Times{timespec{0, UTIME_NOW}, timespec{0, UTIME_NOW}};
  }
  if (at_call) {
    return read_struct<Times>(call.thread, address);
  }
#ifdef __NR_utime
  if (call.number == __NR_utime) {
    const auto seconds = read_struct<utimbuf>(call.thread, address);
    if (!seconds) {
      return std::unexpected(seconds.error());
    }
    return Times{timespec{seconds->actime, 0}, timespec{seconds->modtime, 0}};
  }
#endif
  const auto values = read_struct<std::array<timeval, 2>>(call.thread, address);
  if (!values) {
    return std::unexpected(values.error());
  }
  return from_timevals(*values);
}

// is_nameless: what has no path (a pipe, a socket, a memfd) belongs to who holds it. A file that
// lost its name is judged by where it was, and one made without a name by the directory that it was
// made in.
bool is_nameless(const std::string& where, const struct stat& status) {
  return where.empty() || (status.st_nlink == 0 && where.starts_with("/memfd:"));
}

// is_served: a memory file of nono's own (base/sealed_file.h, sandbox/fast_gate.h), which everybody
// reads who may: its mode is not one reader's to take from the others. An agent's own of such a
// name stays as it is, too.
bool is_served(const std::string& where) {
  return where.starts_with("/memfd:nono-");
}

// shows_others: a watch of a device tells when its other users read and write, at a terminal each
// key that somebody types. Older kernels tell it to who watches the directory, too.
bool shows_others(const OwnedFd& object, const struct stat& status) {
  struct statfs system{};
  return S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode) ||
         (S_ISDIR(status.st_mode) && ::fstatfs(BorrowedFd(object).raw(), &system) == 0 &&
          system.f_type == DEVPTS_SUPER_MAGIC);
}

bool removes_attribute(int number) {
  return number == __NR_removexattr || number == __NR_lremovexattr || number == __NR_fremovexattr;
}

}  // namespace

Outcome MetadataOperations::serve(const Call& call) {
  switch (call.trap) {
    case Trap::Watch:
      return watch(call);
    case Trap::XattrGet:
      return read_attributes(call);
    default:
      return change(call);
  }
}

Answer<OwnedFd> MetadataOperations::object_of(const Call& call, const MetadataCall& args) const {
  if (args.by_descriptor) {
    return args.path.dirfd < 0 || call.thread.opens_nothing(args.path.dirfd)
               ? std::unexpected(EBADF)
               : resolver_.base(call.thread, args.path.dirfd);
  }
  const auto path = call.thread.path_at(args.path.address);
  if (!path) {
    return std::unexpected(path.error());
  }
  if (path->empty() && (args.flags & AT_EMPTY_PATH) == 0) {
    return std::unexpected(ENOENT);
  }
  const bool keep = (args.flags & AT_SYMLINK_NOFOLLOW) != 0;
  return resolver_.object(call.thread, args.path.dirfd, *path,
                          keep ? LastLink::Keep : LastLink::Follow);
}

// granted: the object lies in a grant by its name, and that of the grant still leads to what was
// granted. A file's number may be another by now (an overlay that copied it up): there Landlock is
// asked about the object.
bool MetadataOperations::granted(const OwnedFd& object, const struct stat& status,
                                 const std::string& where, Access wanted) const {
  const CapabilitySet& grants = *rules_.config().capabilities;
  if (grants.access_now(where).has(wanted)) {
    return true;
  }
  if (!S_ISREG(status.st_mode) || !grants.access_at(where).has(wanted)) {
    return false;
  }
  const int mode = wanted.has(Access::write()) ? O_WRONLY : O_RDONLY;
  return OwnedFd(::open(fd_path(object).c_str(), mode | O_NONBLOCK | O_CLOEXEC)).valid();
}

Answer<void> MetadataOperations::may_change(const Call& call, const OwnedFd& object,
                                            const struct stat& status) {
  const auto known = known_path(object, status.st_nlink);
  if (!known) {
    return std::unexpected(known.error());
  }
  const std::string& where = *known;
  if (is_nameless(where, status)) {
    return is_served(where) ? Answer<void>(std::unexpected(EPERM)) : Answer<void>();
  }
  if (!granted(object, status, where, Access::write())) {
    rules_.report(call, "metadata", where, "metadata-outside-grants",
                  "modes, owners, times and attributes change only in write grants");
    return std::unexpected(EACCES);
  }
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
    return std::unexpected(EPERM);  // other terminals of the user lie in the same directory
  }
  if (S_ISREG(status.st_mode)) {
    const auto guard_class = rules_.guard_of({where, where}, status, {object});
    if (auto may = stays_guarded(rules_, call, "metadata", where, {{object}, guard_class}); !may) {
      return may;
    }
  }
  rules_.used("write", where);
  return rules_.may_write_name(call, where, S_ISDIR(status.st_mode) ? S_IFDIR : 0, "metadata");
}

Outcome MetadataOperations::change(const Call& call) {
  const MetadataCall args = decode_metadata(call.number, call.args);
  const int known = args.by_descriptor ? 0 : AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
  if ((args.flags & ~known) != 0) {
    return Outcome::error(EINVAL);
  }
  const auto object = object_of(call, args);
  struct stat status{};
  if (!object || ::fstat(BorrowedFd(*object).raw(), &status) != 0) {
    return Outcome::error(object ? errno : object.error());
  }
  if (auto may = may_change(call, *object, status); !may) {
    return Outcome::error(may.error());
  }
  if (!call.thread.waiting()) {
    return Outcome::error(EINTR);
  }
  switch (call.trap) {
    case Trap::Mode:
      return set_mode(call, *object, status);
    case Trap::Owner:
      return set_owner(call, *object);
    case Trap::Times:
      return set_times(call, *object, status);
    default:
      return set_attribute(call, *object);
  }
}

// set_mode: a program with S_ISGID would run as the user's group for whoever executes it, outside
// the sandbox. S_ISUID has not come as far as here (static filter).
Outcome MetadataOperations::set_mode(const Call& call, const OwnedFd& object,
                                     const struct stat& status) {
  if ((mode_argument(call) & (S_ISUID | S_ISGID)) != 0 && !S_ISDIR(status.st_mode)) {
    return Outcome::error(EPERM);
  }
  return Outcome::of(::chmod(fd_path(object).c_str(), mode_argument(call)));
}

Outcome MetadataOperations::set_owner(const Call& call, const OwnedFd& object) {
  const std::size_t first = call.number == __NR_fchownat ? 2 : 1;
  return Outcome::of(::fchownat(BorrowedFd(object).raw(), "", static_cast<uid_t>(call.args[first]),
                                static_cast<gid_t>(call.args[first + 1]), AT_EMPTY_PATH));
}

Outcome MetadataOperations::set_times(const Call& call, const OwnedFd& object,
                                      const struct stat& status) {
  const auto times = times_of(call);
  if (!times) {
    return Outcome::error(times.error());
  }
  if (S_ISLNK(status.st_mode)) {
    // A link's own times: only utimensat with an empty path reaches them through a handle.
    return Outcome::of(
        ::syscall(SYS_utimensat, BorrowedFd(object).raw(), "", times->data(), AT_EMPTY_PATH));
  }
  return Outcome::of(::utimensat(AT_FDCWD, fd_path(object).c_str(), times->data(), 0));
}

Outcome MetadataOperations::set_attribute(const Call& call, const OwnedFd& object) {
  const auto name = call.thread.path_at(call.args[1]);
  if (!name) {
    return Outcome::error(name.error());
  }
  const std::string path = fd_path(object);
  if (removes_attribute(call.number)) {
    return Outcome::of(::removexattr(path.c_str(), name->c_str()));
  }
  const auto size = static_cast<std::size_t>(call.args[3]);
  if (size > kMaxAttribute) {
    return Outcome::error(E2BIG);
  }
  const auto value = call.thread.bytes_at(call.args[2], size);
  if (!value) {
    return Outcome::error(value.error());
  }
  return Outcome::of(::setxattr(path.c_str(), name->c_str(), value->data(), value->size(),
                                static_cast<int>(call.args[4])));
}

Answer<OwnedFd> MetadataOperations::watched(const Call& call, std::uint32_t mask) const {
  const auto path = call.thread.path_at(call.args[1]);
  if (!path || path->empty()) {
    return std::unexpected(path ? ENOENT : path.error());
  }
  return resolver_.object(call.thread, AT_FDCWD, *path,
                          (mask & IN_DONT_FOLLOW) != 0 ? LastLink::Keep : LastLink::Follow);
}

Outcome MetadataOperations::watch(const Call& call) {
  const auto mask = static_cast<std::uint32_t>(call.args[2]);
  const auto object = watched(call, mask);
  struct stat status{};
  if (!object || ::fstat(BorrowedFd(*object).raw(), &status) != 0) {
    return Outcome::error(object ? errno : object.error());
  }
  const std::string where = raw_path_of(*object, status.st_nlink);
  if (!granted(*object, status, where, Access::read())) {
    rules_.outside(call, "watch", where, Access::read());
    return Outcome::error(EACCES);
  }
  if (shows_others(*object, status)) {
    rules_.report(call, "watch", where, "device", "it would tell what others do there");
    return Outcome::error(EACCES);
  }
  rules_.used(S_ISDIR(status.st_mode) ? "list" : "read", where);
  const auto queue = call.thread.take_descriptor(static_cast<int>(call.args[0]));
  if (!queue || !call.thread.waiting()) {
    return Outcome::error(queue ? EINTR : queue.error());
  }
  return Outcome::of(::inotify_add_watch(BorrowedFd(*queue).raw(), fd_path(*object).c_str(),
                                         mask & ~static_cast<std::uint32_t>(IN_DONT_FOLLOW)));
}

bool MetadataOperations::may_read(const OwnedFd& object) const {
  struct stat status{};
  if (::fstat(BorrowedFd(object).raw(), &status) != 0) {
    return false;
  }
  const auto where = known_path(object, status.st_nlink);
  return where && (is_nameless(*where, status) || granted(object, status, *where, Access::read()));
}

// read_attributes: outside the grants a list is refused, and a value is not there, which no program
// takes for a fault (ls -l asks for two of each file). Only what was read is copied to the agent.
Outcome MetadataOperations::read_attributes(const Call& call) {
  const bool lists = call.number == __NR_listxattr || call.number == __NR_llistxattr;
  const auto object = object_of(call, decode_metadata(call.number, call.args));
  const auto name = lists ? Answer<std::string>() : call.thread.path_at(call.args[1]);
  if (!object || !name) {
    return Outcome::error(object ? name.error() : object.error());
  }
  if (!may_read(*object)) {
    return Outcome::error(lists ? EACCES : ENODATA);
  }
  const std::size_t first = lists ? 1 : 2;  // of the address and the size
  std::string room(std::min<std::size_t>(call.args[first + 1], kMaxAttribute), '\0');
  const std::string path = fd_path(*object);
  const ssize_t got = lists ? ::listxattr(path.c_str(), room.data(), room.size())
                            : ::getxattr(path.c_str(), name->c_str(), room.data(), room.size());
  if (got <= 0 || room.empty()) {
    return Outcome::of(got);
  }
  room.resize(static_cast<std::size_t>(got));
  if (!call.thread.waiting()) {
    return Outcome::error(EINTR);
  }
  const auto put = call.thread.write_at(call.args[first], room);
  return put ? Outcome::value(got) : Outcome::error(put.error());
}

}  // namespace nono::sandbox
