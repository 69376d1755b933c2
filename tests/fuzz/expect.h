// tests/fuzz/expect.h: what the fuzz targets share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "base/encoding.h"

namespace nono::fuzz {

// text_of views the input of a target as text. The input is hostile; it lives as long as the call.
inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return as_text(std::as_bytes(std::span(data, size)));
}

// expect stops the target when a promise of the parser does not hold; the input is then a finding.
inline void expect(bool promise) {
  if (!promise) {
    std::abort();
  }
}

}  // namespace nono::fuzz
