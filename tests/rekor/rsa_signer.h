// tests/rekor/rsa_signer.h: signatures by an RSA key, which crypto/ verifies and never makes.
#pragma once

#include <string_view>

#include "base/encoding.h"

namespace nono::rekor::test {

// The SubjectPublicKeyInfo of the only key: 2048 bits, made for these tests, protects nothing.
Bytes rsa_spki();
// rsa_sign signs with it by PKCS#1 v1.5 and SHA-256 (RFC 8017 8.2.1). No care is taken of time.
Bytes rsa_sign(std::string_view message);

}  // namespace nono::rekor::test
