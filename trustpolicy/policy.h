// trustpolicy/policy.h: the merged policy of a run, and the decision. decide() is pure: no I/O, no
// clock, no environment; all it needs is in its arguments.
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/keyring.h"
#include "attest/verifier.h"
#include "trustpolicy/decision.h"
#include "trustpolicy/document.h"
#include "trustpolicy/guard.h"

namespace nono::trustpolicy {

enum class LayerKind : unsigned char { BuiltIn, System, User, Project };
std::string_view name_of(LayerKind kind);

// Layer is one document with where it came from and what it was allowed to say.
struct Layer {
  LayerKind kind;
  std::string path;
  Document document;
  bool may_add_publishers = false;
  bool may_loosen = false;  // its unguarded names count, and enforcement below the built-in one
  std::string standing;  // for people: "signed by alice", "unsigned: only its tightening is used"
};

// Override is --trust-override: denials become warnings; the blocklist stays.
enum class Override : unsigned char { No, DenialsBecomeWarnings };

class Policy {
 public:
  // merge only tightens: union of includes and blocklists, strictest enforcement; publishers of the
  // layers that may add them. `self_keys` are the user's own keys, the publisher `self`. Whatever
  // the layers say of themselves, a project never loosens, and below a layer with `lock` no
  // publisher is added; a system lock shuts out `self` too. Relative files are taken from the
  // directory of the layer's path.
  // Certificates are judged by `root`, without which none verifies, and by those of `named_roots`
  // that publishers ask for.
  static Policy merge(std::vector<Layer> layers, std::vector<attest::KeyringEntry> self_keys,
                      std::shared_ptr<const attest::RootSource> root = nullptr,
                      std::vector<attest::NamedRoot> named_roots = {});

  const Guard& guard() const { return guard_; }
  std::shared_ptr<const attest::Keyring> keyring() const { return keyring_; }
  const attest::RootSource& root() const { return *root_; }
  std::shared_ptr<const attest::RootSource> shared_root() const { return root_; }
  std::span<const attest::NamedRoot> named_roots() const { return named_roots_; }
  // verifier examines with the keys and the trusted roots of this policy.
  attest::Verifier verifier() const { return attest::Verifier(keyring_, root_, named_roots_); }
  Enforcement enforcement(GuardClass guard_class) const;
  bool strict_intercept() const { return strict_intercept_; }
  std::span<const Layer> layers() const { return layers_; }
  // publishers are those that may prove a file: `self` first, once per key, then by layer. The
  // pointers live as long as the policy stays where it is.
  std::vector<const Publisher*> publishers() const;

  // judge is decide before enforcement: the name of the publisher that proves the file, or why not.
  std::expected<std::string, Denied> judge(const attest::Examined& examined) const;
  // decide consumes the evidence. Order: blocked digest; blocked publisher; finding; publisher
  // match; enforcement. The blocklist, and what could not be examined, are subject neither to
  // enforcement nor to override. A publisher is blocked by any name that any layer has for the
  // signer. Codes of Denied: "blocked-digest", "blocked-publisher", the code of the finding's
  // Reason, "untrusted-publisher".
  Decision decide(attest::Examined examined, GuardClass guard_class, Override override) const;

 private:
  Policy() = default;
  void add_layer(Layer layer);
  void settle_keyring();
  std::vector<const Publisher*> known_publishers() const;
  std::optional<std::string> blocks_digest(const crypto::Sha256& digest) const;
  std::optional<std::string> blocks_signer(const attest::SignerIdentity& signer) const;
  std::expected<std::string, Denied> match(const attest::VerifiedStatement& statement) const;

  std::vector<Layer> layers_;
  std::vector<Publisher> self_;
  bool self_locked_out_ = false;
  std::map<crypto::Sha256, std::string> blocked_digests_;  // with the description
  Guard guard_;
  std::shared_ptr<const attest::Keyring> keyring_;
  std::shared_ptr<const attest::RootSource> root_;
  std::vector<attest::NamedRoot> named_roots_;
  Enforcement enforcement_ = Enforcement::Deny;
  Enforcement agent_config_ = Enforcement::Warn;
  bool strict_intercept_ = false;
};

}  // namespace nono::trustpolicy
