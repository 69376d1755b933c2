// tests/cli/json_test.cc: every document of --json: its schema, its fields, its escapes.
#include "base/encoding.h"
#include "tests/cli/support.h"

namespace nono::cli {
namespace {

using testing::Outcome;

class JsonTest : public testing::CliTest {
 protected:
  Json document(std::vector<std::string> words, int code, const std::string& schema) const {
    words.emplace_back("--json");
    const Outcome outcome = nono(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    const Json json = parse(outcome.out);
    EXPECT_EQ(text_at(json, {"schema"}), "nono/" + schema + "/1");
    return json;
  }
};

TEST_F(JsonTest, VerifyOfVerifiedUnsignedAndMissing) {
  write("CLAUDE.md", "text");
  write("AGENTS.md", "text");
  ASSERT_EQ(nono({"trust", "sign", "CLAUDE.md"}).code, 0);
  const Json json =
      document({"trust", "verify", "CLAUDE.md", "AGENTS.md", "none.md"}, 1, "trust-verify");
  EXPECT_EQ(text_at(json, {"files", "0", "status"}), "VERIFIED");
  EXPECT_EQ(text_at(json, {"files", "0", "path"}), in("CLAUDE.md"));
  EXPECT_EQ(text_at(json, {"files", "0", "publisher"}), "self");
  EXPECT_EQ(text_at(json, {"files", "0", "signer", "kind"}), "keyed");
  EXPECT_EQ(text_at(json, {"files", "0", "signer", "fingerprint"}).size(), 64u);
  EXPECT_EQ(text_at(json, {"files", "0", "binding"}), "path");
  EXPECT_EQ(text_at(json, {"files", "0", "bundle"}), in("CLAUDE.md.bundle"));
  EXPECT_EQ(text_at(json, {"files", "0", "admitted"}), "true");
  EXPECT_EQ(text_at(json, {"files", "0", "reason"}), "null");
  EXPECT_EQ(text_at(json, {"files", "1", "status"}), "UNSIGNED");
  EXPECT_EQ(text_at(json, {"files", "1", "class"}), "instruction");
  EXPECT_EQ(text_at(json, {"files", "1", "reason"}), "no-bundle");
  EXPECT_EQ(text_at(json, {"files", "1", "mend"}), "nono trust sign AGENTS.md");
  EXPECT_EQ(text_at(json, {"files", "1", "signer"}), "null");
  EXPECT_EQ(text_at(json, {"files", "2", "status"}), "FAILED");
  EXPECT_EQ(text_at(json, {"files", "2", "reason"}), "unexaminable");
  EXPECT_EQ(text_at(json, {"files", "2", "sha256"}), "null");
  EXPECT_EQ(text_at(json, {"summary", "verified"}), "1");
  EXPECT_EQ(text_at(json, {"summary", "unsigned"}), "1");
  EXPECT_EQ(text_at(json, {"summary", "failed"}), "1");
  EXPECT_EQ(text_at(json, {"summary", "complete"}), "true");
}

TEST_F(JsonTest, NamesThatAreNoTextAreGivenInBase64Too) {
  write("caf\xe9/CLAUDE.md", "text");
  write("line\nbreak/CLAUDE.md", "text");
  const Json json = document({"trust", "list"}, 0, "trust-list");
  EXPECT_EQ(text_at(json, {"files", "0", "file"}), "caf\\xe9/CLAUDE.md");
  const auto bytes = base64_decode(text_at(json, {"files", "0", "file_base64"}), Base64::Strict);
  ASSERT_TRUE(bytes.has_value());
  EXPECT_EQ(as_text(*bytes), "caf\xe9/CLAUDE.md");
  EXPECT_EQ(text_at(json, {"files", "1", "file"}), "line\nbreak/CLAUDE.md");
  EXPECT_EQ(at(json, {"files", "1"}).find("file_base64"), nullptr);
}

TEST_F(JsonTest, WhatATerminalWouldActOnIsEscapedAndTheValueStaysTheSame) {
  const std::string name =
      "\xc2\x9b"
      "2J-\xe2\x80\xae-\x7f-\xf3\xa0\x80\xa1-\xc3\xa9\xf0\x9f\x98\x80-CLAUDE.md";
  write(name, "text");
  for (const char* command : {"explain", "verify"}) {
    const Outcome outcome = nono({"trust", command, name, "--json"});
    EXPECT_NE(
        outcome.out.find("\\u009b2J-\\u202e-\\u007f-\\udb40\\udc21-\xc3\xa9\xf0\x9f\x98\x80-"),
        std::string::npos)
        << outcome.out;
    for (const char* raw : {"\xc2\x9b", "\xe2\x80\xae", "\x7f", "\xf3\xa0\x80\xa1"}) {
      EXPECT_EQ(outcome.out.find(raw), std::string::npos) << outcome.out;
    }
  }
  const Json json = document({"trust", "verify", name}, 1, "trust-verify");
  EXPECT_EQ(text_at(json, {"files", "0", "path"}), in(name));
}

TEST_F(JsonTest, SilenceDoesNotSilenceADocument) {
  write("CLAUDE.md", "text");
  const Outcome outcome = nono({"trust", "verify", "CLAUDE.md", "--json", "--silent"});
  EXPECT_EQ(text_at(parse(outcome.out), {"files", "0", "status"}), "UNSIGNED");
}

TEST_F(JsonTest, ErrorLeavesStdoutEmpty) {
  const Outcome outcome = nono({"trust", "sign", "none.md", "--json"});
  EXPECT_EQ(outcome.code, 125);
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(outcome.err.starts_with("nono: "));
}

TEST_F(JsonTest, Sign) {
  write("CLAUDE.md", "text");
  const Json json = document({"trust", "sign", "CLAUDE.md"}, 0, "trust-sign");
  EXPECT_EQ(text_at(json, {"key", "id"}), "default");
  EXPECT_EQ(text_at(json, {"key", "algorithm"}), "ecdsa-p256");
  EXPECT_EQ(text_at(json, {"key", "made"}), "true");
  EXPECT_EQ(text_at(json, {"signed", "0", "path"}), in("CLAUDE.md"));
  EXPECT_EQ(text_at(json, {"signed", "0", "bundle"}), in("CLAUDE.md.bundle"));
  EXPECT_EQ(text_at(json, {"signed", "0", "sha256"}).size(), 64u);
}

TEST_F(JsonTest, KeygenAndExport) {
  const Json made = document({"trust", "keygen", "--id", "k"}, 0, "trust-keygen");
  EXPECT_EQ(text_at(made, {"private"}), home_ + "/.config/nono/trust/k.pem");
  EXPECT_EQ(text_at(made, {"public"}), home_ + "/.config/nono/trust/k.pub");
  const Json key = document({"trust", "export-key", "--id", "k"}, 0, "trust-export-key");
  EXPECT_EQ(text_at(key, {"key", "fingerprint"}), text_at(made, {"key", "fingerprint"}));
  EXPECT_TRUE(base64_decode(text_at(key, {"public_key"}), Base64::Strict).has_value());
  EXPECT_TRUE(text_at(key, {"pem"}).starts_with("-----BEGIN PUBLIC KEY-----"));
}

TEST_F(JsonTest, Explain) {
  write("CLAUDE.md", "text");
  const Json json = document({"trust", "explain", "CLAUDE.md"}, 1, "trust-explain");
  EXPECT_EQ(text_at(json, {"steps", "0", "step"}), "file");
  EXPECT_EQ(text_at(json, {"steps", "0", "path"}), in("CLAUDE.md"));
  EXPECT_EQ(text_at(json, {"verdict", "reason"}), "no-bundle");
}

TEST_F(JsonTest, PolicyCommands) {
  EXPECT_EQ(text_at(document({"trust", "init"}, 0, "trust-init"), {"layer"}), "project");
  EXPECT_EQ(text_at(document({"trust", "init", "--user"}, 0, "trust-init"), {"path"}),
            user_policy());
  const Json policy = document({"trust", "sign-policy"}, 0, "trust-sign-policy");
  EXPECT_EQ(text_at(policy, {"signed", "0", "bundle"}), in("trust-policy.json.bundle"));
  write("bad.md", "text");
  const Json blocked = document({"trust", "block", "bad.md"}, 0, "trust-block");
  EXPECT_EQ(text_at(blocked, {"digest"}).size(), 64u);
  EXPECT_EQ(text_at(blocked, {"changed"}), "true");
  EXPECT_EQ(text_at(document({"trust", "block", "bad.md"}, 0, "trust-block"), {"changed"}),
            "false");
}

TEST_F(JsonTest, Publishers) {
  ASSERT_EQ(nono({"trust", "keygen", "--id", "other", "--keyref", "file://" + in("o.pem")}).code,
            0);
  write("o.pub", nono({"trust", "export-key", "--id", "other", "--pem"}).out);
  const Json added =
      document({"trust", "publisher", "add", "--key", "o.pub", "--yes"}, 0, "trust-publisher-add");
  EXPECT_EQ(text_at(added, {"publisher", "name"}), "o");
  EXPECT_EQ(text_at(added, {"changed"}), "true");
  const Json list = document({"trust", "publisher", "list"}, 0, "trust-publisher-list");
  EXPECT_EQ(text_at(list, {"publishers", "0", "layer"}), "self");
  EXPECT_EQ(text_at(list, {"publishers", "1", "name"}), "o");
  EXPECT_EQ(text_at(list, {"publishers", "1", "layer"}), "user");
  EXPECT_EQ(text_at(list, {"publishers", "1", "counts"}), "true");
  document({"trust", "publisher", "remove", "o"}, 0, "trust-publisher-remove");
}

TEST_F(JsonTest, EmptyLists) {
  const Json list = document({"trust", "list"}, 0, "trust-list");
  EXPECT_EQ(at(list, {"files"}).array()->size(), 0u);
  EXPECT_EQ(at(document({"audit", "list"}, 0, "audit-list"), {"sessions"}).array()->size(), 0u);
  EXPECT_EQ(at(document({"trust", "publisher", "list"}, 0, "trust-publisher-list"), {"publishers"})
                .array()
                ->size(),
            0u);
}

}  // namespace
}  // namespace nono::cli
