#include "profile/other_spelling.h"

#include <sys/stat.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace nono::profile {
namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// may_be_one is a guess, for whom it spares a look at the file system.
bool may_be_one(std::string_view one, std::string_view other) {
  return is_ascii(one) && is_ascii(other)
             ? one.size() == other.size() && ascii_lower(one) == ascii_lower(other)
             : fold_name(one) == fold_name(other);
}

bool are_one(const std::string& one, const std::string& other) {
  struct stat left{};
  struct stat right{};
  return ::lstat(one.c_str(), &left) == 0 && ::lstat(other.c_str(), &right) == 0 &&
         left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

// next_part cuts "/name" off.
std::string_view next_part(std::string_view& path) {
  const std::string_view part = path.substr(0, path.find('/', 1));
  path.remove_prefix(part.size());
  return part;
}

// filled_in is the pattern "name*" with what `part` has in place of the star.
std::string filled_in(std::string_view listed, std::string_view part) {
  const std::size_t star = std::min(listed.find('*'), listed.size());
  std::string out(listed.substr(0, star));
  return star < listed.size() ? out.append(part.substr(std::min(star, part.size()))) : out;
}

}  // namespace

std::optional<std::string> spelt_as(const std::string& path, const std::string& listed) {
  std::string_view left = path;
  std::string_view right = listed;
  std::string at;
  std::string out;
  while (left.size() > 1 && right.size() > 1) {
    const std::string_view before = left;
    const std::string_view part = next_part(left);
    const std::string wanted = filled_in(next_part(right), part);
    if (part != wanted &&
        !(may_be_one(part, wanted) && are_one(at + std::string(part), out + wanted))) {
      left = before;
      break;
    }
    at += part;
    out += wanted;
  }
  out += left;
  return out != path ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace nono::profile
