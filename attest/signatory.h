// attest/signatory.h: who signed, and what they may sign. Internal to attest/.
//
// A hint in a bundle is the signer's word: it decides which key is tried first and how a refusal is
// called, never who signed.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "attest/keyring.h"
#include "attest/rejection.h"
#include "attest/verifier.h"
#include "crypto/digest.h"

namespace nono::attest {

// KeyHints are the names by which a bundle points at its key: publicKey.hint and the envelope's
// keyid.
class KeyHints {
 public:
  explicit KeyHints(std::vector<std::string> hints);
  // name reports whether a hint is the entry's fingerprint (hexadecimal or base64) or its key_id.
  bool name(const KeyringEntry& entry) const;
  // agree: they are all one text, or all the fingerprint of one key.
  bool agree() const;
  // first is the first hint that is not empty, for messages; may be empty.
  const std::string& first() const { return first_; }

 private:
  std::vector<std::string> hints_;
  std::vector<crypto::Sha256> fingerprints_;
  std::string first_;
};

// Signatory is who signed: one key of the ring under all the names that it stands there by, or what
// a verified certificate says.
class Signatory {
 public:
  Signatory(const Keyring& keys, const crypto::Sha256& fingerprint);
  explicit Signatory(KeylessSigner signer) : identity_(std::move(signer)) {}

  // identity carries the first entry's alias and the first key_id that is not empty.
  const SignerIdentity& identity() const { return identity_; }
  // keyless is null for a key.
  const KeylessSigner* keyless() const { return std::get_if<KeylessSigner>(&identity_); }
  // is_called reports whether the key bears that name; never for a certificate.
  bool is_called(std::string_view key_id) const;
  // may_make reports whether an entry lists the type among its extra_predicate_types. For a
  // certificate the publisher decides, which trustpolicy/ finds: any type may come up to there.
  bool may_make(std::string_view predicate_type) const;

 private:
  SignerIdentity identity_;
  std::vector<const KeyringEntry*> entries_;
};

// keys_to_try lists every key of the ring once, those that the hints name first.
std::vector<const KeyringEntry*> keys_to_try(const Keyring& keys, const KeyHints& hints);
// no_signatory says that none of them verified: BadSignature where a hint names a key of the ring,
// else UnknownKey.
Rejection no_signatory(const Keyring& keys, const KeyHints& hints);

}  // namespace nono::attest
