// sandbox/known_files.h: absolute paths that led to a regular file when they were opened before.
//
// A guess, which spares the look before the next open of the same path. Nothing is decided by it:
// what is opened is judged as ever. Paths are told apart by a hash alone, so one path may pass for
// another; then the type shows after the open, as where a name is exchanged between look and open.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace nono::sandbox {

class KnownFiles {
 public:
  static constexpr std::size_t kMaxPaths = 1024;  // one takes another's place

  bool has(std::string_view path) const { return any_ && paths_[slot(path)] == mark(path); }
  void keep(std::string_view path) {
    paths_[slot(path)] = mark(path);
    any_ = true;
  }
  void forget(std::string_view path) { paths_[slot(path)] = 0; }
  void clear() {
    if (any_) {
      paths_.fill(0);
      any_ = false;
    }
  }

 private:
  // mark is never 0, which is an empty slot.
  static std::uint64_t mark(std::string_view path) {
    return std::hash<std::string_view>{}(path) | 1U;
  }
  static std::size_t slot(std::string_view path) { return (mark(path) >> 1U) % kMaxPaths; }

  std::array<std::uint64_t, kMaxPaths> paths_{};
  bool any_ = false;
};

}  // namespace nono::sandbox
