// net/frame.h: what nono and nono-net say to each other over their socket.
//
// A frame is a length (4 bytes, big endian) and that many bytes. Inside, numbers are big endian,
// texts and lists carry their length in 4 bytes before them; there is one spelling of each message,
// and nothing follows it. Neither side trusts the other: nono-net faces the network and may have
// been taken over, so every answer is checked as if it came from there.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/owned_fd.h"
#include "base/result.h"
#include "net/http_client.h"

namespace nono::net {

inline constexpr int kChannel = 3;  // the descriptor on which nono-net finds the socket
inline constexpr std::string_view kProgramName = "nono-net";

inline constexpr std::size_t kMaxResponseHeaders = 256;
inline constexpr std::size_t kMaxResponseHeaderBytes = 128u << 10;  // of all lines together
inline constexpr std::size_t kMaxFailureText = 2048;

// Failure is an Error on its way through the channel: Network, Usage or Unsupported.
struct Failure {
  ErrorKind kind = ErrorKind::Network;
  std::string text;
};
using Answer = std::variant<HttpResponse, Failure>;

std::string encode_request(const HttpRequest& request);
// decode_request is InvalidInput for anything but what encode_request writes. Whether the request
// is allowed is check_request's to say.
Result<HttpRequest> decode_request(std::string_view payload);

std::string encode_answer(const Answer& answer);
// decode_answer is InvalidInput for another spelling, a status that is not from 200 to 599, fields
// that are none or whose name is not in lower case, more than `max_body` bytes of body.
Result<Answer> decode_answer(std::string_view payload, std::size_t max_body);

// The largest frames either side takes.
std::size_t max_request_frame();
std::size_t max_answer_frame(std::size_t max_body);

using Moment = std::chrono::steady_clock::time_point;

// send_frame and receive_frame block until `until`, then are Exhausted. Network: the other side
// closed. receive_frame gives nothing where it closed between two frames; a frame longer than
// `max_bytes` is InvalidInput, before it is read.
Result<void> send_frame(BorrowedFd channel, std::string_view payload, std::optional<Moment> until);
Result<std::optional<std::string>> receive_frame(BorrowedFd channel, std::size_t max_bytes,
                                                 std::optional<Moment> until);

}  // namespace nono::net
