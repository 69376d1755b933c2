// attest/keyring.h: the public keys that a verification may use, each with its names.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/keys.h"

namespace nono::attest {

// KeyringEntry: a pinned key. `alias` and `key_id` come from our policy or key store, never from
// the evidence.
struct KeyringEntry {
  crypto::PublicKey key;
  std::string alias;
  std::string key_id;                              // may be empty
  std::vector<std::string> extra_predicate_types;  // beside nono's own
};

// Keyring is a value: built once per run, then read only. The same key may stand in it under
// several names; the first entry wins for the alias.
class Keyring {
 public:
  void add(KeyringEntry entry) { entries_.push_back(std::move(entry)); }
  std::span<const KeyringEntry> entries() const { return entries_; }
  const KeyringEntry* find(const crypto::Sha256& fingerprint) const;

 private:
  std::vector<KeyringEntry> entries_;
};

}  // namespace nono::attest
