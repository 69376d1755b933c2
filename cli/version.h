// cli/version.h: which nono this is.
#pragma once

#include <string_view>

namespace nono::cli {

inline constexpr std::string_view kVersion = NONO_VERSION;  // from the build

}  // namespace nono::cli
