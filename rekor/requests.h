// rekor/requests.h: what a signer sends to a transparency log so that it logs a signature.
//
// Pure: a Submission in, the body of the request out. Sources: rekor's openapi.yaml (v1, POST
// /api/v1/log/entries) and rekor-tiles (v2, POST /api/v2/log/entries).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "rekor/log_entry.h"

namespace nono::rekor {

// hashedrekord_request asks Rekor v1 to log a bare signature over the artifact (hashedrekord
// 0.0.1). InvalidInput where the digest that goes with the key is not known.
Result<std::string> hashedrekord_request(const Submission& submission);

// dsse_request asks Rekor v1 to log an envelope (dsse 0.0.1). `envelope_json` is the envelope as it
// will stand in the bundle; the log checks its signature.
std::string dsse_request(const Submission& submission, std::string_view envelope_json);

// hashedrekord_v2_request asks Rekor v2 to log a signature over the artifact or, for an envelope,
// over its PAE (hashedrekord 0.0.2): the digest is of what was signed. Unsupported for a key that
// Rekor v2 does not log; InvalidInput where the digest that goes with it is not known.
Result<std::string> hashedrekord_v2_request(const Submission& submission);

}  // namespace nono::rekor
