// crypto/key_formats.cc: reading and writing the DER of keys.
#include "crypto/key_formats.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

#include "crypto/der.h"

namespace nono::crypto {
namespace {

using namespace std::string_view_literals;
using Span = std::span<const std::byte>;

constexpr std::string_view kEcPublicKey = "\x2A\x86\x48\xCE\x3D\x02\x01"sv;
constexpr std::string_view kP256 = "\x2A\x86\x48\xCE\x3D\x03\x01\x07"sv;
constexpr std::string_view kP384 = "\x2B\x81\x04\x00\x22"sv;
constexpr std::string_view kP521 = "\x2B\x81\x04\x00\x23"sv;
constexpr std::string_view kEd25519 = "\x2B\x65\x70"sv;
constexpr std::string_view kRsaEncryption = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"sv;

constexpr std::size_t kMinRsaBits = 2048;
constexpr std::size_t kMaxRsaBits = 8192;
constexpr std::size_t kMaxExponentBytes = 8;
constexpr std::byte kUncompressed{0x04};

constexpr KeyShape kShapeP256{
    .bits = 256,
    .secret_size = 32,
    .point_size = 65,
    .group = "P-256",
    .digest = "SHA2-256",
    .spki_head =
        "\x30\x59\x30\x13\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01\x06\x08\x2A\x86\x48\xCE\x3D"
        "\x03\x01\x07\x03\x42\x00"sv,
    .pkcs8_head =
        "\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01\x06\x08\x2A"
        "\x86\x48\xCE\x3D\x03\x01\x07\x04\x6D\x30\x6B\x02\x01\x01\x04\x20"sv,
    .pkcs8_join = "\xA1\x44\x03\x42\x00"sv};
constexpr KeyShape kShapeP384{
    .bits = 384,
    .secret_size = 48,
    .point_size = 97,
    .group = "P-384",
    .digest = "SHA2-384",
    .spki_head =
        "\x30\x76\x30\x10\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01\x06\x05\x2B\x81\x04\x00\x22"
        "\x03\x62\x00"sv,
    .pkcs8_head =
        "\x30\x81\xB6\x02\x01\x00\x30\x10\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01\x06\x05\x2B"
        "\x81\x04\x00\x22\x04\x81\x9E\x30\x81\x9B\x02\x01\x01\x04\x30"sv,
    .pkcs8_join = "\xA1\x64\x03\x62\x00"sv};
constexpr KeyShape kShapeP521{
    .bits = 521,
    .secret_size = 66,
    .point_size = 133,
    .group = "P-521",
    .digest = "SHA2-512",
    .spki_head =
        "\x30\x81\x9B\x30\x10\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01\x06\x05\x2B\x81\x04\x00"
        "\x23\x03\x81\x86\x00"sv,
    .pkcs8_head =
        "\x30\x81\xEE\x02\x01\x00\x30\x10\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01\x06\x05\x2B"
        "\x81\x04\x00\x23\x04\x81\xD6\x30\x81\xD3\x02\x01\x01\x04\x42"sv,
    .pkcs8_join = "\xA1\x81\x89\x03\x81\x86\x00"sv};
constexpr KeyShape kShapeEd25519{
    .bits = 256,
    .secret_size = 32,
    .point_size = 32,
    .group = "ED25519",
    .digest = nullptr,
    .spki_head = "\x30\x2A\x30\x05\x06\x03\x2B\x65\x70\x03\x21\x00"sv,
    .pkcs8_head = "\x30\x2E\x02\x01\x00\x30\x05\x06\x03\x2B\x65\x70\x04\x22\x04\x20"sv,
    .pkcs8_join = ""sv};

std::unexpected<Error> bad(std::string_view what, std::string_view why,
                           ErrorKind kind = ErrorKind::InvalidInput) {
  return fail(kind, std::string(what) + ": " + std::string(why));
}

Result<KeyAlgorithm> read_curve(DerReader& identifier, std::string_view what) {
  if (identifier.at(DerTag::Sequence)) {
    return bad(what, "the curve is spelt out by its parameters; only named curves are taken");
  }
  const auto curve = identifier.take(DerTag::ObjectIdentifier);
  if (!curve) {
    return bad(what, "the curve is not named");
  }
  if (as_text(*curve) == kP256) {
    return KeyAlgorithm::EcdsaP256;
  }
  if (as_text(*curve) == kP384) {
    return KeyAlgorithm::EcdsaP384;
  }
  if (as_text(*curve) == kP521) {
    return KeyAlgorithm::EcdsaP521;
  }
  return bad(what, "the curve is none of P-256, P-384 and P-521", ErrorKind::Unsupported);
}

Result<KeyAlgorithm> read_identified(DerReader& identifier, std::string_view what) {
  const auto kind = identifier.take(DerTag::ObjectIdentifier);
  if (!kind) {
    return bad(what, "the algorithm identifier is malformed");
  }
  if (as_text(*kind) == kEcPublicKey) {
    return read_curve(identifier, what);
  }
  if (as_text(*kind) == kEd25519) {
    return KeyAlgorithm::Ed25519;
  }
  if (as_text(*kind) != kRsaEncryption) {
    return bad(what, "the algorithm is none of ECDSA, Ed25519 and RSA", ErrorKind::Unsupported);
  }
  // RFC 3279: the parameters are NULL, and they are there.
  if (const auto null = identifier.take(DerTag::Null); !null || !null->empty()) {
    return bad(what, "the RSA algorithm identifier lacks its NULL");
  }
  return KeyAlgorithm::Rsa;
}

Result<KeyAlgorithm> read_algorithm(DerReader& key, std::string_view what) {
  auto identifier = key.take_inside(DerTag::Sequence);
  if (!identifier) {
    return bad(what, "the algorithm identifier is malformed");
  }
  NONO_TRY(const KeyAlgorithm algorithm, read_identified(*identifier, what));
  if (!identifier->done()) {
    return bad(what, "the algorithm identifier has parameters that it must not have");
  }
  return algorithm;
}

std::size_t bits_of(Span magnitude) {
  const auto top = std::to_integer<unsigned>(magnitude.front());
  return (magnitude.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(top));
}

bool odd(Span magnitude) {
  return (magnitude.back() & std::byte{1}) != std::byte{0};
}

Result<PublicParts> read_rsa(Span der, std::string_view what) {
  DerReader outer(der);
  auto key = outer.take_inside(DerTag::Sequence);
  const auto modulus = key ? key->take_positive() : std::nullopt;
  const auto exponent = modulus ? key->take_positive() : std::nullopt;
  if (!exponent || !key->done() || !outer.done()) {
    return bad(what, "the RSA modulus and exponent are not strict DER");
  }
  const std::size_t bits = bits_of(*modulus);
  if (bits < kMinRsaBits || bits > kMaxRsaBits) {
    return bad(what, "RSA keys have 2048 to 8192 bits, this one has " + std::to_string(bits));
  }
  const bool is_one = exponent->size() == 1 && exponent->front() == std::byte{1};
  if (!odd(*modulus) || !odd(*exponent) || is_one || exponent->size() > kMaxExponentBytes) {
    return bad(what, "the RSA modulus or exponent is out of range");
  }
  return PublicParts{
      .algorithm = KeyAlgorithm::Rsa, .point = {}, .modulus = *modulus, .exponent = *exponent};
}

bool starts_with_algorithm(DerReader key) {
  const auto first = key.take_inside(DerTag::Sequence);
  return first && first->at(DerTag::ObjectIdentifier);
}

// not_spki says what bytes that are no SubjectPublicKeyInfo may be instead.
std::string_view not_spki(Span der) {
  DerReader outer(der);
  auto inside = outer.take_inside(DerTag::Sequence);
  if (!inside) {
    return "is not DER, or is cut short";
  }
  if (!outer.done()) {
    return "there are bytes after the key";
  }
  if (inside->at(DerTag::Integer)) {
    return "this is a private key; its public half is wanted here";
  }
  const auto first = inside->take_inside(DerTag::Sequence);
  const bool certificate = first && (first->at(DerTag::ExplicitZero) || first->at(DerTag::Integer));
  return certificate ? "this is a certificate, not a key" : "is not a SubjectPublicKeyInfo";
}

// check_inner_curve: the curve may be named a second time, but not otherwise.
Result<void> check_inner_curve(DerReader& key, KeyAlgorithm algorithm, std::string_view what) {
  if (!key.at(DerTag::ExplicitZero)) {
    return {};
  }
  auto named = key.take_inside(DerTag::ExplicitZero);
  if (!named) {
    return bad(what, "the curve is not named");
  }
  const auto curve = read_curve(*named, what);
  if (!curve || *curve != algorithm || !named->done()) {
    return bad(what, "the key names two different curves");
  }
  return {};
}

Result<Span> read_inner_point(DerReader& key, std::string_view what) {
  if (!key.at(DerTag::ExplicitOne)) {
    return Span();
  }
  auto wrapped = key.take_inside(DerTag::ExplicitOne);
  const auto bits = wrapped ? wrapped->take_whole_bytes() : std::nullopt;
  if (!bits || !wrapped->done()) {
    return bad(what, "the public half inside is not strict DER");
  }
  return *bits;
}

Result<Span> read_ec_secret(Span der, KeyAlgorithm algorithm, Span& point, std::string_view what) {
  DerReader outer(der);
  auto key = outer.take_inside(DerTag::Sequence);
  const auto version = key ? key->take_small() : std::nullopt;
  const auto secret = version == 1 ? key->take(DerTag::OctetString) : std::nullopt;
  if (!secret || !outer.done()) {
    return bad(what, "the inner ECPrivateKey (RFC 5915) is not strict DER");
  }
  NONO_CHECK(check_inner_curve(*key, algorithm, what));
  NONO_TRY(point, read_inner_point(*key, what));
  if (!key->done()) {
    return bad(what, "the inner ECPrivateKey (RFC 5915) has unknown elements");
  }
  return *secret;
}

Result<Span> read_secret(Span der, KeyAlgorithm algorithm, Span& point, std::string_view what) {
  if (algorithm != KeyAlgorithm::Ed25519) {
    return read_ec_secret(der, algorithm, point, what);
  }
  DerReader outer(der);
  const auto secret = outer.take(DerTag::OctetString);
  if (!secret || !outer.done()) {
    return bad(what, "the inner Ed25519 key (RFC 8410) is not strict DER");
  }
  return *secret;
}

// not_pkcs8 is the error for a key whose first element is a SEQUENCE. EncryptedPrivateKeyInfo goes
// on with an OCTET STRING, SubjectPublicKeyInfo with a BIT STRING.
std::unexpected<Error> not_pkcs8(DerReader key, std::string_view what) {
  if (key.take(DerTag::Sequence) && key.at(DerTag::OctetString)) {
    return std::unexpected(
        Error(ErrorKind::Unsupported, "private key: it is encrypted")
            .mend_with("decrypt it first: openssl pkcs8 -in KEY -out KEY.plain"));
  }
  return bad(what, "this is a public key or a certificate, not a private key");
}

// read_tail reads what RFC 5958 allows after the key: attributes (ignored) and the public half,
// the latter in version 2 (encoded 1) only.
Result<Span> read_tail(DerReader& key, std::uint8_t version, std::string_view what) {
  if (key.at(DerTag::ExplicitZero) && !key.take(DerTag::ExplicitZero)) {
    return bad(what, "the attributes are not strict DER");
  }
  Span point;
  if (version == 1) {
    const auto bits = key.take_whole_bytes(DerTag::ImplicitOne);
    if (!bits) {
      return bad(what, "version 2 of PKCS#8 lacks the public half");
    }
    point = *bits;
  }
  if (!key.done()) {
    return bad(what, "there are unknown elements after the key");
  }
  return point;
}

void append(Bytes& out, Span bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

const KeyShape& shape_of(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::EcdsaP256:
      return kShapeP256;
    case KeyAlgorithm::EcdsaP384:
      return kShapeP384;
    case KeyAlgorithm::EcdsaP521:
      return kShapeP521;
    case KeyAlgorithm::Ed25519:
      return kShapeEd25519;
    case KeyAlgorithm::Rsa:
      break;
  }
  std::abort();
}

Result<PublicParts> read_spki(Span der) {
  constexpr std::string_view kWhat = "public key";
  DerReader outer(der);
  auto key = outer.take_inside(DerTag::Sequence);
  if (!key || !outer.done() || !starts_with_algorithm(*key)) {
    return bad(kWhat, not_spki(der));
  }
  NONO_TRY(const KeyAlgorithm algorithm, read_algorithm(*key, kWhat));
  const auto bits = key->take_whole_bytes();
  if (!bits || !key->done()) {
    return bad(kWhat, "the key is not strict DER");
  }
  if (algorithm == KeyAlgorithm::Rsa) {
    return read_rsa(*bits, kWhat);
  }
  const bool ec = algorithm != KeyAlgorithm::Ed25519;
  if (bits->size() != shape_of(algorithm).point_size || (ec && bits->front() != kUncompressed)) {
    return bad(kWhat, ec ? "the point is not in uncompressed form" : "Ed25519 keys have 32 bytes");
  }
  return PublicParts{.algorithm = algorithm, .point = *bits, .modulus = {}, .exponent = {}};
}

Bytes write_spki(KeyAlgorithm algorithm, Span point) {
  Bytes out;
  append(out, as_bytes(shape_of(algorithm).spki_head));
  append(out, point);
  return out;
}

Result<PublicParts> read_pkcs1(Span der) {
  return read_rsa(der, "public key");
}

Bytes write_rsa_spki(Span pkcs1) {
  constexpr std::string_view kIdentifier =
      "\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01\x05\x00"sv;
  Bytes bits(1);  // no unused bits
  append(bits, pkcs1);
  Bytes inside;
  append(inside, as_bytes(kIdentifier));
  append(inside, der_element(DerTag::BitString, bits));
  return der_element(DerTag::Sequence, inside);
}

Result<PrivateParts> read_pkcs8(Span der) {
  constexpr std::string_view kWhat = "private key";
  DerReader outer(der);
  auto key = outer.take_inside(DerTag::Sequence);
  if (!key || !outer.done()) {
    return bad(kWhat, key ? "there are bytes after the key" : "is not DER, or is cut short");
  }
  if (key->at(DerTag::Sequence)) {
    return not_pkcs8(*key, kWhat);
  }
  const auto version = key->take_small();
  if (!version || *version > 1) {
    return bad(kWhat, "is not PKCS#8 (RFC 5958) of version 1 or 2");
  }
  NONO_TRY(const KeyAlgorithm algorithm, read_algorithm(*key, kWhat));
  if (algorithm == KeyAlgorithm::Rsa) {
    return bad(kWhat, "RSA keys verify here, they do not sign", ErrorKind::Unsupported);
  }
  const auto wrapped = key->take(DerTag::OctetString);
  if (!wrapped) {
    return bad(kWhat, "the key is not strict DER");
  }
  PrivateParts parts{.algorithm = algorithm, .secret = {}, .inner_point = {}, .outer_point = {}};
  NONO_TRY(parts.secret, read_secret(*wrapped, algorithm, parts.inner_point, kWhat));
  NONO_TRY(parts.outer_point, read_tail(*key, *version, kWhat));
  if (parts.secret.size() != shape_of(algorithm).secret_size) {
    return bad(kWhat, "the secret does not have the size that its algorithm asks for");
  }
  return parts;
}

Secret write_pkcs8(KeyAlgorithm algorithm, Span secret, Span point) {
  const KeyShape& shape = shape_of(algorithm);
  std::string der;
  // Room for all of it at once: a reallocation would leave a copy of the secret behind.
  der.reserve(shape.pkcs8_head.size() + secret.size() + shape.pkcs8_join.size() + point.size());
  der += shape.pkcs8_head;
  der += as_text(secret);
  if (!shape.pkcs8_join.empty()) {
    der += shape.pkcs8_join;
    der += as_text(point);
  }
  return Secret::take(der);
}

}  // namespace nono::crypto
