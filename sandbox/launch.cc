#include "sandbox/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "sandbox/broker_rules.h"
#include "sandbox/fast_gate.h"
#include "sandbox/supervisor_watch.h"
#include "sandbox/wire.h"

namespace nono::sandbox {
namespace {

constexpr int kExitNotStarted = 125;
constexpr int kFailureFd = 3;
constexpr int kSocketFd = 4;

// Channels are all the pairs of a launch, both ends, before the forks deal them out.
struct Channels {
  std::pair<OwnedFd, OwnedFd> ask;     // first: supervisor
  std::pair<OwnedFd, OwnedFd> events;  // first: supervisor
  OwnedFd failure_read;
  OwnedFd failure_write;
};

Result<Channels> make_channels() {
  Channels out;
  NONO_TRY(out.ask, wire_pair());
  NONO_TRY(out.events, wire_pair());
  std::array<int, 2> raw{};
  if (::pipe2(raw.data(), O_CLOEXEC) != 0) {
    return fail_errno(errno, "making a pipe");
  }
  out.failure_read = OwnedFd(raw[0]);
  out.failure_write = OwnedFd(raw[1]);
  ::fcntl(BorrowedFd(out.events.second).raw(), F_SETFL, O_NONBLOCK);
  return out;
}

[[noreturn]] void give_up(int failure_fd, ChildFailure failure) noexcept {
  static_cast<void>(!::write(failure_fd, &failure, sizeof failure));
  ::_exit(kExitNotStarted);
}

[[noreturn]] void give_up(int failure_fd, Step step, int saved_errno) noexcept {
  give_up(failure_fd, ChildFailure{step, saved_errno});
}

// close_all_but closes every descriptor from 3 up that is not in `keep`.
void close_all_but(std::vector<int> keep) {
  std::ranges::sort(keep);
  unsigned from = 3;
  for (const int fd : keep) {
    const auto kept = static_cast<unsigned>(std::max(fd, 0));
    if (kept < from) {
      continue;
    }
    if (kept > from) {
      ::syscall(SYS_close_range, from, kept - 1, 0);
    }
    from = kept + 1;
  }
  ::syscall(SYS_close_range, from, ~0U, 0);
}

// What nono may have changed is as by default. All else that the caller ignores is ignored by the
// agent, too: it is what nohup is for.
void reset_signals() noexcept {
  struct sigaction plain{};
  plain.sa_handler = SIG_DFL;
  for (const int signal : {SIGALRM, SIGCHLD, SIGURG, SIGXFSZ}) {
    ::sigaction(signal, &plain, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

// take_streams puts the planned descriptors at 0, 1 and 2, whatever numbers they have now.
bool take_streams(const std::array<int, 3>& streams) noexcept {
  std::array<int, 3> high{};
  for (std::size_t i = 0; i < streams.size(); ++i) {
    high[i] = ::fcntl(streams[i], F_DUPFD_CLOEXEC, 10);
    if (high[i] < 0) {
      return false;
    }
  }
  for (std::size_t i = 0; i < high.size(); ++i) {
    if (::dup2(high[i], static_cast<int>(i)) < 0) {
      return false;
    }
  }
  return true;
}

bool send_listener(int socket, int listener) noexcept {
  char nothing = 'l';
  iovec piece{&nothing, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof listener);
  __builtin_memcpy(CMSG_DATA(header), &listener, sizeof listener);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

// The first calls that the broker serves. The open is none of the test: whatever the broker needs
// for one is in memory then, and does not hold up the agent's first.
constexpr const char* kFirstOpen = "/dev/null";

// broker_serves asks for something that only the broker answers so: success, and not done.
bool broker_serves(bool opens) noexcept {
  if (opens) {
    ::close(::open(kFirstOpen, O_RDONLY | O_CLOEXEC));
  }
  return ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1;
}

void prepare_agent(const LaunchPlan& plan, int failure) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);  // the broker must be able to read the first path
  ::setpgid(0, 0);
  if (plan.terminal >= 0) {
    ::tcsetpgrp(plan.terminal, ::getpid());
  }
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (!limit_agent(plan.limits)) {
    give_up(failure, Step::Limits, errno);
  }
  if (!take_streams(plan.streams)) {
    give_up(failure, Step::StandardStreams, errno);
  }
  if (::chdir(plan.exec->working_directory().c_str()) != 0) {
    give_up(failure, Step::WorkingDirectory, errno);
  }
}

// keep_two leaves nothing open but the streams and, until exec, the two descriptors that are needed
// till then.
void keep_two(int failure, int socket) noexcept {
  // First out of each other's way, and then to where they are to be.
  const int high_failure = ::fcntl(failure, F_DUPFD_CLOEXEC, kSocketFd + 1);
  const int high_socket = ::fcntl(socket, F_DUPFD_CLOEXEC, kSocketFd + 1);
  if (::dup3(high_failure, kFailureFd, O_CLOEXEC) < 0) {
    give_up(failure, Step::CloseDescriptors, errno);
  }
  if (::dup3(high_socket, kSocketFd, O_CLOEXEC) < 0 ||
      ::syscall(SYS_close_range, kSocketFd + 1, ~0U, 0) != 0) {
    give_up(kFailureFd, Step::CloseDescriptors, errno);
  }
}

// The broker serves nothing before it has the listener: a call that is trapped until then, by a
// filter that traps too much, would wait for ever.
constexpr unsigned kHandOverSeconds = 10;

void end_in_time() noexcept {
  struct sigaction plain{};
  plain.sa_handler = SIG_DFL;
  ::sigaction(SIGALRM, &plain, nullptr);
  sigset_t alarm_only;
  sigemptyset(&alarm_only);
  sigaddset(&alarm_only, SIGALRM);
  ::pthread_sigmask(SIG_UNBLOCK, &alarm_only, nullptr);
  ::alarm(kHandOverSeconds);
}

// AgentSide is what the agent's process needs of the broker's.
struct AgentSide {
  const InDomain& domain;
  int socket;
  int failure;
  bool opens;  // kFirstOpen is granted
};

// agent_main runs in the agent's process, from fork to exec.
[[noreturn]] void agent_main(const LaunchPlan& plan, const AgentSide& side) noexcept {
  const int failure = side.failure;
  prepare_agent(plan, failure);
  end_in_time();
  int listener = -1;
  auto confined = side.domain.seal(listener);
  if (!confined) {
    give_up(failure, confined.error());
  }
  if (!send_listener(side.socket, listener)) {
    give_up(failure, Step::Handshake, errno);
  }
  ::alarm(0);
  if (const int unrefused = self_test(); unrefused != 0) {
    give_up(failure, Step::SelfTest, unrefused);
  }
  keep_two(failure, side.socket);
  reset_signals();
  if (!broker_serves(side.opens)) {
    give_up(kFailureFd, Step::SelfTest, SYS_prctl);
  }
  char go = 0;
  if (::read(kSocketFd, &go, 1) != 1) {
    give_up(kFailureFd, Step::Handshake, errno);
  }
  give_up(kFailureFd, std::move(*confined).exec(*plan.exec));
}

bool none_left_to_reap() {
  pid_t reaped = 0;
  while ((reaped = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
  }
  return reaped < 0 && errno == ECHILD;
}

void tell(BorrowedFd events, std::uint64_t kind, std::int64_t value) {
  WireWriter message;
  message.number(kind).number(static_cast<std::uint64_t>(value));
  static_cast<void>(wire_send(events, message.bytes(), {}));
}

// end_domain kills everything in the agent's domain. kill(-1) reaches exactly the domain where
// Landlock scopes signals (proved by `scoped`); else the children are looked up one by one.
// Without children there is nobody in it: a subreaper's descendants have no other parent.
void end_domain(bool scoped) {
  if (none_left_to_reap()) {
    return;
  }
  if (scoped) {
    ::kill(-1, SIGKILL);
  }
  kill_descendants();
}

[[noreturn]] void not_started(bool scoped) {
  end_domain(scoped);
  ::_exit(kExitNotStarted);
}

void take_terminal(int terminal, int failure) {
  ::setsid();
  if (terminal >= 0 && ::ioctl(terminal, TIOCSCTTY, 0) != 0) {
    give_up(failure, Step::Terminal, errno);
  }
}

// receive_go collects what the supervisor tells until its last word; nothing where it went away.
std::optional<std::vector<KnownObject>> receive_go(BorrowedFd ask) {
  std::vector<KnownObject> known;
  for (;;) {
    const auto message = wire_receive(ask);
    if (!message) {
      return std::nullopt;
    }
    WireReader reader(message->text);
    const std::uint64_t kind = reader.number();
    for (std::uint64_t left = reader.number(); left > 0 && reader.good(); --left) {
      const ObjectId id{.device = reader.number(), .inode = reader.number()};
      const auto guard_class = static_cast<trustpolicy::GuardClass>(reader.number());
      known.push_back({id, guard_class, static_cast<BirthTime>(reader.number())});
    }
    if (!reader.good() || (kind != kTellKnown && kind != kTellGo)) {
      return std::nullopt;
    }
    if (kind == kTellGo) {
      return known;
    }
  }
}

// signals_end_here reports whether a scope keeps the domain's signals in; it is tried where one was
// promised. The supervisor is the user's and outside the domain: only a scope makes this EPERM.
bool signals_end_here(const LaunchPlan& plan, int failure) {
  if (!plan.prepared->scopes_signals()) {
    return false;
  }
  if (::kill(::getppid(), 0) == 0 || errno != EPERM) {
    give_up(failure, Step::SelfTest, SYS_kill);
  }
  return true;
}

// ForkedAgent is what the broker has of the agent's process.
struct ForkedAgent {
  pid_t pid;
  OwnedFd handshake;
  int failure;  // where a failed start is told
  bool opens;   // its start is a trapped open
  bool scoped;  // its signals end at the domain
};

// receive_listener waits for the agent's message. Without one there is no start: the agent gave up
// and said why, or its time was over, or the supervisor is gone.
OwnedFd receive_listener(const ForkedAgent& agent, BorrowedFd ask) {
  std::array<pollfd, 2> watched{
      {{BorrowedFd(agent.handshake).raw(), POLLIN, 0}, {ask.raw(), 0, 0}}};
  while (::poll(watched.data(), watched.size(), -1) < 0 && errno == EINTR) {
  }
  if (watched[1].revents == 0) {
    if (auto message = wire_receive(agent.handshake); message && !message->fds.empty()) {
      return std::move(message->fds.front());
    }
    int status = 0;
    ::kill(agent.pid, SIGKILL);  // it is ending: how is said already
    ::waitpid(agent.pid, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
      const ChildFailure failure{Step::Handshake, ETIMEDOUT};
      static_cast<void>(!::write(agent.failure, &failure, sizeof failure));
    }
  }
  not_started(agent.scoped);
}

[[noreturn]] void serve_agent(const LaunchPlan& plan, Channels channels, ForkedAgent agent) {
  const BorrowedFd ask(channels.ask.second);
  OwnedFd listener = receive_listener(agent, ask);
  ::close(agent.failure);
  const OwnedFd events(::fcntl(BorrowedFd(channels.events.second).raw(), F_DUPFD_CLOEXEC, 3));
  Warden warden(*plan.broker, std::move(listener), std::move(channels.ask.second),
                std::move(channels.events.second));
  warden.serve_first(agent.opens ? 2 : 1);
  warden.look_at_mounts();
  const auto known = receive_go(ask);
  if (!known) {
    not_started(agent.scoped);
  }
  warden.know(*known);
  tell(events, kEventStarted, agent.pid);
  static_cast<void>(!::write(BorrowedFd(agent.handshake).raw(), "g", 1));
  const int status = warden.run(agent.pid);
  end_domain(agent.scoped);
  ::fcntl(BorrowedFd(events).raw(), F_SETFL, 0);  // now nobody waits for the broker: it may itself
  warden.tell_lost();
  tell(events, status == Warden::kAbandoned ? kEventAbandoned : kEventEnded, status);
  ::_exit(0);
}

[[noreturn]] void broker_main(const LaunchPlan& plan, Channels channels) {
  const int failure = BorrowedFd(channels.failure_write).raw();
  take_terminal(plan.terminal, failure);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const auto domain = plan.prepared->enter();
  if (!domain) {
    give_up(failure, domain.error());
  }
  const bool scoped = signals_end_here(plan, failure);
  auto handshake = wire_pair();
  if (!handshake) {
    give_up(failure, Step::Handshake, handshake.error().code());
  }
  if (!limit_broker(plan.limits)) {
    give_up(failure, Step::Limits, errno);
  }
  close_all_but({BorrowedFd(channels.ask.second).raw(), BorrowedFd(channels.events.second).raw(),
                 failure, plan.terminal, plan.prepared->inner_ruleset(), plan.limits.cgroup_procs,
                 plan.broker->hosts, plan.broker->fast != nullptr ? plan.broker->fast->image() : -1,
                 plan.streams[0], plan.streams[1], plan.streams[2],
                 BorrowedFd(handshake->first).raw(), BorrowedFd(handshake->second).raw()});
  const bool opens = plan.broker->capabilities->access_at(kFirstOpen).has(Access::read());
  const pid_t agent = ::fork();
  if (agent < 0) {
    give_up(failure, Step::Fork, errno);
  }
  if (agent == 0) {
    agent_main(plan, {*domain, BorrowedFd(handshake->second).raw(), failure, opens});
  }
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  handshake->second.reset();
  serve_agent(plan, std::move(channels),
              {agent, std::move(handshake->first), failure, opens, scoped});
}

// children_of lists the direct children of a thread, whose directory of /proc is given.
std::vector<pid_t> children_of(const std::string& thread) {
  std::vector<pid_t> out;
  const std::string path = thread + "/children";
  const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 65536> buffer{};
  const ssize_t got = fd.valid() ? ::read(BorrowedFd(fd).raw(), buffer.data(), buffer.size()) : -1;
  std::string_view text(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!text.empty()) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error == std::errc() && pid > 0) {
      out.push_back(pid);
    }
    text.remove_prefix(
        std::min<std::size_t>(static_cast<std::size_t>(end - text.data()) + 1, text.size()));
  }
  return out;
}

// beyond_signals: the process waits in the kernel for something that SIGKILL does not end, and has
// no children that would come to us with its end. It executes nothing of its own any more.
bool beyond_signals(pid_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  return state_of_process(pid) == 'D' &&
         children_of(process + "/task/" + std::to_string(pid)).empty();
}

}  // namespace

void kill_descendants() {
  constexpr int kRounds = 1000;
  constexpr int kRoundsForStuck = 100;
  int stuck_rounds = 0;
  for (int round = 0; round < kRounds && stuck_rounds < kRoundsForStuck; ++round) {
    if (none_left_to_reap()) {
      return;
    }
    const std::vector<pid_t> children =
        children_of("/proc/self/task/" + std::to_string(::gettid()));
    for (const pid_t child : children) {
      ::kill(child, SIGKILL);
    }
    if (none_left_to_reap()) {
      return;
    }
    stuck_rounds = std::ranges::all_of(children, beyond_signals) ? stuck_rounds + 1 : 0;
    ::usleep(1000);
  }
}

Result<Launched> launch(const LaunchPlan& plan) {
  NONO_TRY(Channels channels, make_channels());
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);  // what outlives the broker comes to us to be killed
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t broker = ::fork();
  if (broker == 0) {
    broker_main(plan, std::move(channels));
  }
  const int saved = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (broker < 0) {
    return fail_fork(saved, "starting the broker");
  }
  Launched out;
  out.broker = broker;
  out.broker_pidfd = OwnedFd(static_cast<int>(::syscall(SYS_pidfd_open, broker, 0)));
  if (!out.broker_pidfd.valid()) {
    const int why = errno;
    ::kill(broker, SIGKILL);
    return fail_errno(why, "watching the broker");
  }
  out.ask = std::move(channels.ask.first);
  out.events = std::move(channels.events.first);
  out.failure = std::move(channels.failure_read);
  return out;
}

void let_go(const Launched& launched, std::span<const KnownObject> known_guarded) {
  constexpr std::size_t kPerMessage = 400;
  static_assert(kPerMessage * 4 * sizeof(std::uint64_t) < kMaxWireBytes);
  do {
    const auto now = known_guarded.first(std::min(kPerMessage, known_guarded.size()));
    known_guarded = known_guarded.subspan(now.size());
    WireWriter message;
    message.number(known_guarded.empty() ? kTellGo : kTellKnown).number(now.size());
    for (const KnownObject& object : now) {
      message.number(object.id.device)
          .number(object.id.inode)
          .number(static_cast<std::uint64_t>(object.guard_class))
          .number(static_cast<std::uint64_t>(object.born));
    }
    if (!wire_send(launched.ask, message.bytes(), {})) {
      return;  // the broker is gone
    }
  } while (!known_guarded.empty());
}

void call_off(Launched launched) {
  launched.ask.reset();
  launched.events.reset();
  ::waitpid(launched.broker, nullptr, 0);
  kill_descendants();
}

}  // namespace nono::sandbox
