// net/frame.cc: see frame.h.
#include "net/frame.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"
#include "net/request_rules.h"

namespace nono::net {
namespace {

constexpr std::uint32_t kFormat = 1;
constexpr std::uint32_t kOutcomeResponse = 0;
constexpr std::uint32_t kOutcomeFailure = 1;
constexpr std::size_t kNumberBytes = 4;
constexpr std::uint32_t kLowestStatus = 200;
constexpr std::uint32_t kHighestStatus = 599;
// Lengths, counts and numbers of one message, generously.
constexpr std::size_t kOverhead = 16u << 10;

constexpr auto kFailureKinds =
    std::to_array({ErrorKind::Network, ErrorKind::Usage, ErrorKind::Unsupported});

using Headers = std::vector<std::pair<std::string, std::string>>;

class Writer {
 public:
  void number(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      out_ += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xffU);
    }
  }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    out_ += value;
  }
  void headers(const Headers& fields) {
    number(static_cast<std::uint32_t>(fields.size()));
    for (const auto& [name, value] : fields) {
      text(name);
      text(value);
    }
  }
  std::string take() && { return std::move(out_); }

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  Result<std::uint32_t> number(std::uint32_t lowest, std::uint32_t highest) {
    if (in_.size() < kNumberBytes) {
      return malformed();
    }
    std::uint32_t value = 0;
    for (const char c : in_.substr(0, kNumberBytes)) {
      value = value << 8U | static_cast<unsigned char>(c);
    }
    in_.remove_prefix(kNumberBytes);
    if (value < lowest || value > highest) {
      return malformed();
    }
    return value;
  }
  Result<std::string> text(std::size_t max_bytes) {
    NONO_TRY(const std::uint32_t size, number(0, static_cast<std::uint32_t>(max_bytes)));
    if (size > in_.size()) {
      return malformed();
    }
    std::string value(in_.substr(0, size));
    in_.remove_prefix(size);
    return value;
  }
  Result<Headers> headers(std::size_t max_fields, std::size_t max_value) {
    NONO_TRY(const std::uint32_t count, number(0, static_cast<std::uint32_t>(max_fields)));
    Headers fields;
    for (std::uint32_t i = 0; i < count; ++i) {
      NONO_TRY(std::string name, text(max_value));
      NONO_TRY(std::string value, text(max_value));
      fields.emplace_back(std::move(name), std::move(value));
    }
    return fields;
  }
  Result<void> end() const {
    if (!in_.empty()) {
      return malformed();
    }
    return {};
  }
  static std::unexpected<Error> malformed() {
    return fail(ErrorKind::InvalidInput, "the message is malformed");
  }

 private:
  std::string_view in_;
};

bool are_response_fields(const Headers& fields) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : fields) {
    bytes += name.size() + value.size();
    if (!is_field_name(name) || name != ascii_lower(name) || !is_field_value(value)) {
      return false;
    }
  }
  return bytes <= kMaxResponseHeaderBytes;
}

Result<Answer> read_failure(Reader& reader) {
  NONO_TRY(const std::uint32_t kind, reader.number(0, kFailureKinds.size() - 1));
  NONO_TRY(std::string text, reader.text(kMaxFailureText));
  NONO_CHECK(reader.end());
  return Failure{.kind = kFailureKinds[kind], .text = std::move(text)};
}

Result<Answer> read_response(Reader& reader, std::size_t max_body) {
  HttpResponse response;
  NONO_TRY(const std::uint32_t status, reader.number(kLowestStatus, kHighestStatus));
  response.status = static_cast<int>(status);
  NONO_TRY(response.headers, reader.headers(kMaxResponseHeaders, kMaxResponseHeaderBytes));
  if (!are_response_fields(response.headers)) {
    return Reader::malformed();
  }
  NONO_TRY(response.body, reader.text(max_body));
  NONO_CHECK(reader.end());
  return response;
}

}  // namespace

std::string encode_request(const HttpRequest& request) {
  Writer out;
  out.number(kFormat);
  out.number(request.method == Method::Get ? 0 : 1);
  out.number(static_cast<std::uint32_t>(request.deadline.count()));
  out.number(static_cast<std::uint32_t>(request.max_bytes));
  out.text(request.service);
  out.text(request.url);
  out.headers(request.headers);
  out.text(request.body);
  return std::move(out).take();
}

Result<HttpRequest> decode_request(std::string_view payload) {
  Reader in(payload);
  HttpRequest request;
  NONO_CHECK(in.number(kFormat, kFormat));
  NONO_TRY(const std::uint32_t method, in.number(0, 1));
  request.method = method == 0 ? Method::Get : Method::Post;
  NONO_TRY(const std::uint32_t deadline,
           in.number(0, static_cast<std::uint32_t>(kMaxDeadline.count())));
  request.deadline = std::chrono::milliseconds(deadline);
  NONO_TRY(request.max_bytes, in.number(0, kMaxResponseBody));
  NONO_TRY(request.service, in.text(kMaxServiceName));
  NONO_TRY(request.url, in.text(Url::kMaxBytes));
  NONO_TRY(request.headers, in.headers(kMaxRequestHeaders, kMaxHeaderValue));
  NONO_TRY(request.body, in.text(kMaxRequestBody));
  NONO_CHECK(in.end());
  return request;
}

std::string encode_answer(const Answer& answer) {
  Writer out;
  out.number(kFormat);
  if (const auto* failure = std::get_if<Failure>(&answer); failure != nullptr) {
    const auto kind = std::ranges::find(kFailureKinds, failure->kind);
    out.number(kOutcomeFailure);
    out.number(kind == kFailureKinds.end()
                   ? 0U
                   : static_cast<std::uint32_t>(kind - kFailureKinds.begin()));
    out.text(std::string_view(failure->text).substr(0, kMaxFailureText));
    return std::move(out).take();
  }
  const auto& response = std::get<HttpResponse>(answer);
  out.number(kOutcomeResponse);
  out.number(static_cast<std::uint32_t>(response.status));
  out.headers(response.headers);
  out.text(response.body);
  return std::move(out).take();
}

Result<Answer> decode_answer(std::string_view payload, std::size_t max_body) {
  Reader in(payload);
  NONO_CHECK(in.number(kFormat, kFormat));
  NONO_TRY(const std::uint32_t outcome, in.number(kOutcomeResponse, kOutcomeFailure));
  return outcome == kOutcomeFailure ? read_failure(in) : read_response(in, max_body);
}

std::size_t max_request_frame() {
  return kOverhead + Url::kMaxBytes + kMaxServiceName + kMaxRequestBody +
         kMaxRequestHeaders * (kMaxHeaderName + kMaxHeaderValue);
}
std::size_t max_answer_frame(std::size_t max_body) {
  return kOverhead + kMaxResponseHeaderBytes + max_body;
}

}  // namespace nono::net
