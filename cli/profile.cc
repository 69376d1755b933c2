// cli/profile.cc: profile list, show, use, validate, diff.
#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/profile_text.h"
#include "cli/session.h"
#include "engine/profile_apply.h"
#include "engine/profile_defaults.h"
#include "profile/schema.h"

namespace nono::cli {
namespace {

// Looking at a file needs no trust: nothing of it takes effect.
Result<engine::LoadedProfile> looked_up(const engine::UserDirectories& user,
                                        const std::string& name_or_file) {
  return engine::is_profile_file(name_or_file) ? engine::parse_profile_file(name_or_file)
                                               : engine::find_profile(user, name_or_file);
}

struct Composition {
  engine::LoadedProfile loaded;
  profile::Composed composed;
};

Result<Composition> compose_named(Session& session, const std::string& name_or_file) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(const std::string here, session.working_directory());
  NONO_TRY(engine::LoadedProfile loaded, looked_up(user, name_or_file));
  NONO_TRY(profile::Composed composed, engine::compose_loaded(loaded, user, here));
  return Composition{std::move(loaded), std::move(composed)};
}

Json listed_json(const engine::ListedProfile& row, bool is_default) {
  Json out = Json::Object{{"name", json_text(row.name)},
                          {"origin", engine::text_of(row.origin)},
                          {"path", Json()},
                          {"description", text_or_null(row.description)},
                          {"default", is_default},
                          {"error", text_or_null(row.error)}};
  if (!row.path.empty()) {
    set_path(out, "path", row.path);
  }
  return out;
}

std::string listed_line(const engine::ListedProfile& row, bool is_default) {
  return row.name + "  (" + std::string(engine::text_of(row.origin)) + ")  " +
         (row.error.empty() ? row.description : "not valid: " + row.error) +
         (is_default ? "  [default here]" : "");
}

Result<int> run_list(const Arguments&, Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(const std::string here, session.working_directory());
  NONO_TRY(const auto standard, engine::default_profile_of(user, here));
  NONO_TRY(const std::vector<engine::ListedProfile> rows, engine::list_profiles(user));
  Json::Array list;
  for (const engine::ListedProfile& row : rows) {
    const bool is_default = standard && standard->name == row.name;
    list.push_back(listed_json(row, is_default));
    if (!session.wants_json()) {
      session.render().result(listed_line(row, is_default));
    }
  }
  if (session.wants_json()) {
    Json json = document("profile-list");
    json.set("profiles", Json(std::move(list)));
    json.set("default", standard ? json_text(standard->name) : Json());
    session.render().json(json);
  }
  return kDone;
}

Result<int> show_schema(Session& session) {
  session.render().raw(profile::schema_document().pretty());
  return kDone;
}

Result<int> run_show(const Arguments& arguments, Session& session) {
  if (arguments.has("schema")) {
    return show_schema(session);
  }
  if (arguments.operands().empty()) {
    return std::unexpected(
        Error(ErrorKind::Usage, "NAME is missing").mend_with("nono profile list shows them"));
  }
  if (arguments.has("source")) {
    NONO_TRY(const engine::UserDirectories user, session.user());
    NONO_TRY(const engine::LoadedProfile loaded, looked_up(user, arguments.operands().front()));
    session.render().json(loaded.profile.document);
    return kDone;
  }
  NONO_TRY(const Composition shown, compose_named(session, arguments.operands().front()));
  if (session.wants_json()) {
    Json json = document("profile-show");
    json.set("source", source_json(shown.loaded));
    json.set("description", text_or_null(shown.loaded.profile.description));
    json.set("composed", composed_json(shown.composed));
    session.render().json(json);
    return kDone;
  }
  session.render().result("profile    " + shown.loaded.name + "  (" +
                          std::string(engine::text_of(shown.loaded.origin)) + ")  " +
                          shown.loaded.profile.description);
  for (const std::string& name : shown.composed.lineage) {
    if (name != shown.loaded.name) {
      session.render().result("extends    " + name);
    }
  }
  for (const std::string& line : composed_lines(shown.composed)) {
    session.render().result(line);
  }
  return kDone;
}

Result<int> tell_use(Session& session, const std::string& directory,
                     const std::optional<std::string>& name) {
  if (session.wants_json()) {
    Json json = document("profile-use");
    set_path(json, "directory", directory);
    json.set("profile", name ? json_text(*name) : Json());
    session.render().json(json);
  } else {
    session.render().result(name ? *name + " is the profile of " + directory
                                 : directory + " has no default profile");
  }
  return kDone;
}

// check_usable: a profile that composes here.
Result<void> check_usable(const engine::UserDirectories& user, const std::string& here,
                          const std::string& name) {
  NONO_TRY(const engine::LoadedProfile found, engine::find_profile(user, name));
  auto composed = engine::compose_loaded(found, user, here);
  return composed ? Result<void>() : std::unexpected(std::move(composed).error());
}

Result<int> run_use(const Arguments& arguments, Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(const std::string here, session.working_directory());
  const bool none = arguments.has("none");
  if (none == !arguments.operands().empty()) {
    return std::unexpected(Error(ErrorKind::Usage, "give a NAME, or --none")
                               .mend_with("nono profile list shows the names"));
  }
  if (none) {
    NONO_CHECK(engine::set_default_profile(user, here, std::nullopt));
    return tell_use(session, here, std::nullopt);
  }
  const std::string& name = arguments.operands().front();
  NONO_CHECK(check_usable(user, here, name));
  NONO_CHECK(engine::set_default_profile(user, here, name));
  return tell_use(session, here, name);
}

// Opinion is what validate says of one profile.
struct Opinion {
  std::string status = "VALID";  // VALID, REFUSED (cannot be enforced or given), INVALID
  std::vector<std::string> details;
  std::string mend = {};
  int code = kDone;
};

Opinion opinion_of(Session& session, const std::string& name_or_file) {
  const auto composition = compose_named(session, name_or_file);
  if (!composition) {
    const Error& error = composition.error();
    return {"INVALID", {error.message()}, error.remedy(), kWrongUsage};
  }
  Opinion out;
  for (const profile::ComposedFinding& finding : composition->composed.findings) {
    out.details.push_back(finding.origin + ": " + finding.why);
  }
  if (!profile::refusals(composition->composed).empty()) {
    out.status = "REFUSED";
    out.code = kVerdict;
  }
  const auto user = session.user();
  const auto fine = user ? engine::check_never_granted(composition->composed, *user)
                         : Result<void>(std::unexpected(user.error()));
  if (!fine) {
    out.details.push_back(fine.error().message());
    out.mend = fine.error().remedy();
    out.status = "REFUSED";
    out.code = kVerdict;
  }
  return out;
}

Result<int> run_validate(const Arguments& arguments, Session& session) {
  Json::Array list;
  int code = kDone;
  for (const std::string& name : arguments.operands()) {
    const Opinion opinion = opinion_of(session, name);
    code = std::max(code, opinion.code);
    Json::Array details;
    for (const std::string& detail : opinion.details) {
      details.push_back(json_text(detail));
    }
    list.push_back(Json::Object{{"profile", json_text(name)},
                                {"status", opinion.status},
                                {"details", Json(std::move(details))},
                                {"mend", opinion.mend.empty() ? Json() : json_text(opinion.mend)}});
    if (!session.wants_json()) {
      session.render().word_line(opinion.status, name);
      for (const std::string& detail : opinion.details) {
        session.render().detail("where", detail);
      }
      if (!opinion.mend.empty()) {
        session.render().detail("mend", opinion.mend);
      }
    }
  }
  if (session.wants_json()) {
    Json json = document("profile-validate");
    json.set("profiles", Json(std::move(list)));
    session.render().json(json);
  }
  return code;
}

// without lists the lines of `from` that are not in `other`, in their order.
std::vector<std::string> without(const std::vector<std::string>& from,
                                 std::vector<std::string> other) {
  std::ranges::sort(other);
  std::vector<std::string> out;
  for (const std::string& line : from) {
    if (!std::ranges::binary_search(other, line)) {
      out.push_back(line);
    }
  }
  return out;
}

Result<int> run_diff(const Arguments& arguments, Session& session) {
  NONO_TRY(const Composition left, compose_named(session, arguments.operands()[0]));
  NONO_TRY(const Composition right, compose_named(session, arguments.operands()[1]));
  const std::vector<std::string> before = composed_lines(left.composed);
  const std::vector<std::string> after = composed_lines(right.composed);
  const std::vector<std::string> removed = without(before, after);
  const std::vector<std::string> added = without(after, before);
  if (session.wants_json()) {
    Json::Array less;
    Json::Array more;
    std::ranges::transform(removed, std::back_inserter(less), json_text);
    std::ranges::transform(added, std::back_inserter(more), json_text);
    Json json = document("profile-diff");
    json.set("left", source_json(left.loaded));
    json.set("right", source_json(right.loaded));
    json.set("only_left", Json(std::move(less)));
    json.set("only_right", Json(std::move(more)));
    session.render().json(json);
  } else {
    for (const std::string& line : removed) {
      session.render().result("- " + line);
    }
    for (const std::string& line : added) {
      session.render().result("+ " + line);
    }
  }
  return removed.empty() && added.empty() ? kDone : kVerdict;
}

constexpr auto kShowOptions = std::to_array<Option>({
    {"source", 0, "", "the profile as it is written, as JSON"},
    {"schema", 0, "", "the JSON schema of all profiles"},
});
constexpr auto kUseOptions = std::to_array<Option>({
    {"none", 0, "", "no default profile for this directory"},
});
constexpr auto kListExamples =
    std::to_array<Example>({{"nono profile list", "those that come with nono, and yours"}});
constexpr auto kShowExamples = std::to_array<Example>({
    {"nono profile show claude-code", "what it grants, with all that it extends"},
    {"nono profile show --source go-dev", "how it is written"},
});
constexpr auto kUseExamples = std::to_array<Example>({
    {"nono profile use claude-code", "nono run -- claude is then enough in this directory"},
});
constexpr auto kValidateExamples = std::to_array<Example>({
    {"nono profile validate my.toml", "does it parse, and can all of it be enforced"},
});
constexpr auto kDiffExamples = std::to_array<Example>({
    {"nono profile diff default claude-code", "what the second adds"},
});

}  // namespace

