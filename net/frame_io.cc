// net/frame_io.cc: frames on a socket, under a deadline; see frame.h.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "net/frame.h"

namespace nono::net {
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kChunk = 64u << 10;

// wait_for blocks until the socket can be used, or the time is over.
Result<void> wait_for(BorrowedFd channel, short events, std::optional<Moment> until) {
  for (;;) {
    int timeout = -1;
    if (until) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(*until - std::chrono::steady_clock::now());
      if (left.count() <= 0) {
        return fail(ErrorKind::Exhausted, "the time is over");
      }
      timeout = static_cast<int>(std::min<std::int64_t>(left.count(), 1 << 20));
    }
    pollfd entry{.fd = channel.raw(), .events = events, .revents = 0};
    const int ready = ::poll(&entry, 1, timeout);
    if (ready > 0) {
      return {};
    }
    if (ready < 0 && errno != EINTR) {
      return fail_errno(errno, "waiting on the channel");
    }
  }
}

// again tells an attempt that may be repeated after waiting from one that failed.
bool again(int error) {
  return error == EAGAIN || error == EINTR;
}

// receive_some appends up to `most` bytes; false: the other side closed.
Result<bool> receive_some(BorrowedFd channel, std::string& into, std::size_t most,
                          std::optional<Moment> until) {
  std::array<char, kChunk> buffer;
  for (;;) {
    NONO_CHECK(wait_for(channel, POLLIN, until));
    const ssize_t got =
        ::recv(channel.raw(), buffer.data(), std::min(most, buffer.size()), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno == ECONNRESET)) {
      return false;
    }
    if (got > 0) {
      into.append(buffer.data(), static_cast<std::size_t>(got));
      return true;
    }
    if (!again(errno)) {
      return fail_errno(errno, "reading from the channel");
    }
  }
}

Result<bool> receive_exactly(BorrowedFd channel, std::string& into, std::size_t size,
                             std::optional<Moment> until) {
  while (into.size() < size) {
    NONO_TRY(const bool open, receive_some(channel, into, size - into.size(), until));
    if (!open) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<void> send_frame(BorrowedFd channel, std::string_view payload, std::optional<Moment> until) {
  std::string frame;
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame += static_cast<char>((payload.size() >> static_cast<unsigned>(shift)) & 0xffU);
  }
  frame += payload;
  std::string_view left = frame;
  while (!left.empty()) {
    NONO_CHECK(wait_for(channel, POLLOUT, until));
    const ssize_t sent =
        ::send(channel.raw(), left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      left.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return fail(ErrorKind::Network, "the other side closed the channel");
    } else if (!again(errno)) {
      return fail_errno(errno, "writing to the channel");
    }
  }
  return {};
}

Result<std::optional<std::string>> receive_frame(BorrowedFd channel, std::size_t max_bytes,
                                                 std::optional<Moment> until) {
  std::string head;
  NONO_TRY(const bool whole, receive_exactly(channel, head, kLengthBytes, until));
  if (!whole && head.empty()) {
    return std::nullopt;
  }
  std::size_t size = 0;
  for (const char c : head) {
    size = size << 8U | static_cast<unsigned char>(c);
  }
  if (whole && size > max_bytes) {
    return fail(ErrorKind::InvalidInput, "a message is larger than it may be");
  }
  std::string payload;
  if (whole) {
    NONO_TRY(const bool all, receive_exactly(channel, payload, size, until));
    if (all) {
      return payload;
    }
  }
  return fail(ErrorKind::Network, "the channel was closed within a message");
}

}  // namespace nono::net
