// tests/crypto/certificate_corpus_test.cc: the certificates of the hostile corpus and of Sigstore's
// own bundles, as far as a certificate and its path can be judged alone.
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "base/files.h"
#include "base/json.h"
#include "crypto/certificate_authority.h"
#include "crypto/fulcio_claims.h"

namespace nono::crypto {
namespace {

constexpr std::size_t kMaxFixture = 16u << 20;

std::optional<Json> shared_json(std::string_view path) {
  const auto text = read_file(std::string(NONO_SHARED_DIR "/fixtures/").append(path), kMaxFixture);
  auto json = text ? Json::parse(*text, kBundleLimits) : fail(ErrorKind::NotFound, "absent");
  return json ? std::optional(*std::move(json)) : std::nullopt;
}

// at walks members and, by their number, elements.
const Json* at(const Json* json, std::initializer_list<std::string_view> steps) {
  for (const std::string_view step : steps) {
    if (json == nullptr) {
      return nullptr;
    }
    if (const Json::Array* const list = json->array()) {
      const auto index = static_cast<std::size_t>(step.front() - '0');
      json = index < list->size() ? &(*list)[index] : nullptr;
    } else {
      json = json->find(step);
    }
  }
  return json;
}

std::optional<Bytes> raw_bytes(const Json* holder) {
  const Json* const raw = at(holder, {"rawBytes"});
  const std::string* const text = raw != nullptr ? raw->string() : nullptr;
  return text != nullptr ? base64_decode(*text, Base64::Lenient) : std::nullopt;
}

std::optional<Bytes> leaf_of(const Json& bundle) {
  const Json* const material = bundle.find("verificationMaterial");
  const Json* leaf = at(material, {"certificate"});
  if (leaf == nullptr) {
    leaf = at(material, {"x509CertificateChain", "certificates", "0"});
  }
  return raw_bytes(leaf);
}

std::optional<Time> log_time(const Json& bundle) {
  const Json* const time =
      at(&bundle, {"verificationMaterial", "tlogEntries", "0", "integratedTime"});
  if (time == nullptr || time->string() == nullptr) {
    return std::nullopt;
  }
  return Time(std::chrono::seconds(std::stoll(*time->string())));
}

std::vector<CertificateAuthority> authorities_in(const Json& trusted_root) {
  std::vector<CertificateAuthority> out;
  for (const Json& one : *trusted_root.find("certificateAuthorities")->array()) {
    std::vector<Certificate> chain;
    for (const Json& certificate : *at(&one, {"certChain", "certificates"})->array()) {
      chain.push_back(*Certificate::parse_der(*raw_bytes(&certificate)));
    }
    auto made = CertificateAuthority::make(std::move(chain));
    EXPECT_TRUE(made.has_value()) << made.error().message();
    out.push_back(*std::move(made));
  }
  return out;
}

std::string path_verdict(const std::vector<CertificateAuthority>& authorities,
                         const Certificate& leaf, Time at) {
  constexpr std::string_view kNames[] = {"untrusted",   "expired",    "issuer-expired",
                                         "wrong-usage", "not-a-leaf", "malformed"};
  std::string verdict = "untrusted";
  for (const CertificateAuthority& authority : authorities) {
    const auto issuer = authority.issuer_of(leaf, {}, at, LeafUse::CodeSigning);
    if (issuer) {
      return "ok";
    }
    if (issuer.error().fault != PathFault::UntrustedIssuer) {
      verdict = kNames[static_cast<std::size_t>(issuer.error().fault)];
    }
  }
  return verdict;
}

std::string verdict_of(const std::vector<CertificateAuthority>& authorities, const Json& bundle) {
  const auto der = leaf_of(bundle);
  const auto time = log_time(bundle);
  const auto leaf = der ? Certificate::parse_der(*der) : fail(ErrorKind::InvalidInput, "absent");
  if (!leaf) {
    return leaf.error().kind() == ErrorKind::Unsupported ? "unsupported" : "unreadable";
  }
  const std::string path = path_verdict(authorities, *leaf, time.value_or(Time()));
  if (path != "ok") {
    return path;
  }
  const auto names = leaf->subject_names();
  if (!names || names->size() != 1) {
    return names ? "names: " + std::to_string(names->size()) : "names: malformed";
  }
  return read_fulcio_claims(*leaf) ? "ok" : "claims";
}

// What stands here is decided by certificate and path alone; everything else is sound to us, and
// the identity, the log or the SCTs decide.
std::map<std::string, std::string> hostile_verdicts() {
  return {
      {"trunc-0", "unreadable"},
      {"trunc-1", "unreadable"},
      {"trunc-10", "unreadable"},
      {"trunc-100", "unreadable"},
      {"pem-in-raw", "unreadable"},
      {"indefinite-length", "unreadable"},
      {"len-overflow", "unreadable"},
      {"garbage", "unreadable"},
      {"sigalg-mismatch", "unreadable"},
      {"huge-ext-4mb", "unreadable"},
      {"sig-flip", "untrusted"},
      {"self-signed", "untrusted"},
      {"evil-root-same-names", "untrusted"},
      {"issued-by-leaf", "untrusted"},
      {"inverted-validity", "untrusted"},
      {"no-san", "malformed"},
      {"san-noncritical", "malformed"},
      {"unknown-critical-ext", "malformed"},
      {"san-two-uri", "names: 2"},
      {"san-two-uri-evil-first", "names: 2"},
      {"san-uri-and-email", "names: 2"},
      {"san-many", "names: malformed"},
      {"san-variant-01", "names: malformed"},
      {"issuer-conflict", "claims"},
      {"issuer-ia5", "claims"},
      {"issuer-bad-utf8", "claims"},
      {"eku-server", "wrong-usage"},
      {"eku-none", "wrong-usage"},
      {"ca-true-leaf", "not-a-leaf"},
      {"leaf-is-intermediate", "not-a-leaf"},
      {"leaf-is-root", "not-a-leaf"},
      {"expired-yesterday", "expired"},
      {"not-yet-valid", "expired"},
      {"boundary-notafter-minus1", "expired"},
      {"k1-key", "unsupported"},
  };
}

TEST(CertificateCorpusTest, HostileCertificatesAreSorted) {
  const auto index = shared_json("hostile/index.json");
  const auto root = shared_json("hostile/context/trusted_root.json");
  if (!index || !root) {
    GTEST_SKIP() << "the hostile corpus is not here: " << NONO_SHARED_DIR;
  }
  const auto authorities = authorities_in(*root);
  auto expected = hostile_verdicts();
  std::size_t count = 0;
  for (const Json& one : *index->find("cases")->array()) {
    const std::string& id = *one.find("id")->string();
    if (!id.starts_with("cert.")) {
      continue;
    }
    const auto bundle = shared_json("hostile/" + *one.find("file")->string());
    ASSERT_TRUE(bundle.has_value()) << id;
    const auto found = expected.find(id.substr(5));
    const std::string wanted = found == expected.end() ? "ok" : found->second;
    EXPECT_EQ(verdict_of(authorities, *bundle), wanted) << id;
    // What this room refuses, the corpus wants refused.
    EXPECT_TRUE(wanted == "ok" || *one.find("expect")->string() == "reject") << id;
    ++count;
  }
  EXPECT_GT(count, 50u);
}

FulcioClaims claims_in(std::string_view path) {
  const auto bundle = shared_json(std::string("sigstore/sigstore-go/bundles/").append(path));
  if (!bundle) {
    ADD_FAILURE() << path;
    return {};
  }
  const auto claims = read_fulcio_claims(*Certificate::parse_der(*leaf_of(*bundle)));
  EXPECT_TRUE(claims.has_value()) << path;
  return claims.value_or(FulcioClaims());
}

class RealCertificateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    index_ = shared_json("sigstore/index.json");
    if (!index_) {
      GTEST_SKIP() << "Sigstore's own vectors are not here: " << NONO_SHARED_DIR;
    }
  }
  std::optional<Json> index_;
};

