// tests/engine/keyless_sign_test.cc: from a token to a bundle that verifies, or to one sentence and
// nothing written.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/keyless_author.h"
#include "tests/engine/fake_sigstore.h"
#include "tests/engine/support.h"
#include "tests/sigstore/cases.h"

namespace nono::engine {
namespace {

using testing::FakeSigstore;
using testing::FixedClock;
using testing::must;
using trustpolicy::GuardClass;

constexpr std::string_view kPolicy = R"({"version":1,"includes":["*.md"],"publishers":[
  {"name":"alice","issuer":"https://accounts.example.com","subject":"alice@example.com"}],
  "enforcement":"deny"})";

class KeylessSignTest : public testing::EngineTest {
 protected:
  bool exists(const std::string& path) const { return ::access(path.c_str(), F_OK) == 0; }

  ServiceCaller caller() {
    return ServiceCaller(fake_, [this](std::chrono::milliseconds wait) { waits_.push_back(wait); });
  }
  std::shared_ptr<const attest::RootSource> root() const {
    return std::make_shared<const attest::RootSource>(
        attest::RootSource::of(must(attest::TrustedRoot::parse(fake_.trusted_root()))));
  }
  Result<attest::IdentityToken> token() const {
    std::string text = FakeSigstore::token();
    return attest::IdentityToken::read(crypto::Secret::take(text), clock_.now());
  }
  // sign does all of it for these files.
  Result<void> sign(const std::vector<std::string>& files, const Json& config) {
    NONO_TRY(const attest::SigningConfig parsed, attest::SigningConfig::parse(config.compact()));
    NONO_TRY(ChosenServices services, ChosenServices::choose(parsed, clock_));
    NONO_TRY(const attest::IdentityToken identity, token());
    const ServiceCaller calls = caller();
    NONO_TRY(const KeylessAuthor author,
             KeylessAuthor::certify(calls, std::move(services), root(), identity));
    return sign_each(author, files, tree_, [](const SignedFile&) {});
  }
  Result<void> sign(const std::string& file, const std::vector<int>& logs = {2}) {
    return sign(std::vector{file}, FakeSigstore::signing_config(logs));
  }
  // refused: it fails with these words, names what mends it, and leaves no bundle.
  void expect_refused(std::string_view words, const std::vector<int>& logs = {2}) {
    const std::string file = write("CLAUDE.md", "text");
    const auto done = sign(file, logs);
    ASSERT_FALSE(done) << words;
    EXPECT_NE(done.error().message().find(words), std::string::npos) << done.error().message();
    EXPECT_FALSE(done.error().remedy().empty()) << done.error().message();
    EXPECT_FALSE(exists(file + ".bundle"));
  }
  void install_root_and_policy() {
    write_user_policy(kPolicy);
    must(replace_file(user_.config + "/trusted_root.json", fake_.trusted_root(), 0600));
  }
  Json bundle_of(const std::string& file) const {
    return must(Json::parse(must(read_file(file + ".bundle", 1u << 20)), kBundleLimits));
  }

  FakeSigstore fake_;
  FixedClock clock_{factory::kSigned};
  std::vector<std::chrono::milliseconds> waits_;
};

TEST_F(KeylessSignTest, WhatIsSignedVerifiesUnderTheUsersPolicy) {
  make_repository();
  install_root_and_policy();
  for (const std::vector<int>& logs : {std::vector{1}, std::vector{2}, std::vector{1, 2}}) {
    const std::string file = write("d/CLAUDE.md", "text");
    must(sign(file, logs));
    const Judgement judged = gate().judge_path(file, GuardClass::Instruction);
    EXPECT_TRUE(judged.proven()) << judged.reason();
    EXPECT_EQ(judged.publisher(), "alice");
    ASSERT_EQ(::unlink((file + ".bundle").c_str()), 0);
  }
}

TEST_F(KeylessSignTest, TheHighestVersionOfTheLogIsTaken) {
  must(sign(write("CLAUDE.md", "text"), {1, 2}));
  EXPECT_EQ(fake_.asked("/api/v2/log/entries"), 1);
  EXPECT_EQ(fake_.asked("/api/v1/log/entries"), 0);
}

