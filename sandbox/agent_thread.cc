#include "sandbox/agent_thread.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "sandbox/kernel_abi.h"

// Compiled without the zeros of -ftrivial-auto-var-init.
#ifdef __clang__
#define NONO_UNINITIALIZED [[clang::uninitialized]]
#else
#define NONO_UNINITIALIZED [[gnu::uninitialized]]
#endif

namespace nono::sandbox {
namespace {

constexpr std::size_t kPage = 4096;

std::string proc_path(pid_t tid, std::string_view rest) {
  std::string path = "/proc/";
  path += std::to_string(tid);
  path += rest;
  return path;
}

// read_remote copies at most `size` bytes that lie on one page and returns how many came.
ssize_t read_remote(pid_t tid, std::uint64_t address, char* to, std::size_t size) {
  const iovec local{to, size};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of the other process, never dereferenced
  const iovec remote{reinterpret_cast<void*>(address), size};
  return ::process_vm_readv(tid, &local, 1, &remote, 1, 0);
}

int memory_errno(int error) {
  return error == EPERM || error == ESRCH ? EACCES : EFAULT;
}

std::string base_link(pid_t tid, int dirfd) {
  return dirfd == AT_FDCWD ? proc_path(tid, "/cwd")
                           : proc_path(tid, "/fd/" + std::to_string(dirfd));
}

// small_file reads one /proc file of a thread.
Answer<std::string> small_file(const std::string& path) {
  const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return std::unexpected(EACCES);
  }
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(BorrowedFd(fd).raw(), buffer.data(), buffer.size());
  if (got < 0) {
    return std::unexpected(EACCES);
  }
  return std::string(buffer.data(), static_cast<std::size_t>(got));
}

// field_of returns what follows a name in a file of lines "Name:\tvalue", not in its first one.
Answer<std::string> field_of(const Answer<std::string>& text, const char* name) {
  if (!text) {
    return text;
  }
  const std::string key = std::string("\n") + name + ":\t";
  const std::size_t at = text->find(key);
  if (at == std::string::npos) {
    return std::unexpected(EACCES);
  }
  const std::size_t from = at + key.size();
  return text->substr(from, text->find('\n', from) - from);
}

Answer<OwnedFd> descriptor_of(const OwnedFd& pidfd, int fd) {
  OwnedFd taken(static_cast<int>(::syscall(SYS_pidfd_getfd, BorrowedFd(pidfd).raw(), fd, 0)));
  if (!taken.valid()) {
    return std::unexpected(errno == EBADF ? EBADF : EACCES);
  }
  // One of O_PATH gives no access and proves none: to the calls that are served it is no
  // descriptor.
  const int flags = ::fcntl(BorrowedFd(taken).raw(), F_GETFL);
  if (flags < 0 || (flags & O_PATH) != 0) {
    return std::unexpected(EBADF);
  }
  return taken;
}

// same_link reports whether both links of /proc lead to one object, as far as their text tells:
// that of a socket or pipe has its number.
bool same_link(const std::string& one, const std::string& other) {
  std::array<char, PATH_MAX> first{};
  std::array<char, PATH_MAX> second{};
  const ssize_t size = ::readlink(one.c_str(), first.data(), first.size());
  return size > 0 && ::readlink(other.c_str(), second.data(), second.size()) == size &&
         first == second;
}

// ignored_by_default: signals that do nothing where no handler is.
constexpr std::uint64_t ignored_by_default() {
  std::uint64_t out = 0;
  for (const int signal : {SIGCHLD, SIGCONT, SIGURG, SIGWINCH}) {
    out |= std::uint64_t{1} << static_cast<unsigned>(signal - 1);
  }
  return out;
}

}  // namespace

Answer<std::string> AgentThread::path_at(std::uint64_t address) const {
  constexpr std::size_t kMostPaths = 256;  // are shorter: no need to copy a page for them
  // Only what was copied is read. NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
  NONO_UNINITIALIZED std::array<char, PATH_MAX> buffer;
  std::size_t have = 0;
  while (have < buffer.size()) {
    const std::size_t on_page = kPage - ((address + have) & (kPage - 1));
    const std::size_t most = have == 0 ? kMostPaths : buffer.size() - have;
    const std::size_t want = std::min(on_page, most);
    const ssize_t got = read_remote(tid_, address + have, buffer.data() + have, want);
    if (got <= 0) {
      return std::unexpected(memory_errno(got < 0 ? errno : EFAULT));
    }
    const std::string_view piece(buffer.data() + have, static_cast<std::size_t>(got));
    if (const std::size_t end = piece.find('\0'); end != std::string_view::npos) {
      return std::string(buffer.data(), have + end);
    }
    have += piece.size();
  }
  return std::unexpected(ENAMETOOLONG);
}

Answer<std::string> AgentThread::bytes_at(std::uint64_t address, std::size_t size) const {
  if (size > 65536) {
    return std::unexpected(EINVAL);
  }
  std::string out(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const std::size_t on_page = kPage - ((address + have) & (kPage - 1));
    const ssize_t got =
        read_remote(tid_, address + have, out.data() + have, std::min(on_page, size - have));
    if (got <= 0) {
      return std::unexpected(memory_errno(got < 0 ? errno : EFAULT));
    }
    have += static_cast<std::size_t>(got);
  }
  return out;
}

