// tests/sigstore/cases_certificate.cc: paths, usages and identities that are not good enough.
#include <string>

#include "tests/sigstore/cases.h"
#include "tests/sigstore/der.h"
#include "tests/sigstore/world.h"

namespace nono::factory {
namespace {

void add_paths(Cases& cases) {
  constexpr const char* kUntrusted = "untrusted-chain";
  cases.add("path/unknown-authority", kUntrusted, [](Recipe& r) {
    r.authorities.emplace_back();
    r.authorities[0].trusted = false;
  });
  cases.add("path/no-authority", kUntrusted, [](Recipe& r) { r.authorities[0].trusted = false; });
  cases.add("path/forged-leaf", kUntrusted, [](Recipe& r) { r.leaf.forged = true; });
  cases.add("path/leaf-changed-after", kUntrusted,
            [](Recipe& r) { r.leaf.certificate_after = flip_last; });
  cases.add("path/unknown-authority-in-the-bundle", kUntrusted, [](Recipe& r) {
    r.media_type = "application/vnd.dev.sigstore.bundle+json;version=0.2";
    r.material = Material::ChainWithIntermediate;
    r.authorities.emplace_back();
    r.authorities[0].trusted = false;
  });
  cases.add("path/root-in-the-bundle", "accepted", [](Recipe& r) {
    r.media_type = "application/vnd.dev.sigstore.bundle+json;version=0.2";
    r.material = Material::ChainWithRoot;
  });
  cases.add("path/intermediate-is-no-authority", kUntrusted, [](Recipe& r) {
    r.media_type = "application/vnd.dev.sigstore.bundle+json;version=0.2";
    r.material = Material::ChainWithIntermediate;
    r.authorities[0].intermediate->usage.authority = false;
    r.authorities[0].intermediate->usage.path_length.reset();
    r.root_after = [](Json& root) {
      Json::Array& chain =
          *member(root, {"certificateAuthorities", "0", "certChain", "certificates"}).array();
      chain.erase(chain.begin());
    };
  });
  cases.add("path/name-does-not-chain", kUntrusted, [](Recipe& r) {
    r.leaf.tbs_before = [](Bytes& tbs) {
      replace_once(tbs, bytes_of("fulcio-intermediate-0"), bytes_of("fulcio-intermediate-1"));
    };
  });
  cases.add("path/unknown-critical-extension", kUntrusted, [](Recipe& r) {
    r.leaf.extra = {{.oid = "1.3.6.1.4.1.57264.99", .critical = true, .value = der_null()}};
  });
  // RFC 5280 section 4.1.2.6: without a subject the name must be there, and critical.
  cases.add("path/leaf-without-a-name", kUntrusted, [](Recipe& r) { r.leaf.names.clear(); });
  cases.add("path/name-not-critical", kUntrusted, [](Recipe& r) { r.leaf.names_critical = false; });
  cases.add("path/leaf-of-ten-years", kUntrusted, [](Recipe& r) {
    r.leaf.validity = {.from = kSigned - kMinute, .until = kSigned + std::chrono::years(10)};
  });
  cases.add("path/name-constraint", kUntrusted, [](Recipe& r) {
    // permitted: e-mail addresses of example.org alone
    const Bytes permitted =
        der(kContextConstructed, {der(kSequence, {der_text(kContext + 1, "example.org")})});
    r.authorities[0].intermediate->extra = {
        {.oid = "2.5.29.30", .critical = true, .value = der(kSequence, {permitted})}};
  });
}

void add_usages(Cases& cases) {
  constexpr const char* kUsage = "wrong-key-usage";
  cases.add("usage/server-authentication", kUsage,
            [](Recipe& r) { r.leaf.usage.extended = {kServerAuth}; });
  cases.add("usage/time-stamping", kUsage,
            [](Recipe& r) { r.leaf.usage.extended = {kTimeStamping}; });
  cases.add("usage/no-extended-use", kUsage, [](Recipe& r) { r.leaf.usage.extended.clear(); });
  cases.add("usage/any-extended-use", kUsage,
            [](Recipe& r) { r.leaf.usage.extended = {"2.5.29.37.0"}; });
  cases.add("usage/key-encipherment", kUsage,
            [](Recipe& r) { r.leaf.usage.key_usage = kKeyEncipherment; });
  cases.add("usage/no-key-usage", kUsage, [](Recipe& r) { r.leaf.usage.key_usage.reset(); });
  cases.add("usage/leaf-is-an-authority", kUsage, [](Recipe& r) { r.leaf.usage.authority = true; });
  cases.add("usage/intermediate-for-servers", kUsage,
            [](Recipe& r) { r.authorities[0].intermediate->usage.extended = {kServerAuth}; });
  cases.add("usage/more-key-usages", "accepted",
            [](Recipe& r) { r.leaf.usage.key_usage = kDigitalSignature | kKeyEncipherment; });
  cases.add("usage/leaf-says-it-is-none", "accepted",
            [](Recipe& r) { r.leaf.usage.authority = false; });
  cases.add("usage/several-extended-uses", "accepted",
            [](Recipe& r) { r.leaf.usage.extended = {kServerAuth, kCodeSigning}; });
  cases.add("usage/intermediate-without-extended-use", "accepted",
            [](Recipe& r) { r.authorities[0].intermediate->usage.extended.clear(); });
}

struct IdentityRow {
  const char* name;
  void (*change)(Recipe&);
};
const IdentityRow kIdentities[] = {
    IdentityRow{"other-address", [](Recipe& r) { r.policy.identity = "mallory@example.com"; }},
    IdentityRow{"other-issuer", [](Recipe& r) { r.policy.issuer = "https://other.example.com"; }},
    IdentityRow{"case", [](Recipe& r) { r.policy.identity = "Alice@example.com"; }},
    IdentityRow{"prefix", [](Recipe& r) { r.policy.identity = "alice@example.co"; }},
    IdentityRow{"longer", [](Recipe& r) { r.policy.identity = "alice@example.com.evil.org"; }},
    IdentityRow{"issuer-slash", [](Recipe& r) { r.policy.issuer += "/"; }},
    IdentityRow{"normalisation",
                [](Recipe& r) {
                  r.leaf.names = {{NameKind::Other, "\xC3\xA5sa!example.com"}};
                  r.policy.identity = "a\xCC\x8Asa!example.com";
                }},
    IdentityRow{"two-names",
                [](Recipe& r) { r.leaf.names.push_back({NameKind::Uri, "https://evil.org"}); }},
    IdentityRow{"dns-name",
                [](Recipe& r) {
                  r.leaf.names = {{NameKind::Dns, "example.com"}};
                  r.policy.identity = "example.com";
                }},
    IdentityRow{"ip-address",
                [](Recipe& r) {
                  r.leaf.names = {{NameKind::Ip, "abcd"}};
                  r.policy.identity = "abcd";
                }},
    IdentityRow{"foreign-other-name",
                [](Recipe& r) { r.leaf.names = {{NameKind::ForeignOther, "alice@example.com"}}; }},
    IdentityRow{"nul-in-address",
                [](Recipe& r) {
                  r.leaf.names = {{NameKind::Email, std::string("alice@example.com\0.evil", 23)}};
                }},
    IdentityRow{"address-not-ascii",
                [](Recipe& r) {
                  r.leaf.names = {{NameKind::Email, "\xC3\xA5lice@example.com"}};
                  r.policy.identity = "\xC3\xA5lice@example.com";
                }},
    IdentityRow{"no-issuer",
                [](Recipe& r) {
                  r.leaf.issuer_v1 = false;
                  r.leaf.issuer_v2 = false;
                }},
    IdentityRow{"issuers-differ",
                [](Recipe& r) {
                  r.leaf.issuer_v1 = false;
                  r.leaf.claims = {{1, "https://evil.example.com"}};
                }},
    IdentityRow{"issuer-with-bytes-after",
                [](Recipe& r) {
                  r.leaf.issuer_v1 = false;
                  r.leaf.issuer_v2 = false;
                  r.leaf.extra = {{.oid = "1.3.6.1.4.1.57264.1.8",
                                   .critical = false,
                                   .value = joined({der_text(kUtf8, r.leaf.issuer), der_null()})}};
                }},
    IdentityRow{"issuer-of-another-string-type",
                [](Recipe& r) {
                  r.leaf.issuer_v1 = false;
                  r.leaf.issuer_v2 = false;
                  r.leaf.extra = {{.oid = "1.3.6.1.4.1.57264.1.8",
                                   .critical = false,
                                   .value = der_text(0x16, r.leaf.issuer)}};
                }},
};

void add_identities(Cases& cases) {
  for (const IdentityRow& row : kIdentities) {
    cases.add(std::string("identity/") + row.name, "identity-mismatch", row.change);
  }
}

// A certificate that another parser may read differently is no certificate.
void add_shapes(Cases& cases) {
  constexpr const char* kMalformed = "malformed-bundle";
  cases.add("certificate/bytes-after", kMalformed, [](Recipe& r) {
    r.leaf.certificate_after = [](Bytes& der) { der.push_back(std::byte{0}); };
  });
  cases.add("certificate/cut", kMalformed,
            [](Recipe& r) { r.leaf.certificate_after = [](Bytes& der) { der.pop_back(); }; });
  cases.add("certificate/rsa1024", kMalformed, [](Recipe& r) { r.leaf.key = KeyKind::Rsa1024; });
  cases.add("certificate/extension-twice", kMalformed, [](Recipe& r) {
    r.leaf.extra = {{.oid = "1.3.6.1.4.1.57264.1.24", .critical = false, .value = der_null()},
                    {.oid = "1.3.6.1.4.1.57264.1.24", .critical = false, .value = der_null()}};
  });
  cases.add("certificate/issuer-twice", kMalformed,
            [](Recipe& r) { r.leaf.claims = {{8, "https://evil.example.com"}}; });
  cases.add("certificate/algorithms-differ", kMalformed, [](Recipe& r) {
    r.leaf.tbs_before = [](Bytes& tbs) {
      replace_once(tbs, der_oid("1.2.840.10045.4.3.3"), der_oid("1.2.840.10045.4.3.2"));
    };
  });
  cases.add("certificate/version-1", kMalformed, [](Recipe& r) {
    r.leaf.tbs_before = [](Bytes& tbs) {
      replace_once(tbs, der(kContextConstructed, {der_integer(2)}),
                   der(kContextConstructed, {der_integer(0)}));
    };
  });
}

}  // namespace

void add_certificate_faults(Cases& cases) {
  add_paths(cases);
  add_usages(cases);
  add_identities(cases);
  add_shapes(cases);
}

}  // namespace nono::factory
