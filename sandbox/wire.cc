#include "sandbox/wire.h"

#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace nono::sandbox {
namespace {
constexpr std::size_t kMaxFds = 3;
constexpr std::chrono::microseconds kSoon{50};
}  // namespace

WireWriter& WireWriter::number(std::uint64_t value) {
  std::array<char, sizeof value> raw{};
  std::memcpy(raw.data(), &value, sizeof value);
  bytes_.append(raw.data(), raw.size());
  return *this;
}

WireWriter& WireWriter::text(std::string_view value) {
  number(value.size());
  bytes_.append(value);
  return *this;
}

std::uint64_t WireReader::number() {
  std::uint64_t value = 0;
  if (rest_.size() < sizeof value) {
    good_ = false;
    rest_ = {};
    return 0;
  }
  std::memcpy(&value, rest_.data(), sizeof value);
  rest_.remove_prefix(sizeof value);
  return value;
}

std::string WireReader::text() {
  const std::uint64_t size = number();
  if (size > rest_.size()) {
    good_ = false;
    rest_ = {};
    return {};
  }
  std::string out(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return out;
}

Result<std::pair<OwnedFd, OwnedFd>> wire_pair() {
  std::array<int, 2> raw{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, raw.data()) != 0) {
    return fail_errno(errno, "making the channel between supervisor and broker");
  }
  return std::pair(OwnedFd(raw[0]), OwnedFd(raw[1]));
}

Result<void> wire_send(BorrowedFd socket, std::string_view bytes, std::span<const int> fds) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): iovec has no const form; only read
  iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxFds)> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  while (::sendmsg(socket.raw(), &message, MSG_NOSIGNAL) < 0) {
    const int saved = errno;
    if (saved == EAGAIN) {
      return fail(ErrorKind::Exhausted, "the channel to the supervisor is full");
    }
    if (saved != EINTR) {
      return fail_errno(saved, "sending to the other end of the sandbox's channel");
    }
  }
  return {};
}

bool comes_soon(BorrowedFd socket) {
  static const bool alone = [] {
    cpu_set_t mine{};
    return ::sched_getaffinity(0, sizeof mine, &mine) != 0 || CPU_COUNT(&mine) < 2;
  }();
  if (alone) {
    return false;
  }
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + kSoon;
  pollfd watched{socket.raw(), POLLIN, 0};
  do {
    if (::poll(&watched, 1, 0) > 0) {
      return true;
    }
    ::sched_yield();  // the other end may be waiting for this very processor
  } while (Clock::now() < until);
  return false;
}

Result<WireMessage> wire_receive(BorrowedFd socket) {
  WireMessage out;
  // Room without zeroes: messages are small.
  out.text.resize_and_overwrite(kMaxWireBytes, [](char*, std::size_t room) { return room; });
  iovec piece{out.text.data(), out.text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxFds)> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = 0;
  while ((got = ::recvmsg(socket.raw(), &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (got < 0) {
    return fail_errno(errno, "receiving from the other end of the sandbox's channel");
  }
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int raw = -1;
      std::memcpy(&raw, CMSG_DATA(header) + i * sizeof raw, sizeof raw);
      out.fds.emplace_back(raw);
    }
  }
  if (got == 0) {
    return fail(ErrorKind::NotFound, "the other end of the sandbox's channel is closed");
  }
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return fail(ErrorKind::InvalidInput, "a message on the sandbox's channel was too large");
  }
  out.text.resize(static_cast<std::size_t>(got));
  return out;
}

}  // namespace nono::sandbox
