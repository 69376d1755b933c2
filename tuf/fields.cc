// tuf/fields.cc: see fields.h.
#include "tuf/fields.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/text.h"

namespace nono::tuf {

namespace {

constexpr std::size_t kMaxShort = 64;
constexpr std::size_t kMaxHashes = 32;

struct Named {
  std::string_view name;
  crypto::HashAlgorithm algorithm;
  std::size_t size;
};
constexpr std::array kAlgorithms{
    Named{"sha256", crypto::HashAlgorithm::Sha256, 32},
    Named{"sha384", crypto::HashAlgorithm::Sha384, 48},
    Named{"sha512", crypto::HashAlgorithm::Sha512, 64},
};

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Version 1 of the specification: "1.N" or "1.N.N".
bool is_version_one(std::string_view text) {
  if (!text.starts_with("1.")) {
    return false;
  }
  text.remove_prefix(2);
  const std::size_t dot = text.find('.');
  return is_digits(text.substr(0, dot)) &&
         (dot == std::string_view::npos || is_digits(text.substr(dot + 1)));
}

Result<void> read_kind(const JsonView& view, std::string_view type) {
  NONO_TRY(const JsonView type_view, view.at("_type"));
  NONO_TRY(const std::string found, type_view.string());
  if (found != type) {
    return std::unexpected(type_view.error("must be \"" + std::string(type) + "\""));
  }
  NONO_TRY(const JsonView version_view, view.at("spec_version"));
  NONO_TRY(const std::string version, version_view.nonempty_string(kMaxShort));
  if (!is_version_one(version)) {
    return fail(ErrorKind::Unsupported, "/signed/spec_version: TUF " + printable(version) +
                                            " is unknown to this version, which reads 1.x");
  }
  return {};
}

Result<std::optional<Digest>> read_digest(std::string_view name, const JsonView& view) {
  NONO_TRY(const std::string text, view.string());
  const auto* const known = std::ranges::find(kAlgorithms, name, &Named::name);
  if (known == kAlgorithms.end()) {
    return std::nullopt;
  }
  std::optional<Bytes> value = hex_decode(text);
  if (!value || value->size() != known->size) {
    return std::unexpected(
        view.error("must be " + std::to_string(2 * known->size) + " hexadecimal digits"));
  }
  return Digest{known->algorithm, *std::move(value)};
}

}  // namespace

std::string_view Digest::name() const {
  return std::ranges::find(kAlgorithms, algorithm, &Named::algorithm)->name;
}

bool Digest::matches(std::string_view text) const {
  return crypto::hash(algorithm, as_bytes(text)) == value;
}

Result<Header> read_header(const JsonView& signed_part, std::string_view type) {
  NONO_CHECK(read_kind(signed_part, type));
  Header header;
  NONO_TRY(const JsonView version, signed_part.at("version"));
  NONO_TRY(header.version, read_count(version, 1));
  if (header.version == std::numeric_limits<std::int64_t>::max()) {
    return std::unexpected(version.error("is too large: none could follow"));
  }
  NONO_TRY(const JsonView expires_view, signed_part.at("expires"));
  NONO_TRY(const std::string expires, expires_view.nonempty_string(kMaxShort));
  const std::optional<Instant> instant = parse_rfc3339(expires);
  if (!instant) {
    return std::unexpected(expires_view.error("must be a time such as 2030-01-01T00:00:00Z"));
  }
  header.expires = *instant;
  return header;
}

Result<Keys> read_keys(const JsonView& view) {
  NONO_TRY(const auto members, view.members(kMaxKeys));
  Keys keys;
  for (const auto& [id, member] : members) {
    if (id.empty() || id.size() > kMaxKeyId) {
      return std::unexpected(view.error("has a key id that is empty or longer than " +
                                        std::to_string(kMaxKeyId) + " bytes"));
    }
    NONO_TRY(Key key, Key::parse(member));
    keys.emplace(id, std::move(key));
  }
  return keys;
}

Result<Role> read_role(const JsonView& view) {
  Role role;
  NONO_TRY(const JsonView ids_view, view.at("keyids"));
  NONO_TRY(const std::vector<JsonView> ids, ids_view.elements(kMaxKeysOfRole));
  for (const JsonView& id_view : ids) {
    NONO_TRY(std::string id, id_view.nonempty_string(kMaxKeyId));
    if (std::ranges::find(role.key_ids, id) != role.key_ids.end()) {
      return std::unexpected(id_view.error("is there twice"));
    }
    role.key_ids.push_back(std::move(id));
  }
  NONO_TRY(const JsonView threshold_view, view.at("threshold"));
  NONO_TRY(const std::int64_t threshold, read_count(threshold_view, 1));
  role.threshold = static_cast<std::size_t>(threshold);
  return role;
}

Result<std::vector<Digest>> read_digests(const JsonView& view) {
  NONO_TRY(const auto members, view.members(kMaxHashes));
  std::vector<Digest> digests;
  for (const auto& [name, member] : members) {
    NONO_TRY(std::optional<Digest> digest, read_digest(name, member));
    if (digest) {
      digests.push_back(*std::move(digest));
    }
  }
  if (digests.empty()) {
    return std::unexpected(view.error("has no hash that is known: sha256, sha384, sha512"));
  }
  return digests;
}

Result<std::int64_t> read_count(const JsonView& view, std::int64_t least) {
  NONO_TRY(const std::int64_t value, view.integer());
  if (value < least) {
    return std::unexpected(view.error("must be " + std::to_string(least) + " or more"));
  }
  return value;
}

}  // namespace nono::tuf
