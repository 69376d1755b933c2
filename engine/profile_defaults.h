// engine/profile_defaults.h: which profile a directory has by default.
//
// Kept in the user's state (<state>/profile-defaults.json, 0600), where no agent can write: never
// read from the project. An edit holds a lock and replaces the file atomically.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "engine/directories.h"

namespace nono::engine {

struct DefaultProfile {
  std::string directory;  // the working directory, or the nearest one above it that has a default
  std::string name;
};

// default_profile_of looks from `working_directory` (absolute) upwards. A file that is not valid is
// Usage: a default may restrict, so it is not passed over.
Result<std::optional<DefaultProfile>> default_profile_of(const UserDirectories& user,
                                                         const std::string& working_directory);

// set_default_profile records `name` for a directory, or nothing for it. That a profile of this
// name exists is the caller's to see.
Result<void> set_default_profile(const UserDirectories& user, const std::string& directory,
                                 const std::optional<std::string>& name);

}  // namespace nono::engine
