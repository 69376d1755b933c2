// base/json_view.cc: walking a document and naming the place of what is wrong.
#include <algorithm>

#include "base/json.h"
#include "base/json_pointer.h"
#include "base/text.h"

namespace nono {
namespace {

constexpr std::size_t kShownBytes = 256;

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

std::string too_many(std::size_t count, std::string_view what, std::size_t max) {
  std::string why = "has " + std::to_string(count) + " ";
  why += what;
  return why + ", at most " + std::to_string(max) + " are allowed";
}

}  // namespace

void append_pointer(std::string& pointer, std::string_view token) {
  pointer += '/';
  for (const char c : token) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

std::string shown_pointer(std::string_view pointer) {
  if (pointer.empty()) {
    return "document";
  }
  if (pointer.size() <= kShownBytes) {
    return printable(pointer);
  }
  std::size_t end = kShownBytes;
  while (end > 0 && continues_character(pointer[end])) {
    --end;
  }
  return printable(pointer.substr(0, end)) + "...";
}

Error JsonView::error(std::string_view why) const {
  std::string message = shown_pointer(pointer_);
  message += ": ";
  message += why;
  return {ErrorKind::InvalidInput, std::move(message)};
}

Result<std::string> JsonView::string() const {
  if (const std::string* text = json_->string(); text != nullptr) {
    return *text;
  }
  return std::unexpected(error("must be a string"));
}

Result<std::string> JsonView::nonempty_string(std::size_t max_bytes) const {
  NONO_TRY(std::string text, string());
  if (text.empty()) {
    return std::unexpected(error("must not be empty"));
  }
  if (text.size() > max_bytes) {
    return std::unexpected(error("is longer than " + std::to_string(max_bytes) + " bytes"));
  }
  if (text.contains('\0')) {
    return std::unexpected(error("must not contain a NUL character"));
  }
  return text;
}

Result<std::int64_t> JsonView::integer() const {
  if (const std::int64_t* value = json_->integer(); value != nullptr) {
    return *value;
  }
  const bool beyond = json_->big_integer() != nullptr;
  return std::unexpected(error(beyond ? "is beyond 64 bits" : "must be an integer"));
}

Result<bool> JsonView::boolean() const {
  if (const bool* value = json_->boolean(); value != nullptr) {
    return *value;
  }
  return std::unexpected(error("must be true or false"));
}

Result<std::vector<JsonView>> JsonView::elements(std::size_t max) const {
  const Json::Array* array = json_->array();
  if (array == nullptr) {
    return std::unexpected(error("must be an array"));
  }
  if (array->size() > max) {
    return std::unexpected(error(too_many(array->size(), "elements", max)));
  }
  std::vector<JsonView> views;
  views.reserve(array->size());
  for (const Json& element : *array) {
    views.push_back(JsonView(element, pointer_ + "/" + std::to_string(views.size())));
  }
  return views;
}

Result<std::vector<std::pair<std::string, JsonView>>> JsonView::members(std::size_t max) const {
  const Json::Object* object = json_->object();
  if (object == nullptr) {
    return std::unexpected(error("must be an object"));
  }
  if (object->size() > max) {
    return std::unexpected(error(too_many(object->size(), "members", max)));
  }
  std::vector<std::pair<std::string, JsonView>> views;
  views.reserve(object->size());
  for (const auto& [key, value] : *object) {
    std::string pointer = pointer_;
    append_pointer(pointer, key);
    views.emplace_back(key, JsonView(value, std::move(pointer)));
  }
  return views;
}

Result<std::optional<JsonView>> JsonView::maybe(std::string_view key) const {
  if (json_->object() == nullptr) {
    return std::unexpected(error("must be an object"));
  }
  const Json* found = json_->find(key);
  if (found == nullptr || found->is_null()) {
    return std::nullopt;
  }
  std::string pointer = pointer_;
  append_pointer(pointer, key);
  return JsonView(*found, std::move(pointer));
}

Result<JsonView> JsonView::at(std::string_view key) const {
  NONO_TRY(std::optional<JsonView> found, maybe(key));
  if (found) {
    return *std::move(found);
  }
  std::string pointer = pointer_;
  append_pointer(pointer, key);
  return std::unexpected(JsonView(*json_, std::move(pointer)).error("is missing"));
}

Result<void> JsonView::only(std::initializer_list<std::string_view> keys) const {
  const Json::Object* object = json_->object();
  if (object == nullptr) {
    return std::unexpected(error("must be an object"));
  }
  for (const auto& [key, value] : *object) {
    if (std::ranges::find(keys, std::string_view(key)) == keys.end()) {
      std::string pointer = pointer_;
      append_pointer(pointer, key);
      return std::unexpected(JsonView(value, std::move(pointer)).error("is not a known member"));
    }
  }
  return {};
}

}  // namespace nono
