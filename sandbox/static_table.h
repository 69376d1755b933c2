// sandbox/static_table.h: the one table of what the static filter refuses, and why.
#pragma once

#include <span>
#include <string_view>

#include "sandbox/bpf_builder.h"

namespace nono::sandbox {

// A call's number on each architecture; kNoSuchCall where it does not exist.
inline constexpr int kNoSuchCall = -1;
struct CallNumbers {
  int x86_64;
  int aarch64;
  constexpr int on(Architecture architecture) const {
    switch (architecture) {
      case Architecture::X86_64:
        return x86_64;
      case Architecture::Aarch64:
        return aarch64;
    }
    return kNoSuchCall;
  }
};

struct NamedCall {
  std::string_view name;
  CallNumbers numbers;
};

// Under which options a row is part of the program.
enum class Applies : unsigned char {
  Always,
  UnlessOpen,          // NetworkTier::Blocked and Ports
  WhenBlocked,         // NetworkTier::Blocked
  WhenBlockedHere,     // the same, in the network of this machine: OwnNetwork::No
  WhenOpen,            // NetworkTier::Open
  PortsWithoutBroker,  // NetworkTier::Ports and Broker::Absent
};

struct StaticRow {
  NamedCall call;
  Applies applies;
  Condition condition;
  int answer_errno;       // 0: allowed
  std::string_view when;  // the condition and the options in words
  std::string_view why;
};

// refuse is a row without a condition.
constexpr StaticRow refuse(NamedCall call, int answer_errno, std::string_view why) {
  return {call, Applies::Always, {}, answer_errno, "", why};
}

// refuse_when is a row with one; 0 as `answer_errno` allows.
constexpr StaticRow refuse_when(NamedCall call, Condition condition, int answer_errno,
                                std::string_view when, std::string_view why) {
  return {call, Applies::Always, condition, answer_errno, when, why};
}

// A reason in both parts of the table.
inline constexpr std::string_view kFileAttributes =
    "changes an owned file through a descriptor that is only readable";

// The rows by subject. All rows of one name stand together, in the order in which they are tried.
std::span<const StaticRow> static_rows_of_calls();
std::span<const StaticRow> static_rows_of_sockets();  // and ioctl

}  // namespace nono::sandbox
