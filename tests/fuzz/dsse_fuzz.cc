// tests/fuzz/dsse_fuzz.cc: the envelope, and the statement behind a signature. An envelope that was
// not signed with our key never opens; one that we sealed does, and then its statement is parsed.
#include "base/json.h"
#include "crypto/keys.h"
#include "dsse/envelope.h"
#include "dsse/statement.h"
#include "tests/fuzz/expect.h"

namespace {

// One key for the whole run: making it costs more than all the rest.
const nono::crypto::PrivateKey& key() {
  static const auto made =
      nono::crypto::PrivateKey::generate(nono::crypto::KeyAlgorithm::EcdsaP256);
  nono::fuzz::expect(made.has_value());
  return *made;
}

void parse_sealed(std::string_view statement) {
  using namespace nono;
  const auto sealed = dsse::seal(key(), dsse::kInTotoPayloadType, statement);
  if (!sealed) {
    return;
  }
  const auto envelope = dsse::Envelope::parse(JsonView(*sealed));
  fuzz::expect(envelope.has_value());
  const auto payload = envelope->open(key().public_key());
  fuzz::expect(payload && payload->text() == statement);
  const auto parsed = dsse::Statement::parse(*payload);
  fuzz::expect(!parsed || !parsed->subjects().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nono;
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto json = Json::parse(text, kMessageLimits)) {
    if (const auto envelope = dsse::Envelope::parse(JsonView(*json))) {
      fuzz::expect(!envelope->open(key().public_key()));
    }
    parse_sealed(text);
  }
  return 0;
}
