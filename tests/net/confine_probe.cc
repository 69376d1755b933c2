// tests/net/confine_probe.cc [confined|free] WHAT [PATH]: tries one thing as nono-net would after
// it confined itself, or without that, as the control. Exit 0: it is possible; 1: it is refused; 2:
// the probe itself failed.
#include <fcntl.h>
#include <netdb.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>

#include "net/confine.h"

namespace {

std::string path;

bool opens(int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  return fd >= 0;
}
bool socket_of(int family, int type, int protocol = 0) {
  return ::socket(family, type | SOCK_CLOEXEC, protocol) >= 0;
}
bool executes() {
  std::array<char*, 1> none{nullptr};
  ::execve("/bin/true", none.data(), none.data());
  return false;
}
bool executes_by_descriptor() {
  const int fd = ::open("/usr/bin/env", O_PATH | O_CLOEXEC);
  std::array<char*, 1> none{nullptr};
  ::syscall(SYS_execveat, fd, "", none.data(), none.data(), AT_EMPTY_PATH);
  return false;
}
bool forks() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::_exit(0);
  }
  return pid > 0 && ::waitpid(pid, nullptr, 0) == pid;
}
bool listens() {
  return ::listen(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 1) == 0;
}
bool maps(int protection) {
  return ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}
bool makes_executable() {
  void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return ::mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}
bool has_thread() {
  bool ran = false;
  std::thread([&] { ran = true; }).join();
  return ran;
}
bool resolves() {
  addrinfo* found = nullptr;
  const bool good = ::getaddrinfo("localhost", "80", nullptr, &found) == 0;
  if (good) {
    ::freeaddrinfo(found);
  }
  return good;
}
bool dumps_core() {
  rlimit limit{};
  ::syscall(SYS_getrlimit, RLIMIT_CORE, &limit);
  return limit.rlim_max != 0 || ::prctl(PR_GET_DUMPABLE) == 1;
}

const std::map<std::string_view, std::function<bool()>> kTries = {
    {"read", [] { return opens(O_RDONLY); }},
    {"write", [] { return opens(O_WRONLY); }},
    {"create", [] { return opens(O_WRONLY | O_CREAT | O_EXCL); }},
    {"list", [] { return opens(O_RDONLY | O_DIRECTORY); }},
    {"remove", [] { return ::unlink(path.c_str()) == 0; }},
    {"exec", executes},
    {"execveat", executes_by_descriptor},
    {"fork", forks},
    {"listen", listens},
    {"tcp", [] { return socket_of(AF_INET, SOCK_STREAM) && socket_of(AF_INET6, SOCK_STREAM); }},
    {"udp", [] { return socket_of(AF_INET, SOCK_DGRAM); }},
    {"unix", [] { return socket_of(AF_UNIX, SOCK_STREAM); }},
    {"raw", [] { return socket_of(AF_INET, SOCK_RAW, IPPROTO_ICMP); }},
    {"netlink-route", [] { return socket_of(AF_NETLINK, SOCK_RAW, 0); }},
    {"kill", [] { return ::kill(::getppid(), 0) == 0; }},
    {"ptrace", [] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0; }},
    {"writable-code", [] { return maps(PROT_WRITE | PROT_EXEC); }},
    {"new-code", makes_executable},
    {"memory", [] { return maps(PROT_READ | PROT_WRITE); }},
    {"memfd", [] { return ::memfd_create("x", MFD_CLOEXEC) >= 0; }},
    {"io_uring", [] { return ::syscall(SYS_io_uring_setup, 0, nullptr) != 0 && errno != ENOSYS; }},
    {"thread", has_thread},
    {"resolve", resolves},
    {"core", dumps_core},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || !kTries.contains(argv[2])) {
    return 2;
  }
  path = argc > 3 ? argv[3] : "";
  if (std::string_view(argv[1]) == "confined" && !nono::net::confine("")) {
    return 2;
  }
  // At an ordinary exit a sanitizer looks for leaks by means that are refused now.
  ::_exit(kTries.at(argv[2])() ? 0 : 1);
}
