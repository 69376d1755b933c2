// crypto/digest.h: SHA-2 values that cannot be confused with strings (FIPS 180-4).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/result.h"
#include "base/sealed_file.h"

namespace nono::crypto {

enum class HashAlgorithm : unsigned char { Sha256, Sha384, Sha512 };

// hash returns the raw digest: 32, 48 or 64 bytes.
Bytes hash(HashAlgorithm algorithm, std::span<const std::byte> data);

// Sha256 is a 32-byte digest. It comes from bytes by hashing, or from exactly 64 lower-case
// hexadecimal digits, or from exactly 32 raw bytes; anything else is not a digest.
class Sha256 {
 public:
  static constexpr std::size_t kSize = 32;

  static Sha256 of(std::span<const std::byte> data);
  static Sha256 of(std::string_view text);
  static Result<Sha256> of(const SealedFile& file);
  static std::optional<Sha256> from_raw(std::span<const std::byte> raw);
  static std::optional<Sha256> parse_hex(std::string_view text);

  std::string hex() const;
  // short_form is "SHA256:" and the first 16 hexadecimal digits, for people.
  std::string short_form() const;
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(bytes_)); }
  constexpr auto operator<=>(const Sha256&) const = default;

 private:
  friend class Sha256Hasher;
  constexpr Sha256() = default;
  std::array<std::uint8_t, kSize> bytes_{};
};

// Sha256Hasher hashes in pieces.
class Sha256Hasher {
 public:
  Sha256Hasher();
  Sha256Hasher(Sha256Hasher&&) noexcept;
  Sha256Hasher& operator=(Sha256Hasher&&) noexcept;
  ~Sha256Hasher();
  void add(std::span<const std::byte> data);
  void add(std::string_view text);
  Sha256 finish() &&;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nono::crypto