Answer<void> AgentThread::write_at(std::uint64_t address, std::string_view bytes) const {
  std::string copy(bytes);  // iovec has no const
  const iovec local{copy.data(), copy.size()};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of the other process, never dereferenced
  const iovec remote{reinterpret_cast<void*>(address), copy.size()};
  const ssize_t put = ::process_vm_writev(tid_, &local, 1, &remote, 1, 0);
  return put == static_cast<ssize_t>(copy.size())
             ? Answer<void>()
             : std::unexpected(memory_errno(put < 0 ? errno : EFAULT));
}

bool AgentThread::waiting() const {
  std::uint64_t id = cookie_;
  return ::ioctl(listener_.raw(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

Answer<std::string> AgentThread::status_field(const char* name) const {
  return field_of(small_file(proc_path(tid_, "/status")), name);
}

int AgentThread::interrupted() const {
  constexpr int kRestart = 512;  // ERESTARTSYS, linux/errno.h of the kernel
  const std::uint64_t blocked = signal_set("SigBlk");
  const std::uint64_t caught = signal_set("SigCgt");
  const std::uint64_t passed_over = signal_set("SigIgn") | (ignored_by_default() & ~caught);
  const std::uint64_t end_it = ~blocked & ~passed_over;
  if ((signal_set("SigPnd") & end_it) != 0) {
    return kRestart;
  }
  if ((signal_set("ShdPnd") & end_it) == 0) {
    return 0;
  }
  const auto threads = status_field("Threads");
  return threads && *threads == "1" ? kRestart : EINTR;
}

// signal_set reads a mask of signals, bit n for signal n + 1; none where the thread is gone.
std::uint64_t AgentThread::signal_set(const char* name) const {
  std::uint64_t out = 0;
  if (const auto field = status_field(name)) {
    std::from_chars(field->data(), field->data() + field->size(), out, 16);
  }
  return out;
}

Answer<pid_t> AgentThread::process() const {
  // Most callers are the first thread of their process: then its id is the process's.
  if (process_ == 0 && (::tgkill(tid_, tid_, 0) == 0 || errno == EPERM)) {
    process_ = tid_;
  }
  if (process_ == 0) {
    const auto field = status_field("Tgid");
    if (!field) {
      return std::unexpected(field.error());
    }
    std::from_chars(field->data(), field->data() + field->size(), process_);
  }
  return process_;
}

Answer<pid_t> AgentThread::parent() const {
  const auto field = status_field("PPid");
  if (!field) {
    return std::unexpected(field.error());
  }
  pid_t parent = 0;
  std::from_chars(field->data(), field->data() + field->size(), parent);
  return parent;
}

Answer<mode_t> AgentThread::umask() const {
  const auto field = status_field("Umask");
  if (!field) {
    return std::unexpected(field.error());
  }
  mode_t mask = 022;
  std::from_chars(field->data(), field->data() + field->size(), mask, 8);
  return mask;
}

Answer<dev_t> AgentThread::terminal() const {
  const auto text = small_file(proc_path(tid_, "/stat"));
  if (!text) {
    return std::unexpected(text.error());
  }
  // The command name may hold spaces and parentheses: fields count from the last ')'.
  std::size_t at = text->rfind(')');
  for (int field = 2; field < 7 && at != std::string::npos; ++field) {
    at = text->find(' ', at + 1);
  }
  if (at == std::string::npos) {
    return std::unexpected(EACCES);
  }
  int number = 0;
  std::from_chars(text->data() + at + 1, text->data() + text->size(), number);
  return static_cast<dev_t>(static_cast<unsigned>(number));
}

Answer<std::string> AgentThread::base_path(int dirfd) const {
  std::string out;
  ssize_t got = -1;
  out.resize_and_overwrite(PATH_MAX + 16, [&](char* room, std::size_t size) {
    got = ::readlink(base_link(tid_, dirfd).c_str(), room, size);
    return static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  });
  if (got <= 0) {
    return std::unexpected(errno == ENOENT && dirfd != AT_FDCWD ? EBADF : errno);
  }
  return out;
}

Answer<OwnedFd> AgentThread::base(int dirfd) const {
  const std::string path = base_link(tid_, dirfd);
  OwnedFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (fd.valid()) {
    return fd;
  }
  const int saved = errno;
  return std::unexpected(saved == ENOENT && dirfd != AT_FDCWD ? EBADF : saved);
}

bool AgentThread::opens_nothing(int fd) const {
  const auto field =
      field_of(small_file(proc_path(tid_, "/fdinfo/" + std::to_string(fd))), "flags");
  unsigned flags = 0;
  if (field) {
    std::from_chars(field->data(), field->data() + field->size(), flags, 8);
  }
  return (flags & O_PATH) != 0;
}

Answer<OwnedFd> AgentThread::take_descriptor(int fd) const {
  constexpr unsigned kPidfdThread = O_EXCL;  // PIDFD_THREAD, Linux 6.9
  const OwnedFd thread(static_cast<int>(::syscall(SYS_pidfd_open, tid_, kPidfdThread)));
  if (thread.valid()) {
    return descriptor_of(thread, fd);
  }
  const auto group = process();
  if (!group) {
    return std::unexpected(group.error());
  }
  const OwnedFd leader(static_cast<int>(::syscall(SYS_pidfd_open, *group, 0)));
  if (!leader.valid()) {
    return std::unexpected(EACCES);
  }
  // The leader's descriptors are the thread's, unless it has unshared them (CLONE_FILES).
  auto taken = descriptor_of(leader, fd);
  if (taken && !same_link(base_link(tid_, fd),
                          "/proc/self/fd/" + std::to_string(BorrowedFd(*taken).raw()))) {
    return std::unexpected(EACCES);
  }
  return taken;
}

}  // namespace nono::sandbox
