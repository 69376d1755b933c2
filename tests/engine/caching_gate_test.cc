// tests/engine/caching_gate_test.cc: a kept judgement is used exactly as long as nothing changed.
#include <sys/stat.h>
#include <time.h>

#include <chrono>
#include <thread>

#include "attest/evidence.h"
#include "attest/signer.h"
#include "engine/gate.h"
#include "tests/engine/support.h"

namespace nono::engine {
namespace {

using trustpolicy::Admitted;
using trustpolicy::GuardClass;

class CachingGateTest : public testing::EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    make_repository();
    key_ = std::make_unique<crypto::PrivateKey>(make_key());
    file_ = write("CLAUDE.md", "be careful\n");
    sign(*key_, {file_});
  }
  const Judgement& judge(CachingGate& cache, const std::string& path) const {
    const OwnedFd object = open_as(path, O_PATH);
    return cache.judge(object, path, GuardClass::Instruction);
  }
  static void settle() { std::this_thread::sleep_for(CachingGate::kSettling * 3); }
  // The descriptor of the sealed copy: the same one again means that nothing was judged again.
  static int sealed_copy(const Judgement& judgement) {
    return std::get<Admitted>(judgement.decision).file().fd().raw();
  }

  std::unique_ptr<crypto::PrivateKey> key_;
  std::string file_;
};

TEST_F(CachingGateTest, UnchangedFileIsServedFromTheSameSealedBytes) {
  CachingGate cache(gate());
  settle();
  const Judgement* first = &judge(cache, file_);
  ASSERT_TRUE(first->proven());
  const int copy = sealed_copy(*first);
  const Judgement& again = judge(cache, file_);
  EXPECT_EQ(&again, first);
  EXPECT_EQ(sealed_copy(again), copy);
  EXPECT_EQ(served(again), "be careful\n");
}

TEST_F(CachingGateTest, FreshlyChangedFileIsNotKept) {
  CachingGate cache(gate());
  write("CLAUDE.md", "be careful\n");  // the same bytes, a new ctime
  const OwnedFd object = open_as(file_, O_PATH);
  ASSERT_TRUE(cache.judge(object, file_, GuardClass::Instruction).proven());
  const FileId before = cache.judge(object, file_, GuardClass::Instruction).id;
  settle();
  EXPECT_EQ(cache.judge(object, file_, GuardClass::Instruction).id, before);
}

// A file system that counts whole seconds shows no second change within one, FAT within two.
TEST_F(CachingGateTest, WhatMayChangeUnseenIsJudgedAgain) {
  constexpr std::int64_t kMillisecond = 1'000'000;
  constexpr std::int64_t kSecond = 1000 * kMillisecond;
  EXPECT_EQ(CachingGate::settled_at(7 * kSecond + 1), 7 * kSecond + 1 + 20 * kMillisecond);
  EXPECT_EQ(CachingGate::settled_at(7 * kSecond), 9 * kSecond + 20 * kMillisecond);
}

TEST_F(CachingGateTest, SameInodeSizeAndMtimeWithOtherBytesIsSeen) {
  CachingGate cache(gate());
  settle();
  ASSERT_TRUE(judge(cache, file_).proven());
  struct stat before{};
  ASSERT_EQ(::stat(file_.c_str(), &before), 0);
  const OwnedFd writer = open_as(file_, O_WRONLY);
  ASSERT_TRUE(write_all(writer, "be careles\n").has_value());
  const struct timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, file_.c_str(), times, 0), 0);
  settle();
  EXPECT_EQ(judge(cache, file_).reason_code(), "subject-mismatch");
}

TEST_F(CachingGateTest, RemovedSidecarIsSeen) {
  CachingGate cache(gate());
  settle();
  ASSERT_TRUE(judge(cache, file_).proven());
  ASSERT_EQ(::unlink((file_ + ".bundle").c_str()), 0);
  EXPECT_EQ(judge(cache, file_).reason_code(), "no-bundle");
}

TEST_F(CachingGateTest, AppearingSidecarIsSeen) {
  const std::string other = write("AGENTS.md", "text\n");
  CachingGate cache(gate());
  settle();
  ASSERT_FALSE(judge(cache, other).admitted());
  sign(*key_, {other});
  EXPECT_TRUE(judge(cache, other).proven());
}

TEST_F(CachingGateTest, ReplacedSidecarIsSeen) {
  CachingGate cache(gate());
  settle();
  ASSERT_TRUE(judge(cache, file_).proven());
  sign(strangers_key(), {file_});
  EXPECT_EQ(judge(cache, file_).reason_code(), "unknown-key");
}

TEST_F(CachingGateTest, BundleForSeveralFilesAppearingAboveIsSeen) {
  const std::string deep = write("a/b/AGENTS.md", "text\n");
  CachingGate cache(gate());
  settle();
  ASSERT_FALSE(judge(cache, deep).admitted());
  testing::must(sign_together(attest::KeyAuthor(*key_), tree_, {deep}));
  EXPECT_TRUE(judge(cache, deep).proven());
  ASSERT_EQ(::unlink(in(".nono-trust.bundle").c_str()), 0);
  EXPECT_FALSE(judge(cache, deep).admitted());
}

