// attest/bundle.h: Sigstore bundles, read (v0.1, v0.2, v0.3) and written (v0.3).
//
// A Bundle is untrusted: parsing proves shape only. See docs/format-bundle.md for what nono writes.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "attest/rejection.h"
#include "base/encoding.h"
#include "base/json.h"
#include "crypto/keys.h"
#include "dsse/envelope.h"
#include "rekor/log_entry.h"

namespace nono::attest {

inline constexpr std::string_view kBundleV03 = "application/vnd.dev.sigstore.bundle.v0.3+json";

// KeyHint: the bundle was signed with a plain key; the hint is the signer's word for which.
struct KeyHint {
  std::string hint;
};
// CertificateMaterial: the bundle was signed keyless; DER as it arrived, leaf first.
struct CertificateMaterial {
  std::vector<Bytes> chain_der;
};
// MessageSignature is a bare signature over the file (as `cosign sign-blob` writes).
struct MessageSignature {
  std::optional<std::string> digest_algorithm;  // "SHA2_256", …; a hint
  Bytes digest;
  Bytes signature;
};

// Outermost says whether the outermost object may have members that are not Sigstore's.
enum class Outermost : unsigned char { Open, Closed };

class Bundle {
 public:
  static constexpr std::size_t kMaxLogEntries = 32;
  static constexpr std::size_t kMaxTimestamps = 32;

  // parse checks size, JSON strictness, media type, oneofs and the presence of what the version
  // demands. The rejection is MalformedBundle or UnsupportedVersion, with pointer and byte.
  static std::expected<Bundle, Rejection> parse(std::string_view text,
                                                Outermost outermost = Outermost::Open);

  const std::string& media_type() const { return media_type_; }
  const std::variant<KeyHint, CertificateMaterial>& material() const { return material_; }
  const std::variant<dsse::Envelope, MessageSignature>& content() const { return content_; }
  const std::vector<rekor::LogEntry>& log_entries() const { return log_entries_; }
  // timestamps are RFC 3161 responses, DER.
  const std::vector<Bytes>& timestamps() const { return timestamps_; }

 private:
  Bundle(std::string media_type, std::variant<KeyHint, CertificateMaterial> material,
         std::variant<dsse::Envelope, MessageSignature> content)
      : media_type_(std::move(media_type)),
        material_(std::move(material)),
        content_(std::move(content)) {}
  std::string media_type_;
  std::variant<KeyHint, CertificateMaterial> material_;
  std::variant<dsse::Envelope, MessageSignature> content_;
  std::vector<rekor::LogEntry> log_entries_;
  std::vector<Bytes> timestamps_;
};

}  // namespace nono::attest
