// tests/crypto/threads.h: how many threads this process has.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <thread>

namespace nono::crypto::test {

inline std::ptrdiff_t threads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

// A thread that was joined is listed a moment longer.
inline std::ptrdiff_t threads_in_the_end(std::ptrdiff_t wanted) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (threads() != wanted && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  return threads();
}

}  // namespace nono::crypto::test
