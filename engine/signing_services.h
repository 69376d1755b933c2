// engine/signing_services.h: Fulcio, timestamp authorities and Rekor, one call each.
//
// Nothing that they answer is taken on trust: each answer is held against what was asked and the
// trusted root (attest/service_answers.h) before the next service hears of it. Errors name the
// service and its URL.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attest/identity_token.h"
#include "attest/service_answers.h"
#include "attest/signing_config.h"
#include "attest/trusted_root.h"
#include "attest/verifier.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/keys.h"
#include "engine/service_call.h"
#include "rekor/log_entry.h"

namespace nono::engine {

// ChosenServices is what a signing configuration comes to at one moment.
struct ChosenServices {
  attest::Service authority;
  std::vector<attest::Service> timestampers;
  std::vector<attest::Service> logs;

  // choose: an Error where the configuration leaves nothing to choose, or would make signatures
  // without a trusted time (Rekor v2 gives none, so a timestamp authority has to).
  static Result<ChosenServices> choose(const attest::SigningConfig& config, const Clock& clock);
};

struct IssuedCertificate {
  crypto::Certificate leaf;
  attest::KeylessSigner signer;
};

class SigningServices {
 public:
  // Borrows all three.
  SigningServices(const ServiceCaller& caller, const ChosenServices& chosen,
                  const attest::TrustedRoot& root)
      : caller_(caller), chosen_(chosen), root_(root) {}

  // certificate asks version 2 of Fulcio's interface, and version 1 where it knows no other.
  Result<IssuedCertificate> certificate(const crypto::PrivateKey& key,
                                        const attest::IdentityToken& token) const;
  // timestamps asks every chosen authority; each answer is a TimeStampResp.
  Result<std::vector<Bytes>> timestamps(const attest::MadeUnder& made) const;
  // log_entries asks every chosen log. `envelope_json` is the envelope as it will stand in the
  // bundle, where the submission has one. Nothing: a log of version 2 holds this entry already and
  // does not give it out; a new signature over the same statement is a new entry.
  Result<std::optional<std::vector<rekor::LogEntry>>> log_entries(
      const rekor::Submission& submission, const crypto::Certificate& leaf,
      const std::string& envelope_json) const;

 private:
  using Chain = std::vector<crypto::Certificate>;  // leaf first
  Result<std::string> challenge(const attest::IdentityToken& token) const;
  Result<net::HttpResponse> ask_fulcio(net::HttpRequest& request,
                                       const attest::IdentityToken& token) const;
  Result<IssuedCertificate> certificate_v1(const crypto::PrivateKey& key, const std::string& claim,
                                           const attest::IdentityToken& token) const;
  Result<IssuedCertificate> accepted(const net::HttpRequest& request, const Result<Chain>& chain,
                                     const crypto::PrivateKey& key,
                                     const attest::IdentityToken& token) const;
  Result<Bytes> timestamp(const attest::Service& authority, const attest::MadeUnder& made) const;
  Result<std::optional<rekor::LogEntry>> log_entry(const attest::Service& log,
                                                   const rekor::Submission& submission,
                                                   const std::string& envelope_json) const;
  Result<rekor::LogEntry> log_v1(const attest::Service& log, const std::string& body) const;
  Result<std::optional<rekor::LogEntry>> log_v2(const attest::Service& log,
                                                const std::string& body) const;
  const ServiceCaller& caller_;
  const ChosenServices& chosen_;
  const attest::TrustedRoot& root_;
};

}  // namespace nono::engine
