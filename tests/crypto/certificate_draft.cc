// tests/crypto/certificate_draft.cc: DER of certificates by hand.
#include "tests/crypto/certificate_draft.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cstdlib>

namespace nono::crypto::test {
namespace {

using namespace std::chrono_literals;

std::string digits(int number, std::size_t width) {
  std::string text = std::to_string(number);
  return std::string(width - text.size(), '0') + text;
}

void append_arc(Bytes& out, unsigned long arc) {
  Bytes reversed{static_cast<std::byte>(arc & 0x7F)};
  while ((arc >>= 7) != 0) {
    reversed.push_back(static_cast<std::byte>(0x80 | (arc & 0x7F)));
  }
  out.insert(out.end(), reversed.rbegin(), reversed.rend());
}

}  // namespace

Bytes oid(std::string_view dotted) {
  std::vector<unsigned long> arcs;
  for (std::size_t at = 0; at < dotted.size();) {
    const std::size_t end = std::min(dotted.find('.', at), dotted.size());
    unsigned long arc = 0;
    std::from_chars(dotted.data() + at, dotted.data() + end, arc);
    arcs.push_back(arc);
    at = end + 1;
  }
  Bytes contents;
  append_arc(contents, arcs.at(0) * 40 + arcs.at(1));
  for (std::size_t i = 2; i < arcs.size(); ++i) {
    append_arc(contents, arcs[i]);
  }
  return der(kOid, {contents});
}

Bytes common_name(std::string_view text) {
  const Bytes attribute = der(kSequence, {oid("2.5.4.3"), der(0x0C, {as_bytes(text)})});
  return der(kSequence, {der(0x31, {attribute})});
}

Bytes time_element(Time at) {
  using namespace std::chrono;
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss clock(at - day);
  const int year = static_cast<int>(date.year());
  const bool utc = year >= 1950 && year < 2050;
  std::string text = utc ? digits(year % 100, 2) : digits(year, 4);
  text += digits(static_cast<int>(static_cast<unsigned>(date.month())), 2);
  text += digits(static_cast<int>(static_cast<unsigned>(date.day())), 2);
  text += digits(static_cast<int>(clock.hours().count()), 2);
  text += digits(static_cast<int>(clock.minutes().count()), 2);
  text += digits(static_cast<int>(clock.seconds().count()), 2) + "Z";
  return der(utc ? 0x17 : 0x18, {as_bytes(text)});
}

Bytes extension(std::string_view dotted, bool critical, std::span<const std::byte> value) {
  return der(kSequence, {oid(dotted), critical ? unhex("0101ff") : Bytes(), der(kOctets, {value})});
}

Bytes ca_constraints(std::optional<int> path_length) {
  const Bytes length =
      path_length ? der(kInteger, {Bytes{static_cast<std::byte>(*path_length)}}) : Bytes();
  return extension("2.5.29.19", true, der(kSequence, {unhex("0101ff"), length}));
}

Bytes key_usage(unsigned char first_byte) {
  const int unused = std::countr_zero(first_byte);
  return extension(
      "2.5.29.15", true,
      der(kBits, {Bytes{static_cast<std::byte>(unused), static_cast<std::byte>(first_byte)}}));
}

Bytes extended_use(std::vector<std::string_view> dotted, bool critical) {
  Bytes uses;
  for (const std::string_view use : dotted) {
    uses = joined({uses, oid(use)});
  }
  return extension("2.5.29.37", critical, der(kSequence, {uses}));
}

Bytes alternative_names(std::initializer_list<std::span<const std::byte>> names, bool critical) {
  return extension("2.5.29.17", critical, der(kSequence, names));
}

Bytes general_name(unsigned tag, std::string_view value) {
  return der(tag, {as_bytes(value)});
}

Bytes other_name(std::string_view type, std::span<const std::byte> value) {
  return der(0xA0, {oid(type), der(0xA0, {value})});
}

Time noon() {
  using namespace std::chrono;
  return sys_days(2026y / January / 2) + 3h + 4min + 5s;
}

Bytes signature_algorithm(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::EcdsaP256:
      return unhex("300a06082a8648ce3d040302");
    case KeyAlgorithm::EcdsaP384:
      return unhex("300a06082a8648ce3d040303");
    case KeyAlgorithm::EcdsaP521:
      return unhex("300a06082a8648ce3d040304");
    case KeyAlgorithm::Ed25519:
      return ed25519_identifier();
    case KeyAlgorithm::Rsa:
      return unhex("300d06092a864886f70d01010b0500");
  }
  std::abort();
}

Bytes Draft::tbs(std::span<const std::byte> algorithm) const {
  Bytes listed;
  for (const Bytes& one : extensions) {
    listed = joined({listed, one});
  }
  const Bytes wrapped = extensions.empty() ? Bytes() : der(0xA3, {der(kSequence, {listed})});
  return der(kSequence,
             {version, serial, inner_algorithm ? *inner_algorithm : algorithm, issuer,
              der(kSequence, {not_before, not_after}), subject, spki, unique_ids, wrapped, tail});
}

Bytes Draft::signed_by(const PrivateKey& key) const {
  const Bytes algorithm = signature_algorithm(key.public_key().algorithm());
  const Bytes signed_part = tbs(algorithm);
  const Bytes signature = key.sign(signed_part).value_or(Bytes());
  EXPECT_FALSE(signature.empty());
  return der(kSequence,
             {signed_part, outer_algorithm ? *outer_algorithm : algorithm, der_bits(signature)});
}

Certificate Draft::issued_by(const PrivateKey& key) const {
  const auto parsed = Certificate::parse_der(signed_by(key));
  if (!parsed) {
    ADD_FAILURE() << parsed.error().message();
    std::abort();
  }
  return *parsed;
}

Draft leaf(const PublicKey& key, std::string_view issuer) {
  Draft draft;
  draft.issuer = common_name(issuer);
  draft.subject = der(kSequence, {});
  draft.not_before = time_element(noon() - 30min);
  draft.not_after = time_element(noon() + 30min);
  draft.spki = key.spki_der();
  draft.extensions = {key_usage(kSignsData), extended_use({kCodeSigning}),
                      alternative_names({general_name(kEmailName, "a@example.com")})};
  return draft;
}

Draft authority(std::string_view subject, const PublicKey& key, std::string_view issuer) {
  Draft draft;
  draft.issuer = common_name(issuer);
  draft.subject = common_name(subject);
  draft.not_before = time_element(noon() - 24h);
  draft.not_after = time_element(noon() + 24h);
  draft.spki = key.spki_der();
  draft.extensions = {ca_constraints(), key_usage(kSignsCertificates)};
  return draft;
}

}  // namespace nono::crypto::test
