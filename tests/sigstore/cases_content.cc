// tests/sigstore/cases_content.cc: signatures, artifacts, statements, algorithms, thresholds.
#include <string>

#include "tests/sigstore/cases.h"
#include "tests/sigstore/der.h"
#include "tests/sigstore/world.h"

namespace nono::factory {
namespace {

void add_signatures(Cases& cases) {
  constexpr const char* kBad = "bad-signature";
  cases.add("signature/changed", kBad, [](Recipe& r) { r.signature_after = flip_last; });
  cases.add("signature/bytes-after", kBad, [](Recipe& r) {
    r.signature_after = [](Bytes& signature) { signature.push_back(std::byte{0}); };
  });
  cases.add("signature/of-another-key", kBad, [](Recipe& r) {
    r.signature_after = [artifact = r.artifact](Bytes& signature) {
      signature = Key::of(KeyKind::P256, "stranger").sign(as_bytes(artifact));
    };
  });
  cases.add("signature/of-another-artifact", kBad, [](Recipe& r) {
    r.signature_after = [](Bytes& signature) {
      signature = Key::of(KeyKind::P256, "leaf").sign(as_bytes("other"));
    };
  });
  cases.add_statement("signature/statement-changed", kBad,
                      [](Recipe& r) { r.signature_after = flip_last; });
  cases.add_statement("signature/statement-without-encoding", kBad, [](Recipe& r) {
    r.signature_after = [](Bytes& signature) {
      signature = Key::of(KeyKind::P256, "leaf").sign(as_bytes("payload alone"));
    };
  });
  cases.add_v2("signature/v2-changed", kBad, [](Recipe& r) { r.signature_after = flip_last; });
  // A keyed bundle needs no log; what it carries of one must be right.
  const auto keyed = [&](const char* name, const char* expected, void (*change)(Recipe&)) {
    cases.add(std::string("keyed/") + name, expected, [change](Recipe& r) {
      r.material = Material::PublicKey;
      change(r);
    });
  };
  keyed("promise-changed", "set-invalid",
        [](Recipe& r) { r.entries[0].promise_after = flip_last; });
  keyed("other-key-logged", "log-entry-mismatch", [](Recipe& r) {
    r.entries[0].body_before = [](Json& b) {
      const std::string key = Key::of(KeyKind::P256, "stranger").spki_pem();
      member(b, {"spec", "signature", "publicKey"}).set("content", base64_encode(as_bytes(key)));
    };
  });
  keyed("timestamp-of-another-message", "timestamp-invalid", [](Recipe& r) {
    r.timestampers = {TsaRecipe{}};
    r.stamps = {StampRecipe{}};
    r.stamps[0].message = bytes_of("other");
  });
  keyed("other-artifact", "subject-mismatch", [](Recipe& r) { r.policy.artifact = "other"; });
  cases.add("keyed/changed", kBad, [](Recipe& r) {
    r.material = Material::PublicKey;
    r.signature_after = flip_last;
  });
}

void add_artifacts(Cases& cases) {
  cases.add("artifact/other", "log-entry-mismatch", [](Recipe& r) { r.policy.artifact = "other"; });
  cases.add("artifact/other-without-digest", "log-entry-mismatch", [](Recipe& r) {
    r.message_digest = false;
    r.policy.artifact = "other";
  });
  cases.add_v2("artifact/v2-other", "log-entry-mismatch",
               [](Recipe& r) { r.policy.artifact = "other"; });
  cases.add("artifact/digest-in-the-bundle-differs", "subject-mismatch", [](Recipe& r) {
    r.bundle_after = [](Json& b) {
      member(b, {"messageSignature", "messageDigest"}).set("digest", base64_encode(Bytes(32)));
    };
  });
  cases.add("artifact/digest-too-short-for-its-label", "malformed-bundle", [](Recipe& r) {
    r.bundle_after = [](Json& b) {
      member(b, {"messageSignature", "messageDigest"}).set("algorithm", "SHA2_512");
    };
  });
  const auto subject = [](std::vector<std::pair<std::string, std::string>> digests) {
    return [digests](Recipe& r) { r.subjects = {Subject{.name = "a", .digests = digests}}; };
  };
  constexpr const char* kMismatch = "subject-mismatch";
  cases.add_statement("artifact/statement-other", kMismatch,
                      [](Recipe& r) { r.policy.artifact = "other"; });
  cases.add_statement("artifact/statement-without-subject", "malformed-bundle",
                      [](Recipe& r) { r.subjects.clear(); });
  cases.add_statement("artifact/statement-unknown-digest", kMismatch,
                      subject({{"gitCommit", std::string(40, 'a')}}));
  cases.add_statement("artifact/statement-digest-cut", "malformed-bundle", [](Recipe& r) {
    r.subjects[0].digests = {{"sha256", hex_encode(sha256(as_bytes(r.artifact))).substr(0, 62)}};
  });
  cases.add_statement("artifact/statement-digest-upper-case", "accepted", [](Recipe& r) {
    std::string digits = hex_encode(sha256(as_bytes(r.artifact)));
    for (char& digit : digits) {
      digit = digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit;
    }
    r.subjects[0].digests = {{"sha256", digits}};
  });
  cases.add_statement("artifact/statement-sha512-alone", "accepted", [](Recipe& r) {
    r.subjects[0].digests = {{"sha512", hex_encode(digest(Hash::Sha512, as_bytes(r.artifact)))}};
  });
  cases.add_statement("artifact/statement-digest-of-another-kind", "accepted", [](Recipe& r) {
    r.subjects[0].digests = {{"sha256", hex_encode(sha256(as_bytes(r.artifact)))},
                             {"dirHash", "h1:q6ZSnu3M="}};
  });
  cases.add_statement("artifact/statement-subject-in-dot", "accepted",
                      [](Recipe& r) { r.subjects[0].name = "./app"; });
  cases.add_statement("artifact/statement-subject-above", "accepted",
                      [](Recipe& r) { r.subjects[0].name = "../app"; });
  cases.add_statement("artifact/statement-subject-absolute", "accepted",
                      [](Recipe& r) { r.subjects[0].name = "/app"; });
  cases.add_statement("artifact/own-statement-subject-above", "malformed-bundle", [](Recipe& r) {
    r.predicate_type = "https://nono.sh/attestation/instruction-file/v1";
    r.subjects[0].name = "../app";
  });
  cases.add_statement("artifact/statement-one-digest-differs", kMismatch, [](Recipe& r) {
    r.subjects[0].digests = {{"sha256", hex_encode(sha256(as_bytes(r.artifact)))},
                             {"sha512", std::string(128, 'a')}};
  });
}

void add_statements(Cases& cases) {
  cases.add_statement("statement/payload-type", "wrong-payload-type",
                      [](Recipe& r) { r.payload_type = "application/json"; });
  cases.add_statement("statement/type-v2", "malformed-bundle",
                      [](Recipe& r) { r.statement_type = "https://in-toto.io/Statement/v2"; });
  cases.add_statement("statement/no-predicate-type", "malformed-bundle",
                      [](Recipe& r) { r.predicate_type.clear(); });
  cases.add_statement("statement/two-signatures", "malformed-bundle", [](Recipe& r) {
    r.bundle_after = [](Json& b) {
      Json::Array& all = *member(b, {"dsseEnvelope", "signatures"}).array();
      all.push_back(all.front());
    };
  });
  cases.add_statement("statement/payload-changed", "log-entry-mismatch", [](Recipe& r) {
    r.bundle_after = [](Json& b) {
      member(b, {"dsseEnvelope"}).set("payload", base64_encode(as_bytes("{}")));
    };
  });
}

void add_algorithms(Cases& cases) {
  constexpr const char* kUnsupported = "unsupported-algorithm";
  // A key of tomorrow, as far as this build can tell: the same bytes under Ed448's identifier.
  cases.add("algorithm/leaf-ed448", kUnsupported, [](Recipe& r) {
    r.leaf.key = KeyKind::Ed25519;
    r.leaf.tbs_before = [](Bytes& tbs) {
      replace_once(tbs, der_oid("1.3.101.112"), der_oid("1.3.101.113"));
    };
  });
  cases.add("algorithm/unknown-digest", kUnsupported, [](Recipe& r) {
    r.bundle_after = [](Json& b) {
      member(b, {"messageSignature", "messageDigest"}).set("algorithm", "SHA3_256");
    };
  });
  // A signature that is not over SHA-256 cannot be checked from a SHA-256 alone.
  const auto by_digest = [&](const char* name, const char* expected, KeyKind key, Hash hash) {
    cases.add(std::string("algorithm/keyed-") + name + "-by-digest", expected,
              [key, hash](Recipe& r) {
                r.material = Material::PublicKey;
                r.leaf.key = key;
                r.hash = hash;
                r.message_digest = false;
                r.entries.clear();
                r.policy.by_digest = true;
              });
  };
  by_digest("p384", kUnsupported, KeyKind::P384, Hash::Sha384);
  by_digest("p521", kUnsupported, KeyKind::P521, Hash::Sha512);
  by_digest("ed25519", kUnsupported, KeyKind::Ed25519, Hash::Sha512);
  by_digest("p384-sha256", "accepted", KeyKind::P384, Hash::Sha256);
  by_digest("p521-sha256", "accepted", KeyKind::P521, Hash::Sha256);
  cases.add("algorithm/p384-by-digest", kUnsupported, [](Recipe& r) {
    r.leaf.key = KeyKind::P384;
    r.policy.by_digest = true;
  });
  cases.add("algorithm/p384-sha256-by-digest", "accepted", [](Recipe& r) {
    r.leaf.key = KeyKind::P384;
    r.hash = Hash::Sha256;
    r.policy.by_digest = true;
  });
}

void two_logs(Recipe& r, const char* one, const char* two) {
  r.policy.log_entries = 2;
  r.logs.push_back({.host = "other.factory.example"});
  r.logs[0].operator_name = one;
  r.logs[1].operator_name = two;
  r.entries.push_back({.log = 1});
}

void two_times(Recipe& r, const char* one, const char* two) {
  r.policy.times = 2;
  r.timestampers.push_back({.uri = "https://tsa2.factory.example"});
  r.timestampers[0].operator_name = one;
  r.timestampers[1].operator_name = two;
  r.stamps.push_back({.tsa = 1});
}

}  // namespace

void add_content_faults(Cases& cases) {
  add_signatures(cases);
  add_artifacts(cases);
  add_statements(cases);
  add_algorithms(cases);
}

void add_thresholds(Cases& cases) {
  cases.add("threshold/two-logs", "accepted", [](Recipe& r) { two_logs(r, "one", "two"); });
  cases.add("threshold/two-logs-without-operator", "accepted",
            [](Recipe& r) { two_logs(r, "", ""); });
  cases.add("threshold/two-logs-of-one-operator", "not-logged",
            [](Recipe& r) { two_logs(r, "one", "one"); });
  cases.add("threshold/two-logs-but-one-entry", "not-logged",
            [](Recipe& r) { r.policy.log_entries = 2; });
  cases.add("threshold/two-entries-of-one-log", "not-logged", [](Recipe& r) {
    r.policy.log_entries = 2;
    r.entries.push_back({.index = 5});
  });
  cases.add("threshold/two-logs-one-unknown", "not-logged", [](Recipe& r) {
    two_logs(r, "one", "two");
    r.logs[1].trusted = false;
  });
  cases.add_v2("threshold/two-times", "accepted", [](Recipe& r) { two_times(r, "one", "two"); });
  cases.add_v2("threshold/two-times-of-one-operator", "no-trusted-time",
               [](Recipe& r) { two_times(r, "one", "one"); });
  cases.add_v2("threshold/two-times-but-one-timestamp", "no-trusted-time",
               [](Recipe& r) { r.policy.times = 2; });
  cases.add_v2("threshold/two-timestamps-of-one-authority", "no-trusted-time", [](Recipe& r) {
    r.policy.times = 2;
    r.stamps.push_back({.at = kSigned + kMinute});
  });
  cases.add("threshold/two-times-promise-and-timestamp", "accepted", [](Recipe& r) {
    r.policy.times = 2;
    r.timestampers = {TsaRecipe{}};
    r.stamps = {StampRecipe{}};
  });
  const auto two_scts = [](Recipe& r) {
    r.policy.scts = 2;
    r.ct_logs.push_back({.base_url = "https://ctfe2.factory.example"});
    r.leaf.scts.push_back({.log = 1});
  };
  cases.add("threshold/two-scts", "accepted", two_scts);
  cases.add("threshold/two-scts-but-one", "sct-invalid", [](Recipe& r) { r.policy.scts = 2; });
  cases.add("threshold/two-scts-of-one-log", "sct-invalid", [](Recipe& r) {
    r.policy.scts = 2;
    r.leaf.scts.push_back({.at = kSigned - kMinute});
  });
  cases.add("threshold/two-scts-of-one-operator", "sct-invalid", [two_scts](Recipe& r) {
    two_scts(r);
    r.ct_logs[0].operator_name = "one";
    r.ct_logs[1].operator_name = "one";
  });
  cases.add("threshold/two-scts-one-bad", "sct-invalid", [two_scts](Recipe& r) {
    two_scts(r);
    r.leaf.scts[1].encoded_after = flip_last;
  });
}

}  // namespace nono::factory
