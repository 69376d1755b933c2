// tests/fuzz/timestamp_fuzz.cc: RFC 3161 responses, against an authority that signed the seeds over
// "signature". Whatever the bytes are, what it verifies is what it signed: a time of one of the
// seeds.
#include "crypto/timestamp.h"
#include "tests/fuzz/expect.h"

namespace {

using nono::crypto::Certificate;
using nono::crypto::TimestampSigner;
using nono::crypto::TimestampToken;

constexpr std::string_view kLeaf =
    "MIIBSDCB76ADAgECAgEHMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCWF1dGhvcml0eTAeFw0yMzExMTQyMjEzMjBa"
    "Fw0yNzAxMTUwODAwMDBaMA4xDDAKBgNVBAMMA3RzYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPGIt8GNXorL"
    "A4CE83cspDr1LBNox4XuKNMP2rYuW+AlHCQLHOIAFknjvvUYR4Ry3zIPglw6rVSkTbSX08kkiFujODA2MA4GA1Ud"
    "DwEB/wQEAwIHgDAWBgNVHSUBAf8EDDAKBggrBgEFBQcDCDAMBgNVHQ4EBQQDwP/uMAoGCCqGSM49BAMCA0gAMEUC"
    "IF+Zwp/HK/vTxUCZVheT/1/BcskMzZIu9Z/erG+pVM4kAiEAkkcWhyWwJnqh1s7hY4mGTuwf9xliSnYyWXkP9aEZ"
    "DYs=";
constexpr nono::crypto::Time kSigned(std::chrono::seconds(1'704'110'400));
constexpr nono::crypto::Time kSignedLater = kSigned + std::chrono::milliseconds(500);

const TimestampSigner& authority() {
  static const TimestampSigner signer = [] {
    const auto der = nono::base64_decode(kLeaf, nono::Base64::Strict);
    return TimestampSigner::make({Certificate::parse_der(der.value()).value()}).value();
  }();
  return signer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using nono::fuzz::expect;
  const auto token =
      TimestampToken::parse_response(nono::as_bytes(nono::fuzz::text_of(data, size)));
  if (!token) {
    return 0;
  }
  expect(!token->policy().empty() && !token->serial_hex().empty());
  const auto time = token->verify(nono::as_bytes("signature"), authority());
  expect(!time || ((*time == kSigned || *time == kSignedLater) && token->time() == *time));
  expect(!token->verify(nono::as_bytes("other"), authority()));
  return 0;
}
