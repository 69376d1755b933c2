// tests/dsse/support.h: envelopes that are really signed, whatever they say.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "crypto/keys.h"
#include "dsse/envelope.h"
#include "dsse/statement.h"

namespace nono::dsse::test {

// signer returns a P-256 key, the same within one process.
const crypto::PrivateKey& signer();

Json parsed(std::string_view text);
// error_of tells why `text` is refused as an envelope, or "(taken)".
std::string error_of(const Json& envelope);

// opened signs `payload` and opens it again.
VerifiedPayload opened(std::string_view payload, std::string_view type = kInTotoPayloadType);

}  // namespace nono::dsse::test
