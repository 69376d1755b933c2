// profile/model.cc: from a checked document to a Profile.
#include "profile/model.h"

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "base/text.h"
#include "profile/environment_rules.h"

namespace nono::profile {
namespace {

struct RightName {
  std::string_view field;
  PathRight right;
};
constexpr auto kRights = std::to_array<RightName>({{"allow", PathRight::Allow},
                                                   {"read", PathRight::Read},
                                                   {"write", PathRight::Write},
                                                   {"exec", PathRight::Exec},
                                                   {"allow_file", PathRight::AllowFile},
                                                   {"read_file", PathRight::ReadFile},
                                                   {"write_file", PathRight::WriteFile},
                                                   {"unix_socket", PathRight::UnixSocket}});
constexpr auto kAccesses = std::to_array<std::string_view>({"none", "read", "write", "readwrite"});

// at_path follows members; nothing where one is missing or null.
Result<std::optional<JsonView>> at_path(const JsonView& root, std::string_view first,
                                        std::string_view second) {
  NONO_TRY(const auto section, root.maybe(first));
  if (!section || section->json().object() == nullptr) {
    return std::optional<JsonView>();
  }
  return section->maybe(second);
}

// is_here: an object may say on which platforms it counts.
Result<bool> is_here(const JsonView& entry) {
  if (entry.json().object() == nullptr) {
    return true;
  }
  NONO_TRY(const auto when, entry.maybe("when"));
  return when ? when_here(*when) : Result<bool>(true);
}

// here_in lists the entries of a conditional list that hold on this platform.
Result<std::vector<WrittenPath>> here_in(const std::optional<JsonView>& list,
                                         std::string_view key) {
  std::vector<WrittenPath> out;
  if (!list) {
    return out;
  }
  NONO_TRY(const std::vector<JsonView> entries, list->elements(kMaxListEntries));
  for (const JsonView& entry : entries) {
    NONO_TRY(const bool here, is_here(entry));
    if (here) {
      const Json& json = entry.json();
      const Json* text = json.object() != nullptr ? json.find(key) : &json;
      out.push_back({*text->string(), entry.pointer()});
    }
  }
  return out;
}

Result<std::vector<std::string>> strings_of(const std::optional<JsonView>& list) {
  std::vector<std::string> out;
  if (!list) {
    return out;
  }
  if (const std::string* one = list->json().string()) {
    out.push_back(*one);
    return out;
  }
  NONO_TRY(const std::vector<JsonView> entries, list->elements(kMaxListEntries));
  for (const JsonView& entry : entries) {
    NONO_TRY(std::string text, entry.string());
    out.push_back(std::move(text));
  }
  return out;
}

Result<std::string> text_at(const JsonView& root, std::string_view first, std::string_view second) {
  NONO_TRY(const auto view, at_path(root, first, second));
  return view ? view->string() : Result<std::string>("");
}

class Reader {
 public:
  Reader(const JsonView& root, Profile& out) : root_(root), out_(out) {}

  Result<void> read() {
    for (const auto part : {&Reader::meta, &Reader::groups, &Reader::filesystem, &Reader::network,
                            &Reader::environment, &Reader::credentials, &Reader::tool}) {
      NONO_CHECK((this->*part)());
    }
    return rest();
  }

 private:
  Result<void> meta() {
    NONO_TRY(out_.name, text_at(root_, "meta", "name"));
    NONO_TRY(out_.version, text_at(root_, "meta", "version"));
    NONO_TRY(out_.description, text_at(root_, "meta", "description"));
    NONO_TRY(out_.author, text_at(root_, "meta", "author"));
    NONO_TRY(const auto extends, root_.maybe("extends"));
    NONO_TRY(out_.extends, strings_of(extends));
    return {};
  }

  Result<void> tool() {
    NONO_TRY(const auto policies, root_.maybe("command_policies"));
    if (policies) {
      NONO_TRY(ToolPart part, read_tool_sandbox(*policies));
      out_.tool = std::move(part.tool);
    }
    return {};
  }

  Result<void> add_groups(const std::optional<JsonView>& list, std::vector<std::string>& to) {
    NONO_TRY(const std::vector<WrittenPath> names, here_in(list, "name"));
    for (const WrittenPath& name : names) {
      to.push_back(name.text);
    }
    return {};
  }

  Result<void> add_groups_at(std::string_view first, std::string_view second,
                             std::vector<std::string>& to) {
    NONO_TRY(const auto list, at_path(root_, first, second));
    return add_groups(list, to);
  }

