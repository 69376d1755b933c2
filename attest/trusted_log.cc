// attest/trusted_log.cc: see trusted_log.h.
#include "attest/trusted_log.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "attest/bundle_json.h"
#include "attest/key_details.h"
#include "attest/proto_object.h"
#include "base/text.h"

namespace nono::attest {

namespace {

// The raw point of an Ed25519 key ends its SubjectPublicKeyInfo (RFC 8410 section 4).
constexpr std::size_t kEd25519Bytes = 32;
// A note carries this much of a key id.
constexpr std::size_t kHintBytes = 4;

struct GivenId {
  JsonView view;
  Bytes bytes;
};

struct GivenIds {
  std::optional<GivenId> log;
  std::optional<GivenId> checkpoint;
};

Result<std::optional<GivenId>> read_id(const ProtoObject& log, std::string_view name) {
  const JsonView* message = log.maybe(name);
  if (message == nullptr) {
    return std::nullopt;
  }
  NONO_TRY(const ProtoObject id, ProtoObject::read(*message, {"keyId"}));
  NONO_TRY(const JsonView key_id, id.at("keyId"));
  NONO_TRY(Bytes bytes, read_base64(key_id));
  return GivenId{key_id, std::move(bytes)};
}

Result<GivenIds> read_ids(const ProtoObject& log, LogKind kind) {
  GivenIds ids;
  NONO_TRY(ids.log, read_id(log, "logId"));
  NONO_TRY(ids.checkpoint, read_id(log, "checkpointKeyId"));
  if (ids.log && ids.log->bytes.size() != crypto::Sha256::kSize) {
    return std::unexpected(ids.log->view.error("must be 32 bytes"));
  }
  if (ids.checkpoint && ids.checkpoint->bytes.size() != crypto::Sha256::kSize &&
      ids.checkpoint->bytes.size() != kHintBytes) {
    return std::unexpected(ids.checkpoint->view.error("must be 4 or 32 bytes"));
  }
  if (!ids.log && (!ids.checkpoint || kind == LogKind::Certificate)) {
    NONO_CHECK(log.at("logId"));
  }
  return ids;
}

bool is_head_of(std::span<const std::byte> head, const crypto::Sha256& id) {
  return std::ranges::equal(head, id.bytes().first(head.size()));
}

// match_id finds which id of the log's key was given.
Result<crypto::Sha256> match_id(const GivenId& given, const rekor::Log& log, LogKind kind) {
  if (is_head_of(given.bytes, log.key.fingerprint())) {
    return log.key.fingerprint();
  }
  if (kind == LogKind::Transparency) {
    const crypto::Sha256 id = note_key_id(log.host(), log.key);
    if (is_head_of(given.bytes, id)) {
      return id;
    }
  }
  return std::unexpected(given.view.error("is not the id of this log's key"));
}

Result<void> settle_ids(rekor::Log& log, const GivenIds& given, LogKind kind) {
  if (given.log) {
    NONO_TRY(log.log_id, match_id(*given.log, log, kind));
    log.checkpoint_key_id = log.log_id;
  }
  // Certificates are checked against SCTs, never against a checkpoint of their log.
  if (given.checkpoint && kind == LogKind::Transparency) {
    NONO_TRY(log.checkpoint_key_id, match_id(*given.checkpoint, log, kind));
    if (!given.log) {
      log.log_id = log.checkpoint_key_id;
    }
  }
  return {};
}

Result<void> check_hash(const ProtoObject& log) {
  NONO_TRY(const JsonView view, log.at("hashAlgorithm"));
  NONO_TRY(const ProtoEnum hash, read_enum(view));
  if (hash.is("SHA2_256", 1)) {
    return {};
  }
  if (hash.is("HASH_ALGORITHM_UNSPECIFIED", 0)) {
    return std::unexpected(view.error("must not be unspecified"));
  }
  return fail(ErrorKind::Unsupported,
              "hashAlgorithm " + printable(hash.shown()) + " is not SHA2_256");
}

struct GivenKey {
  Bytes raw;
  JsonView details;
  Window window;
};

Result<GivenKey> read_key(const ProtoObject& log) {
  NONO_TRY(const JsonView view, log.at("publicKey"));
  NONO_TRY(const ProtoObject key, ProtoObject::read(view, {"rawBytes", "keyDetails", "validFor"}));
  NONO_TRY(const JsonView raw_view, key.at("rawBytes"));
  NONO_TRY(Bytes raw, read_base64(raw_view));
  NONO_TRY(const JsonView details, key.at("keyDetails"));
  NONO_TRY(const JsonView range, key.at("validFor"));
  NONO_TRY(const Window window, read_window(range));
  return GivenKey{std::move(raw), details, window};
}

}  // namespace

crypto::Sha256 note_key_id(std::string_view name, const crypto::PublicKey& key) {
  if (key.algorithm() != crypto::KeyAlgorithm::Ed25519 &&
      key.algorithm() != crypto::KeyAlgorithm::Rsa) {
    return key.fingerprint();
  }
  crypto::Sha256Hasher hasher;
  hasher.add(name);
  if (key.algorithm() == crypto::KeyAlgorithm::Rsa) {
    hasher.add("\n\xffPKIX-RSA-PKCS#1v1.5");
    hasher.add(key.spki_der());
  } else {
    hasher.add("\n\x01");
    hasher.add(std::span(key.spki_der()).last(kEd25519Bytes));
  }
  return std::move(hasher).finish();
}

// What has a known shape is read before what may be unsupported: an instance that is left out is
// well-formed otherwise.
Result<LogInstance> read_log(const JsonView& view, LogKind kind) {
  NONO_TRY(const ProtoObject object,
           ProtoObject::read(view, {"baseUrl", "hashAlgorithm", "publicKey", "logId",
                                    "checkpointKeyId", "operator"}));
  NONO_TRY(std::string base_url, object.text("baseUrl"));
  NONO_TRY(std::string operator_name, object.text("operator"));
  NONO_TRY(const GivenIds ids, read_ids(object, kind));
  NONO_TRY(const GivenKey given, read_key(object));
  NONO_CHECK(check_hash(object));
  NONO_TRY(crypto::PublicKey key, read_log_key(given.details, given.raw));
  rekor::Log log{.base_url = std::move(base_url),
                 .operator_name = std::move(operator_name),
                 .log_id = key.fingerprint(),
                 .checkpoint_key_id = key.fingerprint(),
                 .key = key,
                 .valid_from = given.window.start,
                 .valid_until = given.window.end};
  NONO_CHECK(settle_ids(log, ids, kind));
  return LogInstance{std::move(log), given.window};
}

}  // namespace nono::attest
