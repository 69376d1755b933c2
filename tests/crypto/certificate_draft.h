// tests/crypto/certificate_draft.h: certificates put together from their parts, right or wrong, and
// really signed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "crypto/certificate.h"
#include "crypto/keys.h"
#include "tests/crypto/support.h"

namespace nono::crypto::test {

Bytes oid(std::string_view dotted);
Bytes common_name(std::string_view text);  // a Name with one commonName
// time_element is a UTCTime, or a GeneralizedTime from 2050 on.
Bytes time_element(Time at);
Bytes extension(std::string_view dotted, bool critical, std::span<const std::byte> value);
Bytes ca_constraints(std::optional<int> path_length = std::nullopt);
Bytes key_usage(unsigned char first_byte);  // the bits of the first byte, trailing zeros trimmed
Bytes extended_use(std::vector<std::string_view> dotted, bool critical = false);
Bytes alternative_names(std::initializer_list<std::span<const std::byte>> names,
                        bool critical = true);
Bytes general_name(unsigned tag, std::string_view value);
Bytes other_name(std::string_view type, std::span<const std::byte> value);

inline constexpr unsigned kUriName = 0x86;
inline constexpr unsigned kEmailName = 0x81;
inline constexpr unsigned kDnsName = 0x82;
inline constexpr unsigned kIpName = 0x87;
inline constexpr unsigned char kSignsData = 0x80;
inline constexpr unsigned char kSignsCertificates = 0x04;
inline constexpr std::string_view kCodeSigning = "1.3.6.1.5.5.7.3.3";
inline constexpr std::string_view kTimeStamping = "1.3.6.1.5.5.7.3.8";
inline constexpr std::string_view kServerAuth = "1.3.6.1.5.5.7.3.1";

// 2026-01-02 03:04:05 UTC: the middle of every draft's validity.
Time noon();

// Draft is a tbsCertificate in parts; all of them are complete elements.
struct Draft {
  Bytes version = unhex("a003020102");
  Bytes serial = unhex("020107");
  std::optional<Bytes> inner_algorithm;  // else the signing key's
  std::optional<Bytes> outer_algorithm;
  Bytes issuer;
  Bytes not_before;
  Bytes not_after;
  Bytes subject;
  Bytes spki;
  Bytes unique_ids;
  std::vector<Bytes> extensions;
  Bytes tail;  // after the extensions

  Bytes tbs(std::span<const std::byte> algorithm) const;
  Bytes signed_by(const PrivateKey& key) const;
  Certificate issued_by(const PrivateKey& key) const;  // a test failure where it does not parse
};

Bytes signature_algorithm(KeyAlgorithm algorithm);

// leaf is a code-signing leaf of an hour around noon(); authority a CA of two days.
Draft leaf(const PublicKey& key, std::string_view issuer);
Draft authority(std::string_view subject, const PublicKey& key, std::string_view issuer);

}  // namespace nono::crypto::test
