// tests/rekor/support.h: small logs with throw-away keys, and entries that are right but for the
// one thing that a test changes.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "crypto/keys.h"
#include "rekor/body.h"
#include "rekor/log_entry.h"
#include "rekor/log_keyring.h"

namespace nono::rekor::test {

// NoteSigner is the key of a log or of a witness.
class NoteSigner {
 public:
  static NoteSigner of(crypto::KeyAlgorithm algorithm);  // RSA: always the same key

  const crypto::PublicKey& key() const { return key_; }
  Bytes sign(std::string_view text) const { return sign_(text); }

 private:
  NoteSigner(crypto::PublicKey key, std::function<Bytes(std::string_view)> sign)
      : key_(std::move(key)), sign_(std::move(sign)) {}
  crypto::PublicKey key_;
  std::function<Bytes(std::string_view)> sign_;
};

// The untruncated key hash of a note's verifier, as C2SP signed-note and rekor-tiles have it.
crypto::Sha256 note_key_id(const crypto::PublicKey& key, std::string_view name);
// note_line is "— NAME BASE64\n" with this signature under the head of `key_id`.
std::string note_line(std::string_view name, const crypto::Sha256& key_id,
                      std::span<const std::byte> signature);

// Tree is a log's tree as RFC 6962 2.1 defines it, word for word and slowly.
class Tree {
 public:
  void append(std::span<const std::byte> body);
  std::size_t size() const { return leaves_.size(); }
  crypto::Sha256 root() const { return root_of(leaves_); }
  std::vector<crypto::Sha256> path(std::size_t index) const { return path_in(index, leaves_); }

 private:
  static crypto::Sha256 root_of(std::span<const crypto::Sha256> leaves);
  static std::vector<crypto::Sha256> path_in(std::size_t index,
                                             std::span<const crypto::Sha256> leaves);
  std::vector<crypto::Sha256> leaves_;
};

// Shape is what was submitted, and the kind under which it was logged.
enum class Shape : unsigned char {
  HashedRekord,    // a bare signature, hashedrekord 0.0.1
  Dsse,            // an envelope, dsse 0.0.1
  InToto,          // an envelope, intoto 0.0.2
  HashedRekordV2,  // a bare signature, hashedrekord 0.0.2
  EnvelopeV2,      // an envelope, hashedrekord 0.0.2
};
enum class Signer : unsigned char { Certificate, PublicKey };

// Draft is a submission and its entry in a log, in the form in which a test changes it: as it is,
// it is logged.
class Draft {
 public:
  explicit Draft(Shape shape, NoteSigner log_signer, Signer signer = Signer::Certificate,
                 crypto::KeyAlgorithm algorithm = crypto::KeyAlgorithm::EcdsaP256);
  explicit Draft(Shape shape);  // a log with a P-256 key (Rekor v1) or an Ed25519 key (v2)

  // What was submitted.
  crypto::PublicKey key;
  Bytes certificate;  // any bytes: rekor/ compares certificates and never reads one
  Bytes signature;
  SignedDigests digests;
  std::optional<EnvelopeParts> envelope;
  std::string payload = R"({"_type":"https://in-toto.io/Statement/v1"})";

  // What the log holds.
  Json body;
  std::optional<std::string> body_text;  // instead of the body
  std::string kind;
  std::string version;
  std::size_t index = 5;  // within the tree
  std::size_t tree_size = 8;
  std::uint64_t shard_start = 0;  // where the tree's first entry stands among all of the log's
  std::int64_t integrated_time = 1'700'000'000;
  bool promised;
  bool proven = true;

  // The log.
  NoteSigner log_signer;
  std::string origin;  // of its checkpoints
  std::string name;    // under which it signs them
  Log log;             // as the trusted root has it
  LogKeyring logs;     // empty: `log` alone

  // Changes.
  std::function<void(std::string&)> change_note_text;  // before the log signs it
  std::function<void(std::string&)> change_note;       // after
  std::function<void(LogEntry&)> change_entry;

  // at returns a member of the body by its path, which must be there: "spec/data/hash".
  Json& at(std::string_view path);
  LogEntry entry() const;
  Submission submission() const;
  std::expected<LoggedEntry, LogError> check() const;

 private:
  void make_body(Shape shape);
  Json hashedrekord_spec() const;
  Json dsse_spec() const;
  Json intoto_spec() const;
  Json hashedrekord_v2_spec() const;
  std::span<const std::byte> key_der() const;
  std::string key_pem() const;  // base64 of it
  std::string text_of_body() const;
  void promise(LogEntry& entry) const;
  void prove(LogEntry& entry) const;
};

// logged and refused say what happened instead. `words` must stand in the sentence.
::testing::AssertionResult logged(const Draft& draft);
::testing::AssertionResult refused(const Draft& draft, LogFault fault, std::string_view words);
std::string_view name_of(LogFault fault);

std::string pem(std::string_view label, std::span<const std::byte> der);
void flip_last_bit(Bytes& bytes);

}  // namespace nono::rekor::test
