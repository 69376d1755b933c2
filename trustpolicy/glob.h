// trustpolicy/glob.h: the patterns of trust policies. Matching takes at most pattern × text steps.
//
// `*` and `?` do not cross `/`, `**` as a whole component does, `[a-z]` is a class of code points
// (of bytes where the text is not UTF-8). There is no escape, no alternation, no negation: `\ { } (
// ) | ^ $`, a leading `!`, `[!`, control characters and NUL make a pattern that is refused, because
// a pattern that was meant otherwise would match nothing and guard nothing. A pattern without `/`
// matches the base name at any depth; a pattern with one is anchored at the root that it is matched
// against. Runs of `*` and repeated `**/` are folded into one before the length is judged.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace nono::trustpolicy {

class Glob {
 public:
  static constexpr std::size_t kMaxBytes = 512;    // after folding
  static constexpr std::ptrdiff_t kMaxStars = 32;  // characters `*`, after folding

  // parse reads a pattern for paths, used with matches(): relative, no empty, `.` or `..`
  // component. The error is InvalidInput and says why, without naming the pattern's place.
  static Result<Glob> parse(std::string_view pattern);
  // parse_flat reads a pattern for a flat string (ref, workflow, subject), used with
  // matches_whole(): `/` is a character like others.
  static Result<Glob> parse_flat(std::string_view pattern);

  // matches takes a relative path with `/` between components and no leading `/`.
  bool matches(std::string_view relative_path) const;
  // matches_whole treats the text as one flat string in which `*` crosses `/` (refs, subjects).
  bool matches_whole(std::string_view text) const;
  // anchored reports whether the pattern has a `/`.
  bool anchored() const { return pattern_.find('/') != std::string::npos; }
  const std::string& text() const { return pattern_; }

  bool operator==(const Glob&) const = default;

 private:
  explicit Glob(std::string pattern) : pattern_(std::move(pattern)) {}
  std::string pattern_;
};

}  // namespace nono::trustpolicy
