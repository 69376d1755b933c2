// net/nono_net_client.h: an HttpClient that lets nono-net do it.
//
// nono-net is started at the first request, or before, and lives as long as the client. It gets a
// socket, three descriptors of /dev/null and the variables that are named here: no other
// descriptor, nothing else of the environment, no terminal. It is not trusted: what it sends is
// checked, waited for no longer than the request's deadline, and a process that dies, hangs or lies
// is killed and is one Error that names the service. The next request starts a new one.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "net/frame.h"
#include "net/http_client.h"

namespace nono::net {

// NonoNetClient carries one request at a time; a thread that wants another has its own client.
class NonoNetClient final : public HttpClient {
 public:
  struct Options {
    std::string program;  // "": nono-net beside the running program, or ../libexec/nono/nono-net
    std::vector<std::string> environment;  // "NAME=value" for nono-net, nothing else
  };
  // environment_of_process picks the variables that nono-net reads out of our own: HTTPS_PROXY,
  // ALL_PROXY, NO_PROXY and their lower-case spellings, SSL_CERT_FILE, SSL_CERT_DIR, NONO_EXTRA_CA;
  // and tells a TLS library that nono-net does not use to stay as it is.
  static std::vector<std::string> environment_of_process();

  NonoNetClient()
      : NonoNetClient(Options{.program = "", .environment = environment_of_process()}) {}
  explicit NonoNetClient(Options options) : options_(std::move(options)) {}
  NonoNetClient(const NonoNetClient&) = delete;
  NonoNetClient& operator=(const NonoNetClient&) = delete;
  NonoNetClient(NonoNetClient&&) = delete;
  NonoNetClient& operator=(NonoNetClient&&) = delete;
  ~NonoNetClient() override { stop(Patience::None); }

  // prepare starts nono-net now, which loads while its owner does other work. What goes wrong is
  // told by the first request.
  void prepare();
  // send: besides what HttpClient says, NotFound where nono-net is not installed, Unsupported where
  // it cannot confine itself or finds no certificate authorities.
  Result<HttpResponse> send(const HttpRequest& request) override;
  // finish kills nono-net and does not wait for its end: the next request does, or the client's
  // own end.
  void finish() override;

 private:
  enum class Patience : unsigned char { None, LastWords };
  Result<void> start();
  Result<Answer> exchange(const HttpRequest& request);
  // give_up ends a process that broke the agreement, and says so.
  Error give_up(const Error& why, std::chrono::milliseconds deadline);
  // stop kills and reaps, after a moment for the process to end by itself where there is patience;
  // it returns how the process ended, in words.
  std::string stop(Patience patience) noexcept;
  void kill_now() noexcept;

  Options options_;
  OwnedFd channel_;
  OwnedFd process_;  // a pidfd
  pid_t pid_ = -1;
};

}  // namespace nono::net
