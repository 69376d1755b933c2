// tests/rekor/foreign.cc: reading what others made, leniently.
#include "tests/rekor/foreign.h"

#include <charconv>
#include <initializer_list>

#include "base/clock.h"
#include "base/files.h"
#include "crypto/der.h"
#include "dsse/envelope.h"
#include "tests/rekor/support.h"

namespace nono::rekor::test {

namespace {

using crypto::DerReader;
using crypto::DerTag;
using crypto::Sha256;

const Json* find(const Json& root, std::initializer_list<std::string_view> path) {
  const Json* value = &root;
  for (const std::string_view key : path) {
    const Json::Array* const array = value->array();
    value = array == nullptr ? value->find(key) : array->empty() ? nullptr : &array->front();
    if (value == nullptr) {
      return nullptr;
    }
  }
  return value;
}

std::string text_at(const Json& root, std::initializer_list<std::string_view> path) {
  const Json* const value = find(root, path);
  return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
}

Bytes bytes_at(const Json& root, std::initializer_list<std::string_view> path) {
  return base64_decode(text_at(root, path), Base64::Lenient).value_or(Bytes());
}

std::optional<Sha256> hash_at(const Json& root, std::initializer_list<std::string_view> path) {
  return Sha256::from_raw(bytes_at(root, path));
}

std::optional<std::uint64_t> number_at(const Json& root, std::string_view key) {
  const std::string text = text_at(root, {key});
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  return problem == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

std::optional<Time> time_at(const Json& root, std::initializer_list<std::string_view> path) {
  const auto instant = parse_rfc3339(text_at(root, path));
  return instant ? std::optional(std::chrono::floor<std::chrono::seconds>(*instant)) : std::nullopt;
}

// The SubjectPublicKeyInfo is the seventh element of a v3 certificate (RFC 5280 4.1).
std::optional<std::span<const std::byte>> spki_of(std::span<const std::byte> der) {
  DerReader outer(der);
  auto certificate = outer.take_inside(DerTag::Sequence);
  auto tbs = certificate ? certificate->take_inside(DerTag::Sequence) : std::nullopt;
  for (int skipped = 0; tbs && skipped < 6; ++skipped) {
    if (!tbs->take_any()) {
      return std::nullopt;
    }
  }
  const auto spki = tbs ? tbs->take_any() : std::nullopt;
  return spki ? std::optional(spki->whole) : std::nullopt;
}

std::optional<crypto::PublicKey> signing_key(std::span<const std::byte> certificate,
                                             std::string_view key_pem) {
  const auto spki = spki_of(certificate);
  auto key = key_pem.empty() ? crypto::PublicKey::parse_spki_der(spki.value_or(certificate))
                             : crypto::PublicKey::parse_text(key_pem);
  return key ? std::optional(*std::move(key)) : std::nullopt;
}

Bytes leaf_of(const Json& material) {
  const Bytes leaf = bytes_at(material, {"certificate", "rawBytes"});
  return leaf.empty()
             ? bytes_at(material, {"x509CertificateChain", "certificates", "0", "rawBytes"})
             : leaf;
}

SignedDigests digests_of(std::span<const std::byte> data) {
  return {.sha256 = Sha256::of(data),
          .sha384 = crypto::hash(crypto::HashAlgorithm::Sha384, data),
          .sha512 = crypto::hash(crypto::HashAlgorithm::Sha512, data)};
}

std::optional<SignedDigests> digests_of_artifact(std::string_view artifact) {
  if (artifact.starts_with("sha256:")) {
    const auto digest = Sha256::parse_hex(artifact.substr(7));
    return digest ? std::optional(SignedDigests{*digest, {}, {}}) : std::nullopt;
  }
  const auto contents = shared(artifact);
  return contents ? std::optional(digests_of(as_bytes(*contents))) : std::nullopt;
}

std::optional<InclusionProof> read_proof(const Json& entry) {
  const Json* const proof = entry.find("inclusionProof");
  if (proof == nullptr || proof->object() == nullptr) {
    return std::nullopt;
  }
  const auto root = hash_at(*proof, {"rootHash"});
  if (!root) {
    return std::nullopt;
  }
  InclusionProof read{.log_index = number_at(*proof, "logIndex").value_or(0),
                      .root = *root,
                      .tree_size = number_at(*proof, "treeSize").value_or(0),
                      .path = {},
                      .checkpoint = text_at(*proof, {"checkpoint", "envelope"})};
  const Json* const hashes = proof->find("hashes");
  for (const Json& hash : hashes != nullptr ? *hashes->array() : Json::Array()) {
    if (const auto sibling = Sha256::from_raw(bytes_at(hash, {}))) {
      read.path.push_back(*sibling);
    }
  }
  return read;
}

std::optional<LogEntry> read_entry(const Json& json) {
  const auto id = hash_at(json, {"logId", "keyId"});
  const auto index = number_at(json, "logIndex");
  if (!id || !index) {
    return std::nullopt;
  }
  LogEntry entry{.log_index = *index,
                 .log_id = *id,
                 .kind = text_at(json, {"kindVersion", "kind"}),
                 .version = text_at(json, {"kindVersion", "version"}),
                 .integrated_time = std::nullopt,
                 .promise = std::nullopt,
                 .proof = read_proof(json),
                 .body = bytes_at(json, {"canonicalizedBody"})};
  if (const auto time = number_at(json, "integratedTime")) {
    entry.integrated_time = static_cast<std::int64_t>(*time);
  }
  if (Bytes promise = bytes_at(json, {"inclusionPromise", "signedEntryTimestamp"});
      !promise.empty()) {
    entry.promise = std::move(promise);
  }
  return entry;
}

std::optional<Log> read_log(const Json& json) {
  const auto id = hash_at(json, {"logId", "keyId"});
  const auto key = crypto::PublicKey::parse_spki_der(bytes_at(json, {"publicKey", "rawBytes"}));
  const auto start = time_at(json, {"publicKey", "validFor", "start"});
  if (!id || !key || !start) {
    return std::nullopt;
  }
  return Log{.base_url = text_at(json, {"baseUrl"}),
             .operator_name = text_at(json, {"operator"}),
             .log_id = *id,
             .checkpoint_key_id = *id,
             .key = *key,
             .valid_from = *start,
             .valid_until = time_at(json, {"publicKey", "validFor", "end"})};
}

}  // namespace

std::optional<std::string> shared(std::string_view path) {
  auto text = read_file(std::string(NONO_SHARED_DIR "/fixtures/").append(path), 16u << 20);
  return text ? std::optional(*std::move(text)) : std::nullopt;
}

LogKeyring read_logs(const Json& trusted_root) {
  LogKeyring logs;
  const Json* const list = trusted_root.find("tlogs");
  for (const Json& json : list != nullptr ? *list->array() : Json::Array()) {
    if (auto log = read_log(json)) {
      logs.add(*std::move(log));
    }
  }
  return logs;
}

std::optional<ForeignBundle> ForeignBundle::read(const Json& bundle, std::string_view artifact,
                                                 std::string_view key_pem) {
  const Json* const list = find(bundle, {"verificationMaterial", "tlogEntries"});
  if (list == nullptr || list->array() == nullptr) {
    return std::nullopt;
  }
  const Bytes payload = bytes_at(bundle, {"dsseEnvelope", "payload"});
  const std::string type = text_at(bundle, {"dsseEnvelope", "payloadType"});
  const bool has_envelope = find(bundle, {"dsseEnvelope"}) != nullptr;
  const Bytes leaf = leaf_of(*bundle.find("verificationMaterial"));
  const auto key = signing_key(leaf, key_pem);
  const auto digests =
      has_envelope ? digests_of(dsse::pae(type, payload)) : digests_of_artifact(artifact);
  if (!key || !digests) {
    return std::nullopt;
  }
  ForeignBundle read(*key, *digests);
  read.certificate_ = key_pem.empty() ? leaf : Bytes();
  read.signature_ = bytes_at(bundle, {"messageSignature", "signature"});
  if (has_envelope) {
    read.signature_ = bytes_at(bundle, {"dsseEnvelope", "signatures", "0", "sig"});
    read.envelope_ = EnvelopeParts{type, Sha256::of(payload)};
  }
  return read.read_entries(*list->array()) ? std::optional(std::move(read)) : std::nullopt;
}

bool ForeignBundle::read_entries(const Json::Array& list) {
  for (const Json& json : list) {
    auto entry = read_entry(json);
    if (!entry) {
      return false;
    }
    entries_.push_back(*std::move(entry));
  }
  return true;
}

Submission ForeignBundle::submission() const {
  return {.signature = signature_,
          .key = &key_,
          .certificate_der = certificate_,
          .digests = digests_,
          .envelope = envelope_};
}

std::string ForeignBundle::outcomes(const LogKeyring& logs) const {
  std::string all;
  for (const LogEntry& entry : entries_) {
    const auto outcome = logs.check(entry, submission());
    all += all.empty() ? "" : " ";
    all += outcome ? "logged" : name_of(outcome.error().fault);
  }
  return all;
}

}  // namespace nono::rekor::test
