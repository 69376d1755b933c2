// tests/cli/trust_test.cc: what a user does with `nono trust`, as they see it.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tests/cli/support.h"

namespace nono::cli {
namespace {

using testing::Outcome;

class TrustTest : public testing::CliTest {};

TEST_F(TrustTest, FirstSignatureMakesTheKeyAndVerifies) {
  write("CLAUDE.md", "be careful\n");
  const Outcome first = nono({"trust", "sign", "CLAUDE.md"});
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_TRUE(first.out.starts_with("SIGNED    CLAUDE.md  with default (SHA256:")) << first.out;
  EXPECT_NE(first.err.find("made your first key: default"), std::string::npos) << first.err;
  EXPECT_NE(first.err.find(home_ + "/.config/nono/trust/default.pem"), std::string::npos);
  const Outcome verified = nono({"trust", "verify", "CLAUDE.md"});
  EXPECT_EQ(verified.code, 0);
  EXPECT_TRUE(verified.out.starts_with("VERIFIED  CLAUDE.md  by self (SHA256:")) << verified.out;
  const Outcome second = nono({"trust", "sign", "CLAUDE.md"});
  EXPECT_EQ(second.code, 0);
  EXPECT_EQ(second.err, "") << "the key is there already";
}

TEST_F(TrustTest, FileThatCannotBeSignedMakesNoKey) {
  EXPECT_EQ(nono({"trust", "sign", "none.md"}).code, 125);
  EXPECT_FALSE(exists(home_ + "/.config"));
}

TEST_F(TrustTest, UnsignedIsOneWithTheCommandThatMends) {
  write("CLAUDE.md", "text");
  const Outcome outcome = nono({"trust", "verify", "CLAUDE.md"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.out.starts_with("UNSIGNED  CLAUDE.md  no-bundle: ")) << outcome.out;
  EXPECT_NE(outcome.out.find("\n          mend: nono trust sign CLAUDE.md\n"), std::string::npos)
      << outcome.out;
}

TEST_F(TrustTest, ChangedIsFailed) {
  write("CLAUDE.md", "text");
  ASSERT_EQ(nono({"trust", "sign", "CLAUDE.md"}).code, 0);
  write("CLAUDE.md", "other");
  const Outcome outcome = nono({"trust", "verify", "CLAUDE.md"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.out.starts_with("FAILED    CLAUDE.md  subject-mismatch: ")) << outcome.out;
}

TEST_F(TrustTest, MissingFileIsFailed) {
  const Outcome outcome = nono({"trust", "verify", "none.md"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.out.starts_with("FAILED    none.md  unexaminable: ")) << outcome.out;
}

TEST_F(TrustTest, AllSignsAndVerifiesEverythingBeneath) {
  write("CLAUDE.md", "a");
  write("docs/AGENTS.md", "b");
  write(".claude/commands/x.md", "c");
  write("readme.md", "d");
  const Outcome signed_all = nono({"trust", "sign", "--all"});
  EXPECT_EQ(signed_all.code, 0) << signed_all.err;
  const Outcome outcome = nono({"trust", "verify", "--all"});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_EQ(outcome.err, "3 files: 3 verified, 0 unsigned, 0 failed\n");
  EXPECT_FALSE(exists(in("readme.md.bundle")));
  write("docs/AGENTS.md", "changed");
  EXPECT_EQ(nono({"trust", "verify", "--all"}).code, 1);
  EXPECT_EQ(nono({"trust", "list"}).code, 0) << "a list is no verdict";
}

TEST_F(TrustTest, FileNamedBesideAllIsToldOnce) {
  write("CLAUDE.md", "a");
  write("docs/AGENTS.md", "b");
  const Outcome signed_all = nono({"trust", "sign", "--all", "CLAUDE.md", "./CLAUDE.md"});
  EXPECT_EQ(signed_all.code, 0) << signed_all.err;
  EXPECT_EQ(std::ranges::count(signed_all.out, '\n'), 2) << signed_all.out;
  const Outcome outcome = nono({"trust", "verify", "--all", "./CLAUDE.md"});
  EXPECT_EQ(outcome.err, "2 files: 2 verified, 0 unsigned, 0 failed\n");
  write("CLAUDE.md", "changed");
  EXPECT_EQ(nono({"trust", "verify", "--all", "CLAUDE.md"}).err,
            "2 files: 1 verified, 0 unsigned, 1 failed\n");
}

TEST_F(TrustTest, ReaderWhoGoesLeavesNoFileUnsigned) {
  ASSERT_EQ(nono({"trust", "keygen"}).code, 0);
  const std::string long_name(200, 'd');  // more lines than are gathered before they are written
  for (int i = 0; i < 120; ++i) {
    write(long_name + std::to_string(i) + "/CLAUDE.md", "a");
  }
  shell("{ sleep 1; $NONO trust sign --all -v; } | true");
  EXPECT_EQ(nono({"trust", "verify", "--all"}).err,
            "120 files: 120 verified, 0 unsigned, 0 failed\n");
}

// What ".." names is what the kernel finds, not what the text says.
TEST_F(TrustTest, FileThatOnlyLooksNamedIsToldByAll) {
  write("CLAUDE.md", "unsigned");
  write("x/y/readme.md", "");
  write("x/CLAUDE.md", "a");
  EXPECT_EQ(nono({"trust", "sign", "x/CLAUDE.md"}).code, 0);
  ASSERT_EQ(::symlink("x/y", in("d").c_str()), 0);
  const Outcome outcome = nono({"trust", "verify", "--all", "d/../CLAUDE.md"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "3 files: 2 verified, 1 unsigned, 0 failed\n");
}

TEST_F(TrustTest, MultiSubjectWritesOneBundle) {
  write("CLAUDE.md", "a");
  write("docs/AGENTS.md", "b");
  EXPECT_EQ(nono({"trust", "sign", "--all", "--multi-subject"}).code, 0);
  EXPECT_TRUE(exists(in(".nono-trust.bundle")));
  EXPECT_FALSE(exists(in("CLAUDE.md.bundle")));
  EXPECT_EQ(nono({"trust", "verify", "--all"}).code, 0);
}

TEST_F(TrustTest, NothingGuardedIsSaidAndDone) {
  const Outcome outcome = nono({"trust", "sign", "--all"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.err.find("no guarded file"), std::string::npos);
  EXPECT_FALSE(exists(home_ + "/.config"));
}

TEST_F(TrustTest, NameThatCannotBeSignedIsRefusedWithWhatMendsIt) {
  for (const char* name : {"CLA\u200dUDE.md", "CLAUDE-\x01.md", "CLAUDE-\n.md", "CLAUDE-\xff.md"}) {
    write(name, "a");
    const Outcome outcome = nono({"trust", "sign", name});
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_TRUE(outcome.err.ends_with("\n  mend: rename the file\n")) << outcome.err;
    EXPECT_FALSE(exists(in(std::string(name) + ".bundle")));
    EXPECT_NE(nono({"trust", "verify", name}).out.find("mend: rename it, "), std::string::npos);
  }
  EXPECT_FALSE(exists(home_ + "/.config")) << "no key is made for nothing";
}

TEST_F(TrustTest, AllSignsTheOthersAndNamesWhatCannotBeSigned) {
  for (const char* name : {"CLA\u200dUDE.md", "CLAUDE-\x01.md", "CLAUDE-\n.md", "CLAUDE-\xff.md"}) {
    write(std::string(".claude/commands/") + name, "a");
  }
  ASSERT_EQ(::symlink("GEMINI.md", in("GEMINI.md").c_str()), 0);
  ASSERT_EQ(::mkfifo(in("AGENTS.md").c_str(), 0644), 0);
  write("docs/CLAUDE.md", std::string((1u << 20) + 1, 'x'));
  EXPECT_EQ(nono({"trust", "sign", "--all"}).code, 1) << "nothing is left to sign";
  write("CLAUDE.md", "a");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"trust", "sign", "--all"}, {"trust", "sign", "--all", "--multi-subject"}}) {
    const Outcome outcome = nono(words);
    EXPECT_EQ(outcome.code, 1) << outcome.err;
    EXPECT_TRUE(outcome.out.starts_with("SIGNED    CLAUDE.md  ")) << outcome.out;
    EXPECT_EQ(std::ranges::count(outcome.out, '\n'), 1) << outcome.out;
    for (const char* part :
         {"nono: left alone: ", "CLA\\u{200d}UDE.md", "CLAUDE-\\x01.md", "CLAUDE-\\n.md",
          "CLAUDE-\\xff.md", "GEMINI.md", "AGENTS.md is not a regular file",
          "docs/CLAUDE.md: larger than the limit"}) {
      EXPECT_NE(outcome.err.find(part), std::string::npos) << part << outcome.err;
    }
    EXPECT_EQ(nono({"trust", "verify", "CLAUDE.md"}).code, 0);
  }
  EXPECT_TRUE(exists(in("CLAUDE.md.bundle")));
  EXPECT_TRUE(exists(in(".nono-trust.bundle")));
}

TEST_F(TrustTest, GivenBundleDecides) {
  write("CLAUDE.md", "text");
  ASSERT_EQ(nono({"trust", "sign", "CLAUDE.md"}).code, 0);
  ASSERT_EQ(::rename(in("CLAUDE.md.bundle").c_str(), in("kept").c_str()), 0);
  EXPECT_EQ(nono({"trust", "verify", "CLAUDE.md"}).code, 1);
  EXPECT_EQ(nono({"trust", "verify", "--bundle", "kept", "CLAUDE.md"}).code, 0);
}

TEST_F(TrustTest, GivenPolicyDecides) {
  write("CLAUDE.md", "text");
  ASSERT_EQ(nono({"trust", "sign", "CLAUDE.md"}).code, 0);
  const Outcome digest = shell("sha256sum CLAUDE.md | cut -d' ' -f1");
  write("strict.json", R"({"version":1,"includes":["*.md"],"publishers":[],"enforcement":"deny",)"
                       R"("blocklist":{"digests":[{"sha256":")" +
                           testing::last_line(digest.out) +
                           R"(","description":"d","added":"2026-01-01"}],"publishers":[]}})");
  EXPECT_EQ(nono({"trust", "verify", "CLAUDE.md"}).code, 0);
  const Outcome outcome = nono({"trust", "verify", "--policy", "strict.json", "CLAUDE.md"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("blocked-digest"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("/blocklist/digests/0 of " + in("strict.json")), std::string::npos);
}

TEST_F(TrustTest, ExplainEndsAsVerifyDoes) {
  write("CLAUDE.md", "text");
  const Outcome unsigned_file = nono({"trust", "explain", "CLAUDE.md"});
  EXPECT_EQ(unsigned_file.code, 1);
  EXPECT_NE(unsigned_file.out.find("looked-for: " + in("CLAUDE.md.bundle")), std::string::npos);
  ASSERT_EQ(nono({"trust", "sign", "CLAUDE.md"}).code, 0);
  const Outcome outcome = nono({"trust", "explain", "CLAUDE.md"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("finding: verified"), std::string::npos) << outcome.out;
}

TEST_F(TrustTest, KeysAreMadeExportedAndUsedByName) {
  const Outcome made = nono({"trust", "keygen", "--id", "work", "--algorithm", "ed25519"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_NE(made.out.find("made key work (ed25519)"), std::string::npos);
  EXPECT_EQ(nono({"trust", "keygen", "--id", "work"}).code, 2) << "never replaced unasked";
  const Outcome pem = nono({"trust", "export-key", "--id", "work", "--pem"});
  EXPECT_TRUE(pem.out.starts_with("-----BEGIN PUBLIC KEY-----\n")) << pem.out;
  EXPECT_EQ(pem.out, read(home_ + "/.config/nono/trust/work.pub"));
  const Outcome base64 = nono({"trust", "export-key", "--id", "work"});
  EXPECT_EQ(base64.out.find("-----"), std::string::npos);
  write("AGENTS.md", "text");
  const Outcome used = nono({"trust", "sign", "--key", "work", "AGENTS.md"});
  EXPECT_TRUE(used.out.starts_with("SIGNED    AGENTS.md  with work (")) << used.out;
  EXPECT_EQ(nono({"trust", "verify", "AGENTS.md"}).code, 0);
}

TEST_F(TrustTest, KeyInAFileElsewhereNeedsItsPublicHalfToBeTrusted) {
  write("CLAUDE.md", "text");
  ASSERT_EQ(nono({"trust", "keygen", "--id", "x", "--keyref", "file://" + in("team.pem")}).code, 0);
  EXPECT_EQ(nono({"trust", "sign", "--keyref", "file://" + in("team.pem"), "CLAUDE.md"}).err, "");
  EXPECT_EQ(nono({"trust", "verify", "CLAUDE.md"}).code, 0);
  ASSERT_EQ(::unlink((home_ + "/.config/nono/trust/x.pub").c_str()), 0);
  const Outcome foreign =
      nono({"trust", "sign", "--keyref", "file://" + in("team.pem"), "CLAUDE.md"});
  EXPECT_NE(foreign.err.find("not among your own keys"), std::string::npos) << foreign.err;
  EXPECT_EQ(nono({"trust", "verify", "CLAUDE.md"}).code, 1);
}

TEST_F(TrustTest, PublisherIsShownAddedAndRemoved) {
  // Alice, with a home of her own, signs; her public key reaches us.
  write("CLAUDE.md", "text");
  const std::string ours = environment_["HOME"];
  environment_["HOME"] = base_ + "/alice";
  ASSERT_EQ(nono({"trust", "sign", "CLAUDE.md"}).code, 0);
  write("alice.pub", nono({"trust", "export-key", "--pem"}).out);
  environment_["HOME"] = ours;

  const Outcome stranger = nono({"trust", "verify", "CLAUDE.md"});
  EXPECT_EQ(stranger.code, 1);
  EXPECT_NE(stranger.out.find("unknown-key"), std::string::npos) << stranger.out;
  EXPECT_NE(stranger.out.find("mend: nono trust publisher add --from CLAUDE.md"),
            std::string::npos);

  const Outcome keyless = nono({"trust", "publisher", "add", "--from", "CLAUDE.md"});
  EXPECT_EQ(keyless.code, 2);
  EXPECT_NE(keyless.err.find("--from CLAUDE.md --key PUBFILE"), std::string::npos) << keyless.err;

  const std::vector<std::string> add = {"trust",     "publisher", "add",      "--from",
                                        "CLAUDE.md", "--key",     "alice.pub"};
  const Outcome unasked = nono(add);
  EXPECT_EQ(unasked.code, 2) << "no terminal, no yes";
  EXPECT_NE(unasked.err.find("fingerprint  SHA256:"), std::string::npos) << unasked.err;
  EXPECT_NE(unasked.err.find("--yes"), std::string::npos);
  EXPECT_FALSE(exists(user_policy()));

  std::vector<std::string> yes = add;
  yes.emplace_back("--yes");
  const Outcome added = nono(yes);
  EXPECT_EQ(added.code, 0) << added.err;
  EXPECT_TRUE(added.out.starts_with("added alice (SHA256:")) << added.out;
  EXPECT_TRUE(nono({"trust", "verify", "CLAUDE.md"})
                  .out.starts_with("VERIFIED  CLAUDE.md  by alice (SHA256:"));
  EXPECT_NE(nono({"trust", "publisher", "list"}).out.find("alice  SHA256:"), std::string::npos);
  EXPECT_TRUE(nono(yes).out.starts_with("was there already: alice"));
  EXPECT_EQ(nono({"trust", "publisher", "remove", "alice"}).code, 0);
  EXPECT_EQ(nono({"trust", "verify", "CLAUDE.md"}).code, 1);
  EXPECT_EQ(nono({"trust", "publisher", "remove", "alice"}).code, 2);
}

TEST_F(TrustTest, DelegatingPublisherMayAddPublishers) {
  write("CLAUDE.md", "text");
  const std::string ours = environment_["HOME"];
  environment_["HOME"] = base_ + "/bob";
  ASSERT_EQ(nono({"trust", "sign", "CLAUDE.md"}).code, 0);
  const std::string bob = testing::last_line(nono({"trust", "export-key"}).out);
  environment_["HOME"] = base_ + "/alice";
  write("trust-policy.json", R"({"version":1,"includes":["CLAUDE*"],"publishers":[{"name":"bob",)"
                             R"("key_id":"bob","public_key":")" +
                                 bob + R"("}],"enforcement":"deny"})");
  ASSERT_EQ(nono({"trust", "sign-policy"}).code, 0);
  write("alice.pub", nono({"trust", "export-key", "--pem"}).out);
  environment_["HOME"] = ours;
  const std::vector<std::string> add = {"trust",     "publisher", "add",   "--key",
                                        "alice.pub", "--yes",     "--name"};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> words = add;
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  ASSERT_EQ(nono(with({"alice"})).code, 0);
  EXPECT_EQ(nono({"trust", "verify", "CLAUDE.md"}).code, 1) << "alice does not delegate";
  ASSERT_EQ(nono(with({"alice", "--delegates"})).code, 0);
  EXPECT_EQ(nono({"trust", "verify", "CLAUDE.md"}).code, 0);
}

