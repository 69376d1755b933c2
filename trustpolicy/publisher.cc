// trustpolicy/publisher.cc: reading and writing one publisher.
#include "trustpolicy/publisher.h"

#include <algorithm>
#include <array>
#include <utility>

#include "attest/predicate.h"
#include "base/encoding.h"
#include "base/text.h"
#include "trustpolicy/fields.h"
#include "trustpolicy/issuer.h"

namespace nono::trustpolicy {
namespace {

constexpr std::size_t kMaxPredicateTypes = 32;
constexpr std::array kKeyedFields = {std::string_view("key_id"), std::string_view("public_key")};
constexpr std::array kKeylessFields = {
    std::string_view("issuer"),           std::string_view("repository"),
    std::string_view("workflow"),         std::string_view("ref_pattern"),
    std::string_view("build_signer_uri"), std::string_view("subject"),
    std::string_view("subject_pattern")};
constexpr std::size_t kFirstCi = 1;
constexpr std::size_t kFirstSubject = 5;

bool has_any(const JsonView& view, std::span<const std::string_view> keys) {
  return std::ranges::any_of(keys, [&](auto key) { return view.json().find(key) != nullptr; });
}

Result<KeyedPublisher> parse_keyed(const JsonView& view) {
  NONO_TRY(const JsonView id_view, view.at("key_id"));
  NONO_TRY(std::string key_id, id_view.nonempty_string());
  NONO_TRY(const JsonView key_view, view.at("public_key"));
  NONO_TRY(const std::string text, key_view.nonempty_string());
  const auto der = base64_decode(text, Base64::Strict);
  if (!der) {
    return std::unexpected(key_view.error(
        "must be one line of base64 of a SubjectPublicKeyInfo in DER, as nono trust export-key "
        "prints it"));
  }
  auto key = crypto::PublicKey::parse_spki_der(*der);
  if (!key) {
    return std::unexpected(key_view.error(key.error().message()));
  }
  return KeyedPublisher{std::move(key_id), *std::move(key)};
}

Result<std::string> parse_issuer(const JsonView& view) {
  NONO_TRY(const JsonView field, view.at("issuer"));
  NONO_TRY(std::string issuer, field.nonempty_string());
  if (const std::string fault = issuer_fault(issuer); !fault.empty()) {
    return std::unexpected(
        field.error(fault).mend_with("give the issuer as it stands in the certificate"));
  }
  return issuer;
}

// An owner with a wildcard lets in whoever registers a fitting name.
Result<Glob> parse_repository(const JsonView& view) {
  NONO_TRY(const JsonView field, view.at("repository"));
  NONO_TRY(Glob glob, parse_path_glob(field));
  const std::string_view text = glob.text();
  const std::string_view owner = text.substr(0, text.find('/'));
  if (!glob.anchored()) {
    return std::unexpected(field.error("must be written OWNER/NAME"));
  }
  if (owner.find_first_of("*?[") != std::string_view::npos) {
    return std::unexpected(
        field.error("must name its owner exactly: a wildcard there would match everybody"));
  }
  return glob;
}

Result<Glob> parse_flat_field(const JsonView& view, std::string_view key) {
  NONO_TRY(const JsonView field, view.at(key));
  return parse_flat_glob(field);
}

// A subject is a URL or an e-mail address. The part that only its owner controls, the host of the
// one and the domain of the other, must stand in the pattern literally.
bool keeps_its_host(std::string_view pattern) {
  const std::size_t first = pattern.find_first_of("*?[");
  if (first == std::string_view::npos) {
    return true;
  }
  if (const std::size_t scheme = pattern.find("://"); scheme != std::string_view::npos) {
    const std::size_t path = pattern.find('/', scheme + 3);
    return scheme < first && path > scheme + 3 && path < first;
  }
  const std::size_t at = pattern.rfind('@');
  return at != std::string_view::npos && at + 1 < pattern.size() &&
         pattern.find_first_of("*?[]/", at) == std::string_view::npos;
}

// Below these anybody can have an account, and a CI that signs with it: the first component behind
// them says whose it is. (Fulcio's configuration says what the subjects of each CI are made of.)
struct SharedHost {
  std::string_view host;
  std::string_view accounts;  // below the host
};
constexpr std::array kSharedHosts = {SharedHost{"https://github.com/", ""},
                                     SharedHost{"https://gitlab.com/", ""},
                                     SharedHost{"https://buildkite.com/", ""},
                                     SharedHost{"https://g.codefresh.io/", ""},
                                     SharedHost{"https://circleci.com/", "api/v2/projects/"},
                                     SharedHost{"https://issuer.enforce.dev/", ""}};

// On these anybody can have an address; those of Google's are of everybody's machines.
constexpr std::array kSharedDomains = {std::string_view("gmail.com"),
                                       std::string_view("googlemail.com"),
                                       std::string_view("outlook.com"),
                                       std::string_view("hotmail.com"),
                                       std::string_view("live.com"),
                                       std::string_view("icloud.com"),
                                       std::string_view("yahoo.com"),
                                       std::string_view("proton.me"),
                                       std::string_view("protonmail.com"),
                                       std::string_view("users.noreply.github.com"),
                                       std::string_view("developer.gserviceaccount.com"),
                                       std::string_view("appspot.gserviceaccount.com"),
                                       std::string_view("cloudbuild.gserviceaccount.com")};

bool keeps_account_on(const SharedHost& shared, std::string_view pattern, std::size_t wildcard) {
  if (!pattern.starts_with(shared.host)) {
    return true;
  }
  const std::string_view path = pattern.substr(shared.host.size());
  if (!path.starts_with(shared.accounts)) {
    return false;
  }
  const std::size_t account = shared.host.size() + shared.accounts.size();
  const std::size_t slash = pattern.find('/', account);
  return slash > account && slash < wildcard;
}

bool is_shared_address(std::string_view pattern) {
  const std::size_t at = pattern.rfind('@');
  return at != std::string_view::npos && !pattern.contains("://") &&
         std::ranges::find(kSharedDomains, ascii_lower(pattern.substr(at + 1))) !=
             kSharedDomains.end();
}

bool keeps_its_account(std::string_view pattern) {
  const std::size_t first = pattern.find_first_of("*?[");
  return first == std::string_view::npos ||
         (!is_shared_address(pattern) &&
          std::ranges::all_of(kSharedHosts, [&](const SharedHost& shared) {
            return keeps_account_on(shared, pattern, first);
          }));
}

Result<Glob> parse_subject_pattern(const JsonView& view, std::string_view key) {
  NONO_TRY(const JsonView field, view.at(key));
  NONO_TRY(Glob glob, parse_flat_glob(field));
  if (!keeps_its_host(glob.text())) {
    return std::unexpected(field.error(
        "must name the host of a URL (https://host/...) or the domain of an address (*@domain) "
        "without wildcards: otherwise strangers could match it"));
  }
  if (!keeps_its_account(glob.text())) {
    return std::unexpected(
        field
            .error("names a host on which everybody can have an account, and not whose it is: "
                   "otherwise strangers could match it")
            .mend_with("write the owner or group without wildcards behind the host, such as "
                       "https://github.com/OWNER/*, or an address whole"));
  }
  return glob;
}

Result<void> parse_subject(const JsonView& view, KeylessPublisher& who) {
  if (view.json().find("subject") != nullptr && view.json().find("subject_pattern") != nullptr) {
    return std::unexpected(view.error("must have either 'subject' or 'subject_pattern', not both"));
  }
  if (view.json().find("subject") != nullptr) {
    NONO_TRY(const JsonView field, view.at("subject"));
    NONO_TRY(std::string subject, field.nonempty_string());
    if (subject.find('*') != std::string::npos) {
      return std::unexpected(
          field.error("is compared exactly: use 'subject_pattern' for wildcards"));
    }
    who.subject = std::move(subject);
    return {};
  }
  NONO_TRY(who.subject_pattern, parse_subject_pattern(view, "subject_pattern"));
  return {};
}

// The workflow that was started, what signed in its name, or both: what is named must agree.
Result<void> parse_ci(const JsonView& view, KeylessPublisher& who) {
  NONO_TRY(who.repository, parse_repository(view));
  const bool by_signer = view.json().find("build_signer_uri") != nullptr;
  if (by_signer) {
    NONO_TRY(who.build_signer_uri, parse_subject_pattern(view, "build_signer_uri"));
  }
  if (!by_signer || view.json().find("workflow") != nullptr) {
    NONO_TRY(who.workflow, parse_flat_field(view, "workflow"));
  }
  NONO_TRY(who.ref_pattern, parse_flat_field(view, "ref_pattern"));
  return {};
}

Result<KeylessPublisher> parse_keyless(const JsonView& view) {
  KeylessPublisher who;
  NONO_TRY(who.root, optional_root_name(view));
  NONO_TRY(who.issuer, parse_issuer(view));
  const bool by_subject = has_any(view, std::span(kKeylessFields).subspan(kFirstSubject));
  if (by_subject &&
      has_any(view, std::span(kKeylessFields).subspan(kFirstCi, kFirstSubject - kFirstCi))) {
    return std::unexpected(
        view.error("must name a CI (repository, workflow or build_signer_uri, ref_pattern) or a "
                   "subject, not both"));
  }
  if (by_subject) {
    NONO_CHECK(parse_subject(view, who));
    return who;
  }
  NONO_CHECK(parse_ci(view, who));
  return who;
}

Result<std::variant<KeyedPublisher, KeylessPublisher>> parse_who(const JsonView& view) {
  const bool keyed = has_any(view, kKeyedFields);
  const bool keyless = has_any(view, kKeylessFields);
  if (keyed && keyless) {
    return std::unexpected(
        view.error("must have a key (key_id, public_key) or an issuer, not both"));
  }
  if (keyless) {
    NONO_TRY(KeylessPublisher who, parse_keyless(view));
    return who;
  }
  if (keyed) {
    NONO_TRY(const std::optional<JsonView> root, view.maybe("root"));
    if (root) {
      return std::unexpected(root->error("is for certificates: a key needs nobody to vouch"));
    }
    NONO_TRY(KeyedPublisher who, parse_keyed(view));
    return who;
  }
  return std::unexpected(view.error(
      "names nobody: it needs key_id and public_key, or issuer with repository, workflow and "
      "ref_pattern, or issuer with subject"));
}

// A name is shown where people decide by it.
Result<std::string> parse_name(const JsonView& view) {
  NONO_TRY(const JsonView field, view.at("name"));
  NONO_TRY(std::string name, field.nonempty_string());
  if (fold_name(name) == kSelfName) {
    return std::unexpected(
        field
            .error("is the name of the user's own keys and cannot be given to others, "
                   "nor can what looks like it")
            .mend_with("give another name"));
  }
  return name;
}

Result<std::vector<std::string>> parse_predicate_types(const JsonView& view) {
  std::vector<std::string> types;
  NONO_TRY(const auto field, view.maybe("predicate_types"));
  if (!field) {
    return types;
  }
  NONO_TRY(const auto elements, field->elements(kMaxPredicateTypes));
  for (const JsonView& element : elements) {
    NONO_TRY(std::string type, element.nonempty_string());
    if (type == attest::kInstructionFileV1 || type == attest::kMultiFileV1 ||
        type == attest::kTrustPolicyV1) {
      return std::unexpected(
          element.error("is one of nono's own types, which need no mention and serve one purpose"));
    }
    types.push_back(std::move(type));
  }
  return types;
}

Json keyless_json(const KeylessPublisher& who) {
  Json json(Json::Object{});
  json.set("issuer", who.issuer);
  const std::array<std::pair<std::string_view, const std::optional<Glob>*>, 5> patterns = {
      {{"repository", &who.repository},
       {"workflow", &who.workflow},
       {"ref_pattern", &who.ref_pattern},
       {"build_signer_uri", &who.build_signer_uri},
       {"subject_pattern", &who.subject_pattern}}};
  for (const auto& [key, glob] : patterns) {
    if (*glob) {
      json.set(key, (*glob)->text());
    }
  }
  if (who.subject) {
    json.set("subject", *who.subject);
  }
  if (!who.root.empty()) {
    json.set("root", who.root);
  }
  return json;
}

Json who_json(const Publisher& publisher) {
  if (const auto* keyless = std::get_if<KeylessPublisher>(&publisher.who)) {
    return keyless_json(*keyless);
  }
  const auto& keyed = std::get<KeyedPublisher>(publisher.who);
  return Json::Object{{"key_id", keyed.key_id}, {"public_key", keyed.key.spki_base64()}};
}

}  // namespace

Result<Publisher> parse_publisher(const JsonView& view) {
  NONO_CHECK(view.only({"name", "key_id", "public_key", "issuer", "repository", "workflow",
                        "ref_pattern", "build_signer_uri", "subject", "subject_pattern", "root",
                        "predicate_types", "delegates"}));
  NONO_CHECK(no_nulls(view));
  NONO_TRY(std::string name, parse_name(view));
  NONO_TRY(auto who, parse_who(view));
  NONO_TRY(auto types, parse_predicate_types(view));
  NONO_TRY(const bool delegates, optional_flag(view, "delegates"));
  return Publisher{std::move(name), std::move(who), std::move(types), delegates};
}

Json publisher_json(const Publisher& publisher) {
  Json json(Json::Object{{"name", publisher.name}});
  const Json who = who_json(publisher);
  for (const auto& [key, value] : *who.object()) {
    json.set(key, value);
  }
  if (!publisher.predicate_types.empty()) {
    json.set("predicate_types",
             Json::Array(publisher.predicate_types.begin(), publisher.predicate_types.end()));
  }
  if (publisher.delegates) {
    json.set("delegates", true);
  }
  return json;
}

bool same_signers(const Publisher& one, const Publisher& other) {
  const auto* key = std::get_if<KeyedPublisher>(&one.who);
  const auto* other_key = std::get_if<KeyedPublisher>(&other.who);
  if (key != nullptr && other_key != nullptr) {
    return key->key.fingerprint() == other_key->key.fingerprint();
  }
  return who_json(one) == who_json(other);
}

}  // namespace nono::trustpolicy
