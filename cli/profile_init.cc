// cli/profile_init.cc: profile init.
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/profile_text.h"
#include "cli/session.h"
#include "engine/profiles.h"
#include "profile/schema.h"

namespace nono::cli {
namespace {

constexpr std::string_view kJson = R"({
  "meta": {"name": "@NAME@", "version": "1.0.0", "description": ""},
  "extends": ["@EXTENDS@"],
  "groups": [],
  "filesystem": {
    "allow": [],
    "read": [],
    "read_file": []
  },
  "network": {"block": false},
  "environment": {"pass_vars": []},
  "workdir": {"access": "readwrite"}
}
)";
constexpr std::string_view kToml = R"(extends = ["@EXTENDS@"]
groups = []  # nono policy groups

[meta]
name = "@NAME@"
version = "1.0.0"
description = ""

[filesystem]
allow = []      # directories: read, write, execute
read = []       # directories: read, execute
read_file = []  # files

[network]
block = false

[environment]
pass_vars = []  # variables that look like secrets and are handed on all the same

[workdir]
access = "readwrite"
)";
constexpr std::string_view kYaml = R"(meta: {name: "@NAME@", version: "1.0.0", description: ""}
extends: ["@EXTENDS@"]
groups: []        # nono policy groups
filesystem:
  allow: []       # directories: read, write, execute
  read: []        # directories: read, execute
  read_file: []   # files
network:
  block: false
environment:
  pass_vars: []   # variables that look like secrets and are handed on all the same
workdir:
  access: readwrite
)";

struct Template {
  std::string_view word;
  std::string_view text;
};
constexpr auto kTemplates =
    std::to_array<Template>({{"json", kJson}, {"toml", kToml}, {"yaml", kYaml}});

Result<Template> template_of(const Arguments& arguments) {
  const std::string word = arguments.value("format").value_or("json");
  for (const Template& one : kTemplates) {
    if (word == one.word) {
      return one;
    }
  }
  return std::unexpected(Error(ErrorKind::Usage, "--format " + printable(word) + " is not known")
                             .mend_with("use json, toml or yaml"));
}

std::string filled(std::string_view text, std::string_view mark, std::string_view value) {
  std::string out(text);
  const std::size_t at = out.find(mark);
  return out.replace(at, mark.size(), value);
}

// place_of is where the new profile goes: among the user's own, or into the project.
Result<std::string> place_of(const Arguments& arguments, Session& session,
                             const engine::UserDirectories& user, const std::string& file) {
  if (!arguments.has("project")) {
    return join_path(engine::profile_directory(user), file);
  }
  NONO_TRY(const std::string here, session.working_directory());
  return join_path(here, ".nono/profile" + file.substr(file.rfind('.')));
}

// only_one: a name that is there in two languages is of no profile.
Result<void> only_one(const std::string& path) {
  const std::string stem = path.substr(0, path.rfind('.'));
  for (const char* ending : {".json", ".toml", ".yaml", ".yml"}) {
    const std::string other = stem + ending;
    if (other != path && ::access(other.c_str(), F_OK) == 0) {
      return std::unexpected(
          Error(ErrorKind::Usage, "there is " + other + " already: two profiles of one name")
              .mend_with("remove it first, or take another name"));
    }
  }
  return {};
}

Result<void> write_new(const Arguments& arguments, const std::string& path,
                       const std::string& text) {
  NONO_CHECK(only_one(path));
  NONO_CHECK(make_private_directories(std::string(directory_name(path))));
  constexpr mode_t kMode = 0644;
  auto done =
      arguments.has("force") ? replace_file(path, text, kMode) : create_file(path, text, kMode);
  return done ? Result<void>() : not_written(std::move(done).error(), path);
}

Result<int> run_init(const Arguments& arguments, Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(const Template chosen, template_of(arguments));
  const std::string& name = arguments.operands().front();
  const std::string parent = arguments.value("extends").value_or("default");
  if (!profile::is_profile_name(name)) {
    return fail(ErrorKind::Usage, "\"" + printable(name) +
                                      "\" cannot be the name of a profile: "
                                      "letters, digits, '.', '_' and '-', no .json, .toml, .yaml "
                                      "or .yml at the end");
  }
  NONO_CHECK(engine::find_profile(user, parent));
  if (name == parent) {
    return fail(ErrorKind::Usage, "profile " + name + " cannot extend itself");
  }
  NONO_TRY(const std::string path,
           place_of(arguments, session, user, name + "." + std::string(chosen.word)));
  const std::string text = filled(filled(chosen.text, "@NAME@", name), "@EXTENDS@", parent);
  NONO_CHECK(write_new(arguments, path, text));
  if (session.wants_json()) {
    Json json = document("profile-init");
    json.set("name", json_text(name));
    set_path(json, "path", path);
    session.render().json(json);
    return kDone;
  }
  session.render().result("wrote " + path);
  if (arguments.has("project")) {
    session.render().note("it counts once it is signed: nono trust sign " + shell_quote(path));
  }
  return kDone;
}

constexpr auto kOptions = std::to_array<Option>({
    {"extends", 0, "NAME", "what it starts from (default: default)", Takes::OneValue},
    {"format", 0, "LANGUAGE", "json, toml or yaml (default: json)", Takes::OneValue},
    {"project", 0, "", "into .nono/ of this directory, where it counts once it is signed"},
    {"force", 0, "", "replace what is there"},
});
constexpr auto kExamples = std::to_array<Example>({
    {"nono profile init mine --extends claude-code", "a profile of your own to edit"},
});

}  // namespace

const Command kProfileInit{
    .name = "profile init",
    .summary = "write a first profile to edit",
    .description =
        "Writes NAME.json (or .toml, .yaml) into $XDG_CONFIG_HOME/nono/profiles. What is "
        "there is not overwritten.",
    .operands = {.shown = "NAME", .least = 1, .most = 1},
    .options = kOptions,
    .examples = kExamples,
    .json = JsonOutput::Offered,
    .run = run_init,
};

}  // namespace nono::cli