TEST_F(TrustTest, InitWritesOnceAndSignPolicySigns) {
  const Outcome made = nono({"trust", "init", "--include", "PROMPT*.md"});
  EXPECT_EQ(made.code, 0);
  EXPECT_EQ(made.out, "wrote " + in("trust-policy.json") + "\n");
  const std::string before = read(in("trust-policy.json"));
  const Outcome again = nono({"trust", "init"});
  EXPECT_EQ(again.code, 2);
  EXPECT_NE(again.err.find("--force"), std::string::npos);
  EXPECT_EQ(read(in("trust-policy.json")), before);
  EXPECT_EQ(nono({"trust", "init", "--force"}).code, 0);
  EXPECT_EQ(nono({"trust", "sign-policy"}).code, 0);
  EXPECT_EQ(nono({"trust", "verify", "trust-policy.json"}).code, 0);
  EXPECT_EQ(nono({"trust", "sign", "trust-policy.json"}).code, 2);
}

TEST_F(TrustTest, InitNamesTheKeyThatSigns) {
  ASSERT_EQ(nono({"trust", "keygen", "--id", "alice"}).code, 0);
  const Outcome made =
      nono({"trust", "init", "--include", "SKILLS.md", "more/AGENT.md", "--key", "alice"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_TRUE(made.err.contains("nono trust sign-policy --key alice")) << made.err;
  const std::string policy = read(in("trust-policy.json"));
  for (const char* part :
       {"\"SKILLS.md\"", "\"more/AGENT.md\"", "\"name\": \"alice\"", "\"public_key\": "}) {
    EXPECT_TRUE(policy.contains(part)) << part << " in " << policy;
  }
  // Somebody else finds the key there, and only there.
  write("CLAUDE.md", "text\n");
  ASSERT_EQ(nono({"trust", "sign", "--key", "alice", "CLAUDE.md"}).code, 0);
  ASSERT_EQ(nono({"trust", "sign-policy", "--key", "alice"}).code, 0);
  std::filesystem::remove_all(home_ + "/.config");
  EXPECT_EQ(nono({"trust", "verify", "CLAUDE.md"}).code, 1);
  ASSERT_EQ(nono({"trust", "publisher", "add", "--from", "CLAUDE.md", "--yes"}).code, 0);
  EXPECT_EQ(nono({"trust", "verify", "CLAUDE.md"}).code, 0);
}

TEST_F(TrustTest, InitRefusesKeysAndPatternsThatSayNothing) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--key", "nobody"},
                                                {"--name", "alice"},
                                                {"SKILLS.md"},
                                                {"--key", "a", "--keyref", "keystore://a"}}) {
    std::vector<std::string> all{"trust", "init"};
    all.insert(all.end(), words.begin(), words.end());
    const Outcome refused = nono(all);
    EXPECT_NE(refused.code, 0) << words.front();
    EXPECT_TRUE(refused.err.contains("mend: ")) << refused.err;
    EXPECT_FALSE(exists(in("trust-policy.json"))) << words.front();
  }
}

