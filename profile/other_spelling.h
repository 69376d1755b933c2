// profile/other_spelling.h: one name in two spellings of its letters.
//
// A file system may not tell letters apart by case, or by their Unicode form (ext4 casefold, SMB,
// exFAT): then more spellings than the listed one lead to what a list names, and the kernel tells
// the one that was asked for.
#pragma once

#include <optional>
#include <string>

namespace nono::profile {

// spelt_as is `path` (absolute, without "." and "..") with its components spelt as `listed` spells
// them, as far as both lead to the same objects there; nothing where no component changes. The last
// component of `listed` may hold one `*`.
std::optional<std::string> spelt_as(const std::string& path, const std::string& listed);

}  // namespace nono::profile
