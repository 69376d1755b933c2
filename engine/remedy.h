// engine/remedy.h: the sentence or command that mends a refusal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "attest/verifier.h"
#include "crypto/digest.h"
#include "trustpolicy/policy.h"

namespace nono::engine {

// remedy_for answers a stable reason code (attest::code, "blocked-digest", "untrusted-publisher",
// …) for the file that is shown as `shown_path`. Empty where no command of the user's mends it.
std::string remedy_for(std::string_view reason_code, std::string_view shown_path);

// blocking_entry names the blocklist entry that stops a file with this digest or signer: policy
// file, JSON pointer and the entry's own words. Empty where none does.
std::string blocking_entry(const trustpolicy::Policy& policy,
                           const std::optional<crypto::Sha256>& digest,
                           const std::optional<attest::SignerIdentity>& signer);

}  // namespace nono::engine
