// engine/publishers.cc: introductions and edits of the user's publishers.
#include "engine/publishers.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "attest/bundle.h"
#include "attest/verifier.h"
#include "base/files.h"
#include "base/text.h"
#include "engine/key_store.h"
#include "engine/keyless_introduction.h"
#include "engine/object.h"
#include "trustpolicy/publisher.h"

namespace nono::engine {
namespace {

using trustpolicy::Document;
using trustpolicy::KeyedPublisher;
using trustpolicy::Policy;
using trustpolicy::Publisher;

struct FoundKey {
  crypto::PublicKey key;
  std::string name;
  std::string source;
};

const KeyedPublisher* keyed(const Publisher& publisher) {
  return std::get_if<KeyedPublisher>(&publisher.who);
}

Error usage(std::string what, std::string remedy) {
  return Error(ErrorKind::Usage, std::move(what)).mend_with(std::move(remedy));
}

// "alice" of "/keys/alice.pem.pub": what a person would call the key.
std::string stem(std::string_view path) {
  const std::string_view base = base_name(path);
  return std::string(base.substr(0, base.find('.')));
}

Result<FoundKey> read_key(const std::string& path) {
  NONO_TRY(crypto::PublicKey key, read_public_key(path));
  return FoundKey{.key = std::move(key), .name = stem(path), .source = path};
}

// Every key that some policy names, trusted or not: they are candidates, nothing more.
std::vector<FoundKey> named_keys(const Policy& policy) {
  std::vector<FoundKey> keys;
  for (const trustpolicy::Layer& layer : policy.layers()) {
    for (const Publisher& publisher : layer.document.publishers) {
      if (const KeyedPublisher* who = keyed(publisher)) {
        keys.push_back({.key = who->key, .name = publisher.name, .source = layer.path});
      }
    }
  }
  return keys;
}

std::string hint_of(const std::vector<attest::Evidence>& evidence) {
  for (const attest::Evidence& candidate : evidence) {
    const auto bundle = attest::Bundle::parse(candidate.bundle_text);
    const auto* hint = bundle ? std::get_if<attest::KeyHint>(&bundle->material()) : nullptr;
    if (hint != nullptr && !hint->hint.empty()) {
      return hint->hint;
    }
  }
  return {};
}

Error not_verified(const std::string& path, const attest::Rejection& rejection,
                   const std::vector<attest::Evidence>& evidence) {
  if (rejection.reason != attest::Reason::UnknownKey) {
    return {ErrorKind::InvalidInput,
            path + ": " + std::string(attest::code(rejection.reason)) + ": " + rejection.detail};
  }
  const std::string hint = hint_of(evidence);
  return usage(path + " is signed by a key that is not at hand" +
                   (hint.empty() ? std::string() : "; the bundle calls it " + hint),
               "get the publisher's public key, then: nono trust publisher add --from " +
                   shell_quote(path) + " --key PUBFILE");
}

// signer_of verifies the file's signature with the keys given and the policy's trusted roots, or
// the one that is asked for.
Result<attest::SignerIdentity> signer_of(const IntroductionRequest& request, const Policy& policy,
                                         const std::vector<FoundKey>& keys) {
  const std::string path = request.from_file.value_or("");
  NONO_TRY(OpenedFile file, open_named(path));
  const attest::Place place = attest::place_of(file.path);
  NONO_TRY(const std::vector<attest::Evidence> evidence, attest::find_evidence(place));
  auto ring = std::make_shared<attest::Keyring>();
  for (const FoundKey& found : keys) {
    ring->add({.key = found.key, .alias = found.name, .key_id = {}, .extra_predicate_types = {}});
  }
  const attest::Verifier verifier(
      ring, policy.shared_root(),
      request.root ? std::span(&*request.root, 1) : policy.named_roots());
  NONO_TRY(const attest::Examined examined,
           verifier.examine(std::move(file.sealed), place, evidence, purpose_of(file.path)));
  const attest::Finding& finding = examined.finding();
  if (!finding) {
    return std::unexpected(not_verified(path, finding.error(), evidence));
  }
  return finding->signer();
}

Result<std::vector<FoundKey>> candidates(const Policy& policy, const IntroductionRequest& request) {
  if (!request.key_file) {
    return named_keys(policy);
  }
  std::vector<FoundKey> keys;
  NONO_TRY(FoundKey key, read_key(*request.key_file));
  keys.push_back(std::move(key));
  return keys;
}

Result<void> check_name(const std::string& name) {
  if (name.empty() || fold_name(name) == trustpolicy::kSelfName) {
    return std::unexpected(usage("a publisher needs a name of its own", "give one: --name NAME"));
  }
  if (printable(name) != name) {
    return std::unexpected(
        usage("the name holds characters that are not seen: \"" + printable(name) + "\"",
              "give one that can be read: --name NAME"));
  }
  return {};
}

Result<Introduction> introduce_key(const IntroductionRequest& request, const FoundKey& found) {
  NONO_TRY(Publisher publisher,
           publisher_of(request.name.empty() ? found.name : request.name, found.key));
  return Introduction{.publisher = std::move(publisher),
                      .fingerprint = found.key.fingerprint(),
                      .key_source = found.source,
                      .verified_file = request.from_file.value_or("")};
}

bool is_called(const Publisher& publisher, const std::string& text) {
  const KeyedPublisher* who = keyed(publisher);
  return publisher.name == text ||
         (who != nullptr && (who->key_id == text || who->key.fingerprint().hex() == text));
}

std::string elsewhere(const Policy& merged, const std::string& text) {
  for (const trustpolicy::Layer& layer : merged.layers()) {
    const auto& list = layer.document.publishers;
    if (std::ranges::any_of(list, [&](const Publisher& one) { return is_called(one, text); })) {
      return "it stands in " + layer.path;
    }
  }
  return "nono trust publisher list";
}

// add_types reports whether one of `more` was not there.
bool add_types(std::vector<std::string>& types, const std::vector<std::string>& more) {
  const std::size_t before = types.size();
  for (const std::string& type : more) {
    if (std::ranges::find(types, type) == types.end()) {
      types.push_back(type);
    }
  }
  return types.size() > before;
}

Result<Introduction> found_introduction(Gate& gate, const IntroductionRequest& request) {
  if (request.github || request.issuer || request.subject) {
    return introduce_identity(request);
  }
  if (!request.from_file && !request.key_file) {
    return std::unexpected(usage("it is not said whose signature or key is to be trusted",
                                 "give --from FILE, --key PUBFILE, or both; or --github "
                                 "OWNER/NAME, or --issuer and --subject"));
  }
  NONO_TRY(std::vector<FoundKey> keys, candidates(gate.policy(), request));
  if (!request.from_file) {
    return introduce_key(request, keys.front());
  }
  NONO_TRY(const attest::SignerIdentity signer, signer_of(request, gate.policy(), keys));
  if (const auto* keyless = std::get_if<attest::KeylessSigner>(&signer)) {
    return introduce_signer(request, *keyless);
  }
  const crypto::Sha256& fingerprint = std::get<attest::KeyedSigner>(signer).fingerprint;
  const auto hit = std::ranges::find_if(
      keys, [&](const FoundKey& found) { return found.key.fingerprint() == fingerprint; });
  return introduce_key(request, *hit);
}

}  // namespace

Result<Publisher> publisher_of(const std::string& name, const crypto::PublicKey& key) {
  NONO_CHECK(check_name(name));
  return Publisher{.name = name,
                   .who = KeyedPublisher{.key_id = key.fingerprint().hex(), .key = key},
                   .predicate_types = {},
                   .delegates = false};
}

Result<Introduction> introduce(Gate& gate, const IntroductionRequest& request) {
  NONO_TRY(Introduction introduced, found_introduction(gate, request));
  NONO_CHECK(check_name(introduced.publisher.name));
  return introduced;
}

Result<Edited> add_publisher(const UserDirectories& user, const Publisher& publisher) {
  Edited edited = Edited::Changed;
  NONO_CHECK(edit_user_policy(user, [&](Document& document) -> Result<void> {
    const auto same = std::ranges::find(document.publishers, publisher.name, &Publisher::name);
    if (same == document.publishers.end()) {
      document.publishers.push_back(publisher);
      return {};
    }
    if (!trustpolicy::same_signers(*same, publisher)) {
      return std::unexpected(usage(
          "another publisher is called " + publisher.name + " already: " + identity_text(*same),
          "give another name with --name, or first: nono trust publisher "
          "remove " +
              shell_quote(publisher.name)));
    }
    const bool more = add_types(same->predicate_types, publisher.predicate_types);
    edited = same->delegates == publisher.delegates && !more ? Edited::AlreadySo : Edited::Changed;
    same->delegates = publisher.delegates;
    return {};
  }));
  return edited;
}

Result<Publisher> remove_publisher(const UserDirectories& user, const Policy& merged,
                                   const std::string& name_or_fingerprint) {
  std::vector<Publisher> removed;
  NONO_CHECK(edit_user_policy(user, [&](Document& document) -> Result<void> {
    auto& list = document.publishers;
    const auto hit = std::ranges::find_if(
        list, [&](const Publisher& one) { return is_called(one, name_or_fingerprint); });
    if (hit == list.end()) {
      return std::unexpected(usage("your policy has no publisher " + name_or_fingerprint,
                                   elsewhere(merged, name_or_fingerprint)));
    }
    removed.push_back(std::move(*hit));
    list.erase(hit);
    return {};
  }));
  return std::move(removed.front());
}

std::vector<ListedPublisher> list_publishers(const Policy& policy, const UserDirectories& user) {
  std::vector<ListedPublisher> listed;
  const auto counted = policy.publishers();
  for (const Publisher* publisher : counted) {
    if (publisher->name == trustpolicy::kSelfName) {
      listed.push_back(
          {.publisher = publisher, .layer = "self", .path = key_directory(user), .counts = true});
    }
  }
  for (const trustpolicy::Layer& layer : policy.layers()) {
    for (const Publisher& publisher : layer.document.publishers) {
      listed.push_back({.publisher = &publisher,
                        .layer = std::string(name_of(layer.kind)),
                        .path = layer.path,
                        .counts = layer.may_add_publishers});
    }
  }
  return listed;
}

std::string identity_text(const Publisher& publisher) {
  if (const KeyedPublisher* who = keyed(publisher)) {
    return who->key.fingerprint().short_form();
  }
  const auto& keyless = std::get<trustpolicy::KeylessPublisher>(publisher.who);
  std::string who = keyless.subject.value_or("");
  if (keyless.repository) {
    who = keyless.repository->text();
  } else if (keyless.subject_pattern) {
    who = keyless.subject_pattern->text();
  }
  return who + " via " + keyless.issuer + (keyless.root.empty() ? "" : " by root " + keyless.root);
}

}  // namespace nono::engine
