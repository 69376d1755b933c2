// rekor/answers.cc: hexadecimal of Rekor v1, ProtoJSON of Rekor v2 and of bundles.
#include "rekor/answers.h"

#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rekor/body.h"
#include "rekor/checkpoint.h"

namespace nono::rekor {

namespace {

constexpr JsonLimits kAnswerLimits{
    .bytes = kMaxAnswerBytes, .depth = 16, .values = 4096, .string = kMaxAnswerBytes, .number = 64};
constexpr std::size_t kMaxProofHashes = 64;  // as many as a tree of 2^64 leaves needs

Result<std::int64_t> not_negative(const JsonView& view, std::int64_t value) {
  if (value < 0) {
    return std::unexpected(view.error("must not be negative"));
  }
  return value;
}

// ProtoJSON writes 64-bit integers as strings and lets readers take numbers.
Result<std::int64_t> count_at(const JsonView& parent, std::string_view key) {
  NONO_TRY(const JsonView view, parent.at(key));
  const std::string* const text = view.json().string();
  if (text == nullptr) {
    NONO_TRY(const std::int64_t value, view.integer());
    return not_negative(view, value);
  }
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (fault != std::errc() || end != text->data() + text->size() ||
      std::to_string(value) != *text) {
    return std::unexpected(view.error("must be a decimal integer of 64 bits"));
  }
  return not_negative(view, value);
}

Result<std::uint64_t> index_at(const JsonView& parent, std::string_view key) {
  NONO_TRY(const std::int64_t value, count_at(parent, key));
  return static_cast<std::uint64_t>(value);
}

Result<Bytes> decoded(const JsonView& view, std::optional<Bytes> bytes, std::string_view form) {
  if (!bytes || bytes->empty()) {
    return std::unexpected(view.error("must be " + std::string(form) + " of something"));
  }
  return *std::move(bytes);
}

Result<Bytes> read_base64(const JsonView& view) {
  NONO_TRY(const std::string text, view.string());
  return decoded(view, base64_decode(text, Base64::Lenient), "base64");
}

Result<Bytes> read_hex(const JsonView& view) {
  NONO_TRY(const std::string text, view.string());
  return decoded(view, hex_decode(text), "hexadecimal");
}

using ReadBytes = Result<Bytes> (*)(const JsonView&);

Result<crypto::Sha256> read_sha256(const JsonView& view, ReadBytes read) {
  NONO_TRY(const Bytes raw, read(view));
  const std::optional<crypto::Sha256> digest = crypto::Sha256::from_raw(raw);
  if (!digest) {
    return std::unexpected(view.error("must be 32 bytes"));
  }
  return *digest;
}

Result<crypto::Sha256> sha256_at(const JsonView& parent, std::string_view key, ReadBytes read) {
  NONO_TRY(const JsonView view, parent.at(key));
  return read_sha256(view, read);
}

Result<Bytes> base64_at(const JsonView& parent, std::string_view key) {
  NONO_TRY(const JsonView view, parent.at(key));
  return read_base64(view);
}

Result<std::string> text_at(const JsonView& parent, std::string_view key, std::size_t max = 256) {
  NONO_TRY(const JsonView view, parent.at(key));
  return view.nonempty_string(max);
}

// ProtoJSON leaves an index of 0, the log's first entry, out.
Result<std::uint64_t> index_or_zero(const JsonView& parent) {
  NONO_TRY(const std::optional<JsonView> index, parent.maybe("logIndex"));
  return index ? index_at(parent, "logIndex") : Result<std::uint64_t>(0);
}

// Members are called the same in both generations; the encodings differ.
Result<InclusionProof> read_proof(const JsonView& view, ReadBytes read) {
  NONO_TRY(const crypto::Sha256 root, sha256_at(view, "rootHash", read));
  InclusionProof proof{.log_index = 0, .root = root, .tree_size = 0, .path = {}, .checkpoint = {}};
  NONO_TRY(proof.log_index, index_or_zero(view));
  NONO_TRY(proof.tree_size, index_at(view, "treeSize"));
  NONO_TRY(const std::optional<JsonView> hashes, view.maybe("hashes"));
  if (hashes) {  // a tree of one leaf needs none, and ProtoJSON may leave out an empty list
    NONO_TRY(const std::vector<JsonView> elements, hashes->elements(kMaxProofHashes));
    for (const JsonView& element : elements) {
      NONO_TRY(const crypto::Sha256 hash, read_sha256(element, read));
      proof.path.push_back(hash);
    }
  }
  return proof;
}

struct Kind {
  std::string name;
  std::string version;
};

Result<Kind> kind_of_body(const JsonView& view, const Bytes& body) {
  Result<Json> json = Json::parse(as_text(body), kAnswerLimits);
  if (!json) {
    return std::unexpected(view.error("must be a body of JSON: " + json.error().message()));
  }
  Kind kind;
  NONO_TRY(kind.name, text_at(JsonView(*json), "kind"));
  NONO_TRY(kind.version, text_at(JsonView(*json), "apiVersion"));
  return kind;
}

Result<LogEntry> read_v1_entry(const JsonView& view) {
  NONO_TRY(const JsonView body_view, view.at("body"));
  NONO_TRY(Bytes body, read_base64(body_view));
  NONO_TRY(Kind kind, kind_of_body(body_view, body));
  NONO_TRY(const crypto::Sha256 log_id, sha256_at(view, "logID", read_hex));
  NONO_TRY(const JsonView verification, view.at("verification"));
  NONO_TRY(const JsonView proof_view, verification.at("inclusionProof"));
  NONO_TRY(InclusionProof proof, read_proof(proof_view, read_hex));
  NONO_TRY(proof.checkpoint, text_at(proof_view, "checkpoint", Checkpoint::kMaxBytes));
  LogEntry entry{.log_index = 0,
                 .log_id = log_id,
                 .kind = std::move(kind.name),
                 .version = std::move(kind.version),
                 .integrated_time = {},
                 .promise = {},
                 .proof = std::move(proof),
                 .body = std::move(body)};
  NONO_TRY(entry.log_index, index_at(view, "logIndex"));
  NONO_TRY(entry.integrated_time, count_at(view, "integratedTime"));
  NONO_TRY(entry.promise, base64_at(verification, "signedEntryTimestamp"));
  return entry;
}

Result<void> read_v2_promise(const JsonView& view, LogEntry& entry) {
  NONO_TRY(const std::optional<JsonView> promise, view.maybe("inclusionPromise"));
  NONO_TRY(const std::optional<JsonView> time, view.maybe("integratedTime"));
  if (promise) {
    NONO_TRY(entry.promise, base64_at(*promise, "signedEntryTimestamp"));
  }
  if (time) {
    NONO_TRY(const std::int64_t seconds, count_at(view, "integratedTime"));
    entry.integrated_time = seconds == 0 ? std::nullopt : std::optional(seconds);
  }
  return {};
}

Result<InclusionProof> read_v2_proof(const JsonView& entry) {
  NONO_TRY(const JsonView view, entry.at("inclusionProof"));
  NONO_TRY(InclusionProof proof, read_proof(view, read_base64));
  NONO_TRY(const JsonView checkpoint, view.at("checkpoint"));
  NONO_TRY(proof.checkpoint, text_at(checkpoint, "envelope", Checkpoint::kMaxBytes));
  return proof;
}

Result<LogEntry> read_v2_entry(const JsonView& view) {
  NONO_TRY(const JsonView id_view, view.at("logId"));
  NONO_TRY(const crypto::Sha256 log_id, sha256_at(id_view, "keyId", read_base64));
  NONO_TRY(const JsonView kind, view.at("kindVersion"));
  NONO_TRY(InclusionProof proof, read_v2_proof(view));
  LogEntry entry{.log_index = 0,
                 .log_id = log_id,
                 .kind = {},
                 .version = {},
                 .integrated_time = {},
                 .promise = {},
                 .proof = std::move(proof),
                 .body = {}};
  NONO_TRY(entry.log_index, index_or_zero(view));
  NONO_TRY(entry.kind, text_at(kind, "kind"));
  NONO_TRY(entry.version, text_at(kind, "version"));
  NONO_TRY(entry.body, base64_at(view, "canonicalizedBody"));
  NONO_CHECK(read_v2_promise(view, entry));
  return entry;
}

Json proof_json(const InclusionProof& proof) {
  Json::Array hashes;
  for (const crypto::Sha256& hash : proof.path) {
    hashes.push_back(base64_encode(hash.bytes()));
  }
  Json checkpoint(Json::Object{{"envelope", proof.checkpoint}});
  return Json(Json::Object{{"logIndex", std::to_string(proof.log_index)},
                           {"rootHash", base64_encode(proof.root.bytes())},
                           {"treeSize", std::to_string(proof.tree_size)},
                           {"hashes", std::move(hashes)},
                           {"checkpoint", std::move(checkpoint)}});
}

}  // namespace

Result<LogEntry> read_v1_answer(std::string_view text) {
  NONO_TRY(const Json json, Json::parse(text, kAnswerLimits));
  const JsonView view(json);
  if (json.object() == nullptr || json.object()->size() != 1) {
    return std::unexpected(view.error("must hold exactly one log entry"));
  }
  NONO_TRY(const auto members, view.members(1));
  return read_v1_entry(members.front().second);
}

Result<LogEntry> read_v2_answer(std::string_view text) {
  NONO_TRY(const Json json, Json::parse(text, kAnswerLimits));
  return read_v2_entry(JsonView(json));
}

Json entry_json(const LogEntry& entry) {
  Json log_id(Json::Object{{"keyId", base64_encode(entry.log_id.bytes())}});
  Json kind(Json::Object{{"kind", entry.kind}, {"version", entry.version}});
  Json json(Json::Object{{"logIndex", std::to_string(entry.log_index)},
                         {"logId", std::move(log_id)},
                         {"kindVersion", std::move(kind)}});
  if (entry.integrated_time) {
    json.set("integratedTime", std::to_string(*entry.integrated_time));
  }
  if (entry.promise) {
    json.set("inclusionPromise",
             Json(Json::Object{{"signedEntryTimestamp", base64_encode(*entry.promise)}}));
  }
  if (entry.proof) {
    json.set("inclusionProof", proof_json(*entry.proof));
  }
  json.set("canonicalizedBody", base64_encode(entry.body));
  return json;
}

}  // namespace nono::rekor
