// sandbox/bpf_builder.cc: see bpf_builder.h.
#include "sandbox/bpf_builder.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits>

namespace nono::sandbox {
namespace {

constexpr std::uint32_t kUnknownCall = SECCOMP_RET_ERRNO | ENOSYS;
constexpr std::size_t kFarthestBranch = std::numeric_limits<std::uint8_t>::max();

// Both architectures are little-endian: the low half of an argument comes first.
std::uint32_t low_half_of(unsigned argument) {
  if (argument == kReturnLow || argument == kReturnHigh) {
    constexpr auto kPointer =
        static_cast<std::uint32_t>(offsetof(seccomp_data, instruction_pointer));
    return argument == kReturnLow ? kPointer : kPointer + 4;
  }
  constexpr auto kFirst = static_cast<std::uint32_t>(offsetof(seccomp_data, args));
  return kFirst + 8u * argument;
}

std::uint32_t audit_number(Architecture architecture) {
  switch (architecture) {
    case Architecture::X86_64:
      return AUDIT_ARCH_X86_64;
    case Architecture::Aarch64:
      return AUDIT_ARCH_AARCH64;
  }
  return 0;
}

sock_filter load(std::uint32_t offset) {
  return {.code = BPF_LD | BPF_W | BPF_ABS, .jt = 0, .jf = 0, .k = offset};
}
sock_filter answer_with(std::uint32_t answer) {
  return {.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = answer};
}
sock_filter branch(std::uint16_t operation, std::uint32_t value, std::size_t if_true,
                   std::size_t if_false) {
  return {.code = static_cast<std::uint16_t>(BPF_JMP | operation | BPF_K),
          .jt = static_cast<std::uint8_t>(if_true),
          .jf = static_cast<std::uint8_t>(if_false),
          .k = value};
}

std::size_t length_of(const ArgumentTest& test) {
  return test.mask == ~0u ? 2 : 3;
}

// One rule: every test that fails jumps behind the rule's answer.
void append_rule(FilterProgram& out, const FilterRule& rule) {
  std::size_t rest = 1;
  for (const ArgumentTest& test : rule.condition.tests()) {
    rest += length_of(test);
  }
  for (const ArgumentTest& test : rule.condition.tests()) {
    rest -= length_of(test);
    out.push_back(load(low_half_of(test.argument)));
    if (test.mask != ~0u) {
      out.push_back({.code = BPF_ALU | BPF_AND | BPF_K, .jt = 0, .jf = 0, .k = test.mask});
    }
    const bool equal = test.how == Compare::Equal;
    out.push_back(branch(BPF_JEQ, test.value, equal ? 0 : rest, equal ? rest : 0));
  }
  out.push_back(answer_with(rule.answer));
}

// A segment is a run of call numbers that are answered alike, up to the next segment's first.
struct Segment {
  std::uint32_t first;
  std::span<const FilterRule> rules;  // before `answer`
  std::uint32_t answer;
};

void add_segment(std::vector<Segment>& segments, const Segment& next) {
  const bool plain = next.rules.empty();
  if (plain && !segments.empty() && segments.back().rules.empty() &&
      segments.back().answer == next.answer) {
    return;  // goes on as the one before
  }
  segments.push_back(next);
}

// The rules of one number, in the caller's order.
using Group = std::span<const FilterRule>;

std::vector<Group> groups_of(std::span<const FilterRule> rules) {
  std::vector<Group> groups;
  groups.reserve(rules.size());
  while (!rules.empty()) {
    const auto end = std::ranges::find_if(
        rules, [&rules](const FilterRule& rule) { return rule.number != rules.front().number; });
    const auto count = static_cast<std::size_t>(end - rules.begin());
    groups.push_back(rules.first(count));
    rules = rules.subspan(count);
  }
  std::ranges::sort(groups, {}, [](const Group& group) { return group.front().number; });
  return groups;
}

std::vector<Segment> segments_of(const std::vector<Group>& groups) {
  std::vector<Segment> segments;
  segments.reserve(2 * groups.size() + 2);
  std::uint32_t next = 0;
  for (const Group& group : groups) {
    const FilterRule& first = group.front();
    if (first.number > next) {
      add_segment(segments, {.first = next, .rules = {}, .answer = SECCOMP_RET_ALLOW});
    }
    if (first.condition.tests().empty()) {
      add_segment(segments, {.first = first.number, .rules = {}, .answer = first.answer});
    } else {
      add_segment(segments, {.first = first.number, .rules = group, .answer = SECCOMP_RET_ALLOW});
    }
    next = first.number + 1;
  }
  add_segment(segments, {.first = next, .rules = {}, .answer = SECCOMP_RET_ALLOW});
  add_segment(segments, {.first = kNewestKnownCall + 1, .rules = {}, .answer = kUnknownCall});
  return segments;
}

void append_segment(FilterProgram& out, const Segment& segment) {
  for (const FilterRule& rule : segment.rules) {
    append_rule(out, rule);
  }
  // A rule without a condition has answered for all that is left.
  if (segment.rules.empty() || !segment.rules.back().condition.tests().empty()) {
    out.push_back(answer_with(segment.answer));
  }
}

// The tree below one comparison: numbers under the middle first, the others behind them.
void append_tree(FilterProgram& out, std::span<const Segment> segments) {
  if (segments.size() == 1) {
    append_segment(out, segments.front());
    return;
  }
  const std::size_t middle = segments.size() / 2;
  const std::size_t at = out.size();
  out.push_back(branch(BPF_JGE, segments[middle].first, 0, 0));
  append_tree(out, segments.first(middle));
  const std::size_t distance = out.size() - at - 1;
  if (distance <= kFarthestBranch) {
    out[at].jt = static_cast<std::uint8_t>(distance);
  } else {
    // Too far for a conditional jump. The left half only jumps within itself, so it can be moved.
    out[at].jf = 1;
    out.insert(
        out.begin() + static_cast<std::ptrdiff_t>(at) + 1,
        {.code = BPF_JMP | BPF_JA, .jt = 0, .jf = 0, .k = static_cast<std::uint32_t>(distance)});
  }
  append_tree(out, segments.subspan(middle));
}

}  // namespace

FilterProgram assemble(Architecture architecture, std::span<const FilterRule> rules) {
  const std::vector<Segment> segments = segments_of(groups_of(rules));
  FilterProgram out;
  out.reserve(4 * rules.size() + 2 * segments.size() + 4);
  out.push_back(load(offsetof(seccomp_data, arch)));
  out.push_back(branch(BPF_JEQ, audit_number(architecture), 1, 0));
  out.push_back(answer_with(kUnknownCall));
  out.push_back(load(offsetof(seccomp_data, nr)));
  append_tree(out, segments);
  return out;
}

}  // namespace nono::sandbox
