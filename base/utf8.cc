// base/utf8.cc: decoding of UTF-8.
#include "base/utf8.h"

#include <array>

namespace nono {
namespace {

struct Form {
  unsigned char lead_mask;
  unsigned char lead_bits;
  char32_t least;  // smaller values are overlong
};
constexpr std::array<Form, 3> kForms = {
    {{0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}}};

bool is_scalar(char32_t value) {
  return value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

CodePoint decode_multibyte(std::string_view text, const Form& form, std::size_t bytes) {
  if (text.size() < bytes) {
    return {};
  }
  const auto lead = static_cast<unsigned char>(text.front());
  char32_t value = lead & static_cast<unsigned char>(~form.lead_mask);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80U) {
      return {};
    }
    value = (value << 6U) | (next & 0x3fU);
  }
  return value >= form.least && is_scalar(value) ? CodePoint{value, bytes} : CodePoint{};
}

}  // namespace

CodePoint first_code_point(std::string_view text) {
  if (text.empty()) {
    return {};
  }
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) {
    return {lead, 1};
  }
  for (std::size_t i = 0; i < kForms.size(); ++i) {
    if ((lead & kForms[i].lead_mask) == kForms[i].lead_bits) {
      return decode_multibyte(text, kForms[i], i + 2);
    }
  }
  return {};
}

void append_utf8(std::string& out, char32_t value) {
  const auto tail = [value](unsigned shift) {
    return static_cast<char>(0x80U | ((value >> shift) & 0x3fU));
  };
  if (value < 0x80) {
    out += static_cast<char>(value);
  } else if (value < 0x800) {
    out += {static_cast<char>(0xc0U | (value >> 6U)), tail(0)};
  } else if (value < 0x10000) {
    out += {static_cast<char>(0xe0U | (value >> 12U)), tail(6), tail(0)};
  } else {
    out += {static_cast<char>(0xf0U | (value >> 18U)), tail(12), tail(6), tail(0)};
  }
}

}  // namespace nono
