// crypto/timestamp_request.cc: TimeStampReq in DER.
#include "crypto/timestamp_request.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "crypto/der.h"
#include "crypto/secret.h"

namespace nono::crypto {

namespace {

constexpr std::size_t kNonceBytes = 8;
// 2.16.840.1.101.3.4.2.1 (id-sha256)
constexpr std::array<std::uint8_t, 9> kSha256Oid{0x60, 0x86, 0x48, 0x01, 0x65,
                                                 0x03, 0x04, 0x02, 0x01};
constexpr std::byte kTrue{0xFF};

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

// A positive INTEGER has a zero byte before a first byte that would read as a sign.
Bytes unsigned_integer(const Bytes& magnitude) {
  const bool reads_as_sign = std::to_integer<unsigned>(magnitude.front()) >= 0x80U;
  return der_element(DerTag::Integer, reads_as_sign ? joined({Bytes(1), magnitude}) : magnitude);
}

}  // namespace

Result<TimestampRequest> TimestampRequest::about(std::span<const std::byte> message) {
  // A nonce is no secret; the generator is the one that there is.
  NONO_TRY(const Secret nonce, Secret::random(kNonceBytes));
  return with(Sha256::of(message), nonce.bytes(SecretAccess::i_will_not_log_or_store_this()));
}

TimestampRequest TimestampRequest::with(const Sha256& imprint, std::span<const std::byte> nonce) {
  const auto first = std::ranges::find_if(nonce, [](std::byte b) { return b != std::byte{0}; });
  Bytes magnitude = first == nonce.end() ? Bytes(1) : Bytes(first, nonce.end());
  const Bytes algorithm = der_element(
      DerTag::Sequence,
      joined({der_element(DerTag::ObjectIdentifier, std::as_bytes(std::span(kSha256Oid))),
              der_element(DerTag::Null, {})}));
  const Bytes message_imprint = der_element(
      DerTag::Sequence, joined({algorithm, der_element(DerTag::OctetString, imprint.bytes())}));
  const Bytes body =
      joined({unsigned_integer({std::byte{1}}), message_imprint, unsigned_integer(magnitude),
              der_element(DerTag::Boolean, std::span(&kTrue, 1))});
  return {.der = der_element(DerTag::Sequence, body), .nonce = std::move(magnitude)};
}

}  // namespace nono::crypto
