// base/fold_name.cc: the form of a file name in which guarded names are compared.
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"

namespace nono {
namespace {

struct LookAlike {
  char32_t foreign;
  char latin;
};

// Case folding loses the shape of a capital (Greek capital eta looks like H, small eta like n), so
// capitals are replaced before it and small letters after it. Sources: Unicode confusables.txt 15.
constexpr std::array<LookAlike, 44> kCapitals = {{
    {0x37f, 'j'}, {0x391, 'a'}, {0x392, 'b'}, {0x395, 'e'}, {0x396, 'z'}, {0x397, 'h'},
    {0x399, 'i'}, {0x39a, 'k'}, {0x39c, 'm'}, {0x39d, 'n'}, {0x39f, 'o'}, {0x3a1, 'p'},
    {0x3a4, 't'}, {0x3a5, 'y'}, {0x3a7, 'x'}, {0x3dc, 'f'}, {0x3f9, 'c'}, {0x3fa, 'm'},
    {0x405, 's'}, {0x406, 'i'}, {0x408, 'j'}, {0x410, 'a'}, {0x412, 'b'}, {0x415, 'e'},
    {0x41a, 'k'}, {0x41c, 'm'}, {0x41d, 'h'}, {0x41e, 'o'}, {0x420, 'p'}, {0x421, 'c'},
    {0x422, 't'}, {0x423, 'y'}, {0x425, 'x'}, {0x42c, 'b'}, {0x474, 'v'}, {0x4ae, 'y'},
    {0x4ba, 'h'}, {0x4c0, 'i'}, {0x500, 'd'}, {0x50c, 'g'}, {0x51a, 'q'}, {0x51c, 'w'},
}};
constexpr std::array<LookAlike, 38> kSmall = {{
    {0x3b1, 'a'}, {0x3b3, 'y'}, {0x3b5, 'e'}, {0x3b7, 'n'}, {0x3b9, 'i'}, {0x3ba, 'k'},
    {0x3bd, 'v'}, {0x3bf, 'o'}, {0x3c1, 'p'}, {0x3c3, 'o'}, {0x3c4, 't'}, {0x3c5, 'u'},
    {0x3c7, 'x'}, {0x3c9, 'w'}, {0x3f2, 'c'}, {0x3f3, 'j'}, {0x430, 'a'}, {0x432, 'b'},
    {0x433, 'r'}, {0x435, 'e'}, {0x43a, 'k'}, {0x43c, 'm'}, {0x43d, 'h'}, {0x43e, 'o'},
    {0x440, 'p'}, {0x441, 'c'}, {0x442, 't'}, {0x443, 'y'}, {0x445, 'x'}, {0x455, 's'},
    {0x456, 'i'}, {0x458, 'j'}, {0x475, 'v'}, {0x4af, 'y'}, {0x4bb, 'h'}, {0x501, 'd'},
    {0x51b, 'q'}, {0x51d, 'w'},
}};

template <std::size_t N>
std::string replace_look_alikes(std::string_view text, const std::array<LookAlike, N>& table) {
  std::string replaced;
  replaced.reserve(text.size());
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    const std::size_t bytes = std::max<std::size_t>(next.bytes, 1);
    const auto* found = std::ranges::find(table, next.value, &LookAlike::foreign);
    if (next.bytes > 1 && found != table.end()) {
      replaced += found->latin;
    } else {
      replaced += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  return replaced;
}

struct FreeDeleter {
  void operator()(utf8proc_uint8_t* text) const { std::free(text); }
};

// mapped runs utf8proc over well-formed UTF-8; where it cannot (memory), the text stays as it is,
// which can only make a name match less: the caller's pattern is folded the same way.
std::string mapped(std::string_view text, int options) {
  utf8proc_uint8_t* raw = nullptr;
  const utf8proc_ssize_t length = ::utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
      static_cast<utf8proc_ssize_t>(text.size()), &raw, static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, FreeDeleter> owned(raw);
  if (length < 0) {
    return std::string(text);
  }
  return {reinterpret_cast<const char*>(owned.get()), static_cast<std::size_t>(length)};
}

struct Range {
  char32_t first;
  char32_t last;
};

// What nobody sees in a name: Default_Ignorable_Code_Point (Unicode 15) with what is not assigned
// in it, which fonts hide as well and utf8proc does not know; annotations; the blank of Braille;
// and controls, ASCII's apart (is_control).
constexpr std::array<Range, 19> kUnseen = {{
    {0x80, 0x9f},     {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},     {0x115f, 0x1160},
    {0x17b4, 0x17b5}, {0x180b, 0x180f},   {0x200b, 0x200f},   {0x202a, 0x202e},   {0x2060, 0x206f},
    {0x2800, 0x2800}, {0x3164, 0x3164},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
    {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
}};

bool is_control(char32_t value) {
  return value < 0x20 || value == 0x7f;
}

bool is_unseen(char32_t value) {
  return is_control(value) || std::ranges::any_of(kUnseen, [&](const Range& range) {
           return range.first <= value && value <= range.last;
         });
}

std::string without_unseen(std::string_view text) {
  std::string seen;
  seen.reserve(text.size());
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    const std::size_t bytes = std::max<std::size_t>(next.bytes, 1);
    if (next.bytes == 0 || !is_unseen(next.value)) {
      seen += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  return seen;
}

std::string fold_well_formed(std::string_view text) {
  constexpr int kCompatible =
      UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_IGNORE;
  const std::string shapes =
      replace_look_alikes(mapped(without_unseen(text), kCompatible), kCapitals);
  const std::string folded = mapped(shapes, kCompatible | UTF8PROC_CASEFOLD);
  // Replacing a base letter can let it compose with what follows.
  return mapped(replace_look_alikes(folded, kSmall), kCompatible | UTF8PROC_CASEFOLD);
}

// well_formed_prefix is the number of bytes before the first one that is not UTF-8.
std::size_t well_formed_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t bytes = first_code_point(text.substr(at)).bytes;
    if (bytes == 0) {
      break;
    }
    at += bytes;
  }
  return at;
}

bool is_trimmed(char32_t value) {
  return value <= 0x20 || value == '.' || (value >= 0x7f && value <= 0x9f) || value == 0x1680 ||
         value == 0x2028 || value == 0x2029;
}

std::string_view trimmed(std::string_view text) {
  for (CodePoint next = first_code_point(text); next.bytes != 0 && is_trimmed(next.value);
       next = first_code_point(text)) {
    text.remove_prefix(next.bytes);
  }
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && text.size() - start < 4 &&
           (static_cast<unsigned char>(text[start]) & 0xc0U) == 0x80U) {
      --start;
    }
    const CodePoint last = first_code_point(text.substr(start));
    if (start + last.bytes != text.size() || !is_trimmed(last.value)) {
      break;
    }
    text.remove_suffix(last.bytes);
  }
  return text;
}

}  // namespace

std::string fold_name(std::string_view name) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::ranges::all_of(name, is_ascii)) {
    std::string folded = ascii_lower(trimmed(name));
    std::erase_if(folded, [](char c) { return is_control(static_cast<unsigned char>(c)); });
    return folded;
  }
  std::string folded;
  folded.reserve(name.size());
  while (!name.empty()) {
    const std::size_t good = well_formed_prefix(name);
    folded += good == 0 ? std::string(name.substr(0, 1)) : fold_well_formed(name.substr(0, good));
    name.remove_prefix(std::max<std::size_t>(good, 1));
  }
  return std::string(trimmed(folded));
}

}  // namespace nono
