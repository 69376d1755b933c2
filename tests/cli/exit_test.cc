// tests/cli/exit_test.cc: one row per exit code and class of message.
#include "tests/cli/support.h"

namespace nono::cli {
namespace {

class ExitTest : public testing::CliTest {};

struct Row {
  const char* name;
  std::vector<std::string> words;
  int code;
  const char* error;  // a part of stderr
  const char* mend;   // a part of the line after "mend: "; empty: no such line
};

void expect(const testing::Outcome& outcome, const Row& row) {
  EXPECT_EQ(outcome.code, row.code) << row.name << ": " << outcome.err;
  EXPECT_NE(outcome.err.find(row.error), std::string::npos) << row.name << ": " << outcome.err;
  EXPECT_TRUE(outcome.err.starts_with("nono: ")) << row.name << ": " << outcome.err;
  if (*row.mend != '\0') {
    const std::string wanted = std::string("\n  mend: ");
    const std::size_t line = outcome.err.find(wanted);
    ASSERT_NE(line, std::string::npos) << row.name << ": " << outcome.err;
    EXPECT_NE(outcome.err.find(row.mend, line), std::string::npos)
        << row.name << ": " << outcome.err;
  }
  EXPECT_EQ(outcome.out, "") << row.name;
}

TEST_F(ExitTest, AFileOverALimitIsNotWhatItShouldBe) {
  const std::string large((17u << 20) + 1, 'x');
  for (const char* name : {"AGENTS.md", "large.pem", "trust-policy.json"}) {
    write(name, large);
  }
  write("deep.json", std::string(1000, '['));
  const std::string key = "file://" + in("large.pem");
  ASSERT_EQ(::chmod(in("large.pem").c_str(), 0600), 0);
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"trust", "sign", "AGENTS.md"},
           {"trust", "sign", "--keyref", key, "AGENTS.md"},
           {"trust", "sign-policy"},
           {"trust", "inspect", "large.pem"},
           {"trust", "inspect", "deep.json"},
           {"trust", "sign", "--keyless", "--identity-token", "@large.pem", "AGENTS.md"},
           {"trust", "root", "init", "--trust-config", "large.pem"},
           {"trust", "root", "init", "--trust-config", "deep.json"},
           {"trust", "root", "init", "--root", "large.pem", "--url", "https://tuf.example"}}) {
    const testing::Outcome outcome = nono(words);
    EXPECT_EQ(outcome.code, 2) << words[1] << ' ' << words[2 % words.size()] << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

TEST_F(ExitTest, WrongUsageIsTwoAndNamesTheWord) {
  write("CLAUDE.md", "text");
  write("trust-policy.json", "{}");
  const std::string two_hundred(200, 'x');
  const std::vector<Row> rows = {
      {"no command", {}, 2, "a command is missing", "nono --help"},
      {"group alone", {"trust"}, 2, "a command is missing", "nono trust --help"},
      {"unknown command", {"trust", "verfy"}, 2, "no command \"trust verfy\"", "nono trust --help"},
      {"unknown group", {"trst", "verify"}, 2, "no command \"trst verify\"", "nono --help"},
      {"option first", {"--json", "trust", "list"}, 2, "no option --json before a command", ""},
      {"unknown option",
       {"trust", "verify", "--al", "x"},
       2,
       "no option --al",
       "trust verify --help"},
      {"unknown letter", {"trust", "verify", "-Z", "x"}, 2, "no option -Z", "trust verify --help"},
      {"value missing", {"trust", "verify", "x", "--policy"}, 2, "policy", "trust verify --help"},
      {"value empty", {"trust", "keygen", "--id", ""}, 2, "--id needs a value", ""},
      {"value unwanted", {"trust", "verify", "--all=yes"}, 2, "--all", ""},
      {"given twice", {"trust", "keygen", "--id", "a", "--id", "b"}, 2, "--id is given twice", ""},
      {"nothing to verify", {"trust", "verify"}, 2, "not said which file", "--all"},
      {"nothing to sign", {"trust", "sign"}, 2, "not said which file", "--all"},
      {"operand missing", {"trust", "explain"}, 2, "FILE is missing", ""},
      {"operand too many", {"trust", "explain", "a", "b"}, 2, "\"b\" is one argument too many", ""},
      {"operand unwanted", {"trust", "list", "x"}, 2, "\"x\" is one argument too many", ""},
      {"operand empty", {"trust", "verify", ""}, 2, "an argument is empty", ""},
      {"colour",
       {"trust", "list", "--color", "pink"},
       2,
       "--color \"pink\"",
       "auto, always or never"},
      {"two bundles", {"trust", "verify", "--bundle", "b", "x", "y"}, 2, "--bundle", "exactly one"},
      {"both keys",
       {"trust", "sign", "CLAUDE.md", "--key", "a", "--keyref", "file:///b"},
       2,
       "--key and --keyref",
       "one of the two"},
      {"bad key name", {"trust", "keygen", "--id", "../a"}, 2, "\"../a\"", "A-Z a-z"},
      {"long key name", {"trust", "keygen", "--id", two_hundred}, 2, "cannot be the name", ""},
      {"bad keyref", {"trust", "keygen", "--keyref", "work"}, 2, "\"work\"", "keystore://ID"},
      {"bad algorithm", {"trust", "keygen", "--algorithm", "rsa"}, 2, "\"rsa\"", "ed25519"},
      {"nothing to block", {"trust", "block"}, 2, "not said what to block", "DIGEST or FILE"},
      {"two to block",
       {"trust", "block", "bad.md", "--publisher", "mallory"},
       2,
       "--publisher and \"bad.md\" both say",
       "one of the two"},
      {"no digest", {"trust", "block", "zz"}, 2, "neither a digest nor a readable file", "64"},
      {"nobody to add", {"trust", "publisher", "add"}, 2, "not said whose", "--from FILE"},
      {"bad head", {"audit", "verify", "0123456789abcdef", "--head", "x"}, 2, "--head", "64"},
      {"bad shell", {"--generate-completion", "tcsh"}, 2, "tcsh", "bash, zsh or fish"},
  };
  write("trust-policy.json",
        R"({"version":1,"includes":["*.md"],"publishers":[],"enforcement":"deny"})");
  for (const Row& row : rows) {
    expect(nono(row.words), row);
  }
  EXPECT_FALSE(exists(home_ + "/.config")) << "nothing was written";
}

TEST_F(ExitTest, DocumentOfASessionIsTwo) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"run", "--json", "--", "true"}, {"shell", "--json"}}) {
    const auto asked = nono(words);
    expect(asked, {words.front().c_str(), {}, 2, "--json is for --dry-run", "add --dry-run"});
    EXPECT_NE(asked.err.find("nono audit show --json"), std::string::npos) << asked.err;
  }
}

