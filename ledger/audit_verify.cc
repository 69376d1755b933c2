// ledger/audit_verify.cc: the checking side.
#include <optional>
#include <string>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "ledger/audit_line.h"
#include "ledger/audit_log.h"
#include "ledger/audit_reader.h"
#include "ledger/key_chain.h"
#include "ledger/line_reader.h"
#include "ledger/session_files.h"

namespace nono::ledger {
namespace {

constexpr std::size_t kKeyFileBytes = 4096;

using Problem = std::optional<std::string>;

bool says(const Json& line, std::string_view name, std::string_view expected) {
  const Json* member = line.find(name);
  return member != nullptr && member->string() != nullptr && *member->string() == expected;
}

// Checker holds what the next line must fit.
class Checker {
 public:
  Checker(KeyChain key, std::string_view session_id)
      : key_(std::move(key)), session_id_(session_id) {}

  std::uint64_t good_lines() const { return good_; }
  const std::string& last_line() const { return last_line_; }
  bool sealed() const { return sealed_; }
  std::uint64_t lost() const { return lost_; }
  std::optional<crypto::Sha256> head() const {
    return good_ == 0 ? std::nullopt : std::optional(head_);
  }

  // check takes the next line, or says what is wrong with it.
  Problem check(std::string_view text) {
    const auto line = parse_audit_line(text);
    if (!line) {
      return line.error().message();
    }
    if (Problem problem = misfit(*line)) {
      return problem;
    }
    head_ = crypto::Sha256::of(text);
    last_line_ = text;
    key_.step();
    ++good_;
    sealed_ = line->type == kSealType;
    lost_ += lost_records(*line);
    return std::nullopt;
  }

 private:
  Problem misfit(const AuditLine& line) const {
    if (sealed_) {
      return "the log was sealed before this line";
    }
    if (line.sequence != good_) {
      return "its sequence is " + std::to_string(line.sequence) + ", expected " +
             std::to_string(good_) + ": lines were removed, added or reordered";
    }
    if (line.prev != head_) {
      return "it does not follow the line before: prev differs";
    }
    if (good_ == 0) {
      if (Problem problem = genesis_misfit(line)) {
        return problem;
      }
    }
    if (line.mac != key_.mac(line.authenticated)) {
      return "its mac does not verify: the line was changed";
    }
    if (good_ > 0 && line.type == kStartedType) {
      return "a second start of a session";
    }
    if (line.type == kSealType && !counts(line)) {
      return "the seal counts another number of lines";
    }
    return std::nullopt;
  }
  Problem genesis_misfit(const AuditLine& line) const {
    if (line.type != kStartedType || !says(line.json, "format", kFormatName)) {
      return "it is not the start of a log of format " + std::string(kFormatName);
    }
    if (!says(line.json, "session", session_id_)) {
      return "it starts the log of another session";
    }
    if (!says(line.json, "key_id", key_.identity().hex())) {
      return "the key is not the one of this log";
    }
    return std::nullopt;
  }
  bool counts(const AuditLine& line) const {
    const Json* lines = line.json.find("lines");
    return lines != nullptr && *lines == Json(good_);
  }

  KeyChain key_;
  std::string session_id_;
  crypto::Sha256 head_ = no_digest();
  std::string last_line_;
  std::uint64_t good_ = 0;
  std::uint64_t lost_ = 0;
  bool sealed_ = false;
};

std::string at_line(std::uint64_t good_lines, std::string_view why) {
  return "line " + std::to_string(good_lines + 1) + ": " + std::string(why);
}

struct Walked {
  LogState state;
  std::string detail;
};

Result<Walked> walk(BorrowedFd log, Checker& checker) {
  LineReader reader(log);
  while (true) {
    NONO_TRY(const LineReader::Step step, reader.next());
    Problem problem;
    switch (step.kind) {
      case LineReader::Kind::Line:
        problem = checker.check(step.text);
        break;
      case LineReader::Kind::TooLong:
        problem = "longer than 64 KiB";
        break;
      case LineReader::Kind::Torn:
        if (!checker.sealed()) {
          return Walked{LogState::Torn, at_line(checker.good_lines(),
                                                "has no end: the writer "
                                                "stopped in the middle")};
        }
        problem = "bytes follow the seal";
        break;
      case LineReader::Kind::End:
        return Walked{checker.sealed() ? LogState::Sealed : LogState::Open, {}};
    }
    if (problem) {
      return Walked{LogState::Broken, at_line(checker.good_lines(), *problem)};
    }
  }
}

// end_problem looks at what only the end of the log can show.
Problem end_problem(const Checker& checker, const std::optional<std::string>& seal,
                    const std::optional<crypto::Sha256>& kept_head) {
  if (checker.good_lines() == 0) {
    return "line 1: missing";
  }
  if (seal && *seal != checker.last_line() + "\n") {
    return "after line " + std::to_string(checker.good_lines()) +
           ": the log was sealed, and its end was changed or cut off since";
  }
  const std::optional<crypto::Sha256> head = checker.head();
  if (head && kept_head && *head != *kept_head) {
    return "after line " + std::to_string(checker.good_lines()) + ": the head is " + head->hex() +
           ", and " + kept_head->hex() + " was kept";
  }
  return std::nullopt;
}

Result<std::optional<std::string>> read_seal(const std::string& directory, std::string_view id) {
  auto file = open_session_file(directory, id, kSealFile);
  if (!file && file.error().kind() == ErrorKind::NotFound) {
    return std::nullopt;
  }
  if (!file) {
    return std::unexpected(std::move(file).error());
  }
  NONO_TRY(std::string seal, read_capped(*file, kMaxLineBytes + 1, kSealFile));
  // A crash can leave it empty. That hides no more than a seal that was removed.
  return seal.empty() ? std::nullopt : std::optional(std::move(seal));
}

Result<std::string> read_key(const std::string& directory, std::string_view id) {
  auto file = open_session_file(directory, id, kKeyFile);
  if (!file) {
    return std::unexpected(std::move(file)
                               .error()
                               .while_doing("without its key the log of session " + printable(id) +
                                            " cannot be verified")
                               .mend_with("put the key back; nono audit show " + printable(id) +
                                          " shows the log without checking it"));
  }
  return read_capped(*file, kKeyFileBytes, kKeyFile);
}

}  // namespace

Result<Verification> verify_session(const std::string& directory, std::string_view session_id,
                                    const std::optional<crypto::Sha256>& kept_head) {
  NONO_TRY(const OwnedFd log, open_session_file(directory, session_id, kEventsFile));
  NONO_TRY(std::string key_text, read_key(directory, session_id));
  auto key = KeyChain::parse(key_text);
  const crypto::Secret wiped = crypto::Secret::take(key_text);
  if (!key) {
    return Verification{.state = LogState::Broken, .detail = "key: " + key.error().message()};
  }
  NONO_TRY(const std::optional<std::string> seal, read_seal(directory, session_id));
  Checker checker(*std::move(key), session_id);
  NONO_TRY(Walked walked, walk(log, checker));
  if (walked.state != LogState::Broken) {
    // A crash within the very first line leaves no line; nothing was promised about it.
    const bool only_torn = walked.state == LogState::Torn && checker.good_lines() == 0;
    const Problem problem =
        only_torn && !seal && !kept_head ? Problem{} : end_problem(checker, seal, kept_head);
    if (problem) {
      walked = {LogState::Broken, *problem};
    }
  }
  return Verification{.state = walked.state,
                      .good_lines = checker.good_lines(),
                      .lost = checker.lost(),
                      .detail = std::move(walked.detail),
                      .head = checker.head()};
}

}  // namespace nono::ledger
