// engine/profiles.h: where profiles come from, and which of them counts.
//
// A name is looked for among the user's own (<config>/profiles/NAME.json, .toml, .yaml, .yml) and
// then among those that nono brings. A file that the user names is the user's word. A project's own
// (.nono/profile.*) is somebody else's: it counts only where a trusted publisher signed exactly the
// bytes that are parsed, by the same gate as every instruction file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "engine/directories.h"
#include "engine/gate.h"
#include "profile/compose.h"
#include "profile/model.h"

namespace nono::engine {

enum class ProfileOrigin : unsigned char { BuiltIn, User, File, Project };
std::string_view text_of(ProfileOrigin origin);  // "built in", "yours", "a file", "the project's"

struct LoadedProfile {
  profile::Profile profile;
  std::string name;  // as it was asked for, or meta.name, or the file's name
  std::string path;  // empty where it is built in
  ProfileOrigin origin = ProfileOrigin::BuiltIn;
};

// AppliedProfile is the profile that a run goes by.
struct AppliedProfile {
  std::string name;
  std::string path;  // empty where it is built in
  ProfileOrigin origin = ProfileOrigin::BuiltIn;
  bool rules_network = false;  // it says what may be reached, and no option does
};

// profile_directory holds the user's own profiles: <config>/profiles.
std::string profile_directory(const UserDirectories& user);

// is_profile_file: it has a slash or one of the endings of a profile; else it is a name.
bool is_profile_file(std::string_view name_or_file);

// find_profile looks a name up. Usage where there is none, or where the user has several of it.
Result<LoadedProfile> find_profile(const UserDirectories& user, const std::string& name);

// load_profile is find_profile, or reads a file. A file that is a project's own needs `gate`.
Result<LoadedProfile> load_profile(const UserDirectories& user, const std::string& name_or_file,
                                   Gate& gate);

// parse_file reads a profile for looking at it; nothing is decided about trust.
Result<LoadedProfile> parse_profile_file(const std::string& path);

// NotHonoured is a project's profile that does not count, and why.
struct NotHonoured {
  std::string path;
  std::string reason;
  std::string remedy;
};
using ProjectProfile = std::variant<std::monostate, NotHonoured, LoadedProfile>;

// has_project_profile looks for a .nono directory; it costs one system call where there is none.
bool has_project_profile(const std::string& working_directory);
// project_profile judges the profile of the project in `working_directory`. Usage where there are
// several, or where a signed one is not valid.
Result<ProjectProfile> project_profile(const std::string& working_directory, Gate& gate);

// compose_loaded resolves what it extends by find_profile.
Result<profile::Composed> compose_loaded(const LoadedProfile& loaded, const UserDirectories& user,
                                         const std::string& working_directory);

// ListedProfile is a row of `profile list`: one that does not parse has an error.
struct ListedProfile {
  std::string name;
  ProfileOrigin origin;
  std::string path;
  std::string description;
  std::string error;
};
Result<std::vector<ListedProfile>> list_profiles(const UserDirectories& user);

}  // namespace nono::engine
