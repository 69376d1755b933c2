// attest/service_answers.h: what Sigstore's services answered a signer, held against what was asked
// and against the trusted root.
//
// A signature is written only where everybody will accept it, and whose answer was wrong is known
// only here: the full check of the finished bundle would not say. Every Error is one sentence that
// begins with the service's part ("the certificate …").
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "attest/identity_token.h"
#include "attest/trusted_root.h"
#include "attest/verified_facts.h"
#include "attest/verifier.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/keys.h"
#include "crypto/timestamp_request.h"
#include "rekor/log_entry.h"
#include "rekor/log_keyring.h"

namespace nono::attest {

// check_issued: the leaf of `chain` is over `key`, about the token's issuer and subject, issued by
// an authority of the root at the time at which it begins to be valid, and in a CT log.
Result<KeylessSigner> check_issued(const TrustedRoot& root,
                                   const std::vector<crypto::Certificate>& chain,
                                   const crypto::PublicKey& key, const IdentityToken& token);

// MadeUnder is a signature and the certificate whose key made it, both borrowed.
struct MadeUnder {
  std::span<const std::byte> signature;
  const crypto::Certificate& leaf;
};

// check_stamp: the answer bears the nonce of the request, verifies over the signature, and says a
// time at which the certificate is valid.
Result<VerifiedTime> check_stamp(const TrustedRoot& root, const crypto::TimestampRequest& request,
                                 std::span<const std::byte> answer, const MadeUnder& made);

// check_entry: a log of the root holds an entry about exactly this submission, with proof, and, as
// far as the log says when, of a time at which the certificate is valid.
Result<rekor::LoggedEntry> check_entry(const TrustedRoot& root, const rekor::LogEntry& entry,
                                       const rekor::Submission& submission,
                                       const crypto::Certificate& leaf);

}  // namespace nono::attest
