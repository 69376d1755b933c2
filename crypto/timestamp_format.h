// crypto/timestamp_format.h: the DER of a TimeStampResp: RFC 3161 (TSTInfo), RFC 5652 (SignedData),
// RFC 5035 (signingCertificateV2). Internal to crypto/.
//
// Everything read here is a claim. One shape is taken: no choice that RFC 3161 does not use, no
// bytes left over, no attribute twice. Two rules of DER are not asked for, as issuers of tokens
// break them and nothing hangs on them: the order of SET OF where it is not signed (digest
// algorithms, certificates), and defaults left out (ordering, SHA-256 in ESSCertIDv2).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"

namespace nono::crypto {

// IssuerSerial names a certificate: the issuer's Name, DER, and the contents of the INTEGER.
struct IssuerSerial {
  std::span<const std::byte> issuer;
  std::span<const std::byte> serial;
};

// SignerName is how the SignerInfo names its certificate: by exactly one of the two.
struct SignerName {
  std::optional<IssuerSerial> issuer_serial;
  std::span<const std::byte> key_id;  // subjectKeyIdentifier
};

// SignerHash is the first ESSCertIDv2 of signingCertificateV2.
struct SignerHash {
  HashAlgorithm algorithm = HashAlgorithm::Sha256;
  std::span<const std::byte> digest;  // over the whole certificate
  std::optional<IssuerSerial> issuer_serial;
};

enum class SignatureKind : unsigned char { Ecdsa, RsaPkcs1, Ed25519 };

struct SignerInfo {
  SignerName name;
  HashAlgorithm digest = HashAlgorithm::Sha256;  // of the content, and of the attributes
  SignatureKind kind = SignatureKind::Ecdsa;
  std::span<const std::byte> signature;
  std::span<const std::byte> attributes;  // the whole element, under its tag [0]
  // What the signed attributes say.
  std::span<const std::byte> content_type;  // the contents of the OBJECT IDENTIFIER
  std::span<const std::byte> message_digest;
  std::optional<SignerHash> signer_hash;  // none: there is only signingCertificate, by SHA-1
};

struct TimestampInfo {
  std::string policy;
  HashAlgorithm imprint_algorithm = HashAlgorithm::Sha256;
  std::span<const std::byte> imprint;
  std::string serial_hex;
  Time time;
  std::optional<Bytes> nonce;
  std::span<const std::byte> directory_name;  // of `tsa`; empty where it is absent or another kind
};

// TimestampParts borrows from the bytes that were read.
struct TimestampParts {
  std::span<const std::byte> content;  // TSTInfo, DER
  TimestampInfo info;
  std::vector<std::span<const std::byte>> certificates;
  SignerInfo signer;
};

// is_timestamp_info reports whether an OBJECT IDENTIFIER's contents are id-ct-TSTInfo.
bool is_timestamp_info(std::span<const std::byte> oid);

// read_timestamp_info reads a TSTInfo alone.
Result<TimestampInfo> read_timestamp_info(std::span<const std::byte> der);
// read_timestamp reads a TimeStampResp and the TSTInfo in it. InvalidInput; Unsupported for digests
// and signatures that are not ours, SHA-1 among them; Exhausted over kMaxTimestampBytes or for too
// many certificates or attributes.
Result<TimestampParts> read_timestamp(std::span<const std::byte> der);

}  // namespace nono::crypto
