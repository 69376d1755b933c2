// sandbox/kernel_abi.h: kernel interfaces that Debian 12's headers do not know yet.
//
// Sources: include/uapi/linux/landlock.h and seccomp.h of Linux 6.18 and, for ABI 8 to 10, the
// published patches (marked). Values of a kernel interface never change once released.
#pragma once

#include <linux/seccomp.h>
#include <sys/ioctl.h>

#include <cstdint>

namespace nono::sandbox::abi {

// Landlock. Handled rights by ABI: 1: kExecute…kMakeSym; 2: kRefer; 3: kTruncate; 4: TCP;
// 5: kIoctlDev; 6: scopes; 7: restrict_self log flags; 8: TSYNC; 9: kResolveUnix; 10: UDP.
inline constexpr long kSysLandlockCreateRuleset = 444;
inline constexpr long kSysLandlockAddRule = 445;
inline constexpr long kSysLandlockRestrictSelf = 446;
inline constexpr unsigned kLandlockCreateRulesetVersion = 1u << 0;
inline constexpr int kLandlockRulePathBeneath = 1;
inline constexpr int kLandlockRuleNetPort = 2;

struct LandlockRulesetAttr {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;
  std::uint64_t scoped;
};
struct [[gnu::packed]] LandlockPathBeneathAttr {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};
struct LandlockNetPortAttr {
  std::uint64_t allowed_access;
  std::uint64_t port;
};

namespace fs {
inline constexpr std::uint64_t kExecute = 1ull << 0;
inline constexpr std::uint64_t kWriteFile = 1ull << 1;
inline constexpr std::uint64_t kReadFile = 1ull << 2;
inline constexpr std::uint64_t kReadDir = 1ull << 3;
inline constexpr std::uint64_t kRemoveDir = 1ull << 4;
inline constexpr std::uint64_t kRemoveFile = 1ull << 5;
inline constexpr std::uint64_t kMakeChar = 1ull << 6;
inline constexpr std::uint64_t kMakeDir = 1ull << 7;
inline constexpr std::uint64_t kMakeReg = 1ull << 8;
inline constexpr std::uint64_t kMakeSock = 1ull << 9;
inline constexpr std::uint64_t kMakeFifo = 1ull << 10;
inline constexpr std::uint64_t kMakeBlock = 1ull << 11;
inline constexpr std::uint64_t kMakeSym = 1ull << 12;
inline constexpr std::uint64_t kRefer = 1ull << 13;        // ABI 2
inline constexpr std::uint64_t kTruncate = 1ull << 14;     // ABI 3
inline constexpr std::uint64_t kIoctlDev = 1ull << 15;     // ABI 5
inline constexpr std::uint64_t kResolveUnix = 1ull << 16;  // ABI 9 (published patch)
}  // namespace fs
namespace net {
inline constexpr std::uint64_t kBindTcp = 1ull << 0;         // ABI 4
inline constexpr std::uint64_t kConnectTcp = 1ull << 1;      // ABI 4
inline constexpr std::uint64_t kBindUdp = 1ull << 2;         // ABI 10 (published patch)
inline constexpr std::uint64_t kConnectSendUdp = 1ull << 3;  // ABI 10 (published patch)
}  // namespace net
namespace scope {
inline constexpr std::uint64_t kAbstractUnix = 1ull << 0;  // ABI 6
inline constexpr std::uint64_t kSignal = 1ull << 1;        // ABI 6
}  // namespace scope

// Seccomp user notification.
inline constexpr unsigned kFilterFlagNewListener = 1u << 3;
inline constexpr unsigned kSeccompSetModeFilter = 1;
inline constexpr unsigned kSeccompGetActionAvail = 2;
inline constexpr std::uint32_t kRetUserNotif = 0x7fc00000;
inline constexpr unsigned kFilterFlagWaitKillableRecv = 1u << 5;  // Linux 5.19
struct NotifAddFd {
  std::uint64_t id;
  std::uint32_t flags;
  std::uint32_t srcfd;
  std::uint32_t newfd;
  std::uint32_t newfd_flags;
};
inline constexpr std::uint32_t kAddFdFlagSetFd = 1u << 0;
inline constexpr std::uint32_t kAddFdFlagSend = 1u << 1;      // Linux 5.14
inline constexpr std::uint64_t kNotifFdSyncWakeUp = 1u << 0;  // Linux 6.6
inline constexpr long kSysPidfdGetfd = 438;
inline constexpr long kSysCloseRange = 436;
inline constexpr unsigned long kIoctlNotifSetFlags = _IOW('!', 4, std::uint64_t);
inline constexpr unsigned long kIoctlNotifAddFd = _IOW('!', 3, NotifAddFd);
static_assert(sizeof(NotifAddFd) == 24);
static_assert(sizeof(LandlockPathBeneathAttr) == 12);

}  // namespace nono::sandbox::abi
