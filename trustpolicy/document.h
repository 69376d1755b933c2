// trustpolicy/document.h: one trust-policy.json, parsed (docs/format-trust-policy.md).
//
// Strict: an unknown field, a null, a duplicate key, an empty or bad pattern, a missing required
// field, an unknown enforcement, a publisher whom everybody could match refuse the document with
// file, JSON pointer and reason. A typo must not widen trust. Parsing says nothing of whether the
// document may be believed: that is discover.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "attest/verifier.h"
#include "base/json.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/keys.h"
#include "trustpolicy/decision.h"
#include "trustpolicy/glob.h"

namespace nono::trustpolicy {

struct KeyedPublisher {
  std::string key_id;
  crypto::PublicKey key;
};
struct KeylessPublisher {
  std::string issuer;  // exact
  // A CI identity: repository and ref_pattern, with workflow or build_signer_uri or both.
  std::optional<Glob> repository;
  std::optional<Glob> workflow;
  std::optional<Glob> ref_pattern;
  std::optional<Glob> build_signer_uri;  // what signed: of a reusable workflow, that one
  std::optional<std::string> subject;    // or exact subject, or its pattern: a person or another CI
  std::optional<Glob> subject_pattern;
  // root is the name of the trusted root that must vouch for the certificate: in a merged policy
  // the publisher's own or its document's; empty: the one that judges where none is named.
  std::string root = {};
};
struct Publisher {
  std::string name;
  std::variant<KeyedPublisher, KeylessPublisher> who;
  std::vector<std::string> predicate_types;  // accepted beside nono's own
  bool delegates = false;                    // may sign project policies that add publishers
};
struct BlockedDigest {
  crypto::Sha256 digest;
  std::string description;
  std::string added;
};
struct BlockedPublisher {
  std::string identity;  // a publisher's name, key_id, key fingerprint, issuer, repository, subject
  std::optional<std::string> repository;  // pattern; narrows the block to it, keyless signers only
  std::string reason;
  std::string added;
};

struct Document {
  // How it says that it is a policy of nono's, and says it again when it is written: upstream
  // up to 0.66 knows the version, from 0.81 on the predicate alone.
  bool has_predicate = true;
  bool has_version = false;

  static constexpr std::size_t kMaxIncludes = 100;
  static constexpr std::size_t kMaxFiles = 1000;
  static constexpr std::size_t kMaxPublishers = 1000;
  static constexpr std::size_t kMaxBlocked = 10000;  // digests and publishers together

  std::vector<Glob> includes;
  std::vector<std::string> files;  // absolute, `~/…`, or relative to the policy's directory
  std::vector<Publisher> publishers;
  std::vector<BlockedDigest> blocked_digests;
  std::vector<BlockedPublisher> blocked_publishers;
  Enforcement enforcement = Enforcement::Deny;
  std::optional<Enforcement> agent_config;  // enforcement of the agent-config class
  std::vector<std::string> unguarded;       // built-in names taken off; system and user only
  bool lock = false;                        // layers below add no publisher
  std::string root = {};                    // of keyless publishers that name none; may be empty
  bool strict_intercept = false;            // demands --trust-intercept=strict

  // parse reads the text of `shown_as` (for messages).
  static Result<Document> parse(std::string_view text, std::string_view shown_as);
  // starter is a document that parses and adds no trust: the usual includes, enforcement deny, no
  // publisher. What `trust init` begins with.
  static Document starter();
  // bare is starter with one built-in name in place of the usual includes, so that it guards what
  // is guarded without it. What the first `trust block` or `trust publisher add` begins with: who
  // asks for those has not asked for more names.
  static Document bare();
  // to_json writes the document in the order and form of docs/format-trust-policy.md. What parse
  // made of it comes out such that parse makes the same of it again.
  Json to_json() const;
};

}  // namespace nono::trustpolicy
