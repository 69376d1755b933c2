// profile/schema.h: which fields a profile may have, of which type, and what nono does with each.
//
// One table (schema_table.cc) from which the parser refuses what it does not know and from which
// docs/profile.schema.json is made. The fields of upstream nono's profiles are all in it: one that
// this version cannot enforce is known by name, so that it is said or refused and never ignored.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace nono::profile {

enum class FieldType : unsigned char {
  Object,       // its members are rows of their own
  Text,         // a string
  Name,         // of a profile
  Names,        // one name or a list of names of profiles
  Groups,       // a list of names of groups, or an object {include, exclude}
  GroupList,    // a list of names of groups, each a string or {name, when}
  Paths,        // a list of paths, each a string or {path, when}
  Words,        // a list of strings
  Hosts,        // a list of host names
  Ports,        // a list of 1..65535
  Variables,    // a list of names of variables, with * where it is a pattern
  Settings,     // an object of strings: NAME to value
  Credentials,  // an object: SOURCE to the variable that its value is put into
  Commands,     // command_policies (profile/tool_sandbox.h)
  Flag,         // true or false
  Choice,       // one of the words of the row
  Duration,     // 90s, 10m, 1h30m
  Size,         // 4096, 64K, 512M, 8G: a string
  Count,        // a whole number from 1
  Always,       // true, and nothing else
  Anything,     // known by name only
};

// What happens where a field asks for something. A field that is null, false or empty asks for
// nothing.
enum class FieldEffect : unsigned char {
  Used,
  Said,     // has no effect here and takes nothing away: the user is told
  Refused,  // cannot be enforced or given: no agent is started under it
};

struct Field {
  std::string_view path;  // "filesystem.allow"
  FieldType type;
  FieldEffect effect;
  std::string_view help;        // for the schema; where it is not Used: why, as in "…: <help>"
  std::string_view words = {};  // of a Choice: "none read write"
};
std::span<const Field> profile_fields();
// find_field returns the row of a dotted path, or null.
const Field* find_field(std::string_view path);

// Finding is a field that asks for what it does not get.
struct Finding {
  std::string pointer;  // JSON pointer
  FieldEffect effect;   // Said or Refused
  std::string why;
};

inline constexpr std::size_t kMaxListEntries = 1024;
inline constexpr std::size_t kMaxNameBytes = 64;

// is_profile_name: letters, digits, `.`, `_`, `-`, not beginning with `.` or `-`, not ending like
// the file of a profile (which --profile would take it for), at most kMaxNameBytes.
bool is_profile_name(std::string_view name);
// is_group_name: lower-case letters, digits and `_`, at most kMaxNameBytes.
bool is_group_name(std::string_view name);

// check_fields refuses what no row allows (InvalidInput with the pointer) and lists what the
// document asks for and does not get.
Result<std::vector<Finding>> check_fields(const Json& document);

// when_here evaluates a platform predicate of a path or group ("linux", "!macos", a list of which
// one must hold). Predicates of distributions and versions are Unsupported.
Result<bool> when_here(const JsonView& when);

// schema_document is docs/profile.schema.json.
Json schema_document();

}  // namespace nono::profile