TEST_F(ExitTest, BadPolicyIsTwoWithFileAndPointer) {
  write("CLAUDE.md", "text");
  const std::vector<std::pair<const char*, const char*>> faults = {
      {R"({"version":1,"includes":["*.md"],"publishers":[],"enforcement":"dney"})", "/enforcement"},
      {R"({"version":2,"includes":["*.md"],"publishers":[],"enforcement":"deny"})", "/version"},
      {R"({"version":1,"includes":["*.md"],"publishers":[{"name":"x"}],"enforcement":"deny"})",
       "/publishers/0"},
      {R"({"version":1,"includes":["*.md"],"publishers":[],"enforcement":"deny","x":1})", "x"},
      {R"({"version":1,"version":1})", "version"},
      {"{", "trust-policy.json"},
  };
  for (const auto& [text, pointer] : faults) {
    write("trust-policy.json", text);
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"trust", "verify", "CLAUDE.md"}, {"trust", "list"}, {"trust", "sign-policy"}}) {
      const testing::Outcome outcome = nono(words);
      EXPECT_EQ(outcome.code, 2) << text;
      EXPECT_NE(outcome.err.find("trust-policy.json"), std::string::npos) << outcome.err;
      EXPECT_NE(outcome.err.find(pointer), std::string::npos) << outcome.err;
    }
  }
  EXPECT_FALSE(exists(in("trust-policy.json.bundle")));
}

TEST_F(ExitTest, PolicyOverALimitIsTwo) {
  write("CLAUDE.md", "text");
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  for (const auto& [text, why] :
       {std::pair(deep, "deep"), std::pair(std::string(5u << 20, ' '), "bytes")}) {
    const std::string path = write("trust-policy.json", text);
    expect(nono({"trust", "verify", "CLAUDE.md"}), {"project", {}, 2, "trust-policy.json", ""});
    const auto named = nono({"trust", "verify", "CLAUDE.md", "--policy", path});
    expect(named, {"named", {}, 2, "trust-policy.json", ""});
    EXPECT_NE(named.err.find(why), std::string::npos) << named.err;
  }
}

