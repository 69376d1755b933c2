// profile/system_grants.cc: grants the table, and goes around what is never granted in /etc.
#include "profile/system_grants.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "base/files.h"
#include "profile/environment_rules.h"

namespace nono::profile {
namespace {

using enum SystemAccess;
using sandbox::Access;
using sandbox::CapabilitySet;

Access rights_of(SystemAccess access) {
  switch (access) {
    case Programs:
      return Access::read() | Access::execute();
    case Facts:
      return Access::read();
    case Device:
      return Access::read() | Access::write();
  }
  return Access::none();
}

std::string origin(std::string_view why) {
  return "built in: " + std::string(why);
}

// What this system does not have, or keeps from this user, needs no grant.
Result<void> allow_if_there(CapabilitySet& capabilities, const std::string& path, Access access,
                            std::string_view why) {
  auto allowed = capabilities.allow_path(path, access, origin(why));
  if (!allowed && (allowed.error().kind() == ErrorKind::NotFound ||
                   allowed.error().kind() == ErrorKind::PermissionDenied)) {
    return {};
  }
  return allowed;
}

bool is_configuration(std::string_view name) {
  // The first character decides nearly always; this runs for every name in /etc at every start.
  return std::ranges::any_of(configuration_names(), [&](std::string_view pattern) {
    return (pattern.front() == name.front() || pattern.front() == '*') &&
           fits_pattern(pattern, name);
  });
}

enum class LinkKind : unsigned char { None, IntoUsr, Elsewhere };

// A link into /usr, which is granted, needs no grant of its own: /bin and its like.
LinkKind link_kind(const std::string& path) {
  std::array<char, 64> target{};
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  if (length < 0) {
    return LinkKind::None;
  }
  const std::string_view text(target.data(), static_cast<std::size_t>(length));
  return text.starts_with("usr/") || text.starts_with("/usr/") ? LinkKind::IntoUsr
                                                               : LinkKind::Elsewhere;
}

// needs_grant refuses links to what is never granted; other paths are known not to be hidden.
bool needs_grant(const std::string& path, const NeverGrantList& never) {
  switch (link_kind(path)) {
    case LinkKind::None:
      return true;
    case LinkKind::IntoUsr:
      return false;
    case LinkKind::Elsewhere:
      return !never.find(path, GrantUse::Reading);
  }
  return false;
}

enum class Choice : unsigned char { All, Configuration };

std::vector<std::string> chosen(std::vector<std::string> names, Choice choice) {
  std::erase_if(names, [choice](const std::string& name) {
    return name == "." || name == ".." || (choice != Choice::All && !is_configuration(name));
  });
  std::ranges::sort(names);
  return names;
}

constexpr int kMaxDepth = 3;
constexpr std::size_t kMaxEntries = 64;

// gives_away reports whether a secret is readable to this process. A directory that can be listed
// gives nothing away as long as nothing in it can be read; a large or deep one is not searched.
bool gives_away(const std::string& path, const NeverGrantList& never, int depth) {
  struct stat status{};
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0 ||
      ::stat(path.c_str(), &status) != 0) {
    return false;
  }
  if (!S_ISDIR(status.st_mode) || depth == 0) {
    return true;
  }
  const std::vector<std::string> names = chosen(never.names_at_first(path), Choice::All);
  return names.size() > kMaxEntries || std::ranges::any_of(names, [&](const std::string& name) {
           return gives_away(join_path(path, name), never, depth - 1);
         });
}

// Around collects what programs need of a directory but for what is hidden; it goes down only where
// something is hidden.
class Around {
 public:
  Around(const NeverGrantList& never, std::vector<std::string> hidden)
      : never_(never), hidden_(std::move(hidden)) {}

  std::vector<std::string> paths(const std::string& etc) {
    look_into(etc, Choice::Configuration);
    while (!waiting_.empty()) {
      const std::string here = std::move(waiting_.back());
      waiting_.pop_back();
      look_into(here, Choice::All);
    }
    return std::move(found_);
  }

 private:
  void look_into(const std::string& here, Choice choice) {
    for (const std::string& name : chosen(never_.names_at_first(here), choice)) {
      std::string path = join_path(here, name);
      if (std::ranges::find(hidden_, path) != hidden_.end()) {
        continue;
      }
      if (std::ranges::any_of(hidden_, [&](const auto& each) { return beneath(path, each); })) {
        waiting_.push_back(std::move(path));
      } else if (needs_grant(path, never_)) {
        found_.push_back(std::move(path));
      }
    }
  }

  const NeverGrantList& never_;
  std::vector<std::string> hidden_;
  std::vector<std::string> waiting_;
  std::vector<std::string> found_;
};

// What is a link out of /etc is not covered by the grant of /etc.
Result<void> allow_linked_names(CapabilitySet& capabilities, const NeverGrantList& never,
                                const std::string& etc) {
  for (const char* name : {"resolv.conf", "hosts", "hostname", "nsswitch.conf"}) {
    const std::string path = join_path(etc, name);
    if (link_kind(path) == LinkKind::Elsewhere && needs_grant(path, never)) {
      NONO_CHECK(allow_if_there(capabilities, path, Access::read(), "names of hosts"));
    }
  }
  return {};
}

Result<void> allow_configuration(CapabilitySet& capabilities, const NeverGrantList& never,
                                 const std::string& etc) {
  std::vector<std::string> hidden = never.hidden_at_first(etc);
  std::erase_if(hidden,
                [&](const std::string& path) { return !gives_away(path, never, kMaxDepth); });
  if (!hidden.empty()) {
    for (const std::string& path : Around(never, std::move(hidden)).paths(etc)) {
      NONO_CHECK(allow_if_there(capabilities, path, Access::read(), "configuration"));
    }
    return {};
  }
  NONO_CHECK(allow_linked_names(capabilities, never, etc));
  return allow_if_there(capabilities, etc, Access::read(), "configuration");
}

Result<void> allow_table(CapabilitySet& capabilities) {
  for (const SystemGrantRow& row : system_grant_rows()) {
    const std::string path(row.path);
    const bool top_level = path.rfind('/') == 0;  // where merged systems have their links
    if (!top_level || link_kind(path) != LinkKind::IntoUsr) {
      NONO_CHECK(allow_if_there(capabilities, path, rights_of(row.access), row.why));
    }
  }
  return {};
}

Result<void> allow_session_places(CapabilitySet& capabilities, const SystemGrantOptions& options) {
  if (!options.private_tmp.empty()) {
    NONO_CHECK(capabilities.allow_path(
        options.private_tmp, Access::read() | Access::write() | Access::execute(),
        origin("temporary files of this session"), sandbox::WantedKind::Directory));
  }
  if (!options.own_terminal.empty()) {
    NONO_CHECK(capabilities.allow_path(options.own_terminal, Access::read() | Access::write(),
                                       origin("the agent's own terminal"),
                                       sandbox::WantedKind::File));
  }
  return {};
}

}  // namespace

Result<void> add_system_grants(CapabilitySet& capabilities, const NeverGrantList& never,
                               const SystemGrantOptions& options) {
  NONO_CHECK(allow_table(capabilities));
  NONO_CHECK(allow_configuration(capabilities, never, options.etc));
  return allow_session_places(capabilities, options);
}

}  // namespace nono::profile