// A Fulcio that answers version 1 only: with what it would have answered to version 2.
class OldFulcioTest : public KeylessSignTest {
 protected:
  void SetUp() override {
    KeylessSignTest::SetUp();
    fake_.change = [this](const net::HttpRequest& request, net::HttpResponse& response) {
      if (request.url.ends_with("/api/v2/signingCert")) {
        Json json = must(Json::parse(response.body, kBundleLimits));
        for (const Json& one :
             *factory::member(json, {"signedCertificateEmbeddedSct", "chain", "certificates"})
                  .array()) {
          pem_ += *one.string() + "\n";
        }
        response = {.status = unknown_, .headers = {}, .body = ""};
      } else if (request.url.ends_with("/api/v1/signingCert")) {
        response = {.status = 201, .headers = headers_, .body = pem_};
      }
    };
  }
  std::string pem_;
  int unknown_ = 404;
  std::vector<std::pair<std::string, std::string>> headers_;
};

TEST_F(OldFulcioTest, IsAskedInItsOwnVersion) {
  for (const int status : {404, 501}) {
    unknown_ = status;
    pem_.clear();
    must(sign(write("CLAUDE.md", "text")));
  }
  EXPECT_EQ(fake_.asked("/api/v1/signingCert"), 2);
}

TEST_F(OldFulcioTest, IsNotAskedWhereTheNewVersionRefuses) {
  unknown_ = 400;
  expect_refused("/api/v2/signingCert answered 400");
  EXPECT_EQ(fake_.asked("/api/v1/signingCert"), 0);
}

TEST_F(KeylessSignTest, AServiceThatRepeatsTheTokenIsNotQuotedWithIt) {
  const std::string token = FakeSigstore::token();
  for (const std::string& echo :
       {token, token.substr(0, 40), token.substr(token.size() - 40), "Bearer " + token}) {
    fake_.change = [&](const net::HttpRequest& request, net::HttpResponse& response) {
      if (request.url.ends_with("/signingCert")) {
        const Json body(Json::Object{{"code", 16}, {"message", "no: token=" + echo + ", bad"}});
        response = {.status = 401, .headers = {}, .body = body.compact()};
      }
    };
    expect_refused("answered 401: no: token=(what was sent), bad");
  }
}

TEST_F(OldFulcioTest, ADetachedTimestampIsRefused) {
  headers_ = {{"sct", "eyJzY3RfdmVyc2lvbiI6MH0="}};
  expect_refused("timestamp beside it");
}

TEST_F(OldFulcioTest, WhatIsNoChainIsRefused) {
  fake_.change = [](const net::HttpRequest& request, net::HttpResponse& response) {
    if (request.url.ends_with("/signingCert")) {
      response = {.status = request.url.contains("v1") ? 201 : 404, .headers = {}, .body = "{}"};
    }
  };
  expect_refused("Fulcio at https://fulcio.factory.example/api/v1/signingCert");
}

TEST_F(KeylessSignTest, SeveralFilesAreSignedTogetherAndWrittenInOrder) {
  std::vector<std::string> files;
  for (int at = 0; at < 20; ++at) {
    files.push_back(write("d/" + std::to_string(at) + ".md", "text " + std::to_string(at)));
  }
  must(sign(files, FakeSigstore::signing_config({2})));
  for (const std::string& file : files) {
    EXPECT_TRUE(exists(file + ".bundle")) << file;
  }
  EXPECT_EQ(fake_.asked("/signingCert"), 1);
  EXPECT_EQ(fake_.asked("/api/v2/log/entries"), 20);
}

TEST_F(KeylessSignTest, OneOfSeveralThatFailsLeavesNone) {
  std::vector<std::string> files;
  for (int at = 0; at < 20; ++at) {
    files.push_back(write("d/" + std::to_string(at) + ".md", "text"));
  }
  fake_.change = [left = 5](const net::HttpRequest& request, net::HttpResponse& response) mutable {
    if (request.url == testing::kTsaUrl && --left == 0) {
      response = {.status = 400, .headers = {}, .body = "no"};
    }
  };
  ASSERT_FALSE(sign(files, FakeSigstore::signing_config({2})));
  for (const std::string& file : files) {
    EXPECT_FALSE(exists(file + ".bundle")) << file;
  }
}

