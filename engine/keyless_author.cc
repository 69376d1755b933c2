// engine/keyless_author.cc: key, certificate, signature, timestamps, log entries, bundle.
#include "engine/keyless_author.h"

#include <optional>
#include <utility>
#include <vector>

#include "attest/certificate_bundle.h"
#include "attest/keyring.h"
#include "dsse/envelope.h"

namespace nono::engine {

namespace {

// A second signature over the same statement is a new log entry; more than one repeat means that
// the log answers "exists" to everything.
constexpr int kSignatures = 2;

Result<const attest::TrustedRoot*> root_of(const attest::RootSource& source) {
  NONO_TRY(const attest::TrustedRoot* const root, source.get());
  if (root == nullptr) {
    return std::unexpected(
        Error(ErrorKind::NotFound, "there is no trusted root to hold the services' answers against")
            .mend_with("give one with --trusted-root FILE"));
  }
  return root;
}

// dsse::seal wrote the envelope; an empty signature would get no timestamp and verify nowhere.
Bytes signature_of(const Json& envelope) {
  const Json& first = envelope.find("signatures")->array()->front();
  return base64_decode(*first.find("sig")->string(), Base64::Strict).value_or(Bytes());
}

rekor::SignedDigests digests_of(std::span<const std::byte> message) {
  return {.sha256 = crypto::Sha256::of(message),
          .sha384 = crypto::hash(crypto::HashAlgorithm::Sha384, message),
          .sha512 = crypto::hash(crypto::HashAlgorithm::Sha512, message)};
}

}  // namespace

Result<KeylessAuthor> KeylessAuthor::certify(const ServiceCaller& caller, ChosenServices services,
                                             std::shared_ptr<const attest::RootSource> root,
                                             const attest::IdentityToken& token) {
  NONO_TRY(const attest::TrustedRoot* const trusted, root_of(*root));
  NONO_TRY(crypto::PrivateKey key, crypto::PrivateKey::generate(crypto::KeyAlgorithm::EcdsaP256));
  NONO_TRY(IssuedCertificate certificate,
           SigningServices(caller, services, *trusted).certificate(key, token));
  return KeylessAuthor(caller, std::move(services), std::move(root), std::move(key),
                       std::move(certificate));
}

Json KeylessAuthor::claim() const {
  return attest::keyless_claim(certificate_.signer);
}

attest::Verifier KeylessAuthor::verifier() const {
  return attest::Verifier(std::make_shared<const attest::Keyring>(), root_);
}

Result<std::string> KeylessAuthor::bundle(std::string_view statement) const {
  for (int attempt = 0; attempt < kSignatures; ++attempt) {
    NONO_TRY(std::string text, try_bundle(statement));
    if (!text.empty()) {
      return text;
    }
  }
  return std::unexpected(
      Error(ErrorKind::Network, "Rekor says that it holds every new signature already")
          .mend_with("use a signing configuration that names another log"));
}

Result<std::string> KeylessAuthor::try_bundle(std::string_view statement) const {
  NONO_TRY(const attest::TrustedRoot* const trusted, root_of(*root_));
  const SigningServices services(*caller_, services_, *trusted);
  NONO_TRY(Json envelope, dsse::seal(key_, dsse::kInTotoPayloadType, statement));
  const Bytes signature = signature_of(envelope);
  const rekor::Submission submission{
      .signature = signature,
      .key = &key_.public_key(),
      .certificate_der = certificate_.leaf.der(),
      .digests = digests_of(dsse::pae(dsse::kInTotoPayloadType, as_bytes(statement))),
      .envelope = rekor::EnvelopeParts{.payload_type = std::string(dsse::kInTotoPayloadType),
                                       .payload_sha256 = crypto::Sha256::of(as_bytes(statement))}};
  NONO_TRY(std::vector<Bytes> timestamps,
           services.timestamps({.signature = signature, .leaf = certificate_.leaf}));
  NONO_TRY(auto entries, services.log_entries(submission, certificate_.leaf, envelope.compact()));
  if (!entries) {
    return std::string();
  }
  return attest::CertificateBundle{.leaf = certificate_.leaf,
                                   .log_entries = *std::move(entries),
                                   .timestamps = std::move(timestamps),
                                   .envelope = std::move(envelope)}
      .text();
}

}  // namespace nono::engine
