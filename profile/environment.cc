// profile/environment.cc: applies the rules.
#include "profile/environment.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "profile/environment_rules.h"

namespace nono::profile {
namespace {

constexpr std::string_view kOwnPattern = "NONO_*";

struct Entry {
  std::string_view name;
  std::string_view value;
};

// Without `=`, or with nothing before it, the whole text is the name of what is dropped.
Entry split(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return {.name = text, .value = {}};
  }
  return {.name = text.substr(0, equals), .value = text.substr(equals + 1)};
}

bool is_well_formed(std::string_view text) {
  return text.find('=') != std::string_view::npos && !text.starts_with('=');
}

Result<void> check(const EnvironmentOptions& options) {
  for (const std::string& allowed : options.allow) {
    if (allowed.empty() || allowed.starts_with('=') || allowed.contains('\0')) {
      return std::unexpected(
          Error(ErrorKind::Usage,
                "--env " + shell_quote(printable(allowed)) + ": names no variable")
              .mend_with("--env NAME lets a variable through, --env NAME=VALUE sets it"));
    }
  }
  for (const std::string& glob : options.allow_globs) {
    if (glob.empty() || glob.contains('=') || glob.contains('\0')) {
      return std::unexpected(
          Error(ErrorKind::Usage,
                "--env-allow " + shell_quote(printable(glob)) + ": not a pattern of names")
              .mend_with("--env-allow 'AWS_*' lets through what starts with AWS_"));
    }
  }
  return {};
}

// named returns the `--env` option for a name, the last one where there are several.
const std::string* named(const EnvironmentOptions& options, std::string_view name) {
  const auto found =
      std::find_if(options.allow.rbegin(), options.allow.rend(),
                   [&](const std::string& text) { return split(text).name == name; });
  return found == options.allow.rend() ? nullptr : &*found;
}

bool is_set(const EnvironmentOptions& options, std::string_view name) {
  return std::ranges::any_of(options.set, [&](const auto& each) { return each.first == name; });
}

bool fits_any(const std::vector<std::string>& patterns, std::string_view name) {
  return std::ranges::any_of(
      patterns, [&](const std::string& pattern) { return fits_pattern(pattern, name); });
}

bool fits_a_glob(const EnvironmentOptions& options, std::string_view name) {
  return !fits_pattern(kOwnPattern, name) && fits_any(options.allow_globs, name);
}

// names_a_socket: a path as it stands (SSH_AUTH_SOCK), an address of D-Bus or of a container
// engine.
bool names_a_socket(const std::vector<std::string>& sockets, std::string_view value) {
  static constexpr std::array<std::string_view, 3> kPrefixes{"unix:path=", "unix://", "unix:"};
  const auto* prefix = std::ranges::find_if(
      kPrefixes, [value](std::string_view each) { return value.starts_with(each); });
  if (prefix != kPrefixes.end()) {
    value.remove_prefix(prefix->size());
  }
  return std::ranges::find(sockets, value) != sockets.end();
}

std::optional<EnvironmentClass> dropped(std::string_view name, std::string_view value,
                                        const EnvironmentOptions& options) {
  if (named(options, name) != nullptr || fits_a_glob(options, name)) {
    return std::nullopt;
  }
  if (fits_any(options.deny, name) || (options.only && !fits_any(*options.only, name))) {
    return EnvironmentClass::ByProfile;
  }
  const auto why = why_dropped(name, value);
  return why == EnvironmentClass::AgentSocket && names_a_socket(options.sockets, value)
             ? std::nullopt
             : why;
}

// Plan collects the entries; each name is decided once.
class Planner {
 public:
  explicit Planner(const EnvironmentOptions& options) : options_(options) {}

  void add(std::string_view text) {
    if (!is_well_formed(text)) {
      dropped_.emplace(text);
      return;
    }
    const Entry entry = split(text);
    if (is_set(options_, entry.name) || !seen_.emplace(entry.name).second) {
      return;
    }
    const std::string* option = named(options_, entry.name);
    if (option != nullptr && option->contains('=')) {
      plan_.kept.push_back(*option);
    } else if (dropped(entry.name, entry.value, options_)) {
      dropped_.emplace(entry.name);
    } else {
      plan_.kept.emplace_back(text);
    }
  }
  void add_what_is_set() {
    for (const std::string& option : options_.allow) {
      const Entry entry = split(option);
      if (option.contains('=') && named(options_, entry.name) == &option &&
          !is_set(options_, entry.name) && seen_.emplace(entry.name).second) {
        plan_.kept.push_back(option);
      }
    }
    for (const auto& [name, value] : options_.set) {
      std::string text = name;
      text += '=';
      text += value;
      plan_.kept.push_back(std::move(text));
    }
  }
  EnvironmentPlan take() && {
    plan_.dropped_names.assign(dropped_.begin(), dropped_.end());
    return std::move(plan_);
  }

 private:
  const EnvironmentOptions& options_;
  EnvironmentPlan plan_;
  std::set<std::string, std::less<>> seen_;
  std::set<std::string, std::less<>> dropped_;
};

}  // namespace

Result<EnvironmentPlan> plan_environment(std::span<const char* const> environment,
                                         const EnvironmentOptions& options) {
  NONO_CHECK(check(options));
  Planner planner(options);
  for (const char* const text : environment) {
    if (text == nullptr) {
      break;
    }
    planner.add(text);
  }
  planner.add_what_is_set();
  return std::move(planner).take();
}

std::optional<std::string> why_not_passed(std::string_view name, std::string_view value,
                                          const EnvironmentOptions& options) {
  if (is_set(options, name)) {
    return std::nullopt;
  }
  const auto why = dropped(name, value, options);
  return why ? std::optional<std::string>(text_of(*why)) : std::nullopt;
}

}  // namespace nono::profile
