#include "profile/tool_sandbox.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "profile/credentials.h"
#include "profile/environment_rules.h"

namespace nono::profile {
namespace {

constexpr std::size_t kMaxMembers = 256;
constexpr std::size_t kMaxPathBytes = 4096;
constexpr std::string_view kOneSandbox =
    "a run has one sandbox: that of `entrypoint`, by its `executable` and `sandbox`; other "
    "commands, callers, arguments and directories of programs are not told apart";
constexpr std::string_view kOtherRight =
    "is not built: a command's sandbox has fs_read, fs_write, fs_read_file, fs_write_file, "
    "use_credentials and environment";
constexpr std::string_view kOtherCredential =
    "is not built: of the credentials of commands, raw-file makes its path readable";
constexpr std::string_view kToken = "is not built: a token that another program would be asked for";

struct RightName {
  std::string_view field;
  ToolRight right;
};
constexpr auto kRights = std::to_array<RightName>({{"fs_read", ToolRight::Read},
                                                   {"fs_write", ToolRight::Write},
                                                   {"fs_read_file", ToolRight::ReadFile},
                                                   {"fs_write_file", ToolRight::WriteFile}});

// asks: anything but null, false and an empty list; an empty object asks for a default.
bool asks(const Json& value) {
  if (const bool* flag = value.boolean()) {
    return *flag;
  }
  if (const Json::Array* list = value.array()) {
    return !list->empty();
  }
  return !value.is_null();
}

bool is_empty_object(const Json& value) {
  const Json::Object* members = value.object();
  return members != nullptr && members->empty();
}

bool decides_what_runs(const std::string& name) {
  const auto why = why_dropped(name, "");
  return why == EnvironmentClass::LoadsCode || why == EnvironmentClass::OwnState;
}

class ToolReader {
 public:
  Result<void> read(const JsonView& root) {
    NONO_TRY(const auto commands, root.maybe("commands"));
    NONO_CHECK(refuse_others(root, {"commands", "credentials", "entrypoint"}, kOneSandbox));
    NONO_CHECK(read_credentials(root));
    if (!commands || is_empty_object(commands->json())) {
      return {};  // without commands, upstream's are not active either
    }
    NONO_TRY(const auto entrypoint, root.maybe("entrypoint"));
    if (!entrypoint) {
      refuse(*commands, kOneSandbox);
      return {};
    }
    NONO_TRY(tool_.command, entrypoint->nonempty_string(kMaxPathBytes));
    return read_commands(*commands, *entrypoint);
  }

  ToolPart take() {
    ToolPart out;
    if (refused_.empty() && !tool_.command.empty()) {
      out.tool = std::move(tool_);
    }
    out.refused = std::move(refused_);
    return out;
  }

 private:
  void refuse(const JsonView& view, std::string_view why) {
    refused_.push_back({view.pointer(), FieldEffect::Refused, std::string(why)});
  }

  Result<void> refuse_others(const JsonView& view, std::initializer_list<std::string_view> known,
                             std::string_view why) {
    NONO_TRY(const auto members, view.members(kMaxMembers));
    for (const auto& [key, value] : members) {
      if (std::ranges::find(known, key) == known.end() && asks(value.json())) {
        refuse(value, why);
      }
    }
    return {};
  }

  Result<void> read_credentials(const JsonView& root) {
    NONO_TRY(const auto credentials, root.maybe("credentials"));
    if (!credentials) {
      return {};
    }
    NONO_TRY(const auto members, credentials->members(kMaxMembers));
    for (const auto& [name, value] : members) {
      NONO_CHECK(read_credential(name, value));
    }
    return {};
  }

  Result<void> read_credential(const std::string& name, const JsonView& value) {
    NONO_TRY(const JsonView type, value.at("type"));
    NONO_TRY(const std::string kind, type.string());
    if (kind != "raw-file") {
      refuse(type, kOtherCredential);
      return {};
    }
    NONO_CHECK(refuse_others(value, {"type", "path"}, kOtherCredential));
    NONO_TRY(const JsonView path, value.at("path"));
    NONO_TRY(std::string text, path.nonempty_string(kMaxPathBytes));
    files_.push_back({name, {ToolRight::ReadFile, std::move(text), path.pointer()}});
    return {};
  }

  Result<void> read_commands(const JsonView& commands, const JsonView& entrypoint) {
    NONO_TRY(const auto members, commands.members(kMaxMembers));
    bool found = false;
    for (const auto& [name, value] : members) {
      if (name != tool_.command) {
        refuse(value, kOneSandbox);
        continue;
      }
      found = true;
      NONO_CHECK(read_command(value));
    }
    return found ? Result<void>() : std::unexpected(entrypoint.error("names none of the commands"));
  }

