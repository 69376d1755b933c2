// tests/crypto/support.h: test data, and DER put together from its parts, right or wrong.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "crypto/keys.h"
#include "crypto/secret.h"

namespace nono::crypto::test {

// testdata returns a file of testdata/crypto; a missing one fails the test.
std::string testdata(std::string_view name);
Bytes testdata_base64(std::string_view name);

Bytes unhex(std::string_view digits);
Bytes joined(std::initializer_list<std::span<const std::byte>> parts);
Secret secret_of(std::string_view text);
std::span<const std::byte> inside(const Secret& secret);

// der makes one element with the shortest length; the contents are the parts one after the other.
Bytes der(unsigned tag, std::initializer_list<std::span<const std::byte>> parts);
// der_integer encodes a magnitude as a positive INTEGER.
Bytes der_integer(std::span<const std::byte> magnitude);
Bytes der_bits(std::span<const std::byte> bytes);

inline constexpr unsigned kInteger = 0x02;
inline constexpr unsigned kBits = 0x03;
inline constexpr unsigned kOctets = 0x04;
inline constexpr unsigned kNull = 0x05;
inline constexpr unsigned kOid = 0x06;
inline constexpr unsigned kSequence = 0x30;

// Algorithm identifiers, complete.
Bytes p256_identifier();
Bytes p384_identifier();
Bytes p521_identifier();
Bytes ed25519_identifier();
Bytes rsa_identifier();
// spki wraps an identifier and the bytes of a key.
Bytes spki(std::span<const std::byte> identifier, std::span<const std::byte> key);
Bytes rsa_spki(std::span<const std::byte> modulus, std::span<const std::byte> exponent);
// one_line is upstream's form: base64 of the DER.
std::string one_line(std::span<const std::byte> der);

}  // namespace nono::crypto::test
