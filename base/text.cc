// base/text.cc: foreign text made safe to show and to paste.
#include "base/text.h"

#include <utf8proc.h>

#include <algorithm>
#include <charconv>

#include "base/utf8.h"

namespace nono {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

void append_hex(std::string& out, char32_t value, unsigned least_digits) {
  unsigned digits = least_digits;
  while (digits < 8 && (value >> (4 * digits)) != 0) {
    ++digits;
  }
  for (unsigned i = digits; i-- > 0;) {
    out += kHexDigits[(value >> (4 * i)) & 0xfU];
  }
}

void append_byte_escape(std::string& out, unsigned char byte) {
  switch (byte) {
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case 0x1b:
      out += "\\e";
      return;
    default:
      out += "\\x";
      append_hex(out, byte, 2);
  }
}

// Unicode 15 has invisible characters outside the category Cf: fillers, joiners and variation
// selectors, all of which can carry hidden text.
bool is_invisible(char32_t value) {
  return value == 0x34f || value == 0x115f || value == 0x1160 || value == 0x3164 ||
         value == 0xffa0 || (value >= 0x17b4 && value <= 0x17b5) ||
         (value >= 0x180b && value <= 0x180f) || (value >= 0xfe00 && value <= 0xfe0f) ||
         (value >= 0xe0000 && value <= 0xe0fff);
}

bool is_shown_as_is(char32_t value) {
  if (value < 0x80) {
    return value >= 0x20 && value != 0x7f;
  }
  switch (::utf8proc_category(static_cast<utf8proc_int32_t>(value))) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      return !is_invisible(value);
  }
}

void append_code_point_escape(std::string& out, char32_t value) {
  out += "\\u{";
  append_hex(out, value, 4);
  out += '}';
}

// is_blank: nothing is seen of it but its width.
bool is_blank(char32_t value) {
  constexpr char32_t kBraille = 0x2800;
  return value == kBraille ||
         ::utf8proc_category(static_cast<utf8proc_int32_t>(value)) == UTF8PROC_CATEGORY_ZS;
}

bool is_plain_in_shell(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_@%+=:,./-").contains(c);
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = first_code_point(text).bytes;
    if (bytes == 0) {
      return false;
    }
    text.remove_prefix(bytes);
  }
  return true;
}

std::string printable_name(std::string_view name) {
  const std::string shown = printable(name);
  std::string out;
  for (std::string_view rest = shown; !rest.empty();) {
    const CodePoint next = first_code_point(rest);
    const std::size_t bytes = std::max<std::size_t>(next.bytes, 1);
    const bool at_end = rest.size() == bytes;
    if (next.value == ' ' && (out.empty() || at_end || rest[1] == ' ' || out.ends_with("\\x20"))) {
      out += "\\x20";
    } else if (next.value >= 0x80 && is_blank(next.value)) {
      append_code_point_escape(out, next.value);
    } else {
      out += rest.substr(0, bytes);
    }
    rest.remove_prefix(bytes);
  }
  return out;
}

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    if (next.bytes == 0) {
      append_byte_escape(shown, static_cast<unsigned char>(text.front()));
    } else if (is_shown_as_is(next.value)) {
      shown += text.substr(0, next.bytes);
    } else if (next.value < 0x80) {
      append_byte_escape(shown, static_cast<unsigned char>(next.value));
    } else {
      append_code_point_escape(shown, next.value);
    }
    text.remove_prefix(std::max<std::size_t>(next.bytes, 1));
  }
  return shown;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::string_view kUnits = "KMGT";
  constexpr std::uint64_t kMost = ~std::uint64_t{0} >> 1;
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count > kMost) {
    return std::nullopt;
  }
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit.empty()) {
    return count;
  }
  const std::size_t power = kUnits.find(unit.front());
  unit.remove_prefix(1);
  if (power == std::string_view::npos || (!unit.empty() && unit != "iB")) {
    return std::nullopt;
  }
  const unsigned shift = 10 * (static_cast<unsigned>(power) + 1);
  return count > (kMost >> shift) ? std::nullopt : std::optional(count << shift);
}

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return lower;
}

std::string shell_quote(std::string_view word) {
  if (!word.empty() && std::ranges::all_of(word, is_plain_in_shell)) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  quoted += '\'';
  return quoted;
}

}  // namespace nono
