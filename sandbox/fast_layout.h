// sandbox/fast_layout.h: what nono and the fast gate's shim share: the table in the shim's file,
// and the objects known by it. The names: sandbox/fast_names.h.
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
