// tests/net/support.h: what the tests of net share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/nono_net_client.h"
#include "sandbox/host_features.h"

namespace nono::net::test {

// nono-net as it was built, without anything of the environment but what the test gives.
inline NonoNetClient::Options real_program(std::vector<std::string> environment = {}) {
  return {.program = std::string(NONO_BIN_DIR) + "/nono-net",
          .environment = std::move(environment)};
}
// The stand-in for a nono-net that was taken over (tests/net/fake_nono_net.cc).
inline NonoNetClient::Options fake_program(std::string mode) {
  return {.program = NONO_FAKE_NET, .environment = {"FAKE=" + std::move(mode)}};
}

inline HttpRequest get(std::string url) {
  HttpRequest request;
  request.service = "the test's service";
  request.url = std::move(url);
  request.deadline = std::chrono::seconds(10);
  return request;
}
inline HttpRequest post(std::string url, std::string body) {
  HttpRequest request = get(std::move(url));
  request.method = Method::Post;
  request.body = std::move(body);
  return request;
}

// An emulated kernel has no Landlock; nono-net then refuses to work, which is right.
inline bool can_confine() {
  return sandbox::probe(sandbox::HostView{}, sandbox::ProbeDepth::Quick).landlock_abi >= 2;
}
#define NONO_NEEDS_LANDLOCK()                                                                      \
  do {                                                                                             \
    if (!::nono::net::test::can_confine()) {                                                       \
      GTEST_SKIP() << "this kernel has no Landlock (or is emulated): nono-net does not work here"; \
    }                                                                                              \
  } while (false)

}  // namespace nono::net::test
