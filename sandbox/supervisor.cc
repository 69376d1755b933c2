#include "sandbox/supervisor.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "sandbox/broker_expand.h"
#include "sandbox/broker_hidden.h"
#include "sandbox/broker_rules.h"
#include "sandbox/process_tree.h"
#include "sandbox/stop_clock.h"
#include "sandbox/wire.h"

namespace nono::sandbox {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kGrace{5};
// The broker ends its domain within milliseconds. One that hangs in a call of its own is killed.
constexpr std::chrono::seconds kBrokerPatience{1};
// A job that `fg` brings forward while it runs is told so by nothing.
constexpr std::chrono::milliseconds kLookForForeground{250};
constexpr std::chrono::milliseconds kLookWhileStopped{1000};
constexpr std::chrono::milliseconds kTimeToCount{250};
// Those that end a program that asks for none.
constexpr auto kEnding = std::to_array({SIGINT, SIGTERM, SIGHUP, SIGQUIT});

// What a SIGTERM of request_stop carries.
constexpr int kStopPolitely = 0x6e6f6e01;
constexpr int kStopNow = 0x6e6f6e02;

std::optional<StopHow> stop_asked(const signalfd_siginfo& info) {
  if (info.ssi_code != SI_QUEUE) {
    return std::nullopt;
  }
  if (info.ssi_int == kStopPolitely) {
    return StopHow::Politely;
  }
  return info.ssi_int == kStopNow ? std::optional(StopHow::Now) : std::nullopt;
}

// What the broker tells of calls goes on to the observer only as a whole.
void pass_use(WireReader& reader, Observer& observer) {
  Use use;
  use.operation = reader.text();
  use.object = reader.text();
  if (reader.good()) {
    observer.used(use);
  }
}

// pass_refusal: what was hidden is a refusal only if its witness is there.
void pass_refusal(WireReader& reader, pid_t process, Observer& observer) {
  Refusal refusal;
  refusal.process = process;
  refusal.operation = reader.text();
  refusal.object = reader.text();
  refusal.rule = reader.text();
  refusal.why = reader.text();
  const std::string witness = reader.text();
  // Whether an open would have made the file, the broker could not tell.
  if (!witness.empty() && refusal.operation == name_of(ExpansionKind::Create) &&
      is_there(refusal.object)) {
    refusal.operation = name_of(ExpansionKind::Write);
  }
  if (reader.good() && (witness.empty() || is_there(witness))) {
    observer.refused(refusal);
  }
}

// pass_on_told is for what the broker tells of the agent's calls.
void pass_on_told(std::uint64_t kind, std::uint64_t value, WireReader& reader, Observer& observer) {
  if (kind == kEventUsed) {
    pass_use(reader, observer);
  } else if (kind == kEventRefused || kind == kEventHidden) {
    pass_refusal(reader, static_cast<pid_t>(value), observer);
  } else if (kind == kEventLost && reader.good()) {
    observer.lost(value);
  }
}

// class_from takes whatever is not the weaker class for the stricter one.
trustpolicy::GuardClass class_from(std::uint64_t value) {
  return value == static_cast<std::uint64_t>(trustpolicy::GuardClass::AgentConfig)
             ? trustpolicy::GuardClass::AgentConfig
             : trustpolicy::GuardClass::Instruction;
}

// Reply is the answer to a question: an errno, or 0 with perhaps a descriptor.
struct Reply {
  int code = EACCES;
  OwnedFd fd;
};

Reply answer(Gatekeeper& gate, std::uint64_t question, const GuardedRequest& request) {
  if (question == kAskChange) {
    return {gate.forbid_change(request) ? EACCES : 0, {}};
  }
  const trustpolicy::Decision& decision = gate.judge_read(request);
  const auto* admitted = std::get_if<trustpolicy::Admitted>(&decision);
  if (admitted == nullptr) {
    return {};
  }
  auto fd = admitted->file().reopen_read_only();
  return fd ? Reply{0, *std::move(fd)} : Reply{};
}

}  // namespace

bool request_stop(BorrowedFd pidfd, StopHow how) {
  siginfo_t info{};
  info.si_signo = SIGTERM;
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  info.si_value.sival_int = how == StopHow::Now ? kStopNow : kStopPolitely;
  const bool sent = ::syscall(SYS_pidfd_send_signal, pidfd.raw(), SIGTERM, &info, 0) == 0;
  // A supervisor that job control has stopped hears nothing otherwise.
  return sent && ::syscall(SYS_pidfd_send_signal, pidfd.raw(), SIGCONT, nullptr, 0) == 0;
}

