// tests/sandbox/notify_filter_test.cc: every call through the notify program.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/sandbox/filter_support.h"

namespace nono::sandbox::testing {
namespace {

// Written apart from the table. The conditional ones (open, openat, prctl) are below.
const std::map<std::string, Trap>& always_trapped() {
  static const std::map<std::string, Trap> kCalls = {{"creat", Trap::Open},
                                                     {"execve", Trap::Execute},
                                                     {"execveat", Trap::Execute},
                                                     {"rename", Trap::Rename},
                                                     {"renameat", Trap::Rename},
                                                     {"renameat2", Trap::Rename},
                                                     {"link", Trap::Link},
                                                     {"linkat", Trap::Link},
                                                     {"symlink", Trap::Symlink},
                                                     {"symlinkat", Trap::Symlink},
                                                     {"mkdir", Trap::Make},
                                                     {"mkdirat", Trap::Make},
                                                     {"mknod", Trap::Make},
                                                     {"mknodat", Trap::Make},
                                                     {"unlink", Trap::Unlink},
                                                     {"unlinkat", Trap::Unlink},
                                                     {"rmdir", Trap::Unlink},
                                                     {"truncate", Trap::Truncate},
                                                     {"chmod", Trap::Mode},
                                                     {"fchmod", Trap::Mode},
                                                     {"fchmodat", Trap::Mode},
                                                     {"chown", Trap::Owner},
                                                     {"lchown", Trap::Owner},
                                                     {"fchown", Trap::Owner},
                                                     {"fchownat", Trap::Owner},
                                                     {"utime", Trap::Times},
                                                     {"utimes", Trap::Times},
                                                     {"futimesat", Trap::Times},
                                                     {"utimensat", Trap::Times},
                                                     {"setxattr", Trap::Xattr},
                                                     {"lsetxattr", Trap::Xattr},
                                                     {"fsetxattr", Trap::Xattr},
                                                     {"removexattr", Trap::Xattr},
                                                     {"lremovexattr", Trap::Xattr},
                                                     {"fremovexattr", Trap::Xattr},
                                                     {"getxattr", Trap::XattrGet},
                                                     {"lgetxattr", Trap::XattrGet},
                                                     {"listxattr", Trap::XattrGet},
                                                     {"llistxattr", Trap::XattrGet},
                                                     {"connect", Trap::Connect},
                                                     {"bind", Trap::Bind},
                                                     {"listen", Trap::Listen},
                                                     {"inotify_add_watch", Trap::Watch}};
  return kCalls;
}

class NotifyFilterTest : public ::testing::TestWithParam<Architecture> {
 protected:
  std::uint32_t answer(std::uint32_t number, const Arguments& arguments = {}) const {
    const auto verdict = interpret(program_, call_of(GetParam(), number, arguments));
    EXPECT_TRUE(verdict) << "the kernel would not take this program";
    return verdict ? verdict->answer : 0;
  }
  // -1 where the architecture has no such call.
  int number(const std::string& name) const { return number_of(name, GetParam()); }
  const FilterProgram program_ = notify_filter(GetParam());
};

TEST_P(NotifyFilterTest, EveryJumpLandsInsideTheProgram) {
  EXPECT_TRUE(all_jumps_land(program_));
}

TEST_P(NotifyFilterTest, CallsThatChangeNamesOrMetadataGoToTheBroker) {
  for (const auto& [name, trap] : always_trapped()) {
    if (number(name) < 0) {
      continue;
    }
    for (const std::uint64_t word : {0ull, ~0ull, 0x1200000ull}) {
      EXPECT_EQ(
          answer(static_cast<std::uint32_t>(number(name)), {word, word, word, word, word, word}),
          SECCOMP_RET_USER_NOTIF)
          << name;
    }
  }
}

TEST_P(NotifyFilterTest, TextsOfLinksGoToTheBrokerWhereAWholePathHasRoom) {
  for (const std::uint64_t garbage : kGarbage) {
    for (const std::uint64_t room : {0ULL, 1ULL, 1024ULL, 4095ULL, 4096ULL, 4097ULL}) {
      const std::uint32_t wanted = room == 4096 ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW;
      const Arguments at = {garbage | 0xffffff9c, 0x7000, 0x8000, garbage | room};
      EXPECT_EQ(answer(static_cast<std::uint32_t>(number("readlinkat")), at), wanted) << room;
      if (number("readlink") >= 0) {
        EXPECT_EQ(answer(static_cast<std::uint32_t>(number("readlink")),
                         {0x7000, 0x8000, garbage | room, 4096}),
                  wanted)
            << room;
      }
    }
  }
}

TEST_P(NotifyFilterTest, OpensGoToTheBrokerUnlessTheyYieldNoContent) {
  constexpr std::uint64_t kRead = 0;
  constexpr std::uint64_t kWrite = 1;
  constexpr std::uint64_t kCreate = 0100;
  constexpr std::uint64_t kExclusive = 0200;
  constexpr std::uint64_t kTruncate = 01000;
  constexpr std::uint64_t kNonBlock = 04000;
  constexpr std::uint64_t kCloseOnExec = 02000000;
  constexpr std::uint64_t kPathOnly = 010000000;
  const bool x86 = GetParam() == Architecture::X86_64;
  const std::uint64_t directory = x86 ? 0200000 : 040000;
  const std::uint64_t no_follow = x86 ? 0400000 : 0100000;
  const std::uint64_t direct = x86 ? 040000 : 0200000;
  const std::uint64_t temporary = 020000000 | directory;
  const std::map<std::uint64_t, bool> trapped = {
      {kRead, true},
      {kWrite, true},
      {kRead | kCloseOnExec, true},
      {kRead | kNonBlock | no_follow, true},
      {kRead | direct, true},
      {kWrite | kCreate | kTruncate, true},
      {kWrite | kCreate | kExclusive | kCloseOnExec, true},
      {directory | kCreate, true},
      {directory | kCreate | kWrite | no_follow, true},
      {020000000, true},  // the O_TMPFILE bit without O_DIRECTORY
      {directory, false},
      {directory | kCloseOnExec | kNonBlock | no_follow, false},
      {temporary | kWrite, false},
      {temporary | kWrite | kExclusive, true},
      {temporary | kWrite | kExclusive | kCloseOnExec, true},
      {directory | kExclusive, false},
      {temporary | kWrite | kExclusive | kPathOnly, false},
      {kPathOnly, false},
      {kPathOnly | kCloseOnExec | no_follow, false},
      {kPathOnly | kCreate | kWrite, false}};
  for (const auto& [flags, expected] : trapped) {
    const std::uint32_t wanted = expected ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW;
    for (const std::uint64_t garbage : kGarbage) {
      const Arguments at = {garbage | 0xffffff9c, 0x7000, flags | garbage, 0644};
      EXPECT_EQ(answer(static_cast<std::uint32_t>(number("openat")), at), wanted)
          << std::oct << flags;
      if (number("open") >= 0) {
        EXPECT_EQ(
            answer(static_cast<std::uint32_t>(number("open")), {0x7000, flags | garbage, 0644}),
            wanted)
            << std::oct << flags;
      }
    }
  }
}

TEST_P(NotifyFilterTest, OfPrctlOnlyDumpableGoesToTheBroker) {
  const auto prctl = static_cast<std::uint32_t>(number("prctl"));
  for (const std::uint64_t garbage : kGarbage) {
    for (std::uint64_t option = 0; option < 80; ++option) {
      EXPECT_EQ(answer(prctl, {option | garbage, 1}),
                option == 4 ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW)
          << option;
    }
  }
}

TEST_P(NotifyFilterTest, EveryOtherCallIsAllowedByItsNumberAlone) {
  std::set<int> trapped = {number("open"),
                           number("openat"),
                           number("prctl"),
                           number("readlink"),
                           number("readlinkat"),
                           444,
                           446};
  for (const auto& [name, trap] : always_trapped()) {
    trapped.insert(number(name));
  }
  for (std::uint32_t next = 0; next <= 462; ++next) {
    if (trapped.contains(static_cast<int>(next))) {
      continue;
    }
    const auto verdict = interpret(program_, call_of(GetParam(), next));
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->answer, SECCOMP_RET_ALLOW) << next;
    EXPECT_FALSE(verdict->looked_at_arguments) << next;
  }
}

// What the broker does would not be bound by it.
TEST_P(NotifyFilterTest, ThereIsNoLandlockForAProgramsOwnRules) {
  EXPECT_EQ(answer(444), errno_answer(EOPNOTSUPP));  // landlock_create_ruleset
  EXPECT_EQ(answer(446), errno_answer(EOPNOTSUPP));  // landlock_restrict_self
  EXPECT_EQ(answer(445), SECCOMP_RET_ALLOW);
}

TEST_P(NotifyFilterTest, UnknownAndX32CallsAreUnknown) {
  for (std::uint32_t next = 463; next < 1000; ++next) {
    EXPECT_EQ(answer(next), errno_answer(ENOSYS)) << next;
    EXPECT_EQ(answer(0x40000000u + next - 463), errno_answer(ENOSYS)) << next;
  }
  EXPECT_EQ(answer(~0u), errno_answer(ENOSYS));
}

TEST_P(NotifyFilterTest, CallsOfAForeignArchitectureAreUnknown) {
  for (std::uint32_t next = 0; next < 600; ++next) {
    seccomp_data call = call_of(GetParam(), next);
    call.arch = AUDIT_ARCH_I386;
    EXPECT_EQ(interpret(program_, call)->answer, errno_answer(ENOSYS)) << next;
  }
}

TEST_P(NotifyFilterTest, TheTableNamesTheTrapOfEveryCall) {
  std::map<std::string, Trap> expected = always_trapped();
  expected.insert({{"open", Trap::Open},
                   {"openat", Trap::Open},
                   {"prctl", Trap::Dumpable},
                   {"readlink", Trap::ReadLink},
                   {"readlinkat", Trap::ReadLink}});
  std::erase_if(expected, [this](const auto& row) { return number(row.first) < 0; });
  for (const TrappedCall& row : trapped_calls(GetParam())) {
    const auto found = expected.find(std::string(row.name));
    ASSERT_NE(found, expected.end()) << row.name;
    EXPECT_EQ(row.trap, found->second) << row.name;
    EXPECT_EQ(row.number, number(found->first)) << row.name;
    expected.erase(found);
  }
  EXPECT_TRUE(expected.empty()) << expected.begin()->first;
}

INSTANTIATE_TEST_SUITE_P(All, NotifyFilterTest, ::testing::ValuesIn(kArchitectures),
                         [](const auto& which) {
                           return which.param == Architecture::X86_64 ? "X86_64" : "Aarch64";
                         });

TEST(RecordedUsesTest, SocketsAreTrappedOnlyWhereUsesAreRecorded) {
  for (const Architecture architecture : testing::kArchitectures) {
    const auto number = static_cast<std::uint32_t>(testing::number_of("socket", architecture));
    const auto call = testing::call_of(architecture, number);
    const auto plain = testing::interpret(notify_filter(architecture), call);
    const auto recording =
        testing::interpret(notify_filter(architecture, {.listing = Listing::Recorded}), call);
    ASSERT_TRUE(plain && recording);
    EXPECT_EQ(plain->answer, SECCOMP_RET_ALLOW);
    EXPECT_EQ(recording->answer, SECCOMP_RET_USER_NOTIF);
    ASSERT_EQ(recorded_calls(architecture).size(), 1U);
    EXPECT_EQ(recorded_calls(architecture).front().trap, Trap::Socket);
  }
}

TEST(CountedForksTest, ForksAreTrappedOnlyWhereTheyAreCounted) {
  for (const Architecture architecture : testing::kArchitectures) {
    const FilterProgram plain = notify_filter(architecture);
    const FilterProgram counting = notify_filter(architecture, {.forks = Forks::Counted});
    std::size_t found = 0;
    for (const char* name : {"fork", "vfork", "clone"}) {
      const int number = testing::number_of(name, architecture);
      if (number < 0) {
        continue;  // aarch64 has clone only
      }
      ++found;
      const auto call = testing::call_of(architecture, static_cast<std::uint32_t>(number));
      const auto without = testing::interpret(plain, call);
      const auto with = testing::interpret(counting, call);
      ASSERT_TRUE(without && with) << name;
      EXPECT_EQ(without->answer, SECCOMP_RET_ALLOW) << name;
      EXPECT_EQ(with->answer, SECCOMP_RET_USER_NOTIF) << name;
    }
    EXPECT_EQ(counted_calls(architecture).size(), found);
    for (const TrappedCall& always : trapped_calls(architecture)) {
      const auto call = testing::call_of(architecture, static_cast<std::uint32_t>(always.number));
      EXPECT_EQ(testing::interpret(plain, call)->answer, testing::interpret(counting, call)->answer)
          << always.name;
    }
  }
}

// The fast gate: one address, one call, reading only.
class FastFilterTest : public ::testing::TestWithParam<Architecture> {
 protected:
  static constexpr std::uint64_t kReturn = 0x7e9912345006;
  std::uint32_t answer(const char* name, const Arguments& arguments, std::uint64_t from) const {
    auto call =
        call_of(GetParam(), static_cast<std::uint32_t>(number_of(name, GetParam())), arguments);
    call.instruction_pointer = from;
    const auto verdict = interpret(program_, call);
    EXPECT_TRUE(verdict) << "the kernel would not take this program";
    return verdict ? verdict->answer : 0;
  }
  std::uint64_t no_follow() const { return GetParam() == Architecture::X86_64 ? 0400000 : 0100000; }
  std::uint32_t opens(std::uint64_t flags, std::uint64_t from = kReturn) const {
    return answer("openat", {0xffffff9c, 0x7000, flags, 0}, from);
  }
  const FilterProgram program_ = notify_filter(GetParam(), {.fast_return = kReturn});
};

TEST_P(FastFilterTest, ReadsThatFollowNoLastLinkAreLetThroughFromThePage) {
  EXPECT_TRUE(all_jumps_land(program_));
  constexpr std::uint64_t kNonBlock = 04000;
  constexpr std::uint64_t kCloseOnExec = 02000000;
  for (const std::uint64_t garbage : kGarbage) {
    EXPECT_EQ(opens(no_follow() | garbage), SECCOMP_RET_ALLOW);
    EXPECT_EQ(opens(no_follow() | kNonBlock | kCloseOnExec | garbage), SECCOMP_RET_ALLOW);
  }
}

TEST_P(FastFilterTest, EverythingElseFromThePageIsTrapped) {
  const std::uint64_t kept = no_follow();
  for (const std::uint64_t flags :
       {std::uint64_t{0}, kept | 1, kept | 2, kept | 3, kept | 0100, kept | 0200, kept | 01000,
        kept | 0102, kept | 020000000, kept | 01 | 01000, kept | 0300}) {
    EXPECT_EQ(opens(flags), SECCOMP_RET_USER_NOTIF) << std::oct << flags;
  }
  for (const char* name : {"open", "creat", "execve", "renameat2", "linkat", "unlinkat", "mkdirat",
                           "truncate", "fchmod", "connect", "bind"}) {
    if (number_of(name, GetParam()) >= 0) {
      EXPECT_EQ(answer(name, {kept, kept, kept}, kReturn), SECCOMP_RET_USER_NOTIF) << name;
    }
  }
}

TEST_P(FastFilterTest, NoOtherAddressIsLetThrough) {
  for (const std::uint64_t from :
       {kReturn - 1, kReturn + 1, kReturn - 2, kReturn & 0xffffffff,
        kReturn | (std::uint64_t{1} << 47), kReturn ^ (std::uint64_t{1} << 32),
        kReturn ^ std::uint64_t{0x1000}, std::uint64_t{0}, ~std::uint64_t{0}}) {
    EXPECT_EQ(opens(no_follow(), from), SECCOMP_RET_USER_NOTIF) << std::hex << from;
  }
}

TEST_P(FastFilterTest, OtherCallsAreTrappedAsWithoutIt) {
  const FilterProgram strict = notify_filter(GetParam());
  for (std::uint32_t number = 0; number < 512; ++number) {
    for (const std::uint64_t word : {0ull, 4ull, ~0ull, 010000000ull}) {
      const auto call = call_of(GetParam(), number, {word, word, word, word, word, word});
      EXPECT_EQ(interpret(program_, call)->answer, interpret(strict, call)->answer) << number;
    }
  }
}

TEST_P(FastFilterTest, TheOtherEndOfATerminalIsTheBrokers) {
  constexpr std::uint64_t kPeer = 0x5441;
  EXPECT_EQ(answer("ioctl", {3, kPeer, 2}, 0), SECCOMP_RET_USER_NOTIF);
  EXPECT_EQ(answer("ioctl", {3, kPeer | 0xdead00000000, 2}, 0), SECCOMP_RET_USER_NOTIF);
  EXPECT_EQ(answer("ioctl", {3, 0x5401, 2}, 0), SECCOMP_RET_ALLOW);
  ASSERT_EQ(fast_calls(GetParam()).size(), 1);
  EXPECT_EQ(fast_calls(GetParam())[0].number, number_of("ioctl", GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Architectures, FastFilterTest, ::testing::ValuesIn(kArchitectures));

// Where Landlock scopes no signals, what sends one goes to the broker, and nothing else changes;
// with the fast gate, too, which has a rule of its own for ioctl.
TEST(SignalFilterTest, SignalsGoToTheBrokerWhereNobodyElseJudgesThem) {
  constexpr auto kRefused = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(EPERM);
  for (const Architecture architecture : testing::kArchitectures) {
    for (const std::uint64_t fast : {std::uint64_t{0}, std::uint64_t{0x7e9912345006}}) {
      const FilterProgram plain = notify_filter(architecture, {.fast_return = fast});
      const FilterProgram judging =
          notify_filter(architecture, {.signals = Signals::Judged, .fast_return = fast});
      const auto answer = [&](const FilterProgram& program, int number, std::uint64_t command) {
        const auto call =
            testing::call_of(architecture, static_cast<std::uint32_t>(number), {3, command});
        return testing::interpret(program, call)->answer;
      };
      for (int number = 0; number < 512; ++number) {
        const auto sends =
            std::ranges::find(signal_calls(architecture), number, &TrappedCall::number) !=
            signal_calls(architecture).end();
        if (!sends && number != testing::number_of("ioctl", architecture)) {
          EXPECT_EQ(answer(judging, number, 4), answer(plain, number, 4)) << number;
        }
      }
      for (const TrappedCall& row : signal_calls(architecture)) {
        EXPECT_EQ(row.number, testing::number_of(std::string(row.name), architecture)) << row.name;
        EXPECT_EQ(answer(plain, row.number, 8), SECCOMP_RET_ALLOW) << row.name;
        EXPECT_EQ(answer(judging, row.number, 8), SECCOMP_RET_USER_NOTIF) << row.name;
      }
      const int fcntl_number = testing::number_of("fcntl", architecture);
      EXPECT_EQ(answer(judging, fcntl_number, 15), kRefused);
      EXPECT_EQ(answer(judging, fcntl_number, 3), SECCOMP_RET_ALLOW);
      const int ioctl_number = testing::number_of("ioctl", architecture);
      EXPECT_EQ(answer(judging, ioctl_number, 0x8901), kRefused);
      EXPECT_EQ(answer(judging, ioctl_number, 0xdead00008902), kRefused);
      EXPECT_EQ(answer(judging, ioctl_number, 0x5401), SECCOMP_RET_ALLOW);
      EXPECT_EQ(answer(judging, ioctl_number, 0x5441), answer(plain, ioctl_number, 0x5441));
      EXPECT_EQ(signal_calls(architecture).size(), 7U);
    }
  }
}

// Without a broker: what it would decide on objects is refused, the rest is Landlock's.
class LoneFilterTest : public ::testing::TestWithParam<Architecture> {
 protected:
  std::uint32_t answer(const char* name, const Arguments& arguments = {}) const {
    const int number = number_of(name, GetParam());
    const auto verdict =
        interpret(program_, call_of(GetParam(), static_cast<std::uint32_t>(number), arguments));
    EXPECT_TRUE(verdict) << "the kernel would not take this program";
    return verdict ? verdict->answer : 0;
  }
  const FilterProgram program_ = lone_filter(GetParam());
};

TEST_P(LoneFilterTest, MetadataWatchesAndSocketsOfTheFileSystemAreRefused) {
  for (const char* name : {"chmod", "fchmod", "fchmodat", "chown", "lchown", "fchown", "fchownat",
                           "utime", "utimes", "futimesat", "utimensat", "setxattr", "lsetxattr",
                           "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"}) {
    if (number_of(name, GetParam()) >= 0) {
      EXPECT_EQ(answer(name), SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(EPERM)) << name;
    }
  }
  const std::uint32_t refused = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(EACCES);
  EXPECT_EQ(answer("inotify_add_watch"), refused);
  for (const std::uint64_t garbage : kGarbage) {
    EXPECT_EQ(answer("socket", with_garbage({1, 1, 0}, garbage)), refused);
    EXPECT_EQ(answer("socket", with_garbage({2, 1, 0}, garbage)), SECCOMP_RET_ALLOW);
  }
}

TEST_P(LoneFilterTest, WhatLandlockDecidesIsLetThrough) {
  for (const char* name : {"open", "openat", "execve", "rename", "renameat2", "linkat", "symlinkat",
                           "mkdirat", "unlinkat", "truncate", "connect", "bind", "listen",
                           "socketpair", "prctl", "read", "clone"}) {
    if (number_of(name, GetParam()) >= 0) {
      EXPECT_EQ(answer(name), SECCOMP_RET_ALLOW) << name;
    }
  }
}

TEST_P(LoneFilterTest, NothingIsSentToABrokerThatIsNotThere) {
  for (std::uint32_t number = 0; number < 512; ++number) {
    const auto verdict = interpret(program_, call_of(GetParam(), number));
    ASSERT_TRUE(verdict);
    EXPECT_NE(verdict->answer & SECCOMP_RET_ACTION_FULL, SECCOMP_RET_USER_NOTIF) << number;
  }
}
INSTANTIATE_TEST_SUITE_P(Architectures, LoneFilterTest, ::testing::ValuesIn(kArchitectures));

// Where listings are recorded, they are trapped as other opens; files without a name are not.
TEST(RecordingFilterTest, DirectoriesAreTrapped) {
  constexpr std::uint64_t kDirectory = 0200000;
  constexpr std::uint64_t kTemporaryFile = 020200000;
  constexpr std::uint64_t kPathOnly = 010000000;
  const auto answer = [](Listing listing, std::uint64_t flags) {
    const auto verdict = interpret(notify_filter(Architecture::X86_64, {.listing = listing}),
                                   call_of(Architecture::X86_64, 257, {0, 0, flags}));
    return verdict ? verdict->answer : 0;
  };
  EXPECT_EQ(answer(Listing::ByKernel, kDirectory), SECCOMP_RET_ALLOW);
  EXPECT_EQ(answer(Listing::Recorded, kDirectory), SECCOMP_RET_USER_NOTIF);
  EXPECT_EQ(answer(Listing::ByKernel, kTemporaryFile), SECCOMP_RET_ALLOW);
  EXPECT_EQ(answer(Listing::Recorded, kTemporaryFile), SECCOMP_RET_ALLOW);
  EXPECT_EQ(answer(Listing::Recorded, kPathOnly | kDirectory), SECCOMP_RET_ALLOW);
  EXPECT_EQ(answer(Listing::Recorded, 0), SECCOMP_RET_USER_NOTIF);
}

}  // namespace
}  // namespace nono::sandbox::testing
