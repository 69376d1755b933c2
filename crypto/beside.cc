#include "crypto/beside.h"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/silent_thread.h"
#include "crypto/digest.h"
#include "crypto/keys.h"

namespace nono::crypto {
namespace {

constexpr std::size_t kStack = std::size_t{256} * 1024;

// Generators as public keys: P-256 and P-384 (SP 800-186, 3.2.1.3 and 3.2.1.4), Ed25519 (RFC 8032,
// 5.1).
constexpr std::string_view kP256 =
    "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d81"
    "2deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
constexpr std::string_view kP384 =
    "3076301006072a8648ce3d020106052b8104002203620004aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b"
    "9859f741e082542a385502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a"
    "147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f";
constexpr std::string_view kEd25519 =
    "302a300506032b65700321005866666666666666666666666666666666666666666666666666666666666666";

// 1, 1: the whole of a verification.
constexpr std::string_view kSmall = "3006020101020101";

void ask(std::string_view spki_hex, HashAlgorithm algorithm, std::string_view signature_hex) {
  const auto spki = hex_decode(spki_hex);
  const auto signature = hex_decode(signature_hex);
  if (spki && signature) {
    const auto key = PublicKey::parse_spki_der(*spki);
    static_cast<void>(key && key->verifies_with(algorithm, *spki, *signature));
  }
}

}  // namespace

bool start_beside(pthread_t& thread, void* (*work)(void*), void* argument) {
  return start_silent(thread, kStack, work, argument);
}

void ready_for_keyed() {
  ask(kP256, HashAlgorithm::Sha256, kSmall);
}

// OpenSSL refuses a number that is out of range when all is fetched, before it multiplies: that
// takes longer than what is saved.
void ready_for_paths() {
  ask(kP384, HashAlgorithm::Sha384, "3035023100" + std::string(96, 'f') + "020101");
}

void ready_for_logs() {
  ready_for_keyed();
  ask(kEd25519, HashAlgorithm::Sha512, std::string(128, 'f'));
}

}  // namespace nono::crypto
