// tuf/metadata.cc: reading the four kinds.
#include "tuf/metadata.h"

#include <algorithm>
#include <utility>

#include "tuf/fields.h"

namespace nono::tuf {

namespace {

// Bounded by the size of a file and the values of its JSON, not by itself.
constexpr std::size_t kAnyNumber = static_cast<std::size_t>(-1);
constexpr std::size_t kMaxPath = 4096;
constexpr std::string_view kSuffix = ".json";

Result<void> admit(std::string_view text, std::optional<std::uint64_t> length,
                   const std::vector<Digest>& digests) {
  if (length && *length != text.size()) {
    return fail(ErrorKind::InvalidInput, "has " + std::to_string(text.size()) + " bytes, not " +
                                             std::to_string(*length) + " as it should");
  }
  for (const Digest& digest : digests) {
    if (!digest.matches(text)) {
      return fail(ErrorKind::InvalidInput,
                  "has another " + std::string(digest.name()) + " than it should");
    }
  }
  return {};
}

Result<std::optional<std::uint64_t>> read_length(const JsonView& view) {
  NONO_TRY(const std::optional<JsonView> length, view.maybe("length"));
  if (!length) {
    return std::nullopt;
  }
  NONO_TRY(const std::int64_t value, read_count(*length, 0));
  return static_cast<std::uint64_t>(value);
}

Result<MetaFile> read_meta_file(const JsonView& view) {
  MetaFile file;
  NONO_TRY(const JsonView version, view.at("version"));
  NONO_TRY(file.version, read_count(version, 1));
  NONO_TRY(file.length, read_length(view));
  NONO_TRY(const std::optional<JsonView> hashes, view.maybe("hashes"));
  if (hashes) {
    NONO_TRY(file.digests, read_digests(*hashes));
  }
  return file;
}

Result<TargetFile> read_target(const JsonView& view) {
  NONO_TRY(const JsonView length_view, view.at("length"));
  NONO_TRY(const std::int64_t length, read_count(length_view, 0));
  TargetFile file{.length = static_cast<std::uint64_t>(length), .digests = {}};
  NONO_TRY(const JsonView hashes, view.at("hashes"));
  NONO_TRY(file.digests, read_digests(hashes));
  return file;
}

Result<Role> read_top_role(const JsonView& roles, std::string_view name) {
  NONO_TRY(const JsonView view, roles.at(name));
  return read_role(view);
}

Result<std::vector<std::string>> read_texts(const JsonView& view) {
  NONO_TRY(const std::vector<JsonView> elements, view.elements(kAnyNumber));
  std::vector<std::string> texts;
  for (const JsonView& element : elements) {
    NONO_TRY(std::string text, element.nonempty_string(kMaxPath));
    texts.push_back(std::move(text));
  }
  return texts;
}

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<void> read_coverage(const JsonView& view, Delegation& delegation) {
  NONO_TRY(const std::optional<JsonView> paths, view.maybe("paths"));
  NONO_TRY(const std::optional<JsonView> prefixes, view.maybe("path_hash_prefixes"));
  if (paths.has_value() == prefixes.has_value()) {
    return std::unexpected(view.error("must have either paths or path_hash_prefixes"));
  }
  if (paths) {
    NONO_TRY(delegation.paths, read_texts(*paths));
    return {};
  }
  NONO_TRY(delegation.hash_prefixes, read_texts(*prefixes));
  if (!std::ranges::all_of(delegation.hash_prefixes, is_lower_hex)) {
    return std::unexpected(prefixes->error("must be lower-case hexadecimal digits"));
  }
  return {};
}

bool is_top_level(std::string_view name) {
  return name == kRoot || name == kTimestamp || name == kSnapshot || name == kTargets;
}

Result<Delegation> read_delegation(const JsonView& view) {
  Delegation delegation;
  NONO_TRY(const JsonView name, view.at("name"));
  NONO_TRY(delegation.name, name.nonempty_string(kMaxPath));
  if (is_top_level(delegation.name)) {
    return std::unexpected(name.error("is the name of a top-level role"));
  }
  NONO_TRY(delegation.role, read_role(view));
  NONO_CHECK(read_coverage(view, delegation));
  NONO_TRY(const JsonView terminating, view.at("terminating"));
  NONO_TRY(delegation.terminating, terminating.boolean());
  return delegation;
}

Result<void> check_names_differ(const JsonView& view, const std::vector<Delegation>& delegations) {
  std::vector<std::string_view> names;
  names.reserve(delegations.size());
  for (const Delegation& delegation : delegations) {
    names.emplace_back(delegation.name);
  }
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end()) {
    return std::unexpected(view.error("names a role twice"));
  }
  return {};
}

Result<void> read_delegations(const JsonView& view, Targets& targets) {
  if (view.json().find("succinct_roles") != nullptr) {
    return fail(ErrorKind::Unsupported,
                "/signed/delegations/succinct_roles: succinct delegations (TAP 15) are not read");
  }
  NONO_TRY(const JsonView keys, view.at("keys"));
  NONO_TRY(targets.keys, read_keys(keys));
  NONO_TRY(const JsonView roles_view, view.at("roles"));
  NONO_TRY(const std::vector<JsonView> roles, roles_view.elements(kAnyNumber));
  for (const JsonView& role : roles) {
    NONO_TRY(Delegation delegation, read_delegation(role));
    targets.delegations.push_back(std::move(delegation));
  }
  return check_names_differ(roles_view, targets.delegations);
}

}  // namespace

