// tests/engine/gate_test.cc: real files, real keys, the one path to a decision.
#include "engine/gate.h"

#include <sys/stat.h>

#include "engine/remedy.h"
#include "tests/engine/support.h"

namespace nono::engine {
namespace {

using trustpolicy::Admitted;
using trustpolicy::Denied;
using trustpolicy::DenyRule;
using trustpolicy::GuardClass;

class GateTest : public testing::EngineTest {
 protected:
  Judgement judge(const std::string& path) const {
    return gate().judge_path(path, GuardClass::Instruction);
  }
  static DenyRule rule_of(const Judgement& judgement) {
    return std::get<Denied>(judgement.decision).rule();
  }
};

TEST_F(GateTest, SignedByOwnKeyIsProven) {
  const std::string file = write("CLAUDE.md", "be careful\n");
  sign(make_key(), {file});
  const Judgement judged = judge(file);
  EXPECT_TRUE(judged.proven()) << judged.reason();
  EXPECT_EQ(judged.publisher(), "self");
  EXPECT_EQ(judged.reason_code(), "");
  EXPECT_EQ(judged.remedy, "");
  EXPECT_EQ(judged.bundle_path, file + ".bundle");
  EXPECT_EQ(served(judged), "be careful\n");
  ASSERT_TRUE(judged.digest.has_value());
  EXPECT_EQ(*judged.digest, crypto::Sha256::of(std::string_view("be careful\n")));
}

TEST_F(GateTest, UnsignedNamesTheCommandThatSigns) {
  const std::string file = write("CLAUDE.md", "be careful\n");
  const Judgement judged = judge(file);
  EXPECT_FALSE(judged.admitted());
  EXPECT_EQ(judged.reason_code(), "no-bundle");
  EXPECT_EQ(judged.remedy, "nono trust sign " + file);
  EXPECT_TRUE(judged.digest.has_value());
}

TEST_F(GateTest, StrangersKeyNamesTheCommandThatAddsPublishers) {
  const std::string file = write("CLAUDE.md", "be careful\n");
  sign(strangers_key(), {file});
  const Judgement judged = judge(file);
  EXPECT_EQ(judged.reason_code(), "unknown-key");
  EXPECT_EQ(judged.remedy, "nono trust publisher add --from " + file);
}

TEST_F(GateTest, ChangedContentsIsSubjectMismatch) {
  const std::string file = write("CLAUDE.md", "be careful\n");
  sign(make_key(), {file});
  write("CLAUDE.md", "be careless\n");
  const Judgement judged = judge(file);
  EXPECT_EQ(judged.reason_code(), "subject-mismatch");
  EXPECT_EQ(judged.remedy, "check what changed, then: nono trust sign " + file);
}

TEST_F(GateTest, DamagedSignatureIsBadSignature) {
  const std::string file = write("CLAUDE.md", "be careful\n");
  sign(make_key(), {file});
  std::string bundle = testing::must(read_file(file + ".bundle", 1u << 20));
  const std::size_t at = bundle.find("\"sig\"");
  ASSERT_NE(at, std::string::npos);
  const std::size_t digit = bundle.find('M', at);
  bundle[digit + 12] = bundle[digit + 12] == 'A' ? 'B' : 'A';
  write("CLAUDE.md.bundle", bundle);
  const Judgement judged = judge(file);
  EXPECT_EQ(judged.reason_code(), "bad-signature") << judged.reason();
  EXPECT_EQ(judged.remedy, "check what changed, then: nono trust sign " + file);
}

TEST_F(GateTest, KeyOfAProjectThatNobodyTrustsIsUntrustedPublisher) {
  const std::string file = write("CLAUDE.md", "be careful\n");
  const crypto::PrivateKey key = strangers_key();
  sign(key, {file});
  write("trust-policy.json",
        R"({"version":1,"includes":["CLAUDE*"],"publishers":[{"name":"mallory",)"
        R"("key_id":"m","public_key":")" +
            key.public_key().spki_base64() +
            R"("}],"blocklist":{"digests":[],"publishers":[]},)"
            R"("enforcement":"deny"})");
  const Judgement judged = judge(file);
  EXPECT_EQ(judged.reason_code(), "untrusted-publisher");
  EXPECT_EQ(rule_of(judged), DenyRule::UntrustedPublisher);
  EXPECT_EQ(judged.remedy, "nono trust publisher add --from " + file);
}

