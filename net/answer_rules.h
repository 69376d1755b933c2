// net/answer_rules.h: the head of an HTTP answer, line by line, by rules of our own.
//
// The library that carries the exchange is lenient where two readers could differ. What could be
// read in two ways is refused here: RFC 9112, 2.2, 5, 6 and 7.1, RFC 9110, 5 and 8.4.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_client.h"

namespace nono::net {

class AnswerHead {
 public:
  // AnswerHead takes bodies of at most `max_body` bytes.
  explicit AnswerHead(std::size_t max_body) : max_body_(max_body) {}

  // take reads the next line as it came, with its end. Interim answers (1xx) are dropped but
  // counted; what comes after the head is a trailer: counted, and never a header.
  Result<void> take(std::string_view line);
  // begin_body must hold before the first byte of a body is believed, and at the end of an answer
  // without one: the head is whole, has one status, and says in at most one way how long the body
  // is, in no coding that was not asked for, and not longer than may be.
  Result<void> begin_body();

  int status() const { return status_; }
  // response gives the head; the body is the caller's to add.
  HttpResponse response() && { return {status_, std::move(headers_), {}}; }

 private:
  enum class State : unsigned char { Status, Fields, Whole };
  Result<void> take_status(std::string_view line);
  Result<void> take_field(std::string_view line);
  Result<void> check_length(std::string_view value) const;
  std::optional<std::string_view> only_one(std::string_view name, bool& twice) const;

  std::size_t max_body_;
  State state_ = State::Status;
  std::size_t bytes_ = 0;
  std::size_t lines_ = 0;
  int status_ = 0;
  bool old_version_ = false;  // HTTP/1.0, which has no transfer codings
  std::vector<std::pair<std::string, std::string>> headers_;
};

}  // namespace nono::net
