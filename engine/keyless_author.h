// engine/keyless_author.h: signs statements and files under a certificate of a few minutes.
//
// The key is made here, signs, and is wiped with the author; nobody ever stores it. The certificate
// is asked for once and serves every statement of one invocation.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "attest/certificate_bundle.h"
#include "attest/identity_token.h"
#include "attest/root_source.h"
#include "attest/signer.h"
#include "base/result.h"
#include "crypto/keys.h"
#include "engine/service_call.h"
#include "engine/signing_services.h"

namespace nono::engine {

class KeylessAuthor final : public attest::Author {
 public:
  // Services wait for each other and for their disks; more at a time would be called a flood.
  static constexpr std::size_t kAtOnce = 8;

  // certify makes a key and gets a certificate over it. `caller` is borrowed, and its client is
  // used by as many threads as sign; a `root` that holds no trusted root is an Error.
  static Result<KeylessAuthor> certify(const ServiceCaller& caller, ChosenServices services,
                                       std::shared_ptr<const attest::RootSource> root,
                                       const attest::IdentityToken& token);

  const attest::KeylessSigner& signer() const { return certificate_.signer; }

  Json claim() const override;
  // bundle signs, has the signature timestamped and logged, and returns the text.
  Result<std::string> bundle(std::string_view statement) const override;
  // message_bundle is the same for a bare signature over a file.
  Result<std::string> message_bundle(std::string_view contents) const;
  attest::Verifier verifier() const override;
  std::size_t at_once() const override { return kAtOnce; }
  void finish() const override { caller_->finish(); }
  const attest::RootSource& root() const { return *root_; }

 private:
  // Signed is a fresh signature and what it is over.
  struct Signed {
    Bytes signature;
    rekor::SignedDigests digests;
    std::optional<rekor::EnvelopeParts> envelope;
    attest::SealedContent content;
  };
  Result<Signed> sign_statement(std::string_view statement) const;
  Result<Signed> sign_message(std::string_view contents) const;
  KeylessAuthor(const ServiceCaller& caller, ChosenServices services,
                std::shared_ptr<const attest::RootSource> root, crypto::PrivateKey key,
                IssuedCertificate certificate)
      : caller_(&caller),
        services_(std::move(services)),
        root_(std::move(root)),
        key_(std::move(key)),
        certificate_(std::move(certificate)) {}
  // publish is empty where a log holds this very entry already.
  Result<std::string> publish(const Signed& made) const;
  const ServiceCaller* caller_;
  ChosenServices services_;
  std::shared_ptr<const attest::RootSource> root_;
  crypto::PrivateKey key_;
  IssuedCertificate certificate_;
};

}  // namespace nono::engine
