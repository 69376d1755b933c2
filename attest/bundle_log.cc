// attest/bundle_log.cc: the transparency-log entries of a bundle.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attest/bundle_json.h"

namespace nono::attest {

namespace {

constexpr std::size_t kMaxProofHashes = 64;  // a tree of 2^63 leaves has no longer proof
constexpr std::size_t kMaxText = 1u << 20;

Result<crypto::Sha256> read_sha256(const JsonView& view) {
  NONO_TRY(const Bytes raw, read_base64(view));
  const std::optional<crypto::Sha256> digest = crypto::Sha256::from_raw(raw);
  if (!digest) {
    return std::unexpected(view.error("must be 32 bytes"));
  }
  return *digest;
}

Result<crypto::Sha256> sha256_at(const JsonView& view, std::string_view key) {
  NONO_TRY(const JsonView member, view.at(key));
  return read_sha256(member);
}

Result<std::uint64_t> integer_at(const JsonView& view, std::string_view key) {
  NONO_TRY(const JsonView member, view.at(key));
  NONO_TRY(const std::int64_t value, read_int64(member));
  return static_cast<std::uint64_t>(value);
}

// ProtoJSON writers leave a 0 out: the index of a log's first entry.
Result<std::uint64_t> index_at(const JsonView& view) {
  NONO_TRY(const std::optional<JsonView> member, view.maybe("logIndex"));
  return member ? integer_at(view, "logIndex") : Result<std::uint64_t>(0);
}

Result<std::string> text_at(const JsonView& view, std::string_view key) {
  NONO_TRY(const JsonView member, view.at(key));
  return member.nonempty_string(kMaxText);
}

Result<std::vector<crypto::Sha256>> read_path(const JsonView& proof) {
  NONO_TRY(const std::optional<JsonView> hashes, proof.maybe("hashes"));
  std::vector<crypto::Sha256> path;
  if (!hashes) {
    return path;  // a tree of one leaf
  }
  NONO_TRY(const std::vector<JsonView> siblings, hashes->elements(kMaxProofHashes));
  for (const JsonView& sibling : siblings) {
    NONO_TRY(const crypto::Sha256 hash, read_sha256(sibling));
    path.push_back(hash);
  }
  return path;
}

Result<std::string> read_checkpoint(const JsonView& proof) {
  NONO_TRY(const JsonView checkpoint, proof.at("checkpoint"));
  NONO_CHECK(checkpoint.only({"envelope"}));
  return text_at(checkpoint, "envelope");
}

Result<rekor::InclusionProof> read_proof(const JsonView& view) {
  NONO_CHECK(view.only({"logIndex", "rootHash", "treeSize", "hashes", "checkpoint"}));
  NONO_TRY(const std::uint64_t index, index_at(view));
  NONO_TRY(const crypto::Sha256 root, sha256_at(view, "rootHash"));
  NONO_TRY(const std::uint64_t size, integer_at(view, "treeSize"));
  if (index >= size) {
    return std::unexpected(view.error("treeSize must be greater than logIndex"));
  }
  NONO_TRY(std::vector<crypto::Sha256> path, read_path(view));
  NONO_TRY(std::string checkpoint, read_checkpoint(view));
  return rekor::InclusionProof{.log_index = index,
                               .root = root,
                               .tree_size = size,
                               .path = std::move(path),
                               .checkpoint = std::move(checkpoint)};
}

Result<Bytes> read_promise(const JsonView& view) {
  NONO_CHECK(view.only({"signedEntryTimestamp"}));
  NONO_TRY(const JsonView signature, view.at("signedEntryTimestamp"));
  return read_base64(signature);
}

Result<crypto::Sha256> read_log_id(const JsonView& entry) {
  NONO_TRY(const JsonView log_id, entry.at("logId"));
  NONO_CHECK(log_id.only({"keyId"}));
  return sha256_at(log_id, "keyId");
}

Result<Bytes> read_body(const JsonView& entry) {
  NONO_TRY(const JsonView body, entry.at("canonicalizedBody"));
  return read_base64(body);
}

Result<void> read_kind(const JsonView& entry, rekor::LogEntry& into) {
  NONO_TRY(const JsonView kind_version, entry.at("kindVersion"));
  NONO_CHECK(kind_version.only({"kind", "version"}));
  NONO_TRY(into.kind, text_at(kind_version, "kind"));
  NONO_TRY(into.version, text_at(kind_version, "version"));
  return {};
}

// v0.1 rests on the log's promise, later versions on its proof.
Result<void> check_presence(const JsonView& entry, BundleVersion version) {
  const bool promise_demanded = version == BundleVersion::V01;
  const std::string_view demanded = promise_demanded ? "inclusionPromise" : "inclusionProof";
  NONO_TRY(const std::optional<JsonView> member, entry.maybe(demanded));
  if (!member) {
    return std::unexpected(entry.error(std::string(demanded) + " is missing, which " +
                                       (promise_demanded ? "version 0.1" : "this version") +
                                       " demands"));
  }
  return {};
}

Result<void> read_promised(const JsonView& entry, rekor::LogEntry& into) {
  NONO_TRY(const std::optional<JsonView> time, entry.maybe("integratedTime"));
  if (time) {
    NONO_TRY(into.integrated_time, read_int64(*time));
  }
  NONO_TRY(const std::optional<JsonView> promise, entry.maybe("inclusionPromise"));
  if (promise) {
    NONO_CHECK(entry.at("integratedTime"));  // the promise is a signature over it
    NONO_TRY(into.promise, read_promise(*promise));
  }
  return {};
}

Result<void> read_evidence(const JsonView& entry, BundleVersion version, rekor::LogEntry& into) {
  NONO_CHECK(check_presence(entry, version));
  NONO_CHECK(read_promised(entry, into));
  NONO_TRY(const std::optional<JsonView> proof, entry.maybe("inclusionProof"));
  if (proof) {
    NONO_TRY(into.proof, read_proof(*proof));
  }
  return {};
}

Result<rekor::LogEntry> read_log_entry(const JsonView& entry, BundleVersion version) {
  NONO_CHECK(entry.only({"logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise",
                         "inclusionProof", "canonicalizedBody"}));
  NONO_TRY(const std::uint64_t index, index_at(entry));
  NONO_TRY(const crypto::Sha256 log_id, read_log_id(entry));
  NONO_TRY(Bytes body, read_body(entry));
  rekor::LogEntry read{.log_index = index,
                       .log_id = log_id,
                       .kind = {},
                       .version = {},
                       .integrated_time = {},
                       .promise = {},
                       .proof = {},
                       .body = std::move(body)};
  NONO_CHECK(read_kind(entry, read));
  NONO_CHECK(read_evidence(entry, version, read));
  return read;
}

}  // namespace

Result<std::vector<rekor::LogEntry>> read_log_entries(const JsonView& view, BundleVersion version) {
  NONO_TRY(const std::vector<JsonView> elements, view.elements(Bundle::kMaxLogEntries));
  std::vector<rekor::LogEntry> entries;
  for (const JsonView& element : elements) {
    NONO_TRY(rekor::LogEntry entry, read_log_entry(element, version));
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace nono::attest