  Result<void> groups() {
    NONO_TRY(const auto groups, root_.maybe("groups"));
    if (groups && groups->json().array() != nullptr) {
      NONO_CHECK(add_groups(groups, out_.groups));
    }
    NONO_CHECK(add_groups_at("groups", "include", out_.groups));
    NONO_CHECK(add_groups_at("groups", "exclude", out_.left_out_groups));
    return add_groups_at("security", "groups", out_.groups);
  }

  Result<void> filesystem() {
    for (const RightName& row : kRights) {
      NONO_TRY(const auto list, at_path(root_, "filesystem", row.field));
      NONO_TRY(const std::vector<WrittenPath> paths, here_in(list, "path"));
      for (const WrittenPath& path : paths) {
        out_.grants.push_back({row.right, path});
      }
    }
    NONO_TRY(const auto list, at_path(root_, "filesystem", "deny"));
    NONO_TRY(out_.denials, here_in(list, "path"));
    return {};
  }

  Result<void> ports(std::string_view field, std::vector<std::uint16_t>& to) {
    NONO_TRY(const auto list, at_path(root_, "network", field));
    if (!list) {
      return {};
    }
    NONO_TRY(const std::vector<JsonView> entries, list->elements(kMaxListEntries));
    for (const JsonView& entry : entries) {
      NONO_TRY(const std::int64_t port, entry.integer());
      to.push_back(static_cast<std::uint16_t>(port));
    }
    return {};
  }

  Result<void> destinations() {
    NONO_TRY(const auto list, at_path(root_, "network", "connect"));
    if (!list) {
      return {};
    }
    NONO_TRY(const std::vector<JsonView> entries, list->elements(kMaxListEntries));
    for (const JsonView& entry : entries) {
      auto host = sandbox::parse_host_port(*entry.json().string());
      if (!host) {
        return std::unexpected(entry.error(host.error().message()));
      }
      out_.network.connect_to.push_back(*std::move(host));
    }
    return {};
  }

  Result<void> network() {
    NONO_CHECK(ports("connect_port", out_.network.connect));
    NONO_CHECK(ports("listen_port", out_.network.listen));
    NONO_CHECK(destinations());
    NONO_TRY(const auto hosts, at_path(root_, "network", "allow_domain"));
    const bool opens = names_ports_or_hosts() || (hosts && !hosts->json().array()->empty());
    NONO_TRY(const bool block, blocks(opens));
    // A list of hosts that is there and empty allows none.
    out_.network.block = block || (hosts && !opens);
    return {};
  }

  Result<bool> blocks(bool opens) const {
    NONO_TRY(const auto block, at_path(root_, "network", "block"));
    if (!block || !*block->json().boolean()) {
      return false;
    }
    return opens ? Result<bool>(std::unexpected(
                       block->error("contradicts the hosts or ports that are allowed")))
                 : Result<bool>(true);
  }

  bool names_ports_or_hosts() const {
    return !out_.network.connect.empty() || !out_.network.listen.empty() ||
           !out_.network.connect_to.empty();
  }

  Result<void> environment() {
    NONO_TRY(const auto allow, at_path(root_, "environment", "allow_vars"));
    if (allow) {
      NONO_TRY(out_.environment.allow, strings_of(allow));
    }
    NONO_TRY(const auto deny, at_path(root_, "environment", "deny_vars"));
    NONO_TRY(out_.environment.deny, strings_of(deny));
    NONO_CHECK(pass());
    NONO_TRY(const auto set, at_path(root_, "environment", "set_vars"));
    if (set) {
      for (const auto& [name, value] : *set->json().object()) {
        out_.environment.set.emplace_back(name, *value.string());
      }
    }
    return {};
  }

  Result<void> pass() {
    NONO_TRY(const auto list, at_path(root_, "environment", "pass_vars"));
    if (!list) {
      return {};
    }
    NONO_TRY(const std::vector<JsonView> entries, list->elements(kMaxListEntries));
    for (const JsonView& entry : entries) {
      NONO_TRY(std::string name, entry.string());
      const auto why = why_dropped(name, "");
      if (name.ends_with('*') || why == EnvironmentClass::LoadsCode ||
          why == EnvironmentClass::OwnState) {
        return std::unexpected(
            entry.error("cannot be passed by a profile: a pattern, or a "
                        "variable that decides what code runs"));
      }
      out_.environment.pass.push_back(std::move(name));
    }
    return {};
  }

  // credential_of: the entry was checked before; nothing where it is not of this platform, or
  // where its source is refused.
  static Result<std::optional<Credential>> credential_of(const std::string& source,
                                                         const JsonView& value) {
    const auto parsed = parse_credential_source(source);
    const Json* variable =
        value.json().object() != nullptr ? value.json().find("env_var") : &value.json();
    bool here = true;
    if (value.json().object() != nullptr) {
      NONO_TRY(const auto when, value.maybe("when"));
      if (when) {
        NONO_TRY(here, when_here(*when));
      }
    }
    return here && parsed ? std::optional(Credential{*variable->string(), *parsed, value.pointer()})
                          : std::nullopt;
  }

