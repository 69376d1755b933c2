#include "engine/sessions.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "profile/private_tmp.h"
#include "sandbox/cgroup.h"
#include "sandbox/process_tree.h"

namespace nono::engine {
namespace {

using session::SessionRecord;
using session::SessionState;

// The supervisor's own five seconds, and some to seal the log and clean up.
constexpr std::chrono::milliseconds kPatience{8000};
constexpr std::chrono::milliseconds kAfterKill{2000};

void sweep(const std::string& directory, const SessionRecord& record, Sessions& out) {
  // Where the broker was killed as well, the agent's processes live on in their group.
  const std::string leaf = "nono-" + std::to_string(record.supervisor) + "-";
  if (base_name(record.control_group).starts_with(leaf) &&
      !sandbox::remove_abandoned_group(record.control_group)) {
    out.left_over.push_back("processes in " + printable(record.control_group) + " do not end");
    return;  // its entry stays, so that the next sweep tries again
  }
  auto tmp = record.temporary.empty()
                 ? Result<profile::PrivateTmp>(fail(ErrorKind::NotFound, "none"))
                 : profile::PrivateTmp::adopt(record.temporary, record.temporary_device,
                                              record.temporary_inode);
  if (tmp) {
    if (const auto removed = tmp->remove(); !removed) {
      out.left_over.push_back(removed.error().message());
      return;  // its entry stays, so that the next sweep tries again
    }
  }
  session::remove_entry(directory, record);
  out.swept.push_back(record.id);
}

// sweep_temporary looks where a session of this environment would have its directory.
void sweep_temporary(const Sessions& sessions) {
  std::vector<std::string> kept;
  kept.reserve(sessions.live.size());
  for (const session::ListedSession& each : sessions.live) {
    kept.push_back(each.record.temporary);
  }
  const char* tmpdir = ::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  profile::PrivateTmp::sweep_unused(profile::default_tmp_base(tmpdir == nullptr ? "" : tmpdir),
                                    kept);
}

Result<void> kill_supervisor(BorrowedFd pidfd, const std::string& id) {
  ::syscall(SYS_pidfd_send_signal, pidfd.raw(), SIGKILL, nullptr, 0);
  if (!sandbox::await_end(pidfd, kAfterKill)) {
    return fail(ErrorKind::System,
                "session " + id + " does not end: its supervisor hangs in the kernel");
  }
  return {};
}

}  // namespace

Result<Sessions> look_at_sessions(const UserDirectories& user) {
  const std::string directory = session_directory(user);
  session::sweep_dead_starts(directory);
  NONO_TRY(std::vector<session::ListedSession> all, session::list_sessions(directory));
  Sessions out;
  for (session::ListedSession& each : all) {
    if (each.state == SessionState::Stale) {
      sweep(directory, each.record, out);
    } else {
      out.live.push_back(std::move(each));
    }
  }
  sweep_temporary(out);
  sandbox::sweep_unused_groups();
  return out;
}

Result<bool> stop_session(const UserDirectories& user, const SessionRecord& session,
                          sandbox::StopHow how) {
  const OwnedFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, session.supervisor, 0)));
  // The descriptor holds whoever has the number now; only then is its identity looked at.
  if (!pidfd.valid() || !sandbox::lives(session.supervisor, session.start_ticks)) {
    return std::unexpected(
        Error(ErrorKind::NotFound, "the supervisor of session " + session.id + " is not here")
            .mend_with("it runs in another container, or has just ended: nono ps"));
  }
  if (!sandbox::request_stop(pidfd, how)) {
    return fail_errno(errno, "stopping session " + session.id);
  }
  const bool killed = !sandbox::await_end(pidfd, kPatience);
  if (killed) {
    NONO_CHECK(kill_supervisor(pidfd, session.id));
  }
  NONO_CHECK(look_at_sessions(user));  // whatever ended it may have kept it from tidying up
  return killed;
}

}  // namespace nono::engine
