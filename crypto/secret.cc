// crypto/secret.cc: wiping, constant-time comparison, HMAC and the operating system's randomness.
#include "crypto/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/encoding.h"
#include "crypto/openssl_handles.h"

namespace nono::crypto {
namespace {

Result<void> fill_random(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got > 0) {
      out = out.subspan(static_cast<std::size_t>(got));
    } else if (const int saved = errno; got < 0 && saved != EINTR) {
      return fail_errno(saved, "asking the operating system for random bytes");
    }
  }
  return {};
}

}  // namespace

Secret Secret::take(std::string& text) {
  Secret secret = copy_of(as_bytes(text));
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
  return secret;
}

Secret Secret::copy_of(std::span<const std::byte> bytes) {
  Secret secret;
  secret.bytes_.assign(bytes.begin(), bytes.end());
  return secret;
}

Result<Secret> Secret::random(std::size_t size) {
  Secret secret;
  secret.bytes_.resize(size);
  NONO_CHECK(fill_random(secret.bytes_));
  return secret;
}

Secret::Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::exchange(other.bytes_, {});
  }
  return *this;
}

Secret::~Secret() {
  wipe();
}

std::string_view Secret::text(SecretAccess) const {
  return as_text(bytes_);
}

bool Secret::equals(const Secret& other) const {
  return size() == other.size() &&
         (size() == 0 || CRYPTO_memcmp(bytes_.data(), other.bytes_.data(), size()) == 0);
}

void Secret::wipe() noexcept {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
  bytes_.clear();
}

std::vector<std::byte> hmac_sha256(const Secret& key, std::span<const std::byte> data) {
  const ErrorQueue queue;
  // OpenSSL takes a null pointer for "no key set", which is not the empty key.
  static constexpr std::byte kNothing{};
  const auto key_bytes = key.bytes(SecretAccess::i_will_not_log_or_store_this());
  std::vector<std::byte> out(Sha256::kSize);
  std::size_t written = 0;
  const unsigned char* const made =
      EVP_Q_mac(library_context(), "HMAC", nullptr, "SHA2-256", nullptr,
                key_bytes.empty() ? &kNothing : key_bytes.data(), key_bytes.size(),
                reinterpret_cast<const unsigned char*>(data.data()), data.size(),
                reinterpret_cast<unsigned char*>(out.data()), out.size(), &written);
  stop_unless(made != nullptr && written == out.size(), "OpenSSL does not compute an HMAC");
  return out;
}

Result<std::string> random_hex(std::size_t bytes) {
  Bytes raw(bytes);
  NONO_CHECK(fill_random(raw));
  return hex_encode(raw);
}

}  // namespace nono::crypto
