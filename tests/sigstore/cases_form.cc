// tests/sigstore/cases_form.cc: bundles whose form is wrong, or unusual and right (ProtoJSON,
// sigstore_bundle.proto).
#include <string>

#include "tests/sigstore/cases.h"
#include "tests/sigstore/der.h"
#include "tests/sigstore/world.h"

namespace nono::factory {
namespace {

constexpr const char* kMalformed = "malformed-bundle";
constexpr const char* kV01 = "application/vnd.dev.sigstore.bundle+json;version=0.1";
constexpr const char* kV02 = "application/vnd.dev.sigstore.bundle+json;version=0.2";

Json& material(Json& bundle) {
  return member(bundle, {"verificationMaterial"});
}
Json& entry(Json& bundle) {
  return member(bundle, {"verificationMaterial", "tlogEntries", "0"});
}
Json& proof(Json& bundle) {
  return member(bundle, {"verificationMaterial", "tlogEntries", "0", "inclusionProof"});
}

void add_json(Cases& cases, const char* expected, const char* name, void (*change)(Json&)) {
  cases.add(std::string("form/") + name, expected,
            [change](Recipe& r) { r.bundle_after = change; });
}

void add_text(Cases& cases, const char* expected, const char* name, void (*change)(std::string&)) {
  cases.add(std::string("form/") + name, expected, [change](Recipe& r) { r.text_after = change; });
}

void add_versions(Cases& cases) {
  cases.add("form/v0.3-with-a-chain", kMalformed, [](Recipe& r) { r.material = Material::Chain; });
  cases.add("form/v0.2-without-proof", kMalformed, [](Recipe& r) {
    r.media_type = kV02;
    r.material = Material::Chain;
    r.entries[0].proof = false;
  });
  cases.add("form/v0.3-second-entry-without-proof", kMalformed, [](Recipe& r) {
    r.entries.push_back({.index = 5});
    r.entries[1].proof = false;
  });
  cases.add("form/v0.1-without-promise", kMalformed, [](Recipe& r) {
    r.media_type = kV01;
    r.material = Material::Chain;
    r.entries[0].promise = false;
    r.timestampers = {TsaRecipe{}};
    r.stamps = {StampRecipe{}};
  });
  cases.add("form/version-of-tomorrow", "unsupported-version",
            [](Recipe& r) { r.media_type = "application/vnd.dev.sigstore.bundle.v0.4+json"; });
  cases.add("form/thirty-three-entries", kMalformed, [](Recipe& r) {
    for (std::uint64_t index = 5; index < 37; ++index) {
      r.entries.push_back({.index = index, .tree_size = 100});
    }
  });
}

void add_members(Cases& cases) {
  struct Row {
    const char* name;
    void (*change)(Json&);
  };
  for (const Row& row : {
           Row{"no-media-type", [](Json& b) { drop(b, "mediaType"); }},
           Row{"no-material", [](Json& b) { drop(b, "verificationMaterial"); }},
           Row{"no-signer", [](Json& b) { drop(material(b), "certificate"); }},
           Row{"no-content", [](Json& b) { drop(b, "messageSignature"); }},
           Row{"no-log-id", [](Json& b) { drop(entry(b), "logId"); }},
           Row{"no-kind-version", [](Json& b) { drop(entry(b), "kindVersion"); }},
           Row{"no-body", [](Json& b) { drop(entry(b), "canonicalizedBody"); }},
           Row{"no-checkpoint", [](Json& b) { drop(proof(b), "checkpoint"); }},
           Row{"no-root-hash", [](Json& b) { drop(proof(b), "rootHash"); }},
           Row{"two-signers",
               [](Json& b) { material(b).set("publicKey", Json::Object{{"hint", "a"}}); }},
           Row{"log-id-too-short",
               [](Json& b) { member(entry(b), {"logId"}).set("keyId", base64_encode(Bytes(31))); }},
           Row{"root-hash-too-long",
               [](Json& b) { proof(b).set("rootHash", base64_encode(Bytes(33))); }},
           Row{"hash-too-short",
               [](Json& b) { proof(b).set("hashes", Json::Array{base64_encode(Bytes(20))}); }},
           Row{"index-negative", [](Json& b) { entry(b).set("logIndex", "-4"); }},
           Row{"index-with-leading-zero", [](Json& b) { entry(b).set("logIndex", "04"); }},
           Row{"index-too-large", [](Json& b) { entry(b).set("logIndex", "9223372036854775808"); }},
           Row{"index-hexadecimal", [](Json& b) { entry(b).set("logIndex", "0x4"); }},
           Row{"time-negative", [](Json& b) { entry(b).set("integratedTime", "-1"); }},
           Row{"unknown-outermost-member", [](Json& b) { b.set("more", 1); }},
           Row{"unknown-member-of-material", [](Json& b) { material(b).set("more", 1); }},
           Row{"unknown-member-of-entry", [](Json& b) { entry(b).set("more", 1); }},
           Row{"unknown-member-of-proof", [](Json& b) { proof(b).set("more", 1); }},
           Row{"unknown-member-of-content",
               [](Json& b) { member(b, {"messageSignature"}).set("more", 1); }},
           Row{"index-is-the-size", [](Json& b) { proof(b).set("logIndex", "7"); }},
           Row{"empty-signature",
               [](Json& b) { member(b, {"messageSignature"}).set("signature", ""); }},
       }) {
    add_json(cases, kMalformed, row.name, row.change);
  }
}

void add_timestamps(Cases& cases) {
  const auto add = [&](const char* name, void (*change)(Bytes&)) {
    cases.add_v2(std::string("form/timestamp-") + name, kMalformed,
                 [change](Recipe& r) { r.stamps[0].response_after = change; });
  };
  add("bytes-after", [](Bytes& out) { out.push_back(std::byte{0}); });
  add("cut", [](Bytes& out) { out.pop_back(); });
  add("garbage", [](Bytes& out) { out = bytes_of("garbage"); });
  add("empty", [](Bytes& out) { out.clear(); });
}

void spell_for_urls(Json& base64) {
  std::string text = *base64.string();
  for (char& letter : text) {
    letter = letter == '+' ? '-' : letter == '/' ? '_' : letter;
  }
  text.resize(text.find_last_not_of('=') + 1);
  base64 = Json(text);
}

void add_spellings(Cases& cases) {
  add_json(cases, "accepted", "null-is-absent", [](Json& b) {
    material(b).set("publicKey", Json());
    material(b).set("timestampVerificationData", Json());
    b.set("dsseEnvelope", Json());
  });
  add_json(cases, "accepted", "numbers-as-numbers", [](Json& b) {
    entry(b).set("logIndex", 4);
    proof(b).set("treeSize", 7);
  });
  // A signature alone may happen to be the same in both alphabets, a certificate is too long for
  // that.
  add_json(cases, "accepted", "base64-of-urls-without-padding", [](Json& b) {
    spell_for_urls(member(b, {"messageSignature", "signature"}));
    spell_for_urls(member(material(b), {"certificate", "rawBytes"}));
  });
  add_json(cases, kMalformed, "base64-with-a-line-feed", [](Json& b) {
    Json& signature = member(b, {"messageSignature", "signature"});
    std::string text = *signature.string();
    signature = Json(text.insert(8, "\n"));
  });
  add_text(cases, "accepted", "white-space-after", [](std::string& text) { text += " \r\n\t"; });
  add_text(cases, kMalformed, "bytes-after", [](std::string& text) { text += "{}"; });
  add_text(cases, kMalformed, "cut", [](std::string& text) { text.pop_back(); });
  add_text(cases, kMalformed, "byte-order-mark",
           [](std::string& text) { text.insert(0, "\xEF\xBB\xBF"); });
  add_text(cases, kMalformed, "key-twice", [](std::string& text) {
    replace_once(text, "\"certificate\":", R"("certificate":null,"certificate":)");
  });
  add_text(cases, kMalformed, "key-twice-by-escape", [](std::string& text) {
    replace_once(text, "\"certificate\":", R"("\u0063ertificate":null,"certificate":)");
  });
}

}  // namespace

void add_form_faults(Cases& cases) {
  add_versions(cases);
  add_members(cases);
  add_timestamps(cases);
  add_spellings(cases);
}

}  // namespace nono::factory
