// attest/signatory.cc: trying the keys of the ring.
#include "attest/signatory.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/encoding.h"
#include "base/text.h"

namespace nono::attest {

namespace {

std::optional<crypto::Sha256> fingerprint_in(std::string_view hint) {
  if (auto digest = crypto::Sha256::parse_hex(ascii_lower(hint))) {
    return digest;
  }
  const std::optional<Bytes> raw = base64_decode(hint, Base64::Lenient);
  return raw ? crypto::Sha256::from_raw(*raw) : std::nullopt;
}

}  // namespace

KeyHints::KeyHints(std::vector<std::string> hints) : hints_(std::move(hints)) {
  std::erase(hints_, std::string());
  for (const std::string& hint : hints_) {
    if (const auto fingerprint = fingerprint_in(hint)) {
      fingerprints_.push_back(*fingerprint);
    }
  }
  if (!hints_.empty()) {
    first_ = hints_.front();
  }
}

bool KeyHints::name(const KeyringEntry& entry) const {
  return std::ranges::find(fingerprints_, entry.key.fingerprint()) != fingerprints_.end() ||
         std::ranges::find(hints_, entry.key_id) != hints_.end();
}

bool KeyHints::agree() const {
  const bool same_text =
      std::ranges::adjacent_find(hints_, std::ranges::not_equal_to{}) == hints_.end();
  const bool same_key =
      fingerprints_.size() == hints_.size() &&
      std::ranges::adjacent_find(fingerprints_, std::ranges::not_equal_to{}) == fingerprints_.end();
  return same_text || same_key;
}

Signatory::Signatory(const Keyring& keys, const crypto::Sha256& fingerprint)
    : identity_(KeyedSigner{.fingerprint = fingerprint, .alias = {}, .key_id = {}}) {
  auto& signer = std::get<KeyedSigner>(identity_);
  for (const KeyringEntry& entry : keys.entries()) {
    if (entry.key.fingerprint() != fingerprint) {
      continue;
    }
    if (entries_.empty()) {
      signer.alias = entry.alias;
    }
    if (signer.key_id.empty()) {
      signer.key_id = entry.key_id;
    }
    entries_.push_back(&entry);
  }
}

bool Signatory::is_called(std::string_view key_id) const {
  const auto* keyed = std::get_if<KeyedSigner>(&identity_);
  return (keyed != nullptr && key_id == keyed->fingerprint.hex()) ||
         std::ranges::any_of(entries_, [&](const KeyringEntry* entry) {
           return !key_id.empty() && entry->key_id == key_id;
         });
}

bool Signatory::may_make(std::string_view predicate_type) const {
  if (keyless() != nullptr) {
    return true;
  }
  return std::ranges::any_of(entries_, [&](const KeyringEntry* entry) {
    return std::ranges::find(entry->extra_predicate_types, predicate_type) !=
           entry->extra_predicate_types.end();
  });
}

std::vector<const KeyringEntry*> keys_to_try(const Keyring& keys, const KeyHints& hints) {
  std::vector<const KeyringEntry*> order;
  std::set<crypto::Sha256> seen;
  for (const bool named : {true, false}) {
    for (const KeyringEntry& entry : keys.entries()) {
      if (hints.name(entry) == named && seen.insert(entry.key.fingerprint()).second) {
        order.push_back(&entry);
      }
    }
  }
  return order;
}

Rejection no_signatory(const Keyring& keys, const KeyHints& hints) {
  for (const KeyringEntry& entry : keys.entries()) {
    if (hints.name(entry)) {
      return {Reason::BadSignature, "the signature does not verify under the key " +
                                        entry.key.fingerprint().short_form() +
                                        " that the bundle names"};
    }
  }
  std::string detail = "no known key made the signature";
  if (!hints.first().empty()) {
    detail += "; the bundle names \"" + hints.first() + "\"";
  }
  return {Reason::UnknownKey, std::move(detail)};
}

}  // namespace nono::attest
