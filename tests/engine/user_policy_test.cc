// tests/engine/user_policy_test.cc: edits of the user's policy: all of them, or none.
#include "engine/user_policy.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cctype>
#include <csignal>

#include "engine/publishers.h"
#include "tests/engine/support.h"

namespace nono::engine {
namespace {

using trustpolicy::Document;
using trustpolicy::KeyedPublisher;
using trustpolicy::Publisher;

class FixedClock final : public Clock {
 public:
  Instant now() const override { return *parse_rfc3339("2026-02-03T04:05:06Z"); }
};

class UserPolicyTest : public testing::EngineTest {
 protected:
  Document document() const {
    const std::string path = user_policy_path(user_);
    return testing::must(
        Document::parse(testing::must(read_file(path, kPolicyLimits.bytes)), path));
  }
  static crypto::Sha256 digest(int number) {
    return crypto::Sha256::of(std::string_view(std::to_string(number)));
  }
  Publisher publisher(const std::string& name, const crypto::PublicKey& key) const {
    return {.name = name,
            .who = KeyedPublisher{.key_id = key.fingerprint().hex(), .key = key},
            .predicate_types = {},
            .delegates = false};
  }
  FixedClock clock_;
};

TEST_F(UserPolicyTest, FirstEditMakesAPolicyThatOnlyTheUserCanRead) {
  EXPECT_EQ(testing::must(block_digest(user_, digest(1), "why", clock_)), Edited::Changed);
  const Document made = document();
  ASSERT_EQ(made.blocked_digests.size(), 1u);
  EXPECT_EQ(made.blocked_digests[0].digest, digest(1));
  EXPECT_EQ(made.blocked_digests[0].description, "why");
  EXPECT_EQ(made.blocked_digests[0].added, "2026-02-03T04:05:06Z");
  EXPECT_EQ(made.enforcement, trustpolicy::Enforcement::Deny);
  struct stat status{};
  ASSERT_EQ(::stat(user_policy_path(user_).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(UserPolicyTest, FirstEditGuardsNoMoreNames) {
  const auto guarded = [&] {
    const auto merged = policy();
    std::vector<std::string> names;
    for (const char* name : {"CLAUDE.md", "CLAUDE-notes.txt", "AGENTS.md", "AGENT-list.csv",
                             "SKILLS.txt", ".claude/notes.md", ".claude/commands/a.md", "a.md"}) {
      if (merged->guard().classify("/p/" + std::string(name)) != trustpolicy::GuardClass::None) {
        names.emplace_back(name);
      }
    }
    return names;
  };
  const std::vector<std::string> before = guarded();
  EXPECT_EQ(before.size(), 3u);
  testing::must(block_digest(user_, digest(1), "", clock_));
  EXPECT_EQ(guarded(), before);
  testing::must(add_publisher(user_, publisher("alice", strangers_key().public_key())));
  EXPECT_EQ(guarded(), before);
  testing::must(write_first_policy(user_policy_path(user_), {}, Overwrite::Yes, 0600));
  EXPECT_EQ(guarded().size(), 7u) << "trust init does add names";
}

TEST_F(UserPolicyTest, BlockingTwiceChangesNothing) {
  testing::must(block_digest(user_, digest(1), "first", clock_));
  EXPECT_EQ(testing::must(block_digest(user_, digest(1), "second", clock_)), Edited::AlreadySo);
  EXPECT_EQ(document().blocked_digests[0].description, "first");
  testing::must(block_publisher(user_, "mallory", "", clock_));
  EXPECT_EQ(testing::must(block_publisher(user_, "mallory", "", clock_)), Edited::AlreadySo);
  EXPECT_EQ(document().blocked_publishers.size(), 1u);
}

TEST_F(UserPolicyTest, PolicyThatDoesNotParseIsNotTouched) {
  const std::string bad = R"({"version":1,"includes":["*.md"],"publishers":[],"blocklst":{}})";
  write_user_policy(bad);
  const auto edited = block_digest(user_, digest(1), "", clock_);
  ASSERT_FALSE(edited.has_value());
  EXPECT_EQ(edited.error().kind(), ErrorKind::InvalidInput);
  EXPECT_NE(edited.error().message().find(user_policy_path(user_)), std::string::npos);
  EXPECT_EQ(testing::must(read_file(user_policy_path(user_), 1000)), bad);
}

TEST_F(UserPolicyTest, EditThatFailsWritesNothing) {
  testing::must(block_digest(user_, digest(1), "", clock_));
  const auto edited = edit_user_policy(user_, [](Document& changed) -> Result<void> {
    changed.blocked_digests.clear();
    return fail(ErrorKind::Usage, "no");
  });
  EXPECT_FALSE(edited.has_value());
  EXPECT_EQ(document().blocked_digests.size(), 1u);
}

TEST_F(UserPolicyTest, EditThatWouldNotParseAgainWritesNothing) {
  testing::must(block_digest(user_, digest(1), "", clock_));
  const auto edited = edit_user_policy(user_, [](Document& changed) -> Result<void> {
    changed.includes.clear();  // under enforcement deny: refused by the parser
    return {};
  });
  ASSERT_FALSE(edited.has_value());
  EXPECT_EQ(edited.error().kind(), ErrorKind::Usage);
  EXPECT_FALSE(document().includes.empty());
}

TEST_F(UserPolicyTest, EditsOfManyProcessesAllCount) {
  constexpr int kProcesses = 12;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::_exit(block_digest(user_, digest(i), "", clock_).has_value() ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(document().blocked_digests.size(), std::size_t{kProcesses});
}

TEST_F(UserPolicyTest, WriteThatFailsLeavesTheOldPolicy) {
  testing::must(block_digest(user_, digest(1), "", clock_));
  const std::string before = testing::must(read_file(user_policy_path(user_), 10000));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit{.rlim_cur = 16, .rlim_max = 16};
    const bool limited = ::setrlimit(RLIMIT_FSIZE, &limit) == 0;
    ::_exit(limited && !block_digest(user_, digest(2), "", clock_).has_value() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(testing::must(read_file(user_policy_path(user_), 10000)), before);
}

TEST_F(UserPolicyTest, FirstPolicyIsNotOverwrittenUnasked) {
  const std::string path = in("trust-policy.json");
  testing::must(write_first_policy(path, {.includes = {"PROMPT*.md"}}, Overwrite::No, 0644));
  const std::string first = testing::must(read_file(path, 10000));
  EXPECT_NE(first.find("PROMPT*.md"), std::string::npos);
  const auto again = write_first_policy(path, {}, Overwrite::No, 0644);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().kind(), ErrorKind::Usage);
  EXPECT_EQ(testing::must(read_file(path, 10000)), first);
  testing::must(write_first_policy(path, {}, Overwrite::Yes, 0644));
  EXPECT_NE(testing::must(read_file(path, 10000)), first);
}

TEST_F(UserPolicyTest, BadPatternWritesNoPolicy) {
  const std::string path = in("trust-policy.json");
  for (const char* bad : {"", "../x", "/abs", "a{b,c}", "a\nb"}) {
    EXPECT_FALSE(write_first_policy(path, {.includes = {bad}}, Overwrite::No, 0644).has_value())
        << bad;
  }
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST_F(UserPolicyTest, DigestOrFileIsBlocked) {
  const crypto::Sha256 wanted = crypto::Sha256::of(std::string_view("text"));
  EXPECT_EQ(testing::must(digest_to_block(wanted.hex())), wanted);
  EXPECT_EQ(testing::must(digest_to_block("sha256:" + wanted.hex())), wanted);
  std::string upper = wanted.hex();
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  EXPECT_EQ(testing::must(digest_to_block(upper)), wanted);
  EXPECT_EQ(testing::must(digest_to_block("sha256:" + upper)), wanted);
  EXPECT_EQ(testing::must(digest_to_block(write("AGENTS.md", "text"))), wanted);
  for (const std::string& bad : {std::string("no-such-file"), wanted.hex().substr(1), tree_}) {
    const auto digest = digest_to_block(bad);
    ASSERT_FALSE(digest.has_value()) << bad;
    EXPECT_EQ(digest.error().kind(), ErrorKind::Usage);
  }
}

TEST_F(UserPolicyTest, PublisherIsAddedOnceAndRemoved) {
  const crypto::PublicKey key = strangers_key().public_key();
  EXPECT_EQ(testing::must(add_publisher(user_, publisher("alice", key))), Edited::Changed);
  EXPECT_EQ(testing::must(add_publisher(user_, publisher("alice", key))), Edited::AlreadySo);
  ASSERT_EQ(document().publishers.size(), 1u);
  EXPECT_EQ(testing::must(remove_publisher(user_, *policy(), key.fingerprint().hex())).name,
            "alice");
  EXPECT_TRUE(document().publishers.empty());
}

TEST_F(UserPolicyTest, PublisherThatIsThereGetsThePredicateTypesAskedFor) {
  trustpolicy::Publisher alice = publisher("alice", strangers_key().public_key());
  alice.predicate_types = {"https://example.org/a"};
  EXPECT_EQ(testing::must(add_publisher(user_, alice)), Edited::Changed);
  alice.predicate_types = {"https://example.org/b"};
  EXPECT_EQ(testing::must(add_publisher(user_, alice)), Edited::Changed);
  EXPECT_EQ(testing::must(add_publisher(user_, alice)), Edited::AlreadySo);
  ASSERT_EQ(document().publishers.size(), 1u);
  EXPECT_EQ(document().publishers.front().predicate_types,
            (std::vector<std::string>{"https://example.org/a", "https://example.org/b"}));
}

TEST_F(UserPolicyTest, AnotherKeyUnderTheSameNameIsRefused) {
  const crypto::PublicKey first = strangers_key().public_key();
  testing::must(add_publisher(user_, publisher("alice", first)));
  const auto other = add_publisher(user_, publisher("alice", strangers_key().public_key()));
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().kind(), ErrorKind::Usage);
  EXPECT_NE(other.error().message().find(first.fingerprint().short_form()), std::string::npos);
  EXPECT_EQ(document().publishers.size(), 1u);
}

TEST_F(UserPolicyTest, UnknownPublisherIsNotRemoved) {
  const auto removed = remove_publisher(user_, *policy(), "alice");
  ASSERT_FALSE(removed.has_value());
  EXPECT_EQ(removed.error().kind(), ErrorKind::Usage);
  EXPECT_NE(::access(user_policy_path(user_).c_str(), F_OK), 0) << "no policy was made for it";
}

// What others could have written is refused and left as it is, the bundle beside it too. The
// control is the same policy as nono keeps it.
class UnbelievedPolicyTest : public UserPolicyTest {
 protected:
  void SetUp() override {
    UserPolicyTest::SetUp();
    testing::must(block_digest(user_, digest(1), "", clock_));
    testing::must(replace_file(path() + ".bundle", "a bundle", 0600));
    before_ = text(path());
  }
  std::string path() const { return user_policy_path(user_); }
  static std::string text(const std::string& file) {
    return testing::must(read_file(file, kPolicyLimits.bytes));
  }
  void expect_refused(std::string_view why) const {
    struct stat old{};
    ASSERT_EQ(::stat(path().c_str(), &old), 0);
    const auto block = block_digest(user_, digest(2), "", clock_);
    const auto add = add_publisher(user_, publisher("alice", strangers_key().public_key()));
    for (const Result<Edited>* edited : {&block, &add}) {
      ASSERT_FALSE(edited->has_value());
      EXPECT_EQ(edited->error().kind(), ErrorKind::PermissionDenied);
      EXPECT_NE(edited->error().message().find(why), std::string::npos);
      EXPECT_FALSE(edited->error().remedy().empty());
    }
    struct stat now{};
    ASSERT_EQ(::stat(path().c_str(), &now), 0);
    EXPECT_EQ(now.st_ino, old.st_ino);
    EXPECT_EQ(now.st_mode, old.st_mode);
    EXPECT_EQ(now.st_uid, old.st_uid);
    EXPECT_EQ(text(path()), before_);
    EXPECT_EQ(text(path() + ".bundle"), "a bundle");
  }
  std::string before_;
};

TEST_F(UnbelievedPolicyTest, PolicyThatOnlyTheUserWritesIsEdited) {
  EXPECT_EQ(testing::must(block_digest(user_, digest(2), "", clock_)), Edited::Changed);
  EXPECT_EQ(document().blocked_digests.size(), 2u);
}

TEST_F(UnbelievedPolicyTest, PolicyThatOthersCanWriteIsNotEdited) {
  ASSERT_EQ(::chmod(path().c_str(), 0666), 0);
  expect_refused("can be written by others");
}

TEST_F(UnbelievedPolicyTest, PolicyOfAnotherOwnerIsNotEdited) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give a file away";
  }
  ASSERT_EQ(::chown(path().c_str(), 12345, 12345), 0);
  expect_refused("belongs to user 12345");
}

TEST_F(UnbelievedPolicyTest, PolicyInADirectoryThatOthersCanWriteIsNotEdited) {
  ASSERT_EQ(::chmod(user_.config.c_str(), 0777), 0);
  expect_refused("can be written by others");
}

TEST_F(UserPolicyTest, NoPolicyIsMadeWhereOthersCanWrite) {
  testing::must(make_private_directories(user_.config));
  ASSERT_EQ(::chmod(user_.config.c_str(), 0777), 0);
  const auto edited = block_digest(user_, digest(1), "", clock_);
  ASSERT_FALSE(edited.has_value());
  EXPECT_EQ(edited.error().kind(), ErrorKind::PermissionDenied);
  EXPECT_NE(::access(user_policy_path(user_).c_str(), F_OK), 0);
  ASSERT_EQ(::chmod(user_.config.c_str(), 0700), 0);
  EXPECT_EQ(testing::must(block_digest(user_, digest(1), "", clock_)), Edited::Changed);
}

class LinkedPolicyTest : public UserPolicyTest {
 protected:
  void SetUp() override {
    UserPolicyTest::SetUp();
    testing::must(make_private_directories(user_.config));
    target_ = in("dotfiles/policy.json");
    ASSERT_EQ(::symlink(target_.c_str(), user_policy_path(user_).c_str()), 0);
  }
  void expect_link() const {
    struct stat status{};
    ASSERT_EQ(::lstat(user_policy_path(user_).c_str(), &status), 0);
    EXPECT_TRUE(S_ISLNK(status.st_mode));
  }
  std::string target_;
};

TEST_F(LinkedPolicyTest, FileBehindTheLinkIsEditedAndTheLinkStays) {
  testing::must(write_first_policy(target_, {.includes = {"MINE*.md"}}, Overwrite::No, 0600));
  EXPECT_EQ(testing::must(block_digest(user_, digest(1), "", clock_)), Edited::Changed);
  testing::must(add_publisher(user_, publisher("alice", strangers_key().public_key())));
  expect_link();
  const Document edited = testing::must(
      Document::parse(testing::must(read_file(target_, kPolicyLimits.bytes)), target_));
  EXPECT_EQ(edited.blocked_digests.size(), 1u);
  EXPECT_EQ(edited.publishers.size(), 1u);
  ASSERT_EQ(edited.includes.size(), 1u);
  EXPECT_EQ(edited.includes[0].text(), "MINE*.md");
}

TEST_F(LinkedPolicyTest, LinkThatLeadsNowhereIsNotTakenForAbsence) {
  const auto edited = block_digest(user_, digest(1), "", clock_);
  ASSERT_FALSE(edited.has_value());
  EXPECT_EQ(edited.error().kind(), ErrorKind::NotFound);
  EXPECT_NE(edited.error().message().find(user_policy_path(user_)), std::string::npos);
  EXPECT_NE(edited.error().message().find(target_), std::string::npos);
  EXPECT_FALSE(edited.error().remedy().empty());
  expect_link();
  EXPECT_NE(::access(target_.c_str(), F_OK), 0) << "no policy was made at the link's end";
}

class IntroductionTest : public UserPolicyTest {
 protected:
  void SetUp() override {
    UserPolicyTest::SetUp();
    make_repository();
    key_ = std::make_unique<crypto::PrivateKey>(strangers_key());
    file_ = write("CLAUDE.md", "text");
    sign(*key_, {file_});
  }
  Result<Introduction> ask(const IntroductionRequest& request) const {
    Gate the_gate = gate();
    return introduce(the_gate, request);
  }
  std::unique_ptr<crypto::PrivateKey> key_;
  std::string file_;
};

TEST_F(IntroductionTest, KeyThatSignedTheFileIsIntroduced) {
  const std::string path = write("alice.pub", key_->public_key().spki_pem());
  const Introduction met = testing::must(ask({.name = {}, .from_file = file_, .key_file = path}));
  EXPECT_EQ(met.publisher.name, "alice");
  EXPECT_EQ(met.fingerprint, key_->public_key().fingerprint());
  EXPECT_EQ(met.verified_file, file_);
}

TEST_F(IntroductionTest, KeyThatDidNotSignTheFileIsNot) {
  const std::string path = write("bob.pub", strangers_key().public_key().spki_pem());
  const auto met = ask({.name = {}, .from_file = file_, .key_file = path});
  ASSERT_FALSE(met.has_value());
  EXPECT_NE(met.error().message().find(key_->public_key().fingerprint().hex()), std::string::npos)
      << "the hint says which key is wanted: " << met.error().message();
}

TEST_F(IntroductionTest, ChangedFileIntroducesNobody) {
  const std::string path = write("alice.pub", key_->public_key().spki_pem());
  write("CLAUDE.md", "other");
  const auto met = ask({.name = {}, .from_file = file_, .key_file = path});
  ASSERT_FALSE(met.has_value());
  EXPECT_EQ(met.error().kind(), ErrorKind::InvalidInput);
}

TEST_F(IntroductionTest, ProjectsOwnPolicyIsACandidate) {
  write("trust-policy.json", R"({"version":1,"includes":["*.md"],"publishers":[{"name":"team",)"
                             R"("key_id":"k","public_key":")" +
                                 key_->public_key().spki_base64() + R"("}],"enforcement":"deny"})");
  const Introduction met =
      testing::must(ask({.name = {}, .from_file = file_, .key_file = std::nullopt}));
  EXPECT_EQ(met.publisher.name, "team");
  EXPECT_EQ(met.key_source, in("trust-policy.json"));
}

