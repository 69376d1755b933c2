// base/json.cc: parsing. The grammar is nlohmann's; what it would let through is refused here.
#include "base/json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <numeric>

#include "base/encoding.h"
#include "base/json_pointer.h"

namespace nono {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// is_plain: between quotes, these bytes stand for themselves (RFC 8259 section 7), and each is a
// character.
bool is_plain(std::string_view bytes) {
  unsigned other = 0;
  for (const std::byte byte : as_bytes(bytes)) {
    const auto c = std::to_integer<unsigned>(byte);
    other |= static_cast<unsigned>(c < 0x20) | static_cast<unsigned>(c >= 0x80) |
             static_cast<unsigned>(c == '\\');
  }
  return other == 0;
}

// Source hands the text to the parser byte by byte. nlohmann keeps all bytes since the last string
// or number for its messages, so runs of white space are shortened, and a token over its limit ends
// the input: memory then depends on the limits, not on what the text makes the parser remember.
//
// What stands for itself between two quotes is kept back: the parser gets the quotes, and who hears
// from it of a string asks plain() first. Most of a bundle is such strings.
class Source {
 public:
  Source(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  bool more() {
    ended_ = at_ == text_.size() || over_long_;
    return !ended_;
  }
  char current() const { return text_[at_]; }
  void advance() {
    last_ = at_++;
    if (last_ >= quiet_) [[unlikely]] {
      pass();
    }
  }

  // plain is what was kept back of the string that was closed last; empty where nothing was.
  std::string_view plain() const { return plain_; }
  bool over_long() const { return over_long_; }
  // offset is that of the byte read last, or the size of the text once its end was read.
  std::size_t offset() const { return ended_ && !over_long_ ? text_.size() : last_; }
  // string_start is the offset of the quote that opens the well-formed string closed at `end`.
  std::size_t string_start(std::size_t end) const {
    std::size_t at = end;
    do {
      at = text_.rfind('"', at - 1);
    } while (at > 0 && text_[at - 1] == '\\');
    return at;
  }
  // start_of_unexpected is where the misplaced token starts that nlohmann's `reason` speaks of;
  // what is wrong within a token is at offset().
  std::size_t start_of_unexpected(std::string_view reason) const {
    if (reason.starts_with("unexpected number")) {
      return offset() - number_spelling().size();
    }
    return reason.starts_with("unexpected string") ? string_start(offset()) : offset();
  }
  // number_spelling is the number before the byte that was read last, which ended it.
  std::string_view number_spelling() const {
    std::string_view spelling = text_.substr(0, offset());
    const std::size_t before = spelling.find_last_not_of("+-.0123456789Ee");
    spelling.remove_prefix(before == std::string_view::npos ? 0 : before + 1);
    return spelling;
  }

 private:
  // pass takes note of the byte read last. Out of line, so that advance() is not.
  [[gnu::noinline]] void pass() {
    if (in_string_) {
      in_string_ = false;
      over_long_ = last_ < string_end_;
    } else {
      outside_string(text_[last_]);
    }
  }
  // A string is measured when it opens, so that its bytes cost no more than their passing.
  void open_string() {
    in_string_ = true;
    token_ = 0;
    string_end_ = closing_quote(at_);
    quiet_ = std::min(string_end_, at_ + limits_.string);
    plain_ = {};
    const std::string_view inside = text_.substr(at_, string_end_ - at_);
    if (string_end_ < text_.size() && inside.size() <= limits_.string && is_plain(inside)) {
      plain_ = inside;
      at_ = string_end_;
    }
  }
  // closing_quote is the offset of the quote that ends the string which starts at `start`, or the
  // size of the text. Most strings have no escape, and are measured by two searches.
  std::size_t closing_quote(std::size_t start) const {
    const std::size_t quote = std::min(text_.find('"', start), text_.size());
    if (!text_.substr(start, quote - start).contains('\\')) {
      return quote;
    }
    std::size_t end = start;
    while (end < text_.size() && text_[end] != '"') {
      end += text_[end] == '\\' ? 2u : 1u;
    }
    return std::min(end, text_.size());
  }
  void outside_string(char c) {
    if (is_space(c)) {
      token_ = 0;
      while (at_ < text_.size() && is_space(text_[at_])) {
        ++at_;
      }
    } else if (c == '"') {
      open_string();
    } else if (std::string_view("[]{}:,").contains(c)) {
      token_ = 0;
    } else if (++token_ > limits_.number) {
      over_long_ = true;
    }
  }

  std::string_view text_;
  const JsonLimits& limits_;
  std::size_t at_ = 0;
  std::size_t last_ = 0;
  std::size_t token_ = 0;
  std::size_t quiet_ = 0;       // nothing is to be done at bytes before this one
  std::size_t string_end_ = 0;  // where the closing quote of the string is, or ought to be
  std::string_view plain_;
  bool in_string_ = false;
  bool over_long_ = false;
  bool ended_ = false;
};

// SourceIterator is the form in which nlohmann takes input; all copies advance the one Source.
class SourceIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  explicit SourceIterator(Source* source) : source_(source) {}
  char operator*() const { return source_->current(); }
  SourceIterator& operator++() {
    source_->advance();
    return *this;
  }
  // The only comparison that is ever made is that with the end.
  bool operator!=(const SourceIterator&) const { return source_->more(); }