TEST_F(KeylessSignTest, TheBundleHasTheDocumentedForm) {
  make_repository();
  const std::string file = write("d/CLAUDE.md", "text");
  must(sign(file));
  Json bundle = bundle_of(file);
  EXPECT_EQ(*bundle.find("mediaType")->string(), "application/vnd.dev.sigstore.bundle.v0.3+json");
  const Json& material = *bundle.find("verificationMaterial");
  EXPECT_NE(material.find("certificate"), nullptr);
  EXPECT_EQ(material.find("x509CertificateChain"), nullptr);
  EXPECT_EQ(material.find("tlogEntries")->array()->size(), 1u);
  EXPECT_EQ(material.find("timestampVerificationData")->find("rfc3161Timestamps")->array()->size(),
            1u);
  const auto payload =
      base64_decode(*factory::member(bundle, {"dsseEnvelope", "payload"}).string(), Base64::Strict);
  Json statement = must(Json::parse(as_text(*payload), kBundleLimits));
  EXPECT_EQ(factory::member(statement, {"predicate", "signer"}),
            Json(Json::Object{{"kind", "keyless"},
                              {"issuer", "https://accounts.example.com"},
                              {"subject", "alice@example.com"}}));
  EXPECT_EQ(*factory::member(statement, {"predicate", "path"}).string(), "d/CLAUDE.md");
}

TEST_F(KeylessSignTest, AWorkflowIsNamedByWhatTheCertificateSays) {
  make_repository();
  fake_.leaf.names = {
      {factory::NameKind::Uri,
       "https://github.com/acme/skills/.github/workflows/sign.yml@refs/heads/main"}};
  fake_.leaf.issuer = "https://accounts.example.com";
  fake_.leaf.claims = {
      {9, "https://github.com/acme/skills/.github/workflows/sign.yml@refs/heads/main"},
      {12, "https://accounts.example.com/acme/skills"},
      {14, "refs/heads/main"},
      {18, "https://accounts.example.com/acme/skills/.github/workflows/sign.yml@refs/heads/main"},
      {24, "1234"}};
  const std::string file = write("CLAUDE.md", "text");
  must(sign(file));
  Json bundle = bundle_of(file);
  const auto payload =
      base64_decode(*factory::member(bundle, {"dsseEnvelope", "payload"}).string(), Base64::Strict);
  Json statement = must(Json::parse(as_text(*payload), kBundleLimits));
  EXPECT_EQ(factory::member(statement, {"predicate", "signer"}),
            Json(Json::Object{{"kind", "keyless"},
                              {"issuer", "https://accounts.example.com"},
                              {"repository", "acme/skills"},
                              {"workflow", ".github/workflows/sign.yml"},
                              {"ref", "refs/heads/main"}}));
}

TEST_F(KeylessSignTest, OneCertificateServesAllFiles) {
  const std::vector<std::string> files = {write("CLAUDE.md", "a"), write("AGENTS.md", "b"),
                                          write("GEMINI.md", "c")};
  must(sign(files, FakeSigstore::signing_config()));
  EXPECT_EQ(fake_.asked("signingCert"), 1);
  EXPECT_EQ(fake_.asked("timestamp"), 3);
  EXPECT_EQ(fake_.asked("log/entries"), 3);
  for (const std::string& file : files) {
    EXPECT_TRUE(exists(file + ".bundle"));
  }
}

TEST_F(KeylessSignTest, AFailureAtTheLastFileLeavesAllAsTheyWere) {
  const std::vector<std::string> files = {write("CLAUDE.md", "a"), write("AGENTS.md", "b")};
  fake_.change = [&](const net::HttpRequest& request, net::HttpResponse& response) {
    if (request.url.contains("log/entries") && fake_.asked("log/entries") == 2) {
      response.status = 400;
    }
  };
  EXPECT_FALSE(sign(files, FakeSigstore::signing_config()));
  EXPECT_FALSE(exists(files[0] + ".bundle"));
  EXPECT_FALSE(exists(files[1] + ".bundle"));
}

