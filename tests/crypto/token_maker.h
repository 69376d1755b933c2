// tests/crypto/token_maker.h: timestamp responses put together from their parts, any of them wrong.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "tests/crypto/issuing.h"

namespace nono::crypto::test {

inline constexpr std::string_view kTstInfoType = "1.2.840.113549.1.9.16.1.4";
inline constexpr std::string_view kDataType = "1.2.840.113549.1.7.1";
inline constexpr std::string_view kContentTypeAttribute = "1.2.840.113549.1.9.3";
inline constexpr std::string_view kMessageDigestAttribute = "1.2.840.113549.1.9.4";
inline constexpr std::string_view kSigningTimeAttribute = "1.2.840.113549.1.9.5";
inline constexpr std::string_view kSigningCertificateAttribute = "1.2.840.113549.1.9.16.2.12";
inline constexpr std::string_view kSigningCertificateV2Attribute = "1.2.840.113549.1.9.16.2.47";

Bytes hash_identifier(HashAlgorithm algorithm, bool with_null = true);
Bytes sha1_identifier();
Bytes attribute(std::string_view dotted, std::span<const std::byte> values);
// ess_cert_id is the one value of signingCertificateV2; SHA-256 is left out, as DER has it.
Bytes ess_cert_id(std::span<const std::byte> certificate, HashAlgorithm algorithm,
                  std::span<const std::byte> issuer_serial = {});
// issuer_serial is the IssuerSerial of RFC 5035, with a directoryName.
Bytes issuer_serial(std::span<const std::byte> issuer, std::span<const std::byte> serial);

// Each member is one whole element (or several), except where its comment says otherwise.
struct InfoShape {
  Bytes version;
  Bytes policy;
  Bytes imprint_identifier;
  Bytes imprint;  // the digest itself
  Bytes serial;
  Bytes time;
  Bytes options;  // accuracy, ordering, nonce, tsa, extensions
};
Bytes info_der(const InfoShape& info);

struct TokenShape {
  // Made by good_token for `signer`, whose key is `key`.
  TokenShape(const Certificate& signer, const TestKey& key, std::span<const std::byte> message);

  Bytes status;
  Bytes type;
  Bytes version;
  Bytes digests;  // inside the SET
  Bytes content_type;
  InfoShape info;
  std::optional<Bytes> content;  // in place of [0] { OCTET STRING { info } }
  Bytes certificates;            // the whole field; empty: absent
  Bytes lists;                   // crls, the whole field
  Bytes signer_version;
  Bytes sid;
  HashAlgorithm digest = HashAlgorithm::Sha256;
  Bytes digest_identifier;
  Bytes content_type_attribute;  // empty: absent, as for the two below
  std::optional<Bytes> message_digest_attribute;
  Bytes signing_certificate_attribute;
  std::vector<Bytes> more_attributes;
  bool sorted = true;
  bool with_attributes = true;
  Bytes scheme;
  Bytes unsigned_attributes;
  std::optional<Bytes> signature;
  std::size_t signers = 1;
  // Bytes put where nothing belongs.
  Bytes after_response;
  Bytes after_token;
  Bytes after_signed_data;
  Bytes after_signers;
  Bytes after_signer;

  const TestKey* key;
};
// embedded is the field `certificates` with these inside.
Bytes embedded(std::initializer_list<Certificate> certificates);

// response signs and wraps.
Bytes response(const TokenShape& token);

}  // namespace nono::crypto::test