bool await_end(BorrowedFd pidfd, std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds kAgain{500};
  const auto until = steady_clock::now() + patience;
  pollfd watched{pidfd.raw(), POLLIN, 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
    const auto turn = std::clamp(left, std::chrono::milliseconds(0), kAgain);
    if (::poll(&watched, 1, static_cast<int>(turn.count())) == 1) {
      return true;
    }
    if (left <= turn) {
      return false;
    }
    ::syscall(SYS_pidfd_send_signal, pidfd.raw(), SIGCONT, nullptr, 0);
  }
}

Supervisor::Supervisor(Launched launched, Gatekeeper& gate, Observer& observer,
                       SuperviseOptions options)
    : launched_(std::move(launched)), gate_(gate), observer_(observer), options_(options) {
  if (options_.timeout) {
    deadline_ = steady_clock::now() + *options_.timeout;
  }
}

void Supervisor::answer_question() {
  auto message = wire_receive(launched_.ask);
  if (!message) {
    launched_.ask.reset();
    return;
  }
  WireReader reader(message->text);
  const std::uint64_t question = reader.number();
  const auto process = static_cast<pid_t>(reader.number());
  const trustpolicy::GuardClass guard_class = class_from(reader.number());
  std::string requested = reader.text();
  std::string resolved = reader.text();
  Reply reply;
  const bool known = question == kAskRead || question == kAskChange;
  if (reader.good() && known && message->fds.size() == 1) {
    reply = answer(gate_, question,
                   GuardedRequest{process, guard_class, std::move(requested), std::move(resolved),
                                  message->fds.front()});
  }
  WireWriter out;
  out.number(static_cast<std::uint64_t>(reply.code));
  const std::array<int, 1> fds{BorrowedFd(reply.fd).raw()};
  static_cast<void>(
      wire_send(launched_.ask, out.bytes(), std::span(fds).first(reply.fd.valid() ? 1 : 0)));
}

// answer_questions: who opens one guarded file often opens more. Not for long, for the rest of what
// the supervisor watches waits meanwhile: after a verdict that took its time, there is no next.
void Supervisor::answer_questions() {
  constexpr std::chrono::microseconds kInARow{500};
  const auto until = steady_clock::now() + kInARow;
  do {
    answer_question();
  } while (launched_.ask.valid() && steady_clock::now() < until && comes_soon(launched_.ask));
}

void Supervisor::hear_event() {
  auto message = wire_receive(launched_.events);
  if (!message) {
    launched_.events.reset();
    return;
  }
  WireReader reader(message->text);
  const std::uint64_t kind = reader.number();
  const std::uint64_t value = reader.number();
  if (kind == kEventStarted) {
    agent_ = static_cast<pid_t>(value);
    std::ranges::for_each(std::exchange(early_, {}), [this](int signal) { signal_agent(signal); });
  } else if (kind == kEventEnded) {
    end_.wait_status = static_cast<int>(value);
    ended_ = true;
  } else if (kind == kEventAbandoned) {
    end_.wait_status = SIGKILL;
    end_.supervisor_stopped = true;
    ended_ = true;
  } else if (kind == kEventStopped) {
    stop_with_agent();
  } else if (kind == kEventNoForks) {
    end_.forks_refused = true;
  } else if (kind == kEventExpand) {
    const std::uint64_t cookie = reader.number();
    hear_expansion(static_cast<pid_t>(value), cookie,
                   decode_expansion(reader, std::move(message->fds), cookie));
  } else {
    pass_on_told(kind, value, reader, observer_);
  }
}

void Supervisor::hear_expansion(pid_t process, std::uint64_t cookie,
                                std::optional<Expansion> asked) {
  if (!asked || options_.expander == nullptr) {
    send_reply(launched_.events, {.cookie = cookie, .code = EACCES, .fd = {}});
    return;
  }
  asked->process = process;
  options_.expander->consider(*std::move(asked));
  tell_expanded();
}

void Supervisor::tell_expanded() {
  for (const Expanded& answer : options_.expander->take_answers()) {
    send_reply(launched_.events, answer);
  }
}

void Supervisor::hear_failure() {
  ChildFailure failure{};
  const ssize_t got = ::read(BorrowedFd(launched_.failure).raw(), &failure, sizeof failure);
  if (got == static_cast<ssize_t>(sizeof failure)) {
    end_.not_started = failure;
  }
  launched_.failure.reset();
}

void Supervisor::signal_agent(int signal) const {
  if (agent_ > 0 && !ended_) {
    ::kill(-agent_, signal);
  }
}

