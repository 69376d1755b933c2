// The standard headers that most bodies read, parsed once for all of them:
// cmake/NonoPrecompiled.cmake. No body may rely on it: each names what it uses, and tools/tidy
// reads each without this file.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
