#include "profile/edit.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "profile/tree.h"

namespace nono::profile {
namespace {

constexpr std::size_t kAround = 3;  // lines of context

// Item is a member of an object or an element of an array, by its places in the text.
struct Item {
  std::string key;
  std::size_t from;  // of the key, or of the value where there is none
  std::size_t value;
  std::size_t end;
};
struct Container {
  std::size_t open;
  std::size_t close;
  std::vector<Item> items;
};

// Places finds values in JSON that was parsed before: nothing is judged here. What it makes of
// other text is refused by the comparison in with_entry.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text) {}

  std::size_t skip_space(std::size_t at) const {
    return std::min(text_.find_first_not_of(" \t\r\n", at), text_.size());
  }

  Container look_into(std::size_t open) const {
    const bool object = at(open) == '{';
    Container out{open, open, {}};
    std::size_t here = skip_space(open + 1);
    while (here < text_.size() && at(here) != '}' && at(here) != ']') {
      Item item{"", here, here, here};
      if (object) {
        item.value = skip_space(skip_space(end_of_value(here)) + 1);
        item.key = key_at(here);
      }
      item.end = end_of_value(item.value);
      here = skip_space(item.end);
      here = at(here) == ',' ? skip_space(here + 1) : here;
      out.items.push_back(std::move(item));
    }
    out.close = std::min(here, text_.size());
    return out;
  }

 private:
  char at(std::size_t place) const { return place < text_.size() ? text_[place] : '\0'; }

  std::string key_at(std::size_t from) const {
    const auto key = Json::parse(text_.substr(from, end_of_value(from) - from), kProfileLimits);
    return key && key->string() != nullptr ? *key->string() : std::string();
  }

  std::size_t end_of_string(std::size_t from) const {
    std::size_t here = from + 1;
    while (here < text_.size() && text_[here] != '"') {
      here += text_[here] == '\\' ? 2U : 1U;
    }
    return std::min(here + 1, text_.size());
  }

  std::size_t end_of_value(std::size_t from) const {
    if (at(from) == '"') {
      return end_of_string(from);
    }
    if (at(from) != '{' && at(from) != '[') {
      return std::min(text_.find_first_of(",:]} \t\r\n", from), text_.size());
    }
    std::size_t depth = 0;
    std::size_t here = from;
    do {
      const char c = text_[here];
      depth += c == '{' || c == '[' ? 1U : 0U;
      depth -= c == '}' || c == ']' ? 1U : 0U;
      here = c == '"' ? end_of_string(here) : here + 1;
    } while (depth > 0 && here < text_.size());
    return here;
  }

  std::string_view text_;
};

std::string replaced(std::string_view text, std::size_t from, std::size_t end,
                     std::string_view with) {
  return std::string(text.substr(0, from)) + std::string(with) + std::string(text.substr(end));
}

// appended puts one more item behind the last, after the same white space as that has before it.
std::string appended(std::string_view text, const Container& container, const std::string& item) {
  if (container.items.empty()) {
    return replaced(text, container.open + 1, container.close, item);
  }
  const std::size_t from = container.items.back().from;
  const std::size_t before = text.find_last_not_of(" \t\r\n", from - 1) + 1;
  const std::string_view space = text.substr(before, from - before);
  const std::size_t end = container.items.back().end;
  return replaced(text, end, end,
                  "," + (space.empty() ? std::string(" ") : std::string(space)) + item);
}

std::string edited(std::string_view text, const EntryPlace& place, const std::string& element) {
  const Places places(text);
  Container container = places.look_into(places.skip_space(0));
  const std::string item = "[" + element + "]";
  const std::string_view path[] = {place.section, place.list};
  for (std::size_t level = 0; level < std::size(path); ++level) {
    const std::string key = Json(path[level]).compact() + ": ";
    const std::string list = level == 0 ? "{" + Json(path[1]).compact() + ": " + item + "}" : item;
    const auto found = std::ranges::find(container.items, path[level], &Item::key);
    if (found == container.items.end()) {
      return appended(text, container, key + list);
    }
    if (text.substr(found->value, found->end - found->value) == "null") {
      return replaced(text, found->value, found->end, list);
    }
    container = places.look_into(found->value);
  }
  return appended(text, container, element);
}

// expected is the document that the edited text must parse to.
Result<Json> expected(Json document, const EntryPlace& place, std::string_view entry) {
  const JsonView root(document);
  NONO_TRY(const auto section, root.maybe(place.section));
  const Json list{Json::Array{Json(entry)}};
  if (!section) {
    document.set(place.section, Json::Object{{std::string(place.list), list}});
    return document;
  }
  NONO_TRY(const auto values, section->maybe(place.list));
  Json* into = document.find(place.section);
  if (!values) {
    into->set(place.list, list);
    return document;
  }
  Json::Array* array = into->find(place.list)->array();
  if (array == nullptr) {
    return std::unexpected(values->error("must be a list"));
  }
  if (std::ranges::find(*array, Json(entry)) != array->end()) {
    return fail(ErrorKind::Usage, values->pointer() + " names it already");
  }
  array->emplace_back(entry);
  return document;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

void add_lines(std::string& out, char mark, std::span<const std::string_view> lines) {
  for (std::string_view line : lines) {
    const bool whole = line.ends_with('\n');
    line.remove_suffix(whole ? 1 : 0);
    out += mark + printable(line) + "\n";
    out += whole ? "" : "\\ No newline at end of file\n";
  }
}

std::string range_of(std::size_t from, std::size_t count) {
  return std::to_string(count == 0 ? from : from + 1) +
         (count == 1 ? "" : "," + std::to_string(count));
}

}  // namespace

Result<std::string> with_entry(std::string_view text, const EntryPlace& place,
                               std::string_view entry) {
  NONO_TRY(Json document, Json::parse(text, kProfileLimits));
  NONO_TRY(const Json wanted, expected(std::move(document), place, entry));
  std::string out = edited(text, place, Json(entry).compact());
  NONO_TRY(const Json got, Json::parse(out, kProfileLimits));
  if (!(got == wanted)) {
    return fail(ErrorKind::Internal, "an entry could not be put into the text of a profile");
  }
  return out;
}

std::string unified_diff(std::string_view before, std::string_view after,
                         const std::string& shown_as) {
  if (before == after) {
    return "";
  }
  const std::vector<std::string_view> old_lines = lines_of(before);
  const std::vector<std::string_view> new_lines = lines_of(after);
  const std::size_t shorter = std::min(old_lines.size(), new_lines.size());
  std::size_t head = 0;
  while (head < shorter && old_lines[head] == new_lines[head]) {
    ++head;
  }
  std::size_t tail = 0;
  while (tail < shorter - head &&
         old_lines[old_lines.size() - 1 - tail] == new_lines[new_lines.size() - 1 - tail]) {
    ++tail;
  }
  const std::span<const std::string_view> left(old_lines);
  const std::span<const std::string_view> right(new_lines);
  const std::size_t from = head - std::min(head, kAround);
  const std::size_t around = std::min(tail, kAround);
  std::string out = "--- " + printable(shown_as) + "\n+++ " + printable(shown_as) + "\n@@ -" +
                    range_of(from, left.size() - tail + around - from) + " +" +
                    range_of(from, right.size() - tail + around - from) + " @@\n";
  add_lines(out, ' ', left.subspan(from, head - from));
  add_lines(out, '-', left.subspan(head, left.size() - tail - head));
  add_lines(out, '+', right.subspan(head, right.size() - tail - head));
  add_lines(out, ' ', left.subspan(left.size() - tail, around));
  return out;
}

}  // namespace nono::profile
