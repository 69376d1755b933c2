// ledger/audit_event.cc: cleaning and shortening of events.
#include "ledger/audit_event.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

#include "base/text.h"
#include "crypto/digest.h"

namespace nono::ledger {
namespace {

constexpr std::size_t kMaxTypeBytes = 64;
constexpr std::size_t kMaxDepth = 32;  // the parser stops at 64
constexpr std::array<std::string_view, 6> kOwnMembers = {"sequence", "time", "pid",
                                                         "type",     "prev", "mac"};

struct Measure {
  std::size_t text_bytes;
  std::size_t items;
};
constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
// Tried in this order until the event fits.
constexpr std::array<Measure, 4> kMeasures = {
    {{kNoLimit, kNoLimit}, {4096, 256}, {256, 64}, {64, 16}}};

std::string shortened(const std::string& text, const Measure& measure) {
  std::string clean = is_utf8(text) ? text : printable(text);
  if (clean.size() <= measure.text_bytes) {
    return clean;
  }
  std::size_t end = measure.text_bytes;
  while (end > 0 && (static_cast<unsigned char>(clean[end]) & 0xc0U) == 0x80U) {
    --end;
  }
  clean.resize(end);
  return clean + "… (" + std::to_string(text.size()) + " bytes, SHA-256 " +
         crypto::Sha256::of(text).hex() + ")";
}

std::string more(std::size_t left_out) {
  return "… (" + std::to_string(left_out) + " more)";
}

bool has_twice(const Json::Object& members) {
  if (members.size() < 2) {
    return false;
  }
  std::set<std::string_view> seen;
  return !std::ranges::all_of(
      members, [&](const JsonMember& member) { return seen.insert(member.first).second; });
}

Result<Json> fitted(const Json& value, const Measure& measure, std::size_t depth);

Result<Json> fitted_array(const Json::Array& items, const Measure& measure, std::size_t depth) {
  Json::Array out;
  for (std::size_t i = 0; i < std::min(items.size(), measure.items); ++i) {
    NONO_TRY(Json item, fitted(items[i], measure, depth + 1));
    out.push_back(std::move(item));
  }
  if (items.size() > out.size()) {
    out.emplace_back(more(items.size() - out.size()));
  }
  return Json(std::move(out));
}

Result<Json> fitted_object(const Json::Object& members, const Measure& measure, std::size_t depth) {
  Json::Object out;
  for (std::size_t i = 0; i < std::min(members.size(), measure.items); ++i) {
    NONO_TRY(Json value, fitted(members[i].second, measure, depth + 1));
    out.emplace_back(shortened(members[i].first, measure), std::move(value));
  }
  if (members.size() > out.size()) {
    out.emplace_back("…", more(members.size() - out.size()));
  }
  // Checked on what will be written: cleaning may have made two names equal.
  if (has_twice(out)) {
    return fail(ErrorKind::InvalidInput, "an audit event names a member twice");
  }
  return Json(std::move(out));
}

// fitted rebuilds the value: copies of a Json share their arrays and objects.
Result<Json> fitted(const Json& value, const Measure& measure, std::size_t depth) {
  if (depth > kMaxDepth) {
    return fail(ErrorKind::InvalidInput, "an audit event is nested deeper than 32 levels");
  }
  if (const auto* text = value.string(); text != nullptr) {
    return Json(shortened(*text, measure));
  }
  if (const auto* items = value.array(); items != nullptr) {
    return fitted_array(*items, measure, depth);
  }
  if (const auto* members = value.object(); members != nullptr) {
    return fitted_object(*members, measure, depth);
  }
  return value;
}

}  // namespace

bool is_event_type(std::string_view type) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto fits = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !type.empty() && type.size() <= kMaxTypeBytes && is_letter(type.front()) &&
         !type.ends_with('_') && !type.contains("__") && std::ranges::all_of(type, fits);
}

bool is_own_member(std::string_view name) {
  return std::ranges::find(kOwnMembers, name) != kOwnMembers.end();
}

Result<std::string> event_text(const Json& event, std::size_t max_bytes) {
  const Json::Object* members = event.object();
  if (members == nullptr) {
    return fail(ErrorKind::InvalidInput, "an audit event must be a JSON object");
  }
  for (const auto& [name, value] : *members) {
    if (is_own_member(name)) {
      return fail(ErrorKind::InvalidInput, "an audit event must not set the member " + name);
    }
  }
  for (const Measure& measure : kMeasures) {
    NONO_TRY(const Json clean, fitted(event, measure, 0));
    const std::string text = clean.compact();
    if (text.size() <= max_bytes + 2) {
      return text.substr(1, text.size() - 2);
    }
  }
  return fail(ErrorKind::Exhausted, "an audit event is larger than a line may be (" +
                                        std::to_string(max_bytes) + " bytes)");
}

}  // namespace nono::ledger
