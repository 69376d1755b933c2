// rekor/log_keyring.cc: promise, checkpoint and proof of an entry, against the logs that are
// trusted. Sources: RFC 6962, C2SP signed-note and tlog-checkpoint, rekor, rekor-tiles.
#include "rekor/log_keyring.h"

#include <array>
#include <cstddef>
#include <iterator>
#include <string_view>

#include "base/clock.h"
#include "crypto/merkle.h"
#include "rekor/body.h"
#include "rekor/checkpoint.h"

namespace nono::rekor {

namespace {

using Verdict = std::expected<void, LogError>;
using Hint = std::array<std::byte, 4>;

constexpr std::size_t kShownBytes = 100;  // of a foreign name in a sentence

std::unexpected<LogError> refuse(LogFault fault, std::string detail) {
  return std::unexpected(LogError{fault, std::move(detail)});
}

std::string in_quotes(std::string_view foreign) {
  std::string text = "\"";
  text += foreign.substr(0, kShownBytes);
  return text += '"';
}

std::string rfc3339(Time at) {
  // Instant ends in 2262; what a log promises past that is shown in seconds.
  constexpr Time kLast = std::chrono::floor<std::chrono::seconds>(Instant::max());
  if (at < Time{} || at > kLast) {
    return std::to_string(at.time_since_epoch().count()) + " s since 1970";
  }
  return format_rfc3339(at);
}

std::string window_of(const Log& log) {
  const auto last = log.last_second();
  return rfc3339(log.first_second()) + " to " + (last ? rfc3339(*last) : std::string("now"));
}

Hint head_of(const crypto::Sha256& digest) {
  Hint hint;
  std::ranges::copy(digest.bytes().first(hint.size()), hint.begin());
  return hint;
}

// The key hash of a verifier's name and key. Rekor v1 takes the key alone whatever its algorithm;
// so does C2SP signed-note for ECDSA.
Hint key_hint(Generation generation, std::string_view name, const crypto::PublicKey& key) {
  using crypto::KeyAlgorithm;
  constexpr std::size_t kEd25519Bytes = 32;
  const std::span<const std::byte> spki = key.spki_der();
  crypto::Sha256Hasher hasher;
  hasher.add(name);
  if (generation == Generation::V2 && key.algorithm() == KeyAlgorithm::Ed25519) {
    hasher.add("\n\x01");
    hasher.add(spki.last(kEd25519Bytes));  // the SPKI ends with the raw key (RFC 8410)
    return head_of(std::move(hasher).finish());
  }
  if (generation == Generation::V2 && key.algorithm() == KeyAlgorithm::Rsa) {
    hasher.add("\n\xffPKIX-RSA-PKCS#1v1.5");
    hasher.add(spki);
    return head_of(std::move(hasher).finish());
  }
  return head_of(key.fingerprint());
}

// shard_host returns the host of the origin "HOST - TREE" of a Rekor v1 log; nothing for any other
// origin.
std::optional<std::string_view> shard_host(std::string_view origin) {
  constexpr std::string_view kDash = " - ";
  constexpr std::string_view kDigits = "0123456789";
  const std::size_t dash = origin.rfind(kDash);
  if (dash == std::string_view::npos || dash == 0) {
    return std::nullopt;
  }
  const std::string_view tree = origin.substr(dash + kDash.size());
  if (tree.empty() || tree.find_first_not_of(kDigits) != std::string_view::npos) {
    return std::nullopt;
  }
  return origin.substr(0, dash);
}

// is_address reports whether a base URL names no host but an address, as of a log on a machine of
// one's own: 127.0.0.1:3000, [::1]:3000, localhost:3000.
bool is_address(std::string_view host) {
  const std::string_view name = host.substr(0, host.find_first_of(":/"));
  return host.starts_with('[') || name == "localhost" ||
         name.find_first_not_of("0123456789.") == std::string_view::npos;
}

// origin_name returns the name under which this log must have signed: that of its base URL. A v1
// log behind a bare address has no name that the trusted root knows; its key alone, which stands in
// the hint, tells it from others.
std::expected<std::string_view, LogError> origin_name(const Log& log, Generation generation,
                                                      std::string_view origin) {
  const std::optional<std::string_view> host = shard_host(origin);
  if (generation == Generation::V1) {
    if (!host) {
      return refuse(LogFault::CheckpointInvalid,
                    "the origin of the checkpoint, " + in_quotes(origin) +
                        ", is not \"HOST - TREE\" as of a Rekor v1 log, which the entry is of");
    }
    const std::string known = log.host();
    const std::string_view name = std::string_view(known).substr(0, known.find_first_of(":/"));
    if (!is_address(known) && *host != name) {
      return refuse(LogFault::CheckpointInvalid, "the origin of the checkpoint, " +
                                                     in_quotes(origin) + ", is not of the log " +
                                                     in_quotes(known));
    }
    return *host;
  }
  if (host || origin != log.host()) {
    return refuse(LogFault::CheckpointInvalid,
                  "the origin of the checkpoint, " + in_quotes(origin) +
                      ", is not the name of the log, " + in_quotes(log.host()));
  }
  return origin;
}

// Lines under other names or hints are of witnesses or of keys that are not ours to judge. Each of
// ours must be good: one that is not was made by somebody who hopes that we look at another.
Verdict check_signatures(const Log& log, const Checkpoint& checkpoint, std::string_view name,
                         const Hint& hint) {
  const NoteSignature* good = nullptr;
  for (const NoteSignature& line : checkpoint.signatures) {
    if (line.name != name || line.hint != hint) {
      continue;
    }
    const bool repeated = good != nullptr && good->signature == line.signature;
    if (!repeated && !log.key.verifies(as_bytes(checkpoint.text), line.signature)) {
      return refuse(LogFault::CheckpointInvalid,
                    "the signature of " + in_quotes(name) +
                        " on the checkpoint does not verify with the key of the log");
    }
    good = &line;
  }
  if (good == nullptr) {
    return refuse(LogFault::CheckpointInvalid,
                  "none of the " + std::to_string(checkpoint.signatures.size()) +
                      " signatures of the checkpoint is by " + in_quotes(name) +
                      " with the key of the log (hint " + hex_encode(hint) + ")");
  }
  return {};
}

std::expected<Checkpoint, LogError> check_checkpoint(const Log& log, Generation generation,
                                                     std::string_view note) {
  if (note.empty()) {
    return refuse(LogFault::CheckpointInvalid, "the inclusion proof carries no checkpoint");
  }
  Result<Checkpoint> checkpoint = Checkpoint::parse(note);
  if (!checkpoint) {
    return refuse(LogFault::CheckpointInvalid, checkpoint.error().message());
  }
  NONO_TRY(const std::string_view name, origin_name(log, generation, checkpoint->origin));
  NONO_CHECK(check_signatures(log, *checkpoint, name, key_hint(generation, name, log.key)));
  return *std::move(checkpoint);
}

Verdict check_proof(const Log& log, Generation generation, const LogEntry& entry,
                    const InclusionProof& proof) {
  NONO_TRY(const Checkpoint checkpoint, check_checkpoint(log, generation, proof.checkpoint));
  if (proof.tree_size != checkpoint.size) {
    return refuse(LogFault::ProofInvalid,
                  "the inclusion proof is for a tree of " + std::to_string(proof.tree_size) +
                      " entries, the checkpoint of one of " + std::to_string(checkpoint.size));
  }
  if (proof.root != checkpoint.root) {
    return refuse(LogFault::ProofInvalid, "the inclusion proof names the root hash " +
                                              proof.root.hex() + ", the checkpoint " +
                                              checkpoint.root.hex());
  }
  if (generation == Generation::V2 && entry.log_index != proof.log_index) {
    return refuse(LogFault::ProofInvalid,
                  "the log entry says index " + std::to_string(entry.log_index) +
                      ", its inclusion proof " + std::to_string(proof.log_index));
  }
  const crypto::Sha256 leaf = crypto::merkle_leaf(entry.body);
  const auto root = crypto::merkle_root(proof.log_index, checkpoint.size, leaf, proof.path);
  if (!root) {
    return refuse(LogFault::ProofInvalid,
                  "an inclusion proof of " + std::to_string(proof.path.size()) +
                      " hashes is none of entry " + std::to_string(proof.log_index) +
                      " in a tree of " + std::to_string(checkpoint.size));
  }
  if (*root != checkpoint.root) {
    return refuse(LogFault::ProofInvalid, "the inclusion proof leads to the root hash " +
                                              root->hex() + ", the checkpoint says " +
                                              checkpoint.root.hex());
  }
  return {};
}

// What a Rekor v1 log signs when it promises: canonical JSON (RFC 8785).
std::string promised_text(const LogEntry& entry, std::int64_t integrated_time) {
  std::string text = R"({"body":")" + base64_encode(entry.body);
  text += R"(","integratedTime":)" + std::to_string(integrated_time);
  text += R"(,"logID":")" + entry.log_id.hex();
  text += R"(","logIndex":)" + std::to_string(entry.log_index);
  return text += '}';
}

