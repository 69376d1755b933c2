// sandbox/mount_view.h: a file system of the sandbox's own, in which there is what was granted and
// nothing else.
//
// Landlock has no right for looking: stat(2), access(2) and readlink(2) of a path outside the
// grants tell whether it exists, its size, owner and times. In a mount namespace in which it is not
// mounted there is nothing to tell of. Every other rule stays as it is, Landlock's above all: this
// takes away what those leave visible, and gives nothing.
//
// The root is an empty file system in memory. In it lie, under their own names: each granted
// directory or file with all that is mounted beneath it, the directories that lead there (empty but
// for that), and links to what is granted. What is granted in one place is one mount: a rename or
// hard link from one of them to another is EXDEV, as between file systems.
//
// Where pseudo-terminals can be made, the devices in /dev are there, all of them: the kernel looks
// for `pts` beside `ptmx` in one and the same mount. The directories in it are empty, but for what
// is granted and what leads there.
//
// A user who is not root needs a user namespace for it (sandbox/own_namespaces.h).
#pragma once

#include <sys/types.h>

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sandbox/capability_set.h"

namespace nono::sandbox {

class MountView {
 public:
  MountView() = default;  // of nothing: an empty root
  // of plans a view of what `capabilities` grant. `places` (absolute) are there as directories in
  // any case, and empty where nothing in them is granted: the working directory, the user's home.
  // It looks at the file system as it is now; a grant that is another object when the view is
  // entered is not mounted: entering fails.
  static MountView of(const CapabilitySet& capabilities, std::span<const std::string> places);

  // show_way adds the links that `path` (absolute) leads over, whatever they lead to.
  void show_way(const std::string& path);

  // shows reports whether `path` is granted, or leads there.
  bool shows(std::string_view path) const;

  // enter replaces the root of the calling process, which must be alone in a mount namespace of its
  // own and have its capabilities there; 0, or the errno of what failed: the process is of no use
  // then. ESTALE: a granted path leads to another object now. It allocates nothing. The
  // working directory is the new root, and so is a standard stream that was a directory; other
  // descriptors lead where they led, and must not be left to who is to see nothing.
  int enter() const noexcept;

 private:
  enum class Kind : unsigned char { Directory, Link, Tree, File, Cover, Root };  // four are mounted
  struct Entry {
    Kind kind = Kind::Directory;
    std::string target;  // of a link
    dev_t device = 0;    // of what is mounted; covers and roots are of the view's own: a
                         // cover stays empty, in a root there are more entries
    ino_t inode = 0;
  };
  class Planner;

  bool mounted_above(std::string_view path) const;
  bool leads_in(std::string_view path) const;
  static int put(int root, const std::string& path, const Entry& entry) noexcept;
  int fill(int root) const noexcept;

  std::map<std::string, Entry, std::less<>> entries_;  // by path, so parents come first
};

// try_own_mounts says whether a process of this user can enter a view, by a child: 0 or the errno.
int try_own_mounts();

}  // namespace nono::sandbox