TEST_F(IntroductionTest, WithoutAnyKeyTheOptionIsNamed) {
  const auto met = ask({.name = {}, .from_file = file_, .key_file = std::nullopt});
  ASSERT_FALSE(met.has_value());
  EXPECT_EQ(met.error().kind(), ErrorKind::Usage);
  EXPECT_NE(met.error().remedy().find("--key PUBFILE"), std::string::npos);
  EXPECT_EQ(ask({}).error().kind(), ErrorKind::Usage);
}

TEST_F(IntroductionTest, NobodyElseIsCalledSelf) {
  const std::string path = write("k.pub", key_->public_key().spki_pem());
  EXPECT_FALSE(ask({.name = "self", .from_file = {}, .key_file = path}).has_value());
}

TEST_F(IntroductionTest, PrivateKeyIsNotTakenForAPublicOne) {
  make_key("mine");
  const auto met =
      ask({.name = "x", .from_file = {}, .key_file = key_directory(user_) + "/mine.pem"});
  EXPECT_FALSE(met.has_value());
}

TEST_F(IntroductionTest, AddedPublisherVerifiesTheFile) {
  const std::string path = write("alice.pub", key_->public_key().spki_pem());
  const Introduction met = testing::must(ask({.name = {}, .from_file = file_, .key_file = path}));
  testing::must(add_publisher(user_, met.publisher));
  const Judgement judged = gate().judge_path(file_, trustpolicy::GuardClass::Instruction);
  EXPECT_TRUE(judged.proven()) << judged.reason();
  EXPECT_EQ(judged.publisher(), "alice");
}

TEST_F(IntroductionTest, ListShowsWhoCounts) {
  make_key();
  write("trust-policy.json", R"({"version":1,"includes":["*.md"],"publishers":[{"name":"team",)"
                             R"("key_id":"k","public_key":")" +
                                 key_->public_key().spki_base64() + R"("}],"enforcement":"deny"})");
  const auto merged = policy();
  const std::vector<ListedPublisher> listed = list_publishers(*merged, user_);
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].layer, "self");
  EXPECT_TRUE(listed[0].counts);
  EXPECT_EQ(listed[1].layer, "project");
  EXPECT_FALSE(listed[1].counts);
  EXPECT_EQ(identity_text(*listed[1].publisher), key_->public_key().fingerprint().short_form());
}

}  // namespace
}  // namespace nono::engine
