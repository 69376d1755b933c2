// engine/user_policy.h: edits of trust-policy.json, the user's own and a new project's.
//
// An edit holds a lock on the user's directory, reads the policy strictly and only where it would
// be believed (trustpolicy/trusted_file.h), changes the parsed document, checks that what would be
// written parses again, and replaces the file atomically: two edits at once both count, and a
// failure leaves the old file. Where a symbolic link leads to the policy, the file that it leads to
// is replaced and the link stays.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "engine/directories.h"
#include "trustpolicy/document.h"

namespace nono::engine {

using EditDocument = std::function<Result<void>(trustpolicy::Document&)>;

// edit_user_policy applies `edit` to the user's policy, or to Document::bare() where there is
// none yet. Its error is returned and nothing is written. PermissionDenied where others own the
// policy or can write it or its directory. NotFound where a link leads nowhere. Exhausted where
// another process holds the lock for ten seconds.
Result<void> edit_user_policy(const UserDirectories& user, const EditDocument& edit);

enum class Overwrite : unsigned char { No, Yes };

// FirstPolicy is what a policy begins with: `includes` in place of the usual patterns where there
// are any, and publishers, who count in a project's policy as docs/format-trust-policy.md says.
struct FirstPolicy {
  std::vector<std::string> includes = {};
  std::vector<trustpolicy::Publisher> publishers = {};
};

// write_first_policy writes Document::starter() with what is given to `path`. Something there
// already is Usage unless overwriting was asked for.
Result<void> write_first_policy(const std::string& path, const FirstPolicy& first,
                                Overwrite overwrite, mode_t mode);

// write_first_user_policy does that for the user's own policy, in a directory that is made where it
// is missing. Where a symbolic link leads to the policy to be overwritten, the file that it leads
// to is replaced as by an edit: NotFound where it leads nowhere, PermissionDenied where what is
// there would not be believed.
Result<void> write_first_user_policy(const UserDirectories& user, const FirstPolicy& first,
                                     Overwrite overwrite);

// What `trust block` is told: 64 hexadecimal digits of either case (with or without "sha256:"), or
// a file. Usage where it is neither.
Result<crypto::Sha256> digest_to_block(const std::string& digest_or_file);

enum class Edited : unsigned char { Changed, AlreadySo };

// block_digest and block_publisher add to the user's blocklist, dated by `clock`.
Result<Edited> block_digest(const UserDirectories& user, const crypto::Sha256& digest,
                            const std::string& description, const Clock& clock);
Result<Edited> block_publisher(const UserDirectories& user, const std::string& identity,
                               const std::string& reason, const Clock& clock);

}  // namespace nono::engine
