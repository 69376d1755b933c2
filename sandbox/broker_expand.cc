#include "sandbox/broker_expand.h"

#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "sandbox/wire.h"

namespace nono::sandbox {

bool send_question(const BrokerRules& rules, const Call& call, const Expansion& question,
                   std::span<const int> fds) {
  const auto process = call.thread.process();
  WireWriter message;
  message.number(kEventExpand).number(process ? static_cast<std::uint64_t>(*process) : 0);
  message.number(call.thread.cookie());
  encode_expansion(message, question);
  return wire_send(rules.events(), message.bytes(), fds).has_value();
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
  if (!sound || message->fds.size() > (out.code == 0 ? 1U : 0U)) {
    out.code = EACCES;
  }
  if (out.code == 0 && !message->fds.empty()) {
    out.fd = std::move(message->fds.front());
  }
  return out;
}

void send_reply(BorrowedFd events, const Expanded& answer) {
  WireWriter message;
  message.number(kTellExpanded)
      .number(answer.cookie)
      .number(static_cast<std::uint64_t>(answer.code));
  const std::array<int, 1> fds{BorrowedFd(answer.fd).raw()};
  // Few answers are under way (twice kMaxPending at most): they fit into the socket's buffer.
  static_cast<void>(
      wire_send(events, message.bytes(), std::span(fds).first(answer.fd.valid() ? 1 : 0)));
}

}  // namespace nono::sandbox
