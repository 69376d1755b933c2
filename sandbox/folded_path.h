// sandbox/folded_path.h: a path as a file system may take it that does not tell letters apart.
//
// Case, the Unicode form of letters and what is invisible (ext4 casefold, APFS, SMB), dots and
// blanks at the end of a name (FAT, NTFS): more spellings than one lead to a name there, and the
// kernel tells the one that was asked for.
#pragma once

#include <string>
#include <string_view>

namespace nono::sandbox {

// folded_path is `path` in the form in which protected names are compared: each component as
// fold_name has it (base/text.h), but with what it begins with. It has as many components.
std::string folded_path(std::string_view path);

// same_depth is the beginning of `path` that `part`, a beginning of its folded form, stands for.
std::string_view same_depth(std::string_view path, std::string_view part);

}  // namespace nono::sandbox
