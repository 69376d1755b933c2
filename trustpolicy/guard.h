// trustpolicy/guard.h: which names are guarded: the built-in ones and those that policies add.
//
// Built-in names are compared folded (base/text.h fold_name), at any depth; a policy's own patterns
// as they are written. A policy can add; only system and user can take off.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "trustpolicy/decision.h"
#include "trustpolicy/glob.h"

namespace nono::trustpolicy {

class Guard final : public GuardedNames {
 public:
  Guard() = default;  // the built-in names
  // add_pattern guards what `glob` matches beneath `root` (absolute); an empty root means at any
  // place: the pattern is then tried against every suffix of the path by components.
  void add_pattern(std::string root, Glob glob);
  void add_file(std::string absolute_path);
  void take_off(std::string_view builtin_name);

  GuardClass classify(std::string_view absolute_path) const override;

 private:
  struct Rooted {
    std::string root;
    Glob glob;
  };
  std::vector<Rooted> patterns_;
  std::vector<std::string> files_;
  std::vector<std::string> taken_off_;
};

// is_bundle_name reports whether `base_name` is that of evidence (`*.bundle`): such a file is not
// itself guarded unless a pattern names it.
bool is_bundle_name(std::string_view base_name);

}  // namespace nono::trustpolicy
