// engine/approval.h: questions about opens and connects outside the grants, and who answers them.
//
// A backend puts a question to somebody (a person, a rule, a service) and gives back what they
// said. It decides nothing else: what may be asked at all, how often, and that an answer is on
// record before it takes effect, is engine/approvals.h's. Nothing of the agent reaches a backend
// but the question, whose texts are as printable() makes them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nono::engine {

enum class Approval : unsigned char { Denied, Allowed };
// ApprovalScope says for how long an answer counts: this one call; every call of this operation on
// this object (or to this address and port) until the session ends; or that, and in later runs,
// because an allowance is written into the run's profile. The last is a person's only.
enum class ApprovalScope : unsigned char { Once, Session, Profile };
std::string_view name_of(ApprovalScope scope);  // "once", "session", "profile"
std::optional<ApprovalScope> scope_named(std::string_view name);

// ProfileOffer is what the scope Profile would do, as a person is shown it; each text is printable,
// the diff line by line. Where it cannot be done, `diff` is empty and `why_not` says so, with what
// mends it.
struct ProfileOffer {
  std::string profile;  // its file
  std::string diff;
  std::string why_not;
  bool possible() const { return !diff.empty(); }
};

// ApprovalQuestion is what is asked.
struct ApprovalQuestion {
  std::uint64_t id = 0;   // 1, 2, … in a session
  std::string operation;  // "read", "write", "read-write", "create", "connect"
  std::string path;       // of the resolved object; bytes, for rules; of TCP "192.0.2.1:443"
  std::string object;     // the same, printable
  std::string requested;  // as the agent spelt it, printable; of TCP with the host's name if known
  pid_t process = 0;
  std::chrono::steady_clock::time_point until;  // when it counts as denied
  ProfileOffer offer = {};
};

struct ApprovalReply {
  std::uint64_t question = 0;
  Approval approval = Approval::Denied;
  ApprovalScope scope = ApprovalScope::Once;
  std::optional<uid_t> uid = std::nullopt;  // of a person's process, by the kernel
  std::string why = {};                     // more for the record: a rule, a failure
};

// ApprovalLimits: questions over the rate are denied unasked; one that nobody answers is denied.
struct ApprovalLimits {
  double per_second = 10;
  double burst = 5;
  std::chrono::milliseconds patience{60'000};
};

// ApprovalWish is who is to be asked, as the caller of a run wants it; nobody by default.
struct ApprovalWish {
  std::optional<std::string> rules_file;  // asked first
  bool socket = false;
  bool terminal = false;
  std::optional<std::string> webhook;  // a URL
  std::string key_file;                // of the webhook
  ApprovalLimits limits;
  bool any() const { return socket || terminal || rules_file || webhook; }
};

class ApprovalBackend {
 public:
  enum class Taken : unsigned char {
    NoOpinion,  // it will not answer
    Answered,   // by the next turn()
    Waits,      // it answers when somebody does, or never
  };
  virtual ~ApprovalBackend() = default;
  virtual std::string_view name() const = 0;  // "socket", "terminal", "rules", "webhook"
  virtual Taken put(const ApprovalQuestion& question) = 0;
  // withdraw: answered by somebody else, timed out, or its caller is gone.
  virtual void withdraw(std::uint64_t question) = 0;
  // conclude follows a reply for the scope Profile: it was saved, or `why_not` says why it was not.
  virtual void conclude(std::uint64_t question, const std::string& why_not) {
    static_cast<void>(question);
    static_cast<void>(why_not);
  }
  virtual int watched() const = 0;  // readable when turn() has something to do; -1: never
  // turn does what can be done without waiting and gives the replies that there are.
  virtual std::vector<ApprovalReply> turn() = 0;
};

}  // namespace nono::engine
