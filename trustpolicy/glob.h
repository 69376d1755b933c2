// trustpolicy/glob.h: the patterns of trust policies. Matching is linear in pattern × text, on bytes.
//
// `*` and `?` do not cross `/`, `**` as a whole component does, `[a-z]` is a class of bytes (or of
// code points where the text is UTF-8). There is no escape, no `{}`, no negation: those characters,
// control characters and NUL make a pattern that is refused. A pattern without `/` matches the base
// name at any depth; a pattern with one is anchored at the root that it is matched against.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nono::trustpolicy {

class Glob {
 public:
  static constexpr std::size_t kMaxBytes = 512;
  static Result<Glob> parse(std::string_view pattern);

  // matches takes a relative path with `/` between components and no leading `/`.
  bool matches(std::string_view relative_path) const;
  // matches_whole treats the text as one flat string in which `*` crosses `/` (refs, subjects).
  bool matches_whole(std::string_view text) const;
  const std::string& text() const { return pattern_; }

 private:
  explicit Glob(std::string pattern) : pattern_(std::move(pattern)) {}
  std::string pattern_;
};

}  // namespace nono::trustpolicy
