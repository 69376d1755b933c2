// attest/predicate.h: nono's predicate types and what stands in them (docs/format-bundle.md).
#pragma once

#include <string_view>

namespace nono::attest {

inline constexpr std::string_view kInstructionFileV1 =
    "https://nono.sh/attestation/instruction-file/v1";
inline constexpr std::string_view kMultiFileV1 = "https://nono.sh/attestation/multi-file/v1";
inline constexpr std::string_view kTrustPolicyV1 = "https://nono.sh/attestation/trust-policy/v1";
// is_own_type tells the statements that are about files by name.
constexpr bool is_own_type(std::string_view type) {
  return type == kInstructionFileV1 || type == kMultiFileV1 || type == kTrustPolicyV1;
}
// kMessageSignature is the word in a publisher's `predicate_types` that admits a plain
// messageSignature over the file.
inline constexpr std::string_view kMessageSignature = "message-signature";

// Purpose says what a signature is wanted for; a statement made for another purpose is refused.
enum class Purpose : unsigned char { InstructionFile, TrustPolicy };

}  // namespace nono::attest
