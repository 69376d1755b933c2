// net/nono_net_client.cc: see nono_net_client.h.
#include "net/nono_net_client.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "base/files.h"
#include "base/text.h"
#include "net/frame.h"
#include "net/request_rules.h"

namespace nono::net {
namespace {

// For the answer to be handed over after the deadline of the exchange itself, which nono-net keeps.
constexpr std::chrono::milliseconds kHandOver{1'000};
constexpr std::chrono::milliseconds kLastWords{200};
constexpr int kExecFailed = 127;

constexpr auto kVariables =
    std::to_array<const char*>({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy",
                                "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "NONO_EXTRA_CA"});

// libcurl brings GnuTLS for protocols that nono-net refuses; it prepares itself when it is loaded,
// which takes half a millisecond, unless it is told to wait until somebody asks.
constexpr std::string_view kGnuTlsWaits = "GNUTLS_NO_IMPLICIT_INIT=1";

Result<std::string> find_program() {
  std::array<char, 4096> buffer{};
  const ssize_t size = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
  if (size < 0 || static_cast<std::size_t>(size) == buffer.size()) {
    return fail_errno(errno, "finding the running program");
  }
  const std::string_view self(buffer.data(), static_cast<std::size_t>(size));
  const std::string beside = join_path(directory_name(self), kProgramName);
  const std::string inner =
      normal_path(join_path(directory_name(self), "../libexec/nono/" + std::string(kProgramName)));
  for (const std::string& candidate : {beside, inner}) {
    if (::access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return std::unexpected(
      Error(ErrorKind::NotFound,
            "nono-net, which speaks HTTP for nono, is neither " + beside + " nor " + inner)
          .mend_with("install the package nono-net"));
}

// SpawnPlan owns what posix_spawn(3) is told to do in the new process.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }

  // describe: the socket first, as it may lie on a number that is taken next.
  int describe(BorrowedFd socket) {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    int error = ::posix_spawn_file_actions_adddup2(&actions_, socket.raw(), kChannel);
    for (int fd = 0; fd < kChannel && error == 0; ++fd) {
      error = ::posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", O_RDWR, 0);
    }
    error =
        error != 0 ? error : ::posix_spawn_file_actions_addclosefrom_np(&actions_, kChannel + 1);
    error = error != 0 ? error : ::posix_spawn_file_actions_addchdir_np(&actions_, "/");
    error = error != 0 ? error : ::posix_spawnattr_setsigmask(&attributes_, &none);
    error = error != 0 ? error : ::posix_spawnattr_setsigdefault(&attributes_, &all);
    constexpr short kFlags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;
    return error != 0 ? error : ::posix_spawnattr_setflags(&attributes_, kFlags);
  }

  // run starts `program`; the error as posix_spawn gives it.
  int run(const std::string& program, const std::vector<std::string>& environment, pid_t& pid) {
    std::string name(kProgramName);
    std::array<char*, 2> argv{name.data(), nullptr};
    std::vector<std::string> copies = environment;
    std::vector<char*> envp;
    envp.reserve(copies.size() + 1);
    for (std::string& entry : copies) {
      envp.push_back(entry.data());
    }
    envp.push_back(nullptr);
    return ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, argv.data(), envp.data());
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::string ending_of(const siginfo_t& how) {
  if (how.si_code != CLD_EXITED) {
    return "ended by signal " + std::to_string(how.si_status);
  }
  if (how.si_status == kExecFailed) {
    return "could not be loaded (exit 127); is libcurl installed?";
  }
  return "ended with exit code " + std::to_string(how.si_status);
}

// has_ended waits that long for the process behind a pidfd to end.
bool has_ended(BorrowedFd process, std::chrono::milliseconds patience) {
  pollfd entry{.fd = process.raw(), .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, static_cast<int>(patience.count())) == 1;
}

}  // namespace

std::vector<std::string> NonoNetClient::environment_of_process() {
  std::vector<std::string> chosen;
  for (const char* name : kVariables) {
    // The client is made before any thread that sets variables.
    if (const char* value = std::getenv(name); value != nullptr) {  // NOLINT(concurrency-mt-unsafe)
      chosen.push_back(std::string(name) + "=" + value);
    }
  }
  chosen.emplace_back(kGnuTlsWaits);
  return chosen;
}

Result<void> NonoNetClient::start() {
  std::string program = options_.program;
  if (program.empty()) {
    NONO_TRY(program, find_program());
  }
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail_errno(errno, "making a channel to nono-net");
  }
  OwnedFd ours(ends[0]);
  const OwnedFd theirs(ends[1]);
  SpawnPlan plan;
  int error = plan.describe(theirs);
  pid_t pid = -1;
  error = error != 0 ? error : plan.run(program, options_.environment, pid);
  if (error != 0) {
    return fail_fork(error, "starting " + program);
  }
  // Not reaped yet, so the number still means our child.
  OwnedFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const int pidfd_error = errno;
  pid_ = pid;
  channel_ = std::move(ours);
  process_ = std::move(process);
  if (!process_.valid()) {
    stop(Patience::None);
    return fail_errno(pidfd_error, "watching nono-net");
  }
  return {};
}

// The child is not reaped yet, so its number cannot be another's.
void NonoNetClient::kill_now() noexcept {
  ::kill(pid_, SIGKILL);
}

void NonoNetClient::finish() {
  if (pid_ >= 0) {
    channel_.reset();
    kill_now();
  }
}

std::string NonoNetClient::stop(Patience patience) noexcept {
  if (pid_ < 0) {
    return {};
  }
  channel_.reset();
  if (patience == Patience::LastWords && process_.valid()) {
    (void)has_ended(process_, kLastWords);
  }
  kill_now();
  siginfo_t how{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED) != 0 && errno == EINTR) {
  }
  pid_ = -1;
  process_.reset();
  return ending_of(how);
}

Result<Answer> NonoNetClient::exchange(const HttpRequest& request) {
  const Moment until = std::chrono::steady_clock::now() + request.deadline + kHandOver;
  NONO_CHECK(send_frame(channel_, encode_request(request), until));
  NONO_TRY(const auto payload, receive_frame(channel_, max_answer_frame(request.max_bytes), until));
  if (!payload) {
    return fail(ErrorKind::Network, "nono-net closed the channel");
  }
  return decode_answer(*payload, request.max_bytes);
}

Error NonoNetClient::give_up(const Error& why, std::chrono::milliseconds deadline) {
  switch (why.kind()) {
    case ErrorKind::Exhausted:
      stop(Patience::None);
      return {ErrorKind::Network, "no whole answer within " + std::to_string(deadline.count()) +
                                      " ms; nono-net hung and was ended"};
    case ErrorKind::InvalidInput:
      stop(Patience::None);
      return {ErrorKind::Network, "nono-net sent what is no answer and was ended"};
    default:
      return {ErrorKind::Network, "nono-net " + stop(Patience::LastWords)};
  }
}

void NonoNetClient::prepare() {
  if (pid_ < 0) {
    (void)start();
  }
}

Result<HttpResponse> NonoNetClient::send(const HttpRequest& request) {
  const auto named = [&](Error error) {
    return std::unexpected(std::move(error).while_doing(printable(request.service)));
  };
  if (auto url = check_request(request); !url) {
    return named(std::move(url).error());
  }
  if (pid_ >= 0 && (!channel_.valid() || has_ended(process_, std::chrono::milliseconds(0)))) {
    stop(Patience::None);
  }
  if (pid_ < 0) {
    if (auto started = start(); !started) {
      return named(std::move(started).error());
    }
  }
  auto answer = exchange(request);
  if (!answer) {
    return named(give_up(answer.error(), request.deadline));
  }
  if (const auto* failure = std::get_if<Failure>(&*answer); failure != nullptr) {
    return named(Error(failure->kind, printable(failure->text)));
  }
  return std::get<HttpResponse>(*std::move(answer));
}

}  // namespace nono::net
