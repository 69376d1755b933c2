// tests/rekor/rsa_signer.cc: RSA by Montgomery's multiplication (Handbook of Applied Cryptography,
// 14.36), short and slow.
#include "tests/rekor/rsa_signer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "crypto/digest.h"

namespace nono::rekor::test {

namespace {

constexpr std::size_t kBytes = 256;
constexpr std::size_t kLimbs = kBytes / 4;
using Number = std::array<std::uint32_t, kLimbs>;  // lowest limb first

constexpr std::string_view kModulus =
    "ef4da0b56a778e157fef0f9579d3b92c397e7443e5686b11ab527e9d4c21bb8bd115d762374c65d8ad23dd6c"
    "986c738b26ca9f14b8dd46945f9fa5a2542e36f148ad72b209b16676d645aefd1bbbf9ef63795905cfd4431f"
    "abb45979bfcb7eccb31917e5c955425eee9dbbdedb5cbcd70078504824f7d91c309f4a0fa3f42541fed5bdd5"
    "714eab8b97d1bdc214a0deac91ccb7b2dcacb66ffbcefc9fe468a32da38db721e439fe50b98d714f4b99ff7f"
    "6b3b2eecd188f79c7bc948077d30b7ef8710ed5c6eb7436c335bd4be81a5fd38e63f0198d3d12eaa7e3e4b59"
    "f925c61c776bb87c2e36f02e6209e0748d2188e956911459c6ea6fd487ac5a75ff3d582f";
constexpr std::string_view kExponent =
    "3da6167e5618c9b2513c919bb5006de66e435d0976cac1369297d4858a6cf047734c78a9d54c29bab9d41101"
    "9e7ce60155b3826b10baf4a959bf23a91f9dae4ad7a9d36ff95e49e2d88da8288da20e1ff554f831ae9a64d6"
    "7e621e60e69fb2a1628c56e33c4c6a2651bbb200162c1c7c192365af4852cf8c5b1c5634944cdbe1d6859c99"
    "6292534ac79b255b3fce13b775429bf6897b9255140157b47ff21ef736a2bcd449468f2c9bf7e7fa08941e92"
    "02c6125762dad5db38a2b4538e72843c5cc6adb197cdc4aa2afc244c5d065b6e0f8f1978845933fac929b4ba"
    "5a92bfddd04a550b098599fc0d192eb9b2592c17188eba379bf8c0a18ed47a55f5c48219";

Number read(std::string_view hex) {
  const Bytes bytes = *hex_decode(hex);
  Number number{};
  for (std::size_t i = 0; i < kBytes; ++i) {
    number[(kBytes - 1 - i) / 4] |= std::to_integer<std::uint32_t>(bytes[i])
                                    << (8 * ((kBytes - 1 - i) % 4));
  }
  return number;
}

Bytes write(const Number& number) {
  Bytes bytes(kBytes);
  for (std::size_t i = 0; i < kBytes; ++i) {
    bytes[kBytes - 1 - i] = static_cast<std::byte>(number[i / 4] >> (8 * (i % 4)));
  }
  return bytes;
}

// reduce subtracts the modulus once where `carry` or the value says that it is not below it.
void reduce(Number& value, std::uint64_t carry, const Number& modulus) {
  Number less{};
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < kLimbs; ++i) {
    const std::uint64_t difference = std::uint64_t{value[i]} - modulus[i] - borrow;
    less[i] = static_cast<std::uint32_t>(difference);
    borrow = (difference >> 32) & 1;
  }
  if (carry >= borrow) {
    value = less;
  }
}

class Montgomery {
 public:
  explicit Montgomery(const Number& modulus) : modulus_(modulus) {
    std::uint32_t inverse = 1;  // of the lowest limb, by Newton's iteration
    for (int i = 0; i < 5; ++i) {
      inverse *= 2 - modulus[0] * inverse;
    }
    negative_inverse_ = 0U - inverse;
  }
  Number power(const Number& base, const Number& exponent) const {
    Number one{1};
    Number square_of_r{1};
    for (std::size_t i = 0; i < 64 * kLimbs; ++i) {
      twice(square_of_r);
    }
    Number result = multiply(one, square_of_r);
    const Number factor = multiply(base, square_of_r);
    for (std::size_t bit = 32 * kLimbs; bit-- > 0;) {
      result = multiply(result, result);
      if (((exponent[bit / 32] >> (bit % 32)) & 1U) != 0) {
        result = multiply(result, factor);
      }
    }
    return multiply(result, one);
  }

 private:
  void twice(Number& value) const {
    std::uint64_t carry = 0;
    for (std::uint32_t& limb : value) {
      const std::uint64_t doubled = (std::uint64_t{limb} << 1) | carry;
      limb = static_cast<std::uint32_t>(doubled);
      carry = doubled >> 32;
    }
    reduce(value, carry, modulus_);
  }
  // multiply returns a * b / 2^2048 modulo the modulus.
  Number multiply(const Number& a, const Number& b) const {
    std::array<std::uint32_t, kLimbs + 2> sum{};
    for (std::size_t i = 0; i < kLimbs; ++i) {
      add_product(sum, a[i], b);
      add_product(sum, sum[0] * negative_inverse_, modulus_);
      std::copy(sum.begin() + 1, sum.end(), sum.begin());
      sum.back() = 0;
    }
    Number result;
    std::copy_n(sum.begin(), kLimbs, result.begin());
    reduce(result, sum[kLimbs], modulus_);
    return result;
  }
  static void add_product(std::array<std::uint32_t, kLimbs + 2>& sum, std::uint32_t factor,
                          const Number& number) {
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < kLimbs + 2; ++i) {
      const std::uint64_t limb = i < kLimbs ? number[i] : 0;
      carry += sum[i] + limb * factor;
      sum[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
  }
  Number modulus_;
  std::uint32_t negative_inverse_;
};

}  // namespace

Bytes rsa_spki() {
  // rsaEncryption (RFC 8017 A.1), the modulus, 65537.
  return *hex_decode(
      std::string("30820122300d06092a864886f70d01010105000382010f003082010a0282010100")
          .append(kModulus)
          .append("0203010001"));
}

Bytes rsa_sign(std::string_view message) {
  constexpr std::string_view kDigestInfo = "3031300d060960864801650304020105000420";
  const std::string tail =
      std::string("00").append(kDigestInfo) + crypto::Sha256::of(message).hex();
  std::string encoded = "0001";
  encoded.append(2 * kBytes - encoded.size() - tail.size(), 'f');
  encoded += tail;
  return write(Montgomery(read(kModulus)).power(read(encoded), read(kExponent)));
}

}  // namespace nono::rekor::test
