// tests/fuzz/bundle_fuzz.cc: Sigstore bundles. What is refused has a reason of the two that parsing
// may give; what is taken keeps within its limits.
#include "attest/bundle.h"
#include "tests/fuzz/expect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nono;
  const auto bundle = attest::Bundle::parse(fuzz::text_of(data, size));
  if (!bundle) {
    const attest::Reason reason = bundle.error().reason;
    fuzz::expect(reason == attest::Reason::MalformedBundle ||
                 reason == attest::Reason::UnsupportedVersion);
    return 0;
  }
  fuzz::expect(!bundle->media_type().empty());
  fuzz::expect(bundle->log_entries().size() <= attest::Bundle::kMaxLogEntries);
  fuzz::expect(bundle->timestamps().size() <= attest::Bundle::kMaxTimestamps);
  return 0;
}