TEST_F(GateTest, BlockedDigestNamesThePolicyEntry) {
  const std::string file = write("CLAUDE.md", "be careful\n");
  sign(make_key(), {file});
  write_user_policy(
      R"({"version":1,"includes":["CLAUDE*"],"publishers":[],"blocklist":{"digests":[)"
      R"({"sha256":")" +
      crypto::Sha256::of(std::string_view("be careful\n")).hex() +
      R"(","description":"asks for tokens","added":"2026-01-01"}],"publishers":[]},)"
      R"("enforcement":"audit"})");
  const Judgement judged = judge(file);
  EXPECT_FALSE(judged.admitted());
  EXPECT_EQ(judged.reason_code(), "blocked-digest");
  EXPECT_NE(judged.remedy.find("/blocklist/digests/0 of " + user_policy_path(user_)),
            std::string::npos)
      << judged.remedy;
  EXPECT_NE(judged.remedy.find("asks for tokens"), std::string::npos);
}

TEST_F(GateTest, BlockedPublisherNamesThePolicyEntry) {
  const std::string file = write("CLAUDE.md", "be careful\n");
  sign(make_key(), {file});
  write_user_policy(
      R"({"version":1,"includes":["CLAUDE*"],"publishers":[],"blocklist":{"digests":[],)"
      R"("publishers":[{"identity":"self","reason":"lost","added":"2026-01-01"}]},)"
      R"("enforcement":"deny"})");
  const Judgement judged = judge(file);
  EXPECT_EQ(judged.reason_code(), "blocked-publisher");
  EXPECT_NE(judged.remedy.find("/blocklist/publishers/0"), std::string::npos) << judged.remedy;
}

TEST_F(GateTest, WarnToleratesButDoesNotProve) {
  const std::string file = write("CLAUDE.md", "be careful\n");
  write_user_policy(
      R"({"version":1,"includes":["CLAUDE*"],"publishers":[],"blocklist":{"digests":[],)"
      R"("publishers":[]},"enforcement":"warn"})");
  const Judgement judged = judge(file);
  EXPECT_TRUE(judged.admitted());
  EXPECT_FALSE(judged.proven());
  EXPECT_EQ(judged.reason_code(), "no-bundle");
  EXPECT_EQ(judged.reason().find("no-bundle"), std::string::npos) << "the code is not repeated";
}

TEST_F(GateTest, OverrideToleratesWhatWouldBeDenied) {
  const std::string file = write("CLAUDE.md", "be careful\n");
  const Judgement judged =
      gate(trustpolicy::Override::DenialsBecomeWarnings).judge_path(file, GuardClass::Instruction);
  EXPECT_TRUE(judged.admitted());
  EXPECT_FALSE(judged.proven());
}

TEST_F(GateTest, ClassNoneIsJudgedAsInstruction) {
  const std::string file = write("notes.txt", "text\n");
  const Judgement judged = gate().judge_path(file, GuardClass::None);
  EXPECT_EQ(judged.guard_class, GuardClass::Instruction);
  EXPECT_FALSE(judged.admitted());
}

TEST_F(GateTest, AgentConfigIsToleratedByDefault) {
  const std::string file = write(".mcp.json", "{}\n");
  const Judgement judged = gate().judge_path(file, GuardClass::AgentConfig);
  EXPECT_TRUE(judged.admitted());
  EXPECT_FALSE(judged.proven());
}

TEST_F(GateTest, InstructionReachedAsAgentConfigIsStillAnInstruction) {
  const std::string file = write("CLAUDE.md", "text\n");
  ASSERT_EQ(::symlink("CLAUDE.md", in(".mcp.json").c_str()), 0);
  const Judgement judged = gate().judge_path(in(".mcp.json"), GuardClass::AgentConfig);
  EXPECT_EQ(judged.path, file);
  EXPECT_FALSE(judged.admitted());
}

TEST_F(GateTest, OfTwoClassesTheStricterCounts) {
  write_user_policy(R"({"version":1,"includes":["x.json"],"publishers":[],"enforcement":"warn",
                        "agent_config":"deny"})");
  write(".mcp.json", "{}\n");
  write("CLAUDE.local.md", "text\n");
  ASSERT_EQ(::symlink(".mcp.json", in("CLAUDE.md").c_str()), 0);
  ASSERT_EQ(::symlink("CLAUDE.local.md", in(".envrc").c_str()), 0);
  EXPECT_FALSE(gate().judge_path(in("CLAUDE.md"), GuardClass::Instruction).admitted());
  EXPECT_FALSE(gate().judge_path(in(".envrc"), GuardClass::AgentConfig).admitted());
  EXPECT_TRUE(gate().judge_path(in("CLAUDE.local.md"), GuardClass::Instruction).admitted());
}

