// ledger/key_chain.h: the session key of an audit log, which only moves forward.
//
// Line i is authenticated under k_i; k_{i+1} is a one-way function of k_i, and k_i is wiped when it
// is left. Whoever learns the key of a running session can forge what comes next, not what was.
// k_0 must be known to verify: where it is kept decides what verification proves
// (docs/format-audit.md).
#pragma once

#include <string_view>

#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/secret.h"

namespace nono::ledger {

class KeyChain {
 public:
  // generate makes a fresh k_0 of 256 bits from the operating system's generator.
  static Result<KeyChain> generate();
  // parse takes a key file: 64 lower-case hexadecimal digits and a newline; anything else is
  // InvalidInput, and nothing of it is repeated in the message.
  static Result<KeyChain> parse(std::string_view key_file);

  // file_text is the key as parse takes it: k_0 as long as step was not called.
  crypto::Secret file_text() const;
  // identity names the key without giving it away; it stands in the first line of a log.
  crypto::Sha256 identity() const;
  // mac is HMAC-SHA-256 (RFC 2104) of `text` under the present key.
  crypto::Sha256 mac(std::string_view text) const;
  // step goes on to the next key and wipes the present one.
  void step();

 private:
  explicit KeyChain(crypto::Secret key) : key_(std::move(key)) {}
  crypto::Secret key_;
};

}  // namespace nono::ledger