Result<void> MetaFile::admits(std::string_view text) const {
  return admit(text, length, digests);
}

Result<void> TargetFile::admits(std::string_view bytes) const {
  return admit(bytes, length, digests);
}

Result<Root> Root::parse(const JsonView& signed_part) {
  Root root;
  NONO_TRY(root.header, read_header(signed_part, kRoot));
  NONO_TRY(const std::optional<JsonView> consistent, signed_part.maybe("consistent_snapshot"));
  if (consistent) {
    NONO_TRY(root.consistent_snapshot, consistent->boolean());
  }
  NONO_TRY(const JsonView keys, signed_part.at("keys"));
  NONO_TRY(root.keys, read_keys(keys));
  NONO_TRY(const JsonView roles, signed_part.at("roles"));
  NONO_TRY(root.root, read_top_role(roles, kRoot));
  NONO_TRY(root.timestamp, read_top_role(roles, kTimestamp));
  NONO_TRY(root.snapshot, read_top_role(roles, kSnapshot));
  NONO_TRY(root.targets, read_top_role(roles, kTargets));
  return root;
}

Result<Timestamp> Timestamp::parse(const JsonView& signed_part) {
  Timestamp timestamp;
  NONO_TRY(timestamp.header, read_header(signed_part, kTimestamp));
  NONO_TRY(const JsonView meta, signed_part.at("meta"));
  NONO_TRY(const JsonView file, meta.at("snapshot.json"));
  NONO_TRY(timestamp.snapshot, read_meta_file(file));
  return timestamp;
}

Result<Snapshot> Snapshot::parse(const JsonView& signed_part) {
  Snapshot snapshot;
  NONO_TRY(snapshot.header, read_header(signed_part, kSnapshot));
  NONO_TRY(const JsonView meta, signed_part.at("meta"));
  NONO_TRY(const auto members, meta.members(kAnyNumber));
  for (const auto& [name, member] : members) {
    if (!name.ends_with(kSuffix) || name.size() == kSuffix.size()) {
      return std::unexpected(member.error("is no name of a metadata file: NAME.json"));
    }
    NONO_TRY(MetaFile file, read_meta_file(member));
    snapshot.files.emplace(name.substr(0, name.size() - kSuffix.size()), std::move(file));
  }
  NONO_CHECK(meta.at("targets.json"));
  return snapshot;
}

Result<Targets> Targets::parse(const JsonView& signed_part) {
  Targets targets;
  NONO_TRY(targets.header, read_header(signed_part, kTargets));
  NONO_TRY(const JsonView files, signed_part.at("targets"));
  NONO_TRY(const auto members, files.members(kAnyNumber));
  for (const auto& [path, member] : members) {
    NONO_TRY(TargetFile file, read_target(member));
    targets.files.emplace(path, std::move(file));
  }
  NONO_TRY(const std::optional<JsonView> delegations, signed_part.maybe("delegations"));
  if (delegations) {
    NONO_CHECK(read_delegations(*delegations, targets));
  }
  return targets;
}

const Delegation* Targets::delegation_to(std::string_view role) const {
  const auto found = std::ranges::find(delegations, role, &Delegation::name);
  return found == delegations.end() ? nullptr : &*found;
}

}  // namespace nono::tuf
