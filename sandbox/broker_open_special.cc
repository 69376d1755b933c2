// sandbox/broker_open_special.cc: opens of FIFOs, terminals and other devices.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "sandbox/broker_open.h"
#include "sandbox/broker_open_job.h"
#include "sandbox/broker_terminals.h"
#include "sandbox/open_flags.h"

namespace nono::sandbox {

using trustpolicy::GuardClass;

// open_special opens a FIFO: with its caller's patience, and never under a guarded name.
Outcome Opener::open_special(Job& job, const OwnedFd& object, const struct stat& status) {
  const Touched touched{raw_path_of(object, status.st_nlink), requested_path(job)};
  if (auto fine = may_meet(job, touched, object, status); !fine) {
    return Outcome::error(fine.error());
  }
  const auto links = class_of_links(job, touched, status);
  if (!links || std::max(rules_.guard_of(touched, status, {object}), *links) != GuardClass::None) {
    return links ? refuse_special(job, touched) : Outcome::error(links.error());
  }
  record_pipe(job, touched.resolved);
  if (job.pipe.valid()) {
    return await_writer(job);
  }
  const int flags = (job.open.flags & ~(kMadeByBroker | O_NOFOLLOW)) | O_NOCTTY | O_CLOEXEC;
  const std::string path = fd_path(object);
  if (job.has(O_NONBLOCK) || (flags & O_ACCMODE) == O_RDWR) {
    OwnedFd fd(::open(path.c_str(), flags));
    return fd.valid() ? Outcome::pipe_end(std::move(fd), job.open.flags) : Outcome::error(errno);
  }
  return workers_.run(job.call, [&] {
    OwnedFd fd(static_cast<int>(
        retry_while_waiting(job.call.thread, [&] { return ::open(path.c_str(), flags); })));
    return fd.valid() ? Outcome::pipe_end(std::move(fd), job.open.flags) : Outcome::error(errno);
  });
}

// record_pipe tells of the end before it is there: who opens it may be a process of its own.
void Opener::record_pipe(const Job& job, const std::string& path) {
  const int mode = job.open.flags & O_ACCMODE;
  if (mode != O_WRONLY) {
    rules_.used("read", path);
  }
  if (mode != O_RDONLY) {
    rules_.used("write", path);
  }
}

Outcome Opener::meet_pipe(Job& job, OwnedFd fd, const struct stat& status) {
  job.pipe = std::move(fd);
  return open_special(job, job.pipe, status);
}

// await_writer serves the reading end that there is: what was written to it would be lost with it.
// That a writer came shows by what it writes, or by its end.
Outcome Opener::await_writer(Job& job) {
  if (job.has(O_NONBLOCK)) {
    return Outcome::pipe_end(std::move(job.pipe), job.open.flags);
  }
  return workers_.run(job.call, [&] {
    pollfd end{.fd = BorrowedFd(job.pipe).raw(), .events = POLLIN, .revents = 0};
    if (retry_while_waiting(job.call.thread, [&] { return ::poll(&end, 1, -1); }) < 0 ||
        ::fcntl(end.fd, F_SETFL, job.open.flags & kStatusFlags) != 0) {
      return Outcome::error(errno);
    }
    return Outcome::pipe_end(std::move(job.pipe), job.open.flags);
  });
}

// open_terminal opens the agent's own controlling terminal, whatever session the broker is in.
Outcome Opener::open_terminal(Job& job) {
  const auto device = job.call.thread.terminal();
  if (!device || *device == 0) {
    return Outcome::error(ENXIO);
  }
  const std::string path = path_of_terminal(*device);
  if (path.empty()) {
    return Outcome::error(ENXIO);
  }
  OwnedFd fd(::open(path.c_str(), (job.open.flags & ~kMadeByBroker) | kBrokerFlags));
  return fd.valid() ? hand_over(job, std::move(fd)) : terminal_of_streams(job, *device);
}

// terminal_of_streams: a terminal that the agent made for its children is in no grant; the one that
// asks holds it as a standard stream, and gets another descriptor of that.
Outcome Opener::terminal_of_streams(Job& job, dev_t device) {
  for (int stream = 0; stream <= 2; ++stream) {
    auto fd = job.call.thread.take_descriptor(stream);
    struct stat status{};
    if (fd && ::fstat(BorrowedFd(*fd).raw(), &status) == 0 && S_ISCHR(status.st_mode) &&
        same_terminal(device, status)) {
      return Outcome::descriptor(*std::move(fd), job.open.flags);
    }
  }
  return Outcome::error(ENXIO);
}

Outcome Opener::finish_special(Job& job, OwnedFd fd, const struct stat& status,
                               const Touched& touched) {
  return is_pseudo_terminal(status) && !owns_terminal(job, status) &&
                 !holds_master(job.call.thread, status)
             ? refuse(job, touched, "foreign-terminal",
                      "a process opens its own terminal only, and those that it made")
             : hand_over(job, std::move(fd));
}

// owns_terminal: the terminal is the caller's controlling one, or one of its standard streams.
bool Opener::owns_terminal(const Job& job, const struct stat& status) {
  const auto own = job.call.thread.terminal();
  if (own && *own != 0 && same_terminal(*own, status)) {
    return true;
  }
  for (int stream = 0; stream <= 2; ++stream) {
    struct stat held{};
    const auto fd = job.call.thread.take_descriptor(stream);
    if (fd && ::fstat(BorrowedFd(*fd).raw(), &held) == 0 && S_ISCHR(held.st_mode) &&
        held.st_rdev == status.st_rdev) {
      return true;
    }
  }
  return false;
}

Outcome Opener::refuse(const Job& job, const Touched& touched, std::string_view rule,
                       std::string_view why) {
  rules_.report(job.call, "open", touched.resolved, rule, why);
  return Outcome::error(EACCES);
}

Outcome Opener::refuse_special(const Job& job, const Touched& touched) {
  return refuse(job, touched, "guarded-not-regular", "a guarded name must be a regular file");
}

}  // namespace nono::sandbox
