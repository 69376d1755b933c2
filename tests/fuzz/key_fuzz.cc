// tests/fuzz/key_fuzz.cc: public keys as DER, PEM and one line of base64, and private keys. What
// was read is the same key when its own encoding is read, and no bytes are a signature of it by
// chance.
#include "crypto/keys.h"
#include "tests/fuzz/expect.h"

namespace {

void expect_whole(const nono::crypto::PublicKey& key) {
  using nono::crypto::PublicKey;
  const auto again = PublicKey::parse_spki_der(key.spki_der());
  nono::fuzz::expect(again && again->fingerprint() == key.fingerprint());
  const auto armoured = PublicKey::parse_text(key.spki_pem());
  nono::fuzz::expect(armoured && armoured->fingerprint() == key.fingerprint());
  nono::fuzz::expect(!key.verifies(key.spki_der(), key.spki_der()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nono;
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto key = crypto::PublicKey::parse_spki_der(as_bytes(text))) {
    expect_whole(*key);
  }
  if (const auto key = crypto::PublicKey::parse_text(text)) {
    expect_whole(*key);
  }
  if (const auto key = crypto::PrivateKey::parse_text(crypto::Secret::copy_of(as_bytes(text)))) {
    expect_whole(key->public_key());
  }
  return 0;
}
