// sandbox/broker_expand.h: opens of the agent that wait for the supervisor's word.
//
// Only their callers wait: the broker goes on with other calls and takes the answer, which comes on
// the channel of events, when it is there. What waits is bounded; more is refused unasked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "sandbox/broker_rules.h"
#include "sandbox/call_decode.h"
#include "sandbox/expansion.h"

namespace nono::sandbox {

// WaitingOpen is what the broker needs to go on with the open once it is answered.
struct WaitingOpen {
  Call call;
  OpenCall open;
  std::string path;
  OwnedFd base;
  ExpansionKind kind = ExpansionKind::Read;
  std::string canonical;  // for the report of a denial
};

class WaitingOpens {
 public:
  static constexpr std::size_t kMax = Expander::kMaxPending;
  explicit WaitingOpens(BrokerRules& rules) : rules_(rules) {}

  // ask sends the question about `object` and keeps `open`; false where there are too many, or the
  // channel is full.
  bool ask(WaitingOpen open, Expansion question, BorrowedFd object);
  // take ends the wait; nothing for a cookie that is not waited for.
  std::optional<WaitingOpen> take(std::uint64_t cookie);

 private:
  BrokerRules& rules_;
  std::unordered_map<std::uint64_t, WaitingOpen> waiting_;
};

// ExpansionReply is the supervisor's word, as it came.
struct ExpansionReply {
  std::uint64_t cookie = 0;
  int code = 0;  // EACCES where it is not in form
  OwnedFd fd;
};
// receive_reply reads one without waiting; nothing where there is none.
std::optional<ExpansionReply> receive_reply(BorrowedFd events);
// send_reply is the supervisor's side of it.
void send_reply(BorrowedFd events, const Expanded& answer);

}  // namespace nono::sandbox
