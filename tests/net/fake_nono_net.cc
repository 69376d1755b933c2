// tests/net/fake_nono_net.cc: stands in for a nono-net that crashes, hangs or lies. What it does is
// in the variable FAKE; it reads one request first.
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>

#include "net/frame.h"

extern char** environ;

namespace {

using namespace nono::net;

void say(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(kChannel, bytes.data(), bytes.size());
    if (sent <= 0) {
      return;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void answer(const HttpResponse& response) {
  (void)send_frame(nono::BorrowedFd::unowned(kChannel), encode_answer(response), std::nullopt);
}

// What a nono-net can see of its parent: descriptors and variables.
std::string surroundings() {
  std::string seen;
  for (int fd = 0; fd < 1024; ++fd) {
    std::array<char, 512> target{};
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    if (::readlink(link.c_str(), target.data(), target.size() - 1) > 0) {
      const std::string_view where(target.data());
      seen += std::to_string(fd) + "=" +
              std::string(where.starts_with("socket:") ? "socket" : where) + "\n";
    }
  }
  for (char** entry = environ; *entry != nullptr; ++entry) {
    seen += std::string(*entry) + "\n";
  }
  seen += "session=" + std::string(::getsid(0) == ::getpid() ? "own" : "shared") + "\n";
  return seen;
}

void tell_surroundings() {
  HttpResponse response;
  response.status = 200;
  response.body = surroundings();
  answer(response);
}

void hang() {
  std::this_thread::sleep_for(std::chrono::minutes(5));
}

void drip(const std::string& frame) {
  for (const char c : std::string("\0\0\0\x10", 4) + frame) {
    say(std::string_view(&c, 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
  }
}

void say_endlessly() {
  const std::string much(1u << 16, 'x');
  for (int i = 0; i < 4096; ++i) {
    say(much);
  }
}

// What it can say, by the name of the mode; `plain` is an answer that would do.
using Act = std::function<void(const HttpRequest& request, HttpResponse plain)>;
const std::map<std::string_view, Act> kActs = {
    {"surroundings", [](const auto&, HttpResponse) { tell_surroundings(); }},
    {"exit", [](const auto&, HttpResponse) { ::_exit(7); }},
    {"crash", [](const auto&, HttpResponse) { ::raise(SIGKILL); }},
    {"hang", [](const auto&, HttpResponse) { hang(); }},
    {"half-length",
     [](const auto&, HttpResponse) {
       say(std::string_view("\0\0", 2));
       hang();
     }},
    {"half-frame",
     [](const auto&, HttpResponse) {
       say(std::string_view("\0\0\0\x10half", 8));
       ::_exit(0);
     }},
    {"huge-length",
     [](const auto&, HttpResponse) {
       say("\xff\xff\xff\xff");
       hang();
     }},
    {"garbage", [](const auto&, HttpResponse) { say(std::string_view("\0\0\0\x08garbage!", 12)); }},
    {"endless", [](const auto&, HttpResponse) { say_endlessly(); }},
    {"too-large-body",
     [](const auto& request, HttpResponse plain) {
       plain.body.assign(request.max_bytes + 1, 'x');
       answer(plain);
     }},
    {"bad-status",
     [](const auto&, HttpResponse plain) {
       plain.status = 99;
       answer(plain);
     }},
    {"bad-header",
     [](const auto&, HttpResponse plain) {
       plain.headers.emplace_back("x-a", "one\r\nx-b: two");
       answer(plain);
     }},
    {"terminal-codes",
     [](const auto&, HttpResponse) {
       const Failure failure{.kind = nono::ErrorKind::Network, .text = "\x1b[2Jgone\nFulcio: fine"};
       (void)send_frame(nono::BorrowedFd::unowned(kChannel), encode_answer(failure), std::nullopt);
     }},
    {"drip", [](const auto&, const HttpResponse& plain) { drip(encode_answer(plain)); }},
};

void act(std::string_view mode, const HttpRequest& request) {
  HttpResponse plain;
  plain.status = 200;
  kActs.at(mode)(request, std::move(plain));
}

}  // namespace

int main() {
  ::signal(SIGPIPE, SIG_IGN);
  const char* mode = std::getenv("FAKE");
  for (;;) {
    const auto payload =
        receive_frame(nono::BorrowedFd::unowned(kChannel), max_request_frame(), std::nullopt);
    if (!payload || !*payload) {
      return 0;
    }
    const auto request = decode_request(**payload);
    if (!request) {
      return 9;
    }
    act(mode == nullptr ? "" : mode, *request);
  }
}
