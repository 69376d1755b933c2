#include "crypto/warm_up.h"

#include <signal.h>

#include <array>
#include <cstddef>
#include <string_view>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/keys.h"
#include "crypto/secret.h"

namespace nono::crypto {
namespace {

constexpr std::size_t kStack = std::size_t{256} * 1024;

// The generator of P-256 (SP 800-186, 3.2.1.3) as a public key, and 1, 1 as a signature.
constexpr std::string_view kPoint =
    "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d81"
    "2deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
constexpr std::string_view kSignature = "3006020101020101";

void verify_something() {
  const auto spki = hex_decode(kPoint);
  const auto signature = hex_decode(kSignature);
  if (!spki || !signature) {
    return;
  }
  const auto key = PublicKey::parse_spki_der(*spki);
  const Sha256 digest = Sha256::of(*spki);
  static_cast<void>(key && key->verifies_digest(HashAlgorithm::Sha256, digest.bytes(), *signature));
}

void* work(void* /*nothing*/) {
  verify_something();
  static_cast<void>(hmac_sha256(Secret(), {}));
  return nullptr;
}

}  // namespace

WarmUp::WarmUp() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) {
    return;
  }
  ::pthread_attr_setstacksize(&attributes, kStack);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the caller's thread
  running_ = ::pthread_create(&thread_, &attributes, work, nullptr) == 0;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
}

void WarmUp::finish() {
  if (running_) {
    running_ = false;
    ::pthread_join(thread_, nullptr);
  }
}

}  // namespace nono::crypto
