// sandbox/broker_expand.h: opens and connects of the agent that wait for the supervisor's word.
//
// Only their callers wait: the broker goes on with other calls and takes the answer, which comes on
// the channel of events, when it is there. What waits is bounded; more is refused unasked.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

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

// WaitingConnect is what is told of a connect that was not allowed.
struct WaitingConnect {
  Call call;
  std::optional<Endpoint> to;  // of TCP
  std::string path;            // of a socket in the file system
};

// send_question sends a question about a call that waits; `fds` are those of question_fds. False
// where the channel is full.
bool send_question(const BrokerRules& rules, const Call& call, const Expansion& question,
                   std::span<const int> fds);

// Waiting keeps calls of one kind until they are answered.
template <typename T>
class Waiting {
 public:
  static constexpr std::size_t kMax = Expander::kMaxPending;
  explicit Waiting(BrokerRules& rules) : rules_(rules) {}

  // ask sends the question and keeps `waits`; false where there are too many.
  bool ask(T waits, const Expansion& question, std::span<const int> fds) {
    if (waiting_.size() >= kMax || !send_question(rules_, waits.call, question, fds)) {
      return false;
    }
    const std::uint64_t cookie = waits.call.thread.cookie();
    waiting_.emplace(cookie, std::move(waits));
    return true;
  }
  // take ends the wait; nothing for a cookie that is not waited for.
  std::optional<T> take(std::uint64_t cookie) {
    auto found = waiting_.extract(cookie);
    return found.empty() ? std::nullopt : std::optional(std::move(found.mapped()));
  }
  bool has(std::uint64_t cookie) const { return waiting_.contains(cookie); }

 private:
  BrokerRules& rules_;
  std::unordered_map<std::uint64_t, T> waiting_;
};

// ExpansionReply is the supervisor's word, as it came.
struct ExpansionReply {
  std::uint64_t cookie = 0;
  int code = 0;  // EACCES where it is not in form
  OwnedFd fd;    // of an open that was allowed
};
// receive_reply reads one without waiting; nothing where there is none.
std::optional<ExpansionReply> receive_reply(BorrowedFd events);
// send_reply is the supervisor's side of it.
void send_reply(BorrowedFd events, const Expanded& answer);

}  // namespace nono::sandbox
