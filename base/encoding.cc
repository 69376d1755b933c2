// base/encoding.cc: hexadecimal and base64.
#include "base/encoding.h"

#include <array>

namespace nono {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr int kNoDigit = -1;

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  if (digit >= 'a' && digit <= 'f') {
    return digit - 'a' + 10;
  }
  if (digit >= 'A' && digit <= 'F') {
    return digit - 'A' + 10;
  }
  return kNoDigit;
}

constexpr std::array<signed char, 256> kBase64Values = [] {
  std::array<signed char, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<signed char>(i);
  }
  return values;
}();

// One text uses one alphabet: a reader that takes both at once has no peer.
class Digits {
 public:
  explicit Digits(Base64 form) : form_(form) {}

  int value(char digit) {
    if (digit == '-' || digit == '_') {
      saw_url_ = true;
      const bool usable = form_ == Base64::Lenient && !saw_standard_;
      return usable ? (digit == '-' ? 62 : 63) : kNoDigit;
    }
    if (digit == '+' || digit == '/') {
      saw_standard_ = true;
      if (saw_url_) {
        return kNoDigit;
      }
    }
    return kBase64Values[static_cast<unsigned char>(digit)];
  }

 private:
  Base64 form_;
  bool saw_url_ = false;
  bool saw_standard_ = false;
};

// without_padding removes whole padding; nothing where it is partial, or missing though required.
std::optional<std::string_view> without_padding(std::string_view text, Base64 form) {
  std::string_view body = text;
  while (!body.empty() && body.back() == '=' && text.size() - body.size() < 2) {
    body.remove_suffix(1);
  }
  const bool padded = body.size() != text.size();
  if ((padded || form == Base64::Strict) && text.size() % 4 != 0) {
    return std::nullopt;
  }
  if (body.size() % 4 == 1) {
    return std::nullopt;
  }
  return body;
}

}  // namespace

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string_view as_text(std::span<const std::byte> bytes) {
  // char may alias any object, so that viewing bytes as text is defined.
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string hex_encode(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    text += kHexDigits[value >> 4U];
    text += kHexDigits[value & 0xfU];
  }
  return text;
}

std::optional<Bytes> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) {
    return std::nullopt;
  }
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high == kNoDigit || low == kNoDigit) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<std::byte>(high * 16 + low));
  }
  return bytes;
}

std::string base64_encode(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::span group = bytes.subspan(i, std::min<std::size_t>(3, bytes.size() - i));
    unsigned bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = (bits << 8U) | (k < group.size() ? std::to_integer<unsigned>(group[k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      const unsigned shift = 18U - 6U * static_cast<unsigned>(k);
      text += k <= group.size() ? kAlphabet[(bits >> shift) & 63U] : '=';
    }
  }
  return text;
}

std::optional<Bytes> base64_decode(std::string_view text, Base64 form) {
  const auto body = without_padding(text, form);
  if (!body) {
    return std::nullopt;
  }
  Bytes bytes;
  bytes.reserve(body->size() / 4 * 3 + 2);
  Digits digits(form);
  unsigned bits = 0;
  unsigned held = 0;
  for (const char digit : *body) {
    const int value = digits.value(digit);
    if (value == kNoDigit) {
      return std::nullopt;
    }
    bits = (bits << 6U) | static_cast<unsigned>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<std::byte>((bits >> held) & 0xffU));
      bits &= (1U << held) - 1;
    }
  }
  if (bits != 0) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace nono