  Result<void> read_command(const JsonView& view) {
    NONO_CHECK(refuse_others(view, {"executable", "sandbox"}, kOneSandbox));
    NONO_TRY(const auto executable, view.maybe("executable"));
    NONO_TRY(const auto sandbox, view.maybe("sandbox"));
    if (!executable || !sandbox) {
      refuse(view, "is not built: a command without `executable` and `sandbox`");
      return {};
    }
    NONO_TRY(tool_.executable, executable->nonempty_string(kMaxPathBytes));
    tool_.pointer = executable->pointer();
    return read_sandbox(*sandbox);
  }

  Result<void> read_sandbox(const JsonView& view) {
    NONO_CHECK(refuse_others(
        view,
        {"fs_read", "fs_write", "fs_read_file", "fs_write_file", "use_credentials", "environment"},
        kOtherRight));
    for (const RightName& row : kRights) {
      NONO_CHECK(read_paths(view, row));
    }
    NONO_CHECK(use_credentials(view));
    NONO_TRY(const auto environment, view.maybe("environment"));
    return environment ? read_environment(*environment) : Result<void>();
  }

  Result<void> read_paths(const JsonView& sandbox, const RightName& row) {
    NONO_TRY(const auto list, sandbox.maybe(row.field));
    if (!list) {
      return {};
    }
    NONO_TRY(const auto entries, list->elements(kMaxListEntries));
    for (const JsonView& entry : entries) {
      NONO_TRY(std::string text, entry.nonempty_string(kMaxPathBytes));
      if (text.starts_with('@')) {
        refuse(entry, kToken);
        continue;
      }
      tool_.paths.push_back({row.right, std::move(text), entry.pointer()});
    }
    return {};
  }

  Result<void> use_credentials(const JsonView& sandbox) {
    NONO_TRY(const auto list, sandbox.maybe("use_credentials"));
    if (!list) {
      return {};
    }
    NONO_TRY(const auto entries, list->elements(kMaxListEntries));
    for (const JsonView& entry : entries) {
      NONO_TRY(const std::string name, entry.string());
      const auto file = std::ranges::find(files_, name, &Named::first);
      if (file != files_.end()) {
        tool_.paths.push_back(file->second);
      } else if (refused_.empty()) {
        return std::unexpected(entry.error("names none of the credentials"));
      }
    }
    return {};
  }

  Result<void> read_environment(const JsonView& view) {
    NONO_CHECK(refuse_others(view, {"allow_vars", "set_vars"}, kOtherRight));
    NONO_CHECK(read_allowed(view));
    return read_set(view);
  }

  Result<void> read_set(const JsonView& environment) {
    NONO_TRY(const auto set, environment.maybe("set_vars"));
    if (!set) {
      return {};
    }
    NONO_TRY(const auto members, set->members(kMaxListEntries));
    for (const auto& [name, value] : members) {
      if (const auto fine = check_settable_variable(name); !fine) {
        return std::unexpected(value.error(fine.error().message()));
      }
      NONO_TRY(std::string text, value.string());
      if (text.size() > kMaxPathBytes || text.contains('\0')) {
        return std::unexpected(value.error("is too long, or holds a NUL character"));
      }
      tool_.set_vars.emplace_back(name, std::move(text));
    }
    return {};
  }

  Result<void> read_allowed(const JsonView& environment) {
    NONO_TRY(const auto list, environment.maybe("allow_vars"));
    if (!list) {
      return {};
    }
    NONO_TRY(const auto entries, list->elements(kMaxListEntries));
    tool_.allow_vars.emplace();
    for (const JsonView& entry : entries) {
      NONO_TRY(std::string name, entry.nonempty_string(kMaxPathBytes));
      const std::size_t star = name.find('*');
      if (star != std::string::npos && star + 1 != name.size()) {
        return std::unexpected(entry.error("has a * before its end"));
      }
      if (star == std::string::npos && decides_what_runs(name)) {
        return std::unexpected(entry.error("decides what code runs, or is nono's own"));
      }
      tool_.allow_vars->push_back(std::move(name));
    }
    return {};
  }

  using Named = std::pair<std::string, ToolPath>;
  std::vector<Finding> refused_;
  std::vector<Named> files_;  // raw-file credentials by name
  ToolSandbox tool_;
};

}  // namespace

std::vector<std::string> tool_variables() {
  return {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "LANG", "LC_*", "TZ"};
}

Result<ToolPart> read_tool_sandbox(const JsonView& view) {
  ToolReader reader;
  NONO_CHECK(reader.read(view));
  return reader.take();
}

}  // namespace nono::profile
