// tests/fuzz/policy_fuzz.cc: trust policies. What was parsed is written such that it parses the
// same.
#include "tests/fuzz/expect.h"
#include "trustpolicy/document.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nono;
  const auto document = trustpolicy::Document::parse(fuzz::text_of(data, size), "fuzzed");
  if (!document) {
    return 0;
  }
  const Json written = document->to_json();
  const auto again = trustpolicy::Document::parse(written.pretty(), "written");
  fuzz::expect(again && again->to_json() == written);
  fuzz::expect(document->includes.size() <= trustpolicy::Document::kMaxIncludes);
  fuzz::expect(document->publishers.size() <= trustpolicy::Document::kMaxPublishers);
  return 0;
}