const Command kProfileList{
    .name = "profile list",
    .summary = "the profiles that there are",
    .description =
        "Profiles come with nono or lie in $XDG_CONFIG_HOME/nono/profiles, as NAME.json, "
        "NAME.toml or NAME.yaml; yours count before one of the same name that comes "
        "with nono.",
    .operands = {},
    .options = {},
    .examples = kListExamples,
    .json = JsonOutput::Offered,
    .run = run_list,
};

const Command kProfileShow{
    .name = "profile show",
    .summary = "what a profile comes to",
    .description =
        "Shows groups, grants, denials, network, variables and limits of a profile "
        "together with what it extends, for you and this directory. Nothing is started, "
        "and nothing of a file that is looked at takes effect.",
    .operands = {.shown = "NAME|FILE", .most = 1, .completes = Completes::Files},
    .options = kShowOptions,
    .examples = kShowExamples,
    .json = JsonOutput::Offered,
    .run = run_show,
};

const Command kProfileUse{
    .name = "profile use",
    .summary = "set the default profile of this directory",
    .description =
        "nono run without --profile uses it here and beneath here. It is kept in your "
        "own state, not in the project.",
    .operands = {.shown = "NAME", .most = 1},
    .options = kUseOptions,
    .examples = kUseExamples,
    .json = JsonOutput::Offered,
    .run = run_use,
};

const Command kProfileValidate{
    .name = "profile validate",
    .summary = "check profiles without using them",
    .description =
        "VALID: an agent can be started under it. REFUSED (exit 1): it asks for what "
        "nono cannot enforce or never grants. INVALID (exit 2): it does not parse or "
        "compose; the error names the place.",
    .operands = {.shown = "NAME|FILE...",
                 .least = 1,
                 .most = kAnyNumber,
                 .completes = Completes::Files},
    .options = {},
    .examples = kValidateExamples,
    .json = JsonOutput::Offered,
    .run = run_validate,
};

const Command kProfileDiff{
    .name = "profile diff",
    .summary = "compare what two profiles come to",
    .description = "Exit 0 where they come to the same, 1 where they differ.",
    .operands = {.shown = "NAME|FILE NAME|FILE",
                 .least = 2,
                 .most = 2,
                 .completes = Completes::Files},
    .options = {},
    .examples = kDiffExamples,
    .json = JsonOutput::Offered,
    .run = run_diff,
};

}  // namespace nono::cli