TEST_F(KeylessSignTest, OneStatementForSeveralFilesIsLoggedOnce) {
  make_repository();
  install_root_and_policy();
  const std::vector<std::string> files = {write("CLAUDE.md", "a"), write("x/AGENTS.md", "b")};
  const auto config = must(attest::SigningConfig::parse(FakeSigstore::signing_config().compact()));
  const ServiceCaller calls = caller();
  const attest::IdentityToken identity = must(token());
  const KeylessAuthor author = must(KeylessAuthor::certify(
      calls, must(ChosenServices::choose(config, clock_)), root(), identity));
  must(sign_together(author, tree_, files));
  EXPECT_EQ(fake_.asked("log/entries"), 1);
  EXPECT_TRUE(gate().judge_path(files[1], GuardClass::Instruction).proven());
}

// What leaves the machine, and to whom.
TEST_F(KeylessSignTest, TheTokenGoesToFulcioAloneAndTheFileToNobody) {
  must(sign(write("CLAUDE.md", "a text that stays here"), {1}));
  const std::string token_text = FakeSigstore::token();
  for (const net::HttpRequest& request : fake_.requests) {
    std::string sent = request.url + request.body;
    for (const auto& [name, value] : request.headers) {
      sent += value;
    }
    const bool certificate = request.url.ends_with("/api/v2/signingCert");
    EXPECT_EQ(sent.contains(token_text), certificate) << request.url;
    EXPECT_FALSE(sent.contains("a text that stays here")) << request.url;
    EXPECT_FALSE(sent.contains("PRIVATE KEY")) << request.url;
    EXPECT_TRUE(request.url.starts_with("https://")) << request.url;
  }
}

TEST_F(KeylessSignTest, EveryTimestampHasANonceOfItsOwn) {
  must(sign({write("CLAUDE.md", "a"), write("AGENTS.md", "a")}, FakeSigstore::signing_config()));
  std::vector<std::string> bodies;
  for (const net::HttpRequest& request : fake_.requests) {
    if (request.url == testing::kTsaUrl) {
      bodies.push_back(request.body.substr(request.body.size() - 11));
    }
  }
  ASSERT_EQ(bodies.size(), 2u);
  EXPECT_NE(bodies[0], bodies[1]);
}

// Attacks: who answers is not who should, or answers about something else.
struct Attack {
  std::string_view name;
  std::function<void(FakeSigstore&)> set_up;
  std::string_view words;
  int log = 2;
};

// answer_with replaces the bodies of answers from URLs that hold `part`.
std::function<void(FakeSigstore&)> answer_with(std::string part, std::string body,
                                               int status = 200) {
  return [=](FakeSigstore& fake) {
    fake.change = [=](const net::HttpRequest& request, net::HttpResponse& response) {
      if (request.url.contains(part)) {
        response.body = body;
        response.status = status;
      }
    };
  };
}

