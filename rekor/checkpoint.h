// rekor/checkpoint.h: the signed tree head of a log, a signed note (C2SP signed-note,
// tlog-checkpoint). Untrusted until a log's key verifies it.
//
// Strict: the text ends before the last blank line; every signature line is "— NAME BASE64\n" with
// U+2014; at least one and at most 100 of them; origin, decimal size without leading zeros,
// standard padded base64 of a 32-byte root; further lines may follow. No control characters but
// line feeds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/result.h"
#include "crypto/digest.h"

namespace nono::rekor {

struct NoteSignature {
  std::string name;
  std::array<std::byte, 4> hint;  // key hash
  Bytes signature;                // what follows the hint
};

struct Checkpoint {
  static constexpr std::size_t kMaxBytes = 64u << 10;
  static constexpr std::size_t kMaxSignatures = 100;

  std::string text;  // what is signed, with its last line feed
  std::string origin;
  std::uint64_t size = 0;
  crypto::Sha256 root;
  std::vector<NoteSignature> signatures;

  static Result<Checkpoint> parse(std::string_view note);
};

}  // namespace nono::rekor
