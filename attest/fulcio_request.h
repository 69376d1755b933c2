// attest/fulcio_request.h: asking Fulcio for a certificate, and its answer (fulcio.proto, v2; and
// fulcio_legacy.proto, v1, of servers that know nothing newer).
//
// Pure: the token travels in a header, which the caller sets. The answer is untrusted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/keys.h"

namespace nono::attest {

// Paths below a Fulcio's base URL.
inline constexpr std::string_view kSigningCertificatePath = "/api/v2/signingCert";
inline constexpr std::string_view kSigningCertificatePathV1 = "/api/v1/signingCert";
inline constexpr std::string_view kConfigurationPath = "/api/v2/configuration";

// read_challenge_claim finds, in Fulcio's configuration, which claim of a token of `issuer` has to
// be signed as proof of possession: "email" or "sub". NotFound: this Fulcio does not take its
// tokens; the message lists whose it takes.
Result<std::string> read_challenge_claim(std::string_view configuration, std::string_view issuer);

// fulcio_request is the body that asks for a certificate over `key`: its public half and, as proof
// that whoever has the token has the key, a signature over `challenge`.
Result<std::string> fulcio_request(const crypto::PrivateKey& key, std::string_view challenge);

// read_fulcio_answer returns the chain, leaf first: 1 to 10 certificates. An answer with a detached
// SCT is Unsupported: a bundle has no place for it. InvalidInput names the JSON pointer.
Result<std::vector<crypto::Certificate>> read_fulcio_answer(std::string_view text);

// fulcio_request_v1 and read_fulcio_answer_v1 are the same for version 1, which answers in PEM. A
// detached SCT comes in a header there, which is the caller's to look for.
Result<std::string> fulcio_request_v1(const crypto::PrivateKey& key, std::string_view challenge);
Result<std::vector<crypto::Certificate>> read_fulcio_answer_v1(std::string_view pem);

}  // namespace nono::attest
