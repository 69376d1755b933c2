// base/utf8.h: decoding of UTF-8, for base/ itself and for what writes JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nono {

// CodePoint is one decoded character and the number of bytes that it took. `bytes` is 0 where the
// text does not start with well-formed UTF-8 (Unicode 15, table 3-7) or is empty.
struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;
};

CodePoint first_code_point(std::string_view text);

// append_utf8 appends `value`, which must be a scalar value (no surrogate, at most U+10FFFF).
void append_utf8(std::string& out, char32_t value);

}  // namespace nono
