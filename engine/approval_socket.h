// engine/approval_socket.h: answers of a person in another terminal, over the session's control
// socket: `nono approve`. Messages: docs/approvals.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "engine/approval.h"
#include "session/control.h"

namespace nono::engine {

// ListQuestions and AnswerQuestion are the requests that a session takes.
struct ListQuestions {
  std::uint64_t after = 0;  // questions with greater numbers
};
struct AnswerQuestion {
  std::uint64_t question = 0;
  Approval approval = Approval::Denied;
  ApprovalScope scope = ApprovalScope::Once;
};
using ControlRequest = std::variant<ListQuestions, AnswerQuestion>;

// parse_request is InvalidInput for anything but the messages of docs/approvals.md.
Result<ControlRequest> parse_request(const Json& message);
Json to_json(const ControlRequest& request);

// ListedQuestion is a question as a client is told of it. Its texts are printable, the diff line by
// line: parse_list makes them so again, for a client does not trust its peer with the terminal.
struct ListedQuestion {
  std::uint64_t id = 0;
  std::string operation;
  std::string object;
  std::string requested;
  std::int64_t process = 0;
  std::int64_t seconds_left = 0;
  ProfileOffer offer = {};
};
struct QuestionList {
  std::vector<ListedQuestion> questions;
  bool more = false;  // ask again, after the last
};
Result<QuestionList> parse_list(const Json& message);

// offer_json is {"profile", "diff"} or {"why_not"}: on the wire, and for people's programs.
Json offer_json(const ProfileOffer& offer);

// AnswerTaken is what a session says of an answer; its texts are made printable, too.
struct AnswerTaken {
  bool taken = false;
  std::string error;          // why not
  std::optional<bool> saved;  // of the scope Profile
  std::string why_not;        // where it was not saved
};
Result<AnswerTaken> parse_taken(const Json& message);

class SocketBackend final : public ApprovalBackend {
 public:
  explicit SocketBackend(session::ControlServer server) : server_(std::move(server)) {}

  std::string_view name() const override { return "socket"; }
  Taken put(const ApprovalQuestion& question) override;
  void withdraw(std::uint64_t question) override { questions_.erase(question); }
  void conclude(std::uint64_t question, const std::string& why_not) override;
  int watched() const override { return server_.watched(); }
  std::vector<ApprovalReply> turn() override;

 private:
  Json list(std::uint64_t after) const;
  std::optional<ApprovalReply> take(const session::ControlServer::Request& request,
                                    const AnswerQuestion& answer);
  session::ControlServer server_;
  std::map<std::uint64_t, ApprovalQuestion> questions_;
  std::map<std::uint64_t, std::uint64_t> saving_;  // question to the client that is to be told
};

}  // namespace nono::engine