// Each way to hand over the object yields the same bytes.
TEST_F(GateTest, AnyDescriptorOfTheObjectWillDo) {
  const std::string file = write("CLAUDE.md", "be careful\n");
  sign(make_key(), {file});
  for (const int flags : {O_PATH, O_RDONLY, O_WRONLY, O_RDWR}) {
    const OwnedFd object = open_as(file, flags);
    EXPECT_EQ(served(gate().judge(object, file, GuardClass::Instruction)), "be careful\n") << flags;
  }
}

TEST_F(GateTest, OffsetOfTheDescriptorStays) {
  const std::string file = write("CLAUDE.md", "be careful\n");
  const OwnedFd object = open_as(file, O_RDONLY);
  ASSERT_EQ(::lseek(BorrowedFd(object).raw(), 3, SEEK_SET), 3);
  static_cast<void>(gate().judge(object, file, GuardClass::Instruction));
  EXPECT_EQ(::lseek(BorrowedFd(object).raw(), 0, SEEK_CUR), 3);
}

TEST_F(GateTest, ObjectsThatAreNoFilesAreUnexaminableWithoutBeingOpened) {
  ASSERT_EQ(::mkfifo(in("CLAUDE.md").c_str(), 0600), 0);
  make_directory(in("AGENTS.md"));
  for (const std::string& path : {in("CLAUDE.md"), in("AGENTS.md"), std::string("/dev/zero")}) {
    const Judgement judged = judge(path);
    EXPECT_EQ(judged.reason_code(), "unexaminable") << path;
    EXPECT_EQ(rule_of(judged), DenyRule::Unexaminable) << path;
  }
}

TEST_F(GateTest, SparseTerabyteIsRefusedAtOnce) {
  const std::string file = write("CLAUDE.md", "");
  ASSERT_EQ(::truncate(file.c_str(), off_t{1} << 40), 0);
  EXPECT_EQ(judge(file).reason_code(), "unexaminable");
}

TEST_F(GateTest, OneMebibyteIsTheLimit) {
  const crypto::PrivateKey key = make_key();
  const std::string file = write("CLAUDE.md", std::string(1u << 20, 'x'));
  sign(key, {file});
  EXPECT_TRUE(judge(file).proven());
  write("CLAUDE.md", std::string((1u << 20) + 1, 'x'));
  EXPECT_EQ(judge(file).reason_code(), "unexaminable");
}

TEST_F(GateTest, EmptyFileCanBeSigned) {
  const std::string file = write("CLAUDE.md", "");
  EXPECT_EQ(judge(file).reason_code(), "no-bundle");
  sign(make_key(), {file});
  EXPECT_TRUE(judge(file).proven());
}

TEST_F(GateTest, MissingFileAndLoopAreUnexaminable) {
  ASSERT_EQ(::symlink("b.md", in("a.md").c_str()), 0);
  ASSERT_EQ(::symlink("a.md", in("b.md").c_str()), 0);
  ASSERT_EQ(::symlink("nowhere", in("CLAUDE.md").c_str()), 0);
  for (const char* name : {"gone.md", "a.md", "CLAUDE.md"}) {
    EXPECT_EQ(judge(in(name)).reason_code(), "unexaminable") << name;
  }
}

TEST_F(GateTest, EvidenceThatCannotBeReadIsNotAbsentEvidence) {
  const std::string file = write("CLAUDE.md", "be careful\n");
  make_directory(file + ".bundle");
  EXPECT_EQ(judge(file).reason_code(), "unexaminable");
  ASSERT_EQ(::rmdir((file + ".bundle").c_str()), 0);
  ASSERT_EQ(::mkfifo((file + ".bundle").c_str(), 0600), 0);
  EXPECT_EQ(judge(file).reason_code(), "unexaminable");
}

TEST_F(GateTest, LinkIsJudgedAtItsTarget) {
  const std::string file = write("SKILLS.md", "be careful\n");
  sign(make_key(), {file});
  ASSERT_EQ(::symlink("SKILLS.md", in("CLAUDE.md").c_str()), 0);
  const Judgement judged = judge(in("CLAUDE.md"));
  EXPECT_TRUE(judged.proven()) << judged.reason();
  EXPECT_EQ(judged.path, file);
}

