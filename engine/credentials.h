// engine/credentials.h: the values that a run puts into its variables.
//
// Read outside the sandbox, before anything is started, and shown to nobody: messages, notes and
// records have the variable and the source. Whoever writes a profile decides what is read, so that
// a file is taken only where a grant of it would be, and under its own name only: a link in a tree
// that an agent could write would lead to what it was never granted. The agent has the value then,
// and can send it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/secret.h"
#include "profile/credentials.h"
#include "profile/never_grant.h"
#include "trustpolicy/guard.h"

namespace nono::engine {

inline constexpr std::size_t kMaxCredentialBytes = 64u << 10;

// CredentialRules is what keeps a file from being handed on. Borrowed.
struct CredentialRules {
  const profile::NeverGrantList& never;
  const trustpolicy::GuardedNames& guard;
};

// check_credential judges the source and looks whether it is there; of a file nothing is read yet,
// and the keystore is not asked. NotFound, PermissionDenied, InvalidInput (a file that is none, a
// link, too large) name variable and source.
Result<void> check_credential(const profile::Credential& wanted, const CredentialRules& rules);

// read_credential is check_credential, and the value: up to kMaxCredentialBytes without NUL, not
// empty, one newline at the end cut off. The keystore is asked by a child, which must be forked
// while the process has one thread; it may wait for the user to unlock it.
Result<crypto::Secret> read_credential(const profile::Credential& wanted,
                                       const CredentialRules& rules);

}  // namespace nono::engine
