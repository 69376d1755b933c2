// crypto/timestamp_request.h: what a timestamp authority is asked (TimeStampReq, RFC 3161 section
// 2.4.1): version 1, SHA-256 of the message, a nonce, and that the signer's certificate come along.
#pragma once

#include <cstddef>
#include <span>

#include "base/encoding.h"
#include "base/result.h"
#include "crypto/digest.h"

namespace nono::crypto {

struct TimestampRequest {
  Bytes der;
  // nonce is the INTEGER's magnitude, big-endian, as TimestampToken::nonce() gives it back: an
  // answer that bears another one was made for another request.
  Bytes nonce;

  // about draws a nonce of eight bytes from the operating system's generator.
  static Result<TimestampRequest> about(std::span<const std::byte> message);
  // with takes the nonce (big-endian; zeros before it do not count, and at least one byte is left).
  static TimestampRequest with(const Sha256& imprint, std::span<const std::byte> nonce);
};

}  // namespace nono::crypto
