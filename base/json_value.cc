// base/json_value.cc: values of JSON, and writing them.
#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "base/json.h"
#include "base/utf8.h"

namespace nono {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

void append_control(std::string& out, unsigned char c) {
  constexpr std::string_view kNamed = "\b\f\n\r\t";
  constexpr std::string_view kLetters = "bfnrt";
  out += '\\';
  if (const std::size_t at = kNamed.find(static_cast<char>(c)); at != std::string_view::npos) {
    out += kLetters[at];
    return;
  }
  out += "u00";
  out += kHexDigits[c >> 4U];
  out += kHexDigits[c & 0xfU];
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    if (next.bytes == 0) {
      append_utf8(out, 0xfffd);
    } else if (next.value < 0x20 || next.value == 0x7f) {
      append_control(out, static_cast<unsigned char>(next.value));
    } else {
      if (next.value == '"' || next.value == '\\') {
        out += '\\';
      }
      out += text.substr(0, next.bytes);
    }
    text.remove_prefix(std::max<std::size_t>(next.bytes, 1));
  }
  out += '"';
}

enum class Layout : unsigned char { Compact, Pretty };

class Writer {
 public:
  explicit Writer(Layout layout) : layout_(layout) {}

  void value(const Json& json) {
    if (const auto* array = json.array(); array != nullptr) {
      group('[', *array, ']');
    } else if (const auto* object = json.object(); object != nullptr) {
      group('{', *object, '}');
    } else {
      scalar(json);
    }
  }
  std::string take() && { return std::move(out_); }

 private:
  void item(const Json& json) { value(json); }
  void item(const JsonMember& member) {
    append_string(out_, member.first);
    out_ += layout_ == Layout::Pretty ? ": " : ":";
    value(member.second);
  }
  template <typename Items>
  void group(char open, const Items& items, char close) {
    out_ += open;
    ++depth_;
    bool first = true;
    for (const auto& each : items) {
      if (!first) {
        out_ += ',';
      }
      first = false;
      new_line();
      item(each);
    }
    --depth_;
    if (!items.empty()) {
      new_line();
    }
    out_ += close;
  }
  void new_line() {
    if (layout_ == Layout::Pretty) {
      out_ += '\n';
      out_.append(2 * depth_, ' ');
    }
  }
  void scalar(const Json& json) {
    if (const auto* text = json.string(); text != nullptr) {
      append_string(out_, *text);
    } else if (const auto* integer = json.integer(); integer != nullptr) {
      out_ += std::to_string(*integer);
    } else if (const auto* big = json.big_integer(); big != nullptr) {
      out_ += std::to_string(*big);
    } else if (const auto* number = json.number(); number != nullptr) {
      out_ += number->spelling;
    } else if (const bool* truth = json.boolean(); truth != nullptr) {
      out_ += *truth ? "true" : "false";
    } else {
      out_ += "null";
    }
  }

  Layout layout_;
  std::size_t depth_ = 0;
  std::string out_;
};

std::string written(const Json& json, Layout layout) {
  Writer writer(layout);
  writer.value(json);
  return std::move(writer).take();
}

}  // namespace

Json::Json(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    value_ = static_cast<std::int64_t>(value);
  } else {
    value_ = value;
  }
}

const Json* Json::find(std::string_view key) const {
  const Object* members = object();
  if (members == nullptr) {
    return nullptr;
  }
  const auto found = std::ranges::find(*members, key, &JsonMember::first);
  return found == members->end() ? nullptr : &found->second;
}

Json* Json::find(std::string_view key) {
  Object* members = object();
  if (members == nullptr) {
    return nullptr;
  }
  const auto found = std::ranges::find(*members, key, &JsonMember::first);
  return found == members->end() ? nullptr : &found->second;
}

void Json::set(std::string_view key, Json value) {
  if (Json* present = find(key); present != nullptr) {
    *present = std::move(value);
    return;
  }
  if (object() == nullptr) {
    value_ = Object{};
  }
  object()->emplace_back(std::string(key), std::move(value));
}

std::string Json::compact() const {
  return written(*this, Layout::Compact);
}

std::string Json::pretty() const {
  return written(*this, Layout::Pretty) + '\n';
}

bool Json::operator==(const Json& other) const {
  return value_ == other.value_;
}

}  // namespace nono
