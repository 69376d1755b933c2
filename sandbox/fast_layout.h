// sandbox/fast_layout.h: what nono and the fast gate's shim share: the table in the shim's file,
// and the checks made on it.
//
// Compiled into nono, and into a library that is loaded into every program of the agent and links
// nothing: no standard library, no allocation, no call out. The table is written by nono only; the
// shim maps it read-only, and every answer that is not plain leads to the strict way.
#pragma once

#include <stddef.h>  // NOLINT(modernize-deprecated-headers): freestanding
#include <stdint.h>  // NOLINT(modernize-deprecated-headers)

namespace nono::sandbox::fast {

inline constexpr size_t kPageBytes = 4096;
inline constexpr size_t kShapeBytes = kPageBytes - 32;
inline constexpr size_t kKnownWords = 4096;  // 2^18 bits: of 5,000 files, 1 in 6,000 by mistake
inline constexpr size_t kMaxName = 255;      // NAME_MAX

// Where the system call stands in the page, and where it returns to: what the filter compares.
inline constexpr unsigned char kPageCode[] = {0xf3, 0x0f, 0x1e, 0xfa,  // endbr64
                                              0x0f, 0x05,              // syscall
                                              0xc3};                   // ret
inline constexpr uint64_t kReturnOffset = 6;

struct Table {
  char magic[16];
  uint64_t page;         // where the trusted page is to be; 0: nowhere
  uint64_t shapes_used;  // bytes of `shapes`
  unsigned char shapes[kShapeBytes];
  uint64_t known[kKnownWords];  // device and inode of guarded files, by three bits each
};
static_assert(offsetof(Table, known) == kPageBytes && sizeof(Table) % kPageBytes == 0);
inline constexpr char kMagic[16] = {'n', 'o', 'n', 'o', ' ', 'f', 'a',  's',
                                    't', ' ', 'g', 'a', 't', 'e', '\n', 1};

// A shape (trustpolicy/name_shape.h) is three bytes, its kind and two lengths, and then its prefix
// and suffix.
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

// may_be_guarded looks at a path's last component. What is no name ("", ".", "..") may be.
constexpr bool may_be_guarded(Text name, const unsigned char* shapes, size_t shapes_used) {
  const Text plain = trimmed(name);
  if (plain.size == 0 || !is_plain(name)) {
    return true;
  }
  for (size_t at = 0; at + 3 <= shapes_used;) {
    const unsigned char* shape = shapes + at;
    if (has_shape((shape[0] & kFolded) != 0 ? plain : name, shape)) {
      return true;
    }
    at += size_t{3} + shape[1] + shape[2];
  }
  return false;
}

// mixed spreads an object's identity over 64 bits (the finaliser of SplitMix64).
constexpr uint64_t mixed(uint64_t device, uint64_t inode) {
  uint64_t value = inode + 0x9E3779B97F4A7C15U * (device + 1);
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31);
}
inline constexpr int kBitsEach = 3;
constexpr size_t bit_at(uint64_t hash, int which) {
  return static_cast<size_t>((hash >> (which * 20)) % (kKnownWords * 64));
}

inline bool is_known(const uint64_t* known, uint64_t device, uint64_t inode) {
  const uint64_t hash = mixed(device, inode);
  for (int which = 0; which < kBitsEach; ++which) {
    const size_t bit = bit_at(hash, which);
    if ((__atomic_load_n(&known[bit / 64], __ATOMIC_ACQUIRE) & (uint64_t{1} << (bit % 64))) == 0) {
      return false;
    }
  }
  return true;
}

inline void make_known(uint64_t* known, uint64_t device, uint64_t inode) {
  const uint64_t hash = mixed(device, inode);
  for (int which = 0; which < kBitsEach; ++which) {
    const size_t bit = bit_at(hash, which);
    __atomic_fetch_or(&known[bit / 64], uint64_t{1} << (bit % 64), __ATOMIC_RELEASE);
  }
}

}  // namespace nono::sandbox::fast
