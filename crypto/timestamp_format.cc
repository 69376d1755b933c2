// crypto/timestamp_format.cc: TimeStampResp and the SignedData in it.
#include "crypto/timestamp_format.h"

#include <algorithm>
#include <utility>

#include "crypto/timestamp.h"
#include "crypto/timestamp_der.h"

namespace nono::crypto {
namespace {

using namespace std::string_view_literals;
using Span = std::span<const std::byte>;

constexpr std::string_view kSignedData = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"sv;
constexpr std::string_view kTstInfo = "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x04"sv;

constexpr std::size_t kMaxCertificates = 10;
constexpr std::uint8_t kGrantedWithMods = 1;
constexpr std::uint8_t kSignedDataVersion = 3;  // RFC 5652 section 5.1: the content is not id-data
constexpr std::uint8_t kNamedByIssuer = 1;      // SignerInfo versions, section 5.3
constexpr std::uint8_t kNamedByKey = 3;

struct Scheme {
  std::string_view oid;
  SignatureKind kind;
  std::optional<HashAlgorithm> digest;  // none: the one of digestAlgorithm
};
// RFC 8419: beside signed attributes, Ed25519 goes with SHA-512.
constexpr Scheme kSchemes[] = {
    {"\x2A\x86\x48\xCE\x3D\x04\x03\x02"sv, SignatureKind::Ecdsa, HashAlgorithm::Sha256},
    {"\x2A\x86\x48\xCE\x3D\x04\x03\x03"sv, SignatureKind::Ecdsa, HashAlgorithm::Sha384},
    {"\x2A\x86\x48\xCE\x3D\x04\x03\x04"sv, SignatureKind::Ecdsa, HashAlgorithm::Sha512},
    {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"sv, SignatureKind::RsaPkcs1, std::nullopt},
    {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B"sv, SignatureKind::RsaPkcs1, HashAlgorithm::Sha256},
    {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0C"sv, SignatureKind::RsaPkcs1, HashAlgorithm::Sha384},
    {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0D"sv, SignatureKind::RsaPkcs1, HashAlgorithm::Sha512},
    {"\x2B\x65\x70"sv, SignatureKind::Ed25519, HashAlgorithm::Sha512},
};

bool is_status_text(DerReader texts) {
  while (!texts.done()) {
    if (!texts.take(DerTag::Utf8String)) {
      return false;
    }
  }
  return true;
}

// read_status: granted (0) or grantedWithMods (1); failInfo belongs to a refusal and is not taken.
Result<void> read_status(DerReader status) {
  const auto number = status.take_small();
  if (!number || *number > kGrantedWithMods) {
    return bad_timestamp("the authority did not grant it");
  }
  if (status.at(DerTag::Sequence)) {
    const auto texts = status.take_inside(DerTag::Sequence);
    if (!texts || !is_status_text(*texts)) {
      return bad_timestamp("the status text is malformed");
    }
  }
  if (!status.done()) {
    return bad_timestamp("the status has fields that it must not have");
  }
  return {};
}

// take_signed_data returns what is inside the SignedData of a TimeStampResp.
Result<DerReader> take_signed_data(Span der) {
  const auto response = take_only(der, DerTag::Sequence);
  if (!response) {
    return bad_timestamp("the response is not one SEQUENCE");
  }
  DerReader fields(*response);
  const auto status = fields.take_inside(DerTag::Sequence);
  if (!status) {
    return bad_timestamp("the response has no status");
  }
  NONO_CHECK(read_status(*status));
  auto token = fields.take_inside(DerTag::Sequence);
  if (!token || !fields.done()) {
    return bad_timestamp("the response is not a status and a token");
  }
  const auto type = token->take(DerTag::ObjectIdentifier);
  const auto content = token->take(DerTag::ExplicitZero);
  if (!type || as_text(*type) != kSignedData || !content || !token->done()) {
    return bad_timestamp("the token is not SignedData");
  }
  const auto signed_data = take_only(*content, DerTag::Sequence);
  if (!signed_data) {
    return bad_timestamp("SignedData is not one SEQUENCE");
  }
  return DerReader(*signed_data);
}

// read_digests returns those of our digests that SignedData announces.
Result<std::vector<HashAlgorithm>> read_digests(DerReader& signed_data) {
  auto set = signed_data.take_inside(DerTag::Set);
  if (!set) {
    return bad_timestamp("there are no digest algorithms");
  }
  std::vector<HashAlgorithm> digests;
  while (!set->done()) {
    const auto identifier = take_identifier(*set);
    if (!identifier) {
      return bad_timestamp("a digest algorithm is malformed");
    }
    if (const auto digest = hash_of(identifier->oid)) {
      digests.push_back(*digest);
    }
  }
  return digests;
}

Result<Span> read_content(DerReader& signed_data) {
  auto encapsulated = signed_data.take_inside(DerTag::Sequence);
  const auto type =
      encapsulated ? encapsulated->take(DerTag::ObjectIdentifier) : std::optional<Span>();
  if (!type || !is_timestamp_info(*type)) {
    return bad_timestamp("the content is not TSTInfo");
  }
  const auto explicit_zero = encapsulated->take(DerTag::ExplicitZero);
  const auto content =
      explicit_zero ? take_only(*explicit_zero, DerTag::OctetString) : std::nullopt;
  if (!content || !encapsulated->done()) {
    return bad_timestamp("the content is not one OCTET STRING");
  }
  return *content;
}

Result<std::vector<Span>> read_certificates(DerReader certificates) {
  std::vector<Span> found;
  while (!certificates.done()) {
    const auto certificate = certificates.take_any();
    if (!certificate || certificate->tag != DerTag::Sequence) {
      return bad_timestamp("an embedded certificate is not of X.509");
    }
    if (found.size() == kMaxCertificates) {
      return bad_timestamp("it embeds too many certificates", ErrorKind::Exhausted);
    }
    found.push_back(certificate->whole);
  }
  return found;
}

std::optional<IssuerSerial> read_issuer_serial(DerReader fields) {
  const auto issuer = fields.take_any();
  const auto serial = fields.take(DerTag::Integer);
  if (!issuer || issuer->tag != DerTag::Sequence || !serial || !fields.done()) {
    return std::nullopt;
  }
  return IssuerSerial{.issuer = issuer->whole, .serial = *serial};
}

Result<SignerName> read_name(DerReader& signer) {
  const auto version = signer.take_small();
  if (version == kNamedByIssuer) {
    const auto fields = signer.take_inside(DerTag::Sequence);
    if (const auto name = fields ? read_issuer_serial(*fields) : std::nullopt) {
      return SignerName{.issuer_serial = name, .key_id = {}};
    }
  }
  if (version == kNamedByKey) {
    const auto key_id = signer.take(DerTag::ImplicitZero);
    if (key_id && !key_id->empty()) {
      return SignerName{.issuer_serial = std::nullopt, .key_id = *key_id};
    }
  }
  return bad_timestamp("the signer is not named as its version demands");
}

Result<void> take_attributes(DerReader& fields, SignerInfo& signer) {
  const auto element = fields.take_any();
  if (!element || element->tag != DerTag::ExplicitZero) {
    return bad_timestamp("there are no signed attributes");
  }
  NONO_TRY(const SignedAttributes attributes, read_attributes(element->contents));
  if (!attributes.content_type || !attributes.message_digest || !attributes.names_signer()) {
    return bad_timestamp(
        "contentType, messageDigest and signingCertificateV2 are not all among the signed "
        "attributes");
  }
  signer.attributes = element->whole;
  signer.content_type = *attributes.content_type;
  signer.message_digest = *attributes.message_digest;
  signer.signer_hash = attributes.signer_hash;
  return {};
}

Result<void> take_scheme(DerReader& fields, SignerInfo& signer) {
  const auto identifier = take_identifier(fields);
  if (!identifier) {
    return bad_timestamp("the signature names no algorithm");
  }
  const auto* const scheme = std::ranges::find(kSchemes, identifier->oid, &Scheme::oid);
  if (scheme == std::ranges::end(kSchemes)) {
    return bad_timestamp("the signature is by an algorithm that is not ours",
                         ErrorKind::Unsupported);
  }
  // RFC 5758 section 3.2, RFC 8410 section 3: no parameters but for RSA.
  if (identifier->has_null && scheme->kind != SignatureKind::RsaPkcs1) {
    return bad_timestamp("the signature's algorithm has parameters that it must not have");
  }
  if (scheme->digest.value_or(signer.digest) != signer.digest) {
    return bad_timestamp("the signature is not over the digest that the signer names");
  }
  signer.kind = scheme->kind;
  return {};
}

Result<SignerInfo> read_signer(DerReader fields, std::span<const HashAlgorithm> announced) {
  SignerInfo signer;
  NONO_TRY(signer.name, read_name(fields));
  NONO_TRY(signer.digest, take_hash(fields, "the signature"));
  if (std::ranges::find(announced, signer.digest) == announced.end()) {
    return bad_timestamp("the signer's digest is not announced");
  }
  NONO_CHECK(take_attributes(fields, signer));
  NONO_CHECK(take_scheme(fields, signer));
  const auto signature = fields.take(DerTag::OctetString);
  if (!signature) {
    return bad_timestamp("there is no signature");
  }
  signer.signature = *signature;
  // Unsigned attributes are anybody's: nothing in them counts.
  if (!fields.done() && (!fields.take(DerTag::ExplicitOne) || !fields.done())) {
    return bad_timestamp("the signer has fields that it must not have");
  }
  return signer;
}

Result<SignerInfo> read_only_signer(DerReader& signed_data,
                                    std::span<const HashAlgorithm> announced) {
  auto signers = signed_data.take_inside(DerTag::Set);
  if (!signers || !signed_data.done()) {
    return bad_timestamp("SignedData has fields that it must not have, or no set of signers");
  }
  const auto signer = signers->take_inside(DerTag::Sequence);
  if (!signer || !signers->done()) {
    return bad_timestamp("there is not exactly one signer");
  }
  return read_signer(*signer, announced);
}

}  // namespace

bool is_timestamp_info(Span oid) {
  return as_text(oid) == kTstInfo;
}

Result<TimestampParts> read_timestamp(Span der) {
  if (der.size() > kMaxTimestampBytes) {
    return bad_timestamp("it is larger than any token", ErrorKind::Exhausted);
  }
  NONO_TRY(DerReader fields, take_signed_data(der));
  if (fields.take_small() != kSignedDataVersion) {
    return bad_timestamp("SignedData is not of version 3");
  }
  TimestampParts parts;
  NONO_TRY(const auto announced, read_digests(fields));
  NONO_TRY(parts.content, read_content(fields));
  NONO_TRY(parts.info, read_timestamp_info(parts.content));
  if (fields.at(DerTag::ExplicitZero)) {
    const auto certificates = fields.take_inside(DerTag::ExplicitZero);
    if (!certificates) {
      return bad_timestamp("the embedded certificates are malformed");
    }
    NONO_TRY(parts.certificates, read_certificates(*certificates));
  }
  // Revocation lists are not consulted: a timestamp stands by the time it names.
  if (fields.at(DerTag::ExplicitOne) && !fields.take(DerTag::ExplicitOne)) {
    return bad_timestamp("the revocation lists are malformed");
  }
  NONO_TRY(parts.signer, read_only_signer(fields, announced));
  return parts;
}

}  // namespace nono::crypto