 private:
  Source* source_;
};

struct Frame {
  std::variant<Json::Array, Json::Object> items;
  std::vector<std::size_t> key_ends;  // offset of the closing quote of each key
};

// first_repeated is the index of the first member whose key an earlier one has, or nothing.
std::optional<std::size_t> first_repeated(const Json::Object& object) {
  // Sorting has no bad case that a document could aim at, as hashing has.
  std::vector<std::size_t> order(object.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&object](std::size_t a, std::size_t b) {
    const int compared = object[a].first.compare(object[b].first);
    return compared != 0 ? compared < 0 : a < b;
  });
  std::optional<std::size_t> found;
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (object[order[i]].first == object[order[i - 1]].first && (!found || order[i] < *found)) {
      found = order[i];
    }
  }
  return found;
}

std::string_view reason_of(const nlohmann::json::exception& exception) {
  constexpr int kNumberOverflow = 406;
  if (exception.id == kNumberOverflow) {
    return "a number beyond the range of a double";
  }
  std::string_view reason = exception.what();
  if (const std::size_t dash = reason.find(" - "); dash != std::string_view::npos) {
    reason.remove_prefix(dash + 3);
  }
  // What follows repeats bytes from outside.
  return reason.substr(0, reason.find("; last read"));
}

// Builder receives nlohmann's events (the names are its own) and makes the values. Each event
// returns whether to go on; take_error() gives why where it is not.
class Builder {
 public:
  Builder(const Source& source, const JsonLimits& limits) : source_(source), limits_(limits) {}

  bool null() { return add(Json()); }
  bool boolean(bool value) { return add(Json(value)); }
  bool number_integer(std::int64_t value) {
    // Positive integers arrive as unsigned ones: this zero was spelt with a sign.
    return add(value == 0 ? Json(Json::Number{"-0"}) : Json(value));
  }
  bool number_unsigned(std::uint64_t value) { return add(Json(value)); }
  bool number_float(double /*value*/, const std::string& /*localised*/) {
    return add(Json(Json::Number{std::string(source_.number_spelling())}));
  }
  bool string(std::string& value) { return add(Json(whole(value))); }
  bool binary(const std::vector<std::uint8_t>& /*value*/) {
    return refuse(ErrorKind::Internal, "binary values are not JSON");
  }

