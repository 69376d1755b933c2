// trustpolicy/document.cc: reads a trust-policy.json.
#include "trustpolicy/document.h"

#include <set>
#include <utility>

#include "attest/predicate.h"
#include "base/text.h"
#include "trustpolicy/builtin_names.h"
#include "trustpolicy/fields.h"
#include "trustpolicy/issuer.h"
#include "trustpolicy/publisher.h"
#include "trustpolicy/trusted_file.h"

namespace nono::trustpolicy {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMaxUnguarded = 64;

Result<void> check_predicate(const JsonView& field) {
  NONO_TRY(const std::string text, field.string());
  if (text != attest::kTrustPolicyV1) {
    return std::unexpected(
        field.error("must be \"" + std::string(attest::kTrustPolicyV1) + "\", or be left out"));
  }
  return {};
}

Result<void> check_version(const JsonView& field) {
  NONO_TRY(const std::int64_t version, field.integer());
  if (version != kVersion) {
    return std::unexpected(field.error("must be 1, the only version that this build knows"));
  }
  return {};
}

Result<Enforcement> parse_enforcement(const JsonView& field) {
  NONO_TRY(const std::string text, field.string());
  for (const Enforcement known : {Enforcement::Deny, Enforcement::Warn, Enforcement::Audit}) {
    if (text == name_of(known)) {
      return known;
    }
  }
  return std::unexpected(field.error("must be \"deny\", \"warn\" or \"audit\""));
}

Result<std::vector<Glob>> parse_includes(const JsonView& root) {
  std::vector<Glob> includes;
  NONO_TRY(const JsonView field, root.at("includes"));
  NONO_TRY(const auto elements, field.elements(Document::kMaxIncludes));
  for (const JsonView& element : elements) {
    NONO_TRY(Glob glob, parse_path_glob(element));
    includes.push_back(std::move(glob));
  }
  return includes;
}

Result<std::string> parse_file(const JsonView& element) {
  NONO_TRY(std::string path, element.nonempty_string());
  if (path.front() == '~' && !path.starts_with("~/")) {
    return std::unexpected(
        element.error("names another user's home: write the path out, or ~/ for your own"));
  }
  std::string_view rest = path;
  rest.remove_prefix(path.starts_with("~/") ? 2 : path.front() == '/' ? 1 : 0);
  for (std::size_t at = 0; at <= rest.size();) {
    const std::string_view component = rest.substr(at, rest.find('/', at) - at);
    if (component.empty() || component == "." || component == "..") {
      return std::unexpected(element.error("must have no empty, '.' or '..' component"));
    }
    at += component.size() + 1;
  }
  return path;
}

Result<std::vector<Publisher>> parse_publishers(const JsonView& root) {
  std::vector<Publisher> publishers;
  std::set<std::string> names;
  NONO_TRY(const JsonView field, root.at("publishers"));
  NONO_TRY(const auto elements, field.elements(Document::kMaxPublishers));
  for (const JsonView& element : elements) {
    NONO_TRY(Publisher publisher, parse_publisher(element));
    if (!names.insert(publisher.name).second) {
      NONO_TRY(const JsonView name, element.at("name"));
      return std::unexpected(name.error("is the name of another publisher too"));
    }
    publishers.push_back(std::move(publisher));
  }
  return publishers;
}

Result<BlockedDigest> parse_blocked_digest(const JsonView& view) {
  NONO_CHECK(view.only({"sha256", "description", "added"}));
  NONO_CHECK(no_nulls(view));
  NONO_TRY(const JsonView field, view.at("sha256"));
  NONO_TRY(const std::string text, field.string());
  const auto digest = crypto::Sha256::parse_hex(ascii_lower(text));
  if (!digest) {
    return std::unexpected(field.error("must be 64 hexadecimal digits and nothing else"));
  }
  NONO_TRY(std::string description, optional_text(view, "description"));
  NONO_TRY(std::string added, optional_text(view, "added"));
  return BlockedDigest{*digest, std::move(description), std::move(added)};
}

Result<std::optional<std::string>> parse_blocked_repository(const JsonView& view) {
  NONO_TRY(const auto field, view.maybe("repository"));
  if (!field) {
    return std::nullopt;
  }
  NONO_TRY(const Glob glob, parse_flat_glob(*field));
  return glob.text();
}

Result<BlockedPublisher> parse_blocked_publisher(const JsonView& view) {
  NONO_CHECK(view.only({"identity", "repository", "reason", "added"}));
  NONO_CHECK(no_nulls(view));
  NONO_TRY(const JsonView field, view.at("identity"));
  NONO_TRY(std::string identity, field.nonempty_string());
  if (identity.find('*') != std::string::npos) {
    return std::unexpected(
        field.error("is compared exactly: block an issuer and narrow it by 'repository'"));
  }
  if (const std::string_view meant = issuer_meant(identity); !meant.empty()) {
    return std::unexpected(
        field.error("must be spelt as certificates spell it: " + std::string(meant)));
  }
  NONO_TRY(auto repository, parse_blocked_repository(view));
  NONO_TRY(std::string reason, optional_text(view, "reason"));
  NONO_TRY(std::string added, optional_text(view, "added"));
  return BlockedPublisher{std::move(identity), std::move(repository), std::move(reason),
                          std::move(added)};
}

// read_list fills `out` with what `read` makes of each element of an optional array.
template <typename T>
Result<void> read_list(const JsonView& object, std::string_view key, std::size_t max,
                       Result<T> (*read)(const JsonView&), std::vector<T>& out) {
  NONO_TRY(const auto field, object.maybe(key));
  if (!field) {
    return {};
  }
  NONO_TRY(const auto elements, field->elements(max));
  for (const JsonView& element : elements) {
    NONO_TRY(T item, read(element));
    out.push_back(std::move(item));
  }
  return {};
}

Result<void> parse_blocklist(const JsonView& root, Document& document) {
  NONO_TRY(const auto view, root.maybe("blocklist"));
  if (!view) {
    return {};
  }
  NONO_CHECK(view->only({"digests", "publishers"}));
  NONO_CHECK(no_nulls(*view));
  NONO_CHECK(read_list(*view, "digests", Document::kMaxBlocked, parse_blocked_digest,
                       document.blocked_digests));
  NONO_CHECK(read_list(*view, "publishers", Document::kMaxBlocked, parse_blocked_publisher,
                       document.blocked_publishers));
  if (document.blocked_digests.size() + document.blocked_publishers.size() >
      Document::kMaxBlocked) {
    return std::unexpected(view->error("has more than 10000 entries"));
  }
  return {};
}

Result<std::string> parse_unguarded(const JsonView& element) {
  NONO_TRY(std::string name, element.nonempty_string());
  if (!builtin_named(name)) {
    return std::unexpected(
        element.error("is no built-in guarded name: see the list in docs/format-trust-policy.md"));
  }
  return name;
}

Result<void> parse_enforcements(const JsonView& root, Document& document) {
  NONO_TRY(const JsonView enforcement, root.at("enforcement"));
  NONO_TRY(document.enforcement, parse_enforcement(enforcement));
  NONO_TRY(const auto agent_config, root.maybe("agent_config"));
  if (agent_config) {
    NONO_TRY(document.agent_config, parse_enforcement(*agent_config));
  }
  return {};
}

Result<bool> parse_intercept(const JsonView& root) {
  NONO_TRY(const auto field, root.maybe("intercept"));
  if (!field) {
    return false;
  }
  NONO_TRY(const std::string mode, field->string());
  if (mode != "strict") {
    return std::unexpected(field->error("must be \"strict\" where it is given"));
  }
  return true;
}

// Deny with nothing to deny is a policy that its author misunderstood.
Result<void> check_protects(const JsonView& root, const Document& document) {
  if (document.enforcement == Enforcement::Deny && document.includes.empty() &&
      document.files.empty()) {
    NONO_TRY(const JsonView includes, root.at("includes"));
    return std::unexpected(includes.error(
        "must name at least one pattern under enforcement deny, such as \"CLAUDE*\""));
  }
  return {};
}

Result<void> check_form(const JsonView& root) {
  NONO_CHECK(root.only({"predicate", "version", "includes", "files", "publishers", "blocklist",
                        "enforcement", "agent_config", "unguard", "lock", "intercept", "root"}));
  return no_nulls(root);
}

Result<bool> read_predicate(const JsonView& root) {
  NONO_TRY(const auto predicate, root.maybe("predicate"));
  if (predicate) {
    NONO_CHECK(check_predicate(*predicate));
  }
  return predicate.has_value();
}

// What says that a file of that name is a policy of nono's: one of the two must.
Result<void> read_marks(const JsonView& root, Document& document) {
  NONO_TRY(document.has_predicate, read_predicate(root));
  document.has_version = !document.has_predicate || root.json().find("version") != nullptr;
  if (document.has_version) {
    NONO_TRY(const JsonView version, root.at("version"));
    NONO_CHECK(check_version(version));
  }
  return {};
}

Result<void> parse_options(const JsonView& root, Document& document) {
  NONO_CHECK(parse_enforcements(root, document));
  NONO_CHECK(read_list(root, "unguard", kMaxUnguarded, parse_unguarded, document.unguarded));
  NONO_TRY(document.lock, optional_flag(root, "lock"));
  NONO_TRY(document.root, optional_root_name(root));
  NONO_TRY(document.strict_intercept, parse_intercept(root));
  return {};
}

// parse_guarded reads which files are guarded and who may sign them.
Result<void> parse_guarded(const JsonView& root, Document& document) {
  NONO_TRY(document.includes, parse_includes(root));
  NONO_CHECK(read_list(root, "files", Document::kMaxFiles, parse_file, document.files));
  NONO_TRY(document.publishers, parse_publishers(root));
  return {};
}

Result<Document> parse_members(const JsonView& root) {
  Document document;
  NONO_CHECK(read_marks(root, document));
  NONO_CHECK(parse_guarded(root, document));
  NONO_CHECK(parse_blocklist(root, document));
  NONO_CHECK(parse_options(root, document));
  NONO_CHECK(check_protects(root, document));
  return document;
}

Result<Document> parse_document(std::string_view text) {
  NONO_TRY(const Json json, Json::parse(text, kPolicyLimits));
  const JsonView root(json);
  NONO_CHECK(check_form(root));
  return parse_members(root);
}

}  // namespace

Result<Document> Document::parse(std::string_view text, std::string_view shown_as) {
  auto document = parse_document(text);
  if (!document) {
    return std::unexpected(
        fault_of_file(std::move(document).error()).while_doing(std::string(shown_as)));
  }
  return document;
}

}  // namespace nono::trustpolicy