std::vector<Attack> attacks_of_fulcio() {
  return {
      {"the certificate of another key",
       [](FakeSigstore& f) {
         f.leaf.spki = factory::Key::of(factory::KeyKind::P256, "mallory").spki();
       },
       "Fulcio at https://fulcio.factory.example/api/v2/signingCert: the certificate is over "
       "another key"},
      {"another e-mail address",
       [](FakeSigstore& f) { f.leaf.names.front().value = "mallory@example.com"; },
       "the certificate is for somebody else: the certificate's e-mail address is "
       "\"mallory@example.com\""},
      {"another issuer", [](FakeSigstore& f) { f.leaf.issuer = "https://evil.example"; },
       "the certificate's issuer is \"https://evil.example\""},
      {"another token's subject", [](FakeSigstore& f) { f.leaf.claims = {{24, "9999"}}; },
       "the certificate's token subject is \"9999\""},
      {"two names",
       [](FakeSigstore& f) {
         f.leaf.names.push_back({factory::NameKind::Email, "mallory@example.com"});
       },
       "the certificate names nobody"},
      {"claims that contradict each other",
       [](FakeSigstore& f) { f.leaf.claims = {{5, "acme/a"}, {12, "https://github.com/acme/b"}}; },
       "no verifier of nono's takes the certificate: the certificate contradicts itself"},
      {"no issuer",
       [](FakeSigstore& f) {
         f.leaf.issuer_v1 = false;
         f.leaf.issuer_v2 = false;
       },
       "the certificate names nobody"},
      {"signed by somebody else", [](FakeSigstore& f) { f.leaf.forged = true; },
       "is not of an authority of the trusted root"},
      {"for servers", [](FakeSigstore& f) { f.leaf.usage.extended = {factory::kServerAuth}; },
       "is not of an authority of the trusted root"},
      {"no SCT", [](FakeSigstore& f) { f.leaf.scts.clear(); }, "is not in a trusted CT log"},
      {"an SCT about another certificate",
       [](FakeSigstore& f) {
         f.leaf.scts.front().signed_before = [](Bytes& blob) { factory::flip_last(blob); };
       },
       "is not in a trusted CT log"},
      {"garbage", answer_with("signingCert", "<html>Welcome to the hotel</html>"),
       "Fulcio at https://fulcio.factory.example/api/v2/signingCert"},
      {"nothing", answer_with("signingCert", ""), "Fulcio at"},
      {"a refusal",
       answer_with("signingCert",
                   R"({"code":3,"message":"There was an error processing the identity token"})",
                   400),
       "answered 400: There was an error processing the identity token"},
      {"a configuration without the issuer", answer_with("configuration", R"({"issuers":[]})"),
       "it does not take tokens of https://accounts.example.com"},
      {"no configuration", answer_with("configuration", "not found", 404),
       "configuration answered 404: not found"},
  };
}

std::vector<Attack> attacks_of_timestampers() {
  return {
      {"a timestamp of another signature",
       [](FakeSigstore& f) {
         f.stamp.info_before = [](Bytes& info) {
           // The imprint stands after version, policy and algorithm: byte 40 is inside of it.
           info.at(40) ^= std::byte{1};
         };
       },
       "the timestamp does not verify"},
      {"a timestamp with another nonce",
       [](FakeSigstore& f) { f.stamp.info_before = [](Bytes& info) { factory::flip_last(info); }; },
       "its nonce is not the one sent"},
      {"a timestamp from before the certificate",
       [](FakeSigstore& f) { f.stamp.at = factory::kSigned - factory::kMinute * 60; },
       "the timestamp is of 2026-01-15T11:00:00Z, and the certificate is valid from "
       "2026-01-15T11:59:00Z to 2026-01-15T12:09:00Z"},
      {"a refusal in DER", [](FakeSigstore& f) { f.stamp.status = 2; },
       "the answer is no timestamp"},
      {"bytes after it",
       [](FakeSigstore& f) {
         f.stamp.response_after = [](Bytes& response) { response.push_back(std::byte{0}); };
       },
       "the answer is no timestamp"},
      {"a bad signature",
       [](FakeSigstore& f) {
         f.stamp.signature_after = [](Bytes& signature) { factory::flip_last(signature); };
       },
       "the timestamp does not verify"},
      {"garbage", answer_with("timestamp", "OK"), "the timestamp authority at"},
      {"wrong status", answer_with("timestamp", "Unsupported Media Type", 415),
       "answered 415: Unsupported Media Type"},
  };
}

