// trustpolicy/refreshed_root.cc: see refreshed_root.h.
#include "trustpolicy/refreshed_root.h"

#include <algorithm>
#include <utility>

#include "base/files.h"
#include "tuf/packed_store.h"

namespace nono::trustpolicy {

namespace {

constexpr std::string_view kSchema = "nono/tuf-instance/1";
constexpr std::string_view kPublicGood = "public-good";
constexpr std::string_view kPublicGoodUrl = "https://tuf-repo-cdn.sigstore.dev";
constexpr std::size_t kMaxName = 64;
constexpr std::string_view kRemedy = "nono trust root update";

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-").contains(c);
}

Result<std::string> read_member(const JsonView& view, std::string_view name) {
  NONO_TRY(const JsonView member, view.at(name));
  return member.nonempty_string(tuf::kMaxRootBytes);
}

Result<tuf::PackedStore> read_packed(const std::string& path) {
  NONO_TRY(const std::string text, read_file(path, tuf::kPackedLimits.bytes));
  return tuf::PackedStore::parse(text);
}

Error about(Error error, const std::string& path) {
  return std::move(error).while_doing(path).mend_with(std::string(kRemedy));
}

Result<std::string> verify_target(const Instance& instance, tuf::PackedStore& packed,
                                  std::string_view target) {
  tuf::Client client = tuf::Client::offline(packed);
  NONO_CHECK(client.refresh(instance.anchor));
  return client.target(target);
}

}  // namespace

bool is_instance_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && name.front() != '.' &&
         std::ranges::all_of(name, is_name_character);
}

Instance Instance::public_good() {
  return {.name = std::string(kPublicGood),
          .metadata_url = std::string(kPublicGoodUrl),
          .targets_url = std::string(kPublicGoodUrl) + "/targets",
          .anchor = std::string(attest::embedded_root().tuf_root)};
}

bool Instance::is_public_good() const {
  return name == kPublicGood;
}

Result<Instance> Instance::parse(std::string_view text) {
  NONO_TRY(const Json document, Json::parse(text, kPolicyLimits));
  const JsonView view(document);
  NONO_CHECK(view.only({"schema", "name", "metadata_url", "targets_url", "root"}));
  NONO_TRY(const std::string schema, read_member(view, "schema"));
  if (schema != kSchema) {
    return std::unexpected(view.at("schema")->error("must be \"" + std::string(kSchema) + "\""));
  }
  Instance instance;
  NONO_TRY(instance.name, read_member(view, "name"));
  if (!is_instance_name(instance.name) || instance.is_public_good()) {
    return std::unexpected(view.at("name")->error("is no name of an instance"));
  }
  NONO_TRY(instance.metadata_url, read_member(view, "metadata_url"));
  NONO_TRY(instance.targets_url, read_member(view, "targets_url"));
  NONO_TRY(instance.anchor, read_member(view, "root"));
  const auto anchor = tuf::TrustedSet::start(instance.anchor);
  if (!anchor) {
    return std::unexpected(view.at("root")->error(anchor.error().message()));
  }
  return instance;
}

Json Instance::to_json() const {
  Json json(Json::Object{});
  json.set("schema", kSchema);
  json.set("name", name);
  json.set("metadata_url", metadata_url);
  json.set("targets_url", targets_url);
  json.set("root", anchor);
  return json;
}

std::string packed_path(std::string_view tuf_directory, std::string_view instance_name) {
  return join_path(join_path(std::string(tuf_directory), std::string(instance_name)),
                   "verified.json");
}

Result<std::string> load_refreshed(const Instance& instance, const std::string& path,
                                   std::string_view target) {
  Result<tuf::PackedStore> packed = read_packed(path);
  if (!packed) {
    return std::unexpected(about(std::move(packed).error(), path));
  }
  Result<std::string> bytes = verify_target(instance, *packed, target);
  if (!bytes) {
    return std::unexpected(about(std::move(bytes).error(), path));
  }
  return bytes;
}

Result<bool> is_older_than_anchor(const Instance& instance, const std::string& path) {
  Result<tuf::PackedStore> packed = read_packed(path);
  if (!packed) {
    return std::unexpected(about(std::move(packed).error(), path));
  }
  NONO_TRY(const tuf::TrustedSet anchor, tuf::TrustedSet::start(instance.anchor));
  return packed->newest_root() < anchor.root().header.version;
}

}  // namespace nono::trustpolicy
