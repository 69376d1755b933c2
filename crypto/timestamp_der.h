// crypto/timestamp_der.h: what the readers of a timestamp's parts share. Internal to crypto/.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/der.h"
#include "crypto/digest.h"
#include "crypto/timestamp_format.h"

namespace nono::crypto {

inline std::unexpected<Error> bad_timestamp(std::string_view why,
                                            ErrorKind kind = ErrorKind::InvalidInput) {
  return fail(kind, "timestamp: " + std::string(why));
}

// Identifier is an AlgorithmIdentifier without parameters, or with NULL for them.
struct Identifier {
  std::string_view oid;  // the contents
  bool has_null;
};
std::optional<Identifier> take_identifier(DerReader& reader);

// hash_of knows SHA-256, SHA-384 and SHA-512.
std::optional<HashAlgorithm> hash_of(std::string_view oid);
// take_hash consumes the identifier of a digest that hash_of knows, with or without NULL (both must
// be taken: RFC 5754 section 2); others are Unsupported. `what` begins the message.
Result<HashAlgorithm> take_hash(DerReader& reader, std::string_view what);

// take_only takes the one element that `contents` is.
std::optional<std::span<const std::byte>> take_only(std::span<const std::byte> contents,
                                                    DerTag tag);

struct SignedAttributes {
  std::vector<std::string_view> seen;  // OIDs, their contents
  std::optional<std::span<const std::byte>> content_type;
  std::optional<std::span<const std::byte>> message_digest;
  std::optional<SignerHash> signer_hash;

  bool has(std::string_view oid) const;
  bool names_signer() const;  // by signingCertificateV2, or by SHA-1
};
// read_attributes reads the contents of SignedAttributes: in the order of DER, no type twice.
Result<SignedAttributes> read_attributes(std::span<const std::byte> contents);

}  // namespace nono::crypto
