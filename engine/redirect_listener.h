// engine/redirect_listener.h: a port of 127.0.0.1 to which a browser brings the answer of an
// identity provider (RFC 8252, 7.3).
//
// Anybody on the machine can connect, and pages in the browser can too. A request counts only where
// it knows the state; all others are told so and forgotten, so that nobody but the provider ends a
// sign-in. A connection that says nothing keeps no other waiting.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/owned_fd.h"
#include "base/result.h"
#include "engine/form.h"

namespace nono::engine {

class RedirectListener {
 public:
  static constexpr std::size_t kMaxConnections = 16;  // at a time; then the oldest goes
  static constexpr std::chrono::seconds kConnection{10};

  // open listens on a port that the system chooses.
  static Result<RedirectListener> open();

  // redirect_uri says `localhost`: providers that know public clients by their redirect take that
  // name and no address.
  std::string redirect_uri() const;

  // wait returns the fields of the first request that carries `state`. Network: none came in time.
  Result<FormFields> wait(const std::string& state, std::chrono::milliseconds patience) const;

 private:
  RedirectListener(OwnedFd socket, std::string port)
      : socket_(std::move(socket)), port_(std::move(port)) {}
  OwnedFd socket_;
  std::string port_;
};

}  // namespace nono::engine
