#include "sandbox/expansion.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "sandbox/resolve.h"

namespace nono::sandbox {
namespace {

// What an agent may choose of an open that somebody else does for it.
constexpr int kPassedFlags =
    O_ACCMODE | O_APPEND | O_DSYNC | O_SYNC | O_DIRECT | O_LARGEFILE | O_NOATIME;
constexpr int kOwnFlags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr mode_t kPermissions = 0777;

// WithoutCapabilities: the agent has none, so what is opened for it is opened without any. Only the
// effective set is emptied; it comes back from the permitted one.
class WithoutCapabilities {
 public:
  WithoutCapabilities() {
    changed_ = ::syscall(SYS_capget, &header_, before_.data()) == 0;
    auto none = before_;
    for (__user_cap_data_struct& half : none) {
      half.effective = 0;
    }
    changed_ = changed_ && ::syscall(SYS_capset, &header_, none.data()) == 0;
  }
  WithoutCapabilities(const WithoutCapabilities&) = delete;
  WithoutCapabilities& operator=(const WithoutCapabilities&) = delete;
  ~WithoutCapabilities() {
    if (changed_) {
      const int saved = errno;
      ::syscall(SYS_capset, &header_, before_.data());
      errno = saved;
    }
  }
  bool hold() const { return changed_; }

