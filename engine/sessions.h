// engine/sessions.h: the sessions that run now, and what killed ones left behind.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/directories.h"
#include "sandbox/supervisor.h"
#include "session/registry.h"

namespace nono::engine {

// Sessions is a look at the directory of sessions. Taking it sweeps: of a session whose supervisor
// was killed the temporary directory, the control group and the entry are removed, and what starts
// left that were killed before they had one.
struct Sessions {
  std::vector<session::ListedSession> live;
  std::vector<std::string> swept;      // ids
  std::vector<std::string> left_over;  // what could not be removed, in words
};
Result<Sessions> look_at_sessions(const UserDirectories& user);

// stop_session ends a live session and returns when its supervisor is gone, and what it left behind
// is swept. True: it did not go in time, and was killed.
Result<bool> stop_session(const UserDirectories& user, const session::SessionRecord& session,
                          sandbox::StopHow how);

}  // namespace nono::engine
