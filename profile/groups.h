// profile/groups.h: named sets of paths, as data: what a toolchain or an agent keeps where, and
// why.
//
// The names are upstream nono's, so that its profiles load; what is in them is ours. What every
// agent gets anyway (profile/system_grants.h) and what none gets (profile/never_grant.h) is not
// repeated: such a group is empty and `instead` says what stands for it.
#pragma once

#include <span>
#include <string_view>

namespace nono::profile {

enum class GroupPlatform : unsigned char { Any, Linux, MacOs };

enum class GroupAccess : unsigned char {
  Read,       // a file or directory: read and execute
  ReadWrite,  // a directory: read, write and execute
  State,      // ReadWrite, and made (mode 0700) where it does not exist: the program needs it
  Settings,   // Read, and made likewise: it names programs that the user starts outside
  ReadFile,
  ReadWriteFile,
  Deny,
};
std::string_view text_of(GroupAccess access);  // "read", "read-write", …

struct GroupRow {
  std::string_view path;  // beginning with / or a variable (profile/variables.h)
  GroupAccess access;
  std::string_view why;
};

struct Group {
  std::string_view name;
  GroupPlatform platform;
  std::string_view description;
  std::span<const GroupRow> rows;
  std::string_view instead = {};  // where rows are not the whole answer
  bool enforced = true;           // false: it asks for what is not enforced, and that is said
};

std::span<const Group> all_groups();  // by name
const Group* find_group(std::string_view name);
bool is_of_this_platform(const Group& group);

}  // namespace nono::profile
