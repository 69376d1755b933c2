// cli/version.h: which nono this is, and what it can enforce here.
#pragma once

#include <string>
#include <string_view>

namespace nono::cli {

inline constexpr std::string_view kVersion = NONO_VERSION;  // from the build

// version_text is what --version prints: the version, and the kernel features that `run` enforces
// with, by a quick probe (`nono setup --check-only` asks more).
std::string version_text();

}  // namespace nono::cli
