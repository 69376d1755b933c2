// tests/crypto/token_maker.cc: the DER of RFC 3161 and RFC 5652, from inside out.
#include "tests/crypto/token_maker.h"

#include <algorithm>

#include "tests/crypto/support.h"

namespace nono::crypto::test {
namespace {

constexpr Time kIssued(std::chrono::seconds(1'704'110'400));  // 2024-01-01 12:00:00

Bytes attributes_of(const TokenShape& token, std::span<const std::byte> info) {
  std::vector<Bytes> all{token.content_type_attribute};
  const Bytes digest = der(kOctets, {hash(token.digest, info)});
  all.push_back(
      token.message_digest_attribute.value_or(attribute(kMessageDigestAttribute, digest)));
  all.push_back(token.signing_certificate_attribute);
  all.insert(all.end(), token.more_attributes.begin(), token.more_attributes.end());
  if (token.sorted) {
    std::ranges::sort(all);
  } else {
    std::ranges::sort(all, std::greater());
  }
  Bytes set;
  for (const Bytes& each : all) {
    set.insert(set.end(), each.begin(), each.end());
  }
  return set;
}

Bytes signer_info(const TokenShape& token, std::span<const std::byte> info) {
  const Bytes attributes = attributes_of(token, info);
  const Bytes signature =
      token.signature.value_or(token.key->sign(token.digest, der(kSet, {attributes})));
  const Bytes field = token.with_attributes ? der(kContext0, {attributes}) : Bytes();
  return der(kSequence,
             {token.signer_version, token.sid, token.digest_identifier, field, token.scheme,
              der(kOctets, {signature}), token.unsigned_attributes, token.after_signer});
}

}  // namespace

Bytes hash_identifier(HashAlgorithm algorithm, bool with_null) {
  const std::string arc = std::to_string(static_cast<unsigned>(algorithm) + 1);
  return der(kSequence, {oid("2.16.840.1.101.3.4.2." + arc), with_null ? unhex("0500") : Bytes()});
}
Bytes sha1_identifier() {
  return der(kSequence, {oid("1.3.14.3.2.26"), unhex("0500")});
}

Bytes attribute(std::string_view dotted, std::span<const std::byte> values) {
  return der(kSequence, {oid(dotted), der(kSet, {values})});
}

Bytes ess_cert_id(std::span<const std::byte> certificate, HashAlgorithm algorithm,
                  std::span<const std::byte> issuer_serial) {
  const Bytes identifier =
      algorithm == HashAlgorithm::Sha256 ? Bytes() : hash_identifier(algorithm, false);
  const Bytes id =
      der(kSequence, {identifier, der(kOctets, {hash(algorithm, certificate)}), issuer_serial});
  return der(kSequence, {der(kSequence, {id})});
}

Bytes issuer_serial(std::span<const std::byte> issuer, std::span<const std::byte> serial) {
  return der(kSequence, {der(kSequence, {der(kContext4, {issuer})}), serial});
}

Bytes info_der(const InfoShape& info) {
  return der(kSequence, {info.version, info.policy,
                         der(kSequence, {info.imprint_identifier, der(kOctets, {info.imprint})}),
                         info.serial, info.time, info.options});
}

TokenShape::TokenShape(const Certificate& signer, const TestKey& signing_key,
                       std::span<const std::byte> message)
    : status(unhex("3003020100")),
      type(oid("1.2.840.113549.1.7.2")),
      version(unhex("020103")),
      digests(hash_identifier(HashAlgorithm::Sha256)),
      content_type(oid(kTstInfoType)),
      info{.version = unhex("020101"),
           .policy = oid("1.3.6.1.4.1.57264.2"),
           .imprint_identifier = hash_identifier(HashAlgorithm::Sha256),
           .imprint = hash(HashAlgorithm::Sha256, message),
           .serial = unhex("02020102"),
           .time = generalized_time(kIssued),
           .options = {}},
      certificates(embedded({signer})),
      signer_version(unhex("020101")),
      sid(der(kSequence, {signer.issuer(), unhex("020107")})),
      digest_identifier(hash_identifier(HashAlgorithm::Sha256)),
      content_type_attribute(attribute(kContentTypeAttribute, oid(kTstInfoType))),
      signing_certificate_attribute(attribute(kSigningCertificateV2Attribute,
                                              ess_cert_id(signer.der(), HashAlgorithm::Sha256))),
      scheme(signature_identifier(signing_key.algorithm(), HashAlgorithm::Sha256)),
      key(&signing_key) {}

Bytes embedded(std::initializer_list<Certificate> certificates) {
  Bytes all;
  for (const Certificate& each : certificates) {
    all.insert(all.end(), each.der().begin(), each.der().end());
  }
  return der(kContext0, {all});
}

Bytes response(const TokenShape& token) {
  const Bytes info = info_der(token.info);
  const Bytes content = token.content.value_or(der(kContext0, {der(kOctets, {info})}));
  Bytes signers;
  for (std::size_t i = 0; i < token.signers; ++i) {
    signers = joined({signers, signer_info(token, info)});
  }
  const Bytes signed_data =
      der(kSequence,
          {token.version, der(kSet, {token.digests}), der(kSequence, {token.content_type, content}),
           token.certificates, token.lists, der(kSet, {signers}), token.after_signers});
  const Bytes content_info =
      der(kSequence, {token.type, der(kContext0, {signed_data, token.after_signed_data})});
  return joined(
      {der(kSequence, {token.status, content_info, token.after_token}), token.after_response});
}

}  // namespace nono::crypto::test
