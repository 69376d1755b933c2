// attest/rejection.cc: the stable spelling of each reason.
#include "attest/rejection.h"

#include <array>
#include <cstddef>

namespace nono::attest {

namespace {

struct ReasonCode {
  Reason reason;
  std::string_view code;
};

constexpr std::array kCodes{
    ReasonCode{Reason::NoBundle, "no-bundle"},
    ReasonCode{Reason::MalformedBundle, "malformed-bundle"},
    ReasonCode{Reason::UnsupportedVersion, "unsupported-version"},
    ReasonCode{Reason::Unsupported, "unsupported"},
    ReasonCode{Reason::UnsupportedAlgorithm, "unsupported-algorithm"},
    ReasonCode{Reason::WrongPayloadType, "wrong-payload-type"},
    ReasonCode{Reason::WrongPredicateType, "wrong-predicate-type"},
    ReasonCode{Reason::SubjectMismatch, "subject-mismatch"},
    ReasonCode{Reason::UnknownKey, "unknown-key"},
    ReasonCode{Reason::BadSignature, "bad-signature"},
    ReasonCode{Reason::UntrustedChain, "untrusted-chain"},
    ReasonCode{Reason::CertificateExpiredAtSigning, "certificate-expired-at-signing"},
    ReasonCode{Reason::WrongKeyUsage, "wrong-key-usage"},
    ReasonCode{Reason::SctMissing, "sct-missing"},
    ReasonCode{Reason::SctInvalid, "sct-invalid"},
    ReasonCode{Reason::NoTrustedTime, "no-trusted-time"},
    ReasonCode{Reason::TimestampInvalid, "timestamp-invalid"},
    ReasonCode{Reason::NotLogged, "not-logged"},
    ReasonCode{Reason::SetInvalid, "set-invalid"},
    ReasonCode{Reason::InclusionProofInvalid, "inclusion-proof-invalid"},
    ReasonCode{Reason::CheckpointInvalid, "checkpoint-invalid"},
    ReasonCode{Reason::LogEntryMismatch, "log-entry-mismatch"},
    ReasonCode{Reason::IdentityMismatch, "identity-mismatch"},
    ReasonCode{Reason::Unexaminable, "unexaminable"},
};

// The table is indexed by the enumerator: a missing or misplaced row must not compile.
consteval bool in_order() {
  for (std::size_t row = 0; row < kCodes.size(); ++row) {
    if (static_cast<std::size_t>(kCodes[row].reason) != row) {
      return false;
    }
  }
  return kCodes.size() == static_cast<std::size_t>(Reason::Unexaminable) + 1;
}
static_assert(in_order());

}  // namespace

std::string_view code(Reason reason) {
  return kCodes[static_cast<std::size_t>(reason)].code;
}

}  // namespace nono::attest
