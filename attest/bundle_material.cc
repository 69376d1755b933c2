// attest/bundle_material.cc: verificationMaterial and messageSignature of a bundle.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attest/bundle_json.h"

namespace nono::attest {

namespace {

constexpr std::size_t kMaxChain = 10;
constexpr std::size_t kMaxProofHashes = 64;  // a tree of 2^63 leaves has no longer proof
constexpr std::size_t kSha256Size = 32;

// The enum of protobuf-specs: what is read by name may also come as its number.
struct DigestName {
  std::int64_t number;
  std::string_view name;
  std::size_t size;
};
constexpr std::array kDigestNames{
    DigestName{1, "SHA2_256", 32}, DigestName{2, "SHA2_384", 48}, DigestName{3, "SHA2_512", 64},
    DigestName{4, "SHA3_256", 32}, DigestName{5, "SHA3_384", 48},
};

Result<void> check_sha256(const JsonView& view) {
  NONO_TRY(const Bytes digest, read_base64(view));
  if (digest.size() != kSha256Size) {
    return std::unexpected(view.error("must be 32 bytes"));
  }
  return {};
}

Result<void> check_promise(const JsonView& promise) {
  NONO_CHECK(promise.only({"signedEntryTimestamp"}));
  NONO_TRY(const JsonView timestamp, promise.at("signedEntryTimestamp"));
  NONO_CHECK(read_base64(timestamp));
  return {};
}

Result<void> check_checkpoint(const JsonView& proof) {
  NONO_TRY(const JsonView checkpoint, proof.at("checkpoint"));
  NONO_CHECK(checkpoint.only({"envelope"}));
  NONO_TRY(const JsonView envelope, checkpoint.at("envelope"));
  NONO_CHECK(envelope.nonempty_string(std::size_t{1} << 20));
  return {};
}

Result<void> check_proof(const JsonView& proof) {
  NONO_CHECK(proof.only({"logIndex", "rootHash", "treeSize", "hashes", "checkpoint"}));
  NONO_TRY(const JsonView index_view, proof.at("logIndex"));
  NONO_TRY(const std::int64_t index, read_int64(index_view));
  NONO_TRY(const JsonView size_view, proof.at("treeSize"));
  NONO_TRY(const std::int64_t size, read_int64(size_view));
  if (index >= size) {
    return std::unexpected(size_view.error("must be greater than logIndex"));
  }
  NONO_TRY(const JsonView root, proof.at("rootHash"));
  NONO_CHECK(check_sha256(root));
  NONO_TRY(const std::optional<JsonView> hashes, proof.maybe("hashes"));
  if (hashes) {
    NONO_TRY(const std::vector<JsonView> siblings, hashes->elements(kMaxProofHashes));
    for (const JsonView& sibling : siblings) {
      NONO_CHECK(check_sha256(sibling));
    }
  }
  return check_checkpoint(proof);
}

Result<void> check_log_name(const JsonView& entry) {
  NONO_TRY(const JsonView log, entry.at("logId"));
  NONO_CHECK(log.only({"keyId"}));
  NONO_TRY(const JsonView key, log.at("keyId"));
  NONO_CHECK(check_sha256(key));
  NONO_TRY(const JsonView kind_version, entry.at("kindVersion"));
  NONO_CHECK(kind_version.only({"kind", "version"}));
  NONO_TRY(const JsonView kind, kind_version.at("kind"));
  NONO_CHECK(kind.nonempty_string());
  NONO_TRY(const JsonView version, kind_version.at("version"));
  NONO_CHECK(version.nonempty_string());
  return {};
}

// v0.1 rests on the log's promise, later versions on its proof.
Result<void> check_log_evidence(const JsonView& entry, BundleVersion version) {
  NONO_TRY(const std::optional<JsonView> promise, entry.maybe("inclusionPromise"));
  NONO_TRY(const std::optional<JsonView> proof, entry.maybe("inclusionProof"));
  NONO_TRY(const std::optional<JsonView> time, entry.maybe("integratedTime"));
  if (time) {
    NONO_CHECK(read_int64(*time));
  }
  if (promise) {
    NONO_CHECK(check_promise(*promise));
    NONO_CHECK(entry.at("integratedTime"));  // the promise is a signature over it
  } else if (version == BundleVersion::V01) {
    return std::unexpected(entry.error("inclusionPromise is missing, which version 0.1 demands"));
  }
  if (proof) {
    return check_proof(*proof);
  }
  if (version != BundleVersion::V01) {
    return std::unexpected(entry.error("inclusionProof is missing, which this version demands"));
  }
  return {};
}

Result<CertificateMaterial> read_certificate(const JsonView& view) {
  NONO_CHECK(view.only({"rawBytes"}));
  NONO_TRY(const JsonView raw, view.at("rawBytes"));
  NONO_TRY(Bytes der, read_der(raw));
  CertificateMaterial material;
  material.chain_der.push_back(std::move(der));
  return material;
}

Result<CertificateMaterial> read_chain(const JsonView& view) {
  NONO_CHECK(view.only({"certificates"}));
  NONO_TRY(const JsonView list, view.at("certificates"));
  NONO_TRY(const std::vector<JsonView> certificates, list.elements(kMaxChain));
  if (certificates.empty()) {
    return std::unexpected(list.error("must hold at least one certificate"));
  }
  CertificateMaterial material;
  for (const JsonView& certificate : certificates) {
    NONO_TRY(CertificateMaterial one, read_certificate(certificate));
    material.chain_der.push_back(std::move(one.chain_der.front()));
  }
  return material;
}

Result<KeyHint> read_key(const JsonView& view) {
  NONO_CHECK(view.only({"hint"}));
  NONO_TRY(const std::optional<JsonView> hint, view.maybe("hint"));
  KeyHint key;
  if (hint) {
    NONO_TRY(key.hint, hint->string());
  }
  return key;
}

Result<std::variant<KeyHint, CertificateMaterial>> read_signer(const JsonView& view,
                                                               BundleVersion version) {
  NONO_TRY(const std::optional<JsonView> key, view.maybe("publicKey"));
  NONO_TRY(const std::optional<JsonView> certificate, view.maybe("certificate"));
  NONO_TRY(const std::optional<JsonView> chain, view.maybe("x509CertificateChain"));
  const int given = (key ? 1 : 0) + (certificate ? 1 : 0) + (chain ? 1 : 0);
  if (given != 1) {
    return std::unexpected(
        view.error("must hold exactly one of publicKey, certificate and x509CertificateChain"));
  }
  if (key) {
    NONO_TRY(KeyHint hint, read_key(*key));
    return hint;
  }
  const bool single = version == BundleVersion::V03;
  if (single != certificate.has_value()) {
    return std::unexpected(view.error(single ? "x509CertificateChain is not allowed in version 0.3"
                                             : "certificate is not allowed before version 0.3"));
  }
  NONO_TRY(CertificateMaterial material,
           single ? read_certificate(*certificate) : read_chain(*chain));
  return material;
}

Result<const DigestName*> digest_name(const JsonView& view) {
  const std::string* name = view.json().string();
  const std::int64_t* number = view.json().integer();
  const auto found = std::ranges::find_if(kDigestNames, [&](const DigestName& known) {
    return (name != nullptr && *name == known.name) ||
           (number != nullptr && *number == known.number);
  });
  if (found == kDigestNames.end()) {
    return std::unexpected(view.error("must name a digest algorithm, such as SHA2_256"));
  }
  return &*found;
}

Result<void> read_message_digest(const JsonView& view, MessageSignature& into) {
  NONO_CHECK(view.only({"algorithm", "digest"}));
  NONO_TRY(const JsonView algorithm, view.at("algorithm"));
  NONO_TRY(const DigestName* const known, digest_name(algorithm));
  NONO_TRY(const JsonView digest, view.at("digest"));
  NONO_TRY(into.digest, read_base64(digest));
  if (into.digest.size() != known->size) {
    return std::unexpected(digest.error("has the wrong length for " + std::string(known->name)));
  }
  into.digest_algorithm = std::string(known->name);
  return {};
}

}  // namespace

Result<void> check_log_entry(const JsonView& entry, BundleVersion version) {
  NONO_CHECK(entry.only({"logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise",
                         "inclusionProof", "canonicalizedBody"}));
  NONO_TRY(const JsonView index, entry.at("logIndex"));
  NONO_CHECK(read_int64(index));
  NONO_CHECK(check_log_name(entry));
  NONO_TRY(const JsonView body, entry.at("canonicalizedBody"));
  NONO_CHECK(read_base64(body));
  return check_log_evidence(entry, version);
}

Result<std::size_t> check_timestamps(const JsonView& view) {
  NONO_CHECK(view.only({"rfc3161Timestamps"}));
  NONO_TRY(const std::optional<JsonView> list, view.maybe("rfc3161Timestamps"));
  if (!list) {
    return std::size_t{0};
  }
  NONO_TRY(const std::vector<JsonView> timestamps, list->elements(Bundle::kMaxTimestamps));
  for (const JsonView& timestamp : timestamps) {
    NONO_CHECK(timestamp.only({"signedTimestamp"}));
    NONO_TRY(const JsonView token, timestamp.at("signedTimestamp"));
    NONO_CHECK(read_der(token));
  }
  return timestamps.size();
}

Result<Material> read_material(const JsonView& view, BundleVersion version) {
  NONO_CHECK(view.only({"publicKey", "certificate", "x509CertificateChain", "tlogEntries",
                        "timestampVerificationData"}));
  Material material;
  NONO_TRY(material.signer, read_signer(view, version));
  NONO_TRY(const std::optional<JsonView> entries, view.maybe("tlogEntries"));
  if (entries) {
    NONO_TRY(const std::vector<JsonView> list, entries->elements(Bundle::kMaxLogEntries));
    for (const JsonView& entry : list) {
      NONO_CHECK(check_log_entry(entry, version));
    }
    material.log_entries = list.size();
  }
  NONO_TRY(const std::optional<JsonView> timestamps, view.maybe("timestampVerificationData"));
  if (timestamps) {
    NONO_TRY(material.timestamps, check_timestamps(*timestamps));
  }
  return material;
}

Result<MessageSignature> read_message_signature(const JsonView& view) {
  NONO_CHECK(view.only({"messageDigest", "signature"}));
  MessageSignature message;
  NONO_TRY(const JsonView signature, view.at("signature"));
  NONO_TRY(message.signature, read_base64(signature));
  NONO_TRY(const std::optional<JsonView> digest, view.maybe("messageDigest"));
  if (digest) {
    NONO_CHECK(read_message_digest(*digest, message));
  }
  return message;
}

}  // namespace nono::attest
