// tests/fuzz/encoding_fuzz.cc: hexadecimal and base64. A strict reading is written back exactly.
#include "base/encoding.h"
#include "tests/fuzz/expect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nono;
  const std::string_view text = fuzz::text_of(data, size);
  const auto strict = base64_decode(text, Base64::Strict);
  fuzz::expect(!strict || base64_encode(*strict) == text);
  const auto lenient = base64_decode(text, Base64::Lenient);
  fuzz::expect(!strict || (lenient && *lenient == *strict));
  const auto hex = hex_decode(text);
  fuzz::expect(!hex || hex->size() * 2 == text.size());
  const Bytes bytes(as_bytes(text).begin(), as_bytes(text).end());
  fuzz::expect(base64_decode(base64_encode(bytes), Base64::Strict) == bytes);
  fuzz::expect(hex_decode(hex_encode(bytes)) == bytes);
  return 0;
}
