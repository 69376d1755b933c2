// attest/verifier.h: from a sealed file and its evidence to a statement that may be believed.
//
// Data flows one way: SealedFile + Evidence -> Verifier::examine -> Examined. The file travels
// inside the result, so nothing downstream can pair a good verdict with other bytes. This is the
// only verification path of nono.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "attest/evidence.h"
#include "attest/keyring.h"
#include "attest/predicate.h"
#include "attest/rejection.h"
#include "attest/root_source.h"
#include "base/sealed_file.h"
#include "crypto/digest.h"
#include "crypto/head_start.h"

namespace nono::attest {

struct Specimen;  // attest/subject.h

// KeyedSigner is named by the fingerprint of the key that verified, never by a claim in the
// payload.
struct KeyedSigner {
  crypto::Sha256 fingerprint;
  std::string alias;   // from the keyring
  std::string key_id;  // from the keyring; may be empty
};

// KeylessSigner is read from a certificate whose chain and time were checked. Repository, workflow,
// ref and subject are separate: the SAN of a reusable workflow is not its caller's repository. What
// the certificate does not say is empty (keyless_signer.h says where each comes from).
struct KeylessSigner {
  std::string issuer;
  std::string subject;
  std::string repository;
  std::string workflow;
  std::string ref;
  std::string build_signer_uri = {};  // where the certificate says it; of a URI subject, the same
  // roots are the names of the trusted roots by which it verified; "" is the one without a name.
  std::vector<std::string> roots = {};
};

using SignerIdentity = std::variant<KeyedSigner, KeylessSigner>;

// How the statement named the file.
enum class NameBinding : unsigned char {
  Path,          // by its path from the repository root: cannot be replayed elsewhere
  BundlePath,    // by its path from the directory of a multi-file bundle
  BasenameOnly,  // by base name (upstream's single-file form): may be replayed under that name
  DigestOnly,    // the evidence carries no name (a plain message signature)
};

// VerifiedStatement cannot be built or default-constructed outside: holding one is proof that
// Verifier::examine succeeded.
class [[nodiscard]] VerifiedStatement {
 public:
  const SignerIdentity& signer() const { return signer_; }
  const std::string& predicate_type() const { return predicate_type_; }
  NameBinding binding() const { return binding_; }
  const std::string& bundle_path() const { return bundle_path_; }

 private:
  friend class Verifier;
  VerifiedStatement(SignerIdentity signer, std::string predicate_type, NameBinding binding,
                    std::string bundle_path)
      : signer_(std::move(signer)),
        predicate_type_(std::move(predicate_type)),
        binding_(binding),
        bundle_path_(std::move(bundle_path)) {}
  SignerIdentity signer_;
  std::string predicate_type_;
  NameBinding binding_;
  std::string bundle_path_;
};

using Finding = std::expected<VerifiedStatement, Rejection>;

// Examined is a file with the finding about exactly its bytes. Move-only.
class [[nodiscard]] Examined {
 public:
  const SealedFile& file() const { return file_; }
  const crypto::Sha256& digest() const { return digest_; }
  const Finding& finding() const { return finding_; }
  SealedFile take_file() && { return std::move(file_); }

 private:
  friend class Verifier;
  Examined(SealedFile file, crypto::Sha256 digest, Finding finding)
      : file_(std::move(file)), digest_(digest), finding_(std::move(finding)) {}
  SealedFile file_;
  crypto::Sha256 digest_;
  Finding finding_;
};

class Verifier {
 public:
  // Without a root no certificate bundle verifies. By `named` certificates are judged as well, each
  // on its own: a certificate verifies where one of all roots says so, and its signer tells which.
  // One that cannot be read is no less than `root` that cannot.
  explicit Verifier(std::shared_ptr<const Keyring> keys,
                    std::shared_ptr<const RootSource> root = nullptr,
                    std::span<const NamedRoot> named = {});

  // with: see SignatureCheck.
  Verifier& with(crypto::HeadStart* head_start) {
    head_start_ = head_start;
    return *this;
  }

  // examine judges the evidence in order; the first that verifies is the finding. Where none does,
  // the rejection of the first candidate stands that speaks of the file: a .nono-trust.bundle that
  // does not name it counts as no bundle. The detail starts with the candidate's path. What goes
  // wrong with the evidence is a Rejection; only reading the sealed file can be an Error.
  Result<Examined> examine(SealedFile file, const Place& place, std::span<const Evidence> evidence,
                           Purpose purpose) const;

 private:
  Finding weigh_all(const Specimen& specimen, std::span<const Evidence> evidence,
                    Purpose purpose) const;
  Finding weigh(const Specimen& specimen, const Evidence& evidence, Purpose purpose) const;
  std::shared_ptr<const Keyring> keys_;
  std::vector<NamedRoot> roots_;  // the one without a name first
  crypto::HeadStart* head_start_ = nullptr;
};

}  // namespace nono::attest