Verdict check_promise(const Log& log, const LogEntry& entry, Time integrated_at) {
  const std::string text = promised_text(entry, integrated_at.time_since_epoch().count());
  if (!entry.promise || !log.key.verifies(as_bytes(text), *entry.promise)) {
    return refuse(LogFault::PromiseInvalid,
                  "the signed entry timestamp does not verify with the key of " +
                      in_quotes(log.host()) + " over the body, the index " +
                      std::to_string(entry.log_index) + ", the log id and the time " +
                      rfc3339(integrated_at));
  }
  return {};
}

// check_evidence holds what must be there against what is there, before any signature is looked at.
Verdict check_evidence(Generation generation, const LogEntry& entry) {
  if (generation == Generation::V2) {
    if (entry.promise) {
      return refuse(LogFault::PromiseInvalid,
                    "the log entry is of Rekor v2, which promises nothing, and carries a signed "
                    "entry timestamp");
    }
    if (!entry.proof) {
      return refuse(LogFault::ProofMissing,
                    "the log entry is of Rekor v2 and carries no inclusion proof");
    }
    return {};
  }
  if (!entry.promise && !entry.proof) {
    return refuse(LogFault::ProofMissing,
                  "the log entry carries neither a signed entry timestamp nor an inclusion proof");
  }
  if (entry.promise && !entry.integrated_time) {
    return refuse(
        LogFault::PromiseInvalid,
        "the log entry carries a signed entry timestamp without the time that it is over");
  }
  return {};
}

