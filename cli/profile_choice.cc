#include "cli/profile_choice.h"

#include <optional>
#include <utility>

#include "base/text.h"
#include "engine/profile_apply.h"
#include "engine/profile_defaults.h"
#include "engine/profiles.h"
#include "profile/builtin_profiles.h"

namespace nono::cli {
namespace {

struct Chosen {
  engine::LoadedProfile loaded;
  std::string why;  // how it came to be chosen; empty: by --profile
};

Result<std::optional<Chosen>> by_name(const engine::UserDirectories& user,
                                      const std::string& name_or_file, Session& session,
                                      const std::optional<std::string>& policy_file) {
  if (!engine::is_profile_file(name_or_file)) {
    NONO_TRY(engine::LoadedProfile found, engine::find_profile(user, name_or_file));
    return std::optional(Chosen{std::move(found), ""});
  }
  NONO_TRY(engine::Gate gate, session.open_gate(policy_file));
  NONO_TRY(engine::LoadedProfile loaded, engine::load_profile(user, name_or_file, gate));
  return std::optional(Chosen{std::move(loaded), ""});
}

Result<std::optional<Chosen>> of_the_project(Session& session, engine::RunRequest& request) {
  if (!engine::has_project_profile(request.working_directory)) {
    return std::optional<Chosen>();
  }
  NONO_TRY(engine::Gate gate, session.open_gate(request.policy_file));
  NONO_TRY(engine::ProjectProfile found, engine::project_profile(request.working_directory, gate));
  if (const auto* not_honoured = std::get_if<engine::NotHonoured>(&found)) {
    std::string line = "the project's profile " + printable(not_honoured->path) +
                       " is not used: " + printable(not_honoured->reason);
    session.render().note(line);
    request.notes.push_back(std::move(line));
    return std::optional<Chosen>();
  }
  if (auto* loaded = std::get_if<engine::LoadedProfile>(&found)) {
    return std::optional(Chosen{std::move(*loaded), "signed"});
  }
  return std::optional<Chosen>();
}

// by_default: who meets the error has named no profile.
Result<std::optional<Chosen>> by_default(const engine::UserDirectories& user,
                                         const engine::DefaultProfile& standard) {
  const std::string why = "the default of " + printable(standard.directory);
  auto found = engine::find_profile(user, standard.name);
  if (!found) {
    return std::unexpected(std::move(found).error().while_doing(why).mend_with(
        "nono profile use NAME there, or --none to have no default"));
  }
  return std::optional(Chosen{*std::move(found), why});
}

Result<std::optional<Chosen>> choose(const Arguments& arguments, Session& session,
                                     engine::RunRequest& request,
                                     const engine::UserDirectories& user) {
  const auto named = arguments.value("profile");
  if (named && arguments.has("no-profile")) {
    return std::unexpected(Error(ErrorKind::Usage, "--profile and --no-profile contradict")
                               .mend_with("use one of them"));
  }
  if (named) {
    return by_name(user, *named, session, request.policy_file);
  }
  if (arguments.has("no-profile")) {
    return std::optional<Chosen>();
  }
  NONO_TRY(const auto standard, engine::default_profile_of(user, request.working_directory));
  if (standard) {
    return by_default(user, *standard);
  }
  return of_the_project(session, request);
}

}  // namespace

Result<void> apply_chosen_profile(const Arguments& arguments, Session& session,
                                  engine::RunRequest& request) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(const std::optional<Chosen> chosen, choose(arguments, session, request, user));
  if (!chosen) {
    return {};
  }
  const engine::LoadedProfile& loaded = chosen->loaded;
  NONO_TRY(const profile::Composed composed,
           engine::compose_loaded(loaded, user, request.working_directory));
  std::string shown = "profile " + loaded.name + ": " + std::string(text_of(loaded.origin));
  shown += loaded.path.empty() ? "" : ", " + printable(loaded.path);
  shown += chosen->why.empty() ? "" : ", " + chosen->why;
  const engine::AppliedProfile applied{loaded.name, loaded.path, loaded.origin};
  if (auto done = engine::apply_profile(request, composed, applied, shown); !done) {
    return done;
  }
  const auto* builtin = loaded.origin == engine::ProfileOrigin::BuiltIn
                            ? profile::find_builtin_profile(loaded.name)
                            : nullptr;
  if (builtin != nullptr && !builtin->advice.empty()) {
    request.notes.push_back("profile " + loaded.name + ": call it as " +
                            std::string(builtin->advice));
  }
  return {};
}

}  // namespace nono::cli
