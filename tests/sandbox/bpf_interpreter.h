// tests/sandbox/bpf_interpreter.h: runs a seccomp program as the kernel does, in slow motion.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace nono::sandbox::testing {

struct Verdict {
  std::uint32_t answer = 0;
  bool looked_at_arguments = false;  // or at the instruction pointer: the kernel cannot cache it
  std::size_t steps = 0;
};

// interpret returns nothing where the kernel would have refused the program: an unknown
// instruction, a jump out of it, a load out of seccomp_data, an end without an answer.
inline std::optional<Verdict> interpret(std::span<const sock_filter> program,
                                        const seccomp_data& call) {
  Verdict verdict;
  std::uint32_t accumulator = 0;
  std::size_t at = 0;
  while (at < program.size()) {
    const sock_filter& step = program[at++];
    ++verdict.steps;
    bool taken = false;
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (step.k % 4 != 0 || step.k > sizeof call - 4) {
          return std::nullopt;
        }
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&call) + step.k, 4);
        verdict.looked_at_arguments |= step.k >= offsetof(seccomp_data, instruction_pointer);
        continue;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= step.k;
        continue;
      case BPF_RET | BPF_K:
        verdict.answer = step.k;
        return verdict;
      case BPF_JMP | BPF_JA:
        at += step.k;
        continue;
      case BPF_JMP | BPF_JEQ | BPF_K:
        taken = accumulator == step.k;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        taken = accumulator >= step.k;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        taken = accumulator > step.k;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        taken = (accumulator & step.k) != 0;
        break;
      default:
        return std::nullopt;
    }
    at += taken ? step.jt : step.jf;
  }
  return std::nullopt;
}

// all_jumps_land reports whether every jump, taken or not, stays inside the program, also those
// that no call of a test reaches.
inline bool all_jumps_land(std::span<const sock_filter> program) {
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& step = program[at];
    const std::size_t left = program.size() - at - 1;
    if (step.code == (BPF_JMP | BPF_JA) && step.k >= left) {
      return false;
    }
    const bool conditional = BPF_CLASS(step.code) == BPF_JMP && step.code != (BPF_JMP | BPF_JA);
    if (conditional && (step.jt >= left || step.jf >= left)) {
      return false;
    }
  }
  return !program.empty() && BPF_CLASS(program.back().code) == BPF_RET;
}

}  // namespace nono::sandbox::testing
