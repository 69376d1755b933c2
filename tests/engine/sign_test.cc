// tests/engine/sign_test.cc: bundles where the verifier finds them, or nothing at all.
#include "engine/sign.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <csignal>

#include "base/text.h"
#include "tests/engine/support.h"

namespace nono::engine {
namespace {

using trustpolicy::GuardClass;

class SignTest : public testing::EngineTest {
 protected:
  bool exists(const std::string& path) const { return ::access(path.c_str(), F_OK) == 0; }
  bool proven(const std::string& path) const {
    return gate().judge_path(path, GuardClass::Instruction).proven();
  }
  Result<void> sign_all(const crypto::PrivateKey& key,
                        const std::vector<std::string>& files) const {
    return sign_each(attest::KeyAuthor(key), files, tree_, [](const SignedFile&) {});
  }
  template <typename T>
  static Error refusal(const Result<T>& result) {
    return result ? Error(ErrorKind::Internal, "nothing was refused") : result.error();
  }
};

TEST_F(SignTest, EachFileGetsItsBundleAndVerifies) {
  make_repository();
  const crypto::PrivateKey key = make_key();
  const std::vector<std::string> files = {write("CLAUDE.md", "a"), write("d/AGENTS.md", "b")};
  std::vector<std::string> bundles;
  testing::must(sign_each(attest::KeyAuthor(key), files, tree_,
                          [&](const SignedFile& file) { bundles.push_back(file.bundle_path); }));
  EXPECT_EQ(bundles, (std::vector<std::string>{files[0] + ".bundle", files[1] + ".bundle"}));
  EXPECT_TRUE(proven(files[0]));
  EXPECT_TRUE(proven(files[1]));
}

TEST_F(SignTest, SignedFileMovedWithinTheRepositoryNoLongerVerifies) {
  make_repository();
  const std::string file = write("a/CLAUDE.md", "text");
  sign(make_key(), {file});
  ASSERT_EQ(::rename(in("a").c_str(), in("b").c_str()), 0);
  EXPECT_EQ(gate().judge_path(tree_ + "/b/CLAUDE.md", GuardClass::Instruction).reason_code(),
            "subject-mismatch");
}

TEST_F(SignTest, BundleIsWorldReadableAndNothingElseIsLeft) {
  const std::string file = write("CLAUDE.md", "text");
  const mode_t old = ::umask(0077);
  sign(make_key(), {file});
  ::umask(old);
  struct stat status{};
  ASSERT_EQ(::stat((file + ".bundle").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0644u);
}

TEST_F(SignTest, FileNamedTwiceIsSignedOnce) {
  make_repository();
  const std::string file = write("a/CLAUDE.md", "a");
  const std::string other = write("a/AGENTS.md", "b");
  ASSERT_EQ(::symlink("CLAUDE.md", in("a/link.md").c_str()), 0);
  const std::vector<std::string> named = {file, in("a/link.md"), in("a/../a/CLAUDE.md"), other,
                                          file};
  const std::vector<std::string> once = {file, other};
  EXPECT_EQ(testing::must(check_signable(named, tree_)), once);
  EXPECT_EQ(testing::must(check_signable_together(tree_, named)), once);
  std::vector<std::string> done;
  const crypto::PrivateKey key = make_key();
  testing::must(sign_each(attest::KeyAuthor(key), named, tree_, [&](const SignedFile& signed_file) {
    done.push_back(signed_file.path);
  }));
  EXPECT_EQ(done, once);
}

TEST_F(SignTest, OneBadFileLeavesAllAsTheyWere) {
  const crypto::PrivateKey key = make_key();
  const std::string good = write("CLAUDE.md", "text");
  ASSERT_EQ(::mkfifo(in("fifo.md").c_str(), 0600), 0);
  make_directory(in("directory.md"));
  write("large.md", std::string((1u << 20) + 1, 'x'));
  write("CLAUDE.md.bundle2.bundle", "x");
  write("trust-policy.json", "{}");
  for (const char* bad : {"none.md", "fifo.md", "directory.md", "large.md",
                          "CLAUDE.md.bundle2.bundle", "trust-policy.json"}) {
    EXPECT_FALSE(sign_all(key, {good, in(bad)}).has_value()) << bad;
    EXPECT_FALSE(exists(good + ".bundle")) << bad;
  }
}

TEST_F(SignTest, PolicyPointsAtItsOwnCommand) {
  const auto refused = check_signable({write("trust-policy.json", "{}")}, tree_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind(), ErrorKind::Usage);
  EXPECT_EQ(refused.error().remedy(), "nono trust sign-policy " + in("trust-policy.json"));
}

TEST_F(SignTest, LinkIsSignedAtItsTarget) {
  const std::string file = write("SKILLS.md", "text");
  ASSERT_EQ(::symlink("SKILLS.md", in("CLAUDE.md").c_str()), 0);
  sign(make_key(), {in("CLAUDE.md")});
  EXPECT_TRUE(exists(file + ".bundle"));
  EXPECT_FALSE(exists(in("CLAUDE.md.bundle")));
  EXPECT_TRUE(proven(in("CLAUDE.md")));
}

TEST_F(SignTest, LinkInPlaceOfTheBundleIsReplacedNotFollowed) {
  const std::string victim = write("victim", "keep me");
  const std::string file = write("CLAUDE.md", "text");
  ASSERT_EQ(::symlink("victim", (file + ".bundle").c_str()), 0);
  sign(make_key(), {file});
  EXPECT_EQ(testing::must(read_file(victim, 100)), "keep me");
  EXPECT_TRUE(proven(file));
}

// A full disk in the form that needs no mount: the file size limit.
TEST_F(SignTest, WriteThatFailsLeavesTheOldBundle) {
  const crypto::PrivateKey key = make_key();
  const std::string file = write("CLAUDE.md", "text");
  sign(key, {file});
  const std::string before = testing::must(read_file(file + ".bundle", 1u << 20));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit{.rlim_cur = 16, .rlim_max = 16};
    const bool limited = ::setrlimit(RLIMIT_FSIZE, &limit) == 0;
    ::_exit(limited && !sign_all(key, {file}).has_value() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(testing::must(read_file(file + ".bundle", 1u << 20)), before);
}

TEST_F(SignTest, BundleThatHasNoPlaceLeavesAllAsTheyWere) {
  const crypto::PrivateKey key = make_key();
  make_directory(in("a"));
  make_directory(in("b"));
  const std::vector<std::string> files = {write("a/CLAUDE.md", "a"), write("b/CLAUDE.md", "b")};
  make_directory(files[1] + ".bundle");
  const auto refused = sign_all(key, files);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind(), ErrorKind::System);
  EXPECT_TRUE(refused.error().message().starts_with(files[1] + ".bundle is a directory"));
  EXPECT_FALSE(exists(files[0] + ".bundle"));
  EXPECT_FALSE(check_signable(files, tree_).has_value());
  make_directory(in(".nono-trust.bundle"));
  EXPECT_FALSE(check_signable_together(tree_, {write("CLAUDE.md", "c")}).has_value());
}

TEST_F(SignTest, BundleWhoseNameWouldBeTooLongLeavesAllAsTheyWere) {
  const crypto::PrivateKey key = make_key();
  const std::string first = write("CLAUDE.md", "a");
  sign(key, {write(std::string(248, 'a'), "the longest name")});
  EXPECT_TRUE(proven(in(std::string(248, 'a'))));
  for (const std::size_t length : {249u, 255u}) {
    const std::string file = write(std::string(length, 'z'), "b");
    for (const Error& refused :
         {refusal(check_signable({first, file}, tree_)), refusal(sign_all(key, {first, file})),
          refusal(sign_all(key, {file, first}))}) {
      EXPECT_TRUE(refused.message().ends_with(": the bundle's name would be " +
                                              std::to_string(length + 7) +
                                              " bytes long, and the file system takes 255"))
          << refused.message();
      EXPECT_EQ(refused.remedy(), "give the file a shorter name");
    }
    EXPECT_FALSE(exists(first + ".bundle"));
  }
}

TEST_F(SignTest, AllSignsTheOthersWhereOneBundlesNameWouldBeTooLong) {
  const std::string name = ".claude/commands/" + std::string(246, 'a') + ".md";
  write("CLAUDE.md", "a");
  write(name, "b");
  const FilesToSign each = testing::must(guarded_files(*policy(), tree_, Bundling::Each, {}, {}));
  EXPECT_EQ(each.files, std::vector<std::string>{in("CLAUDE.md")});
  EXPECT_EQ(each.unsignable.size(), 1u);
  const FilesToSign together =
      testing::must(guarded_files(*policy(), tree_, Bundling::Together, {}, {}));
  EXPECT_EQ(together.files, (std::vector<std::string>{in(name), in("CLAUDE.md")}));
}

TEST_F(SignTest, AllSignsTheOthersWhereOneHasNoBytesToSign) {
  write("CLAUDE.md", "a");
  ASSERT_EQ(::mkfifo(in("AGENTS.md").c_str(), 0644), 0);
  write("GEMINI.md", std::string((1u << 20) + 1, 'x'));
  write("docs/CLAUDE.md", "b");
  ASSERT_EQ(::chmod(in("docs/CLAUDE.md").c_str(), 0), 0);
  const std::size_t unreadable = ::geteuid() == 0 ? 0u : 1u;
  for (const Bundling bundling : {Bundling::Each, Bundling::Together}) {
    const FilesToSign found = testing::must(guarded_files(*policy(), tree_, bundling, {}, {}));
    EXPECT_EQ(found.files.size(), 2 - unreadable);
    ASSERT_EQ(found.unsignable.size(), 2 + unreadable);
    EXPECT_EQ(found.unsignable[0].message(), in("AGENTS.md") + " is not a regular file");
    EXPECT_NE(found.unsignable[1].message().find("GEMINI.md"), std::string::npos);
  }
}

// Made where nobody looks any more: after all that check_signable sees.
TEST_F(SignTest, BundleThatCannotBeWrittenLeavesAllAsTheyWere) {
  const crypto::PrivateKey key = make_key();
  make_directory(in("a"));
  make_directory(in("b"));
  const std::vector<std::string> files = {write("a/CLAUDE.md", "a"), write("b/CLAUDE.md", "b")};
  const auto done = sign_each(
      attest::KeyAuthor(key), files, tree_, [](const SignedFile&) { ADD_FAILURE(); },
      [&](std::size_t made) {
        if (made == files.size()) {
          make_directory(files[1] + ".bundle");
        }
      });
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().message(), "write " + files[1] + ".bundle: replace it: Is a directory");
  EXPECT_FALSE(exists(files[0] + ".bundle"));
}

TEST_F(SignTest, OneBundleForSeveralFilesInARepository) {
  make_repository();
  const std::vector<std::string> files = {write("CLAUDE.md", "a"), write("x/y/AGENTS.md", "b")};
  const auto done = testing::must(sign_together(attest::KeyAuthor(make_key()), tree_, files));
  ASSERT_EQ(done.size(), 2u);
  EXPECT_EQ(done[1].bundle_path, in(".nono-trust.bundle"));
  EXPECT_TRUE(proven(files[0]));
  EXPECT_TRUE(proven(files[1]));
  write("x/y/AGENTS.md", "c");
  EXPECT_FALSE(proven(files[1]));
  EXPECT_TRUE(proven(files[0]));
}

TEST_F(SignTest, BundleThatWouldNotBeFoundIsRefused) {
  const crypto::PrivateKey key = make_key();
  const std::string deep = write("x/AGENTS.md", "b");
  const auto refused = sign_together(attest::KeyAuthor(key), tree_, {deep});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind(), ErrorKind::Usage);
  EXPECT_FALSE(exists(in(".nono-trust.bundle")));
  // In its own directory, or beside a policy, it is found.
  EXPECT_TRUE(sign_together(attest::KeyAuthor(key), in("x"), {deep}).has_value());
  EXPECT_TRUE(proven(deep));
  testing::must(replace_file(in("trust-policy.json"),
                             R"({"version":1,"includes":["*.md"],"publishers":[],)"
                             R"("enforcement":"deny"})",
                             0644));
  ASSERT_EQ(::unlink(in("x/.nono-trust.bundle").c_str()), 0);
  EXPECT_TRUE(sign_together(attest::KeyAuthor(key), tree_, {deep}).has_value());
  EXPECT_TRUE(proven(deep));
}

TEST_F(SignTest, FileOutsideTheDirectoryIsRefused) {
  make_repository();
  const std::string file = write("a/CLAUDE.md", "a");
  make_directory(in("b"));
  EXPECT_FALSE(sign_together(attest::KeyAuthor(make_key()), in("b"), {file}).has_value());
}

TEST_F(SignTest, MoreFilesThanTheSoftDescriptorLimitFitIntoOneBundle) {
  make_repository();
  const crypto::PrivateKey key = make_key();
  std::vector<std::string> files;
  for (int i = 0; i < 100; ++i) {
    files.push_back(write("d" + std::to_string(i) + "/AGENTS.md", "text"));
  }
  struct rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const struct rlimit tight{.rlim_cur = 64, .rlim_max = limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  const auto done = sign_together(attest::KeyAuthor(key), tree_, files);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_TRUE(done.has_value()) << done.error().message();
  EXPECT_TRUE(proven(files.back()));
}

// Before anything is signed, which with a service is told to a public log.
TEST_F(SignTest, MoreFilesThanDescriptorsAreRefusedBeforehand) {
  std::vector<std::string> files;
  for (int i = 0; i < 50; ++i) {
    files.push_back(write("d" + std::to_string(i) + "/AGENTS.md", "text"));
  }
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const struct rlimit tight{.rlim_cur = 64, .rlim_max = 64};
    const bool limited = ::setrlimit(RLIMIT_NOFILE, &tight) == 0;
    const Error refused = refusal(check_signable(files, tree_));
    files.resize(16);
    ::_exit(limited && refused.kind() == ErrorKind::Exhausted &&
                    refused.remedy().ends_with("ulimit -Hn 132") &&
                    check_signable(files, tree_).has_value()
                ? 0
                : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(SignTest, PolicyIsCheckedBeforeItIsSigned) {
  make_repository();
  const crypto::PrivateKey key = make_key();
  const std::string path = write("trust-policy.json", R"({"version":1,"publisher":[]})");
  const auto refused = sign_policy(attest::KeyAuthor(key), path, tree_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind(), ErrorKind::InvalidInput);
  EXPECT_FALSE(exists(path + ".bundle"));
  EXPECT_FALSE(check_policy(path).has_value());
}

TEST_F(SignTest, GuardedFilesAreResolvedAndLinksOutAreLeftAlone) {
  write("CLAUDE.md", "a");
  write("docs/text.txt", "b");
  write("x/AGENTS.md", "c");
  ASSERT_EQ(::symlink("/etc/passwd", in("x/GEMINI.md").c_str()), 0);
  ASSERT_EQ(::symlink("../docs/text.txt", in("x/QWEN.md").c_str()), 0);
  const FilesToSign found = testing::must(guarded_files(*policy(), tree_, Bundling::Each, {}, {}));
  EXPECT_EQ(found.files,
            (std::vector<std::string>{in("CLAUDE.md"), in("docs/text.txt"), in("x/AGENTS.md")}));
  EXPECT_EQ(found.left_alone, std::vector<std::string>{in("x/GEMINI.md")});
}

constexpr std::array<std::string_view, 4> kNoNames = {"CLA\u200dUDE.md", "CLAUDE-\x01.md",
                                                      "CLAUDE-\n.md", "CLAUDE-\xff.md"};

TEST_F(SignTest, NameThatNoStatementMayHoldIsRefusedBeforeAnythingIsSigned) {
  const crypto::PrivateKey key = make_key();
  const std::string good = write("CLAUDE.md", "text");
  for (const std::string_view name : kNoNames) {
    const std::string bad = write(std::string(name), "text");
    for (const Error& refused :
         {refusal(check_signable({good, bad}, tree_)), refusal(sign_all(key, {good, bad})),
          refusal(check_signable_together(tree_, {good, bad}))}) {
      EXPECT_EQ(refused.kind(), ErrorKind::InvalidInput) << refused.message();
      EXPECT_EQ(refused.remedy(), "rename the file");
    }
    EXPECT_FALSE(exists(good + ".bundle"));
  }
  // Only what names the subject must be printable: here the base name alone.
  make_directory(in("a\u200db"));
  sign(key, {write("a\u200db/AGENTS.md", "text")});
  EXPECT_TRUE(proven(in("a\u200db/AGENTS.md")));
  EXPECT_FALSE(check_signable_together(tree_, {in("a\u200db/AGENTS.md")}).has_value());
}

TEST_F(SignTest, GuardedFilesThatCannotBeSignedDoNotKeepTheOthersUnsigned) {
  write("CLAUDE.md", "a");
  for (const std::string_view name : kNoNames) {
    write(".claude/commands/" + std::string(name), "b");
  }
  ASSERT_EQ(::symlink("GEMINI.md", in("GEMINI.md").c_str()), 0);
  ASSERT_EQ(::symlink("nowhere", in("AGENTS.md").c_str()), 0);
  make_directory(in("a\u200db"));
  write("a\u200db/SKILLS.md", "c");
  const FilesToSign each = testing::must(guarded_files(*policy(), tree_, Bundling::Each, {}, {}));
  EXPECT_EQ(each.files, (std::vector<std::string>{in("CLAUDE.md"), in("a\u200db/SKILLS.md")}));
  EXPECT_EQ(each.unsignable.size(), kNoNames.size() + 2);
  const FilesToSign together =
      testing::must(guarded_files(*policy(), tree_, Bundling::Together, {}, {}));
  EXPECT_EQ(together.files, std::vector<std::string>{in("CLAUDE.md")});
  EXPECT_EQ(together.unsignable.size(), kNoNames.size() + 3);
}

TEST_F(SignTest, TreeTooLargeIsNotSignedInPart) {
  write("CLAUDE.md", "a");
  write("x", "");
  const auto found = guarded_files(*policy(), tree_, Bundling::Each, {.entries = 1}, {});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().kind(), ErrorKind::Exhausted);
}

}  // namespace
}  // namespace nono::engine
