// base/mount_names.h: under which other names this process can reach what a path names.
//
// A bind mount shows the same files at another place, and what is mounted below a directory belongs
// to what can be reached through it. Both are told by the kernel's table of mounts alone
// (proc_pid_mountinfo(5)): a mount is a part of a file system (its root) at a place (its point).
// Two paths name the same thing where they lead to the same place of the same file system. Hard
// links are not mounts and not told; nor is a part of an NFS, whose root the kernel does not tell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mountinfo.h"
#include "base/result.h"

namespace nono {

class MountNames {
 public:
  struct Name {
    std::string path;   // another name of the whole, or of a part of it
    std::string point;  // where the mount lies that gives it that name
    bool part;          // it names what is mounted somewhere below, not the path itself
  };

  // read takes the table of this process as it is now.
  static Result<MountNames> read();
  // from_table takes the text of a mountinfo and the number of the mount that "/" lies on.
  static MountNames from_table(std::string_view mountinfo, std::uint64_t root);

  // of lists the other names of `real` (absolute, normal, no links in it) and of what is mounted
  // below it; names that lie below `real` themselves are left out.
  std::vector<Name> of(const std::string& real) const { return of(real, Doubtful::Asked); }
  // all_of asks no server: where the table does not tell, names may be too many.
  std::vector<Name> all_of(const std::string& real) const { return of(real, Doubtful::Taken); }

 private:
  struct Mount {
    std::uint64_t id;
    std::uint64_t parent;
    std::string device;
    std::string root;
    std::string point;
    bool tells_root;
    std::string below = {};         // where it lies in the file system of its parent
    std::string device_below = {};  // which that is
  };
  struct Region;
  enum class Doubtful : unsigned char { Asked, Taken };
  std::vector<Name> of(const std::string& real, Doubtful doubtful) const;
  static std::optional<Mount> mount_of(const MountLine& line);
  const Mount* by_id(std::uint64_t id) const;
  const Mount* at(std::string_view path) const;
  std::vector<Region> regions(const std::string& real) const;
  std::optional<Name> name_by(const Mount& mount, const Region& region, Doubtful doubtful) const;
  std::vector<Mount> mounts_;
  std::uint64_t root_ = 0;
  bool shared_ = false;  // a file system is mounted more than once
};

}  // namespace nono
