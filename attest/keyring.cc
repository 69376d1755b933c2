// attest/keyring.cc: looking a key up by the only name that needs no trust.
#include "attest/keyring.h"

#include <algorithm>

namespace nono::attest {

const KeyringEntry* Keyring::find(const crypto::Sha256& fingerprint) const {
  const auto found = std::ranges::find_if(
      entries_, [&](const KeyringEntry& entry) { return entry.key.fingerprint() == fingerprint; });
  return found == entries_.end() ? nullptr : &*found;
}

}  // namespace nono::attest
