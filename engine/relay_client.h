// engine/relay_client.h: the agent's terminal, as the supervisor's loop drives it.
#pragma once

#include <poll.h>

#include <array>
#include <utility>

#include "engine/run.h"
#include "sandbox/supervisor.h"
#include "session/terminal.h"

namespace nono::engine {

// RelayClient keeps what `teller` (null: nobody) would say on the terminal back while the agent
// paints it.
class RelayClient final : public sandbox::TerminalClient {
 public:
  RelayClient(session::Relay& relay, Teller* teller) : relay_(relay), teller_(teller) {}
  RelayClient(const RelayClient&) = delete;
  RelayClient& operator=(const RelayClient&) = delete;
  ~RelayClient() override { hold(false); }
  std::array<pollfd, 3> watched() override {
    std::array<pollfd, 3> out{};
    const auto watches = relay_.watched();
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = {watches[i].fd, watches[i].events, 0};
    }
    return out;
  }
  void ready(int fd, short revents) override { relay_.ready(fd, revents); }
  void resized() override { relay_.resized(); }
  bool in_background() override { return relay_.in_background(); }
  void suspend() override { relay_.suspend(); }
  void resume() override { relay_.resume(); }
  void look() override { hold(relay_.agent_paints()); }

 private:
  void hold(bool wanted) {
    if (teller_ == nullptr || std::exchange(held_, wanted) == wanted) {
      return;
    }
    if (wanted) {
      teller_->hold();
    } else {
      teller_->release();
    }
  }
  session::Relay& relay_;
  Teller* teller_;
  bool held_ = false;
};

}  // namespace nono::engine