TEST_F(RealCertificateTest, TheClaimsOfAWorkflowAreRead) {
  const FulcioClaims claims = claims_in("sigstore.js@2.0.0-provenance.sigstore.json");
  EXPECT_EQ(claims.issuer, "https://token.actions.githubusercontent.com");
  EXPECT_EQ(claims.runner_environment, "github-hosted");
  EXPECT_EQ(claims.source_repository_uri, "https://github.com/sigstore/sigstore-js");
  EXPECT_EQ(claims.source_repository_ref, "refs/heads/main");
  EXPECT_EQ(claims.source_repository_visibility, "public");
  for (const ClaimField& field : fulcio_claim_fields()) {
    const bool recent = field.oid.ends_with(".23") || field.oid.ends_with(".24");
    EXPECT_EQ((claims.*field.member).empty(), recent) << field.name;
  }
}

TEST_F(RealCertificateTest, TheClaimsOfAPersonAreTheOldIssuerAlone) {
  const FulcioClaims claims = claims_in("dsse.sigstore.json");
  for (const ClaimField& field : fulcio_claim_fields()) {
    EXPECT_EQ(claims.*field.member, field.name == "issuer" ? "https://github.com/login/oauth" : "")
        << field.name;
  }
  const auto bundle = shared_json("sigstore/sigstore-go/bundles/dsse.sigstore.json");
  const auto names = Certificate::parse_der(*leaf_of(*bundle))->subject_names();
  ASSERT_TRUE(names.has_value());
  ASSERT_EQ(names->size(), 1u);
  EXPECT_EQ(names->front().kind, SubjectNameKind::Email);
  EXPECT_EQ(names->front().value, "brian@dehamer.com");
}