// Sound keys, each in its form, of which none can sign here.
TEST_F(ExitTest, KeyFileThatIsNotWhatItShouldBeIsTwo) {
  write("CLAUDE.md", "text");
  struct Key {
    const char* text;
    const char* why;
  };
  const std::vector<Key> keys = {
      {"MAYwAgUABAA=", "it is encrypted"},
      {"MBQCAQAwDQYJKoZIhvcNAQEBBQAEAA==", "RSA keys verify here"},
      {"MEcCAQAwBQYDK2VxBDsEOTKhhCjpA8AK5KT7RHOtmZVzWkLiXkhgieL7cjiaSG9AhZ15Zk0gwZ1beglupICGm7z1Irq"
       "OCFw55w==",
       "none of ECDSA, Ed25519 and RSA"},
      {"MC4CAQAwBQYDK2VuBCIEIGCTQq+ZyB5fIu7e3pxmmOArg5wY4ohDWqjwdhOsIGV+",
       "none of ECDSA, Ed25519 and RSA"},
      {"MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQglTe+naVpzHKC3JaDtNwxUM2/"
       "DZl5Di0UsiceOcXV1GahRANCAASaIsgj2mXYwIQzR1wqEEQ7dsiv2vOm0A9li9XRCqtrMzub6wXdsQKVNkbhScltvzE"
       "p6PyOwBeWNUcwvS1Zp4X5",
       "none of P-256, P-384 and P-521"},
  };
  for (const Key& key : keys) {
    const std::string path = write("a.key", key.text);
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    expect(nono({"trust", "sign", "CLAUDE.md", "--keyref", "file://" + path}),
           {key.why, {}, 2, key.why, ""});
  }
  EXPECT_FALSE(exists(in("CLAUDE.md.bundle")));
  const std::string path = write("a.pub",
                                 "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEmiLII9pl2MCEM0dcKhBEO3bIr9rzptAPZ"
                                 "YvV0QqrazM7m+sF3bEClTZG4UnJbb8xKej8jsAXljVHML0tWaeF+Q==");
  expect(nono({"trust", "publisher", "add", "--yes", "--name", "x", "--key", path}),
         {"public", {}, 2, "none of P-256, P-384 and P-521", ""});
}

TEST_F(ExitTest, WhatCannotBeDoneIs125) {
  write("CLAUDE.md", "text");
  ASSERT_EQ(nono({"trust", "keygen"}).code, 0);
  const std::string key = home_ + "/.config/nono/trust/default.pem";
  ASSERT_EQ(::chmod(key.c_str(), 0644), 0);
  const std::vector<Row> rows = {
      {"key open to others", {"trust", "sign", "CLAUDE.md"}, 125, "open to others", "chmod 600"},
      {"no such key",
       {"trust", "sign", "CLAUDE.md", "--key", "work"},
       125,
       "there is no key work in ",
       "nono trust keygen --id work"},
      {"no key to export",
       {"trust", "export-key", "--id", "work"},
       125,
       "there is no key work in ",
       "nono trust keygen --id work"},
      {"no such file", {"trust", "sign", "none.md"}, 125, "none.md", ""},
      {"no such key file",
       {"trust", "sign", "CLAUDE.md", "--keyref", "file:///none"},
       125,
       "/none",
       ""},
      {"no such policy",
       {"trust", "verify", "--policy", "none.json", "CLAUDE.md"},
       125,
       "none.json",
       ""},
      {"no session",
       {"audit", "show", "0123456789abcdef"},
       125,
       "no record of a session 0123456789abcdef",
       "nono audit list"},
  };
  for (const Row& row : rows) {
    expect(nono(row.words), row);
  }
  EXPECT_FALSE(exists(in("CLAUDE.md.bundle")));
}

TEST_F(ExitTest, UnwritableStdoutIs125) {
  write("CLAUDE.md", "text");
  const testing::Outcome full = shell("$NONO trust list > /dev/full");
  EXPECT_EQ(full.code, 125);
  EXPECT_NE(full.err.find("No space left"), std::string::npos) << full.err;
  EXPECT_EQ(shell("$NONO --version > /dev/full").code, 125);
}

