// tests/crypto/support.cc: test data and DER by hand.
#include "tests/crypto/support.h"

#include <gtest/gtest.h>

#include "base/files.h"

namespace nono::crypto::test {

std::string testdata(std::string_view name) {
  const std::string path = std::string(NONO_SOURCE_DIR "/testdata/crypto/").append(name);
  auto text = read_file(path, 1u << 20);
  EXPECT_TRUE(text.has_value()) << path;
  return text ? *std::move(text) : std::string();
}

Bytes testdata_base64(std::string_view name) {
  auto bytes = base64_decode(testdata(name), Base64::Strict);
  EXPECT_TRUE(bytes.has_value()) << name;
  return bytes ? *std::move(bytes) : Bytes();
}

Bytes unhex(std::string_view digits) {
  auto bytes = hex_decode(digits);
  EXPECT_TRUE(bytes.has_value()) << digits;
  return bytes ? *std::move(bytes) : Bytes();
}

Bytes joined(std::initializer_list<std::span<const std::byte>> parts) {
  Bytes out;
  for (const auto part : parts) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

Secret secret_of(std::string_view text) {
  return Secret::copy_of(as_bytes(text));
}

std::span<const std::byte> inside(const Secret& secret) {
  return secret.bytes(SecretAccess::i_will_not_log_or_store_this());
}

Bytes der(unsigned tag, std::initializer_list<std::span<const std::byte>> parts) {
  const Bytes contents = joined(parts);
  const std::size_t size = contents.size();
  Bytes head{static_cast<std::byte>(tag)};
  if (size >= 0x10000) {
    head.push_back(std::byte{0x83});
    head.push_back(static_cast<std::byte>(size >> 16));
    head.push_back(static_cast<std::byte>((size >> 8) & 0xFF));
  } else if (size >= 0x100) {
    head.push_back(std::byte{0x82});
    head.push_back(static_cast<std::byte>(size >> 8));
  } else if (size >= 0x80) {
    head.push_back(std::byte{0x81});
  }
  head.push_back(static_cast<std::byte>(size & 0xFF));
  return joined({head, contents});
}

Bytes der_integer(std::span<const std::byte> magnitude) {
  const Bytes zero{std::byte{0}};
  const bool high = !magnitude.empty() && (magnitude.front() & std::byte{0x80}) != std::byte{0};
  return high ? der(kInteger, {zero, magnitude}) : der(kInteger, {magnitude});
}

Bytes der_bits(std::span<const std::byte> bytes) {
  const Bytes zero{std::byte{0}};
  return der(kBits, {zero, bytes});
}

Bytes p256_identifier() {
  return unhex("301306072a8648ce3d020106082a8648ce3d030107");
}
Bytes p384_identifier() {
  return unhex("301006072a8648ce3d020106052b81040022");
}
Bytes p521_identifier() {
  return unhex("301006072a8648ce3d020106052b81040023");
}
Bytes ed25519_identifier() {
  return unhex("300506032b6570");
}
Bytes rsa_identifier() {
  return unhex("300d06092a864886f70d0101010500");
}

Bytes spki(std::span<const std::byte> identifier, std::span<const std::byte> key) {
  return der(kSequence, {identifier, der_bits(key)});
}

Bytes rsa_spki(std::span<const std::byte> modulus, std::span<const std::byte> exponent) {
  return spki(rsa_identifier(), der(kSequence, {der_integer(modulus), der_integer(exponent)}));
}

std::string one_line(std::span<const std::byte> der) {
  return base64_encode(der);
}

}  // namespace nono::crypto::test
