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
constexpr std::size_t kMaxText = 1u << 20;

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

Result<void> check_integer(const JsonView& view) {
  NONO_CHECK(read_int64(view));
  return {};
}

Result<void> check_base64(const JsonView& view) {
  NONO_CHECK(read_base64(view));
  return {};
}

Result<void> check_der(const JsonView& view) {
  NONO_CHECK(read_der(view));
  return {};
}

Result<void> check_text(const JsonView& view) {
  NONO_CHECK(view.nonempty_string(kMaxText));
  return {};
}

Result<void> check_sha256(const JsonView& view) {
  NONO_TRY(const Bytes digest, read_base64(view));
  if (digest.size() != kSha256Size) {
    return std::unexpected(view.error("must be 32 bytes"));
  }
  return {};
}

Result<void> check_hashes(const JsonView& view) {
  NONO_TRY(const std::vector<JsonView> siblings, view.elements(kMaxProofHashes));
  for (const JsonView& sibling : siblings) {
    NONO_CHECK(check_sha256(sibling));
  }
  return {};
}

Result<void> check_log_id(const JsonView& view) {
  static constexpr std::array kShape{Member{"keyId", Presence::Required, check_sha256}};
  return check_object(view, kShape);
}

Result<void> check_kind_version(const JsonView& view) {
  static constexpr std::array kShape{Member{"kind", Presence::Required, check_text},
                                     Member{"version", Presence::Required, check_text}};
  return check_object(view, kShape);
}

Result<void> check_promise(const JsonView& view) {
  static constexpr std::array kShape{
      Member{"signedEntryTimestamp", Presence::Required, check_base64}};
  return check_object(view, kShape);
}

Result<void> check_checkpoint(const JsonView& view) {
  static constexpr std::array kShape{Member{"envelope", Presence::Required, check_text}};
  return check_object(view, kShape);
}

Result<std::int64_t> integer_at(const JsonView& view, std::string_view key) {
  NONO_TRY(const JsonView member, view.at(key));
  return read_int64(member);
}

Result<void> check_proof(const JsonView& view) {
  static constexpr std::array kShape{Member{"logIndex", Presence::Required, check_integer},
                                     Member{"rootHash", Presence::Required, check_sha256},
                                     Member{"treeSize", Presence::Required, check_integer},
                                     Member{"hashes", Presence::Optional, check_hashes},
                                     Member{"checkpoint", Presence::Required, check_checkpoint}};
  NONO_CHECK(check_object(view, kShape));
  NONO_TRY(const std::int64_t index, integer_at(view, "logIndex"));
  NONO_TRY(const std::int64_t size, integer_at(view, "treeSize"));
  if (index >= size) {
    return std::unexpected(view.error("treeSize must be greater than logIndex"));
  }
  return {};
}

Result<void> check_timestamp(const JsonView& view) {
  static constexpr std::array kShape{Member{"signedTimestamp", Presence::Required, check_der}};
  return check_object(view, kShape);
}

Result<std::size_t> check_timestamps(const JsonView& view) {
  NONO_CHECK(view.only({"rfc3161Timestamps"}));
  NONO_TRY(const std::optional<JsonView> list, view.maybe("rfc3161Timestamps"));
  if (!list) {
    return std::size_t{0};
  }
  NONO_TRY(const std::vector<JsonView> timestamps, list->elements(Bundle::kMaxTimestamps));
  for (const JsonView& timestamp : timestamps) {
    NONO_CHECK(check_timestamp(timestamp));
  }
  return timestamps.size();
}

// v0.1 rests on the log's promise, later versions on its proof.
Result<void> check_log_evidence(const JsonView& entry, BundleVersion version) {
  NONO_TRY(const std::optional<JsonView> promise, entry.maybe("inclusionPromise"));
  NONO_TRY(const std::optional<JsonView> proof, entry.maybe("inclusionProof"));
  if (version == BundleVersion::V01 && !promise) {
    return std::unexpected(entry.error("inclusionPromise is missing, which version 0.1 demands"));
  }
  if (version != BundleVersion::V01 && !proof) {
    return std::unexpected(entry.error("inclusionProof is missing, which this version demands"));
  }
  if (promise) {
    NONO_CHECK(entry.at("integratedTime"));  // the promise is a signature over it
  }
  return {};
}

Result<void> check_log_entry(const JsonView& entry, BundleVersion version) {
  static constexpr std::array kShape{Member{"logIndex", Presence::Required, check_integer},
                                     Member{"logId", Presence::Required, check_log_id},
                                     Member{"kindVersion", Presence::Required, check_kind_version},
                                     Member{"integratedTime", Presence::Optional, check_integer},
                                     Member{"inclusionPromise", Presence::Optional, check_promise},
                                     Member{"inclusionProof", Presence::Optional, check_proof},
                                     Member{"canonicalizedBody", Presence::Required, check_base64}};
  NONO_CHECK(check_object(entry, kShape));
  return check_log_evidence(entry, version);
}

Result<std::size_t> check_log_entries(const JsonView& view, BundleVersion version) {
  NONO_TRY(const std::vector<JsonView> entries, view.elements(Bundle::kMaxLogEntries));
  for (const JsonView& entry : entries) {
    NONO_CHECK(check_log_entry(entry, version));
  }
  return entries.size();
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

Result<Material> read_material(const JsonView& view, BundleVersion version) {
  NONO_CHECK(view.only({"publicKey", "certificate", "x509CertificateChain", "tlogEntries",
                        "timestampVerificationData"}));
  Material material;
  NONO_TRY(material.signer, read_signer(view, version));
  NONO_TRY(const std::optional<JsonView> entries, view.maybe("tlogEntries"));
  if (entries) {
    NONO_TRY(material.log_entries, check_log_entries(*entries, version));
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
