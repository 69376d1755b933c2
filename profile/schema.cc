// profile/schema.cc: checking a document against the table.
#include "profile/schema.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "profile/credentials.h"
#include "profile/environment_rules.h"
#include "profile/tool_sandbox.h"
#include "profile/tree.h"

namespace nono::profile {
namespace {

constexpr std::size_t kMaxTextBytes = 4096;
constexpr std::int64_t kMaxPort = 65535;
constexpr std::int64_t kMaxCount = 4294967295;
constexpr std::size_t kMaxMembers = 64;
constexpr std::size_t kMaxHostBytes = 253;
constexpr std::size_t kMaxLabelBytes = 63;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabelBytes && !label.starts_with('-') &&
         !label.ends_with('-') &&
         std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

// is_host_name: labels of letters, digits and hyphens (RFC 1123, other scripts as A-labels), no
// address, at least two labels; `*.` may stand before two or more.
bool is_host_name(std::string_view host) {
  if (host.starts_with("*.")) {
    host.remove_prefix(2);
  }
  if (host.size() > kMaxHostBytes) {
    return false;
  }
  std::size_t labels = 0;
  std::string_view last;
  for (std::size_t from = 0; from <= host.size(); from += last.size() + 1) {
    last = host.substr(from, host.find('.', from) - from);
    if (!is_label(last)) {
      return false;
    }
    ++labels;
  }
  return labels >= 2 && !std::ranges::all_of(last, is_digit);
}

// is_variable: a name, where `pattern` with one * at its end.
bool is_variable(std::string_view name, bool pattern) {
  if (pattern && name.ends_with('*')) {
    name.remove_suffix(1);
  }
  return !name.empty() && !is_digit(name[0]) && name.size() <= kMaxTextBytes &&
         std::ranges::all_of(name, [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

// asks_for_nothing: null, false and what is empty.
bool asks_for_nothing(const Json& value) {
  if (const bool* flag = value.boolean()) {
    return !*flag;
  }
  if (const std::string* text = value.string()) {
    return text->empty();
  }
  if (const Json::Array* array = value.array()) {
    return array->empty();
  }
  const Json::Object* object = value.object();
  return value.is_null() || (object != nullptr && object->empty());
}

Result<void> check_text(const JsonView& view) {
  NONO_TRY(const std::string text, view.string());
  if (text.size() > kMaxTextBytes || text.contains('\0')) {
    return std::unexpected(view.error("is too long, or holds a NUL character"));
  }
  return {};
}

Result<void> check_path(const JsonView& view) {
  NONO_TRY(const std::string path, view.nonempty_string(kMaxTextBytes));
  return {};
}

Result<void> check_name(const JsonView& view) {
  NONO_TRY(const std::string name, view.string());
  if (!is_profile_name(name)) {
    return std::unexpected(view.error(
        "is not a name: letters, digits, '.', '_' and '-', at most 64, not a path or a file"));
  }
  return {};
}

Result<void> check_group_name(const JsonView& view) {
  NONO_TRY(const std::string name, view.string());
  return is_group_name(name)
             ? Result<void>()
             : std::unexpected(view.error("is not a name of a group: a-z, 0-9 and '_'"));
}

Result<void> check_host(const JsonView& view) {
  if (view.json().object() != nullptr) {
    NONO_TRY(const JsonView domain, view.at("domain"));
    return check_host(domain);
  }
  NONO_TRY(const std::string host, view.string());
  return is_host_name(host) ? Result<void>()
                            : std::unexpected(view.error(
                                  "is not a host name: labels of letters, digits and hyphens, at "
                                  "least two; no address, port or path"));
}

Result<void> check_port(const JsonView& view) {
  NONO_TRY(const std::int64_t port, view.integer());
  return port >= 1 && port <= kMaxPort ? Result<void>()
                                       : std::unexpected(view.error("is not a port: 1 to 65535"));
}

Result<void> check_variable(const JsonView& view) {
  NONO_TRY(const std::string name, view.string());
  return is_variable(name, true) ? Result<void>()
                                 : std::unexpected(view.error(
                                       "is not the name of a variable, nor one with * at its end"));
}

using CheckEntry = Result<void> (*)(const JsonView&);

Result<void> check_list(const JsonView& view, CheckEntry check) {
  NONO_TRY(const std::vector<JsonView> entries, view.elements(kMaxListEntries));
  for (const JsonView& entry : entries) {
    NONO_CHECK(check(entry));
  }
  return {};
}

// check_conditional checks a list whose entries are strings or {`key`, when}.
Result<void> check_conditional(const JsonView& view, std::string_view key, CheckEntry check) {
  NONO_TRY(const std::vector<JsonView> entries, view.elements(kMaxListEntries));
  for (const JsonView& entry : entries) {
    if (entry.json().object() == nullptr) {
      NONO_CHECK(check(entry));
      continue;
    }
    NONO_CHECK(entry.only({key, "when"}));
    NONO_TRY(const JsonView value, entry.at(key));
    NONO_CHECK(check(value));
    NONO_TRY(const auto when, entry.maybe("when"));
    if (when) {
      NONO_CHECK(when_here(*when));
    }
  }
  return {};
}

// A value that a profile sets must not be one that nono drops because it makes programs run code.
Result<void> check_set_name(const JsonView& view, const std::string& name) {
  if (!is_variable(name, false)) {
    return std::unexpected(view.error("is not the name of a variable"));
  }
  const auto why = why_dropped(name, "");
  const bool code = why == EnvironmentClass::LoadsCode || why == EnvironmentClass::OwnState;
  if (code || name == "PATH") {
    return std::unexpected(view.error("cannot be set by a profile: it decides what code runs"));
  }
  return {};
}

Result<void> check_settings(const JsonView& view) {
  NONO_TRY(const auto members, view.members(kMaxListEntries));
  for (const auto& [name, value] : members) {
    NONO_CHECK(check_set_name(value, name));
    NONO_CHECK(check_text(value));
  }
  return {};
}

// check_credential checks SOURCE: VARIABLE, or SOURCE: {env_var, when}.
Result<void> check_credential(const JsonView& view) {
  const JsonView* variable = &view;
  std::optional<JsonView> named;
  if (view.json().object() != nullptr) {
    NONO_CHECK(view.only({"env_var", "when"}));
    NONO_TRY(named, view.at("env_var"));
    variable = &*named;
    NONO_TRY(const auto when, view.maybe("when"));
    if (when) {
      NONO_CHECK(when_here(*when));
    }
  }
  NONO_TRY(const std::string name, variable->string());
  if (const auto fine = check_settable_variable(name); !fine) {
    return std::unexpected(variable->error(fine.error().message()));
  }
  return {};
}

Result<void> check_choice(const JsonView& view, std::string_view words) {
  NONO_TRY(const std::string word, view.string());
  for (std::string_view rest = words; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find(' '));
    if (word == one) {
      return {};
    }
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
  }
  return std::unexpected(view.error("is none of: " + std::string(words)));
}

Result<void> check_duration(const JsonView& view) {
  NONO_TRY(const std::string text, view.string());
  const auto time = parse_duration(text);
  return time && time->count() > 0
             ? Result<void>()
             : std::unexpected(view.error("is not a duration: 90s, 10m, 1h30m"));
}

Result<void> check_size(const JsonView& view) {
  NONO_TRY(const std::string text, view.string());
  return parse_size(text).value_or(0) > 0
             ? Result<void>()
             : std::unexpected(view.error("is not a size: \"4096\", \"64K\", \"512M\", \"8G\""));
}

Result<void> check_count(const JsonView& view) {
  NONO_TRY(const std::int64_t count, view.integer());
  return count >= 1 && count <= kMaxCount
             ? Result<void>()
             : std::unexpected(view.error("is not a number from 1 to 4294967295"));
}

Result<void> check_always(const JsonView& view) {
  NONO_TRY(const bool flag, view.boolean());
  return flag ? Result<void>() : std::unexpected(view.error("cannot be turned off"));
}

// Checker walks the objects of a document, at most as deep as the table is.
class Checker {
 public:
  Result<void> object(const JsonView& view, const std::string& path) {
    NONO_TRY(const auto members, view.members(kMaxMembers));
    for (const auto& [key, value] : members) {
      const std::string name = path.empty() ? key : path + "." + key;
      const Field* field = key.contains('.') ? nullptr : find_field(name);
      if (field == nullptr) {
        return std::unexpected(
            value.error("is not a field of a profile").mend_with("see docs/profiles.md"));
      }
      NONO_CHECK(member(value, *field));
    }
    return {};
  }

  std::vector<Finding> take() { return std::move(findings_); }

 private:
  Result<void> member(const JsonView& view, const Field& field) {
    if (view.json().is_null()) {
      return {};
    }
    NONO_CHECK(value(view, field));
    if (field.effect != FieldEffect::Used && !asks_for_nothing(view.json())) {
      findings_.push_back({view.pointer(), field.effect, std::string(field.help)});
    }
    return {};
  }

  // credentials: a source of upstream's that cannot be asked here is known, and refused.
  Result<void> credentials(const JsonView& view) {
    NONO_TRY(const auto members, view.members(kMaxListEntries));
    for (const auto& [source, value] : members) {
      NONO_CHECK(check_credential(value));
      const auto known = parse_credential_source(source);
      if (!known && known.error().kind() == ErrorKind::Unsupported) {
        findings_.push_back({value.pointer(), FieldEffect::Refused, known.error().message()});
      } else if (!known) {
        return std::unexpected(
            value.error(known.error().message()).mend_with(known.error().remedy()));
      }
    }
    return {};
  }

  Result<void> commands(const JsonView& view) {
    NONO_TRY(const ToolPart part, read_tool_sandbox(view));
    findings_.insert(findings_.end(), part.refused.begin(), part.refused.end());
    return {};
  }

  Result<void> value(const JsonView& view, const Field& field) {
    switch (field.type) {
      case FieldType::Object:
        return object(view, std::string(field.path));
      case FieldType::Groups:
        return view.json().array() != nullptr ? check_conditional(view, "name", check_group_name)
                                              : object(view, std::string(field.path));
      case FieldType::GroupList:
        return check_conditional(view, "name", check_group_name);
      case FieldType::Paths:
        return check_conditional(view, "path", check_path);
      case FieldType::Choice:
        return check_choice(view, field.words);
      case FieldType::Names:
        return view.json().string() != nullptr ? check_name(view) : check_list(view, check_name);
      default:
        return section(view, field.type);
    }
  }

  Result<void> section(const JsonView& view, FieldType type) {
    if (type == FieldType::Credentials) {
      return credentials(view);
    }
    return type == FieldType::Commands ? commands(view) : plain(view, type);
  }

  static Result<void> plain(const JsonView& view, FieldType type) {
    switch (type) {
      case FieldType::Text:
        return check_text(view);
      case FieldType::Name:
        return check_name(view);
      case FieldType::Words:
        return check_list(view, check_text);
      case FieldType::Hosts:
        return check_list(view, check_host);
      case FieldType::Ports:
        return check_list(view, check_port);
      case FieldType::Variables:
        return check_list(view, check_variable);
      case FieldType::Settings:
        return check_settings(view);
      case FieldType::Flag: {
        NONO_CHECK(view.boolean());
        return {};
      }
      case FieldType::Duration:
      case FieldType::Size:
      case FieldType::Count:
        return amount(view, type);
      case FieldType::Always:
        return check_always(view);
      default:
        return {};  // Anything
    }
  }

  static Result<void> amount(const JsonView& view, FieldType type) {
    if (type == FieldType::Duration) {
      return check_duration(view);
    }
    return type == FieldType::Size ? check_size(view) : check_count(view);
  }

  std::vector<Finding> findings_;
};

Result<bool> predicate_here(const JsonView& view) {
  NONO_TRY(const std::string text, view.string());
  const bool negated = text.starts_with('!');
  const std::string platform = text.substr(negated ? 1 : 0);
  if (platform == "linux" || platform == "macos") {
    return (platform == "linux") != negated;
  }
  if (platform.starts_with("macos:")) {
    return negated;
  }
  return std::unexpected(
      view.error("is not \"linux\" or \"macos\", perhaps after \"!\"; distributions and versions "
                 "are not told apart"));
}

}  // namespace

bool is_profile_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && name[0] != '.' && name[0] != '-' &&
         std::ranges::all_of(
             name,
             [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; }) &&
         std::ranges::none_of(kProfileEndings,
                              [&](std::string_view ending) { return name.ends_with(ending); });
}

bool is_group_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && std::ranges::all_of(name, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_';
  });
}

Result<std::vector<Finding>> check_fields(const Json& document) {
  Checker checker;
  NONO_CHECK(checker.object(JsonView(document), ""));
  return checker.take();
}

Result<bool> when_here(const JsonView& when) {
  if (when.json().array() == nullptr) {
    return predicate_here(when);
  }
  NONO_TRY(const std::vector<JsonView> any, when.elements(kMaxListEntries));
  bool here = false;
  for (const JsonView& one : any) {
    NONO_TRY(const bool holds, predicate_here(one));
    here = here || holds;
  }
  return here;
}

}  // namespace nono::profile