std::vector<Attack> attacks_of_logs() {
  const auto other_body = [](Json& body) {
    Json& digest = factory::member(body, {"spec", "hashedRekordV002", "data", "digest"});
    digest = Json(base64_encode(factory::sha256(factory::bytes_of("another"))));
  };
  const auto other_payload = [](Json& body) {
    factory::member(body, {"spec", "payloadHash", "value"}) = Json(std::string(64, 'a'));
  };
  return {
      {"an entry about something else",
       [=](FakeSigstore& f) { f.entry_v2.body_before = other_body; },
       "Rekor at https://log2026.factory.example: the log entry does not verify"},
      {"an entry about something else, v1",
       [=](FakeSigstore& f) { f.entry_v1.body_before = other_payload; },
       "the log entry does not verify", 1},
      {"a checkpoint by nobody",
       [](FakeSigstore& f) {
         f.entry_v2.checkpoint_after = [](std::string& note) { note[note.size() - 10] ^= 1; };
       },
       "the log entry does not verify"},
      {"a promise by nobody",
       [](FakeSigstore& f) {
         f.entry_v1.promise_after = [](Bytes& promise) { factory::flip_last(promise); };
       },
       "the log entry does not verify", 1},
      {"an unknown log",
       [](FakeSigstore& f) {
         f.entry_v2.entry_after = [](Json& entry) {
           factory::member(entry, {"logId", "keyId"}) =
               Json(base64_encode(factory::sha256(factory::bytes_of("nobody"))));
         };
       },
       "the log entry"},
      {"logged years ago, v1", [](FakeSigstore& f) { f.entry_v1.integrated = factory::kLongAgo; },
       "the log entry is of 2020-01-01T00:00:00Z", 1},
      {"garbage", answer_with("log/entries", "{}"), "Rekor at"},
      {"garbage, v1", answer_with("log/entries", "{}"), "exactly one log entry", 1},
      {"frozen",
       answer_with("log/entries", "This log has been frozen, please switch to the latest log.\n",
                   405),
       "answered 405: This log has been frozen, please switch to the latest log."},
      {"redirected", answer_with("log/entries", "", 302), "answered 302"},
      {"a refusal", answer_with("log/entries", R"({"code":3,"message":"bad \u001b[31m"})", 400),
       "answered 400: bad \\e[31m"},
      {"no location, v1", answer_with("log/entries", "exists", 409), "answered 409: exists", 1},
      {"always there already", answer_with("log/entries", "exists", 409),
       "holds every new signature already"},
  };
}

TEST_F(KeylessSignTest, AttacksAreRefusedWithTheReason) {
  std::vector<Attack> attacks = attacks_of_fulcio();
  std::ranges::move(attacks_of_timestampers(), std::back_inserter(attacks));
  std::ranges::move(attacks_of_logs(), std::back_inserter(attacks));
  for (const Attack& attack : attacks) {
    SCOPED_TRACE(attack.name);
    fake_ = FakeSigstore();
    attack.set_up(fake_);
    expect_refused(attack.words, {attack.log});
  }
}

TEST_F(KeylessSignTest, NobodyIsAskedAfterAnAnswerThatWasWrong) {
  fake_.leaf.forged = true;
  expect_refused("the certificate");
  EXPECT_EQ(fake_.asked("timestamp"), 0);
  EXPECT_EQ(fake_.asked("log/entries"), 0);
  fake_ = FakeSigstore();
  fake_.stamp.status = 2;
  expect_refused("timestamp");
  EXPECT_EQ(fake_.asked("log/entries"), 0);
}

TEST_F(KeylessSignTest, AnotherInstancesRootRefusesEverything) {
  const auto config = must(attest::SigningConfig::parse(FakeSigstore::signing_config().compact()));
  const ServiceCaller calls = caller();
  const attest::IdentityToken identity = must(token());
  const auto embedded = std::make_shared<const attest::RootSource>(
      attest::RootSource::of(must(attest::TrustedRoot::parse(attest::embedded_root().text))));
  const auto author = KeylessAuthor::certify(calls, must(ChosenServices::choose(config, clock_)),
                                             embedded, identity);
  ASSERT_FALSE(author);
  EXPECT_TRUE(author.error().message().contains("not of an authority of the trusted root"));
  EXPECT_TRUE(author.error().remedy().contains("of the same Sigstore instance"));
  const auto none = KeylessAuthor::certify(
      calls, must(ChosenServices::choose(config, clock_)),
      std::make_shared<const attest::RootSource>(attest::RootSource::none()), identity);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind(), ErrorKind::NotFound);
}

