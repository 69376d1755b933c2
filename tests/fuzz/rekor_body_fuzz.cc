// tests/fuzz/rekor_body_fuzz.cc: bodies of log entries. The first byte of the input chooses the
// kind that the entry says, and whether an envelope was signed and by a plain key; the rest is the
// body. A body that matches holds our signature, in the form of its kind.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/json.h"
#include "rekor/body.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace nono;

struct Kind {
  std::string_view kind;
  std::string_view version;
  std::string_view signature;  // where it stands, as a JSON pointer without its first slash
};
constexpr std::array kKinds{
    Kind{"hashedrekord", "0.0.1", "spec/signature/content"},
    Kind{"dsse", "0.0.1", "spec/signatures/0/signature"},
    Kind{"intoto", "0.0.2", "spec/content/envelope/signatures/0/sig"},
    Kind{"hashedrekord", "0.0.2", "spec/hashedRekordV002/signature/content"},
};

constexpr std::string_view kSignature = "signature";
constexpr std::string_view kCertificate = "certificate";
constexpr std::string_view kSigned = "what was signed";
constexpr std::string_view kSpki =
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004a430dabf919f0fb14c3c1a3bffa0a93ea9"
    "27f4ee25e090c38cba3a472f04f6adcb9915a4a946fedd3c84d683097e6e55009c7f9d968f56f9478f5fedc4"
    "f68bb1";

const crypto::PublicKey& key() {
  static const auto parsed = crypto::PublicKey::parse_spki_der(*hex_decode(kSpki));
  fuzz::expect(parsed.has_value());
  return *parsed;
}

rekor::Submission submission(bool envelope, bool certified) {
  const auto digested = as_bytes(kSigned);
  rekor::Submission made{
      .signature = as_bytes(kSignature),
      .key = &key(),
      .certificate_der = {},
      .digests = {.sha256 = crypto::Sha256::of(digested),
                  .sha384 = crypto::hash(crypto::HashAlgorithm::Sha384, digested),
                  .sha512 = crypto::hash(crypto::HashAlgorithm::Sha512, digested)},
      .envelope = std::nullopt};
  if (certified) {
    made.certificate_der = as_bytes(kCertificate);
  }
  if (envelope) {
    made.envelope = rekor::EnvelopeParts{"application/vnd.in-toto+json", crypto::Sha256::of("{}")};
  }
  return made;
}

const std::string& signature_in(const Json& body, std::string_view path) {
  const Json* value = &body;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const Json::Array* const array = value->array();
    value = array == nullptr ? value->find(path.substr(0, end)) : &array->front();
    fuzz::expect(value != nullptr);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  fuzz::expect(value->string() != nullptr);
  return *value->string();
}

void expect_about(const Kind& kind, std::string_view text, const rekor::Submission& submission) {
  const auto body = Json::parse(text, JsonLimits{.bytes = rekor::kMaxBodyBytes});
  fuzz::expect(body.has_value());
  std::string expected = base64_encode(as_bytes(kSignature));
  if (kind.kind == "intoto") {
    expected = base64_encode(as_bytes(expected));
  }
  fuzz::expect(signature_in(*body, kind.signature) == expected);
  if (kind.signature.contains("V002")) {
    fuzz::expect(rekor::canonical_hashedrekord(submission) == std::string(text));
  } else {
    fuzz::expect(submission.envelope.has_value() == (kind.kind != "hashedrekord"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view text = fuzz::text_of(data + 1, size - 1);
  const Kind& kind = kKinds.at(data[0] % kKinds.size());
  const auto submitted = submission((data[0] & 4) != 0, (data[0] & 8) != 0);
  const rekor::LogEntry entry{.log_index = 0,
                              .log_id = crypto::Sha256::of("log"),
                              .kind = std::string(kind.kind),
                              .version = std::string(kind.version),
                              .integrated_time = std::nullopt,
                              .promise = std::nullopt,
                              .proof = std::nullopt,
                              .body = Bytes(as_bytes(text).begin(), as_bytes(text).end())};
  if (rekor::match_body(entry, submitted)) {
    expect_about(kind, text, submitted);
  }
  return 0;
}
