// tests/crypto/certificate_authority_test.cc: paths that hold, and every way in which one does not.
#include "crypto/certificate_authority.h"

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <map>
#include <thread>

#include "tests/crypto/certificate_draft.h"

namespace nono::crypto {
namespace {

using namespace std::chrono_literals;
using test::der;
using test::Draft;
using test::kSequence;
using test::noon;
using test::unhex;

// key makes one key per name, and gives the same one for the same name.
const PrivateKey& key(const std::string& name) {
  static std::map<std::string, PrivateKey> keys;
  const auto found = keys.find(name);
  return found != keys.end()
             ? found->second
             : keys.emplace(name, *PrivateKey::generate(KeyAlgorithm::EcdsaP256)).first->second;
}
const PublicKey& public_key(const std::string& name) {
  return key(name).public_key();
}

Draft root_draft() {
  return test::authority("root", public_key("root"), "root");
}
Draft intermediate_draft() {
  return test::authority("intermediate", public_key("intermediate"), "root");
}
Draft leaf_draft(std::string_view issuer = "intermediate") {
  return test::leaf(public_key("leaf"), issuer);
}

Certificate root() {
  return root_draft().issued_by(key("root"));
}
Certificate intermediate() {
  return intermediate_draft().issued_by(key("root"));
}
Certificate leaf() {
  return leaf_draft().issued_by(key("intermediate"));
}

CertificateAuthority authority(std::vector<Certificate> chain) {
  auto made = CertificateAuthority::make(std::move(chain));
  if (!made) {
    ADD_FAILURE() << made.error().message();
    std::abort();
  }
  return *std::move(made);
}
CertificateAuthority usual() {
  return authority({intermediate(), root()});
}

// verdict is "ok: ISSUER" or the fault's name.
std::string verdict(const CertificateAuthority& authority, const Certificate& leaf,
                    const std::vector<Certificate>& helpers = {}, Time at = noon(),
                    LeafUse use = LeafUse::CodeSigning) {
  constexpr std::string_view kNames[] = {"UntrustedIssuer", "Expired",  "IssuerExpired",
                                         "WrongUsage",      "NotALeaf", "Malformed"};
  const auto issuer = authority.issuer_of(leaf, helpers, at, use);
  if (!issuer) {
    EXPECT_FALSE(issuer.error().detail.empty());
    return std::string(kNames[static_cast<std::size_t>(issuer.error().fault)]);
  }
  return "ok: " + issuer->subject_text();
}

// with_leaf judges a leaf that differs from a good one by `change` alone.
std::string with_leaf(const std::function<void(Draft&)>& change,
                      LeafUse use = LeafUse::CodeSigning) {
  Draft draft = leaf_draft();
  change(draft);
  return verdict(usual(), draft.issued_by(key("intermediate")), {}, noon(), use);
}

// with_issuers judges a good leaf under an intermediate and a root that differ by `change`.
std::string with_issuers(const std::function<void(Draft& intermediate, Draft& root)>& change,
                         Time at = noon()) {
  Draft upper = root_draft();
  Draft lower = intermediate_draft();
  change(lower, upper);
  return verdict(authority({lower.issued_by(key("root")), upper.issued_by(key("root"))}), leaf(),
                 {}, at);
}

constexpr std::string_view kOk = "ok: CN=intermediate";

TEST(CertificateAuthorityTest, AGoodPathNamesItsIssuer) {
  EXPECT_EQ(verdict(usual(), leaf()), kOk);
  EXPECT_EQ(usual().chain().size(), 2u);
}

TEST(CertificateAuthorityTest, TheRootAloneIssues) {
  const Certificate direct = leaf_draft("root").issued_by(key("root"));
  EXPECT_EQ(verdict(authority({root()}), direct), "ok: CN=root");
  EXPECT_EQ(verdict(usual(), direct), "ok: CN=root");
}

TEST(CertificateAuthorityTest, AnIntermediateMayBeTheAnchor) {
  EXPECT_EQ(verdict(authority({intermediate()}), leaf()), kOk);
}

TEST(CertificateAuthorityTest, SeveralThreadsShareOneAuthority) {
  const CertificateAuthority shared = usual();
  const Certificate good = leaf();
  std::vector<int> held(4);
  {
    std::vector<std::jthread> threads;
    for (int& count : held) {
      threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i) {
          count += shared.issuer_of(good, {}, noon(), LeafUse::CodeSigning) ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(held, std::vector<int>(4, 20));
}

TEST(CertificateAuthorityTest, KeysOfEveryAlgorithmIssue) {
  for (const auto algorithm : {KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384,
                               KeyAlgorithm::EcdsaP521, KeyAlgorithm::Ed25519}) {
    const auto issuing = PrivateKey::generate(algorithm);
    const Certificate ca =
        test::authority("root", issuing->public_key(), "root").issued_by(*issuing);
    EXPECT_EQ(verdict(authority({ca}), leaf_draft("root").issued_by(*issuing)), "ok: CN=root")
        << name_of(algorithm);
  }
}

// Who issued.

TEST(UntrustedIssuerTest, AnotherAuthority) {
  const Certificate other =
      test::authority("other", public_key("other"), "other").issued_by(key("other"));
  EXPECT_EQ(verdict(authority({other}), leaf()), "UntrustedIssuer");
}

TEST(UntrustedIssuerTest, TheSameNamesWithOtherKeys) {
  const Certificate evil_root =
      test::authority("root", public_key("evil"), "root").issued_by(key("evil"));
  const Certificate evil =
      test::authority("intermediate", public_key("evil"), "root").issued_by(key("evil"));
  const Certificate forged = leaf_draft().issued_by(key("evil"));
  EXPECT_EQ(verdict(usual(), forged), "UntrustedIssuer");
  EXPECT_EQ(verdict(usual(), forged, {evil}), "UntrustedIssuer");
  EXPECT_EQ(verdict(usual(), forged, {evil, evil_root}), "UntrustedIssuer");
}

TEST(UntrustedIssuerTest, ANameThatDoesNotChain) {
  EXPECT_EQ(verdict(usual(), leaf_draft("Intermediate X").issued_by(key("intermediate"))),
            "UntrustedIssuer");
}

TEST(UntrustedIssuerTest, ASelfSignedLeaf) {
  Draft draft = leaf_draft("self");
  draft.subject = test::common_name("self");
  EXPECT_EQ(verdict(usual(), draft.issued_by(key("leaf"))), "UntrustedIssuer");
}

TEST(UntrustedIssuerTest, ASelfSignedHelperNeverAnchors) {
  const Certificate own_root =
      test::authority("own", public_key("own"), "own").issued_by(key("own"));
  const Certificate own_leaf = leaf_draft("own").issued_by(key("own"));
  EXPECT_EQ(verdict(usual(), own_leaf, {own_root}), "UntrustedIssuer");
}

TEST(UntrustedIssuerTest, EveryFlippedBitOfTheSignatureFails) {
  Bytes good = leaf_draft().signed_by(key("intermediate"));
  std::size_t parsed_count = 0;
  for (std::size_t at = good.size() - 60; at < good.size(); ++at) {
    Bytes flipped = good;
    flipped[at] ^= std::byte{1};
    if (const auto parsed = Certificate::parse_der(flipped)) {
      ++parsed_count;
      EXPECT_EQ(verdict(usual(), *parsed), "UntrustedIssuer") << at;
    }
  }
  EXPECT_EQ(parsed_count, 60u);
}

TEST(UntrustedIssuerTest, ChangedContentsFail) {
  Draft draft = leaf_draft();
  const Bytes algorithm = test::signature_algorithm(KeyAlgorithm::EcdsaP256);
  const Bytes signature = *key("intermediate").sign(draft.tbs(algorithm));
  draft.extensions[2] =
      test::alternative_names({test::general_name(test::kEmailName, "b@example.com")});
  const Bytes forged = der(kSequence, {draft.tbs(algorithm), algorithm, test::der_bits(signature)});
  EXPECT_EQ(verdict(usual(), *Certificate::parse_der(forged)), "UntrustedIssuer");
}

TEST(UntrustedIssuerTest, SignaturesInBerFail) {
  const Bytes algorithm = test::signature_algorithm(KeyAlgorithm::EcdsaP256);
  const Bytes tbs = leaf_draft().tbs(algorithm);
  const Bytes good = *key("intermediate").sign(tbs);
  const Bytes spellings[] = {
      test::joined({good, unhex("00")}),
      test::joined({unhex("3081"), std::span(good).subspan(1)}),
      {},
      unhex("3006020100020100"),
  };
  for (const Bytes& spelling : spellings) {
    const auto parsed =
        Certificate::parse_der(der(kSequence, {tbs, algorithm, test::der_bits(spelling)}));
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(verdict(usual(), *parsed), "UntrustedIssuer");
  }
}

TEST(UntrustedIssuerTest, ALeafDoesNotIssue) {
  Draft between = leaf_draft();
  between.subject = test::common_name("between");
  const Certificate below = test::leaf(public_key("below"), "between").issued_by(key("leaf"));
  EXPECT_EQ(verdict(usual(), below, {between.issued_by(key("intermediate"))}), "UntrustedIssuer");
  // Without a keyUsage that forbids it, the constraints do.
  between.extensions.erase(between.extensions.begin());
  EXPECT_EQ(verdict(usual(), below, {between.issued_by(key("intermediate"))}), "UntrustedIssuer");
}

TEST(UntrustedIssuerTest, AHelperWithoutCertificateSigningDoesNotIssue) {
  Draft between = test::authority("between", public_key("between"), "intermediate");
  between.extensions[1] = test::key_usage(test::kSignsData);
  const Certificate below = leaf_draft("between").issued_by(key("between"));
  EXPECT_EQ(verdict(usual(), below, {between.issued_by(key("intermediate"))}), "UntrustedIssuer");
}

// Helpers.

Draft helper_draft() {
  return test::authority("helper", public_key("helper"), "intermediate");
}
Certificate helped_leaf() {
  return leaf_draft("helper").issued_by(key("helper"));
}

std::string with_helper(const std::function<void(Draft&)>& change, Time at = noon()) {
  Draft draft = helper_draft();
  change(draft);
  return verdict(usual(), helped_leaf(), {draft.issued_by(key("intermediate"))}, at);
}

TEST(HelperTest, AHelperBuildsThePath) {
  EXPECT_EQ(verdict(usual(), helped_leaf()), "UntrustedIssuer");
  EXPECT_EQ(with_helper([](Draft&) {}), "ok: CN=helper");
}

TEST(HelperTest, TheMissingIntermediateMayComeFromTheBundle) {
  EXPECT_EQ(verdict(authority({root()}), leaf(), {intermediate()}), kOk);
}

TEST(HelperTest, UselessHelpersDoNoHarm) {
  const Certificate other =
      test::authority("other", public_key("other"), "other").issued_by(key("other"));
  EXPECT_EQ(verdict(usual(), leaf(), {other, root(), intermediate()}), kOk);
}

TEST(HelperTest, AnExpiredTwinDoesNotHideTheValidOne) {
  Draft old = helper_draft();
  old.not_after = test::time_element(noon() - 1h);
  const Certificate expired = old.issued_by(key("intermediate"));
  const Certificate valid = helper_draft().issued_by(key("intermediate"));
  EXPECT_EQ(verdict(usual(), helped_leaf(), {expired, valid}), "ok: CN=helper");
  EXPECT_EQ(verdict(usual(), helped_leaf(), {valid, expired}), "ok: CN=helper");
}

TEST(HelperTest, MoreThanTenAreRefused) {
  const std::vector<Certificate> ten(10, helper_draft().issued_by(key("intermediate")));
  EXPECT_EQ(verdict(usual(), helped_leaf(), ten), "ok: CN=helper");
  std::vector<Certificate> eleven = ten;
  eleven.push_back(ten.front());
  EXPECT_EQ(verdict(usual(), helped_leaf(), eleven), "Malformed");
}

TEST(HelperTest, AHelperIsCheckedLikeAnyIssuer) {
  EXPECT_EQ(with_helper([](Draft& d) { d.not_after = test::time_element(noon() - 1s); }),
            "IssuerExpired");
  EXPECT_EQ(with_helper(
                [](Draft& d) { d.extensions.push_back(test::extended_use({test::kServerAuth})); }),
            "WrongUsage");
  EXPECT_EQ(
      with_helper([](Draft& d) { d.extensions.push_back(test::extension("1.2.3", true, {})); }),
      "Malformed");
}

TEST(HelperTest, LoopsOfHelpersEnd) {
  const Certificate a = test::authority("a", public_key("a"), "b").issued_by(key("b"));
  const Certificate b = test::authority("b", public_key("b"), "a").issued_by(key("a"));
  EXPECT_EQ(verdict(usual(), leaf_draft("a").issued_by(key("a")), {a, b}), "UntrustedIssuer");
}

// Times: every window is inclusive at both ends.

TEST(PathTimeTest, TheLeafIsJudgedToTheSecond) {
  const CertificateAuthority ours = usual();
  const Certificate good = leaf();
  EXPECT_EQ(verdict(ours, good, {}, noon() - 30min - 1s), "Expired");
  EXPECT_EQ(verdict(ours, good, {}, noon() - 30min), kOk);
  EXPECT_EQ(verdict(ours, good, {}, noon() + 30min), kOk);
  EXPECT_EQ(verdict(ours, good, {}, noon() + 30min + 1s), "Expired");
}

TEST(PathTimeTest, IssuersAreJudgedToTheSecond) {
  for (const bool upper : {false, true}) {
    const auto limited = [upper](Time first, Time last) {
      return with_issuers([&](Draft& intermediate, Draft& root) {
        Draft& issuer = upper ? root : intermediate;
        issuer.not_before = test::time_element(first);
        issuer.not_after = test::time_element(last);
      });
    };
    EXPECT_EQ(limited(noon(), noon()), kOk);
    EXPECT_EQ(limited(noon(), noon() + 1h), kOk);
    EXPECT_EQ(limited(noon() - 1h, noon()), kOk);
    EXPECT_EQ(limited(noon() + 1s, noon() + 1h), "IssuerExpired");
    EXPECT_EQ(limited(noon() - 1h, noon() - 1s), "IssuerExpired");
  }
}

TEST(PathTimeTest, AWindowWithoutTimeIsNeverOpen) {
  EXPECT_EQ(with_leaf([](Draft& d) { std::swap(d.not_before, d.not_after); }), "Expired");
}

TEST(PathTimeTest, TheMachinesClockIsNotRead) {
  Draft old = leaf_draft("root");
  Draft ca = root_draft();
  const Time long_ago{std::chrono::sys_days(std::chrono::year(1999) / 6 / 1)};
  const Time far_away{std::chrono::sys_days(std::chrono::year(2222) / 6 / 1)};
  for (const Time at : {long_ago, far_away}) {
    old.not_before = old.not_after = ca.not_before = ca.not_after = test::time_element(at);
    EXPECT_EQ(verdict(authority({ca.issued_by(key("root"))}), old.issued_by(key("root")), {}, at),
              "ok: CN=root");
  }
}

// Usages.

TEST(PathUsageTest, ACodeSigningLeafSaysSo) {
  const auto uses = [](std::vector<std::string_view> names) {
    return with_leaf([&](Draft& d) { d.extensions[1] = test::extended_use(names); });
  };
  EXPECT_EQ(uses({test::kCodeSigning}), kOk);
  EXPECT_EQ(uses({test::kServerAuth, test::kCodeSigning}), kOk);
  EXPECT_EQ(uses({test::kCodeSigning, test::kTimeStamping}), kOk);
  EXPECT_EQ(uses({test::kServerAuth}), "WrongUsage");
  EXPECT_EQ(uses({test::kTimeStamping}), "WrongUsage");
  EXPECT_EQ(uses({"2.5.29.37.0"}), "WrongUsage");
  EXPECT_EQ(with_leaf([](Draft& d) { d.extensions.erase(d.extensions.begin() + 1); }),
            "WrongUsage");
}

TEST(PathUsageTest, ACodeSigningLeafSignsData) {
  EXPECT_EQ(with_leaf([](Draft& d) { d.extensions.erase(d.extensions.begin()); }), "WrongUsage");
  EXPECT_EQ(with_leaf([](Draft& d) { d.extensions[0] = test::key_usage(0x20); }), "WrongUsage");
  EXPECT_EQ(with_leaf([](Draft& d) { d.extensions[0] = test::key_usage(0x40); }), "WrongUsage");
  EXPECT_EQ(with_leaf([](Draft& d) { d.extensions[0] = test::key_usage(0xC0); }), kOk);
}

TEST(PathUsageTest, ATimestampLeafIsForNothingElse) {
  const auto uses = [](std::vector<std::string_view> names, bool critical) {
    return with_leaf([&](Draft& d) { d.extensions[1] = test::extended_use(names, critical); },
                     LeafUse::TimeStamping);
  };
  EXPECT_EQ(uses({test::kTimeStamping}, true), kOk);
  EXPECT_EQ(uses({test::kTimeStamping}, false), "WrongUsage");
  EXPECT_EQ(uses({test::kTimeStamping, test::kCodeSigning}, true), "WrongUsage");
  EXPECT_EQ(uses({test::kCodeSigning}, true), "WrongUsage");
  EXPECT_EQ(uses({"2.5.29.37.0"}, true), "WrongUsage");
  EXPECT_EQ(with_leaf([](Draft& d) { d.extensions.erase(d.extensions.begin() + 1); },
                      LeafUse::TimeStamping),
            "WrongUsage");
}

TEST(PathUsageTest, ATimestampLeafMaySign) {
  const auto usage = [](std::optional<unsigned char> bits) {
    return with_leaf(
        [&](Draft& d) {
          d.subject = test::common_name("tsa");
          d.extensions = {test::extended_use({test::kTimeStamping}, true)};
          if (bits) {
            d.extensions.push_back(test::key_usage(*bits));
          }
        },
        LeafUse::TimeStamping);
  };
  EXPECT_EQ(usage(std::nullopt), kOk);
  EXPECT_EQ(usage(0x80), kOk);
  EXPECT_EQ(usage(0x40), kOk);
  EXPECT_EQ(usage(0x20), "WrongUsage");
}

TEST(PathUsageTest, IssuersLimitWhatTheyIssueFor) {
  for (const bool upper : {false, true}) {
    const auto limited = [upper](std::string_view use) {
      return with_issuers([&](Draft& intermediate, Draft& root) {
        (upper ? root : intermediate).extensions.push_back(test::extended_use({use}));
      });
    };
    EXPECT_EQ(limited(test::kCodeSigning), kOk);
    EXPECT_EQ(limited("2.5.29.37.0"), kOk);
    EXPECT_EQ(limited(test::kServerAuth), "WrongUsage");
    EXPECT_EQ(limited(test::kTimeStamping), "WrongUsage");
  }
}

TEST(NotALeafTest, AnAuthorityIsNoLeaf) {
  EXPECT_EQ(with_leaf([](Draft& d) { d.extensions.push_back(test::ca_constraints()); }),
            "NotALeaf");
  EXPECT_EQ(verdict(usual(), intermediate()), "NotALeaf");
  EXPECT_EQ(verdict(usual(), root()), "NotALeaf");
}

// Critical extensions.

TEST(MalformedPathTest, AnUnknownCriticalExtension) {
  EXPECT_EQ(with_leaf([](Draft& d) {
              d.extensions.push_back(test::extension("1.2.3", true, unhex("0500")));
            }),
            "Malformed");
  EXPECT_EQ(with_leaf([](Draft& d) {
              d.extensions.push_back(test::extension("1.2.3", false, unhex("0500")));
            }),
            kOk);
}

TEST(MalformedPathTest, APrecertificateAndPoliciesThatBind) {
  const Bytes policies = der(kSequence, {der(kSequence, {test::oid("1.2.3.4")})});
  const Bytes extensions[] = {
      test::extension("1.3.6.1.4.1.11129.2.4.3", true, unhex("0500")),
      test::extension("2.5.29.32", true, policies),
      test::extension("2.5.29.36", true, unhex("3003800100")),
  };
  for (const Bytes& extension : extensions) {
    EXPECT_EQ(with_leaf([&](Draft& d) { d.extensions.push_back(extension); }), "Malformed");
  }
}

TEST(MalformedPathTest, ACriticalNameOfAnyKindIsHandled) {
  const Bytes text = der(0x0C, {as_bytes("somebody")});
  EXPECT_EQ(with_leaf([&](Draft& d) {
              d.extensions[2] =
                  test::alternative_names({test::other_name("1.3.6.1.4.1.57264.1.7", text)}, true);
            }),
            kOk);
  EXPECT_EQ(with_leaf([&](Draft& d) {
              d.extensions[2] = test::alternative_names({test::other_name("1.2.3", text)}, true);
            }),
            kOk);
}

TEST(MalformedPathTest, ALeafWithoutSubjectHasACriticalName) {
  const Bytes name = test::general_name(test::kEmailName, "a@example.com");
  EXPECT_EQ(with_leaf([&](Draft& d) { d.extensions[2] = test::alternative_names({name}, false); }),
            "Malformed");
  EXPECT_EQ(with_leaf([](Draft& d) { d.extensions.pop_back(); }), "Malformed");
  EXPECT_EQ(with_leaf([&](Draft& d) {
              d.subject = test::common_name("somebody");
              d.extensions[2] = test::alternative_names({name}, false);
            }),
            kOk);
}

// Path lengths.

TEST(PathLengthTest, HelpersCountForEachIssuerAbove) {
  const Certificate helper = helper_draft().issued_by(key("intermediate"));
  const auto limited = [&](std::optional<int> lower, std::optional<int> upper) {
    Draft intermediate = intermediate_draft();
    Draft root = root_draft();
    intermediate.extensions[0] = test::ca_constraints(lower);
    root.extensions[0] = test::ca_constraints(upper);
    return verdict(authority({intermediate.issued_by(key("root")), root.issued_by(key("root"))}),
                   helped_leaf(), {helper});
  };
  EXPECT_EQ(limited(std::nullopt, std::nullopt), "ok: CN=helper");
  EXPECT_EQ(limited(1, 2), "ok: CN=helper");
  EXPECT_EQ(limited(0, std::nullopt), "Malformed");
  EXPECT_EQ(limited(std::nullopt, 1), "Malformed");  // above the anchor that OpenSSL stops at
}

TEST(PathLengthTest, LengthZeroIssuesLeaves) {
  EXPECT_EQ(with_issuers([](Draft& intermediate, Draft& root) {
              intermediate.extensions[0] = test::ca_constraints(0);
              root.extensions[0] = test::ca_constraints(1);
            }),
            kOk);
}

Bytes own_key_id(std::string_view id) {
  return test::extension("2.5.29.14", false, der(test::kOctets, {as_bytes(id)}));
}
Bytes issuer_key_id(std::string_view id) {
  return test::extension("2.5.29.35", false, der(kSequence, {der(0x80, {as_bytes(id)})}));
}

TEST(PathLengthTest, SelfIssuedCertificatesDoNotCount) {
  // A new key of the same intermediate, vouched for by the old one (RFC 5280 section 6.1.4 l).
  Draft renewed = test::authority("intermediate", public_key("renewed"), "intermediate");
  renewed.extensions.insert(renewed.extensions.end(), {own_key_id("new"), issuer_key_id("old")});
  Draft old = intermediate_draft();
  old.extensions[0] = test::ca_constraints(0);
  old.extensions.push_back(own_key_id("old"));
  Draft below = leaf_draft();
  below.extensions.push_back(issuer_key_id("new"));
  EXPECT_EQ(verdict(authority({old.issued_by(key("root")), root()}),
                    below.issued_by(key("renewed")), {renewed.issued_by(key("intermediate"))}),
            kOk);
}

// Name constraints (RFC 5280 section 4.2.1.10).

Bytes permitted_email(std::string_view host) {
  const Bytes tree = der(kSequence, {test::general_name(test::kEmailName, host)});
  return test::extension("2.5.29.30", true, der(kSequence, {der(0xA0, {tree})}));
}

TEST(NameConstraintsTest, IssuersLimitTheNames) {
  for (const bool upper : {false, true}) {
    const auto limited = [upper](std::string_view host) {
      return with_issuers([&](Draft& intermediate, Draft& root) {
        (upper ? root : intermediate).extensions.push_back(permitted_email(host));
      });
    };
    EXPECT_EQ(limited("example.com"), kOk);
    EXPECT_EQ(limited("example.org"), "Malformed");
  }
}

// Making an authority.

std::string make_fault(std::vector<Certificate> chain) {
  const auto made = CertificateAuthority::make(std::move(chain));
  if (made) {
    return "(made)";
  }
  EXPECT_EQ(made.error().kind(), ErrorKind::InvalidInput);
  return made.error().message();
}

TEST(MakeAuthorityTest, OneToTenCertificates) {
  constexpr std::string_view kCount = "certificate authority: a chain has 1 to 10 certificates";
  EXPECT_EQ(make_fault({}), kCount);
  std::vector<Certificate> chain;
  for (int i = 0; i < 11; ++i) {
    const std::string own = "ca" + std::to_string(i);
    const std::string above = "ca" + std::to_string(i + 1);
    chain.push_back(test::authority(own, public_key(own), above).issued_by(key(above)));
  }
  EXPECT_EQ(make_fault(chain), kCount);
  chain.pop_back();
  EXPECT_EQ(make_fault(chain), "(made)");
  EXPECT_EQ(verdict(authority(chain), leaf_draft("ca0").issued_by(key("ca0"))), "ok: CN=ca0");
}

TEST(MakeAuthorityTest, OnlyIssuersAreTaken) {
  constexpr std::string_view kMayNot =
      "certificate authority: a certificate in the chain may not issue others";
  EXPECT_EQ(make_fault({leaf()}), kMayNot);
  EXPECT_EQ(make_fault({leaf(), intermediate(), root()}), kMayNot);
  Draft draft = root_draft();
  draft.extensions[1] = test::key_usage(test::kSignsData);
  EXPECT_EQ(make_fault({draft.issued_by(key("root"))}), kMayNot);
  draft.extensions.pop_back();
  EXPECT_EQ(make_fault({draft.issued_by(key("root"))}), "(made)");
}

TEST(MakeAuthorityTest, EachIsIssuedByTheNext) {
  constexpr std::string_view kNotIssued =
      "certificate authority: a certificate in the chain was not issued by the next one";
  EXPECT_EQ(make_fault({root(), intermediate()}), kNotIssued);
  const Certificate other =
      test::authority("intermediate", public_key("intermediate"), "other").issued_by(key("root"));
  EXPECT_EQ(make_fault({other, root()}), kNotIssued);
}

// The signatures between them are looked at when a path first leads there, and at every use after
// that the verdict stands.
TEST(MakeAuthorityTest, AChainWhoseSignaturesDoNotHoldIssuesNothing) {
  const Certificate evil =
      test::authority("intermediate", public_key("evil"), "root").issued_by(key("evil"));
  const Certificate own = leaf_draft().issued_by(key("evil"));
  EXPECT_EQ(verdict(authority({evil}), own), "ok: CN=intermediate");
  const CertificateAuthority broken = authority({evil, root()});
  const CertificateAuthority copy = broken;
  EXPECT_EQ(verdict(broken, own), "Malformed");
  EXPECT_EQ(verdict(broken, own), "Malformed");
  EXPECT_EQ(verdict(copy, own), "Malformed");
  EXPECT_EQ(verdict(broken, leaf()), "UntrustedIssuer");
}

TEST(MakeAuthorityTest, ABrokenLinkFurtherUpCountsAsWell) {
  const Certificate evil =
      test::authority("root", public_key("root"), "top").issued_by(key("evil"));
  const Certificate top = test::authority("top", public_key("top"), "top").issued_by(key("top"));
  EXPECT_EQ(verdict(authority({intermediate(), evil}), leaf()), "ok: CN=intermediate");
  EXPECT_EQ(verdict(authority({intermediate(), evil, top}), leaf()), "Malformed");
}

// What a known link spares is the signature of these very certificates, and nothing else of them.
TEST(MakeAuthorityTest, AKnownLinkIsNotCheckedAgain) {
  const Certificate evil =
      test::authority("intermediate", public_key("evil"), "root").issued_by(key("evil"));
  const Certificate own = leaf_draft().issued_by(key("evil"));
  const Certificate top = root();  // each call signs anew
  const auto with = [&](const std::vector<KnownLink>& known, const Certificate& below) {
    const auto made = CertificateAuthority::make({evil, top}, known);
    return made ? verdict(*made, below) : made.error().message();
  };
  EXPECT_EQ(with({link_of(top, evil)}, own), "ok: CN=intermediate");
  EXPECT_EQ(with({link_of(top, intermediate())}, own), "Malformed");
  EXPECT_EQ(with({link_of(evil, top)}, own), "Malformed");
  EXPECT_EQ(with({link_of(top, evil)}, leaf()), "UntrustedIssuer");
}

TEST(MakeAuthorityTest, AKnownLinkOfOtherNamesIsNone) {
  const Certificate other =
      test::authority("intermediate", public_key("intermediate"), "other").issued_by(key("root"));
  const Certificate top = root();
  const std::vector<KnownLink> known{link_of(top, other)};
  EXPECT_FALSE(CertificateAuthority::make({other, top}, known).has_value());
}

// Whose signature was found to hold is asked nothing but that a second time.
TEST(ProvenLeafTest, OnlyTheSignatureOfTheSameBytesIsSpared) {
  const CertificateAuthority shared = usual();
  const Certificate good = leaf();
  Bytes changed(good.der().begin(), good.der().end());
  changed.back() ^= std::byte{1};
  const auto bad = Certificate::parse_der(changed);
  ASSERT_TRUE(bad.has_value());
  for (int again = 0; again < 3; ++again) {
    EXPECT_EQ(verdict(shared, good), kOk);
    EXPECT_EQ(verdict(shared, *bad), "UntrustedIssuer");
    EXPECT_EQ(verdict(shared, *Certificate::parse_der(good.der())), kOk);
    EXPECT_EQ(verdict(shared, leaf_draft().issued_by(key("evil"))), "UntrustedIssuer");
    EXPECT_EQ(verdict(shared, good, {}, noon() + std::chrono::years(50)), "Expired");
    EXPECT_EQ(verdict(shared, good, {}, noon(), LeafUse::TimeStamping), "WrongUsage");
  }
}

TEST(ProvenLeafTest, CountsForItsAuthorityAlone) {
  const Certificate good = leaf();
  EXPECT_EQ(verdict(usual(), good), kOk);
  const Certificate twin =
      test::authority("intermediate", public_key("evil"), "root").issued_by(key("root"));
  EXPECT_EQ(verdict(authority({twin, root()}), good), "UntrustedIssuer");
}

TEST(IssuedTest, AsksForTheNameAndTheSignature) {
  EXPECT_TRUE(issued(root(), intermediate()));
  EXPECT_TRUE(issued(intermediate(), leaf()));
  EXPECT_FALSE(issued(root(), leaf()));
  EXPECT_FALSE(issued(intermediate(), root()));
  EXPECT_FALSE(issued(intermediate(), leaf_draft().issued_by(key("evil"))));
}

TEST(MakeAuthorityTest, SeveralThreadsMayAskFirst) {
  const CertificateAuthority shared = usual();
  const Certificate subject = leaf();
  std::vector<std::future<std::string>> asked;
  for (int i = 0; i < 8; ++i) {
    asked.push_back(std::async(std::launch::async, [&] { return verdict(shared, subject); }));
  }
  for (auto& answer : asked) {
    EXPECT_EQ(answer.get(), "ok: CN=intermediate");
  }
}

TEST(MakeAuthorityTest, TheChainKeepsItsOwnConstraints) {
  Draft upper = root_draft();
  upper.extensions[0] = test::ca_constraints(0);
  EXPECT_EQ(make_fault({intermediate(), upper.issued_by(key("root"))}),
            "certificate authority: there are more issuers than one of them allows");
  Draft strange = root_draft();
  strange.extensions.push_back(test::extension("1.2.3", true, {}));
  EXPECT_EQ(make_fault({strange.issued_by(key("root"))}),
            "certificate authority: a critical extension is not known here");
}

TEST(MakeAuthorityTest, TimesDoNotMatterYet) {
  Draft old = root_draft();
  old.not_after = old.not_before;
  EXPECT_EQ(make_fault({old.issued_by(key("root"))}), "(made)");
}

}  // namespace
}  // namespace nono::crypto
