// profile/tree_yaml.cc: the part of YAML that means the same to everybody. The only user of
// yaml-cpp, and of its events only: its document model follows aliases, and is not linked.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <spanstream>
#include <utility>

#include "base/json_pointer.h"
#include "base/text.h"
#include "profile/tree.h"

namespace nono::profile {
namespace {

// What YAML 1.1 takes for a boolean and YAML 1.2 for a string (or, of the last three, for another
// number); compared in lower case.
constexpr auto kAmbiguous =
    std::to_array<std::string_view>({"yes", "no", "on", "off", "y", "n", ".inf", "-.inf", ".nan"});

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// plain_number is nothing where readers might differ: +1, 01, 1.0.
std::optional<std::int64_t> plain_number(std::string_view word) {
  std::int64_t number = 0;
  const std::string_view digits = word.starts_with('-') ? word.substr(1) : word;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  const bool plain = all_digits(digits) && (digits.size() == 1 || digits[0] != '0');
  return plain && error == std::errc() ? std::optional(number) : std::nullopt;
}

// looks_numeric: begins like a number and is not a plain decimal integer.
bool looks_numeric(std::string_view word) {
  if (word.starts_with('-') || word.starts_with('+')) {
    word.remove_prefix(1);
  }
  const auto numeric = [](char c) {
    return (c >= '0' && c <= '9') || std::string_view("+-_.:eExXoOabcdfABCDF").contains(c);
  };
  return !word.empty() && ((word[0] >= '0' && word[0] <= '9') || word[0] == '.') &&
         std::ranges::any_of(word, [](char c) { return c >= '0' && c <= '9'; }) &&
         std::ranges::all_of(word, numeric);
}

// Builder makes a tree of the parser's events. After the first fault it ignores them: yaml-cpp
// calls it from inside, and nothing is thrown through it.
class Builder final : public YAML::EventHandler {
 public:
  const std::optional<Error>& fault() const { return fault_; }
  Json take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (plain(mark, "?", anchor)) {
      add(mark, Json());
    }
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases are not read; write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (plain(mark, tag, anchor)) {
      scalar(mark, tag, value);
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    if (plain(mark, tag, anchor)) {
      open(mark, Json(Json::Array{}));
    }
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    if (plain(mark, tag, anchor)) {
      open(mark, Json(Json::Object{}));
    }
  }
  void OnMapEnd() override { close(); }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    refuse(mark, "anchors are not read; write the value out");
  }

 private:
  struct Open {
    Json value;
    std::optional<std::string> key;  // of an object, where its value comes next
  };

  void refuse(const YAML::Mark& mark, const std::string& why,
              ErrorKind kind = ErrorKind::InvalidInput) {
    if (!fault_) {
      fault_.emplace(kind, "line " + std::to_string(mark.line + 1) + ": " + why);
    }
  }

  // plain: without an anchor and without a tag of the document's own ("?" plain, "!" quoted).
  bool plain(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      refuse(mark, "anchors are not read; write the value out");
    } else if (!tag.empty() && tag != "?" && tag != "!") {
      refuse(mark, "tags are not read: " + printable(tag));
    } else if (++values_ > kProfileLimits.values) {
      refuse(mark, "has too many values", ErrorKind::Exhausted);
    }
    return !fault_;
  }

  bool wants_key() const {
    return !open_.empty() && open_.back().value.object() != nullptr && !open_.back().key;
  }

  void scalar(const YAML::Mark& mark, const std::string& tag, const std::string& value) {
    if (wants_key()) {
      return take_key(mark, tag, value);
    }
    if (tag == "!") {
      return add(mark, Json(value));
    }
    auto meant = yaml_scalar(value);
    if (!meant) {
      return refuse(mark, meant.error().message());
    }
    add(mark, *std::move(meant));
  }

  void take_key(const YAML::Mark& mark, const std::string& tag, const std::string& key) {
    if (key == "<<") {
      return refuse(mark, "merge keys are not read; write the members out");
    }
    if (const auto meant = yaml_scalar(key); tag != "!" && (!meant || meant->string() == nullptr)) {
      return refuse(mark, "the key \"" + printable(key) +
                              "\" is not a word to every reader; put it in quotes");
    }
    if (open_.back().value.find(key) != nullptr) {
      return refuse(mark, "duplicate key " + shown_pointer(key));
    }
    open_.back().key = key;
  }

