// crypto/secret.h: bytes that are wiped, not printed, not compared byte by byte.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nono::crypto {

// SecretAccess is the price of looking inside a Secret: a token found by grep and in review.
class SecretAccess {
 public:
  static SecretAccess i_will_not_log_or_store_this() { return {}; }

 private:
  SecretAccess() = default;
};

// Secret owns secret bytes and wipes them (OPENSSL_cleanse) when it goes or is overwritten. It has
// no stream operator, no conversion and no copy.
class Secret {
 public:
  Secret() = default;
  static Secret take(std::string& text);  // moves the bytes out and wipes `text`
  static Secret copy_of(std::span<const std::byte> bytes);
  static Result<Secret> random(std::size_t size);  // from the operating system's generator

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  std::size_t size() const { return bytes_.size(); }
  std::span<const std::byte> bytes(SecretAccess) const { return bytes_; }
  std::string_view text(SecretAccess) const;
  // equals compares in time that depends on the sizes only.
  bool equals(const Secret& other) const;

 private:
  void wipe() noexcept;
  std::vector<std::byte> bytes_;
};

// hmac_sha256 is RFC 2104 with SHA-256: 32 bytes.
std::vector<std::byte> hmac_sha256(const Secret& key, std::span<const std::byte> data);

// random_hex returns `bytes` random bytes as hexadecimal digits: for names, not for keys.
Result<std::string> random_hex(std::size_t bytes);

}  // namespace nono::crypto