TEST_F(CachingGateTest, RepositoryAppearingBetweenIsSeen) {
  const std::string deep = write("a/CLAUDE.md", "text\n");
  sign(*key_, {deep});
  CachingGate cache(gate());
  settle();
  ASSERT_TRUE(judge(cache, deep).proven());
  make_directory(
      in("a/.git"));  // now the file's path is CLAUDE.md, and it was signed as a/CLAUDE.md
  EXPECT_EQ(judge(cache, deep).reason_code(), "subject-mismatch");
}

TEST_F(CachingGateTest, OtherNameOfTheSameObjectIsJudgedForItself) {
  const std::string link = in("AGENTS.md");
  ASSERT_EQ(::link(file_.c_str(), link.c_str()), 0);
  CachingGate cache(gate());
  settle();
  ASSERT_TRUE(judge(cache, file_).proven());
  EXPECT_EQ(judge(cache, link).reason_code(), "no-bundle");
  EXPECT_TRUE(judge(cache, file_).proven());
}

TEST_F(CachingGateTest, OtherGuardClassIsJudgedForItself) {
  const std::string config = write(".mcp.json", "{}\n");
  CachingGate cache(gate());
  settle();
  const OwnedFd object = open_as(config, O_PATH);
  ASSERT_TRUE(cache.judge(object, config, GuardClass::AgentConfig).admitted());
  EXPECT_FALSE(cache.judge(object, config, GuardClass::Instruction).admitted());
}

TEST_F(CachingGateTest, MoreFilesThanItKeepsAreAllJudgedRight) {
  std::vector<std::string> files;
  for (int i = 0; i < 300; ++i) {
    files.push_back(write("d" + std::to_string(i) + "/AGENTS.md", "text\n"));
  }
  CachingGate cache(gate());
  settle();
  for (int round = 0; round < 2; ++round) {
    for (const std::string& path : files) {
      ASSERT_EQ(judge(cache, path).path, path);
    }
    ASSERT_TRUE(judge(cache, file_).proven());
  }
}

// Asked often enough, it looks at directories alone; what lies in them counts as before.
TEST_F(CachingGateTest, WhatAppearsAfterManyAnswersIsSeen) {
  const std::string deep = write("a/b/AGENTS.md", "text\n");
  CachingGate cache(gate());
  const auto often = [&](std::string_view expected) {
    settle();
    Gate anew = gate();
    EXPECT_EQ(anew.judge_path(deep, GuardClass::Instruction).reason_code(), expected);
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(judge(cache, deep).reason_code(), expected) << i;
    }
  };
  often("no-bundle");
  testing::must(sign_together(attest::KeyAuthor(*key_), tree_, {deep}));  // above
  often("");
  make_directory(in("a/.git"));  // between: what lies above counts no more
  often("no-bundle");
  ASSERT_EQ(::rmdir(in("a/.git").c_str()), 0);
  often("");
  write(".nono-trust.bundle", "{}");  // what is there, in place
  often("malformed-bundle");
  ASSERT_EQ(::unlink(in(".nono-trust.bundle").c_str()), 0);
  often("no-bundle");
  sign(strangers_key(), {deep});  // beside
  often("unknown-key");
  sign(*key_, {deep});
  often("");
}

TEST_F(CachingGateTest, AnotherDirectoryInThePlaceOfOneIsSeenAfterManyAnswers) {
  const std::string deep = write("a/b/AGENTS.md", "text\n");
  sign(*key_, {deep});
  ASSERT_EQ(::link(deep.c_str(), in("same").c_str()), 0);
  CachingGate cache(gate());
  settle();
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(judge(cache, deep).proven());
  }
  ASSERT_EQ(::rename(in("a").c_str(), in("away").c_str()), 0);
  make_directory(in("a/b"));
  ASSERT_EQ(::link(in("same").c_str(), deep.c_str()), 0);  // the same object, without a bundle
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(judge(cache, deep).reason_code(), "no-bundle");
    settle();
  }
}

TEST_F(CachingGateTest, KeptJudgementIsCheap) {
  CachingGate cache(gate());
  settle();
  const OwnedFd object = open_as(file_, O_PATH);
  static_cast<void>(cache.judge(object, file_, GuardClass::Instruction));
  const auto start = std::chrono::steady_clock::now();
  constexpr int kRounds = 500;
  for (int i = 0; i < kRounds; ++i) {
    static_cast<void>(cache.judge(object, file_, GuardClass::Instruction));
  }
  const auto each = (std::chrono::steady_clock::now() - start) / kRounds;
  RecordProperty("ns", static_cast<int>(std::chrono::nanoseconds(each).count()));
  // The bound is loose for debug builds on busy machines: judging anew costs several times more.
  EXPECT_LT(each, std::chrono::microseconds(300));
}

}  // namespace
}  // namespace nono::engine
