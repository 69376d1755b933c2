// tests/sigstore/cases_time.cc: timestamps, windows and validities, to the second.
#include <algorithm>
#include <string>

#include "base/clock.h"
#include "tests/sigstore/cases.h"
#include "tests/sigstore/der.h"
#include "tests/sigstore/timestamp.h"
#include "tests/sigstore/world.h"

namespace nono::factory {
namespace {

constexpr std::chrono::seconds kSecond{1};
constexpr const char* kInvalid = "timestamp-invalid";
constexpr const char* kNoTime = "no-trusted-time";

void drop_attribute(std::vector<Bytes>& all, std::string_view oid) {
  const Bytes name = der_oid(oid);
  std::erase_if(all, [&](const Bytes& one) { return !std::ranges::search(one, name).empty(); });
}

void add_signatures(Cases& cases) {
  struct Row {
    const char* name;
    void (*change)(StampRecipe&);
  };
  for (const Row& row : {
           Row{"other-message", [](StampRecipe& s) { s.message = bytes_of("other"); }},
           Row{"bad-signature", [](StampRecipe& s) { s.signature_after = flip_last; }},
           Row{"info-not-what-was-signed",
               [](StampRecipe& s) {
                 s.attributes_before = [](std::vector<Bytes>& all) { flip_last(all[2]); };
               }},
           Row{"sha1-imprint", [](StampRecipe& s) { s.imprint = Hash::Sha1; }},
           Row{"rejected-by-the-authority", [](StampRecipe& s) { s.status = 2; }},
           Row{"no-response",
               [](StampRecipe& s) {
                 s.response_after = [](Bytes& out) { out = der(kSequence, {}); };
               }},
           Row{"signing-certificate-by-sha1",
               [](StampRecipe& s) { s.signing_certificate_v1 = true; }},
           Row{"no-content-type",
               [](StampRecipe& s) {
                 s.attributes_before = [](std::vector<Bytes>& all) {
                   drop_attribute(all, "1.2.840.113549.1.9.3");
                 };
               }},
           Row{"no-message-digest",
               [](StampRecipe& s) {
                 s.attributes_before = [](std::vector<Bytes>& all) {
                   drop_attribute(all, "1.2.840.113549.1.9.4");
                 };
               }},
           Row{"no-signing-certificate",
               [](StampRecipe& s) {
                 s.attributes_before = [](std::vector<Bytes>& all) {
                   drop_attribute(all, "1.2.840.113549.1.9.16.2.47");
                 };
               }},
           Row{"signing-certificate-of-another",
               [](StampRecipe& s) {
                 s.attributes_before = [](std::vector<Bytes>& all) { flip_last(all[3]); };
               }},
           Row{"info-version-2",
               [](StampRecipe& s) {
                 s.info_before = [](Bytes& info) {
                   replace_once(info, joined({der_integer(1), der_oid("1.3.6.1.4.1.57264.2")}),
                                joined({der_integer(2), der_oid("1.3.6.1.4.1.57264.2")}));
                 };
               }},
           Row{"local-time",
               [](StampRecipe& s) {
                 s.info_before = [](Bytes& info) {
                   replace_once(info, bytes_of("20260115120000Z"), bytes_of("202601151200+00"));
                 };
               }},
       }) {
    cases.add_v2(std::string("timestamp/") + row.name, kInvalid,
                 [change = row.change](Recipe& r) { change(r.stamps[0]); });
  }
}

// forged_signer is for timestamping and names the authority of the world as its issuer, which did
// not sign it. Its key is short, so that it comes first in the order of DER.
Issued forged_signer() {
  Certified like = TsaRecipe{}.leaf;
  like.key = KeyKind::P256;
  const Issued forger{Key::of(KeyKind::P256, "forger"), common_name("tsa-root-0"), {}, {}};
  return certify(like, "tsa-0", &forger);
}

struct AuthorityRow {
  const char* name;
  const char* expected;
  void (*change)(Recipe&);
};
const AuthorityRow kAuthorities[] = {
    AuthorityRow{"none", kNoTime, [](Recipe& r) { r.stamps.clear(); }},
    AuthorityRow{"unknown-authority", kNoTime,
                 [](Recipe& r) {
                   r.timestampers.push_back({.uri = "https://tsa2.factory.example"});
                   r.timestampers[0].trusted = false;
                 }},
    AuthorityRow{"no-authority", kNoTime, [](Recipe& r) { r.timestampers[0].trusted = false; }},
    AuthorityRow{"signer-for-code-signing", kInvalid,
                 [](Recipe& r) { r.timestampers[0].leaf.usage.extended = {kCodeSigning}; }},
    AuthorityRow{
        "signer-for-two-uses", kInvalid,
        [](Recipe& r) { r.timestampers[0].leaf.usage.extended = {kTimeStamping, kCodeSigning}; }},
    AuthorityRow{"signer-use-not-critical", kInvalid,
                 [](Recipe& r) { r.timestampers[0].leaf.usage.extended_critical = false; }},
    AuthorityRow{"signer-without-use", kInvalid,
                 [](Recipe& r) { r.timestampers[0].leaf.usage.extended.clear(); }},
    AuthorityRow{"intermediate-for-servers", kInvalid,
                 [](Recipe& r) {
                   r.timestampers[0].intermediate = Certified{};
                   r.timestampers[0].intermediate->usage.extended = {kServerAuth};
                 }},
};

void add_authorities(Cases& cases) {
  for (const AuthorityRow& row : kAuthorities) {
    cases.add_v2(std::string("timestamp/") + row.name, row.expected, row.change);
  }
  // The authority is trusted for its own signer only; a certificate that the token brings along and
  // that nobody issued is not looked at.
  cases.add_v2("timestamp/forged-signer-embedded", kNoTime, [](Recipe& r) {
    r.timestampers.push_back({.uri = "https://evil.example", .trusted = false});
    r.timestampers[0].named = Named::WithoutFirst;
    r.stamps[0].tsa = 1;
  });
  // What stands first among the embedded certificates is nobody's word about the signer.
  cases.add_v2("timestamp/forged-certificate-embedded-first", "accepted",
               [](Recipe& r) { r.stamps[0].foreign_certificates = {forged_signer().der}; });
  cases.add_v2("timestamp/forged-certificate-first-for-a-wrong-one", kInvalid, [](Recipe& r) {
    r.timestampers[0].named = Named::WithoutFirst;
    r.timestampers[0].leaf.usage.extended = {kCodeSigning};
    r.stamps[0].foreign_certificates = {forged_signer().der};
  });
  cases.add_v2("timestamp/genuine-certificate-first-for-a-stranger", kNoTime, [](Recipe& r) {
    TsaRecipe stranger;
    stranger.trusted = false;
    r.timestampers[0].named = Named::WithoutFirst;
    r.stamps[0].foreign_certificates = {make_world(r).timestampers[0].front().der};
    r.timestampers.push_back(stranger);
    r.stamps[0].tsa = 1;
  });
  cases.add_v2("timestamp/signer-named-but-another-signed", kNoTime, [](Recipe& r) {
    r.timestampers.push_back({.uri = "https://tsa2.factory.example", .trusted = false});
    r.stamps[0].tsa = 1;
  });
  cases.add_v2("timestamp/good-one-beside-a-forged-one", kInvalid, [](Recipe& r) {
    r.stamps.emplace_back();
    r.stamps[1].signature_after = flip_last;
  });
  cases.add_v2("timestamp/thirty-three", "malformed-bundle",
               [](Recipe& r) { r.stamps.resize(33); });
  cases.add("timestamp/only-time-is-of-an-unsigned-promise", kNoTime,
            [](Recipe& r) { r.entries[0].promise = false; });
}

using Set = std::function<void(Recipe&, Time from, std::optional<Time> until)>;
struct Span {
  const char* name;
  const char* too_early;  // the reason where kSigned is before the span
  const char* too_late;
  bool v2;
  Set set;
};

// Both ends are inclusive, to the second.
void add_span(Cases& cases, const Span& span) {
  const auto add = [&](const char* name, const char* expected, Time from,
                       std::optional<Time> until) {
    const std::string full = std::string("window/") + span.name + "-" + name;
    const auto change = [set = span.set, from, until](Recipe& r) { set(r, from, until); };
    span.v2 ? cases.add_v2(full, expected, change) : cases.add(full, expected, change);
  };
  add("starts-then", "accepted", kSigned, kFarAhead);
  add("starts-a-second-later", span.too_early, kSigned + kSecond, kFarAhead);
  add("ends-then", "accepted", kLongAgo, kSigned);
  add("ended-a-second-ago", span.too_late, kLongAgo, kSigned - kSecond);
}

Set window(Window& (*of)(Recipe&)) {
  return [of](Recipe& r, Time from, std::optional<Time> until) { of(r) = {from, until}; };
}

// A leaf lives for minutes.
Set lifetime() {
  return [](Recipe& r, Time from, std::optional<Time> until) {
    r.leaf.validity = {std::max(from, kSigned - 10 * kMinute),
                       std::min(*until, kSigned + 10 * kMinute)};
  };
}

Set validity(Validity& (*of)(Recipe&)) {
  return [of](Recipe& r, Time from, std::optional<Time> until) { of(r) = {from, *until}; };
}

// A token of a quarter of a second after an end is after it, and one after a start is not before.
void add_fractions(Cases& cases) {
  struct Held {
    const char* name;
    const char* too_late;
    Set set;
  };
  const std::initializer_list<Held> all = {
      {"leaf", "certificate-expired-at-signing", lifetime()},
      {"log", "not-logged", window([](Recipe& r) -> Window& { return r.logs[0].window; })},
      {"authority", "untrusted-chain",
       window([](Recipe& r) -> Window& { return r.authorities[0].window; })},
      {"timestamper", kInvalid,
       window([](Recipe& r) -> Window& { return r.timestampers[0].window; })},
      {"timestamp-signer", kInvalid,
       validity([](Recipe& r) -> Validity& { return r.timestampers[0].leaf.validity; })},
      {"timestamp-root", kInvalid,
       validity([](Recipe& r) -> Validity& { return r.timestampers[0].root.validity; })}};
  for (const Held& held : all) {
    for (const char* fraction : {".25", ".0001"}) {
      const std::string name = std::string("window/") + held.name + "-of-a-token" + fraction;
      cases.add_v2(name + "-ended-then", held.too_late, [set = held.set, fraction](Recipe& r) {
        set(r, kLongAgo, kSigned);
        r.stamps[0].fraction = fraction;
      });
      cases.add_v2(name + "-starts-then", "accepted", [set = held.set, fraction](Recipe& r) {
        set(r, kSigned, kFarAhead);
        r.stamps[0].fraction = fraction;
      });
    }
  }
}

// An instance may be listed once per window: the first that bears the name is not the only one.
void add_twice_listed(Cases& cases) {
  for (const auto& [name, list] : {std::pair{"log", "tlogs"},
                                   {"ct-log", "ctlogs"},
                                   {"authority", "certificateAuthorities"},
                                   {"timestamper", "timestampAuthorities"}}) {
    cases.add_v2(std::string("window/") + name + "-listed-twice", "accepted", [list](Recipe& r) {
      r.root_after = [list](Json& root) {
        Json::Array& all = *member(root, {list}).array();
        Json early = all.front();
        Json& holder = early.find("validFor") != nullptr ? early : member(early, {"publicKey"});
        member(holder, {"validFor"}).set("end", format_rfc3339(kSigned - kSecond));
        all.insert(all.begin(), early);
      };
    });
  }
}

}  // namespace

void add_time_faults(Cases& cases) {
  add_signatures(cases);
  add_authorities(cases);
}

void add_windows(Cases& cases) {
  const auto log = window([](Recipe& r) -> Window& { return r.logs[0].window; });
  add_span(cases, {"log", "not-logged", "not-logged", false, log});
  add_span(cases, {"v2-log", "not-logged", "not-logged", true, log});
  add_span(cases, {"ct-log", "sct-invalid", "sct-invalid", false,
                   window([](Recipe& r) -> Window& { return r.ct_logs[0].window; })});
  add_span(cases, {"authority", "untrusted-chain", "untrusted-chain", false,
                   window([](Recipe& r) -> Window& { return r.authorities[0].window; })});
  add_span(cases, {"timestamper", kInvalid, kInvalid, true,
                   window([](Recipe& r) -> Window& { return r.timestampers[0].window; })});
  constexpr const char* kExpired = "certificate-expired-at-signing";
  add_span(cases, {"leaf", kExpired, kExpired, false, lifetime()});
  add_span(cases, {"v2-leaf", kExpired, kExpired, true, lifetime()});
  add_span(
      cases,
      {"intermediate", "untrusted-chain", "untrusted-chain", false,
       validity([](Recipe& r) -> Validity& { return r.authorities[0].intermediate->validity; })});
  add_span(cases,
           {"root", "untrusted-chain", "untrusted-chain", false,
            validity([](Recipe& r) -> Validity& { return r.authorities[0].root.validity; })});
  add_span(cases,
           {"timestamp-signer", kInvalid, kInvalid, true,
            validity([](Recipe& r) -> Validity& { return r.timestampers[0].leaf.validity; })});
  add_span(cases, {"timestamp-root", kInvalid, kInvalid, true, validity([](Recipe& r) -> Validity& {
                     return r.timestampers[0].root.validity;
                   })});
  add_fractions(cases);
  add_twice_listed(cases);
  cases.add("window/ct-log-ended-a-millisecond-ago", "sct-invalid", [](Recipe& r) {
    r.ct_logs[0].window.end = kSigned;
    r.leaf.scts[0].milliseconds = 1;
  });
  cases.add("window/ct-log-starts-a-millisecond-ago", "accepted", [](Recipe& r) {
    r.ct_logs[0].window.start = kSigned;
    r.leaf.scts[0].milliseconds = 1;
  });
  // Every verified time counts, not the best of them.
  cases.add("window/leaf-expired-at-the-second-time", kExpired, [](Recipe& r) {
    r.timestampers = {TsaRecipe{}};
    r.stamps = {StampRecipe{.at = r.leaf.validity.until + kSecond}};
  });
  // Without a promise the log's window is held against the timestamps.
  cases.add("window/log-without-promise-ended-a-second-ago", "not-logged", [](Recipe& r) {
    r.entries[0].promise = false;
    r.timestampers = {TsaRecipe{}};
    r.stamps = {StampRecipe{.at = kSigned + kSecond}};
    r.logs[0].window.end = kSigned;
  });
  cases.add("window/leaf-expired-at-the-promise", kExpired, [](Recipe& r) {
    r.timestampers = {TsaRecipe{}};
    r.stamps = {StampRecipe{}};
    r.entries[0].integrated = r.leaf.validity.until + kSecond;
  });
  cases.add("window/log-with-the-time-of-a-timestamp", "accepted", [](Recipe& r) {
    r.timestampers = {TsaRecipe{}};
    r.stamps = {StampRecipe{.at = kSigned + kMinute}};
    r.logs[0].window.end = kSigned;
  });
}

}  // namespace nono::factory
