// ledger/audit_line.cc: writing and reading of one line.
#include "ledger/audit_line.h"

#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/text.h"
#include "ledger/audit_event.h"

namespace nono::ledger {
namespace {

constexpr std::size_t kHexDigits = 2 * crypto::Sha256::kSize;
constexpr std::string_view kPrevKey = R"(,"prev":")";
constexpr std::string_view kMacKey = R"(,"mac":")";
constexpr std::string_view kLineEnd = "\"}";
constexpr std::size_t kMacBytes = kMacKey.size() + kHexDigits + kLineEnd.size();
constexpr std::size_t kFractionDigits = 9;
constexpr std::size_t kLeastMembers = 6;

std::unexpected<Error> malformed(std::string why) {
  return fail(ErrorKind::InvalidInput, "not an audit line: " + std::move(why));
}

Result<crypto::Sha256> digest_of(const JsonMember& member, std::string_view name) {
  if (member.first != name) {
    return malformed("its last two members must be prev and mac");
  }
  const std::string* text = member.second.string();
  const auto digest = text == nullptr ? std::nullopt : crypto::Sha256::parse_hex(*text);
  if (!digest) {
    return malformed("/" + std::string(name) + ": must be 64 lower-case hexadecimal digits");
  }
  return *digest;
}

// check_start looks at the four members that every line starts with.
Result<void> check_start(const Json::Object& members) {
  constexpr std::array<std::string_view, 4> kNames = {"sequence", "time", "pid", "type"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (members[i].first != kNames[i]) {
      return malformed("its first members must be sequence, time, pid and type");
    }
  }
  const std::int64_t* sequence = members[0].second.integer();
  if (sequence == nullptr || *sequence < 0) {
    return malformed("/sequence: must be an integer from 0 to 2^63-1");
  }
  const std::string* time = members[1].second.string();
  if (time == nullptr || !parse_rfc3339(*time)) {
    return malformed("/time: must be a time as of RFC 3339");
  }
  const std::int64_t* pid = members[2].second.integer();
  if (pid == nullptr || *pid < 1) {
    return malformed("/pid: must be a positive integer");
  }
  const std::string* type = members[3].second.string();
  if (type == nullptr || !is_event_type(*type)) {
    return malformed("/type: must be a name in snake_case");
  }
  return {};
}

}  // namespace

crypto::Sha256 no_digest() {
  constexpr std::array<std::byte, crypto::Sha256::kSize> kZeros{};
  const auto digest = crypto::Sha256::from_raw(kZeros);
  if (!digest) {
    std::abort();
  }
  return *digest;
}

Result<AuditLine> parse_audit_line(std::string_view line) {
  NONO_TRY(Json json, Json::parse(line, kAuditLineLimits));
  const Json::Object* members = json.object();
  if (members == nullptr || members->size() < kLeastMembers) {
    return malformed("must be an object with sequence, time, pid, type, prev and mac");
  }
  NONO_CHECK(check_start(*members));
  NONO_TRY(const crypto::Sha256 prev, digest_of((*members)[members->size() - 2], "prev"));
  NONO_TRY(const crypto::Sha256 mac, digest_of(members->back(), "mac"));
  // The mac covers bytes, so the place of its member is fixed to the byte: no other spelling of the
  // same JSON is a line.
  const std::string end = std::string(kPrevKey) + prev.hex() + "\"" + std::string(kMacKey) +
                          mac.hex() + std::string(kLineEnd);
  if (!line.starts_with('{') || !line.ends_with(end)) {
    return malformed("prev and mac must end it without white space");
  }
  const auto sequence = static_cast<std::uint64_t>(*members->front().second.integer());
  std::string type = *(*members)[3].second.string();
  return AuditLine{.sequence = sequence,
                   .type = std::move(type),
                   .prev = prev,
                   .mac = mac,
                   .authenticated = line.substr(0, line.size() - kMacBytes),
                   .json = std::move(json)};
}

std::uint64_t lost_records(const AuditLine& line) {
  const Json* count = line.type == kLostType ? line.json.find("count") : nullptr;
  const std::int64_t* number = count == nullptr ? nullptr : count->integer();
  return number != nullptr && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

std::string authenticated_text(const LineHead& head, std::string_view event_members) {
  std::string line;
  line.reserve(event_members.size() + 512);
  line += R"({"sequence":)";
  line += std::to_string(head.sequence);
  line += R"(,"time":")";
  line += format_rfc3339(head.time, kFractionDigits);
  line += R"(","pid":)";
  line += std::to_string(head.pid);
  line += R"(,"type":")";
  line += head.type;
  line += '"';
  if (!event_members.empty()) {
    line += ',';
    line += event_members;
  }
  line += kPrevKey;
  line += head.prev.hex();
  line += '"';
  return line;
}

void finish_line(std::string& line, const crypto::Sha256& mac) {
  line += kMacKey;
  line += mac.hex();
  line += kLineEnd;
}

}  // namespace nono::ledger
