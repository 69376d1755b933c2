// profile/edit.h: one more entry in the text of a JSON profile, and the difference that it makes.
//
// A person who wrote a profile keeps what they wrote: all but the entry stays byte for byte. What
// comes out is parsed again and compared with the document that it must be, so a mistake of the
// text's surgery is an error and never another profile.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace nono::profile {

// EntryPlace names a list: {"filesystem", "read_file"}.
struct EntryPlace {
  std::string_view section;
  std::string_view list;
};

// with_entry appends the string `entry` to the list, which is made where it is missing. `text` must
// be a profile in JSON (InvalidInput otherwise, also where the place holds no list); an entry that
// is there already is Usage.
Result<std::string> with_entry(std::string_view text, const EntryPlace& place,
                               std::string_view entry);

// unified_diff is the difference in the unified format (as of `diff -u`, POSIX.1-2024 XCU diff), in
// one hunk with three lines around it; empty where there is none. Each line is printable().
std::string unified_diff(std::string_view before, std::string_view after,
                         const std::string& shown_as);

}  // namespace nono::profile
