// tests/sandbox/bpf_interpreter_test.cc: the measuring instrument itself.
#include "tests/sandbox/bpf_interpreter.h"

#include <gtest/gtest.h>

#include <vector>

namespace nono::sandbox::testing {
namespace {

using Program = std::vector<sock_filter>;

sock_filter step(unsigned code, std::uint32_t k, std::uint8_t jt = 0, std::uint8_t jf = 0) {
  return {.code = static_cast<std::uint16_t>(code), .jt = jt, .jf = jf, .k = k};
}

TEST(BpfInterpreterTest, BranchesOnTheLoadedWord) {
  const Program program = {step(BPF_LD | BPF_W | BPF_ABS, 0),
                           step(BPF_JMP | BPF_JEQ | BPF_K, 7, 0, 1), step(BPF_RET | BPF_K, 1),
                           step(BPF_RET | BPF_K, 2)};
  seccomp_data call{};
  call.nr = 7;
  EXPECT_EQ(interpret(program, call)->answer, 1u);
  call.nr = 8;
  EXPECT_EQ(interpret(program, call)->answer, 2u);
}

TEST(BpfInterpreterTest, MasksAndComparesInOrder) {
  const Program program = {step(BPF_LD | BPF_W | BPF_ABS, 16),
                           step(BPF_ALU | BPF_AND | BPF_K, 0xf0),
                           step(BPF_JMP | BPF_JGT | BPF_K, 0x20, 0, 1),
                           step(BPF_RET | BPF_K, 1),
                           step(BPF_JMP | BPF_JSET | BPF_K, 0x20, 0, 1),
                           step(BPF_RET | BPF_K, 2),
                           step(BPF_RET | BPF_K, 3)};
  seccomp_data call{};
  call.args[0] = 0xff3f;
  EXPECT_EQ(interpret(program, call)->answer, 1u);
  call.args[0] = 0x2f;
  EXPECT_EQ(interpret(program, call)->answer, 2u);
  call.args[0] = 0x10;
  EXPECT_EQ(interpret(program, call)->answer, 3u);
}

TEST(BpfInterpreterTest, ReportsLooksAtArguments) {
  const Program by_number = {step(BPF_LD | BPF_W | BPF_ABS, 0), step(BPF_RET | BPF_K, 1)};
  const Program by_pointer = {step(BPF_LD | BPF_W | BPF_ABS, 8), step(BPF_RET | BPF_K, 1)};
  EXPECT_FALSE(interpret(by_number, {})->looked_at_arguments);
  EXPECT_TRUE(interpret(by_pointer, {})->looked_at_arguments);
}

TEST(BpfInterpreterTest, AProgramWithoutAnAnswerIsInvalid) {
  EXPECT_FALSE(interpret(Program{step(BPF_LD | BPF_W | BPF_ABS, 0)}, {}));
  EXPECT_FALSE(interpret(Program{}, {}));
}

TEST(BpfInterpreterTest, ALoadBehindTheCallIsInvalid) {
  EXPECT_FALSE(
      interpret(Program{step(BPF_LD | BPF_W | BPF_ABS, 64), step(BPF_RET | BPF_K, 1)}, {}));
  EXPECT_FALSE(interpret(Program{step(BPF_LD | BPF_W | BPF_ABS, 2), step(BPF_RET | BPF_K, 1)}, {}));
}

TEST(BpfInterpreterTest, AnUnknownInstructionIsInvalid) {
  EXPECT_FALSE(
      interpret(Program{step(BPF_ALU | BPF_DIV | BPF_K, 2), step(BPF_RET | BPF_K, 1)}, {}));
}

TEST(BpfInterpreterTest, JumpsBehindTheEndAreFoundWithoutTakingThem) {
  EXPECT_TRUE(
      all_jumps_land(Program{step(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0), step(BPF_RET | BPF_K, 1)}));
  EXPECT_FALSE(
      all_jumps_land(Program{step(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), step(BPF_RET | BPF_K, 1)}));
  EXPECT_FALSE(all_jumps_land(Program{step(BPF_JMP | BPF_JA, 1), step(BPF_RET | BPF_K, 1)}));
  EXPECT_FALSE(all_jumps_land(Program{step(BPF_LD | BPF_W | BPF_ABS, 0)}));
}

}  // namespace
}  // namespace nono::sandbox::testing
