// base/json_pointer.h: JSON pointers (RFC 6901) in error messages, for base/ itself.
#pragma once

#include <string>
#include <string_view>

namespace nono {

// append_pointer appends "/" and the escaped `token` (~ is ~0, / is ~1).
void append_pointer(std::string& pointer, std::string_view token);

// shown_pointer is what an error calls a place: "document" for the root, otherwise the pointer made
// printable and cut after 256 bytes, since its keys come from outside.
std::string shown_pointer(std::string_view pointer);

}  // namespace nono