// What is tried again, and what is not.
TEST_F(KeylessSignTest, ABusyServiceIsAskedAgain) {
  for (const std::string_view part : {"configuration", "signingCert", "timestamp", "log/entries"}) {
    fake_ = FakeSigstore();
    waits_.clear();
    fake_.change = [&](const net::HttpRequest& request, net::HttpResponse& response) {
      if (request.url.contains(part) && fake_.asked(part) < 3) {
        response = {.status = 503, .headers = {}, .body = "busy"};
      }
    };
    const std::string file = write("CLAUDE.md", "text");
    must(sign(file));
    EXPECT_EQ(fake_.asked(part), 3) << part;
    EXPECT_EQ(waits_, (std::vector<std::chrono::milliseconds>{std::chrono::seconds(1),
                                                              std::chrono::seconds(2)}));
    ASSERT_EQ(::unlink((file + ".bundle").c_str()), 0);
  }
}

TEST_F(KeylessSignTest, AServiceThatStaysBusyIsNamed) {
  fake_.change = [](const net::HttpRequest& request, net::HttpResponse& response) {
    if (request.url.contains("timestamp")) {
      response = {.status = 503, .headers = {{"retry-after", "3600"}}, .body = ""};
    }
  };
  expect_refused(
      "the timestamp authority at https://tsa.factory.example/api/v1/timestamp "
      "answered 503");
  EXPECT_EQ(fake_.asked("timestamp"), ServiceCaller::kAttempts);
  // An hour that a server asks for is not given.
  EXPECT_EQ(waits_, (std::vector<std::chrono::milliseconds>(2, ServiceCaller::kLongestWait)));
}

// Rekor v1 answers 500 to broken requests, too; Fulcio where its CT log does not answer.
TEST_F(KeylessSignTest, FiveHundredIsTriedAgainWithFulcioOnly) {
  const auto broken = [](const net::HttpRequest& request, net::HttpResponse& response) {
    if (request.url.contains("log/entries")) {
      response = {.status = 500, .headers = {}, .body = ""};
    }
  };
  fake_.change = broken;
  expect_refused("answered 500", {1});
  EXPECT_EQ(fake_.asked("log/entries"), 1);
  fake_ = FakeSigstore();
  fake_.change = [&](const net::HttpRequest& request, net::HttpResponse& response) {
    if (request.url.contains("signingCert") && fake_.asked("signingCert") == 1) {
      response = {.status = 500, .headers = {}, .body = "Error entering certificate in CTL"};
    }
  };
  must(sign(write("AGENTS.md", "text")));
  EXPECT_EQ(fake_.asked("signingCert"), 2);
}

TEST_F(KeylessSignTest, NoAnswerIsAnErrorAndNotTriedAgain) {
  for (const std::string_view part : {"configuration", "signingCert", "timestamp", "log/entries"}) {
    fake_ = FakeSigstore();
    fake_.before = [part](const net::HttpRequest& request) -> Result<void> {
      if (request.url.contains(part)) {
        return fail(ErrorKind::Network, request.service + " did not answer");
      }
      return {};
    };
    expect_refused("did not answer");
    EXPECT_EQ(fake_.asked(part), 1);
  }
}

TEST_F(KeylessSignTest, AnEntryThatVersionOneHasAlreadyIsFetchedAndChecked) {
  std::string kept;
  fake_.change = [&](const net::HttpRequest& request, net::HttpResponse& response) {
    if (request.url.ends_with("/api/v1/log/entries")) {
      kept = response.body;
      response = {
          .status = 409, .headers = {{"location", "/api/v1/log/entries/24296fb2"}}, .body = ""};
    } else if (request.url == "https://rekor.factory.example/api/v1/log/entries/24296fb2") {
      EXPECT_EQ(request.method, net::Method::Get);
      EXPECT_TRUE(request.body.empty());
      response = {.status = 200, .headers = {}, .body = kept};
    }
  };
  must(sign(write("CLAUDE.md", "text"), {1}));
}

