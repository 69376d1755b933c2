// tests/fuzz/glob_fuzz.cc: a pattern and a text, divided by the first newline. Folding is final: a
// pattern's own text is the same pattern, and matches what it matched.
#include "tests/fuzz/expect.h"
#include "trustpolicy/glob.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nono;
  const std::string_view input = fuzz::text_of(data, size);
  const std::size_t cut = input.find('\n');
  const std::string_view pattern = input.substr(0, cut);
  const std::string_view text = cut == input.npos ? std::string_view() : input.substr(cut + 1);
  if (const auto glob = trustpolicy::Glob::parse(pattern)) {
    const auto again = trustpolicy::Glob::parse(glob->text());
    fuzz::expect(again && *again == *glob && again->matches(text) == glob->matches(text));
    fuzz::expect(glob->text().size() <= trustpolicy::Glob::kMaxBytes);
  }
  if (const auto glob = trustpolicy::Glob::parse_flat(pattern)) {
    const auto again = trustpolicy::Glob::parse_flat(glob->text());
    fuzz::expect(again && again->matches_whole(text) == glob->matches_whole(text));
  }
  return 0;
}