  void open(const YAML::Mark& mark, Json value) {
    if (wants_key()) {
      return refuse(mark, "a key must be a word");
    }
    if (open_.size() >= kMaxProfileDepth) {
      return refuse(mark, "is nested too deeply", ErrorKind::Exhausted);
    }
    open_.push_back({std::move(value), std::nullopt});
  }

  void close() {
    if (fault_ || open_.empty()) {
      return;
    }
    Json done = std::move(open_.back().value);
    open_.pop_back();
    add({}, std::move(done));
  }

  void add(const YAML::Mark& mark, Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Json::Array* array = open_.back().value.array(); array != nullptr) {
      array->push_back(std::move(value));
    } else if (std::optional<std::string>& key = open_.back().key; key) {
      open_.back().value.object()->emplace_back(*std::move(key), std::move(value));
      key.reset();  // NOLINT(bugprone-use-after-move): what was moved out of is the string in it
    } else {
      refuse(mark, "a key must be a word");
    }
  }

  std::vector<Open> open_;
  Json root_;
  std::size_t values_ = 0;
  std::optional<Error> fault_;
};

// odd_character is the length of what YAML forbids, or ends a line to some readers only, at the
// beginning of a text in UTF-8; 0 where it begins with none of them.
std::size_t odd_character(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  if (byte == '\r') {
    return text.starts_with("\r\n") ? 0 : 1;
  }
  if (byte < 0x20 || byte == 0x7f) {
    return byte == '\t' || byte == '\n' ? 0 : 1;
  }
  if (byte == 0xc2) {  // U+0080 to U+009F, of which U+0085 is "next line"
    return static_cast<unsigned char>(text[1]) < 0xa0 ? 2 : 0;
  }
  return text.starts_with("\u2028") || text.starts_with("\u2029") ? 3 : 0;
}

// check_characters: where one reader sees a comment go on, another sees the next line.
Result<void> check_characters(std::string_view text) {
  std::size_t line = 1;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (const std::size_t length = odd_character(text.substr(at)); length != 0) {
      return std::unexpected(
          Error(ErrorKind::InvalidInput, "line " + std::to_string(line) + ", byte " +
                                             std::to_string(at - begin + 1) +
                                             ": not every reader takes " +
                                             printable(text.substr(at, length)) + " for the same")
              .mend_with("take it out; lines end with \\n or \\r\\n, and other characters of that "
                         "kind are written as escapes in double quotes"));
    }
    if (text[at] == '\n') {
      ++line;
      begin = at + 1;
    }
  }
  return {};
}

// parse runs yaml-cpp; its exceptions end here.
Result<void> parse(std::string_view text, Builder& builder) {
  std::ispanstream stream(std::span<const char>(text.data(), text.size()));
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder) || builder.fault()) {
      return {};
    }
    Builder second;
    if (parser.HandleNextDocument(second)) {
      return fail(ErrorKind::InvalidInput, "document: there is a second one; a file holds one");
    }
  } catch (const YAML::Exception& error) {
    return fail(ErrorKind::InvalidInput, "line " + std::to_string(error.mark.line + 1) +
                                             ": not YAML: " + printable(error.msg));
  }
  return {};
}

}  // namespace

Result<Json> yaml_scalar(std::string_view word) {
  const std::string lower = ascii_lower(word);
  if (lower.empty() || lower == "~" || lower == "null") {
    return Json();
  }
  if (word == "true" || word == "false") {
    return Json(word == "true");
  }
  if (const auto number = plain_number(word)) {
    return Json(*number);
  }
  const bool unclear = lower == "true" || lower == "false" || looks_numeric(word) ||
                       std::ranges::find(kAmbiguous, lower) != kAmbiguous.end();
  if (unclear) {
    return fail(ErrorKind::InvalidInput,
                "\"" + printable(word) + "\" means different things to different readers; " +
                    (looks_numeric(word) ? "write a number in decimal digits, a text in quotes"
                                         : "put it in quotes, or write true or false"));
  }
  return Json(word);
}

Result<Json> read_yaml(std::string_view text) {
  NONO_CHECK(check_characters(text));
  Builder builder;
  NONO_CHECK(parse(text, builder));
  if (const std::optional<Error>& fault = builder.fault()) {
    return std::unexpected(*fault);
  }
  Json root = builder.take();
  return root.is_null() ? Json(Json::Object{}) : std::move(root);
}

}  // namespace nono::profile
