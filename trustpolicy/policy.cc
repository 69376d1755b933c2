// trustpolicy/policy.cc: merging the layers and deciding.
#include "trustpolicy/policy.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "trustpolicy/publisher.h"

namespace nono::trustpolicy {
namespace {

constexpr std::size_t kMaxKnownKeys = 64;

// settle_rights holds the rules that no layer can grant itself out of, and reports whether the
// system shuts out the user's own keys.
bool settle_rights(std::vector<Layer>& layers) {
  std::ranges::stable_sort(layers, {}, &Layer::kind);
  bool system_lock = false;
  for (Layer& layer : layers) {
    layer.may_loosen = layer.may_loosen && layer.kind != LayerKind::Project;
    system_lock = system_lock || (layer.kind == LayerKind::System && layer.document.lock);
    const bool locked = std::ranges::any_of(
        layers, [&](const Layer& above) { return above.kind < layer.kind && above.document.lock; });
    layer.may_add_publishers = layer.may_add_publishers && !locked;
  }
  return system_lock;
}

// strictest returns the greatest of what the layers that may loosen say, or `built_in` where none
// of them speaks, and never less than what the others say.
template <typename Says>
Enforcement strictest(const std::vector<Layer>& layers, Enforcement built_in, Says says) {
  std::optional<Enforcement> basis;
  std::optional<Enforcement> demanded;
  for (const Layer& layer : layers) {
    if (const std::optional<Enforcement> said = says(layer.document)) {
      std::optional<Enforcement>& side = layer.may_loosen ? basis : demanded;
      side = side ? std::max(*side, *said) : *said;
    }
  }
  const Enforcement settled = basis.value_or(built_in);
  return demanded ? std::max(settled, *demanded) : settled;
}

std::string reason_of(const attest::Rejection& rejection) {
  return rejection.detail.empty() ? "its evidence was refused" : printable(rejection.detail);
}

std::string with_words(std::string sentence, std::string_view words) {
  return words.empty() ? sentence : std::move(sentence) + ": " + printable(words);
}

// yields reports whether a weaker enforcement or the user's override lets a file through.
bool yields(DenyRule rule) {
  switch (rule) {
    case DenyRule::BlockedDigest:
    case DenyRule::BlockedPublisher:
    case DenyRule::Unexaminable:
      return false;
    case DenyRule::Unproven:
    case DenyRule::UntrustedPublisher:
      return true;
  }
  std::unreachable();
}

void append(std::vector<const Publisher*>& list, const std::vector<Publisher>& publishers) {
  std::ranges::transform(publishers, std::back_inserter(list),
                         [](const Publisher& publisher) { return &publisher; });
}

// settle_roots: a document's root is that of its publishers that name none.
void settle_roots(Document& document) {
  for (Publisher& publisher : document.publishers) {
    auto* keyless = std::get_if<KeylessPublisher>(&publisher.who);
    if (keyless != nullptr && keyless->root.empty()) {
      keyless->root = document.root;
    }
  }
}

void add_files(Guard& guard, const Layer& layer) {
  const std::string_view directory = directory_name(layer.path);
  for (const std::string& file : layer.document.files) {
    guard.add_file(file.starts_with('/') ? file : join_path(directory, file));
  }
}

}  // namespace

std::string_view name_of(LayerKind kind) {
  switch (kind) {
    case LayerKind::BuiltIn:
      return "built-in";
    case LayerKind::System:
      return "system";
    case LayerKind::User:
      return "user";
    case LayerKind::Project:
      return "project";
  }
  std::unreachable();
}

Policy Policy::merge(std::vector<Layer> layers, std::vector<attest::KeyringEntry> self_keys,
                     std::shared_ptr<const attest::RootSource> root,
                     std::vector<attest::NamedRoot> named_roots) {
  Policy policy;
  policy.named_roots_ = std::move(named_roots);
  policy.root_ = root != nullptr
                     ? std::move(root)
                     : std::make_shared<const attest::RootSource>(attest::RootSource::none());
  policy.self_locked_out_ = settle_rights(layers);
  policy.enforcement_ = strictest(layers, Enforcement::Deny, [](const Document& document) {
    return std::optional(document.enforcement);
  });
  policy.agent_config_ = strictest(layers, Enforcement::Warn,
                                   [](const Document& document) { return document.agent_config; });
  policy.guard_.set_stricter(policy.agent_config_ > policy.enforcement_ ? GuardClass::AgentConfig
                                                                        : GuardClass::Instruction);
  for (attest::KeyringEntry& entry : self_keys) {
    // The user's own word: what their key signed as a project policy, they delegate.
    policy.self_.push_back(Publisher{std::string(kSelfName),
                                     KeyedPublisher{std::move(entry.key_id), std::move(entry.key)},
                                     std::move(entry.extra_predicate_types), true});
  }
  for (Layer& layer : layers) {
    policy.add_layer(std::move(layer));
  }
  policy.settle_keyring();
  return policy;
}

void Policy::add_layer(Layer layer) {
  settle_roots(layer.document);
  const std::string root(layer.kind == LayerKind::Project ? directory_name(layer.path) : "");
  for (const Glob& glob : layer.document.includes) {
    guard_.add_pattern(root, glob);
  }
  add_files(guard_, layer);
  if (layer.may_loosen) {
    for (const std::string& name : layer.document.unguarded) {
      guard_.take_off(name);
    }
  }
  for (const BlockedDigest& blocked : layer.document.blocked_digests) {
    blocked_digests_.emplace(blocked.digest, blocked.description);
  }
  strict_intercept_ = strict_intercept_ || layer.document.strict_intercept;
  layers_.push_back(std::move(layer));
}

// A key that no trusted publisher holds is in the ring too, so that a signature by it is told apart
// from one by a stranger and can be blocked by name. It brings no predicate type with it: that
// would be a way for a layer to widen what another layer's key may say. Their number is capped,
// since a signature that names no key is tried against all.
void Policy::settle_keyring() {
  attest::Keyring ring;
  std::set<crypto::Sha256> trusted;
  for (const Publisher* publisher : publishers()) {
    if (const auto* keyed = std::get_if<KeyedPublisher>(&publisher->who)) {
      trusted.insert(keyed->key.fingerprint());
      ring.add({keyed->key, publisher->name, keyed->key_id, publisher->predicate_types});
    }
  }
  const std::size_t room = ring.entries().size() + kMaxKnownKeys;
  for (const Publisher* publisher : known_publishers()) {
    const auto* keyed = std::get_if<KeyedPublisher>(&publisher->who);
    if (keyed != nullptr && ring.entries().size() < room &&
        !trusted.contains(keyed->key.fingerprint())) {
      ring.add({keyed->key, publisher->name, keyed->key_id, {}});
    }
  }
  keyring_ = std::make_shared<const attest::Keyring>(std::move(ring));
}

std::vector<const Publisher*> Policy::publishers() const {
  std::vector<const Publisher*> trusted;
  if (!self_locked_out_) {
    append(trusted, self_);
  }
  for (const Layer& layer : layers_) {
    if (layer.may_add_publishers) {
      append(trusted, layer.document.publishers);
    }
  }
  return trusted;
}

std::vector<const Publisher*> Policy::known_publishers() const {
  std::vector<const Publisher*> known;
  append(known, self_);
  for (const Layer& layer : layers_) {
    append(known, layer.document.publishers);
  }
  return known;
}

Enforcement Policy::enforcement(GuardClass guard_class) const {
  return guard_class == GuardClass::AgentConfig ? agent_config_ : enforcement_;
}

std::optional<std::string> Policy::blocks_digest(const crypto::Sha256& digest) const {
  const auto found = blocked_digests_.find(digest);
  if (found == blocked_digests_.end()) {
    return std::nullopt;
  }
  return with_words("its digest " + digest.short_form() + " is on the blocklist", found->second);
}

std::optional<std::string> Policy::blocks_signer(const attest::SignerIdentity& signer) const {
  std::vector<const Publisher*> speaking = known_publishers();
  std::erase_if(speaking, [&](const Publisher* known) { return !identifies(*known, signer); });
  for (const Layer& layer : layers_) {
    for (const BlockedPublisher& entry : layer.document.blocked_publishers) {
      if (blocks(entry, signer, speaking)) {
        return with_words("it is signed by " + describe(signer) + ", who is on the blocklist",
                          entry.reason);
      }
    }
  }
  return std::nullopt;
}

std::expected<std::string, Denied> Policy::match(const attest::VerifiedStatement& statement) const {
  std::string reason =
      "it is signed by " + describe(statement.signer()) + ", whom no policy trusts";
  for (const Publisher* candidate : publishers()) {
    if (!speaks_for(*candidate, statement.signer())) {
      if (const std::string miss = near_miss(*candidate, statement.signer()); !miss.empty()) {
        reason = "it is signed by " + describe(statement.signer()) + ": " + miss;
      }
      continue;
    }
    if (accepts_type(*candidate, statement.predicate_type())) {
      return candidate->name;
    }
    reason = "it is signed by " + describe(statement.signer()) + ", but by a statement of type " +
             printable(statement.predicate_type()) + ", which the policy does not accept from them";
  }
  return std::unexpected(
      Denied(DenyRule::UntrustedPublisher, "untrusted-publisher", std::move(reason)));
}

std::expected<std::string, Denied> Policy::judge(const attest::Examined& examined) const {
  if (auto why = blocks_digest(examined.digest())) {
    return std::unexpected(Denied(DenyRule::BlockedDigest, "blocked-digest", *std::move(why)));
  }
  const attest::Finding& finding = examined.finding();
  if (!finding) {
    const attest::Rejection& rejection = finding.error();
    const DenyRule rule = rejection.reason == attest::Reason::Unexaminable ? DenyRule::Unexaminable
                                                                           : DenyRule::Unproven;
    return std::unexpected(
        Denied(rule, std::string(attest::code(rejection.reason)), reason_of(rejection)));
  }
  if (auto why = blocks_signer(finding->signer())) {
    return std::unexpected(
        Denied(DenyRule::BlockedPublisher, "blocked-publisher", *std::move(why)));
  }
  return match(*finding);
}

Decision Policy::decide(attest::Examined examined, GuardClass guard_class,
                        Override override) const {
  auto judged = judge(examined);
  if (judged) {
    return Admitted(std::move(examined).take_file(), *std::move(judged), std::nullopt);
  }
  Denied denied = std::move(judged).error();
  const bool firm = enforcement(guard_class) == Enforcement::Deny && override == Override::No;
  if (firm || !yields(denied.rule())) {
    return denied;
  }
  return Admitted(std::move(examined).take_file(), "", denied.code() + ": " + denied.reason());
}

}  // namespace nono::trustpolicy
