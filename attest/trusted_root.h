// attest/trusted_root.h: whom Sigstore verification trusts: certificate authorities, CT logs,
// transparency logs, timestamp authorities, each with its validity. Read from trusted_root.json
// (protobuf-specs sigstore_trustroot.proto; media types v0.1 in both spellings, and v0.2).
//
// The file is trusted by where it comes from (embedded, the user's word, TUF), not by its contents;
// reading it is strict: unknown fields, duplicate keys, a window without a start, a certificate or
// key that does not parse refuse the whole. An instance with an algorithm that this build does not
// know is left out, with a warning: a root must be able to name keys of tomorrow.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "crypto/certificate_authority.h"
#include "crypto/digest.h"
#include "crypto/keys.h"
#include "crypto/timestamp.h"
#include "rekor/log_keyring.h"

namespace nono::attest {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

// A trusted root, a signing configuration, or both in one file; the public-good root has 7 KiB.
inline constexpr JsonLimits kTrustFileLimits{.bytes = 1u << 20, .values = 20'000};

// Window is a validFor: inclusive at both ends, open where there is no end. Its ends are whole
// milliseconds within what was written.
struct Window {
  Time start;
  std::optional<Time> end;
  bool contains(Time at) const { return start <= at && (!end || at <= *end); }
};

struct TrustedAuthority {  // issues signing certificates (Fulcio)
  std::string uri;
  std::string operator_name;
  Window window;
  crypto::CertificateAuthority authority;
};
struct TrustedCtLog {
  std::string base_url;
  std::string operator_name;
  crypto::Sha256 log_id;
  crypto::PublicKey key;
  Window window;
};
struct TrustedTimestamper {
  std::string uri;
  std::string operator_name;
  Window window;
  crypto::TimestampSigner signer;
};

// TrustedRoot is immutable; share it by shared_ptr, it caches the verified links of its
// authorities.
class TrustedRoot {
 public:
  static constexpr std::size_t kMaxInstances = 64;  // of each of the four lists
  static constexpr std::size_t kMaxChain = 10;      // certificates of one authority

  // parse names the JSON pointer of what is wrong: InvalidInput; an unknown media type is
  // Unsupported.
  static Result<TrustedRoot> parse(std::string_view text);
  static Result<TrustedRoot> parse(const JsonView& view);  // as a member of a ClientTrustConfig

  std::span<const TrustedAuthority> authorities() const { return authorities_; }
  std::span<const TrustedCtLog> ct_logs() const { return ct_logs_; }
  const rekor::LogKeyring& logs() const { return logs_; }
  std::span<const TrustedTimestamper> timestampers() const { return timestampers_; }
  const std::string& media_type() const { return media_type_; }
  // warnings are one line each: an instance that was left out, and why.
  std::span<const std::string> warnings() const { return warnings_; }
  // ask_ahead works out what every verdict asks of the authorities themselves, for a second thread
  // (crypto/head_start.h). It decides nothing.
  void ask_ahead() const;

 private:
  TrustedRoot() = default;
  friend class TrustedRootReader;
  std::string media_type_;
  std::vector<TrustedAuthority> authorities_;
  std::vector<TrustedCtLog> ct_logs_;
  rekor::LogKeyring logs_;
  std::vector<TrustedTimestamper> timestampers_;
  std::vector<std::string> warnings_;
};

// EmbeddedRoot is the public-good instance's trusted root as this build carries it.
struct EmbeddedRoot {
  std::string_view text;            // trusted_root.json
  std::string_view package;         // where it was taken from: "npm @sigstore/tuf 4.0.0"
  std::string_view date;            // of that package's release, YYYY-MM-DD
  crypto::Sha256 digest;            // of text
  std::string_view tuf_root;        // root.json of the same instance
  std::string_view signing_config;  // signing_config.json: where requests go, not what is believed
};
const EmbeddedRoot& embedded_root();

}  // namespace nono::attest
