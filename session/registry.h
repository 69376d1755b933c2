// session/registry.h: the sessions that run now: one small file each, in the user's state.
//
// A file is not proof that its session lives: the supervisor may have been killed. Proof is a
// process of that number and start time that has not ended, or the lock that the supervisor holds
// on its file: it ends with its holder, whatever ended that, and it is seen from other pid
// namespaces, too. Only what is neither may be swept. No agent reaches the directory: nono's state
// is never granted.
//
// An entry has its name only once it is whole and locked: until then it is a draft, `<id>.new`.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono::session {

// SessionRecord is what a session says of itself. Texts are as printable() makes them.
struct SessionRecord {
  std::string id;    // 16 hexadecimal digits
  std::string name;  // may be empty
  pid_t supervisor = -1;
  std::uint64_t start_ticks = 0;  // of the supervisor, since boot
  std::string started;            // RFC 3339
  std::vector<std::string> command;
  std::string working_directory;
  std::string temporary;  // the private directory for temporary files, and its identity
  std::uint64_t temporary_device = 0;
  std::uint64_t temporary_inode = 0;
  std::string control_group;  // may be empty
};

// is_session_name takes 1 to 64 of A-Z a-z 0-9 . _ - that do not look like an id.
bool is_session_name(std::string_view name);

// LiveSession is the entry of a session while it runs; its process removes it in the end.
class LiveSession {
 public:
  // enter writes the entry. With a name it makes sure that no live session has the same one
  // (PermissionDenied), which takes a look at every entry; without, one file is written and
  // renamed. Nothing is synchronised. `supervisor` and `start_ticks` are filled in: this process's.
  static Result<LiveSession> enter(const std::string& directory, SessionRecord record);
  LiveSession(LiveSession&& other) noexcept = default;
  LiveSession& operator=(LiveSession&&) = delete;
  ~LiveSession();

 private:
  LiveSession(OwnedFd file, std::string path);
  OwnedFd file_;  // holds the lock
  std::string path_;
  pid_t owner_;
};

enum class SessionState : unsigned char {
  Running,
  Elsewhere,  // its lock is held, and its process is not visible here: another pid namespace
  Stale,
};
struct ListedSession {
  SessionRecord record;
  SessionState state = SessionState::Stale;
};
// list_sessions reads every entry, oldest first; a directory that is not there has none. What is no
// entry is left out.
Result<std::vector<ListedSession>> list_sessions(const std::string& directory);

// find_session takes a name, an id, or at least 4 leading digits of one id, among those that are
// not stale. NotFound, or Usage where several fit.
Result<ListedSession> find_session(const std::vector<ListedSession>& sessions,
                                   std::string_view wanted);

// remove_entry removes the file of a stale session.
void remove_entry(const std::string& directory, const SessionRecord& record);

// sweep_dead_starts removes what starts left that were killed before they had an entry: drafts and
// empty entries that nobody holds, control sockets without an entry. A session has its entry before
// its socket, and for longer.
void sweep_dead_starts(const std::string& directory);

}  // namespace nono::session
