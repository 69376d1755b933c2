// tuf/canonical.cc: see canonical.h.
#include "tuf/canonical.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace nono::tuf {

namespace {

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  out += '"';
}

// Writer recurses as deep as the document, which Json::parse bounds.
class Writer {
 public:
  Result<void> value(const Json& json) {
    if (const auto* array = json.array(); array != nullptr) {
      return elements(*array);
    }
    if (const auto* object = json.object(); object != nullptr) {
      return members(*object);
    }
    return scalar(json);
  }
  std::string take() && { return std::move(out_); }

 private:
  Result<void> elements(const Json::Array& array) {
    out_ += '[';
    for (const Json& element : array) {
      separate('[');
      NONO_CHECK(value(element));
    }
    out_ += ']';
    return {};
  }
  Result<void> members(const Json::Object& object) {
    std::vector<const JsonMember*> sorted;
    sorted.reserve(object.size());
    for (const JsonMember& member : object) {
      sorted.push_back(&member);
    }
    std::ranges::sort(sorted, {},
                      [](const JsonMember* member) -> const std::string& { return member->first; });
    out_ += '{';
    for (const JsonMember* const member : sorted) {
      separate('{');
      append_string(out_, member->first);
      out_ += ':';
      NONO_CHECK(value(member->second));
    }
    out_ += '}';
    return {};
  }
  // A group's first item follows its bracket; a value never ends in an opening one.
  void separate(char open) {
    if (out_.back() != open) {
      out_ += ',';
    }
  }
  Result<void> scalar(const Json& json) {
    if (const auto* text = json.string(); text != nullptr) {
      append_string(out_, *text);
    } else if (const auto* integer = json.integer(); integer != nullptr) {
      out_ += std::to_string(*integer);
    } else if (const auto* big = json.big_integer(); big != nullptr) {
      out_ += std::to_string(*big);
    } else if (const bool* truth = json.boolean(); truth != nullptr) {
      out_ += *truth ? "true" : "false";
    } else if (json.is_null()) {
      out_ += "null";
    } else {
      return fail(ErrorKind::InvalidInput,
                  "the number " + json.number()->spelling + " has no canonical form");
    }
    return {};
  }

  std::string out_;
};

}  // namespace

Result<std::string> canonical_json(const Json& json) {
  Writer writer;
  NONO_CHECK(writer.value(json));
  return std::move(writer).take();
}

}  // namespace nono::tuf
