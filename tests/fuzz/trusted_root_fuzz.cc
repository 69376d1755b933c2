// tests/fuzz/trusted_root_fuzz.cc: trusted roots. What is taken keeps within its limits, its ids
// are ids of its keys, and whatever was left out is accounted for.
#include <algorithm>

#include "attest/trusted_log.h"
#include "attest/trusted_root.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace nono;

void check_log(const rekor::Log& log) {
  const crypto::Sha256 note_id = attest::note_key_id(log.host(), log.key);
  fuzz::expect(log.log_id == log.key.fingerprint() || log.log_id == note_id);
  fuzz::expect(log.checkpoint_key_id == log.key.fingerprint() || log.checkpoint_key_id == note_id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto root = attest::TrustedRoot::parse(fuzz::text_of(data, size));
  if (!root) {
    const ErrorKind kind = root.error().kind();
    fuzz::expect(kind == ErrorKind::InvalidInput || kind == ErrorKind::Unsupported ||
                 kind == ErrorKind::Exhausted);
    return 0;
  }
  fuzz::expect(root->logs().logs().size() <= attest::TrustedRoot::kMaxInstances);
  fuzz::expect(root->ct_logs().size() <= attest::TrustedRoot::kMaxInstances);
  fuzz::expect(root->warnings().size() <= 4 * attest::TrustedRoot::kMaxInstances);
  std::ranges::for_each(root->logs().logs(), check_log);
  for (const attest::TrustedCtLog& log : root->ct_logs()) {
    fuzz::expect(log.log_id == log.key.fingerprint());
  }
  for (const attest::TrustedAuthority& authority : root->authorities()) {
    const std::size_t length = authority.authority.chain().size();
    fuzz::expect(length > 0 && length <= attest::TrustedRoot::kMaxChain);
  }
  return 0;
}
