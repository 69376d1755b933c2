// session/control_wire.h: frames on a session's control socket: a length of 4 bytes, big endian,
// and as many bytes of JSON, at most 64 KiB. docs/approvals.md. Both sides take the other's bytes
// for foreign.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace nono::session {

inline constexpr std::size_t kMaxControlFrame = kMessageLimits.bytes;

// encode_frame is Exhausted for a message that is larger than a frame.
Result<std::string> encode_frame(const Json& message);

// FrameReader puts frames together from pieces as they come. It never holds more than one frame and
// what came with its end.
class FrameReader {
 public:
  // add takes the next piece; it must be at most kMaxControlFrame bytes.
  void add(std::string_view piece) { bytes_.append(piece); }
  // next gives the next whole frame as JSON, or nothing yet. InvalidInput for an empty or too long
  // frame and for what is not strict JSON; the connection is of no more use then.
  Result<std::optional<Json>> next();
  bool empty() const { return bytes_.empty(); }

 private:
  std::string bytes_;
};

}  // namespace nono::session
