#include "sandbox/broker_expand.h"

#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "sandbox/wire.h"

namespace nono::sandbox {

bool WaitingOpens::ask(WaitingOpen open, Expansion question, BorrowedFd object) {
  if (waiting_.size() >= kMax) {
    return false;
  }
  const AgentThread& thread = open.call.thread;
  question.cookie = thread.cookie();
  const auto process = thread.process();
  WireWriter message;
  message.number(kEventExpand).number(process ? static_cast<std::uint64_t>(*process) : 0);
  message.number(question.cookie);
  encode_expansion(message, question);
  const std::array<int, 2> fds{object.raw(), thread.listener().raw()};
  if (!wire_send(rules_.events(), message.bytes(), fds)) {
    return false;
  }
  waiting_.emplace(question.cookie, std::move(open));
  return true;
}

std::optional<WaitingOpen> WaitingOpens::take(std::uint64_t cookie) {
  auto found = waiting_.extract(cookie);
  return found.empty() ? std::nullopt : std::optional(std::move(found.mapped()));
}

std::optional<ExpansionReply> receive_reply(BorrowedFd events) {
  auto message = wire_receive(events);
  if (!message) {
    return std::nullopt;
  }
  WireReader reader(message->text);
  const std::uint64_t kind = reader.number();
  ExpansionReply out;
  out.cookie = reader.number();
  out.code = static_cast<int>(reader.number());
  const bool sound = reader.good() && kind == kTellExpanded;
  if (!sound || message->fds.size() != (out.code == 0 ? 1U : 0U)) {
    out.code = EACCES;
  }
  if (out.code == 0) {
    out.fd = std::move(message->fds.front());
  }
  return out;
}

void send_reply(BorrowedFd events, const Expanded& answer) {
  const int code = answer.code == 0 && !answer.fd.valid() ? EACCES : answer.code;
  WireWriter message;
  message.number(kTellExpanded).number(answer.cookie).number(static_cast<std::uint64_t>(code));
  const std::array<int, 1> fds{BorrowedFd(answer.fd).raw()};
  // At most kMaxPending answers are under way: they fit into the socket's buffer.
  static_cast<void>(wire_send(events, message.bytes(), std::span(fds).first(code == 0 ? 1 : 0)));
}

}  // namespace nono::sandbox
