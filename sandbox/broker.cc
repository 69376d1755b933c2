#include "sandbox/broker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/files.h"
#include "sandbox/broker_execute.h"
#include "sandbox/broker_hidden.h"
#include "sandbox/broker_metadata.h"
#include "sandbox/broker_names.h"
#include "sandbox/broker_open.h"
#include "sandbox/broker_signals.h"
#include "sandbox/broker_sockets.h"
#include "sandbox/broker_terminals.h"
#include "sandbox/kernel_abi.h"
#include "sandbox/lane_turn.h"
#include "sandbox/lanes.h"
#include "sandbox/side_watch.h"
#include "sandbox/task_count.h"
#include "sandbox/wire.h"
#include "sandbox/workers.h"

namespace nono::sandbox {

Outcome Outcome::descriptor(OwnedFd fd, int open_flags) {
  Outcome out(Kind::Descriptor, 0);
  out.fd_ = std::move(fd);
  out.open_flags_ = open_flags;
  return out;
}

Outcome Outcome::pipe_end(OwnedFd fd, int open_flags) {
  Outcome out = descriptor(std::move(fd), open_flags);
  out.pipe_end_ = true;
  return out;
}

Outcome Outcome::of(long result) {
  return result < 0 ? error(errno) : value(result);
}

namespace {

constexpr off_t kMaxMountTable = off_t{16} << 20U;

bool send_response(BorrowedFd listener, std::uint64_t cookie, int error, std::int64_t value,
                   std::uint32_t flags) {
  seccomp_notif_resp response{};
  response.id = cookie;
  response.error = -error;
  response.val = value;
  response.flags = flags;
  // ENOENT: the caller was killed meanwhile; nobody waits for the answer.
  return ::ioctl(listener.raw(), SECCOMP_IOCTL_NOTIF_SEND, &response) == 0;
}

void inject(BorrowedFd listener, std::uint64_t cookie, Outcome& outcome) {
  abi::NotifAddFd request{};
  request.id = cookie;
  request.flags = outcome.is_pipe_end() ? 0 : abi::kAddFdFlagSend;
  request.srcfd = static_cast<std::uint32_t>(BorrowedFd(outcome.fd()).raw());
  request.newfd_flags = static_cast<std::uint32_t>(outcome.open_flags() & O_CLOEXEC);
  const int number = ::ioctl(listener.raw(), abi::kIoctlNotifAddFd, &request);
  if (number < 0) {
    const int saved = errno;
    send_response(listener, cookie, saved == EMFILE ? EMFILE : EACCES, 0, 0);
  } else if (outcome.is_pipe_end()) {
    outcome.let_go();
    send_response(listener, cookie, 0, number, 0);
  }
}

// text_of reads a file of /proc from its beginning.
std::string text_of(const OwnedFd& file) {
  std::string out;
  std::array<char, 16384> piece{};
  off_t at = 0;
  ssize_t got = 0;
  while (file.valid() && at < kMaxMountTable &&
         (got = ::pread(BorrowedFd(file).raw(), piece.data(), piece.size(), at)) > 0) {
    out.append(piece.data(), static_cast<std::size_t>(got));
    at += got;
  }
  return out;
}

// drained empties the signal descriptor: one signal may stand for several children.
bool drained(const OwnedFd& signals) {
  signalfd_siginfo info{};
  while (::read(BorrowedFd(signals).raw(), &info, sizeof info) > 0) {
  }
  return true;
}

// In quiet, too: where SIGCHLD is ignored, no signal tells of an end.
bool child_may_have_ended(int fired, const pollfd& watched, const OwnedFd& signals) {
  return fired == 0 || ((watched.revents & POLLIN) != 0 && drained(signals));
}

}  // namespace

bool send_error(BorrowedFd listener, std::uint64_t cookie, int error) {
  return send_response(listener, cookie, error, 0, 0);
}

void send_outcome(BorrowedFd listener, std::uint64_t cookie, Outcome outcome) {
  switch (outcome.kind()) {
    case Outcome::Kind::Descriptor:
      inject(listener, cookie, outcome);
      break;
    case Outcome::Kind::Error:
      send_response(listener, cookie, static_cast<int>(outcome.number()), 0, 0);
      break;
    case Outcome::Kind::Value:
      send_response(listener, cookie, 0, outcome.number(), 0);
      break;
    case Outcome::Kind::ByKernel:
      send_response(listener, cookie, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
      break;
    case Outcome::Kind::Later:
      break;
  }
}

struct Warden::Impl final : Lanes::Host {
  Impl(const BrokerConfig& wanted, OwnedFd listener_fd, OwnedFd ask, OwnedFd events)
      : config(wanted),
        pids{::getpid()},
        listener(std::move(listener_fd)),
        rules(config, std::move(ask), std::move(events)),
        resolver(pids),
        workers(listener, pids, resolver),
        lanes(listener, pids, *this),
        opener(resolver, rules, workers, copies),
        names(resolver, rules),
        metadata(resolver, rules),
        executor(resolver, rules),
        sockets(resolver, rules, workers),
        signals(rules, pids) {
    take(trapped_calls());
    if (config.fast != nullptr) {
      take(fast_calls());
    }
    if (!config.scoped) {
      take(signal_calls());
    }
    if (config.record) {
      take(recorded_calls());
    }
    if (config.max_tasks) {
      tasks.emplace(*config.max_tasks, pids);
      take(counted_calls());
    }
  }

  void take(std::span<const TrappedCall> calls) {
    for (const TrappedCall& call : calls) {
      if (call.number >= 0 && static_cast<std::size_t>(call.number) < traps.size()) {
        traps[static_cast<std::size_t>(call.number)] = static_cast<int>(call.trap);
      }
    }
  }

  Outcome serve(const Call& call);
  Outcome serve_and_record(const Call& call);
  Outcome serve_apart(const Call& call, OwnedFd channel) override;
  Heard hear_lane(BorrowedFd channel, dev_t device) override;
  Heard give_turn(BorrowedFd channel, dev_t device, const StateChange& wanted);
  void take_change(const StateChange& change);
  void stalled(const Call& call, const Resolver::Met& met, std::string_view why) override;
  void look_at_mounts();
  void see_to_mounts(bool lane_speaks, bool table_changed);
  Outcome fork_task();
  void record(const Outcome& outcome);
  bool serve_next(SideWatch* side);
  void serve_storm(SideWatch& side);
  void hear_listener(pollfd& watched);
  void hear_reply();
  bool reap(pid_t agent, int& status);
  void agent_stopped(int signal);
  bool agent_ended(int status);
  bool supervisor_is_lost();

  const BrokerConfig& config;
  std::vector<pid_t> pids;
  OwnedFd listener;
  BrokerRules rules;
  Resolver resolver;
  Workers workers;
  Lanes lanes;
  StallingMounts mounts;
  OwnedFd mount_table;
  ServedCopies copies;
  Opener opener;
  NameOperations names;
  MetadataOperations metadata;
  Executor executor;
  SocketOperations sockets;
  SignalOperations signals;
  std::optional<TaskCount> tasks;
  std::uint64_t served = 0;
  bool let_go = false;  // the calls before that are our own
  bool said_no_forks = false;
  bool agent_is_stopped = false;
  SupervisorWatch::Clock::time_point look_at_supervisor =
      SupervisorWatch::Clock::now() + SupervisorWatch::kTick;
  static constexpr int kNotTrapped = -1;
  std::array<int, 512> traps = [] {
    std::array<int, 512> none{};
    none.fill(kNotTrapped);
    return none;
  }();
};

Outcome Warden::Impl::serve(const Call& call) {
  using Handler = Outcome (*)(Impl&, const Call&);
  static constexpr Handler kOpen = [](Impl& self, const Call& c) { return self.opener.serve(c); };
  static constexpr Handler kExecute = [](Impl& self, const Call& c) {
    return self.executor.serve(c);
  };
  static constexpr Handler kNames = [](Impl& self, const Call& c) {
    Outcome outcome = self.names.serve(c);
    if (c.trap == Trap::Rename || c.trap == Trap::Link || c.trap == Trap::Make) {
      self.opener.names_changed();
    }
    return outcome;
  };
  static constexpr Handler kMetadata = [](Impl& self, const Call& c) {
    return self.metadata.serve(c);
  };
  static constexpr Handler kSockets = [](Impl& self, const Call& c) {
    return self.sockets.serve(c);
  };
  // Said to be done and not done: a program that hides itself could not have its paths read.
  static constexpr Handler kDumpable = [](Impl&, const Call&) { return Outcome::value(0); };
  static constexpr Handler kFork = [](Impl& self, const Call&) { return self.fork_task(); };
  static constexpr Handler kTerminal = [](Impl&, const Call& c) { return terminal_peer(c); };
  static constexpr Handler kSignal = [](Impl& self, const Call& c) {
    return self.signals.serve(c);
  };
  static constexpr Handler kSocket = [](Impl& self, const Call& c) {
    return self.sockets.record_made(c);
  };
  static constexpr Handler kLink = [](Impl& self, const Call& c) {
    return self.copies.read_link(c);
  };
  // In the order of Trap.
  static constexpr auto kHandlers = std::to_array<Handler>(
      {kOpen,     kExecute,  kNames,    kNames,    kNames,    kNames,   kNames,   kNames,
       kMetadata, kMetadata, kMetadata, kMetadata, kMetadata, kSockets, kSockets, kSockets,
       kDumpable, kMetadata, kFork,     kTerminal, kSignal,   kSocket,  kLink});
  static_assert(kHandlers.size() == static_cast<std::size_t>(Trap::ReadLink) + 1);
  return kHandlers[static_cast<std::size_t>(call.trap)](*this, call);
}

// record tells of what an open yielded. The served copy of a guarded file is told of by its
// verdict.
void Warden::Impl::record(const Outcome& outcome) {
  struct stat status{};
  if (outcome.kind() != Outcome::Kind::Descriptor ||
      ::fstat(BorrowedFd(outcome.fd()).raw(), &status) != 0) {
    return;
  }
  const std::string path = resolver.path_of(outcome.fd(), status.st_nlink);
  const int flags = outcome.open_flags();
  if (!path.starts_with('/') || path.starts_with("/memfd:")) {
    return;
  }
  if ((flags & O_CREAT) != 0 && S_ISREG(status.st_mode)) {
    rules.used("name", path);  // the next run may find it missing; an open makes nothing else
  }
  if (S_ISDIR(status.st_mode)) {
    rules.used("list", path);
    return;
  }
  if ((flags & O_ACCMODE) != O_WRONLY) {
    rules.used("read", path);
  }
  if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0) {
    rules.used("write", path);
  }
}

// fork_task answers as a control group's limit does: EAGAIN.
Outcome Warden::Impl::fork_task() {
  if (tasks && tasks->admit()) {
    return Outcome::by_kernel();
  }
  if (!said_no_forks) {
    WireWriter message;
    message.number(kEventNoForks).number(0);
    said_no_forks = wire_send(rules.events(), message.bytes(), {}).has_value();
  }
  return Outcome::error(EAGAIN);
}

// serve_next is false where there was no notification: it was withdrawn, or the wait interrupted.
// `side` is there where nobody has looked whether there is one.
bool Warden::Impl::serve_next(SideWatch* side) {
  // The kernel wants the buffer zeroed, and its structure may be larger than ours.
  union {
    seccomp_notif notification;
    std::array<char, 512> room;
  } buffer{};
  buffer.room.fill(0);
  const int got =
      ::ioctl(BorrowedFd(listener).raw(), SECCOMP_IOCTL_NOTIF_RECV, &buffer.notification);
  if (side != nullptr) {
    side->end_wait();
  }
  if (got != 0) {
    return false;
  }
  ++served;
  // What a lane told before it answered comes before the call that may follow its answer.
  lanes.hear();
  const seccomp_notif& request = buffer.notification;
  const auto number = static_cast<std::size_t>(request.data.nr);
  if (request.pid == 0 || number >= traps.size() || traps[number] == kNotTrapped) {
    send_outcome(listener, request.id, Outcome::error(ENOSYS));
    return true;
  }
  CallArgs args{};
  std::copy_n(&request.data.args[0], args.size(), args.begin());
  const Call call{request.data.nr, static_cast<Trap>(traps[number]), args,
                  AgentThread(static_cast<pid_t>(request.pid), request.id, listener)};
  Outcome outcome = serve_and_record(call);
  if (auto met = resolver.take_met()) {
    lanes.take(call, *std::move(met));
  } else {
    send_outcome(listener, request.id, std::move(outcome));
  }
  return true;
}

Outcome Warden::Impl::serve_and_record(const Call& call) {
  Outcome outcome = serve(call);
  if (config.record && let_go) {
    record(outcome);
    tell_ways(rules, call, outcome);
  }
  if (outcome.kind() == Outcome::Kind::Error && outcome.number() == ENOENT) {
    tell_hidden(rules, call);
  }
  return outcome;
}

Outcome Warden::Impl::serve_apart(const Call& call, OwnedFd channel) {
  rules.in_lane(std::move(channel));
  resolver.in_other_process();
  workers.in_lane([this](pid_t pid) {
    rules.tell_change({.kind = StateChange::Kind::Worker, .id = {0, static_cast<ino_t>(pid)}});
  });
  return serve_and_record(call);
}

Lanes::Host::Heard Warden::Impl::hear_lane(BorrowedFd channel, dev_t device) {
  std::optional<StateChange> change;
  const bool goes_on = rules.hear_lane(channel, change);
  if (change && change->kind == StateChange::Kind::Turn) {
    return give_turn(channel, device, *change);
  }
  if (change) {
    take_change(*change);
  }
  return {.goes_on = goes_on};
}

void Warden::Impl::take_change(const StateChange& change) {
  if (change.kind == StateChange::Kind::Bound) {
    sockets.take_bound({change.id, change.born});
  } else if (change.kind == StateChange::Kind::Worker) {
    workers.adopt(static_cast<pid_t>(change.id.inode));
  }
}

// give_turn serves nobody but the lane while that acts where the broker does.
Lanes::Host::Heard Warden::Impl::give_turn(BorrowedFd channel, dev_t device,
                                           const StateChange& wanted) {
  const TurnAnswer answer = answer_to(wanted, mounts, device);
  opener.names_changed();  // by the lane: before the broker serves another call
  bool goes_on = say_turn(channel, answer.word);
  for (bool in_turn = answer.holds_all; goes_on && in_turn;) {
    std::optional<StateChange> change;
    goes_on = rules.hear_lane(channel, change);
    in_turn = !change || change->kind != StateChange::Kind::TurnEnds;
    if (change) {
      take_change(*change);
    }
  }
  return {goes_on, answer.elsewhere};
}

void Warden::Impl::stalled(const Call& call, const Resolver::Met& met, std::string_view why) {
  rules.report_once(call, operation_name(call.trap), met.path, "stalled-mount",
                    std::string(why) + ": " + met.mount.point);
}

// look_at_mounts reads the table of mounts, which says by POLLPRI when it has changed.
void Warden::Impl::look_at_mounts() {
  constexpr const char* kTable = "/proc/self/mountinfo";
  if (!mount_table.valid()) {
    mount_table = OwnedFd(::open(kTable, O_RDONLY | O_CLOEXEC));
  }
  const auto in_reach = [this](const std::string& point) {
    return config.capabilities->access_at(point) != Access::none() ||
           std::ranges::any_of(config.capabilities->paths(), [&](const PathGrant& grant) {
             return beneath(point, grant.shown_as);
           });
  };
  mounts = StallingMounts::from_table(text_of(mount_table), in_reach);
  resolver.keep_off(mounts.any() ? &mounts : nullptr);
  opener.names_changed();
}

// serve_storm waits for notifications in the kernel, without a poll before each, until something
// else wants to be looked at. A short run does not pay for the thread that this takes.
void Warden::Impl::serve_storm(SideWatch& side) {
  constexpr std::uint64_t kStorm = 256;
  if (served < kStorm || !side.start()) {
    return;
  }
  side.heard();
  while (side.begin_wait() && serve_next(&side)) {
  }
}

void Warden::Impl::hear_listener(pollfd& watched) {
  if ((watched.revents & POLLIN) != 0) {
    serve_next(nullptr);
  } else if (watched.revents != 0) {
    watched.fd = -1;  // no process uses the filter any more
  }
}

// see_to_mounts comes before the calls: they find the mounts as they are.
void Warden::Impl::see_to_mounts(bool lane_speaks, bool table_changed) {
  if (table_changed) {
    look_at_mounts();
  }
  if (lane_speaks) {
    lanes.hear();
  }
  lanes.look(Lanes::Clock::now());
}

void Warden::Impl::hear_reply() {
  if (auto reply = receive_reply(rules.events())) {
    if (opener.waits_for(reply->cookie)) {
      opener.answered(*std::move(reply));
    } else {
      sockets.answered(*reply);
    }
    static_cast<void>(resolver.take_met());  // it was answered, and is not done again
  }
}

void Warden::Impl::agent_stopped(int signal) {
  WireWriter message;
  agent_is_stopped = true;
  message.number(kEventStopped).number(static_cast<std::uint64_t>(signal));
  static_cast<void>(wire_send(rules.events(), message.bytes(), {}));
}

bool Warden::Impl::supervisor_is_lost() {
  const auto now = SupervisorWatch::Clock::now();
  if (now < look_at_supervisor) {
    return false;
  }
  look_at_supervisor = now + SupervisorWatch::kTick;
  return rules.supervisor().stopped_too_long(now, agent_is_stopped);
}

// agent_ended: by what waitpid(2) says of the agent, which may also have stopped or gone on.
bool Warden::Impl::agent_ended(int status) {
  if (WIFCONTINUED(status)) {
    agent_is_stopped = false;
    return false;
  }
  if (WIFSTOPPED(status)) {
    agent_stopped(WSTOPSIG(status));
    return false;
  }
  return true;
}

// reap collects ended children; true once the agent itself is among them.
bool Warden::Impl::reap(pid_t agent, int& status) {
  for (;;) {
    int child_status = 0;
    const pid_t pid = ::waitpid(-1, &child_status, WNOHANG | WUNTRACED | WCONTINUED);
    if (pid < 0 && errno == ECHILD) {
      status = SIGKILL;  // somebody else has reaped it, and nobody knows how it ended
      return true;
    }
    if (pid <= 0) {
      return false;
    }
    if (workers.reaped(pid) || lanes.reaped(pid, child_status)) {
      continue;
    }
    if (pid == agent && agent_ended(child_status)) {
      status = child_status;
      return true;
    }
  }
}

Warden::Warden(const BrokerConfig& config, OwnedFd listener, OwnedFd ask, OwnedFd events)
    : impl_(
          std::make_unique<Impl>(config, std::move(listener), std::move(ask), std::move(events))) {}

Warden::~Warden() = default;

void Warden::know(std::span<const KnownObject> guarded) {
  impl_->let_go = true;
  impl_->rules.know(guarded);
}

void Warden::look_at_mounts() {
  impl_->look_at_mounts();
}

void Warden::tell_lost() {
  static_cast<void>(impl_->rules.tell_lost());
}

void Warden::serve_first(int calls) {
  static_cast<void>(::ioctl(BorrowedFd(impl_->listener).raw(), abi::kIoctlNotifSetFlags,
                            abi::kNotifFdSyncWakeUp));  // Linux 6.6; older: slower, not weaker
  std::array<pollfd, 2> watched{
      {{BorrowedFd(impl_->listener).raw(), POLLIN, 0}, {impl_->rules.ask_channel().raw(), 0, 0}}};
  while (calls > 0 && (::poll(watched.data(), watched.size(), -1) > 0 || errno == EINTR)) {
    if (watched[1].revents != 0 || (watched[0].revents & ~POLLIN) != 0) {
      return;
    }
    calls -= impl_->serve_next(nullptr) ? 1 : 0;
  }
}

int Warden::run(pid_t agent) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  const OwnedFd signals(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  ::umask(0);
  std::array<pollfd, 5> watched{{{BorrowedFd(impl_->listener).raw(), POLLIN, 0},
                                 {BorrowedFd(signals).raw(), POLLIN, 0},
                                 {impl_->rules.events().raw(), POLLIN, 0},
                                 {impl_->lanes.watched().raw(), POLLIN, 0},
                                 {BorrowedFd(impl_->mount_table).raw(), POLLPRI, 0}}};
  constexpr auto kTick = static_cast<int>(SupervisorWatch::kTick.count());
  SideWatch side({watched[1].fd, watched[2].fd, watched[3].fd}, kTick);
  int status = 0;
  if (impl_->reap(agent, status)) {
    return status;  // ended before the signal descriptor was there
  }
  for (;;) {
    const int fired = ::poll(watched.data(), watched.size(), kTick);
    if (fired < 0 && errno != EINTR) {
      return kAbandoned;
    }
    if (impl_->supervisor_is_lost()) {
      return kAbandoned;
    }
    if ((watched[2].revents & (POLLHUP | POLLERR)) != 0) {
      return kAbandoned;
    }
    if ((watched[2].revents & POLLIN) != 0) {
      impl_->hear_reply();
    }
    impl_->see_to_mounts(watched[3].revents != 0, watched[4].revents != 0);
    impl_->hear_listener(watched[0]);
    if (child_may_have_ended(fired, watched[1], signals) && impl_->reap(agent, status)) {
      return status;
    }
    impl_->serve_storm(side);
  }
}

}  // namespace nono::sandbox
