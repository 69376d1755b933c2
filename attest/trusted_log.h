// attest/trusted_log.h: one TransparencyLogInstance of a trusted root: a transparency log or a CT
// log. Internal to attest/.
#pragma once

#include <string_view>

#include "attest/trusted_root.h"
#include "base/json.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/keys.h"
#include "rekor/log_keyring.h"

namespace nono::attest {

enum class LogKind : unsigned char { Transparency, Certificate };

// note_key_id is the untruncated key id of C2SP signed-note: of the name and the key for Ed25519
// and RSA, of the SubjectPublicKeyInfo alone for ECDSA.
crypto::Sha256 note_key_id(std::string_view name, const crypto::PublicKey& key);

// LogInstance is a log, and its window to the millisecond.
struct LogInstance {
  rekor::Log log;
  Window window;
};

// read_log reads an instance whole. Its ids must be ids of its key: log_id SHA-256 of the
// SubjectPublicKeyInfo (RFC 6962, Rekor v1) or, for transparency logs, the note_key_id under the
// log's own name (Rekor v2). checkpointKeyId, whole or cut to its usual 4 bytes, is one of the two;
// where it is absent it is log_id, and where only it is there log_id is it. InvalidInput refuses
// the root; Unsupported is a sound instance with an algorithm that is not ours.
Result<LogInstance> read_log(const JsonView& view, LogKind kind);

}  // namespace nono::attest
