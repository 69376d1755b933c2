// profile/compose.h: a profile with everything that it extends, and its groups, as one value.
//
// Parents come first, in the order of `extends`, each once. What a child adds must lie in what the
// denials of all of them leave; a denial cannot be taken back, nor a blocked network opened, nor a
// limit raised. Landlock grants whole hierarchies: a denial inside of a grant could not be
// kept and is refused. Nothing is looked up in the file system here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "profile/groups.h"
#include "profile/model.h"
#include "profile/variables.h"
#include "sandbox/capability_set.h"

namespace nono::profile {

// Presence says what happens where a granted path does not exist at the start.
enum class Presence : unsigned char {
  Quiet,  // left out: groups name what some machines have
  Said,   // left out, and the user is told
  Made,   // made, a directory of mode 0700
};

struct ComposedGrant {
  std::string path;    // absolute, normal
  std::string origin;  // "profile claude-code, group node_runtime"
  sandbox::Access access = sandbox::Access::none();
  sandbox::WantedKind kind = sandbox::WantedKind::Any;
  Presence presence = Presence::Said;
};

struct ComposedDenial {
  std::string path;
  std::string origin;
};

struct ComposedFinding {
  std::string origin;  // "profile p: /commands/deny"
  FieldEffect effect;
  std::string why;
};

// ComposedTool says whose sandbox a run has. `grants` and `environment` of the Composed are that
// sandbox's then, and nothing else's.
struct ComposedTool {
  std::string command;
  std::string executable;  // absolute, normal
  std::string origin;
  std::vector<std::string> put_aside;  // what the profile grants beside it: "r-x /usr/lib/x"
};

struct Composed {
  std::string name;
  std::vector<std::string> lineage;  // names, parents first, itself last
  std::vector<std::string> groups;   // in effect on this platform
  std::vector<ComposedGrant> grants;
  std::vector<ComposedDenial> denials;
  NetworkPart network;
  EnvironmentPart environment;
  std::vector<Credential> credentials;  // each variable once; origin: profile and pointer
  std::optional<ComposedTool> tool;
  CommandsPart commands;
  bool scan_all = false;
  bool strict_intercept = false;
  bool audit_required = false;
  sandbox::Limits limits;
  std::optional<WorkdirAccess> workdir;
  std::vector<ComposedFinding> findings;
};

inline constexpr std::size_t kMaxLineageDepth = 16;
inline constexpr std::size_t kMaxLineage = 64;
inline constexpr std::size_t kMaxComposedPaths = 2048;

// FindProfile looks a name of `extends` up.
using FindProfile = std::function<Result<Profile>(const std::string& name)>;

// compose resolves `profile`, which is called `name`. Every error is Usage and names the profile
// and the place in it.
Result<Composed> compose(const Profile& profile, const std::string& name,
                         const Variables& variables, const FindProfile& find);

// tighten lowers each limit to that of `by` where that is smaller or the only one.
void tighten(sandbox::Limits& limits, const sandbox::Limits& by);

// refusals are the findings that keep an agent from being started under the profile.
std::vector<ComposedFinding> refusals(const Composed& composed);

}  // namespace nono::profile
