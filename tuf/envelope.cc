// tuf/envelope.cc: see envelope.h.
#include "tuf/envelope.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "tuf/canonical.h"
#include "tuf/fields.h"

namespace nono::tuf {

Result<std::vector<Envelope::Signature>> Envelope::read_signatures(const JsonView& document) {
  NONO_TRY(const JsonView list, document.at("signatures"));
  NONO_TRY(const std::vector<JsonView> elements, list.elements(kMaxKeysOfRole));
  std::vector<Signature> signatures;
  for (const JsonView& element : elements) {
    NONO_TRY(const JsonView id_view, element.at("keyid"));
    NONO_TRY(std::string id, id_view.nonempty_string(kMaxKeyId));
    if (std::ranges::find(signatures, id, &Signature::key_id) != signatures.end()) {
      return std::unexpected(id_view.error("signs twice"));
    }
    NONO_TRY(const JsonView sig_view, element.at("sig"));
    NONO_TRY(const std::string sig, sig_view.string());
    signatures.push_back({std::move(id), hex_decode(sig).value_or(Bytes{})});
  }
  return signatures;
}

Result<Envelope> Envelope::parse(std::string_view text) {
  NONO_TRY(Json document, Json::parse(text, kMetadataLimits));
  const JsonView view(document);
  NONO_TRY(const JsonView signed_part, view.at("signed"));
  auto message = canonical_json(signed_part.json());
  if (!message) {
    return std::unexpected(signed_part.error(message.error().message()));
  }
  NONO_TRY(std::vector<Signature> signatures, read_signatures(view));
  return Envelope(std::move(document), *std::move(message), std::move(signatures));
}

JsonView Envelope::unverified() const {
  return *JsonView(document_).at("signed");
}

const Envelope::Signature* Envelope::find(std::string_view key_id) const {
  const auto found = std::ranges::find(signatures_, key_id, &Signature::key_id);
  return found == signatures_.end() ? nullptr : &*found;
}

Result<JsonView> Envelope::opened_by(const Role& role, const Keys& keys) const {
  std::set<crypto::Sha256> signers;
  std::string problem;  // of the last one that is of no use
  for (const std::string& id : role.key_ids) {
    const auto key = keys.find(id);
    const Signature* const signature = find(id);
    if (key == keys.end() || signature == nullptr) {
      continue;
    }
    if (key->second.fingerprint() == nullptr) {
      problem = "; key " + printable(id) + ": " + key->second.problem();
    } else if (key->second.verifies(as_bytes(message_), signature->value)) {
      signers.insert(*key->second.fingerprint());
    }
  }
  if (signers.size() < role.threshold) {
    return fail(ErrorKind::InvalidInput, "is signed by " + std::to_string(signers.size()) +
                                             " of the " + std::to_string(role.threshold) +
                                             " keys that are needed" + problem);
  }
  return unverified();
}

}  // namespace nono::tuf