// Descriptor 1 is free: without care the key file would become stdout, and be written into.
TEST_F(ExitTest, ClosedStandardDescriptorsHarmNothing) {
  write("CLAUDE.md", "text");
  EXPECT_EQ(shell("$NONO trust sign CLAUDE.md <&- >&- 2>&-").code, 0);
  EXPECT_EQ(nono({"trust", "verify", "CLAUDE.md"}).code, 0);
  EXPECT_EQ(read(in("CLAUDE.md")), "text");
}

TEST_F(ExitTest, WithoutAnyHomeTheErrorSaysWhatToSet) {
  write("CLAUDE.md", "text");
  environment_.erase("HOME");
  if (::geteuid() == 0 && exists("/usr/bin/setpriv")) {
    // A user number without an entry in the password database.
    ASSERT_EQ(::chmod(base_.c_str(), 0755), 0);
    ASSERT_EQ(::chmod(tree_.c_str(), 0755), 0);
    const testing::Outcome nobody = run({"/usr/bin/setpriv", "--reuid=54321", "--clear-groups",
                                         program(), "trust", "verify", "CLAUDE.md"});
    if (nobody.code == 127 || nobody.code == 126) {
      GTEST_SKIP() << "another user cannot reach the built program";
    }
    EXPECT_EQ(nobody.code, 125);
    EXPECT_NE(nobody.err.find("mend: set HOME"), std::string::npos) << nobody.err;
  }
  EXPECT_EQ(nono({"--version"}).code, 0);
  EXPECT_EQ(nono({"trust", "verify", "--help"}).code, 0);
}

TEST_F(ExitTest, HelpIsZeroEverywhere) {
  const testing::Outcome all = nono({"--help"});
  EXPECT_EQ(all.code, 0);
  EXPECT_EQ(all.err, "");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"trust"},
                                             {"trust", "publisher"},
                                             {"audit"},
                                             {"trust", "sign"},
                                             {"trust", "verify"},
                                             {"trust", "list"},
                                             {"trust", "explain"},
                                             {"trust", "keygen"},
                                             {"trust", "export-key"},
                                             {"trust", "init"},
                                             {"trust", "sign-policy"},
                                             {"trust", "publisher", "add"},
                                             {"trust", "publisher", "remove"},
                                             {"trust", "publisher", "list"},
                                             {"trust", "block"},
                                             {"audit", "list"},
                                             {"audit", "show"},
                                             {"audit", "verify"}}) {
    std::vector<std::string> asked = words;
    asked.emplace_back("--help");
    const testing::Outcome outcome = nono(asked);
    EXPECT_EQ(outcome.code, 0) << words.back();
    EXPECT_TRUE(outcome.out.starts_with("Usage: nono ")) << outcome.out;
    EXPECT_EQ(outcome.out.find("[["), std::string::npos) << outcome.out;
    EXPECT_TRUE(words.size() == 1 || words.back() == "publisher" ||
                outcome.out.find("Examples:") != std::string::npos)
        << words.back();
  }
  EXPECT_EQ(nono({"help", "trust", "sign"}).out, nono({"trust", "sign", "-h"}).out);
}

TEST_F(ExitTest, HelpNamesItsOwnOptions) {
  const std::string help = nono({"--help"}).out;
  for (const char* option : {"--version", "--generate-completion SHELL", "--generate-man DIR"}) {
    EXPECT_NE(help.find(option), std::string::npos) << option;
  }
  EXPECT_NE(nono({"approve", "--help"}).out.find(" [SESSION]\n"), std::string::npos);
  EXPECT_NE(nono({"profile", "use", "--help"}).out.find(" [NAME]\n"), std::string::npos);
}

TEST_F(ExitTest, VersionNamesTheProgram) {
  const testing::Outcome outcome = nono({"--version"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(outcome.out.starts_with("nono ")) << outcome.out;
  EXPECT_NE(outcome.out.find("\nthis kernel: Landlock ABI "), std::string::npos) << outcome.out;
}

TEST_F(ExitTest, DashesMakeOperandsOfWhatFollows) {
  write("--all", "text");
  EXPECT_EQ(nono({"trust", "sign", "--", "--all"}).code, 0);
  EXPECT_TRUE(exists(in("--all.bundle")));
  EXPECT_EQ(nono({"trust", "verify", "--", "--all"}).code, 0);
}

}  // namespace
}  // namespace nono::cli
