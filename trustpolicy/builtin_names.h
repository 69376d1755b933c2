// trustpolicy/builtin_names.h: the names that are guarded without any policy.
//
// Compared folded (base/text.h fold_name), at any depth: file systems and agents differ in what
// they take for the same name. A leading dot is part of a name here although fold_name drops it:
// `agents/` is an ordinary directory, `.agents/` is not.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "trustpolicy/decision.h"
#include "trustpolicy/name_shape.h"

namespace nono::trustpolicy {

// BuiltinSet is a set of built-in names, by their place in the table.
using BuiltinSet = std::uint64_t;

struct Builtin {
  std::string_view shown;  // as a policy's `unguard` and the documentation write it; a name that
                           // ends with `/` guards *.md and *.mdc at any depth beneath that
                           // directory, one that ends with `/*.toml` those files there
  GuardClass guard_class;
};
std::span<const Builtin> builtin_names();

// builtin_named returns the bit of a name as it is shown, or nothing.
std::optional<BuiltinSet> builtin_named(std::string_view shown);

// builtin_class classifies an absolute path by the built-in names that are not in `taken_off`. It
// allocates nothing for a path of ASCII letters.
GuardClass builtin_class(std::string_view absolute_path, BuiltinSet taken_off);

// builtin_shapes covers every name that builtin_class classifies, whatever is taken off.
std::vector<NameShape> builtin_shapes();

}  // namespace nono::trustpolicy
