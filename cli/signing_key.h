// cli/signing_key.h: the key that --key and --keyref name, for the commands that sign.
#pragma once

#include <array>
#include <string>

#include "base/result.h"
#include "cli/session.h"
#include "crypto/keys.h"
#include "engine/key_store.h"

namespace nono::cli {

inline constexpr Option kKeyOption{
    "key",          'k', "NAME", "sign with this key of yours (default: default)", Takes::OneValue,
    Completes::Keys};
inline constexpr Option kKeyrefOption{
    "keyref", 0, "REF", "sign with the key at keystore://ID or file:///PATH", Takes::OneValue};

struct SigningKey {
  crypto::PrivateKey key;
  std::string shown;  // its name, or its reference
  bool made = false;  // just now: it was the first
};

// signing_key loads the key. Where none is named and there is no key `default`, that key is made,
// and a note says where.
Result<SigningKey> signing_key(const Arguments& arguments, Session& session);

// warn_if_foreign notes that nobody who trusts only the user's own keys will accept this one.
Result<void> warn_if_foreign(const SigningKey& key, Session& session);

}  // namespace nono::cli
