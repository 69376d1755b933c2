// net/answer_rules.cc: see answer_rules.h.
#include "net/answer_rules.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/text.h"
#include "net/frame.h"
#include "net/request_rules.h"

namespace nono::net {
namespace {

constexpr int kFirstFinal = 200;
constexpr int kSwitching = 101;
constexpr int kLast = 599;
constexpr std::size_t kStatusDigits = 3;

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorKind::Network, std::move(why));
}

std::string_view trimmed(std::string_view value) {
  const std::size_t start = value.find_first_not_of(" \t");
  if (start == std::string_view::npos) {
    return {};
  }
  return value.substr(start, value.find_last_not_of(" \t") - start + 1);
}

bool are_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<void> AnswerHead::take(std::string_view line) {
  bytes_ += line.size();
  if (bytes_ > kMaxResponseHeaderBytes || ++lines_ > kMaxResponseHeaders) {
    return refuse("the head of the answer is larger than " +
                  std::to_string(kMaxResponseHeaderBytes) + " bytes or " +
                  std::to_string(kMaxResponseHeaders) + " lines");
  }
  if (!line.ends_with("\r\n")) {
    return refuse("a line of the answer's head does not end as HTTP's lines do");
  }
  line.remove_suffix(2);
  const bool interim = state_ == State::Whole && status_ < kFirstFinal;
  if (state_ == State::Status || interim) {
    return take_status(line);
  }
  if (state_ == State::Whole) {
    return {};
  }
  if (line.empty()) {
    state_ = State::Whole;
    return {};
  }
  return take_field(line);
}

Result<void> AnswerHead::take_status(std::string_view line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string_view version = line.substr(0, space);
  const std::string_view rest = line.substr(std::min(space + 1, line.size()));
  const bool known = version == "HTTP/1.1" || version == "HTTP/1.0" || version == "HTTP/2";
  const std::string_view digits = rest.substr(0, kStatusDigits);
  const bool ended = rest.size() <= kStatusDigits || rest[kStatusDigits] == ' ';
  if (!known || digits.size() != kStatusDigits || !are_digits(digits) || !ended) {
    return refuse("the answer does not start with a status line of HTTP 1.0, 1.1 or 2");
  }
  std::from_chars(digits.data(), digits.data() + digits.size(), status_);
  if (status_ < 100 || status_ > kLast || status_ == kSwitching) {
    return refuse("the answer has a status that is none, or changes the protocol");
  }
  old_version_ = version == "HTTP/1.0";
  headers_.clear();
  state_ = State::Fields;
  return {};
}

Result<void> AnswerHead::take_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_field_name(line.substr(0, colon))) {
    return refuse("a line of the answer's head is no field of HTTP");
  }
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!is_field_value(value)) {
    return refuse("a field of the answer's head holds a control character");
  }
  headers_.emplace_back(ascii_lower(line.substr(0, colon)), value);
  return {};
}

std::optional<std::string_view> AnswerHead::only_one(std::string_view name, bool& twice) const {
  std::optional<std::string_view> found;
  for (const auto& [each, value] : headers_) {
    if (each == name) {
      twice = twice || found.has_value();
      found = value;
    }
  }
  return found;
}

Result<void> AnswerHead::check_length(std::string_view value) const {
  std::uint64_t length = 0;
  if (!are_digits(value) ||
      std::from_chars(value.data(), value.data() + value.size(), length).ec != std::errc{}) {
    return refuse("the answer's Content-Length is no number");
  }
  if (length > max_body_) {
    return refuse("the answer is " + std::to_string(length) + " bytes, over the " +
                  std::to_string(max_body_) + " that are taken");
  }
  return {};
}

Result<void> AnswerHead::begin_body() {
  if (state_ != State::Whole || status_ < kFirstFinal) {
    return refuse("the answer ended before its head did");
  }
  bool twice = false;
  const auto length = only_one("content-length", twice);
  const auto transfer = only_one("transfer-encoding", twice);
  const auto content = only_one("content-encoding", twice);
  if (twice || (length && transfer)) {
    return refuse("the answer says in two ways how its body is to be read");
  }
  if (transfer && (old_version_ || ascii_lower(*transfer) != "chunked")) {
    return refuse("the answer's body is in a transfer coding that was not asked for");
  }
  if (content && ascii_lower(*content) != "identity") {
    return refuse("the answer's body is in a content coding that was not asked for");
  }
  return length ? check_length(*length) : Result<void>();
}

}  // namespace nono::net
