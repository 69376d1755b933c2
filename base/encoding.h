// base/encoding.h: hexadecimal and base64 (RFC 4648), strict and locale-free.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nono {

using Bytes = std::vector<std::byte>;

// as_bytes views text as bytes; as_text views bytes as text. No copy, no check.
std::span<const std::byte> as_bytes(std::string_view text);
std::string_view as_text(std::span<const std::byte> bytes);

std::string hex_encode(std::span<const std::byte> bytes);  // lower case
// hex_decode takes an even number of digits of either case and nothing else.
std::optional<Bytes> hex_decode(std::string_view text);

std::string base64_encode(std::span<const std::byte> bytes);  // standard alphabet, padded

enum class Base64 : unsigned char {
  Strict,   // standard alphabet, padding required, trailing bits zero
  Lenient,  // standard or URL alphabet, padding optional (but whole when there is any), trailing
            // bits zero: what ProtoJSON readers must take
};
// base64_decode returns nothing on any other character, white space included.
std::optional<Bytes> base64_decode(std::string_view text, Base64 form);

}  // namespace nono
