// sandbox/fast_names.h: which names the fast gate's shim leaves to the broker.
//
// As fast_layout.h, compiled into nono and into the shim, and links nothing. What is read here was
// written by nono (sandbox/fast_gate.cc).
#pragma once

#include <stddef.h>  // NOLINT(modernize-deprecated-headers): freestanding

namespace nono::sandbox::fast {

inline constexpr size_t kMaxName = 255;  // NAME_MAX

// The shapes begin with a set of the last two letters that a name of any of them has. Each shape
// (trustpolicy/name_shape.h) is three bytes, its kind and two lengths, and then its prefix and
// suffix.
inline constexpr size_t kEndsBytes = 16;
inline constexpr unsigned char kFolded = 1;
inline constexpr unsigned char kWhole = 2;

constexpr bool is_trimmed(char c) {
  return c == ' ' || c == '.';
}
constexpr char small(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Text is a piece of a name, compared as written or in small letters.
struct Text {
  const char* bytes;
  size_t size;
};

constexpr bool same(const char* text, const unsigned char* pattern, size_t size, bool folded) {
  for (size_t i = 0; i < size; ++i) {
    if ((folded ? small(text[i]) : text[i]) != static_cast<char>(pattern[i])) {
      return false;
    }
  }
  return true;
}

constexpr bool has_shape(Text name, const unsigned char* shape) {
  const bool folded = (shape[0] & kFolded) != 0;
  const size_t prefix = shape[1];
  const size_t suffix = shape[2];
  if (name.size < prefix || name.size < suffix ||
      ((shape[0] & kWhole) != 0 && name.size != prefix)) {
    return false;
  }
  return same(name.bytes, shape + 3, prefix, folded) &&
         same(name.bytes + name.size - suffix, shape + 3 + prefix, suffix, folded);
}

constexpr Text trimmed(Text name) {
  while (name.size > 0 && is_trimmed(name.bytes[0])) {
    ++name.bytes;
    --name.size;
  }
  while (name.size > 0 && is_trimmed(name.bytes[name.size - 1])) {
    --name.size;
  }
  return name;
}

// is_plain: a name of printable ASCII, without `~`, which begins short names of FAT.
constexpr bool is_plain(Text name) {
  for (size_t i = 0; i < name.size; ++i) {
    if (name.bytes[i] < ' ' || name.bytes[i] >= '~') {
      return false;
    }
  }
  return name.size <= kMaxName;
}

// end_of is where the set of endings has a text of two or more letters.
constexpr size_t end_of(Text name) {
  const char* last = name.bytes + name.size - 2;
  return (static_cast<unsigned char>(small(last[0])) * size_t{7} +
          static_cast<unsigned char>(small(last[1]))) %
         (kEndsBytes * 8);
}
constexpr bool has_end(const unsigned char* ends, size_t end) {
  return (ends[end / 8] >> (end % 8) & 1) != 0;
}

// may_be_guarded looks at a path's last component. What is no name ("", ".", "..") may be.
constexpr bool may_be_guarded(Text name, const unsigned char* shapes, size_t shapes_used) {
  const Text plain = trimmed(name);
  if (plain.size == 0 || !is_plain(name)) {
    return true;
  }
  if (plain.size == name.size && name.size >= 2 && !has_end(shapes, end_of(name))) {
    return false;
  }
  for (size_t at = kEndsBytes; at + 3 <= shapes_used;) {
    const unsigned char* shape = shapes + at;
    if (has_shape((shape[0] & kFolded) != 0 ? plain : name, shape)) {
      return true;
    }
    at += size_t{3} + shape[1] + shape[2];
  }
  return false;
}

}  // namespace nono::sandbox::fast
