// base/encoding.cc: hexadecimal and base64.
#include "base/encoding.h"

#include <algorithm>
#include <array>
#include <cstdint>

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

// value_of_group is the 24 bits of four digits, or a negative number where one is no digit.
std::int32_t value_of_group(const char* digits) {
  std::int32_t bits = 0;
  std::int32_t wrong = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    const std::int32_t value = kBase64Values[static_cast<unsigned char>(digits[k])];
    wrong |= value;
    bits = (bits << 6) | (value & 63);
  }
  return wrong < 0 ? kNoDigit : bits;
}

// decode_end decodes the last two or three digits. Bits that belong to no whole byte have to be
// zero: each value has one spelling.
bool decode_end(std::string_view digits, std::byte* out) {
  std::array<char, 4> group{'A', 'A', 'A', 'A'};
  std::ranges::copy(digits, group.begin());
  const std::int32_t bits = value_of_group(group.data());
  const std::size_t whole = digits.size() * 6 / 8;
  if (bits < 0 || (bits & ((1 << (24 - 8 * static_cast<int>(whole))) - 1)) != 0) {
    return false;
  }
  for (std::size_t k = 0; k < whole; ++k) {
    out[k] = static_cast<std::byte>((bits >> (16 - 8 * static_cast<int>(k))) & 0xff);
  }
  return true;
}

// decode_groups reads digits of the standard alphabet without padding.
std::optional<Bytes> decode_groups(std::string_view body) {
  Bytes bytes(body.size() / 4 * 3 + (body.size() % 4 + 1) / 2);
  std::byte* out = bytes.data();
  std::int32_t wrong = 0;
  for (; body.size() >= 4; body.remove_prefix(4)) {
    const std::int32_t bits = value_of_group(body.data());
    wrong |= bits;
    *out++ = static_cast<std::byte>((bits >> 16) & 0xff);
    *out++ = static_cast<std::byte>((bits >> 8) & 0xff);
    *out++ = static_cast<std::byte>(bits & 0xff);
  }
  if (wrong < 0 || !decode_end(body, out)) {
    return std::nullopt;
  }
  return bytes;
}

// in_standard_alphabet is `body` with the URL alphabet's two digits replaced. One text uses one
// alphabet: a reader that takes both at once has no peer.
std::optional<std::string> in_standard_alphabet(std::string_view body) {
  if (body.contains('+') || body.contains('/')) {
    return std::nullopt;
  }
  std::string standard(body);
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  return standard;
}

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
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  std::size_t filled = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t present = std::min<std::size_t>(3, bytes.size() - i);
    unsigned bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = (bits << 8U) | (k < present ? std::to_integer<unsigned>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k <= present; ++k) {
      text[filled + k] = kAlphabet[(bits >> (18U - 6U * static_cast<unsigned>(k))) & 63U];
    }
    filled += 4;
  }
  return text;
}

std::optional<Bytes> base64_decode(std::string_view text, Base64 form) {
  const auto body = without_padding(text, form);
  if (!body) {
    return std::nullopt;
  }
  if (form == Base64::Strict || !(body->contains('-') || body->contains('_'))) {
    return decode_groups(*body);
  }
  const auto standard = in_standard_alphabet(*body);
  return standard ? decode_groups(*standard) : std::nullopt;
}

}  // namespace nono
