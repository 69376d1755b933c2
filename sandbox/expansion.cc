#include "sandbox/expansion.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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
  }
  return false;
}

}  // namespace

std::string_view name_of(ExpansionKind kind) {
  constexpr auto kNames =
      std::to_array<std::string_view>({"read", "write", "read-write", "create"});
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
      return Access::read() | Access::write();
  }
  return Access::none();
}

bool Expansion::still_waiting() const {
  std::uint64_t id = cookie;
  return ::ioctl(BorrowedFd(listener).raw(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

std::string Expansion::path() const {
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
      .text(std::string_view(expansion.requested).substr(0, 4096))
      .text(expansion.name);
}

std::optional<Expansion> decode_expansion(WireReader& reader, std::vector<OwnedFd> fds,
                                          std::uint64_t cookie) {
  Expansion out;
  out.cookie = cookie;
  const std::uint64_t kind = reader.number();
  out.flags = static_cast<int>(reader.number()) & kPassedFlags;
  out.mode = static_cast<mode_t>(reader.number()) & kPermissions;
  out.requested = reader.text();
  out.name = reader.text();
  if (!reader.good() || kind > static_cast<std::uint64_t>(ExpansionKind::Create) ||
      fds.size() != 2) {
    return std::nullopt;
  }
  out.kind = static_cast<ExpansionKind>(kind);
  out.object = std::move(fds.front());
  out.listener = std::move(fds.back());
  struct stat status{};
  const bool creates = out.kind == ExpansionKind::Create;
  const bool sound = is_path_object(out.object) && fits(out.kind, out.flags) &&
                     (creates ? is_component(out.name) : out.name.empty()) &&
                     ::fstat(BorrowedFd(out.object).raw(), &status) == 0 &&
                     (creates ? S_ISDIR(status.st_mode) : S_ISREG(status.st_mode));
  return sound ? std::optional(std::move(out)) : std::nullopt;
}

Answer<void> may_open(const Expansion& expansion) {
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
  // This process has a umask of its own; the agent's was taken off by the broker.
  if (!made.valid() || ::fchmod(BorrowedFd(made).raw(), expansion.mode) != 0) {
    return std::unexpected(errno);
  }
  return made;
}

}  // namespace nono::sandbox
