// engine/interpreter.h: what a script is executed by.
#pragma once

#include <optional>
#include <string>

namespace nono::engine {

// interpreter_of is the program named by the first line of the script at `path` (`#!`), or nothing
// where it is no script or cannot be read.
std::optional<std::string> interpreter_of(const std::string& path);

}  // namespace nono::engine
