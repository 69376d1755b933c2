// engine/keyless_introduction.h: introducing the identity of a certificate. Internal to engine/.
#pragma once

#include "attest/verifier.h"
#include "base/result.h"
#include "engine/publishers.h"

namespace nono::engine {

// introduce_identity takes the user's own words: --github with workflow and ref, or issuer and
// subject. The publisher goes through the policy's own parser, so that what is refused in a file is
// refused here.
Result<Introduction> introduce_identity(const IntroductionRequest& request);
// introduce_signer takes what a verified certificate says.
Result<Introduction> introduce_signer(const IntroductionRequest& request,
                                      const attest::KeylessSigner& signer);

}  // namespace nono::engine