void Supervisor::pass_on(int signal) {
  if (agent_ > 0) {
    signal_agent(signal);
  } else {
    early_.push_back(signal);
  }
}

// longest_stop: the end of the run's time comes, whoever is stopped; and while something of the run
// goes on, and once after (`went_on` at the look before), what is counted is looked at.
std::optional<std::chrono::milliseconds> Supervisor::longest_stop(bool& went_on) const {
  std::optional<std::chrono::milliseconds> out;
  if (deadline_) {
    out = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - steady_clock::now());
  }
  const bool counted = options_.limits != nullptr && options_.limits->watched() >= 0;
  const bool goes_on = counted && goes_on_beneath(launched_.broker);
  if (std::exchange(went_on, goes_on) || goes_on) {
    out = std::min(out.value_or(kLookWhileStopped), kLookWhileStopped);
  }
  return out;
}

// is_over gives those who count the time to do so.
bool Supervisor::is_over() const {
  if (deadline_ && steady_clock::now() >= *deadline_) {
    return true;
  }
  std::array<pollfd, 2> ends{
      {{BorrowedFd(launched_.broker_pidfd).raw(), POLLIN, 0},
       {options_.limits == nullptr ? -1 : options_.limits->watched(), POLLIN, 0}}};
  return ::poll(ends.data(), ends.size(), static_cast<int>(kTimeToCount.count())) > 0;
}

// stop_with_agent hands the terminal back and stops too, as the agent's shell expects of a job.
void Supervisor::stop_with_agent() {
  if (options_.terminal != nullptr) {
    options_.terminal->suspend();
  }
  bool went_on = false;
  while (!stop_self(longest_stop(went_on)) && !is_over() && !take_continue()) {
  }
  take_continue();
  if (options_.terminal != nullptr) {
    options_.terminal->resume();
    options_.terminal->resized();
  }
  signal_agent(SIGCONT);
}

void Supervisor::handle_signals() {
  signalfd_siginfo info{};
  while (::read(BorrowedFd(signals_).raw(), &info, sizeof info) ==
         static_cast<ssize_t>(sizeof info)) {
    const auto signal = static_cast<int>(info.ssi_signo);
    if (const auto how = stop_asked(info)) {
      stop(*how);
    } else if (signal == SIGWINCH && options_.terminal != nullptr) {
      options_.terminal->resized();
    } else if (HeldSignals::is_ignored(signal)) {
      continue;
    } else if (agent_ <= 0 && std::ranges::find(kEnding, signal) != kEnding.end()) {
      end_.wait_status = signal;  // there is nobody yet to be told
      stop(StopHow::Now);
    } else if (HeldSignals::forwards(signal)) {
      pass_on(signal);
    }
  }
}

int Supervisor::patience() const {
  const std::int64_t longest = in_background_ ? kLookForForeground.count() : 3'600'000;
  if (!deadline_) {
    return in_background_ ? static_cast<int>(longest) : -1;
  }
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(*deadline_ - steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count() + 1, 0, longest));
}

// check_terminal comes before `watched`: what is in the foreground by then is watched.
void Supervisor::check_terminal() {
  if (options_.terminal == nullptr) {
    return;
  }
  if (std::exchange(in_background_, options_.terminal->in_background())) {
    options_.terminal->resized();  // SIGWINCH goes to the foreground alone
  }
}

// check_time ends a run that is over its time: first politely, then for good.
void Supervisor::check_time() {
  if (!deadline_ || steady_clock::now() < *deadline_) {
    return;
  }
  if (!launched_.events.valid()) {
    deadline_.reset();
    kill_broker();
  } else if (!end_.ended_by && !end_.stopped) {
    end_politely(LimitKind::WallTime);
  } else {
    cut_off();
  }
}

// cut_off: the broker kills the tree when these ends are closed.
void Supervisor::cut_off() {
  launched_.ask.reset();
  launched_.events.reset();
  deadline_ = steady_clock::now() + kBrokerPatience;
}

void Supervisor::kill_broker() const {
  ::syscall(SYS_pidfd_send_signal, BorrowedFd(launched_.broker_pidfd).raw(), SIGKILL, nullptr, 0);
}

void Supervisor::end_politely(LimitKind limit) {
  end_.ended_by = limit;
  terminate_in_time();
}

void Supervisor::stop(StopHow how) {
  end_.stopped = true;
  if (how == StopHow::Now) {
    cut_off();
  } else {
    terminate_in_time();
  }
}

void Supervisor::terminate_in_time() {
  deadline_ = steady_clock::now() + kGrace;
  pass_on(SIGTERM);
  pass_on(SIGCONT);
}

