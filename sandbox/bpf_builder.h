// sandbox/bpf_builder.h: assembles a seccomp program from rows of "number, condition, answer".
//
// Calls are found by a balanced tree of comparisons over their numbers, and a call that no row
// names is allowed before any argument is loaded. The kernel sees that when it takes the program
// in, keeps such numbers in a bitmap and no longer runs the program for them (Linux 5.11): read(2),
// futex(2) and their like cost nothing, wherever they stand in the tree.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "sandbox/filters.h"

namespace nono::sandbox {

enum class Compare : unsigned char { Equal, NotEqual };

// ArgumentTest compares (low 32 bits of the argument & mask) with value.
struct ArgumentTest {
  unsigned char argument = 0;
  Compare how = Compare::Equal;
  std::uint32_t mask = ~0u;
  std::uint32_t value = 0;
};
// In place of an argument's number: the halves of where the call returns to.
inline constexpr unsigned char kReturnLow = 6;
inline constexpr unsigned char kReturnHigh = 7;
constexpr ArgumentTest is(unsigned char argument, std::uint32_t value) {
  return {.argument = argument, .how = Compare::Equal, .mask = ~0u, .value = value};
}
constexpr ArgumentTest is_not(unsigned char argument, std::uint32_t value) {
  return {.argument = argument, .how = Compare::NotEqual, .mask = ~0u, .value = value};
}
constexpr ArgumentTest has_any(unsigned char argument, std::uint32_t bits) {
  return {.argument = argument, .how = Compare::NotEqual, .mask = bits, .value = 0};
}
constexpr ArgumentTest masked_is(unsigned char argument, std::uint32_t mask, std::uint32_t value) {
  return {.argument = argument, .how = Compare::Equal, .mask = mask, .value = value};
}

// Condition is a conjunction of at most three tests; none means always.
class Condition {
 public:
  constexpr Condition() = default;
  template <typename... More>
  constexpr Condition(ArgumentTest first, More... more)  // implicit: a test is a condition
      : tests_{first, more...}, count_(1 + sizeof...(more)) {
    static_assert(sizeof...(more) <= 2);
  }
  constexpr std::span<const ArgumentTest> tests() const { return std::span(tests_).first(count_); }

 private:
  std::array<ArgumentTest, 3> tests_{};
  std::size_t count_ = 0;
};

struct FilterRule {
  std::uint32_t number = 0;
  Condition condition;
  std::uint32_t answer = 0;  // SECCOMP_RET_…
};

// Numbers above this are not in our tables: mseal(2), Linux 6.10. It is below the x32 bit.
inline constexpr std::uint32_t kNewestKnownCall = 462;

// assemble emits the program. The rules of one number stand together: the first whose condition
// holds decides, and where none holds the call is allowed.
FilterProgram assemble(Architecture architecture, std::span<const FilterRule> rules);

}  // namespace nono::sandbox
