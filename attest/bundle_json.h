// attest/bundle_json.h: the ProtoJSON shapes of a Sigstore bundle. Internal to attest/.
//
// Readers here check shape, never truth: members, integers, base64, lengths that a field must have.
// Unknown members are refused. Every error names its JSON pointer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "attest/bundle.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/result.h"
#include "rekor/log_entry.h"

namespace nono::attest {

// The four media types that are read stand for three versions (protobuf-specs, sigstore_bundle).
enum class BundleVersion : unsigned char { V01, V02, V03 };
std::optional<BundleVersion> bundle_version(std::string_view media_type);

// settle_spellings brings the original proto names of members (media_type) to their JSON names
// (mediaType), as ProtoJSON readers must, and refuses what two readers could read differently: a
// member under both names, a number that is not a 64-bit integer.
Result<void> settle_spellings(Json& document);

// Material is the verificationMaterial: who is said to have signed, and what is to prove when.
struct Material {
  std::variant<KeyHint, CertificateMaterial> signer;
  std::vector<rekor::LogEntry> log_entries;
  std::vector<Bytes> timestamps;
};
Result<Material> read_material(const JsonView& view, BundleVersion version);
// read_log_entries reads `tlogEntries`; every entry has what the version demands.
Result<std::vector<rekor::LogEntry>> read_log_entries(const JsonView& view, BundleVersion version);
Result<MessageSignature> read_message_signature(const JsonView& view);

// read_int64 takes a JSON integer or its decimal spelling in a string: 0 to 2^63-1, no sign, no
// leading zero, no fraction.
Result<std::int64_t> read_int64(const JsonView& view);
// read_base64 takes what ProtoJSON readers must take; never empty.
Result<Bytes> read_base64(const JsonView& view);
// read_der is read_base64 of exactly one DER SEQUENCE: nothing missing, nothing after it.
Result<Bytes> read_der(const JsonView& view);

}  // namespace nono::attest
