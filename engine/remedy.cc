// engine/remedy.cc: reason code to command.
#include "engine/remedy.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "attest/evidence.h"
#include "base/files.h"
#include "base/text.h"
#include "dsse/statement.h"
#include "trustpolicy/publisher.h"

namespace nono::engine {
namespace {

using trustpolicy::Layer;
using trustpolicy::Publisher;

// Whoever signs again says that they read the file: these need a look first.
constexpr std::array<std::string_view, 8> kLookFirst = {
    "bad-signature",      "subject-mismatch",     "malformed-bundle",      "unsupported-version",
    "wrong-payload-type", "wrong-predicate-type", "unsupported-algorithm", "identity-mismatch"};

// The evidence of a certificate does not hold: whoever signed it can sign it again.
constexpr std::array<std::string_view, 12> kSignedAgain = {
    "untrusted-chain",    "certificate-expired-at-signing",
    "wrong-key-usage",    "sct-missing",
    "sct-invalid",        "no-trusted-time",
    "timestamp-invalid",  "not-logged",
    "set-invalid",        "inclusion-proof-invalid",
    "checkpoint-invalid", "log-entry-mismatch"};

// Everybody who is known under some name, as the blocklist's names are matched.
std::vector<const Publisher*> speaking_for(const trustpolicy::Policy& policy,
                                           const attest::SignerIdentity& signer) {
  std::vector<const Publisher*> speaking = policy.publishers();
  for (const Layer& layer : policy.layers()) {
    for (const Publisher& publisher : layer.document.publishers) {
      speaking.push_back(&publisher);
    }
  }
  std::erase_if(speaking,
                [&](const Publisher* known) { return !trustpolicy::speaks_for(*known, signer); });
  return speaking;
}

std::string entry_text(const Layer& layer, std::string_view list, std::size_t index,
                       const std::string& words) {
  std::string text = "the entry /blocklist/";
  text.append(list).append("/").append(std::to_string(index)).append(" of ").append(layer.path);
  return words.empty() ? text : text + " (" + words + ")";
}

std::string blocking_digest(const Layer& layer, const crypto::Sha256& digest) {
  const auto& blocked = layer.document.blocked_digests;
  const auto hit = std::ranges::find(blocked, digest, &trustpolicy::BlockedDigest::digest);
  return hit == blocked.end()
             ? std::string()
             : entry_text(layer, "digests", static_cast<std::size_t>(hit - blocked.begin()),
                          hit->description);
}

std::string blocking_publisher(const trustpolicy::Policy& policy, const Layer& layer,
                               const attest::SignerIdentity& signer) {
  const std::vector<const Publisher*> speaking = speaking_for(policy, signer);
  const auto& blocked = layer.document.blocked_publishers;
  const auto hit = std::ranges::find_if(blocked, [&](const trustpolicy::BlockedPublisher& entry) {
    return trustpolicy::blocks(entry, signer, speaking);
  });
  return hit == blocked.end()
             ? std::string()
             : entry_text(layer, "publishers", static_cast<std::size_t>(hit - blocked.begin()),
                          hit->reason);
}

// command_for ends where the file is to be named; empty where no command about the file mends it.
std::string command_for(std::string_view reason_code) {
  if (reason_code == "no-bundle") {
    return "nono trust sign ";
  }
  if (reason_code == "unknown-key" || reason_code == "untrusted-publisher") {
    return "nono trust publisher add --from ";
  }
  if (reason_code == "unsupported") {
    return "read the file, then sign it with a key of your own: nono trust sign ";
  }
  if (std::ranges::find(kLookFirst, reason_code) != kLookFirst.end()) {
    return "check what changed, then: nono trust sign ";
  }
  return {};
}

// for_bundle: a bundle is not signed, what it stands for is.
std::string for_bundle(std::string_view shown_path) {
  if (base_name(shown_path) == attest::kMultiBundleName) {
    return "this is a bundle; to verify the files that it signs: nono trust verify --all";
  }
  shown_path.remove_suffix(attest::kSidecarSuffix.size());
  return "this is a bundle; to verify the file that it signs: nono trust verify " +
         shell_quote(shown_path);
}

}  // namespace

std::string remedy_for(std::string_view reason_code, std::string_view shown_path) {
  if (std::ranges::find(kSignedAgain, reason_code) != kSignedAgain.end()) {
    return "see nono trust root show, or ask whoever signed it to sign it again";
  }
  if (reason_code == "no-bundle" && shown_path.ends_with(attest::kSidecarSuffix)) {
    return for_bundle(shown_path);
  }
  const std::string command = command_for(reason_code);
  if (command.empty()) {
    return {};
  }
  // Nobody can sign such a name, and what is shown of it names no file.
  if (!dsse::fault_in_name(base_name(shown_path)).empty()) {
    return "rename it, without control or invisible characters, then sign it";
  }
  if (!is_utf8(shown_path)) {
    return "rename the directory whose name is not UTF-8, then sign it";
  }
  // A name that starts with a dash would be read as an option.
  const std::string dash_guard = shown_path.starts_with('-') ? "./" : "";
  return command + shell_quote(dash_guard + std::string(shown_path));
}

std::string blocking_entry(const trustpolicy::Policy& policy,
                           const std::optional<crypto::Sha256>& digest,
                           const std::optional<attest::SignerIdentity>& signer) {
  for (const Layer& layer : policy.layers()) {
    if (std::string text = digest ? blocking_digest(layer, *digest) : ""; !text.empty()) {
      return text;
    }
    if (std::string text = signer ? blocking_publisher(policy, layer, *signer) : "";
        !text.empty()) {
      return text;
    }
  }
  return {};
}

}  // namespace nono::engine