TEST_F(KeylessSignTest, ALocationElsewhereIsNotFollowed) {
  for (const std::string_view location :
       {"https://evil.example/api/v1/log/entries/1", "//evil.example/x", "/api/v1/log/entries",
        "/api/v1/log/entries/../../../admin", "/metrics"}) {
    fake_ = FakeSigstore();
    fake_.change = [&](const net::HttpRequest& request, net::HttpResponse& response) {
      if (request.url.contains("log/entries")) {
        response = {.status = 409, .headers = {{"location", std::string(location)}}, .body = ""};
      }
    };
    expect_refused("answered 409", {1});
    EXPECT_EQ(fake_.asked("rekor"), 1) << location;
  }
}

TEST_F(KeylessSignTest, WhereVersionTwoHasTheEntryANewSignatureIsLogged) {
  fake_.change = [&](const net::HttpRequest& request, net::HttpResponse& response) {
    if (request.url.contains("log/entries") && fake_.asked("log/entries") == 1) {
      response = {.status = 409, .headers = {{"x-log-index", "5"}}, .body = ""};
    }
  };
  must(sign(write("CLAUDE.md", "text")));
  EXPECT_EQ(fake_.asked("signingCert"), 1);
  EXPECT_EQ(fake_.asked("timestamp"), 2);
  EXPECT_EQ(fake_.asked("log/entries"), 2);
}

// Signing configurations.
TEST_F(KeylessSignTest, AConfigurationThatCannotServeIsRefusedBeforeAnybodyIsAsked) {
  struct Wrong {
    std::string_view name;
    std::function<void(Json&)> change;
    std::string_view words;
  };
  const auto list = [](std::string_view key) {
    return [key](Json& config) { config.set(key, Json::Array{}); };
  };
  const std::vector<Wrong> all{
      {"no Fulcio", list("caUrls"), "certificate authority"},
      {"no log", list("rekorTlogUrls"), "transparency log"},
      {"no time", list("tsaUrls"), "names no timestamp authority, and Rekor v2 gives no time"},
      {"a log of tomorrow",
       [](Json& c) { factory::member(c, {"rekorTlogUrls", "0", "majorApiVersion"}) = Json(3); },
       "transparency log"},
      {"a log that is past",
       [](Json& c) {
         factory::member(c, {"rekorTlogUrls", "0", "validFor"}).set("end", "2025-12-31T00:00:00Z");
       },
       "transparency log"},
      {"two logs wanted",
       [](Json& c) {
         c.set("rekorTlogConfig", Json(Json::Object{{"selector", "EXACT"}, {"count", 2}}));
       },
       "transparency log"},
  };
  for (const Wrong& wrong : all) {
    Json config = FakeSigstore::signing_config();
    wrong.change(config);
    const auto done = sign({write("CLAUDE.md", "text")}, config);
    ASSERT_FALSE(done) << wrong.name;
    EXPECT_TRUE(done.error().message().contains(wrong.words)) << done.error().message();
    EXPECT_FALSE(done.error().remedy().empty());
    EXPECT_TRUE(fake_.requests.empty()) << wrong.name;
  }
}

TEST_F(KeylessSignTest, NothingIsPublishedWhereABundlesNameWouldBeTooLong) {
  const std::string first = write("CLAUDE.md", "text");
  const std::string longest = write(std::string(249, 'z'), "text");
  const auto done = sign({first, longest}, FakeSigstore::signing_config());
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().message().contains("256 bytes long")) << done.error().message();
  EXPECT_EQ(fake_.asked("log/entries"), 0);
  EXPECT_EQ(fake_.asked("timestamp"), 0);
  EXPECT_FALSE(exists(first + ".bundle"));
}

TEST_F(KeylessSignTest, WithoutATimestampAuthorityVersionOneGivesTheTime) {
  Json config = FakeSigstore::signing_config({1});
  config.set("tsaUrls", Json::Array{});
  const std::string file = write("CLAUDE.md", "text");
  must(sign({file}, config));
  EXPECT_EQ(fake_.asked("timestamp"), 0);
  install_root_and_policy();
  EXPECT_TRUE(gate().judge_path(file, GuardClass::Instruction).proven());
}

}  // namespace
}  // namespace nono::engine
