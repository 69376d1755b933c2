// ledger/key_chain.cc: HMAC with three labels that no audit line can equal (a line starts with {).
#include "ledger/key_chain.h"

#include <string.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "base/encoding.h"

namespace nono::ledger {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::string_view kNextLabel = "nono.audit.key.next/1";
constexpr std::string_view kIdentityLabel = "nono.audit.key.identity/1";

crypto::SecretAccess access() {
  return crypto::SecretAccess::i_will_not_log_or_store_this();
}

void wipe(std::span<std::byte> bytes) {
  ::explicit_bzero(bytes.data(), bytes.size());
}

}  // namespace

Result<KeyChain> KeyChain::generate() {
  NONO_TRY(crypto::Secret key, crypto::Secret::random(kKeySize));
  return KeyChain(std::move(key));
}

Result<KeyChain> KeyChain::parse(std::string_view key_file) {
  const auto malformed = [] {
    return fail(ErrorKind::InvalidInput,
                "not a session key: must be 64 lower-case hexadecimal digits and a newline");
  };
  if (key_file.size() != 2 * kKeySize + 1 || !key_file.ends_with('\n')) {
    return malformed();
  }
  const std::string_view digits = key_file.substr(0, 2 * kKeySize);
  auto raw = hex_decode(digits);
  if (!raw || digits.find_first_of("ABCDEF") != std::string_view::npos) {
    return malformed();
  }
  KeyChain chain(crypto::Secret::copy_of(*raw));
  wipe(*raw);
  return chain;
}

crypto::Secret KeyChain::file_text() const {
  std::string text;
  text.reserve(2 * kKeySize + 1);  // no reallocation may leave a copy behind
  std::string digits = hex_encode(key_.bytes(access()));
  text += digits;
  text += '\n';
  ::explicit_bzero(digits.data(), digits.size());
  return crypto::Secret::take(text);
}

crypto::Sha256 KeyChain::identity() const {
  return mac(kIdentityLabel);
}

crypto::Sha256 KeyChain::mac(std::string_view text) const {
  const auto digest = crypto::Sha256::from_raw(crypto::hmac_sha256(key_, as_bytes(text)));
  if (!digest) {
    std::abort();
  }
  return *digest;
}

void KeyChain::step() {
  std::vector<std::byte> next = crypto::hmac_sha256(key_, as_bytes(kNextLabel));
  key_ = crypto::Secret::copy_of(next);
  wipe(next);
}

}  // namespace nono::ledger