// promised_time is not true before the promise verified; without one a time is worth nothing.
std::optional<Time> promised_time(const LogEntry& entry) {
  if (!entry.promise || !entry.integrated_time) {
    return std::nullopt;
  }
  return Time{std::chrono::seconds{*entry.integrated_time}};
}

// proven_index is what the log signed: with its promise, else by the proof.
std::uint64_t proven_index(const LogEntry& entry) {
  return entry.proof && !entry.promise ? entry.proof->log_index : entry.log_index;
}

Verdict check_in(const Log& log, Generation generation, const LogEntry& entry) {
  if (const std::optional<Time> at = promised_time(entry)) {
    if (!log.valid_at(*at)) {
      return refuse(LogFault::UnknownLog, "the log " + in_quotes(log.host()) + " is trusted from " +
                                              window_of(log) + ", the entry was integrated at " +
                                              rfc3339(*at));
    }
    NONO_CHECK(check_promise(log, entry, *at));
  }
  if (entry.proof) {
    NONO_CHECK(check_proof(log, generation, entry, *entry.proof));
  }
  return {};
}

// A log whose key was renewed stands in a trusted root more than once, as does one whose window
// was closed and opened again; the id tells neither apart.
std::vector<Log> with_id(std::span<const Log> logs, const crypto::Sha256& id) {
  std::vector<Log> found;
  std::ranges::copy_if(logs, std::back_inserter(found), [&](const Log& log) {
    return log.log_id == id || log.checkpoint_key_id == id;
  });
  return found;
}

std::vector<Log> instances_of(const Log& log, std::span<const Log> candidates) {
  std::vector<Log> found;
  std::ranges::copy_if(candidates, std::back_inserter(found), [&](const Log& other) {
    return other.key.fingerprint() == log.key.fingerprint() && other.host() == log.host();
  });
  return found;
}

}  // namespace

std::string Log::host() const {
  std::string_view name = base_url;
  const std::size_t scheme_end = name.find("://");
  if (scheme_end != std::string_view::npos) {
    name.remove_prefix(scheme_end + 3);
  }
  while (name.ends_with('/')) {
    name.remove_suffix(1);
  }
  return std::string(name);
}

std::expected<LoggedEntry, LogError> LogKeyring::check(const LogEntry& entry,
                                                       const Submission& submission) const {
  const std::vector<Log> candidates = with_id(logs_, entry.log_id);
  if (candidates.empty()) {
    return refuse(LogFault::UnknownLog,
                  "no trusted log has the id " + entry.log_id.hex() + " of the log entry");
  }
  NONO_TRY(const Generation generation, generation_of(entry));
  NONO_CHECK(match_body(entry, submission));
  NONO_CHECK(check_evidence(generation, entry));
  LogError fault{LogFault::UnknownLog, {}};
  for (const Log& log : candidates) {
    const Verdict verdict = check_in(log, generation, entry);
    if (verdict) {
      return LoggedEntry(log, proven_index(entry), promised_time(entry), entry.proof.has_value(),
                         instances_of(log, candidates));
    }
    // Of several instances, one whose window fits says best what is wrong.
    if (fault.fault == LogFault::UnknownLog) {
      fault = verdict.error();
    }
  }
  return std::unexpected(std::move(fault));
}

}  // namespace nono::rekor
