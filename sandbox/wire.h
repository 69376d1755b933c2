// sandbox/wire.h: messages between supervisor and broker: one datagram each, with descriptors.
//
// Both ends are the same executable, over a SOCK_SEQPACKET pair that nobody else holds. The
// supervisor still trusts nothing in a message: sizes are checked, descriptors are looked at.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono::sandbox {

struct WireMessage {
  std::string text;
  std::vector<OwnedFd> fds;  // at most 3
};

class WireWriter {
 public:
  WireWriter& number(std::uint64_t value);
  WireWriter& text(std::string_view value);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// WireReader reads what a WireWriter wrote; after a short read every value is zero or empty and
// good() is false.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}
  std::uint64_t number();
  std::string text();
  bool good() const { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

inline constexpr std::size_t kMaxWireBytes = 16384;

Result<std::pair<OwnedFd, OwnedFd>> wire_pair();
// wire_send sends one message; EAGAIN on a full non-blocking socket is Exhausted.
Result<void> wire_send(BorrowedFd socket, std::string_view bytes, std::span<const int> fds);
// comes_soon looks for a message, or the end of the stream, without sleeping, for some 50 us: both
// ends on processors that idle cost more to wake than a cached verdict costs to find. It lets
// others run meanwhile, and where only one processor may run this it does not look at all.
bool comes_soon(BorrowedFd socket);
// wire_receive waits for one message; the end of the stream is NotFound.
Result<WireMessage> wire_receive(BorrowedFd socket);

}  // namespace nono::sandbox
