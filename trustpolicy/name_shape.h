// trustpolicy/name_shape.h: file names that may be guarded, told by their ends alone.
//
// A list of shapes answers more often with yes than the rules do that it was made from, never less:
// who has only a file's name, and neither its directories nor a table of Unicode, asks it first and
// the rules where it says yes (sandbox/fast_gate.h). It speaks of names of printable ASCII only.
#pragma once

#include <string>

namespace nono::trustpolicy {

// Folded: compared without the dots and spaces at both ends, in small letters.
enum class Spelling : unsigned char { AsWritten, Folded };
enum class Extent : unsigned char { Whole, Ends };  // Whole: `prefix` is the name

struct NameShape {
  std::string prefix;
  std::string suffix;
  Spelling spelling = Spelling::AsWritten;
  Extent extent = Extent::Whole;
};

}  // namespace nono::trustpolicy
