// base/mountinfo.h: the kernel's table of mounts (proc_pid_mountinfo(5)), cut into its fields.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nono {

// MountLine borrows the fields from the table, escaped as the kernel wrote them.
struct MountLine {
  std::string_view id;
  std::string_view parent;
  std::string_view device;  // "major:minor"
  std::string_view root;    // what of the file system is mounted; "net:[…]" and the like: no files
  std::string_view point;
  std::string_view type;
  std::string_view options;  // of the file system, not of the mount
};

// mount_lines are all lines that have these fields.
std::vector<MountLine> mount_lines(std::string_view table);

// mount_field undoes the octal escapes that the kernel writes for blanks and backslashes.
std::string mount_field(std::string_view text);

// read_mountinfo reads the table of this process as it is now.
Result<std::string> read_mountinfo();

}  // namespace nono
