// crypto/key_objects.cc: EVP_PKEY objects, by the provider interface (no ASN.1 decoder of OpenSSL).
#include "crypto/key_objects.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string>

#include "crypto/ed25519_point.h"

namespace nono::crypto {
namespace {

using Span = std::span<const std::byte>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_clear_free>>;
using Numbers = std::unique_ptr<BN_CTX, FreeWith<BN_CTX_free>>;
using Group = std::unique_ptr<EC_GROUP, FreeWith<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, FreeWith<EC_POINT_clear_free>>;

// OpenSSL's parameters point at bytes that they may write to in other uses: they get copies, which
// are wiped, as one of them may be a secret.
class Copied {
 public:
  explicit Copied(Span bytes) : bytes_(bytes.begin(), bytes.end()) {}
  // Some readers of text parameters go by the NUL at the end and not by the size.
  explicit Copied(std::string_view text) : Copied(as_bytes(text)) { bytes_.push_back({}); }
  Copied(const Copied&) = delete;
  Copied& operator=(const Copied&) = delete;
  ~Copied() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  OSSL_PARAM as_text(const char* key) {
    return OSSL_PARAM_construct_utf8_string(key, reinterpret_cast<char*>(data()),
                                            bytes_.size() - 1);
  }
  OSSL_PARAM as_octets(const char* key) {
    return OSSL_PARAM_construct_octet_string(key, data(), bytes_.size());
  }
  // as_number takes big-endian bytes; OpenSSL wants the machine's order.
  OSSL_PARAM as_number(const char* key) {
    if constexpr (std::endian::native == std::endian::little) {
      std::ranges::reverse(bytes_);
    }
    return OSSL_PARAM_construct_BN(key, data(), bytes_.size());
  }

 private:
  unsigned char* data() { return reinterpret_cast<unsigned char*>(bytes_.data()); }
  Bytes bytes_;
};

Result<Pkey> object_from(const char* type, int selection, OSSL_PARAM* parameters,
                         const ErrorQueue& queue, std::string_view what) {
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(library_context(), type, nullptr));
  EVP_PKEY* made = nullptr;
  if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, selection, parameters) != 1) {
    return std::unexpected(queue.error(ErrorKind::InvalidInput, what));
  }
  return Pkey(made);
}

Result<Pkey> ec_public(const PublicParts& parts) {
  const ErrorQueue queue;
  Copied group(shape_of(parts.algorithm).group);
  Copied point(parts.point);
  std::array<OSSL_PARAM, 3> parameters{group.as_text(OSSL_PKEY_PARAM_GROUP_NAME),
                                       point.as_octets(OSSL_PKEY_PARAM_PUB_KEY),
                                       OSSL_PARAM_construct_end()};
  return object_from("EC", EVP_PKEY_PUBLIC_KEY, parameters.data(), queue,
                     "public key: the point is not on the curve");
}

Result<void> check_ed25519_point(Span point) {
  if (!is_ed25519_point(point)) {
    return fail(ErrorKind::InvalidInput,
                "public key: the Ed25519 point is not on the curve, or of small order");
  }
  return {};
}

Result<Pkey> ed25519_public(Span point) {
  const ErrorQueue queue;
  Copied copy(point);
  std::array<OSSL_PARAM, 2> parameters{copy.as_octets(OSSL_PKEY_PARAM_PUB_KEY),
                                       OSSL_PARAM_construct_end()};
  return object_from("ED25519", EVP_PKEY_PUBLIC_KEY, parameters.data(), queue,
                     "public key: OpenSSL refuses the Ed25519 point");
}

Result<Pkey> rsa_public(const PublicParts& parts) {
  const ErrorQueue queue;
  Copied modulus(parts.modulus);
  Copied exponent(parts.exponent);
  std::array<OSSL_PARAM, 3> parameters{modulus.as_number(OSSL_PKEY_PARAM_RSA_N),
                                       exponent.as_number(OSSL_PKEY_PARAM_RSA_E),
                                       OSSL_PARAM_construct_end()};
  return object_from("RSA", EVP_PKEY_PUBLIC_KEY, parameters.data(), queue,
                     "public key: OpenSSL refuses the RSA numbers");
}

Result<Pkey> ed25519_private(Span secret) {
  const ErrorQueue queue;
  Pkey key(EVP_PKEY_new_raw_private_key_ex(library_context(), "ED25519", nullptr,
                                           reinterpret_cast<const unsigned char*>(secret.data()),
                                           secret.size()));
  if (key == nullptr) {
    return std::unexpected(queue.error(ErrorKind::InvalidInput, "private key: is not Ed25519"));
  }
  return key;
}

Result<Bytes> ed25519_point_of(Span secret) {
  NONO_TRY(const Pkey key, ed25519_private(secret));
  const ErrorQueue queue;
  Bytes point(shape_of(KeyAlgorithm::Ed25519).point_size);
  std::size_t size = point.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(point.data()),
                                  &size) != 1 ||
      size != point.size()) {
    return std::unexpected(queue.error(ErrorKind::Internal, "private key: has no public half"));
  }
  return point;
}

