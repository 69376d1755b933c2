// tests/fuzz/control_fuzz.cc: what a session and `nono approve` read from each other, and rules.
// What is read is written as it was meant, and frames do not depend on how they are cut.
#include "engine/approval.h"
#include "engine/approval_rules.h"
#include "engine/approval_socket.h"
#include "session/control_wire.h"
#include "tests/fuzz/expect.h"

namespace {

std::string frames_of(std::string_view bytes, std::size_t cut) {
  nono::session::FrameReader reader;
  std::string out;
  for (const std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
    reader.add(piece);
    for (;;) {
      auto next = reader.next();
      if (!next) {
        return out + "!";
      }
      if (!*next) {
        break;
      }
      out += (*next)->compact() + "\n";
    }
  }
  return out;
}

void try_messages(std::string_view text) {
  const auto json = nono::Json::parse(text, nono::kMessageLimits);
  if (!json) {
    return;
  }
  if (const auto request = nono::engine::parse_request(*json)) {
    const auto again = nono::engine::parse_request(nono::engine::to_json(*request));
    nono::fuzz::expect(again && again->index() == request->index());
  }
  static_cast<void>(nono::engine::parse_list(*json));
  static_cast<void>(nono::engine::parse_taken(*json));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = nono::fuzz::text_of(data, size);
  nono::fuzz::expect(frames_of(input, 0) == frames_of(input, size / 2));
  try_messages(input);
  if (const auto rules = nono::engine::RuleBook::parse(input, "/home/u")) {
    nono::engine::ApprovalQuestion question;
    question.operation = "read";
    question.path = "/srv/data/a";
    static_cast<void>(rules->find(question));
    question.operation = "connect";
    question.path = "192.0.2.1:443";
    static_cast<void>(rules->find(question));
  }
  return 0;
}
