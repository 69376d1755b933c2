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

Result<Bytes> read_timestamp(const JsonView& view) {
  NONO_CHECK(view.only({"signedTimestamp"}));
  NONO_TRY(const JsonView token, view.at("signedTimestamp"));
  return read_der(token);
}

Result<std::vector<Bytes>> read_timestamps(const JsonView& view) {
  NONO_CHECK(view.only({"rfc3161Timestamps"}));
  NONO_TRY(const std::optional<JsonView> list, view.maybe("rfc3161Timestamps"));
  std::vector<Bytes> tokens;
  if (!list) {
    return tokens;
  }
  NONO_TRY(const std::vector<JsonView> timestamps, list->elements(Bundle::kMaxTimestamps));
  for (const JsonView& timestamp : timestamps) {
    NONO_TRY(Bytes token, read_timestamp(timestamp));
    tokens.push_back(std::move(token));
  }
  return tokens;
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
    NONO_TRY(material.log_entries, read_log_entries(*entries, version));
  }
  NONO_TRY(const std::optional<JsonView> timestamps, view.maybe("timestampVerificationData"));
  if (timestamps) {
    NONO_TRY(material.timestamps, read_timestamps(*timestamps));
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
