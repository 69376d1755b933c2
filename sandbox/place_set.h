// sandbox/place_set.h: directories whose places the broker remembers, with or without all beneath.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>

namespace nono::sandbox {

// PlaceSet holds absolute paths. What lies beneath one of them is one of them, so a tree that is
// removed from its leaves up is a single one at its end. Where there is no room for one more, the
// directory in which it lies is taken in its place: never too little is covered.
class PlaceSet {
 public:
  static constexpr std::size_t kMaxPlaces = 10'000;
  explicit PlaceSet(std::size_t most = kMaxPlaces) : most_(most) {}

  void add(std::string_view path);
  // covers reports whether `path` is one of them or lies beneath one.
  bool covers(std::string_view path) const;
  std::size_t size() const { return places_.size(); }

 private:
  void drop_beneath(std::string_view path);
  std::size_t most_;
  std::set<std::string, std::less<>> places_;
};

// PlaceList holds absolute paths, by a hash: two that share one are both held. Where there is no
// room for more, what comes is held with all that lies beneath it.
class PlaceList {
 public:
  static constexpr std::size_t kMaxListed = 200'000;
  explicit PlaceList(std::size_t most = kMaxListed) : most_(most) {}

  void add(std::string_view path);
  bool has(std::string_view path) const;
  bool none() const { return listed_.empty() && further_.size() == 0; }

 private:
  std::size_t most_;
  std::unordered_set<std::size_t> listed_;
  PlaceSet further_;
};

}  // namespace nono::sandbox
