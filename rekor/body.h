// rekor/body.h: what a log says that it holds (canonicalizedBody), and whether that is about a
// submission. Internal to rekor/.
//
// A body is untrusted until a promise or a proof of its log covers it; the comparison does not wait
// for that, because it is cheap and names faults better. Kinds that are read: hashedrekord 0.0.1,
// dsse 0.0.1 and intoto 0.0.2 of Rekor v1, hashedrekord 0.0.2 of Rekor v2. intoto 0.0.1 holds no
// signature and would bind a key and a payload only; dsse 0.0.2 was withdrawn. Members beyond those
// of the kind are refused: what we would skip, another reader may take for the entry's subject.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/keys.h"
#include "rekor/log_entry.h"
#include "rekor/log_keyring.h"

namespace nono::rekor {

// Envelopes are logged without their payload, but for a few old intoto entries.
inline constexpr std::size_t kMaxBodyBytes = 1u << 20;

// Generation of the log's software: v1 promises and proves, v2 only proves.
enum class Generation : unsigned char { V1, V2 };

// generation_of tells it from what the entry says of its kind; a kind that is not read is
// Unsupported.
std::expected<Generation, LogError> generation_of(const LogEntry& entry);

// match_body reports whether the entry's body is of the kind that the entry says, and about this
// signature, this key and this artifact or envelope: Malformed, EntryMismatch or Unsupported.
// A body of Rekor v2 must also equal canonical_hashedrekord() byte for byte.
std::expected<void, LogError> match_body(const LogEntry& entry, const Submission& submission);

// key_details is the name of the key with its usual signature scheme in protobuf-specs
// (PublicKeyDetails), as Rekor v2 logs it; nothing for a size of RSA key that has no name there.
std::optional<std::string_view> key_details(const crypto::PublicKey& key);

// canonical_hashedrekord is the canonical JSON (RFC 8785) of the hashedrekord 0.0.2 that Rekor v2
// makes of a submission; nothing where the key has no details or the digest that goes with the key
// is not known.
std::optional<std::string> canonical_hashedrekord(const Submission& submission);

}  // namespace nono::rekor