int curve_id(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::EcdsaP256:
      return NID_X9_62_prime256v1;
    case KeyAlgorithm::EcdsaP384:
      return NID_secp384r1;
    case KeyAlgorithm::EcdsaP521:
      return NID_secp521r1;
    case KeyAlgorithm::Ed25519:
    case KeyAlgorithm::Rsa:
      break;
  }
  std::abort();
}

Result<Bytes> ec_point_of(KeyAlgorithm algorithm, Span secret) {
  const ErrorQueue queue;
  const Numbers numbers(BN_CTX_secure_new_ex(library_context()));
  const Group group(EC_GROUP_new_by_curve_name_ex(library_context(), nullptr, curve_id(algorithm)));
  const Number scalar(BN_bin2bn(reinterpret_cast<const unsigned char*>(secret.data()),
                                static_cast<int>(secret.size()), nullptr));
  stop_unless(numbers != nullptr && group != nullptr && scalar != nullptr,
              "OpenSSL gives no memory for a curve");
  BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
  if (BN_is_zero(scalar.get()) == 1 ||
      BN_cmp(scalar.get(), EC_GROUP_get0_order(group.get())) >= 0) {
    return fail(ErrorKind::InvalidInput, "private key: the secret is out of its curve's range");
  }
  const Point point(EC_POINT_new(group.get()));
  Bytes out(shape_of(algorithm).point_size);
  const bool computed =
      point != nullptr &&
      EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, numbers.get()) == 1 &&
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                         reinterpret_cast<unsigned char*>(out.data()), out.size(),
                         numbers.get()) == out.size();
  if (!computed) {
    return std::unexpected(queue.error(ErrorKind::Internal, "private key: no public point"));
  }
  return out;
}

// The groups live as long as the process, like the library context that they are of.
const EC_GROUP* group_of(KeyAlgorithm algorithm) {
  const auto made = [](KeyAlgorithm which) {
    EC_GROUP* const group =
        EC_GROUP_new_by_curve_name_ex(library_context(), nullptr, curve_id(which));
    stop_unless(group != nullptr, "OpenSSL gives no memory for a curve");
    return group;
  };
  if (algorithm == KeyAlgorithm::EcdsaP256) {
    static const EC_GROUP* const p256 = made(KeyAlgorithm::EcdsaP256);
    return p256;
  }
  if (algorithm == KeyAlgorithm::EcdsaP384) {
    static const EC_GROUP* const p384 = made(KeyAlgorithm::EcdsaP384);
    return p384;
  }
  static const EC_GROUP* const p521 = made(KeyAlgorithm::EcdsaP521);
  return p521;
}

// EC_POINT_oct2point takes coordinates below the field's prime, of points on the curve, alone. The
// format of the point is read_spki's rule: uncompressed.
Result<void> check_ec_point(const PublicParts& parts) {
  const ErrorQueue queue;
  const EC_GROUP* const group = group_of(parts.algorithm);
  const Point point(EC_POINT_new(group));
  stop_unless(point != nullptr, "OpenSSL gives no memory for a point");
  if (EC_POINT_oct2point(group, point.get(),
                         reinterpret_cast<const unsigned char*>(parts.point.data()),
                         parts.point.size(), nullptr) != 1) {
    return std::unexpected(
        queue.error(ErrorKind::InvalidInput, "public key: the point is not on the curve"));
  }
  return {};
}

}  // namespace

Result<void> check_public(const PublicParts& parts) {
  switch (parts.algorithm) {
    case KeyAlgorithm::EcdsaP256:
    case KeyAlgorithm::EcdsaP384:
    case KeyAlgorithm::EcdsaP521:
      return check_ec_point(parts);
    case KeyAlgorithm::Ed25519:
      return check_ed25519_point(parts.point);
    case KeyAlgorithm::Rsa:
      return {};
  }
  std::abort();
}

Result<Pkey> public_object(const PublicParts& parts) {
  switch (parts.algorithm) {
    case KeyAlgorithm::EcdsaP256:
    case KeyAlgorithm::EcdsaP384:
    case KeyAlgorithm::EcdsaP521:
      return ec_public(parts);
    case KeyAlgorithm::Ed25519:
      return ed25519_public(parts.point);
    case KeyAlgorithm::Rsa:
      return rsa_public(parts);
  }
  std::abort();
}

Result<Pkey> private_object(KeyAlgorithm algorithm, Span secret, Span point) {
  if (algorithm == KeyAlgorithm::Ed25519) {
    return ed25519_private(secret);
  }
  const ErrorQueue queue;
  Copied group(shape_of(algorithm).group);
  Copied public_point(point);
  Copied scalar(secret);
  std::array<OSSL_PARAM, 4> parameters{
      group.as_text(OSSL_PKEY_PARAM_GROUP_NAME), public_point.as_octets(OSSL_PKEY_PARAM_PUB_KEY),
      scalar.as_number(OSSL_PKEY_PARAM_PRIV_KEY), OSSL_PARAM_construct_end()};
  return object_from("EC", EVP_PKEY_KEYPAIR, parameters.data(), queue,
                     "private key: OpenSSL refuses the numbers");
}

Result<Bytes> point_of(KeyAlgorithm algorithm, Span secret) {
  return algorithm == KeyAlgorithm::Ed25519 ? ed25519_point_of(secret)
                                            : ec_point_of(algorithm, secret);
}

}  // namespace nono::crypto
