// tests/sandbox/filter_support.h: calls by name, from libseccomp's tables and not from ours.
#pragma once

#include <linux/audit.h>
#include <seccomp.h>

#include <array>
#include <cerrno>
#include <string>

#include "sandbox/filters.h"
#include "tests/sandbox/bpf_interpreter.h"

namespace nono::sandbox::testing {

inline constexpr std::array kArchitectures = {Architecture::X86_64, Architecture::Aarch64};
inline constexpr std::array kTiers = {NetworkTier::Blocked, NetworkTier::Ports, NetworkTier::Open};

inline std::uint32_t audit_number(Architecture architecture) {
  return architecture == Architecture::X86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
}

// number_of is negative where the architecture has no such call. Linux 6.5 to 6.8 gave numbers to
// calls that libseccomp 2.5.4 does not know; they are the same everywhere.
inline int number_of(const std::string& name, Architecture architecture) {
  if (name == "fchmodat2") {
    return 452;
  }
  if (name == "statmount") {
    return 457;
  }
  if (name == "listmount") {
    return 458;
  }
  return seccomp_syscall_resolve_name_arch(
      architecture == Architecture::X86_64 ? SCMP_ARCH_X86_64 : SCMP_ARCH_AARCH64, name.c_str());
}

using Arguments = std::array<std::uint64_t, 6>;

inline seccomp_data call_of(Architecture architecture, std::uint32_t number,
                            const Arguments& arguments = {}) {
  seccomp_data call{};
  call.nr = static_cast<int>(number);
  call.arch = audit_number(architecture);
  call.instruction_pointer = 0x7fff12345678;
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    call.args[index] = arguments[index];
  }
  return call;
}

// What a caller may leave in the upper halves of its registers.
inline constexpr std::array kGarbage = {std::uint64_t{0}, std::uint64_t{0xffffffff00000000},
                                        std::uint64_t{0xdeadbeef00000000},
                                        std::uint64_t{0x0000000100000000}};

inline Arguments with_garbage(Arguments arguments, std::uint64_t garbage) {
  for (std::uint64_t& argument : arguments) {
    argument |= garbage;
  }
  return arguments;
}

inline std::uint32_t errno_answer(int error) {
  return error == 0 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error);
}

}  // namespace nono::sandbox::testing
