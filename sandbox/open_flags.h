// sandbox/open_flags.h: flags of open(2), and the opens that the broker makes with them.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/owned_fd.h"
#include "sandbox/expansion.h"
#include "sandbox/resolve.h"

namespace nono::sandbox {

// Flags that open(2) knows; openat2(2) would refuse others, open(2) ignores them.
inline constexpr int kKnownFlags = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND |
                                   O_NONBLOCK | O_DSYNC | O_ASYNC | O_DIRECT | O_LARGEFILE |
                                   O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_SYNC;
inline constexpr int kMadeByBroker = O_CREAT | O_EXCL | O_TRUNC;
inline constexpr int kStatusFlags = O_APPEND | O_DIRECT | O_NOATIME | O_ASYNC | O_NONBLOCK;
// Never block in an open, never gain a terminal, never leak to a child.
inline constexpr int kBrokerFlags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

// open_plain opens what is there (openat2), and makes and empties nothing.
OwnedFd open_plain(int base, const std::string& path, int flags, std::uint64_t resolve);
// meets_link reports whether the way leads over a link of those that `resolve` (openat2) forbids.
bool meets_link(int base, const std::string& path, std::uint64_t resolve);
// make_file makes the file with the agent's own mode, under its umask.
OwnedFd make_file(const NamedPlace& place, int flags, mode_t mode, mode_t mask);
// make_nameless makes a file without a name (O_TMPFILE) in the directory at `path`, likewise.
OwnedFd make_nameless(const std::string& path, int flags, mode_t mode, mode_t mask);
// for_writing opens a regular file again, for writing: so Landlock says on the object itself who
// may change its size. Below ABI 3 it does not hear of that, and files without a name have no path
// to judge by.
OwnedFd for_writing(const OwnedFd& fd);
// emptied empties what was opened by these flags; O_RDONLY|O_TRUNC empties too.
bool emptied(const OwnedFd& fd, int flags);

// opens_at_once: no open of this type waits for anybody.
bool opens_at_once(const struct stat& status);
// never_opened is the errno of what is a link still, or a directory that is to be made as a file.
int never_opened(mode_t mode, bool creates);
// has_room: the thread has a number left for a descriptor.
bool has_room(pid_t thread);
// kept_for_owner is fs.protected_regular and fs.protected_fifos: in a sticky directory that others
// may write to, O_CREAT opens no file of somebody else's but the directory's owner's. The kernel
// looks at opens with O_CREAT only, and the broker makes none of what is there. What was spelt as a
// descriptor has no directory.
bool kept_for_owner(std::string_view spelt, const std::string& path, const struct stat& status);

bool writes(int flags);
ExpansionKind kind_of(int flags);

}  // namespace nono::sandbox
