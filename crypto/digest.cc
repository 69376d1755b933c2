// crypto/digest.cc: SHA-2 through OpenSSL's fetched methods.
#include "crypto/digest.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "crypto/hash_names.h"
#include "crypto/openssl_handles.h"

namespace nono::crypto {
namespace {

constexpr std::size_t kReadSize = 64u << 10;
constexpr std::size_t kShortDigits = 16;

void hash_into(HashAlgorithm algorithm, std::span<const std::byte> data, unsigned char* out) {
  const ErrorQueue queue;
  stop_unless(
      EVP_Digest(data.data(), data.size(), out, nullptr, digest_method(algorithm), nullptr) == 1,
      "OpenSSL does not hash");
}

Result<std::size_t> read_at(BorrowedFd fd, std::span<std::byte> buffer, std::uint64_t offset) {
  while (true) {
    const ssize_t got = ::pread(fd.raw(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (got >= 0) {
      return static_cast<std::size_t>(got);
    }
    if (const int saved = errno; saved != EINTR) {
      return fail_errno(saved, "reading a sealed copy");
    }
  }
}

}  // namespace

Bytes hash(HashAlgorithm algorithm, std::span<const std::byte> data) {
  Bytes out(digest_size(algorithm));
  hash_into(algorithm, data, reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

Sha256 Sha256::of(std::span<const std::byte> data) {
  Sha256 digest;
  hash_into(HashAlgorithm::Sha256, data, digest.bytes_.data());
  return digest;
}

Sha256 Sha256::of(std::string_view text) {
  return of(as_bytes(text));
}

Result<Sha256> Sha256::of(const SealedFile& file) {
  Sha256Hasher hasher;
  std::vector<std::byte> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), kReadSize)));
  std::uint64_t done = 0;
  while (done < file.size()) {
    NONO_TRY(const std::size_t got, read_at(file.fd(), buffer, done));
    if (got == 0) {
      return fail(ErrorKind::Internal, "a sealed copy is shorter than it was: " + file.shown_as());
    }
    hasher.add(std::span(buffer).first(got));
    done += got;
  }
  return std::move(hasher).finish();
}

std::optional<Sha256> Sha256::from_raw(std::span<const std::byte> raw) {
  if (raw.size() != kSize) {
    return std::nullopt;
  }
  Sha256 digest;
  std::ranges::transform(raw, digest.bytes_.begin(),
                         [](std::byte value) { return std::to_integer<std::uint8_t>(value); });
  return digest;
}

std::optional<Sha256> Sha256::parse_hex(std::string_view text) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'F'; };
  if (text.size() != 2 * kSize || std::ranges::any_of(text, is_upper)) {
    return std::nullopt;
  }
  const auto raw = hex_decode(text);
  return raw ? from_raw(*raw) : std::nullopt;
}

std::string Sha256::hex() const {
  return hex_encode(bytes());
}

std::string Sha256::short_form() const {
  return "SHA256:" + hex().substr(0, kShortDigits);
}

struct Sha256Hasher::Impl {
  DigestContext context;
};

Sha256Hasher::Sha256Hasher() : impl_(std::make_unique<Impl>()) {
  const ErrorQueue queue;
  impl_->context.reset(EVP_MD_CTX_new());
  stop_unless(impl_->context != nullptr &&
                  EVP_DigestInit_ex2(impl_->context.get(), digest_method(HashAlgorithm::Sha256),
                                     nullptr) == 1,
              "OpenSSL does not hash");
}

Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;
Sha256Hasher::~Sha256Hasher() = default;

void Sha256Hasher::add(std::span<const std::byte> data) {
  const ErrorQueue queue;
  stop_unless(EVP_DigestUpdate(impl_->context.get(), data.data(), data.size()) == 1,
              "OpenSSL does not hash");
}

void Sha256Hasher::add(std::string_view text) {
  add(as_bytes(text));
}

Sha256 Sha256Hasher::finish() && {
  const ErrorQueue queue;
  Sha256 digest;
  stop_unless(EVP_DigestFinal_ex(impl_->context.get(), digest.bytes_.data(), nullptr) == 1,
              "OpenSSL does not hash");
  return digest;
}

}  // namespace nono::crypto
