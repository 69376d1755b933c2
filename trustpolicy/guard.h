// trustpolicy/guard.h: which names are guarded: the built-in ones and those that policies add.
//
// Built-in names are compared folded (base/text.h fold_name), at any depth; a policy's own patterns
// as they are written. A policy can add; only system and user can take off.
//
// Evidence must stay readable: a bundle (`X.bundle`) is not guarded by a built-in name, and a
// pattern that catches X does not catch X.bundle with it; one that catches X.bundle alone does. So
// text in a file called CLAUDE.md.bundle is ordinary text, as under any other unguarded name.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trustpolicy/builtin_names.h"
#include "trustpolicy/decision.h"
#include "trustpolicy/glob.h"

namespace nono::trustpolicy {

class Guard final : public GuardedNames {
 public:
  Guard() = default;  // the built-in names
  // add_pattern guards what `glob` matches beneath `root` (absolute, normal); an empty root means
  // at any place: the pattern is then tried against every suffix of the path by components.
  void add_pattern(std::string root, Glob glob);
  // add_file guards exactly this absolute, normal path, also where it names a bundle.
  void add_file(std::string absolute_path);
  // take_off gives a built-in name free, as it is spelt in builtin_names(); others do nothing.
  void take_off(std::string_view builtin_name);
  // set_stricter says which class is judged more strictly: a name of both is of that one. Else what
  // a policy names would be an instruction, and a project could move agent configuration there.
  void set_stricter(GuardClass stricter) { stricter_ = stricter; }
  GuardClass stricter_of(GuardClass one, GuardClass other) const;

  GuardClass classify(std::string_view absolute_path) const override;
  // shapes covers every name of printable ASCII that classify finds guarded in any directory.
  std::vector<NameShape> shapes() const;

  struct Rooted {
    std::string root;
    Glob glob;
    bool anchored;
    NameShape ends;  // of every name that the pattern matches
  };
  // What the names were put together from, for who writes them in another language.
  BuiltinSet taken_off() const { return taken_off_; }
  std::span<const Rooted> patterns() const { return patterns_; }
  std::span<const std::string> files() const { return files_; }

 private:
  static bool catches(const Rooted& pattern, std::string_view absolute_path);
  bool policy_guards(std::string_view absolute_path) const;

  std::vector<Rooted> patterns_;
  std::vector<std::string> files_;  // sorted
  BuiltinSet taken_off_ = 0;
  GuardClass stricter_ = GuardClass::Instruction;
};

// is_bundle_name reports whether `base_name` is that of evidence (`*.bundle`).
bool is_bundle_name(std::string_view base_name);

}  // namespace nono::trustpolicy
