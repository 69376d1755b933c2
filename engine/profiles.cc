// engine/profiles.cc: looking profiles up.
#include "engine/profiles.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/encoding.h"
#include "base/files.h"
#include "base/text.h"
#include "engine/object.h"
#include "profile/builtin_profiles.h"
#include "profile/tree.h"

namespace nono::engine {
namespace {

constexpr std::string_view kProjectDirectory = ".nono";
constexpr std::string_view kProjectStem = "profile";
constexpr std::size_t kMaxListed = 1024;

std::string stem_of(std::string_view path) {
  const std::string_view name = base_name(path);
  return std::string(name.substr(0, name.rfind('.')));
}

// in_directory lists the files that are called `stem` and end as profiles do.
std::vector<std::string> in_directory(const std::string& directory, const std::string& stem) {
  std::vector<std::string> out;
  for (const std::string_view ending : profile::kProfileEndings) {
    const std::string path = join_path(directory, stem + std::string(ending));
    if (::access(path.c_str(), F_OK) == 0) {
      out.push_back(path);
    }
  }
  return out;
}

Result<std::optional<std::string>> only_one(const std::vector<std::string>& paths) {
  if (paths.size() > 1) {
    return std::unexpected(
        Error(ErrorKind::Usage, paths[0] + " and " + paths[1] + ": two profiles of one name")
            .mend_with("remove one of them"));
  }
  return paths.empty() ? std::optional<std::string>() : std::optional(paths.front());
}

// called names what was read: by its own word, or else by its file.
Result<LoadedProfile> parsed(std::string_view text, const std::string& path, std::string name,
                             ProfileOrigin origin) {
  NONO_TRY(const profile::ProfileFormat format, profile::format_of(path));
  LoadedProfile out;
  NONO_TRY(out.profile, profile::parse_profile(text, format, path));
  out.name = !name.empty() ? std::move(name)
                           : (out.profile.name.empty() ? stem_of(path) : out.profile.name);
  out.path = path;
  out.origin = origin;
  return out;
}

// In whatever letters: a file system that folds them takes one name for the other.
bool is_of_a_project(const std::string& path) {
  return ascii_lower(stem_of(path)) == kProjectStem &&
         ascii_lower(base_name(directory_name(path))) == kProjectDirectory;
}

Error not_honoured_error(const NotHonoured& why) {
  return Error(ErrorKind::PermissionDenied, printable(why.path) + ": not used: " + why.reason)
      .mend_with(why.remedy);
}

Result<ProjectProfile> judged(const std::string& path, Gate& gate) {
  Judgement judgement = gate.judge_path(path, trustpolicy::GuardClass::Instruction);
  if (!judgement.proven()) {
    const std::string reason = judgement.admitted()
                                   ? "it is not verified (" + judgement.reason_code() + ")"
                                   : judgement.reason_code() + ": " + judgement.reason();
    return NotHonoured{judgement.path, reason, judgement.remedy};
  }
  // The bytes that were judged are the bytes that are parsed.
  const auto& admitted = std::get<trustpolicy::Admitted>(judgement.decision);
  NONO_TRY(const std::vector<std::byte> bytes, admitted.file().contents());
  NONO_TRY(LoadedProfile loaded,
           parsed(as_text(bytes), judgement.path, "", ProfileOrigin::Project));
  return loaded;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// user_names lists the stems of the user's own profiles, each once, sorted.
Result<std::vector<std::string>> user_names(const std::string& directory) {
  std::vector<std::string> out;
  const std::unique_ptr<DIR, CloseDirectory> opened(::opendir(directory.c_str()));
  if (opened == nullptr) {
    return errno == ENOENT ? Result<std::vector<std::string>>(out)
                           : fail_errno(errno, "listing " + directory);
  }
  while (const struct dirent* entry = ::readdir(opened.get())) {  // NOLINT(concurrency-mt-unsafe)
    const std::string_view name(&entry->d_name[0]);
    const bool fits = std::ranges::any_of(
        profile::kProfileEndings, [&](std::string_view ending) { return name.ends_with(ending); });
    if (fits && out.size() < kMaxListed) {
      out.push_back(stem_of(name));
    }
  }
  std::ranges::sort(out);
  const auto twice = std::ranges::unique(out);
  out.erase(twice.begin(), twice.end());
  return out;
}

ListedProfile listed(const UserDirectories& user, const std::string& name, ProfileOrigin origin) {
  auto found = find_profile(user, name);
  if (!found) {
    return {name, origin, "", "", found.error().message()};
  }
  return {name, found->origin, found->path, found->profile.description, ""};
}

}  // namespace

std::string_view text_of(ProfileOrigin origin) {
  switch (origin) {
    case ProfileOrigin::BuiltIn:
      return "built in";
    case ProfileOrigin::User:
      return "yours";
    case ProfileOrigin::File:
      return "a file";
    case ProfileOrigin::Project:
      return "the project's";
  }
  std::unreachable();
}

std::string profile_directory(const UserDirectories& user) {
  return join_path(user.config, "profiles");
}

bool is_profile_file(std::string_view name_or_file) {
  return name_or_file.contains('/') ||
         std::ranges::any_of(profile::kProfileEndings, [&](std::string_view ending) {
           return name_or_file.ends_with(ending);
         });
}

Result<LoadedProfile> find_profile(const UserDirectories& user, const std::string& name) {
  if (!profile::is_profile_name(name)) {
    return fail(ErrorKind::Usage, "\"" + printable(name) + "\" is not the name of a profile");
  }
  NONO_TRY(const auto own, only_one(in_directory(profile_directory(user), name)));
  if (own) {
    NONO_TRY(const std::string text, read_file(*own, profile::kProfileLimits.bytes));
    return parsed(text, *own, name, ProfileOrigin::User);
  }
  const profile::BuiltinProfile* builtin = profile::find_builtin_profile(name);
  if (builtin == nullptr) {
    return std::unexpected(Error(ErrorKind::Usage, "there is no profile " + name)
                               .mend_with("nono profile list shows those that there are"));
  }
  LoadedProfile out;
  NONO_TRY(out.profile,
           profile::parse_profile(builtin->json, profile::ProfileFormat::Json, "profile " + name));
  out.name = name;
  return out;
}

Result<LoadedProfile> parse_profile_file(const std::string& path) {
  auto opened = open_named(path);
  if (!opened) {
    return std::unexpected(Error(ErrorKind::Usage, opened.error().message())
                               .mend_with("nono profile list shows the profiles with a name"));
  }
  NONO_TRY(const std::vector<std::byte> bytes, opened->sealed.contents());
  // By either name: a project can make a link of it, to a file that is called otherwise.
  const bool project =
      is_of_a_project(opened->path) || is_of_a_project(absolute_path(path).value_or(path));
  return parsed(as_text(bytes), opened->path, "",
                project ? ProfileOrigin::Project : ProfileOrigin::File);
}

Result<LoadedProfile> load_profile(const UserDirectories& user, const std::string& name_or_file,
                                   Gate& gate) {
  if (!is_profile_file(name_or_file)) {
    return find_profile(user, name_or_file);
  }
  NONO_TRY(LoadedProfile loaded, parse_profile_file(name_or_file));
  if (loaded.origin != ProfileOrigin::Project) {
    return loaded;
  }
  NONO_TRY(ProjectProfile judgement, judged(loaded.path, gate));
  if (const auto* why = std::get_if<NotHonoured>(&judgement)) {
    return std::unexpected(not_honoured_error(*why));
  }
  return std::get<LoadedProfile>(std::move(judgement));
}

bool has_project_profile(const std::string& working_directory) {
  const std::string directory = join_path(working_directory, kProjectDirectory);
  return ::access(directory.c_str(), F_OK) == 0 &&
         !in_directory(directory, std::string(kProjectStem)).empty();
}

Result<ProjectProfile> project_profile(const std::string& working_directory, Gate& gate) {
  const std::string directory = join_path(working_directory, kProjectDirectory);
  NONO_TRY(const auto path, only_one(in_directory(directory, std::string(kProjectStem))));
  return path ? judged(*path, gate) : ProjectProfile();
}

Result<profile::Composed> compose_loaded(const LoadedProfile& loaded, const UserDirectories& user,
                                         const std::string& working_directory) {
  const profile::Variables variables =
      profile::variables_from(caller_environment(), user.home, working_directory);
  return profile::compose(loaded.profile, loaded.name, variables,
                          [&](const std::string& name) -> Result<profile::Profile> {
                            NONO_TRY(LoadedProfile parent, find_profile(user, name));
                            return std::move(parent.profile);
                          });
}

Result<std::vector<ListedProfile>> list_profiles(const UserDirectories& user) {
  std::vector<ListedProfile> out;
  NONO_TRY(const std::vector<std::string> own, user_names(profile_directory(user)));
  for (const profile::BuiltinProfile& builtin : profile::builtin_profiles()) {
    if (std::ranges::find(own, builtin.name) == own.end()) {
      out.push_back(listed(user, std::string(builtin.name), ProfileOrigin::BuiltIn));
    }
  }
  for (const std::string& name : own) {
    out.push_back(listed(user, name, ProfileOrigin::User));
  }
  return out;
}

}  // namespace nono::engine
