// tests/sigstore/recipe.h: what a miniature Sigstore and one bundle of it are to look like.
//
// A default Recipe makes a bundle that verifies. A case changes one field; everything after it is
// made and signed with the change in it, so that nothing else is wrong. The hooks change what no
// field describes, at the last moment before it is signed (`…_before`) or after (`…_after`).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "tests/sigstore/der.h"
#include "tests/sigstore/key.h"

namespace nono::factory {

// Time is a field: kSigned is when everything happens, 2026-01-15T12:00:00Z.
inline constexpr Time kSigned{std::chrono::seconds{1768478400}};
inline constexpr Time kLongAgo{std::chrono::seconds{1577836800}};   // 2020-01-01
inline constexpr Time kFarAhead{std::chrono::seconds{2208988800}};  // 2040-01-01
inline constexpr std::chrono::seconds kMinute{60};

using ChangeBytes = std::function<void(Bytes&)>;
using ChangeText = std::function<void(std::string&)>;
using ChangeJson = std::function<void(Json&)>;

struct Window {
  Time start = kLongAgo;
  std::optional<Time> end = std::nullopt;
};
struct Validity {
  Time from = kLongAgo;
  Time until = kFarAhead;
};

struct Extension {
  std::string oid = {};
  bool critical = false;
  Bytes value = {};  // contents of the OCTET STRING
};

// Usage is what a certificate is for: the extensions that say so.
struct Usage {
  std::optional<unsigned> key_usage =
      {};  // the byte of the BIT STRING: 0x80 digitalSignature, 0x06 CA
  std::vector<std::string> extended = {};  // OIDs; none: no extension
  bool extended_critical = false;
  std::optional<bool> authority = {};  // basicConstraints cA; nothing: no extension
  std::optional<unsigned> path_length = {};
};
inline constexpr unsigned kDigitalSignature = 0x80;
inline constexpr unsigned kKeyEncipherment = 0x20;
inline constexpr unsigned kCertSign = 0x06;
inline constexpr const char* kCodeSigning = "1.3.6.1.5.5.7.3.3";
inline constexpr const char* kTimeStamping = "1.3.6.1.5.5.7.3.8";
inline constexpr const char* kServerAuth = "1.3.6.1.5.5.7.3.1";

struct Certified {  // any certificate but the leaf
  KeyKind key = KeyKind::P384;
  Validity validity = {};
  Usage usage{.key_usage = kCertSign, .extended = {}, .authority = true, .path_length = {}};
  std::vector<Extension> extra = {};
  std::string name = {};        // else that of its role
  ChangeBytes tbs_before = {};  // the tbsCertificate
};

// Which certificates of an authority stand in the trusted root.
enum class Named : unsigned char {
  Whole,         // all, leaf's issuer first
  WithoutRoot,   // the anchor is the intermediate
  WithoutFirst,  // timestamping: the authorities, not the signer
  OnlyFirst,     // timestamping: the signer alone
};

struct FulcioRecipe {
  std::string uri = "https://fulcio.factory.example";
  std::string operator_name = {};
  Certified root = {};
  std::optional<Certified> intermediate = Certified{
      .usage = {
          .key_usage = kCertSign, .extended = {kCodeSigning}, .authority = true, .path_length = 0}};
  Named named = Named::Whole;
  Window window = {};
  bool trusted = true;  // stands in the trusted root
};

struct CtLogRecipe {
  KeyKind key = KeyKind::P256;
  std::string base_url = "https://ctfe.factory.example/2026";
  std::string operator_name = {};
  bool pkcs1 = false;  // the key is written as an RSAPublicKey (PKCS1_RSA_PKCS1V5)
  Window window = {};
  bool trusted = true;
};

struct LogRecipe {
  int api = 1;  // 1 or 2, of Rekor
  KeyKind key = KeyKind::P256;
  std::string host = "rekor.factory.example";
  std::string base_url = {};  // else https://HOST
  std::string origin = {};    // else "HOST - TREE" (v1) or HOST (v2)
  std::string operator_name = {};
  std::uint64_t first_index = 0;   // global index of the shard's first entry
  bool checkpoint_key_id = false;  // written into the trusted root (v0.2)
  Window window = {};
  bool trusted = true;
};

struct TsaRecipe {
  std::string uri = "https://tsa.factory.example/api/v1/timestamp";
  std::string operator_name = {};
  Certified leaf{.usage = {.key_usage = kDigitalSignature,
                           .extended = {kTimeStamping},
                           .extended_critical = true,
                           .authority = {},
                           .path_length = {}}};
  std::optional<Certified> intermediate = {};
  Certified root = {};
  Named named = Named::Whole;
  Window window = {};
  bool trusted = true;
};

enum class NameKind : unsigned char { Email, Uri, Other, Dns, Ip, ForeignOther };
struct SubjectName {
  NameKind kind = NameKind::Email;
  std::string value = "alice@example.com";
};

struct SctRecipe {
  std::size_t log = 0;
  Time at = kSigned;
  std::uint64_t milliseconds = 0;  // beside `at`
  Bytes extensions = {};
  unsigned version = 0;
  std::optional<unsigned> hash = {};            // as it is labelled
  std::optional<unsigned> signature_kind = {};  // as it is labelled
  ChangeBytes signed_before = {};               // the blob that is signed
  ChangeBytes encoded_after = {};               // version to signature
};

struct LeafRecipe {
  std::size_t authority = 0;
  KeyKind key = KeyKind::P256;
  Bytes spki = {};  // of a key that was made elsewhere, in place of one of ours
  std::vector<SubjectName> names{SubjectName{}};
  bool names_critical = true;
  std::string issuer = "https://accounts.example.com";
  bool issuer_v1 = true;  // .1, raw
  bool issuer_v2 = true;  // .8, DER UTF8String
  // claims are written by OID arc: up to 6 raw, from 8 on as UTF8String.
  std::vector<std::pair<unsigned, std::string>> claims = {};
  Validity validity{.from = kSigned - kMinute, .until = kSigned + 9 * kMinute};
  Usage usage{.key_usage = kDigitalSignature,
              .extended = {kCodeSigning},
              .authority = {},
              .path_length = {}};
  std::vector<Extension> extra = {};
  std::vector<SctRecipe> scts{SctRecipe{}};
  bool scts_first = false;           // the extension stands first instead of last
  ChangeBytes sct_list_before = {};  // the encoded list; the certificate is signed with the change
  ChangeBytes tbs_before = {};       // before it is signed, SCTs in it
  ChangeBytes certificate_after = {};
  bool forged = false;  // signed by another key than the authority's
};

struct EntryRecipe {
  std::size_t log = 0;
  std::string kind = {};  // else what goes with the content and the log
  std::string version = {};
  std::uint64_t index = 4;  // within the shard
  std::uint64_t tree_size = 7;
  Time integrated = kSigned;
  bool promise = true;  // v1 only
  bool proof = true;
  int witnesses = 0;  // cosignatures on the checkpoint
  bool witness_first = false;
  ChangeText body_text_before = {};  // the same, as text
  ChangeJson body_before = {};       // canonicalizedBody, before it is logged
  ChangeText promise_before = {};    // what the signed entry timestamp is over
  ChangeBytes promise_after = {};
  ChangeText checkpoint_before = {};  // text, before it is signed
  ChangeText checkpoint_after = {};   // note, after
  ChangeJson entry_after = {};        // the TransparencyLogEntry
};

struct StampRecipe {
  std::size_t tsa = 0;
  Time at = kSigned;
  std::string fraction = {};  // of a second, ".25"
  Hash imprint = Hash::Sha256;
  std::optional<Hash> digest = {};  // of CMS; else the usual one of the signer's key
  bool embeds_certificate = true;
  bool nonce = true;
  bool signing_certificate_v1 = false;  // SHA-1 ESSCertID instead of V2
  unsigned status = 0;
  std::optional<Bytes> message = {};             // else the bundle's signature
  std::vector<Bytes> foreign_certificates = {};  // embedded before the signer's
  ChangeBytes info_before = {};                  // TSTInfo, before it is signed
  std::function<void(std::vector<Bytes>&)> attributes_before = {};
  ChangeBytes signature_after = {};
  ChangeBytes response_after = {};
};

enum class Content : unsigned char { Message, Statement };
enum class Material : unsigned char {
  Certificate,
  Chain,
  ChainWithIntermediate,
  ChainWithRoot,
  PublicKey
};

struct Subject {
  std::string name = "artifact.txt";
  std::vector<std::pair<std::string, std::string>> digests = {};  // none: sha256 of the artifact
};

// What the verifier is told, and what the case is about.
struct Policy {
  std::string identity = "alice@example.com";
  std::string issuer = "https://accounts.example.com";
  std::size_t log_entries = 1;
  std::size_t scts = 1;
  std::size_t times = 1;
  bool by_digest = false;                    // only the artifact's SHA-256 is known
  std::optional<std::string> artifact = {};  // another than what was signed
};

struct Recipe {
  std::string root_media_type = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";
  std::vector<FulcioRecipe> authorities{FulcioRecipe{}};
  std::vector<CtLogRecipe> ct_logs{CtLogRecipe{}};
  std::vector<LogRecipe> logs{LogRecipe{}};
  std::vector<TsaRecipe> timestampers = {};
  ChangeJson root_after = {};

  LeafRecipe leaf = {};
  std::string media_type = "application/vnd.dev.sigstore.bundle.v0.3+json";
  Material material = Material::Certificate;
  Content content = Content::Message;
  std::string artifact = "# AGENTS\nBe careful.\n";
  std::optional<Hash> hash = {};  // of the signature; else the usual one of the key
  bool pss = false;
  bool message_digest = true;
  std::string statement_type = "https://in-toto.io/Statement/v1";
  std::string predicate_type = "https://slsa.dev/provenance/v1";
  std::string payload_type = "application/vnd.in-toto+json";
  std::vector<Subject> subjects{Subject{}};
  ChangeJson statement_before = {};
  ChangeBytes signature_after =
      {};  // before it is logged and stamped: a bad signature, well logged
  std::vector<EntryRecipe> entries{EntryRecipe{}};
  std::vector<StampRecipe> stamps = {};
  ChangeJson bundle_after = {};
  ChangeText text_after = {};

  Policy policy = {};
};

// second_generation is a Recipe with a Rekor v2 log and a timestamp in the place of Rekor v1.
Recipe second_generation();

}  // namespace nono::factory
