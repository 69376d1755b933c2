#include "sandbox/place_set.h"

namespace nono::sandbox {

bool PlaceSet::covers(std::string_view path) const {
  while (path.size() > 1) {
    if (places_.contains(path)) {
      return true;
    }
    const std::size_t slash = path.rfind('/');
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
  return places_.contains(std::string_view("/"));
}

// drop_beneath: in the order of bytes, what begins with "/a/" is in one piece.
void PlaceSet::drop_beneath(std::string_view path) {
  const std::string inside = path == "/" ? "/" : std::string(path) + "/";
  const auto first = places_.lower_bound(inside);
  auto last = first;
  while (last != places_.end() && last->starts_with(inside)) {
    ++last;
  }
  places_.erase(first, last);
}

void PlaceSet::add(std::string_view path) {
  std::string place(path);
  while (!covers(place)) {
    drop_beneath(place);
    if (places_.size() < most_ || place == "/") {
      places_.insert(place);
      return;
    }
    const std::size_t slash = place.rfind('/');
    place = slash == 0 || slash == std::string::npos ? "/" : place.substr(0, slash);
  }
}

void PlaceList::add(std::string_view path) {
  if (listed_.size() < most_) {
    listed_.insert(std::hash<std::string_view>()(path));
  } else if (!has(path)) {
    further_.add(path);
  }
}

bool PlaceList::has(std::string_view path) const {
  return listed_.contains(std::hash<std::string_view>()(path)) || further_.covers(path);
}

}  // namespace nono::sandbox
