// tuf/packed_store.cc: see packed_store.h.
#include "tuf/packed_store.h"

#include <charconv>
#include <utility>

#include "base/encoding.h"
#include "base/json.h"

namespace nono::tuf {

namespace {

constexpr std::string_view kSchema = "nono/tuf-cache/1";
constexpr std::size_t kMaxEntries = 4096;

using Texts = std::map<std::string, std::string, std::less<>>;

std::optional<std::string> find_in(const Texts& texts, std::string_view name) {
  const auto found = texts.find(name);
  return found == texts.end() ? std::nullopt : std::optional(found->second);
}

Result<Texts> read_texts(const JsonView& document, std::string_view name) {
  NONO_TRY(const JsonView view, document.at(name));
  NONO_TRY(const auto members, view.members(kMaxEntries));
  Texts texts;
  for (const auto& [key, member] : members) {
    NONO_TRY(std::string text, member.string());
    texts.emplace(key, std::move(text));
  }
  return texts;
}

Json texts_json(const Texts& texts) {
  Json json(Json::Object{});
  for (const auto& [name, text] : texts) {
    json.set(name, text);
  }
  return json;
}

std::optional<std::int64_t> parse_version(std::string_view text) {
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size() || std::to_string(version) != text ||
      version < 1) {
    return std::nullopt;
  }
  return version;
}

Result<void> check_schema(const JsonView& view) {
  NONO_CHECK(view.only({"schema", "newest_root", "roots", "metadata", "targets"}));
  NONO_TRY(const JsonView schema, view.at("schema"));
  NONO_TRY(const std::string found, schema.string());
  if (found != kSchema) {
    return std::unexpected(schema.error("must be \"" + std::string(kSchema) + "\""));
  }
  return {};
}

}  // namespace

Result<PackedStore> PackedStore::pack(Store& from, std::string_view anchor,
                                      std::span<const std::string> paths) {
  PackedStore packed;
  Client client = Client::offline(from);
  NONO_CHECK(client.refresh(anchor));
  for (const std::string& path : paths) {
    NONO_TRY(packed.targets_[path], client.target(path));
  }
  // An anchor of its own, to know where the roots start.
  NONO_TRY(const TrustedSet start, TrustedSet::start(anchor));
  const std::int64_t last = client.trusted()->root().header.version;
  packed.newest_root_ = last;
  for (std::int64_t version = start.root().header.version + 1; version <= last; ++version) {
    NONO_TRY(std::optional<std::string> text, from.root(version));
    packed.roots_[version] = std::move(text).value_or("");
  }
  std::vector<std::string> roles{std::string(kTimestamp), std::string(kSnapshot)};
  for (const auto& [role, targets] : client.trusted()->roles()) {
    roles.push_back(role);
  }
  for (const std::string& role : roles) {
    NONO_TRY(std::optional<std::string> text, from.metadata(role));
    packed.metadata_[role] = std::move(text).value_or("");
  }
  return packed;
}

Result<PackedStore> PackedStore::parse(std::string_view text) {
  NONO_TRY(const Json document, Json::parse(text, kPackedLimits));
  const JsonView view(document);
  NONO_CHECK(check_schema(view));
  PackedStore packed;
  NONO_TRY(const JsonView newest, view.at("newest_root"));
  NONO_TRY(packed.newest_root_, newest.integer());
  NONO_TRY(packed.metadata_, read_texts(view, "metadata"));
  NONO_TRY(Texts roots, read_texts(view, "roots"));
  for (auto& [name, root] : roots) {
    const std::optional<std::int64_t> version = parse_version(name);
    if (!version) {
      return fail(ErrorKind::InvalidInput, "/roots: has a member that is no version");
    }
    packed.roots_.emplace(*version, std::move(root));
  }
  NONO_TRY(const Texts targets, read_texts(view, "targets"));
  for (const auto& [path, encoded] : targets) {
    const std::optional<Bytes> bytes = base64_decode(encoded, Base64::Strict);
    if (!bytes) {
      return fail(ErrorKind::InvalidInput, "/targets: has a member that is not base64");
    }
    packed.targets_.emplace(path, as_text(*bytes));
  }
  return packed;
}

std::string PackedStore::text() const {
  Texts roots;
  for (const auto& [version, text] : roots_) {
    roots.emplace(std::to_string(version), text);
  }
  Texts targets;
  for (const auto& [path, bytes] : targets_) {
    targets.emplace(path, base64_encode(as_bytes(bytes)));
  }
  Json json(Json::Object{});
  json.set("schema", kSchema);
  json.set("newest_root", newest_root_);
  json.set("roots", texts_json(roots));
  json.set("metadata", texts_json(metadata_));
  json.set("targets", texts_json(targets));
  return json.pretty();
}

Result<std::optional<std::string>> PackedStore::metadata(std::string_view role) const {
  return find_in(metadata_, role);
}

Result<std::optional<std::string>> PackedStore::root(std::int64_t version) const {
  const auto found = roots_.find(version);
  return found == roots_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::optional<std::string>> PackedStore::target(std::string_view path) const {
  return find_in(targets_, path);
}

Result<void> PackedStore::write_metadata(std::string_view role, std::string_view text) {
  metadata_.insert_or_assign(std::string(role), std::string(text));
  return {};
}

Result<void> PackedStore::write_root(std::int64_t version, std::string_view text) {
  roots_.insert_or_assign(version, std::string(text));
  return {};
}

Result<void> PackedStore::write_target(std::string_view path, std::string_view bytes) {
  targets_.insert_or_assign(std::string(path), std::string(bytes));
  return {};
}

Result<void> PackedStore::forget_metadata(std::string_view role) {
  if (const auto found = metadata_.find(role); found != metadata_.end()) {
    metadata_.erase(found);
  }
  return {};
}

}  // namespace nono::tuf