  Result<void> credentials() {
    NONO_TRY(const auto list, root_.maybe("env_credentials"));
    if (!list) {
      return {};
    }
    NONO_TRY(const auto members, list->members(kMaxListEntries));
    for (const auto& [source, value] : members) {
      NONO_TRY(auto one, credential_of(source, value));
      if (!one) {
        continue;
      }
      const auto twice = std::ranges::find(out_.credentials, one->variable, &Credential::variable);
      if (twice != out_.credentials.end()) {
        return std::unexpected(value.error("sets " + one->variable + ", as " + twice->origin));
      }
      out_.credentials.push_back(*std::move(one));
    }
    return {};
  }

  Result<void> commands() {
    NONO_TRY(const auto allow, at_path(root_, "commands", "allow"));
    NONO_TRY(out_.commands.allow, strings_of(allow));
    NONO_TRY(const auto deny, at_path(root_, "commands", "deny"));
    NONO_TRY(out_.commands.deny, strings_of(deny));
    return {};
  }

  Result<void> memory_limit() {
    NONO_TRY(const auto memory, at_path(root_, "limits", "memory"));
    if (!memory) {
      return {};
    }
    NONO_TRY(const std::string text, memory->string());
    out_.limits.memory = parse_size(text);
    return out_.limits.memory.value_or(0) >= sandbox::kLeastMemory
               ? Result<void>()
               : std::unexpected(memory->error("is too little for a program to start in: give " +
                                               sandbox::size_text(sandbox::kLeastMemory)));
  }

  // What is written was checked against the table before.
  Result<void> limits() {
    sandbox::Limits& out = out_.limits;
    NONO_TRY(const std::string time, text_at(root_, "limits", "time"));
    out.wall_time = time.empty() ? std::nullopt : parse_duration(time);
    NONO_TRY(const std::string cpu, text_at(root_, "limits", "cpu"));
    out.cpu_time = cpu.empty() ? std::nullopt : parse_duration(cpu);
    NONO_CHECK(memory_limit());
    NONO_TRY(const std::string file, text_at(root_, "limits", "file"));
    out.file_size = file.empty() ? std::nullopt : parse_size(file);
    NONO_TRY(const std::string disk, text_at(root_, "limits", "disk"));
    out.disk_use = disk.empty() ? std::nullopt : parse_size(disk);
    NONO_TRY(const auto pids, at_path(root_, "limits", "pids"));
    if (pids) {
      NONO_TRY(const std::int64_t count, pids->integer());
      out.processes = static_cast<std::uint64_t>(count);
    }
    return {};
  }

  Result<void> rest() {
    NONO_CHECK(commands());
    NONO_TRY(const std::string scan, text_at(root_, "trust", "scan"));
    out_.scan_all = scan == "all";
    NONO_TRY(const std::string intercept, text_at(root_, "trust", "intercept"));
    out_.strict_intercept = intercept == "strict";
    NONO_TRY(const std::string audit, text_at(root_, "trust", "audit"));
    out_.audit_required = audit == "required";
    NONO_CHECK(limits());
    NONO_TRY(const std::string access, text_at(root_, "workdir", "access"));
    for (std::size_t i = 0; i < kAccesses.size(); ++i) {
      if (access == kAccesses[i]) {
        out_.workdir = static_cast<WorkdirAccess>(i);
      }
    }
    return {};
  }

  const JsonView& root_;
  Profile& out_;
};

Result<Profile> read_profile(std::string_view text, ProfileFormat format) {
  Profile out;
  NONO_TRY(out.document, read_tree(text, format));
  NONO_TRY(out.findings, check_fields(out.document));
  const JsonView root(out.document);
  NONO_CHECK(Reader(root, out).read());
  return out;
}

}  // namespace

std::string_view text_of(PathRight right) {
  return kRights[static_cast<std::size_t>(right)].field;
}

std::string_view text_of(WorkdirAccess access) {
  return kAccesses[static_cast<std::size_t>(access)];
}

Result<Profile> parse_profile(std::string_view text, ProfileFormat format,
                              const std::string& shown_as) {
  auto out = read_profile(text, format);
  if (!out) {
    // A bad profile is wrong usage, whatever is wrong with it.
    return std::unexpected(
        Error(ErrorKind::Usage, printable(shown_as) + ": " + out.error().message())
            .mend_with(out.error().remedy()));
  }
  return out;
}

}  // namespace nono::profile
