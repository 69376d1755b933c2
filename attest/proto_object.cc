// attest/proto_object.cc: see proto_object.h.
#include "attest/proto_object.h"

#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "base/text.h"

namespace nono::attest {

namespace {

constexpr std::size_t kMaxEnumName = 64;

// proto_spelling is the name in the .proto file from which ProtoJSON makes `name`.
std::string proto_spelling(std::string_view name) {
  std::string spelling;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      spelling += '_';
      spelling += static_cast<char>(c - 'A' + 'a');
    } else {
      spelling += c;
    }
  }
  return spelling;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

Result<Instant> read_instant(const JsonView& view) {
  NONO_TRY(const std::string text, view.nonempty_string());
  // A program that has no start writes its zero: the year 1, the year 1601.
  const std::optional<Instant> instant = parse_rfc3339(text, BeforeEpoch::Clamped);
  if (!instant) {
    return std::unexpected(view.error("must be a time of RFC 3339, from year 1 to 9999"));
  }
  return *instant;
}

}  // namespace

Result<ProtoObject> ProtoObject::read(const JsonView& view,
                                      std::initializer_list<std::string_view> names) {
  NONO_TRY(const auto members, view.members(kMaxProtoMembers));
  ProtoObject object(view);
  std::vector<std::string_view> seen;
  for (const auto& [key, value] : members) {
    const auto* const name = std::ranges::find_if(names, [&key](std::string_view candidate) {
      return key == candidate || key == proto_spelling(candidate);
    });
    if (name == names.end()) {
      return std::unexpected(value.error("is not a known member"));
    }
    if (std::ranges::find(seen, *name) != seen.end()) {
      return std::unexpected(value.error("is there twice, in two spellings"));
    }
    seen.push_back(*name);
    if (!value.json().is_null()) {
      object.members_.emplace_back(*name, value);
    }
  }
  return object;
}

const JsonView* ProtoObject::maybe(std::string_view name) const {
  for (const auto& [key, value] : members_) {
    if (key == name) {
      return &value;
    }
  }
  return nullptr;
}

Result<JsonView> ProtoObject::at(std::string_view name) const {
  if (const JsonView* value = maybe(name)) {
    return *value;
  }
  return view_.at(
      name);  // whose error it is: a spelling that is there is not null, and found above
}

Result<std::string> ProtoObject::text(std::string_view name) const {
  const JsonView* value = maybe(name);
  if (value == nullptr) {
    return std::string();
  }
  NONO_TRY(std::string text, value->string());
  if (text.size() > kMaxProtoText) {
    return std::unexpected(
        value->error("is longer than " + std::to_string(kMaxProtoText) + " bytes"));
  }
  if (std::ranges::any_of(text, is_control)) {
    return std::unexpected(value->error("must not contain control characters"));
  }
  return text;
}

Result<std::string> ProtoObject::nonempty_text(std::string_view name) const {
  NONO_TRY(const JsonView value, at(name));
  NONO_TRY(std::string text, this->text(name));
  if (text.empty()) {
    return std::unexpected(value.error("must not be empty"));
  }
  return text;
}

Result<std::vector<JsonView>> ProtoObject::list(std::string_view name, std::size_t max) const {
  const JsonView* value = maybe(name);
  if (value == nullptr) {
    return std::vector<JsonView>();
  }
  return value->elements(max);
}

Result<std::string> read_media_type(const JsonView& view, std::span<const std::string_view> known,
                                    std::string_view what) {
  NONO_TRY(std::optional<JsonView> stated, view.maybe("mediaType"));
  if (!stated) {
    NONO_TRY(stated, view.maybe("media_type"));
  }
  if (!stated) {
    NONO_TRY(stated, view.at("mediaType"));
  }
  NONO_TRY(std::string media_type, stated->nonempty_string());
  if (std::ranges::find(known, media_type) == known.end()) {
    return fail(ErrorKind::Unsupported, stated->pointer() + ": this version does not read \"" +
                                            printable(media_type) + "\"; it reads " +
                                            std::string(what));
  }
  return media_type;
}

Result<Window> read_window(const JsonView& view) {
  NONO_TRY(const ProtoObject range, ProtoObject::read(view, {"start", "end"}));
  NONO_TRY(const JsonView start, range.at("start"));
  NONO_TRY(const Instant from, read_instant(start));
  Window window{.start = std::chrono::ceil<std::chrono::milliseconds>(from), .end = std::nullopt};
  if (const JsonView* end = range.maybe("end")) {
    NONO_TRY(const Instant until, read_instant(*end));
    window.end = std::chrono::floor<std::chrono::milliseconds>(until);
  }
  return window;
}

Result<ProtoEnum> read_enum(const JsonView& view) {
  if (const std::int64_t* number = view.json().integer()) {
    if (*number < 0) {
      return std::unexpected(view.error("must not be negative"));
    }
    return ProtoEnum{.name = {}, .number = *number};
  }
  if (view.json().string() == nullptr) {
    return std::unexpected(view.error("must be the name or the number of an enum value"));
  }
  NONO_TRY(std::string name, view.nonempty_string(kMaxEnumName));
  return ProtoEnum{.name = std::move(name), .number = std::nullopt};
}

}  // namespace nono::attest