 private:
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> before_{};
  bool changed_ = false;
};

bool is_component(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && !name.contains('/') &&
         !name.contains('\0');
}

// has_default_acl: no umask counts for what is made in the directory. Elsewhere this process has
// one of its own, and changes the mode afterwards: other threads make files, too.
bool has_default_acl(const OwnedFd& directory) {
  return ::getxattr(fd_path(directory).c_str(), "system.posix_acl_default", nullptr, 0) > 0;
}

bool is_path_object(const OwnedFd& fd) {
  const int flags = ::fcntl(BorrowedFd(fd).raw(), F_GETFL);
  return flags >= 0 && (flags & O_PATH) != 0;
}

int access_mode(ExpansionKind kind) {
  switch (kind) {
    case ExpansionKind::Read:
      return R_OK;
    case ExpansionKind::Write:
      return W_OK;
    case ExpansionKind::ReadWrite:
      return R_OK | W_OK;
    case ExpansionKind::Create:
      return W_OK | X_OK;
    case ExpansionKind::Connect:
      return W_OK;
  }
  return -1;
}

// fits: the flags say the same as the kind that somebody will be asked about.
bool fits(ExpansionKind kind, int flags) {
  switch (kind) {
    case ExpansionKind::Read:
      return (flags & O_ACCMODE) == O_RDONLY;
    case ExpansionKind::Write:
      return (flags & O_ACCMODE) == O_WRONLY;
    case ExpansionKind::ReadWrite:
      return (flags & O_ACCMODE) == O_RDWR;
    case ExpansionKind::Create:
      return true;
    case ExpansionKind::Connect:
      return flags == 0;
  }
  return false;
}

int option_of(BorrowedFd socket, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(socket.raw(), SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

// read_endpoint: family, port and address, all of them empty but for TCP.
void read_endpoint(WireReader& reader, Expansion& out) {
  const std::uint64_t family = reader.number();
  Endpoint to;
  to.port = static_cast<std::uint16_t>(reader.number());
  const std::string address = reader.text();
  if (address.size() == to.address.size() && (family == AF_INET || family == AF_INET6)) {
    std::ranges::copy(address, to.address.begin());
    out.family = static_cast<sa_family_t>(family);
    out.to = to;
  }
}

bool is_open(const Expansion& expansion) {
  struct stat status{};
  const bool creates = expansion.kind == ExpansionKind::Create;
  return !expansion.to && is_path_object(expansion.object) &&
         (creates ? is_component(expansion.name) : expansion.name.empty()) &&
         ::fstat(BorrowedFd(expansion.object).raw(), &status) == 0 &&
         (creates ? S_ISDIR(status.st_mode) : S_ISREG(status.st_mode));
}

bool is_connect(const Expansion& expansion) {
  struct stat status{};
  const sa_family_t family = expansion.to ? expansion.family : sa_family_t{AF_UNIX};
  return expansion.name.empty() && may_connect(expansion.socket, family) &&
         (expansion.to ||
          (is_path_object(expansion.object) &&
           ::fstat(BorrowedFd(expansion.object).raw(), &status) == 0 && S_ISSOCK(status.st_mode)));
}

// take_fds: what the question is about, the listener and, of a socket's path, its object.
bool take_fds(std::vector<OwnedFd> fds, Expansion& out) {
  const bool connects = out.kind == ExpansionKind::Connect;
  const bool by_path = connects && !out.to && fds.size() == 3;
  if (fds.size() != 2 && !by_path) {
    return false;
  }
  (connects ? out.socket : out.object) = std::move(fds[0]);
  out.listener = std::move(fds[1]);
  if (by_path) {
    out.object = std::move(fds[2]);
  }
  return true;
}

}  // namespace

std::string_view name_of(ExpansionKind kind) {
  constexpr auto kNames =
      std::to_array<std::string_view>({"read", "write", "read-write", "create", "connect"});
  return kNames[static_cast<std::size_t>(kind)];
}

Access access_of(ExpansionKind kind) {
  switch (kind) {
    case ExpansionKind::Read:
      return Access::read();
    case ExpansionKind::Write:
    case ExpansionKind::Create:
      return Access::write();
    case ExpansionKind::ReadWrite:
    case ExpansionKind::Connect:
      return Access::read() | Access::write();
  }
  return Access::none();
}

bool Expansion::still_waiting() const {
  std::uint64_t id = cookie;
  return ::ioctl(BorrowedFd(listener).raw(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

std::string Expansion::path() const {
  if (to) {
    return to->text();
  }
  std::string at = raw_path_of(object, 1);
  if (name.empty() || at.empty()) {
    return at;
  }
  return (at == "/" ? "" : at) + "/" + name;
}

void encode_expansion(WireWriter& out, const Expansion& expansion) {
  out.number(static_cast<std::uint64_t>(expansion.kind))
      .number(static_cast<std::uint64_t>(expansion.flags & kPassedFlags))
      .number(expansion.mode)
      .number(expansion.mask)
      .text(std::string_view(expansion.requested).substr(0, 4096))
      .text(expansion.name)
      .number(expansion.to ? expansion.family : AF_UNSPEC)
      .number(expansion.to ? expansion.to->port : 0)
      .text(expansion.to ? std::string(expansion.to->address.begin(), expansion.to->address.end())
                         : std::string());
}

std::vector<int> question_fds(const Expansion& expansion) {
  const bool connects = expansion.kind == ExpansionKind::Connect;
  const int first = BorrowedFd(connects ? expansion.socket : expansion.object).raw();
  const int listener = BorrowedFd(expansion.listener).raw();
  return connects && !expansion.to
             ? std::vector<int>{first, listener, BorrowedFd(expansion.object).raw()}
             : std::vector<int>{first, listener};
}

Answer<void> may_connect(BorrowedFd socket, sa_family_t family) {
  const bool internet = family == AF_INET || family == AF_INET6;
  if (option_of(socket, SO_TYPE) != SOCK_STREAM || option_of(socket, SO_DOMAIN) != family ||
      (internet && option_of(socket, SO_PROTOCOL) != IPPROTO_TCP)) {
    return std::unexpected(EACCES);
  }
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  void* raw = &peer;
  if (option_of(socket, SO_ACCEPTCONN) != 0 ||
      ::getpeername(socket.raw(), static_cast<sockaddr*>(raw), &size) == 0) {
    return std::unexpected(EISCONN);
  }
  return {};
}

std::optional<Expansion> decode_expansion(WireReader& reader, std::vector<OwnedFd> fds,
                                          std::uint64_t cookie) {
  Expansion out;
  out.cookie = cookie;
  const std::uint64_t kind = reader.number();
  out.flags = static_cast<int>(reader.number()) & kPassedFlags;
  out.mode = static_cast<mode_t>(reader.number()) & kPermissions;
  out.mask = static_cast<mode_t>(reader.number()) & kPermissions;
  out.requested = reader.text();
  out.name = reader.text();
  read_endpoint(reader, out);
  if (!reader.good() || kind > static_cast<std::uint64_t>(ExpansionKind::Connect)) {
    return std::nullopt;
  }
  out.kind = static_cast<ExpansionKind>(kind);
  const bool connects = out.kind == ExpansionKind::Connect;
  const bool sound = take_fds(std::move(fds), out) && fits(out.kind, out.flags) &&
                     (connects ? is_connect(out) : is_open(out));
  return sound ? std::optional(std::move(out)) : std::nullopt;
}

Answer<void> may_open(const Expansion& expansion) {
  if (expansion.to) {
    return {};  // nothing but the rules of networks decides
  }
  const WithoutCapabilities plain;
  // O_PATH descriptors are followed by this path to their object, whatever its name is now.
  if (!plain.hold() || ::faccessat(AT_FDCWD, fd_path(expansion.object).c_str(),
                                   access_mode(expansion.kind), AT_EACCESS) != 0) {
    return std::unexpected(plain.hold() ? errno : EACCES);
  }
  return {};
}

Answer<OwnedFd> open_expanded(const Expansion& expansion) {
  const WithoutCapabilities plain;
  if (!plain.hold()) {
    return std::unexpected(EACCES);
  }
  const int flags = (expansion.flags & kPassedFlags) | kOwnFlags;
  if (expansion.kind != ExpansionKind::Create) {
    OwnedFd fd(::open(fd_path(expansion.object).c_str(), flags));
    return fd.valid() ? Answer<OwnedFd>(std::move(fd)) : std::unexpected(errno);
  }
  OwnedFd made(::openat(BorrowedFd(expansion.object).raw(), expansion.name.c_str(),
                        flags | O_CREAT | O_EXCL | O_NOFOLLOW, expansion.mode));
  const mode_t mode = expansion.mode & ~expansion.mask;
  if (!made.valid() ||
      (!has_default_acl(expansion.object) && ::fchmod(BorrowedFd(made).raw(), mode) != 0)) {
    return std::unexpected(errno);
  }
  return made;
}

}  // namespace nono::sandbox