TEST_F(RealCertificateTest, LeavesOfGoodBundlesHaveOneNameAndClaims) {
  std::size_t count = 0;
  for (const Json& one : *index_->array()) {
    const Json* const path = at(&one, {"args", "bundle"});
    if (*one.find("expect")->string() != "pass" || path == nullptr || path->string() == nullptr) {
      continue;
    }
    const auto bundle = shared_json("sigstore/" + *path->string());
    const auto der = bundle ? leaf_of(*bundle) : std::nullopt;
    if (!der) {
      continue;  // signed with a key
    }
    const auto leaf = Certificate::parse_der(*der);
    ASSERT_TRUE(leaf.has_value()) << *path->string() << ": " << leaf.error().message();
    const auto names = leaf->subject_names();
    EXPECT_TRUE(names.has_value() && names->size() == 1) << *path->string();
    EXPECT_TRUE(read_fulcio_claims(*leaf).has_value()) << *path->string();
    EXPECT_FALSE(leaf->is_ca());
    EXPECT_TRUE(leaf->may_sign_data() && leaf->allows(ExtendedUse::CodeSigning));
    ++count;
  }
  EXPECT_GT(count, 10u);
}

TEST_F(RealCertificateTest, LeavesOfProductionChainToIt) {
  const auto root = shared_json("sigstore/root-signing/targets/trusted_root.json");
  ASSERT_TRUE(root.has_value());
  const auto authorities = authorities_in(*root);
  for (const std::string_view name :
       {"dsse.sigstore.json", "sigstore.js@2.0.0-provenance.sigstore.json"}) {
    const auto bundle = shared_json(std::string("sigstore/sigstore-go/bundles/").append(name));
    ASSERT_TRUE(bundle.has_value());
    EXPECT_EQ(verdict_of(authorities, *bundle), "ok") << name;
  }
}

}  // namespace
}  // namespace nono::crypto
