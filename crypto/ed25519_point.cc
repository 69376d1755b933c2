// crypto/ed25519_point.cc: decoding a point's y coordinate as far as "is it there?".
#include "crypto/ed25519_point.h"

#include <openssl/bn.h>

#include <algorithm>
#include <array>
#include <memory>

#include "crypto/openssl_handles.h"

namespace nono::crypto {
namespace {

using Numbers = std::unique_ptr<BN_CTX, FreeWith<BN_CTX_free>>;

constexpr std::size_t kSize = 32;
constexpr const char* kPrime = "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED";
// The y of the eight points whose order divides 8: 1, -1, 0, and the two of order 8.
constexpr std::array<const char*, 5> kSmallOrder{
    "1", "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEC", "0",
    "05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826",
    "7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7"};
// The curve is -x^2 + y^2 = 1 + d x^2 y^2 with d = -121665/121666.
constexpr BN_ULONG kMinusDNumerator = 121665;
constexpr BN_ULONG kDDenominator = 121666;

bool same(const BIGNUM* y, const char* hex, BN_CTX* numbers) {
  BIGNUM* other = BN_CTX_get(numbers);
  return other == nullptr || BN_hex2bn(&other, hex) == 0 || BN_cmp(y, other) == 0;
}

// on_curve: x^2 = (y^2 - 1) / (d y^2 + 1) has a root modulo p. Dividing by a number or multiplying
// by it is the same to "is it a square", hence one Jacobi symbol of
// 121666 (y^2 - 1) (121666 - 121665 y^2), which is zero only for the y of small order.
bool on_curve(const BIGNUM* y, const BIGNUM* prime, BN_CTX* numbers) {
  BIGNUM* const square = BN_CTX_get(numbers);
  BIGNUM* const left = BN_CTX_get(numbers);
  BIGNUM* const right = BN_CTX_get(numbers);
  const bool computed =
      right != nullptr && BN_mod_sqr(square, y, prime, numbers) == 1 &&
      BN_copy(left, square) != nullptr && BN_sub_word(left, 1) == 1 &&
      BN_mul_word(left, kDDenominator) == 1 && BN_mul_word(square, kMinusDNumerator) == 1 &&
      BN_set_word(right, kDDenominator) == 1 && BN_sub(right, right, square) == 1 &&
      BN_mod_mul(left, left, right, prime, numbers) == 1;
  return computed && BN_kronecker(left, prime, numbers) == 1;
}

bool usable(const BIGNUM* y, BN_CTX* numbers) {
  BIGNUM* prime = BN_CTX_get(numbers);
  if (prime == nullptr || BN_hex2bn(&prime, kPrime) == 0 || BN_cmp(y, prime) >= 0) {
    return false;
  }
  const bool small =
      std::ranges::any_of(kSmallOrder, [&](const char* hex) { return same(y, hex, numbers); });
  return !small && on_curve(y, prime, numbers);
}

}  // namespace

bool is_ed25519_point(std::span<const std::byte> encoded) {
  if (encoded.size() != kSize) {
    return false;
  }
  std::array<unsigned char, kSize> little{};
  std::ranges::transform(encoded, little.begin(),
                         [](std::byte value) { return std::to_integer<unsigned char>(value); });
  little.back() &= 0x7F;  // the sign of x
  const ErrorQueue queue;
  const Numbers numbers(BN_CTX_new_ex(library_context()));
  stop_unless(numbers != nullptr, "OpenSSL gives no memory for numbers");
  BN_CTX_start(numbers.get());
  BIGNUM* const y = BN_CTX_get(numbers.get());
  const bool good =
      y != nullptr && BN_lebin2bn(little.data(), kSize, y) != nullptr && usable(y, numbers.get());
  BN_CTX_end(numbers.get());
  return good;
}

}  // namespace nono::crypto
