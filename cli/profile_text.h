// cli/profile_text.h: how a composed profile is shown, as lines and as a document, and what is said
// of one that cannot be written.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "engine/profiles.h"
#include "profile/compose.h"

namespace nono::cli {

// composed_lines is what a profile comes to, one fact per line, in a fixed order: what `show`
// prints and `diff` compares.
std::vector<std::string> composed_lines(const profile::Composed& composed);
Json composed_json(const profile::Composed& composed);
// source_json is {name, origin, path}.
Json source_json(const engine::LoadedProfile& loaded);

// not_written is the error of a profile that was to be written to `path`; --force is its remedy
// where something is there already.
std::unexpected<Error> not_written(Error error, const std::string& path);

}  // namespace nono::cli
