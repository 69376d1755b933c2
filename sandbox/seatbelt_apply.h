// sandbox/seatbelt_apply.h: puts the calling process under a Seatbelt profile. Built on macOS only.
#pragma once

#include <string>

#include "base/result.h"

namespace nono::sandbox {

// enter_seatbelt confines the calling process and its children for good. Unsupported, with the
// system's own words, where the profile is not taken; nothing is confined then.
Result<void> enter_seatbelt(const std::string& profile);

}  // namespace nono::sandbox
