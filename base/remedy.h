// base/remedy.h: what mends a failure that more than one layer meets.
#pragma once

#include <string_view>

namespace nono {

// kOtherHome: nothing can be made where the user's own files lie.
inline constexpr std::string_view kOtherHome =
    "let HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME, name directories that you can write";

}  // namespace nono
