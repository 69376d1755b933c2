// trustpolicy/matching.cc: does a publisher, or an entry of a blocklist, mean this signer?
#include <algorithm>

#include "attest/predicate.h"
#include "base/text.h"
#include "trustpolicy/publisher.h"

namespace nono::trustpolicy {
namespace {

constexpr std::string_view kFingerprintPrefix = "sha256:";
constexpr std::size_t kFewestDigits = 16;

// An absent certificate extension is an empty string: it matches nothing, not even `*`.
bool whole(const Glob& glob, std::string_view text) {
  return !text.empty() && glob.matches_whole(text);
}

// A pattern of addresses (*@domain) is about addresses: the URL of a workflow can end like one, on
// a branch that somebody called x@domain.
bool is_subject(const Glob& pattern, std::string_view subject) {
  constexpr std::string_view kUrl = "://";
  return whole(pattern, subject) && (pattern.text().contains(kUrl) || !subject.contains(kUrl));
}

// A CI is known by the workflow that was started, by what signed, or by both.
bool is_its_ci(const KeylessPublisher& publisher, const attest::KeylessSigner& signer) {
  if (!publisher.repository || !publisher.ref_pattern ||
      (!publisher.workflow && !publisher.build_signer_uri)) {
    return false;
  }
  return !signer.repository.empty() && publisher.repository->matches(signer.repository) &&
         whole(*publisher.ref_pattern, signer.ref) &&
         (!publisher.workflow || whole(*publisher.workflow, signer.workflow)) &&
         (!publisher.build_signer_uri ||
          is_subject(*publisher.build_signer_uri, signer.build_signer_uri));
}

bool is_it(const KeylessPublisher& publisher, const attest::KeylessSigner& signer) {
  if (signer.issuer != publisher.issuer) {
    return false;
  }
  if (publisher.subject) {
    return *publisher.subject == signer.subject;
  }
  if (publisher.subject_pattern) {
    return is_subject(*publisher.subject_pattern, signer.subject);
  }
  return is_its_ci(publisher, signer);
}

// is_vouched_for: the root that the publisher is judged by is among those that vouched.
bool is_vouched_for(const KeylessPublisher& publisher, const attest::KeylessSigner& signer) {
  return std::ranges::find(signer.roots, publisher.root) != signer.roots.end();
}

std::string root_differs(const Publisher& publisher, const KeylessPublisher& wanted,
                         const attest::KeylessSigner& found) {
  std::string text("its certificate is vouched for by ");
  text.append(root_text(found.roots.empty() ? std::string() : found.roots.front()));
  text.append(", and ").append(printable(publisher.name)).append(" is judged by ");
  return text.append(root_text(wanted.root));
}

std::string differs(std::string_view field, const std::string& found, const std::string& name,
                    const Glob& wanted) {
  std::string text("its ");
  text.append(field).append(" is \"").append(printable(found)).append("\", and ");
  text.append(printable(name)).append(" signs by \"").append(wanted.text()).append("\"");
  return text;
}

// Empty unless the repository is the publisher's.
std::string differing_field(const std::string& name, const KeylessPublisher& wanted,
                            const attest::KeylessSigner& found) {
  if (!wanted.repository || !wanted.repository->matches(found.repository)) {
    return {};
  }
  if (wanted.workflow && !whole(*wanted.workflow, found.workflow)) {
    return differs("workflow", found.workflow, name, *wanted.workflow);
  }
  if (wanted.build_signer_uri && !is_subject(*wanted.build_signer_uri, found.build_signer_uri)) {
    return differs("build signer URI", found.build_signer_uri, name, *wanted.build_signer_uri);
  }
  if (wanted.ref_pattern && !whole(*wanted.ref_pattern, found.ref)) {
    return differs("ref", found.ref, name, *wanted.ref_pattern);
  }
  return {};
}

// People write what they saw: the whole fingerprint, or the short form with its prefix.
bool names_fingerprint(std::string_view identity, const crypto::Sha256& fingerprint) {
  const std::string written = ascii_lower(identity);
  const std::string full = fingerprint.hex();
  if (!written.starts_with(kFingerprintPrefix)) {
    return written == full;
  }
  const std::string_view digits = std::string_view(written).substr(kFingerprintPrefix.size());
  return digits.size() >= kFewestDigits && full.starts_with(digits);
}

bool names_signer(std::string_view identity, const attest::SignerIdentity& signer) {
  if (const auto* keyed = std::get_if<attest::KeyedSigner>(&signer)) {
    return names_fingerprint(identity, keyed->fingerprint) || identity == keyed->alias ||
           identity == keyed->key_id;
  }
  const auto& keyless = std::get<attest::KeylessSigner>(signer);
  return identity == keyless.issuer || identity == keyless.repository ||
         identity == keyless.subject;
}

bool calls_it(const Publisher& publisher, std::string_view identity) {
  const auto* keyed = std::get_if<KeyedPublisher>(&publisher.who);
  return publisher.name == identity || (keyed != nullptr && keyed->key_id == identity);
}

// A pattern that cannot be read blocks: the entry was written to block.
bool within(const std::optional<std::string>& repository, const attest::SignerIdentity& signer) {
  const auto* keyless = std::get_if<attest::KeylessSigner>(&signer);
  if (!repository || keyless == nullptr) {
    return true;
  }
  const auto glob = Glob::parse_flat(*repository);
  return !glob || glob->matches_whole(keyless->repository);
}

}  // namespace

bool identifies(const Publisher& publisher, const attest::SignerIdentity& signer) {
  if (const auto* keyed = std::get_if<attest::KeyedSigner>(&signer)) {
    const auto* held = std::get_if<KeyedPublisher>(&publisher.who);
    return held != nullptr && held->key.fingerprint() == keyed->fingerprint;
  }
  const auto* keyless = std::get_if<KeylessPublisher>(&publisher.who);
  return keyless != nullptr && is_it(*keyless, std::get<attest::KeylessSigner>(signer));
}

bool speaks_for(const Publisher& publisher, const attest::SignerIdentity& signer) {
  const auto* keyless = std::get_if<KeylessPublisher>(&publisher.who);
  return identifies(publisher, signer) &&
         (keyless == nullptr || is_vouched_for(*keyless, std::get<attest::KeylessSigner>(signer)));
}

std::string near_miss(const Publisher& publisher, const attest::SignerIdentity& signer) {
  const auto* wanted = std::get_if<KeylessPublisher>(&publisher.who);
  const auto* found = std::get_if<attest::KeylessSigner>(&signer);
  if (wanted == nullptr || found == nullptr || wanted->issuer != found->issuer) {
    return {};
  }
  if (is_it(*wanted, *found)) {
    return is_vouched_for(*wanted, *found) ? "" : root_differs(publisher, *wanted, *found);
  }
  return differing_field(publisher.name, *wanted, *found);
}

bool accepts_type(const Publisher& publisher, std::string_view predicate_type) {
  return predicate_type == attest::kInstructionFileV1 || predicate_type == attest::kMultiFileV1 ||
         predicate_type == attest::kTrustPolicyV1 ||
         std::ranges::find(publisher.predicate_types, predicate_type) !=
             publisher.predicate_types.end();
}

bool blocks(const BlockedPublisher& entry, const attest::SignerIdentity& signer,
            std::span<const Publisher* const> speaking) {
  const bool named = names_signer(entry.identity, signer) ||
                     std::ranges::any_of(speaking, [&](const Publisher* publisher) {
                       return calls_it(*publisher, entry.identity);
                     });
  return !entry.identity.empty() && named && within(entry.repository, signer);
}

std::string root_text(std::string_view name) {
  return name.empty() ? "the trusted root that judges where none is named"
                      : "the trusted root \"" + printable(name) + "\"";
}

std::string describe(const attest::SignerIdentity& signer) {
  if (const auto* keyed = std::get_if<attest::KeyedSigner>(&signer)) {
    const std::string key = keyed->fingerprint.short_form();
    return keyed->alias.empty() ? "key " + key : printable(keyed->alias) + " (" + key + ")";
  }
  const auto& keyless = std::get<attest::KeylessSigner>(signer);
  return printable(keyless.subject) + " of " + printable(keyless.issuer);
}

}  // namespace nono::trustpolicy
