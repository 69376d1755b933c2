#include "session/control_wire.h"

#include <cstdint>
#include <utility>

namespace nono::session {
namespace {

constexpr std::size_t kLengthBytes = 4;

std::size_t length_in(std::string_view bytes) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    out = (out << 8U) | static_cast<unsigned char>(bytes[i]);
  }
  return out;
}

}  // namespace

Result<std::string> encode_frame(const Json& message) {
  const std::string text = message.compact();
  if (text.size() > kMaxControlFrame) {
    return fail(ErrorKind::Exhausted, "a message for a session's control socket is too long");
  }
  std::string out;
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    out += static_cast<char>((text.size() >> (shift - 8)) & 0xffU);
  }
  return out + text;
}

Result<std::optional<Json>> FrameReader::next() {
  if (bytes_.size() < kLengthBytes) {
    return std::nullopt;
  }
  const std::size_t length = length_in(bytes_);
  if (length == 0 || length > kMaxControlFrame) {
    return fail(ErrorKind::InvalidInput,
                "a frame of " + std::to_string(length) + " bytes on a session's control socket");
  }
  if (bytes_.size() - kLengthBytes < length) {
    return std::nullopt;
  }
  NONO_TRY(Json message,
           Json::parse(std::string_view(bytes_).substr(kLengthBytes, length), kMessageLimits));
  bytes_.erase(0, kLengthBytes + length);
  return std::optional(std::move(message));
}

}  // namespace nono::session
