// crypto/private_key.cc: signing keys.
#include <algorithm>
#include <utility>

#include "crypto/key_formats.h"
#include "crypto/key_objects.h"
#include "crypto/keys.h"

namespace nono::crypto {
namespace {

using Span = std::span<const std::byte>;

constexpr int kScalarAttempts = 64;

Span inside(const Secret& secret) {
  return secret.bytes(SecretAccess::i_will_not_log_or_store_this());
}

struct Pair {
  Secret secret;
  Bytes point;
};

// random_secret draws as many bits as the curve has; the rest of the first byte is zero.
Result<Secret> random_secret(KeyAlgorithm algorithm) {
  const KeyShape& shape = shape_of(algorithm);
  NONO_TRY(Secret drawn, Secret::random(shape.secret_size));
  const std::size_t unused = shape.secret_size * 8 - shape.bits;
  if (unused == 0) {
    return drawn;
  }
  std::string text(drawn.text(SecretAccess::i_will_not_log_or_store_this()));
  text.front() = static_cast<char>(static_cast<unsigned char>(text.front()) & (0xFFu >> unused));
  return Secret::take(text);
}

// random_pair draws until the secret is in range; the first draw is as good as always, and drawing
// again is what keeps the result uniform.
Result<Pair> random_pair(KeyAlgorithm algorithm) {
  for (int attempt = 0; attempt < kScalarAttempts; ++attempt) {
    NONO_TRY(Secret secret, random_secret(algorithm));
    auto point = point_of(algorithm, inside(secret));
    if (point) {
      return Pair{.secret = std::move(secret), .point = *std::move(point)};
    }
    if (point.error().kind() != ErrorKind::InvalidInput) {
      return std::unexpected(std::move(point).error());
    }
  }
  return fail(ErrorKind::Internal, "the operating system's random bytes are not random");
}

// is_compressed reports whether `stated` is the compressed form (SEC 1 section 2.3.3) of the point
// 04 X Y: 02 or 03, as Y is even or odd, and X.
bool is_compressed(Span stated, Span point) {
  const std::size_t size = point.size() / 2;
  const std::byte head = std::byte{0x02} | (point.back() & std::byte{1});
  return stated.size() == 1 + size && stated.front() == head &&
         std::ranges::equal(stated.subspan(1), point.subspan(1, size));
}

bool claims(KeyAlgorithm algorithm, Span stated, const Bytes& computed) {
  return stated.empty() || std::ranges::equal(stated, computed) ||
         (algorithm != KeyAlgorithm::Ed25519 && is_compressed(stated, computed));
}

}  // namespace

struct PrivateKey::Impl {
  Secret secret;
  Bytes point;
  Pkey object;
  PublicKey public_key;

  static Result<PrivateKey> assemble(KeyAlgorithm algorithm, Pair pair);
};

Result<PrivateKey> PrivateKey::Impl::assemble(KeyAlgorithm algorithm, Pair pair) {
  NONO_TRY(PublicKey public_key, PublicKey::parse_spki_der(write_spki(algorithm, pair.point)));
  NONO_TRY(Pkey object, private_object(algorithm, inside(pair.secret), pair.point));
  return PrivateKey(std::make_unique<Impl>(Impl{.secret = std::move(pair.secret),
                                                .point = std::move(pair.point),
                                                .object = std::move(object),
                                                .public_key = std::move(public_key)}));
}

PrivateKey::PrivateKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

Result<PrivateKey> PrivateKey::generate(KeyAlgorithm algorithm) {
  if (algorithm == KeyAlgorithm::Rsa) {
    return fail(ErrorKind::Unsupported, "RSA keys verify here, they are not made");
  }
  NONO_TRY(Pair pair, random_pair(algorithm));
  return Impl::assemble(algorithm, std::move(pair));
}

Result<PrivateKey> PrivateKey::parse_text(const Secret& text) {
  NONO_TRY(const Secret der, unarmour_private(text));
  NONO_TRY(const PrivateParts parts, read_pkcs8(inside(der)));
  NONO_TRY(Bytes point, point_of(parts.algorithm, parts.secret));
  if (!claims(parts.algorithm, parts.inner_point, point) ||
      !claims(parts.algorithm, parts.outer_point, point)) {
    return fail(ErrorKind::InvalidInput,
                "private key: the public half stored with it belongs to another key");
  }
  return Impl::assemble(parts.algorithm,
                        Pair{.secret = Secret::copy_of(parts.secret), .point = std::move(point)});
}

const PublicKey& PrivateKey::public_key() const {
  return impl_->public_key;
}

Result<Bytes> PrivateKey::sign(Span message) const {
  const KeyAlgorithm algorithm = public_key().algorithm();
  const auto* const data = reinterpret_cast<const unsigned char*>(message.data());
  const ErrorQueue queue;
  const DigestContext context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (context == nullptr ||
      EVP_DigestSignInit_ex(context.get(), nullptr, shape_of(algorithm).digest, library_context(),
                            nullptr, impl_->object.get(), nullptr) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, data, message.size()) != 1) {
    return std::unexpected(queue.error(ErrorKind::Internal, "signing"));
  }
  Bytes signature(size);
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data,
                     message.size()) != 1) {
    return std::unexpected(queue.error(ErrorKind::Internal, "signing"));
  }
  signature.resize(size);
  return signature;
}

Result<Secret> PrivateKey::pkcs8_pem() const {
  const Secret der = write_pkcs8(public_key().algorithm(), inside(impl_->secret), impl_->point);
  std::string pem = pem_of("PRIVATE KEY", inside(der));
  return Secret::take(pem);
}

}  // namespace nono::crypto