TEST_F(GateTest, GivenBundleStandsInPlaceOfTheSidecar) {
  make_repository();
  const std::string file = write("CLAUDE.md", "be careful\n");
  sign(make_key(), {file});
  const std::string elsewhere = in("kept.bundle");
  ASSERT_EQ(::rename((file + ".bundle").c_str(), elsewhere.c_str()), 0);
  EXPECT_EQ(judge(file).reason_code(), "no-bundle");
  const Judgement judged = gate().judge_with(file, elsewhere);
  EXPECT_TRUE(judged.proven()) << judged.reason();
  EXPECT_EQ(judged.bundle_path, elsewhere);
  EXPECT_EQ(gate().judge_with(file, in("none")).reason_code(), "unexaminable");
}

// A signature for instructions does not make a policy, and the other way round.
TEST_F(GateTest, PurposeOfTheSignatureMustFit) {
  make_repository();
  const crypto::PrivateKey key = make_key();
  const std::string policy_file =
      write("trust-policy.json", R"({"version":1,"includes":["CLAUDE*"],"publishers":[],)"
                                 R"("blocklist":{"digests":[],"publishers":[]},)"
                                 R"("enforcement":"deny"})");
  const SignedFile done = testing::must(sign_policy(attest::KeyAuthor(key), policy_file, tree_));
  EXPECT_TRUE(judge(policy_file).proven());
  const std::string copy = write("CLAUDE.md", testing::must(read_file(policy_file, 1u << 20)));
  EXPECT_FALSE(gate().judge_with(copy, done.bundle_path).admitted());
}

TEST_F(GateTest, RemovedObjectIsJudgedByTheNameItHad) {
  const std::string file = write("CLAUDE.md", "be careful\n");
  const OwnedFd object = open_as(file, O_PATH);
  ASSERT_EQ(::unlink(file.c_str()), 0);
  EXPECT_FALSE(gate().judge(object, file, GuardClass::Instruction).admitted());
}

TEST(RemedyTest, EveryReasonHasTheRightKindOfRemedy) {
  struct Case {
    const char* code;
    const char* remedy;
  };
  for (const Case& one : std::initializer_list<Case>{
           {"no-bundle", "nono trust sign 'a b.md'"},
           {"unknown-key", "nono trust publisher add --from 'a b.md'"},
           {"untrusted-publisher", "nono trust publisher add --from 'a b.md'"},
           {"bad-signature", "check what changed, then: nono trust sign 'a b.md'"},
           {"subject-mismatch", "check what changed, then: nono trust sign 'a b.md'"},
           {"malformed-bundle", "check what changed, then: nono trust sign 'a b.md'"},
           {"untrusted-chain",
            "see nono trust root show, or ask whoever signed it to sign it again"},
           {"log-entry-mismatch",
            "see nono trust root show, or ask whoever signed it to sign it again"},
           {"unsupported",
            "read the file, then sign it with a key of your own: nono trust sign 'a b.md'"},
           {"unexaminable", ""},
           {"blocked-digest", ""}}) {
    EXPECT_EQ(remedy_for(one.code, "a b.md"), one.remedy) << one.code;
  }
}

TEST(RemedyTest, NameThatLooksLikeAnOptionIsMadeAPath) {
  EXPECT_EQ(remedy_for("no-bundle", "-f.md"), "nono trust sign ./-f.md");
}

TEST(RemedyTest, NameThatNobodyCanSignIsToBeChanged) {
  for (const std::string_view code : {"no-bundle", "unknown-key", "malformed-bundle"}) {
    for (const std::string_view name : {"CLA\u200dUDE.md", "d/AGENTS\x01.md", "a\nb.md", "a\xff"}) {
      EXPECT_EQ(remedy_for(code, name),
                "rename it, without control or invisible characters, then sign it")
          << code;
    }
  }
  EXPECT_EQ(remedy_for("no-bundle", "d\xff/AGENTS.md"),
            "rename the directory whose name is not UTF-8, then sign it");
  EXPECT_EQ(remedy_for("blocked-digest", "a\nb.md"), "");
  EXPECT_EQ(remedy_for("no-bundle", "ä.md"), "nono trust sign 'ä.md'");
}

}  // namespace
}  // namespace nono::engine
