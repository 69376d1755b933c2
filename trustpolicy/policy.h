// trustpolicy/policy.h: the merged policy of a run, and the decision. decide() is pure: no I/O, no
// clock, no environment; all it needs is in its arguments.
#pragma once

#include <memory>
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
  bool may_loosen = false;  // its unguarded names and agent_config count
  std::string standing;     // for people: "signed by alice", "unsigned: only its tightening is used"
};

// Override is --trust-override: denials become warnings; the blocklist stays.
enum class Override : unsigned char { No, DenialsBecomeWarnings };

class Policy {
 public:
  // merge only tightens: union of includes and blocklists, strictest enforcement; publishers of the
  // layers that may add them. `self_keys` are the user's own keys, the publisher `self`.
  static Policy merge(std::vector<Layer> layers, std::vector<attest::KeyringEntry> self_keys);

  const Guard& guard() const { return guard_; }
  std::shared_ptr<const attest::Keyring> keyring() const { return keyring_; }
  Enforcement enforcement(GuardClass guard_class) const;
  bool strict_intercept() const { return strict_intercept_; }
  std::span<const Layer> layers() const { return layers_; }
  std::vector<const Publisher*> publishers() const;

  // decide consumes the evidence. Order: blocked digest; blocked publisher; finding; publisher
  // match; enforcement. The blocklist is not subject to enforcement or override.
  Decision decide(attest::Examined examined, GuardClass guard_class, Override override) const;

 private:
  Policy() = default;
  std::vector<Layer> layers_;
  Guard guard_;
  std::shared_ptr<const attest::Keyring> keyring_;
  Enforcement enforcement_ = Enforcement::Deny;
  Enforcement agent_config_ = Enforcement::Warn;
  bool strict_intercept_ = false;
};

}  // namespace nono::trustpolicy
