// base/json.h: strict JSON (RFC 8259, I-JSON RFC 7493) as values.
//
// Nothing read here is trusted. What two parsers could read differently is refused: duplicate keys
// (compared after unescaping), byte-order marks, bytes after the value, ill-formed UTF-8, lone
// surrogate escapes, nesting over 64, more than the size cap of the document's kind, numbers whose
// magnitude no double can hold. Integers are exact; a number with a fraction or an exponent, beyond
// 64 bits, or spelt "-0" keeps its spelling and is never rounded. Errors name the JSON pointer
// (RFC 6901) and the byte offset from 0: `/publishers/2/name: not JSON: invalid literal (byte 91)`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace nono {

class Json;
using JsonMember = std::pair<std::string, Json>;

// JsonLimits are per kind of document; input over `bytes` is refused before parsing. The defaults
// keep the parsing of any 16 MiB document under 64 MiB of memory.
struct JsonLimits {
  std::size_t bytes = 0;
  std::size_t depth = 64;
  std::size_t values = 150'000;   // scalars, arrays and objects together
  std::size_t string = 4u << 20;  // bytes of one string or key as it is spelt, without quotes
  std::size_t number = 1024;      // bytes of one number as it is spelt
};
inline constexpr JsonLimits kBundleLimits{.bytes = 16u << 20};
inline constexpr JsonLimits kPolicyLimits{.bytes = 4u << 20};
inline constexpr JsonLimits kAuditLineLimits{.bytes = 64u << 10};
inline constexpr JsonLimits kMessageLimits{.bytes = 64u << 10};

class Json {
 public:
  struct Number {  // a number that is not a 64-bit integer, as it was spelt
    std::string spelling;
    bool operator==(const Number&) const = default;
  };
  using Array = std::vector<Json>;
  using Object = std::vector<JsonMember>;  // in document order

  Json() = default;  // null
  Json(bool value) : value_(value) {}
  Json(std::int64_t value) : value_(value) {}
  Json(std::uint64_t value);  // kept as int64 where it fits
  Json(int value) : value_(std::int64_t{value}) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Number value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  // parse reads one whole document. What is malformed is InvalidInput, what is over a limit is
  // Exhausted. Nothing of `text` is kept.
  static Result<Json> parse(std::string_view text, const JsonLimits& limits);

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  const bool* boolean() const { return std::get_if<bool>(&value_); }
  const std::int64_t* integer() const { return std::get_if<std::int64_t>(&value_); }
  const std::uint64_t* big_integer() const { return std::get_if<std::uint64_t>(&value_); }
  const Number* number() const { return std::get_if<Number>(&value_); }
  const std::string* string() const { return std::get_if<std::string>(&value_); }
  const Array* array() const { return std::get_if<Array>(&value_); }
  const Object* object() const { return std::get_if<Object>(&value_); }
  Array* array() { return std::get_if<Array>(&value_); }
  Object* object() { return std::get_if<Object>(&value_); }
  // find returns the member of an object, or null; null also when this is no object.
  const Json* find(std::string_view key) const;
  Json* find(std::string_view key);
  // set replaces or appends a member; this must be an object (or null, which becomes one).
  void set(std::string_view key, Json value);

  // compact writes one line without spaces, members in their order; pretty indents by two spaces
  // and ends with a newline. Both escape control characters and write UTF-8 as it is; a byte that
  // is not UTF-8, which no parsed string contains, is written as U+FFFD.
  std::string compact() const;
  std::string pretty() const;

  // Equal documents have equal members in the same order; numbers are compared as spelt.
  bool operator==(const Json& other) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, Number, std::string, Array,
               Object>
      value_;
};

// JsonView walks a document and remembers where it is, so that each error names its place:
// `/publishers/2/name: must be a string`. It borrows the Json, which must outlive it.
class JsonView {
 public:
  explicit JsonView(const Json& root) : json_(&root) {}

  const Json& json() const { return *json_; }
  const std::string& pointer() const { return pointer_; }  // "" is the whole document
  // error makes InvalidInput "<pointer or 'document'>: <why>" with the pointer made printable() and
  // cut after 256 bytes.
  Error error(std::string_view why) const;

  Result<std::string> string() const;
  Result<std::string> nonempty_string(std::size_t max_bytes = 4096) const;  // no NUL either
  Result<std::int64_t> integer() const;
  Result<bool> boolean() const;
  Result<std::vector<JsonView>> elements(std::size_t max) const;  // of an array
  Result<std::vector<std::pair<std::string, JsonView>>> members(std::size_t max) const;

  Result<JsonView> at(std::string_view key) const;                    // missing or null: error
  Result<std::optional<JsonView>> maybe(std::string_view key) const;  // missing or null: nothing
  // only refuses a member whose key is not listed; not-an-object is refused too.
  Result<void> only(std::initializer_list<std::string_view> keys) const;

 private:
  JsonView(const Json& json, std::string pointer) : json_(&json), pointer_(std::move(pointer)) {}
  const Json* json_;
  std::string pointer_;
};

}  // namespace nono
