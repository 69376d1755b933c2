// engine/keyless_author.cc: key, certificate, signature, timestamps, log entries, bundle.
#include "engine/keyless_author.h"

#include <functional>
#include <utility>
#include <vector>

#include "attest/keyring.h"
#include "crypto/head_start.h"
#include "dsse/envelope.h"
#include "dsse/statement.h"

namespace nono::engine {

namespace {

// A second signature over the same content is a new log entry; more than one repeat means that
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

// What no verifier reads as a statement is not published.
Result<void> check_statement(const Json& envelope, const crypto::PublicKey& key) {
  NONO_TRY(const dsse::Envelope parsed, dsse::Envelope::parse(JsonView(envelope)));
  const std::optional<dsse::VerifiedPayload> payload = parsed.open(key);
  if (!payload) {
    return fail(ErrorKind::Internal, "the new envelope does not verify");
  }
  if (auto read = dsse::Statement::parse(*payload); !read) {
    return std::unexpected(std::move(read).error().while_doing("the statement"));
  }
  return {};
}

// published repeats until every log has taken a signature of its own.
Result<std::string> published(const std::function<Result<std::string>()>& sign_and_publish) {
  for (int attempt = 0; attempt < kSignatures; ++attempt) {
    NONO_TRY(std::string text, sign_and_publish());
    if (!text.empty()) {
      return text;
    }
  }
  return std::unexpected(
      Error(ErrorKind::Network, "Rekor says that it holds every new signature already")
          .mend_with("use a signing configuration that names another log"));
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
  // While the first service is waited for.
  crypto::HeadStart head_start;
  head_start.ask([trusted] { trusted->ask_ahead(); });
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

Result<KeylessAuthor::Signed> KeylessAuthor::sign_statement(std::string_view statement) const {
  NONO_TRY(Json envelope, dsse::seal(key_, dsse::kInTotoPayloadType, statement));
  NONO_CHECK(check_statement(envelope, key_.public_key()));
  return Signed{
      .signature = signature_of(envelope),
      .digests = digests_of(dsse::pae(dsse::kInTotoPayloadType, as_bytes(statement))),
      .envelope = rekor::EnvelopeParts{.payload_type = std::string(dsse::kInTotoPayloadType),
                                       .payload_sha256 = crypto::Sha256::of(as_bytes(statement))},
      .content = attest::envelope_content(std::move(envelope))};
}

Result<KeylessAuthor::Signed> KeylessAuthor::sign_message(std::string_view contents) const {
  NONO_TRY(Bytes signature, key_.sign(as_bytes(contents)));
  rekor::SignedDigests digests = digests_of(as_bytes(contents));
  attest::SealedContent content = attest::message_content(digests.sha256, signature);
  return Signed{.signature = std::move(signature),
                .digests = std::move(digests),
                .envelope = std::nullopt,
                .content = std::move(content)};
}

Result<std::string> KeylessAuthor::bundle(std::string_view statement) const {
  return published([&]() -> Result<std::string> {
    NONO_TRY(const Signed made, sign_statement(statement));
    return publish(made);
  });
}

Result<std::string> KeylessAuthor::message_bundle(std::string_view contents) const {
  return published([&]() -> Result<std::string> {
    NONO_TRY(const Signed made, sign_message(contents));
    return publish(made);
  });
}

Result<std::string> KeylessAuthor::publish(const Signed& made) const {
  NONO_TRY(const attest::TrustedRoot* const trusted, root_of(*root_));
  const SigningServices services(*caller_, services_, *trusted);
  const rekor::Submission submission{.signature = made.signature,
                                     .key = &key_.public_key(),
                                     .certificate_der = certificate_.leaf.der(),
                                     .digests = made.digests,
                                     .envelope = made.envelope};
  NONO_TRY(std::vector<Bytes> timestamps,
           services.timestamps({.signature = made.signature, .leaf = certificate_.leaf}));
  NONO_TRY(auto entries,
           services.log_entries(submission, certificate_.leaf, made.content.json.compact()));
  if (!entries) {
    return std::string();
  }
  return attest::CertificateBundle{.leaf = certificate_.leaf,
                                   .log_entries = *std::move(entries),
                                   .timestamps = std::move(timestamps),
                                   .content = made.content}
      .text();
}

}  // namespace nono::engine
