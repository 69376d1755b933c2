// tests/sigstore/timestamp.h: RFC 3161 timestamp responses, written by hand from a recipe.
#pragma once

#include <vector>

#include "base/encoding.h"
#include "tests/sigstore/certificate.h"
#include "tests/sigstore/recipe.h"

namespace nono::factory {

// stamp makes a TimeStampResp about `message`, signed by `signer`.
Bytes stamp(const StampRecipe& recipe, const Bytes& message, const Issued& signer);

}  // namespace nono::factory
