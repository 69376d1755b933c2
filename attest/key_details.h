// attest/key_details.h: the keys of logs in a trusted root (protobuf-specs sigstore_common.proto,
// PublicKeyDetails). Internal to attest/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "attest/proto_object.h"
#include "base/json.h"
#include "base/result.h"
#include "crypto/keys.h"

namespace nono::attest {

enum class KeyFamily : unsigned char { Ecdsa, Ed25519, Rsa, Other };
enum class KeyEncoding : unsigned char { Spki, Pkcs1 };

// KeyDetails is one value of the enum, and what this build does with it.
struct KeyDetails {
  std::string_view name;
  std::int64_t number;
  KeyFamily family = KeyFamily::Other;
  KeyEncoding encoding = KeyEncoding::Spki;
  std::size_t bits = 0;               // 0: any that crypto/keys.h reads
  std::string_view unsupported = {};  // why a log with such a key is left out; empty: it is read
};
// key_details holds every value but PUBLIC_KEY_DETAILS_UNSPECIFIED.
std::span<const KeyDetails> key_details();

// read_log_key reads `raw` as `details` says. InvalidInput: the key is malformed, or other than its
// details say, or they are unspecified; Unsupported: a value that is unknown or not ours, or a
// sound key beyond our limits.
Result<crypto::PublicKey> read_log_key(const JsonView& details, std::span<const std::byte> raw);

}  // namespace nono::attest
