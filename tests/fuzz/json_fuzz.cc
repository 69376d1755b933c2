// tests/fuzz/json_fuzz.cc: strict JSON. What was read is written such that it is read as the same.
#include "base/json.h"
#include "tests/fuzz/expect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nono;
  const auto document = Json::parse(fuzz::text_of(data, size), kMessageLimits);
  if (!document) {
    return 0;
  }
  const JsonLimits generous{.bytes = std::size_t{16} << 20};
  const auto compact = Json::parse(document->compact(), generous);
  fuzz::expect(compact && *compact == *document);
  const auto pretty = Json::parse(document->pretty(), generous);
  fuzz::expect(pretty && *pretty == *document);
  return 0;
}
