// tests/fuzz/checkpoint_fuzz.cc: signed notes. What is taken can be written in one way only: the
// parts put together again are the input.
#include <string>

#include "rekor/checkpoint.h"
#include "tests/fuzz/expect.h"

namespace {

std::string written(const nono::rekor::Checkpoint& checkpoint) {
  std::string note = checkpoint.text + '\n';
  for (const auto& [name, hint, signature] : checkpoint.signatures) {
    nono::Bytes blob(hint.begin(), hint.end());
    blob.insert(blob.end(), signature.begin(), signature.end());
    note += "\u2014 " + name + ' ' + nono::base64_encode(blob) + '\n';
  }
  return note;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nono;
  const std::string_view note = fuzz::text_of(data, size);
  if (const auto checkpoint = rekor::Checkpoint::parse(note)) {
    fuzz::expect(written(*checkpoint) == note);
    fuzz::expect(!checkpoint->signatures.empty());
    fuzz::expect(checkpoint->text.starts_with(checkpoint->origin + '\n' +
                                              std::to_string(checkpoint->size) + '\n' +
                                              base64_encode(checkpoint->root.bytes()) + '\n'));
  }
  return 0;
}