  bool start_object(std::size_t /*unknown*/) { return open(Json::Object{}); }
  bool start_array(std::size_t /*unknown*/) { return open(Json::Array{}); }
  bool key(std::string& name) {
    Frame& frame = frames_.back();
    std::get<Json::Object>(frame.items).emplace_back(whole(name), Json());
    frame.key_ends.push_back(source_.offset());
    return true;
  }
  bool end_object() {
    const Frame& frame = frames_.back();
    const auto& object = std::get<Json::Object>(frame.items);
    if (const auto repeated = first_repeated(object); repeated) {
      repeated_ = repeated;
      return refuse_at(ErrorKind::InvalidInput, "the key is there twice",
                       source_.string_start(frame.key_ends[*repeated]));
    }
    return close();
  }
  bool end_array() { return close(); }

  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::json::exception& exception) {
    if (source_.over_long()) {
      return refuse_over_long();
    }
    const std::string_view reason = reason_of(exception);
    return refuse_at(ErrorKind::InvalidInput, "not JSON: " + std::string(reason),
                     source_.start_of_unexpected(reason));
  }

  bool refuse_over_long() {
    return refuse(ErrorKind::Exhausted, "a string or number is longer than allowed");
  }

  std::optional<Error> take_error() { return std::move(error_); }
  Json& root() { return root_; }

 private:
  // whole is the string of which the parser saw `seen`.
  std::string whole(std::string& seen) const {
    return source_.plain().empty() ? std::move(seen) : std::string(source_.plain());
  }
  bool count() {
    if (++values_ > limits_.values) {
      return refuse(ErrorKind::Exhausted,
                    "more than " + std::to_string(limits_.values) + " values");
    }
    return true;
  }
  template <typename Items>
  bool open(Items items) {
    if (frames_.size() == limits_.depth) {
      return refuse(ErrorKind::Exhausted,
                    "nested deeper than " + std::to_string(limits_.depth) + " levels");
    }
    if (!count()) {
      return false;
    }
    frames_.push_back({std::move(items), {}});
    return true;
  }
  bool close() {
    Json value =
        std::visit([](auto& items) { return Json(std::move(items)); }, frames_.back().items);
    frames_.pop_back();
    place(std::move(value));
    return true;
  }
  bool add(Json value) {
    if (!count()) {
      return false;
    }
    place(std::move(value));
    return true;
  }
  void place(Json value) {
    if (frames_.empty()) {
      root_ = std::move(value);
    } else if (auto* array = std::get_if<Json::Array>(&frames_.back().items); array != nullptr) {
      array->push_back(std::move(value));
    } else {
      std::get<Json::Object>(frames_.back().items).back().second = std::move(value);
    }
  }

  std::string pointer() const {
    std::string pointer;
    for (const Frame& frame : frames_) {
      if (const auto* array = std::get_if<Json::Array>(&frame.items); array != nullptr) {
        append_pointer(pointer, std::to_string(array->size()));
        continue;
      }
      const auto& object = std::get<Json::Object>(frame.items);
      const bool names_repeated = repeated_ && &frame == &frames_.back();
      if (!object.empty()) {
        append_pointer(pointer, object[names_repeated ? *repeated_ : object.size() - 1].first);
      }
    }
    return pointer;
  }
  bool refuse(ErrorKind kind, const std::string& why) {
    return refuse_at(kind, why, source_.offset());
  }
  bool refuse_at(ErrorKind kind, const std::string& why, std::size_t offset) {
    error_ = Error(kind,
                   shown_pointer(pointer()) + ": " + why + " (byte " + std::to_string(offset) + ")",
                   kind == ErrorKind::Exhausted ? EFBIG : 0);
    return false;
  }

  const Source& source_;
  const JsonLimits& limits_;
  std::vector<Frame> frames_;
  std::optional<std::size_t> repeated_;
  std::size_t values_ = 0;
  Json root_;
  std::optional<Error> error_;
};

// What nlohmann takes for something other than the wrong byte that it is.
Result<void> refuse_quirks(std::string_view text) {
  if (text.starts_with('\xef')) {
    const bool is_mark = text.starts_with("\xef\xbb\xbf");
    return fail(ErrorKind::InvalidInput,
                std::string("document: not JSON: ") +
                    (is_mark ? "starts with a byte-order mark" : "invalid literal") + " (byte 0)");
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return fail(ErrorKind::InvalidInput,
                "document: not JSON: a NUL byte (byte " + std::to_string(nul) + ")");
  }
  return {};
}

}  // namespace

Result<Json> Json::parse(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return std::unexpected(Error(ErrorKind::Exhausted,
                                 "document: " + std::to_string(text.size()) + " bytes, at most " +
                                     std::to_string(limits.bytes) + " are allowed",
                                 EFBIG));
  }
  NONO_CHECK(refuse_quirks(text));
  Source source(text, limits);
  Builder builder(source, limits);
  try {
    const bool read =
        nlohmann::json::sax_parse(SourceIterator(&source), SourceIterator(&source), &builder);
    // A number that is a whole document ends well where its limit ends it.
    if (read && (!source.over_long() || builder.refuse_over_long())) {
      return std::move(builder.root());
    }
  } catch (const std::exception& exception) {
    return fail(ErrorKind::Exhausted, std::string("document: cannot be read: ") + exception.what());
  }
  std::optional<Error> refused = builder.take_error();
  if (!refused) {
    return fail(ErrorKind::Internal, "document: refused without a reason");
  }
  return std::unexpected(*std::move(refused));
}

}  // namespace nono
