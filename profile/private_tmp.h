// profile/private_tmp.h: a directory for temporary files that one session has for itself.
//
// /tmp is shared with programs outside the sandbox (sockets, predictable names), so no agent gets
// it: it gets a directory of its own, and the variables that make programs use it.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono::profile {

// default_tmp_base is $TMPDIR where `tmpdir` is an absolute path of a directory, else /tmp. The
// runtime directory is not used: it is a small file system in memory, and builds write gigabytes.
std::string default_tmp_base(const std::string& tmpdir);

class PrivateTmp {
 public:
  // create makes `<base>/nono-<12 hexadecimal digits>` (0700, never an existing one). It is the
  // runtime directory, too.
  static Result<PrivateTmp> create(const std::string& base);
  // adopt takes over what an earlier process left behind: only a directory of this user's whose
  // name is of create's making, and which is still that object. NotFound for anything else.
  static Result<PrivateTmp> adopt(const std::string& path, std::uint64_t device,
                                  std::uint64_t inode);
  // sweep_unused removes the directories in `base` that starts left which were killed before their
  // session had an entry: only empty ones of create's making, of this user, that nobody holds (its
  // maker locks a directory for as long as it has it) and that have been there for a minute, since
  // a new one is not locked at once. `kept` are paths to leave alone.
  static void sweep_unused(const std::string& base, const std::vector<std::string>& kept);
  PrivateTmp(PrivateTmp&& other) noexcept;
  PrivateTmp& operator=(PrivateTmp&& other) noexcept;
  PrivateTmp(const PrivateTmp&) = delete;
  PrivateTmp& operator=(const PrivateTmp&) = delete;
  // The destructor removes what is left, in the process that created it only, and says nothing.
  ~PrivateTmp();

  const std::string& path() const { return path_; }
  Result<struct stat> status() const;
  // variables are TMPDIR, TMP, TEMP, TMUX_TMPDIR, XDG_RUNTIME_DIR, and TMPPREFIX: with what zsh,
  // which goes by no other, begins the names of its here-documents.
  std::vector<std::pair<std::string, std::string>> variables() const;

  // remove deletes the directory with all that is in it: by descriptors, never following a link,
  // staying on its file system, whatever modes the agent has set. The agent's processes must be
  // gone. What cannot be removed is an error that names it; the rest is removed.
  Result<void> remove();

 private:
  void remove_quietly();
  PrivateTmp(OwnedFd base, OwnedFd top, std::string path);
  OwnedFd base_;
  OwnedFd top_;
  std::string path_;
  pid_t owner_;
};

}  // namespace nono::profile
