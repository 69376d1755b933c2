#include "sandbox/folded_path.h"

#include <algorithm>

#include "base/text.h"

namespace nono::sandbox {
namespace {

constexpr std::string_view kCutOff = ". ";

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool has_ends_to_cut(std::string_view path) {
  return path.contains("./") || path.contains(" /") || path.ends_with('.') || path.ends_with(' ');
}

// with_letters folds a component that is not ASCII. fold_name takes dots away at both ends: the one
// in front tells names apart. A letter that comes to be a slash makes no other component.
std::string with_letters(std::string_view component) {
  constexpr std::string_view kGuard = "/";
  const std::string out = fold_name(std::string(kGuard).append(component));
  const bool kept = out.starts_with(kGuard) && !out.substr(1).contains('/');
  return kept ? out.substr(kGuard.size()) : ascii_lower(component);
}

std::string folded_component(std::string_view component) {
  std::string out = is_ascii(component) ? ascii_lower(component) : with_letters(component);
  const std::size_t last = out.find_last_not_of(kCutOff);
  out.resize(last == std::string::npos ? out.size() : last + 1);
  return out;
}

}  // namespace

std::string folded_path(std::string_view path) {
  if (is_ascii(path) && !has_ends_to_cut(path)) {
    return ascii_lower(path);
  }
  std::string out;
  while (true) {
    const std::size_t end = std::min(path.find('/'), path.size());
    out += folded_component(path.substr(0, end));
    if (end == path.size()) {
      return out;
    }
    out += '/';
    path.remove_prefix(end + 1);
  }
}

std::string_view same_depth(std::string_view path, std::string_view part) {
  if (part.empty()) {
    return {};
  }
  std::size_t end = 0;
  for (auto slashes = std::ranges::count(part, '/'); slashes >= 0; --slashes) {
    end = std::min(path.find('/', end), path.size()) + 1;
  }
  return path.substr(0, end - 1);
}

}  // namespace nono::sandbox