TEST_F(TrustTest, ABundleIsNotToBeSigned) {
  write("CLAUDE.md", "text\n");
  ASSERT_EQ(nono({"trust", "sign", "CLAUDE.md"}).code, 0);
  const Outcome one = nono({"trust", "verify", "CLAUDE.md.bundle"});
  EXPECT_EQ(one.code, 1);
  EXPECT_TRUE(one.out.contains("nono trust verify CLAUDE.md\n")) << one.out;
  ASSERT_EQ(nono({"trust", "sign", "--all", "--multi-subject"}).code, 0);
  const Outcome many = nono({"trust", "verify", ".nono-trust.bundle"});
  EXPECT_EQ(many.code, 1);
  EXPECT_TRUE(many.out.contains("nono trust verify --all\n")) << many.out;
}

TEST_F(TrustTest, InitOfTheUserIsPrivate) {
  EXPECT_EQ(nono({"trust", "init", "--user"}).code, 0);
  struct stat status{};
  ASSERT_EQ(::stat(user_policy().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(nono({"trust", "init", "--user"}).code, 2);
}

TEST_F(TrustTest, InitOfTheUserWritesThroughALinkAndKeepsIt) {
  const std::string kept = write("dotfiles/policy.json", "{");
  ASSERT_EQ(nono({"trust", "init", "--user"}).code, 0);
  ASSERT_EQ(::unlink(user_policy().c_str()), 0);
  ASSERT_EQ(::symlink(kept.c_str(), user_policy().c_str()), 0);
  EXPECT_EQ(nono({"trust", "init", "--user"}).code, 2) << "something is there";
  EXPECT_EQ(nono({"trust", "init", "--user", "--force"}).code, 0);
  struct stat status{};
  ASSERT_EQ(::lstat(user_policy().c_str(), &status), 0);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
  EXPECT_TRUE(read(kept).contains("\"predicate\": ")) << read(kept);
  ASSERT_EQ(::unlink(kept.c_str()), 0);
  const Outcome dangling = nono({"trust", "init", "--user", "--force"});
  EXPECT_NE(dangling.code, 0);
  EXPECT_NE(dangling.err.find("is a symbolic link to " + kept + ", and no file is there"),
            std::string::npos)
      << dangling.err;
  EXPECT_FALSE(exists(kept));
}

TEST_F(TrustTest, BlockedIsFailedWhateverSignedIt) {
  write("CLAUDE.md", "text");
  ASSERT_EQ(nono({"trust", "sign", "CLAUDE.md"}).code, 0);
  const Outcome blocked = nono({"trust", "block", "CLAUDE.md", "--reason", "asks for tokens"});
  EXPECT_EQ(blocked.code, 0);
  EXPECT_TRUE(blocked.out.starts_with("blocked digest ")) << blocked.out;
  const Outcome outcome = nono({"trust", "verify", "CLAUDE.md"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("asks for tokens"), std::string::npos) << outcome.out;
  EXPECT_TRUE(nono({"trust", "block", "CLAUDE.md"}).out.starts_with("was blocked already"));
  write("AGENTS.md", "other");
  ASSERT_EQ(nono({"trust", "sign", "AGENTS.md"}).code, 0);
  EXPECT_EQ(nono({"trust", "block", "--publisher", "self"}).code, 0);
  EXPECT_NE(nono({"trust", "verify", "AGENTS.md"}).out.find("blocked-publisher"),
            std::string::npos);
}

TEST_F(TrustTest, XdgDirectoriesAreUsed) {
  environment_["XDG_CONFIG_HOME"] = base_ + "/config";
  write("CLAUDE.md", "text");
  ASSERT_EQ(nono({"trust", "sign", "CLAUDE.md"}).code, 0);
  EXPECT_TRUE(exists(base_ + "/config/nono/trust/default.pem"));
  EXPECT_FALSE(exists(home_ + "/.config"));
}

TEST_F(TrustTest, LoudnessIsObeyed) {
  write("A/CLAUDE.md", "text");
  write("B/CLAUDE.md", "text");
  const Outcome quiet = nono({"trust", "verify", "--all", "-q"});
  EXPECT_EQ(quiet.err, "");
  EXPECT_NE(quiet.out, "");
  const Outcome silent = nono({"trust", "verify", "--all", "--silent"});
  EXPECT_EQ(silent.code, 1);
  EXPECT_EQ(silent.out + silent.err, "");
  const Outcome verbose = nono({"trust", "verify", "--all", "-v"});
  EXPECT_NE(verbose.out.find("sha256: "), std::string::npos);
  EXPECT_NE(nono({"trust", "verify", "--nope", "--silent"}).err, "") << "errors are always said";
}

TEST_F(TrustTest, ColourOnlyWhereItIsWanted) {
  write("CLAUDE.md", "text");
  EXPECT_EQ(nono({"trust", "verify", "CLAUDE.md"}).out.find('\033'), std::string::npos);
  EXPECT_EQ(nono({"trust", "verify", "CLAUDE.md", "--color", "never"}).out.find('\033'),
            std::string::npos);
  EXPECT_NE(nono({"trust", "verify", "CLAUDE.md", "--color", "always"}).out.find('\033'),
            std::string::npos);
  // On a terminal: coloured, unless NO_COLOR is set. script(1) gives the terminal.
  if (exists("/usr/bin/script")) {
    const std::string run = program() + " trust verify CLAUDE.md";
    EXPECT_NE(shell("script -qec '" + run + "' /dev/null").out.find("\033[33m"), std::string::npos);
    environment_["NO_COLOR"] = "1";
    EXPECT_EQ(shell("script -qec '" + run + "' /dev/null").out.find("\033[33m"), std::string::npos);
  }
}

TEST_F(TrustTest, FileSizeLimitIsAnErrorAndLeavesTheOldBundle) {
  write("CLAUDE.md", "text");
  ASSERT_EQ(nono({"trust", "sign", "CLAUDE.md"}).code, 0);
  const std::string before = read(in("CLAUDE.md.bundle"));
  // In TEST_TMPDIR ThreadSanitizer makes a file of its own, were it there.
  const Outcome outcome = shell("ulimit -f 0; TEST_TMPDIR=/nonexistent $NONO trust sign CLAUDE.md");
  EXPECT_EQ(outcome.code, 125) << outcome.err;
  EXPECT_NE(outcome.err.find("File too large"), std::string::npos) << outcome.err;
  EXPECT_EQ(read(in("CLAUDE.md.bundle")), before);
}

TEST_F(TrustTest, AnswerOnATerminalDecides) {
  if (!exists("/usr/bin/script")) {
    GTEST_SKIP() << "script(1) is not installed: no terminal to answer on";
  }
  write("CLAUDE.md", "text");
  const std::string ours = environment_["HOME"];
  environment_["HOME"] = base_ + "/alice";
  ASSERT_EQ(nono({"trust", "sign", "CLAUDE.md"}).code, 0);
  write("alice.pub", nono({"trust", "export-key", "--pem"}).out);
  environment_["HOME"] = ours;
  const std::string add = program() + " trust publisher add --from CLAUDE.md --key alice.pub";
  const auto answer = [&](const std::string& text) {
    return shell("(sleep 0.3; echo " + text + ") | script -qec '" + add + "' /dev/null");
  };
  EXPECT_EQ(answer("n").code, 1);
  EXPECT_FALSE(exists(user_policy()));
  EXPECT_EQ(answer("y").code, 0);
  EXPECT_TRUE(exists(user_policy()));
}

}  // namespace
}  // namespace nono::cli
