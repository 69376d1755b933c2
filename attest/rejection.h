// attest/rejection.h: why evidence about a file was not good enough. A value, not an Error.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace nono::attest {

// One enumerator per refusal and one test per enumerator (tests/attest/rejection_test.cc). The
// codes are stable: they stand in --json output and in the audit log.
enum class Reason : unsigned char {
  NoBundle,
  MalformedBundle,
  UnsupportedVersion,    // a media type or predicate version that this build does not know
  Unsupported,           // well-formed evidence of a kind that this build cannot verify
  UnsupportedAlgorithm,  // a key or digest algorithm that this build cannot use
  WrongPayloadType,
  WrongPredicateType,
  SubjectMismatch,  // the statement is about other bytes or another name
  UnknownKey,
  BadSignature,
  UntrustedChain,
  CertificateExpiredAtSigning,
  WrongKeyUsage,
  SctMissing,
  SctInvalid,
  NoTrustedTime,
  TimestampInvalid,
  NotLogged,
  SetInvalid,
  InclusionProofInvalid,
  CheckpointInvalid,
  LogEntryMismatch,
  IdentityMismatch,  // what the statement says of its signer contradicts who signed
  Unexaminable,      // an Error stopped the examination: fail closed
};

// code is the stable string of a reason, e.g. "no-bundle".
std::string_view code(Reason reason);

struct Rejection {
  Reason reason;
  std::string detail;  // one sentence for people; foreign bytes in it are not yet escaped
};

// reject makes the rejection of a std::expected<T, Rejection>.
[[nodiscard]] inline std::unexpected<Rejection> reject(Reason reason, std::string detail) {
  return std::unexpected(Rejection{reason, std::move(detail)});
}

}  // namespace nono::attest