void Supervisor::hear_limit() {
  const LimitKind limit = options_.limits->struck();
  options_.limits = nullptr;
  if (end_.ended_by || end_.stopped) {
    return;
  }
  if (limit == LimitKind::DiskUse) {  // what fills the disk is not given time to go on
    end_.ended_by = limit;
    cut_off();
    return;
  }
  end_politely(limit);
}

Supervisor::~Supervisor() {
  launched_.ask.reset();
  launched_.events.reset();
  reap_broker();
}

void Supervisor::reap_broker() {
  if (launched_.broker > 0) {
    pollfd gone{BorrowedFd(launched_.broker_pidfd).raw(), POLLIN, 0};
    constexpr std::chrono::milliseconds kPatience = kBrokerPatience;
    if (::poll(&gone, 1, static_cast<int>(kPatience.count())) == 0) {
      kill_broker();
    }
    ::waitpid(launched_.broker, nullptr, 0);
    launched_.broker = -1;
    kill_descendants();
  }
}

// end_tree waits for the broker, which kills its domain before it goes, and sees to the rest.
void Supervisor::end_tree() {
  reap_broker();
  if (!ended_ && !end_.not_started) {
    end_.broker_lost = !end_.ended_by && !end_.stopped;
    end_.wait_status = end_.wait_status == 0 ? SIGKILL : end_.wait_status;
  }
}

std::array<pollfd, Supervisor::kWatched> Supervisor::watched() const {
  std::array<pollfd, kWatched> out{};
  out.fill({-1, 0, 0});
  out[kAsk] = {BorrowedFd(launched_.ask).raw(), POLLIN, 0};
  out[kEvents] = {BorrowedFd(launched_.events).raw(), POLLIN, 0};
  out[kFailure] = {BorrowedFd(launched_.failure).raw(), POLLIN, 0};
  out[kSignals] = {BorrowedFd(signals_).raw(), POLLIN, 0};
  out[kBroker] = {BorrowedFd(launched_.broker_pidfd).raw(), POLLIN, 0};
  if (options_.limits != nullptr) {
    out[kLimits] = {options_.limits->watched(), POLLIN, 0};
  }
  if (options_.expander != nullptr) {
    out[kExpander] = {options_.expander->watched(), POLLIN, 0};
  }
  if (options_.terminal != nullptr) {
    std::ranges::copy(options_.terminal->watched(), out.begin() + kTerminal);
  }
  return out;
}

void Supervisor::serve_terminal(std::span<const pollfd> fired) {
  for (const pollfd& terminal : fired) {
    if (terminal.fd >= 0 && terminal.revents != 0) {
      options_.terminal->ready(terminal.fd, terminal.revents);
    }
  }
}

// serve handles what fired; false once the broker is gone and all it said was heard. Who the agent
// is comes before the signals that are for it.
bool Supervisor::serve(const std::array<pollfd, kWatched>& fired) {
  if (options_.terminal != nullptr) {
    options_.terminal->look();
  }
  if (fired[kAsk].revents != 0) {
    answer_questions();
  }
  serve_terminal(std::span(fired).subspan(kTerminal));
  if (fired[kFailure].revents != 0) {
    hear_failure();
  }
  const bool told = fired[kEvents].revents != 0;
  if (told) {
    hear_event();
  }
  if (fired[kSignals].revents != 0) {
    handle_signals();
  }
  if (fired[kLimits].revents != 0) {
    hear_limit();
  }
  if (fired[kExpander].revents != 0) {
    options_.expander->turn();
    tell_expanded();
  }
  return told || fired[kBroker].revents == 0;
}

Result<AgentEnd> Supervisor::run(const HeldSignals& held) {
  // Who reads what nono tells may go (`2>&1 | head`). That ends no agent, nor its record; for good,
  // for its end is told, too. The agent was forked before and has its caller's.
  static_cast<void>(::signal(SIGPIPE, SIG_IGN));
  signals_ = OwnedFd(::signalfd(-1, &held.set(), SFD_CLOEXEC | SFD_NONBLOCK));
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  for (;;) {
    check_terminal();
    auto fired = watched();
    if (::poll(fired.data(), fired.size(), patience()) < 0 && errno != EINTR) {
      return fail_errno(errno, "waiting for the sandbox");
    }
    if (!serve(fired)) {
      end_tree();
      return end_;
    }
    // A terminal may still hold what the agent wrote last: the loop goes on until the broker ends.
    if (ended_ && options_.terminal == nullptr) {
      return end_;
    }
    check_time();
  }
}

}  // namespace nono::sandbox
