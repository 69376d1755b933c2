// attest/proto_object.h: one message of protobuf in ProtoJSON, strict, as trust files hold it.
// Internal to attest/.
//
// Members may be spelt as JSON (mediaType) or as in the proto (media_type), as ProtoJSON readers
// must; both at once, and members that are not listed, are refused. null counts as absent. Every
// error names its JSON pointer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attest/trusted_root.h"
#include "base/json.h"
#include "base/result.h"

namespace nono::attest {

// One message of a trust file; 64 members are an order of magnitude more than any has.
inline constexpr std::size_t kMaxProtoMembers = 64;
// A URL, an operator, a name in a trust file.
inline constexpr std::size_t kMaxProtoText = 4096;

class ProtoObject {
 public:
  // read takes lowerCamelCase names, which must be literals: they are kept.
  static Result<ProtoObject> read(const JsonView& view,
                                  std::initializer_list<std::string_view> names);

  const JsonView& view() const { return view_; }
  const JsonView* maybe(std::string_view name) const;  // null where absent
  Result<JsonView> at(std::string_view name) const;
  // text is "" where absent, as in proto3; at most kMaxProtoText bytes, no control characters.
  Result<std::string> text(std::string_view name) const;
  Result<std::string> nonempty_text(std::string_view name) const;
  // list is empty where absent.
  Result<std::vector<JsonView>> list(std::string_view name, std::size_t max) const;

 private:
  explicit ProtoObject(const JsonView& view) : view_(view) {}
  JsonView view_;
  std::vector<std::pair<std::string_view, JsonView>> members_;
};

// read_media_type is for looking at a file's version before at the members that it may have:
// another one than `known` is Unsupported. `what` names the known ones, for people.
Result<std::string> read_media_type(const JsonView& view, std::span<const std::string_view> known,
                                    std::string_view what);

// read_window reads a TimeRange. Both ends count, to the millisecond: what is finer shrinks it. A
// start must be there; one before 1970 is before all that is judged. A window that ends before its
// start contains no time, which is a way to retire an instance.
Result<Window> read_window(const JsonView& view);

// ProtoEnum is an enum value as ProtoJSON spells it: the name, or the number (which has no sign).
struct ProtoEnum {
  std::string name;                    // empty where spelt as a number
  std::optional<std::int64_t> number;  // none where spelt as a name
  std::string shown() const { return number ? std::to_string(*number) : name; }
  bool is(std::string_view its_name, std::int64_t its_number) const {
    return number ? *number == its_number : name == its_name;
  }
};
Result<ProtoEnum> read_enum(const JsonView& view);

}  // namespace nono::attest
