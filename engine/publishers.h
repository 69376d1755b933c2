// engine/publishers.h: whom the user trusts to sign: shown first, then added; listed; removed.
//
// There is no trust on first use. An introduction is what could be checked about a publisher before
// the user says yes: the key, its fingerprint, and the file whose signature it made.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/keys.h"
#include "engine/directories.h"
#include "engine/gate.h"
#include "engine/user_policy.h"
#include "trustpolicy/policy.h"

namespace nono::engine {

struct IntroductionRequest {
  std::string name;                      // empty: taken from where the key was found
  std::optional<std::string> from_file;  // --from: a signed file
  std::optional<std::string> key_file;   // --key: PEM or upstream's base64
  // A certificate's identity in the user's own words; nothing is verified, for there is nothing
  // yet.
  std::optional<std::string> github = {};    // OWNER/NAME, with workflow and ref
  std::optional<std::string> workflow = {};  // path within the repository, or a pattern
  std::optional<std::string> ref = {};       // refs/heads/main, or a pattern
  std::optional<std::string> issuer = {};    // with subject
  std::optional<std::string> subject = {};
  // root is the trusted root that must vouch for the publisher's certificates, in place of the one
  // that judges where none is named.
  std::optional<attest::NamedRoot> root = {};
};

struct Introduction {
  trustpolicy::Publisher publisher;           // as it would be added
  std::optional<crypto::Sha256> fingerprint;  // of a key
  std::string key_source;     // where the key was found, for people; empty for a certificate
  std::string verified_file;  // whose signature was verified; empty where no file was named
};

// publisher_of is who signs with that key, called `name`. Usage where that is no name of its own.
Result<trustpolicy::Publisher> publisher_of(const std::string& name, const crypto::PublicKey& key);

// introduce finds the key and checks it against the file. A keyed bundle does not carry its key: it
// comes from `key_file`, or is looked for among the publishers that the project's own policy names,
// which proves nothing until the user has compared the fingerprint. A signature that does not
// verify is InvalidInput; a missing key or name is Usage with the option that gives it. A file that
// was signed with a certificate introduces the identity of that certificate: repository, workflow
// and ref of a workflow, else issuer and subject.
Result<Introduction> introduce(Gate& gate, const IntroductionRequest& request);

// add_publisher adds it to the user's policy. One that is there gets the predicate types that it
// did not have, and delegates as `publisher` does. Another key under the same name is Usage.
Result<Edited> add_publisher(const UserDirectories& user, const trustpolicy::Publisher& publisher);
// remove_publisher takes out the entry of this name, key_id or fingerprint (hexadecimal). Usage
// where the user's policy has none; it names the layer that does.
Result<trustpolicy::Publisher> remove_publisher(const UserDirectories& user,
                                                const trustpolicy::Policy& merged,
                                                const std::string& name_or_fingerprint);

// ListedPublisher is an entry of some layer, also one that does not count.
struct ListedPublisher {
  const trustpolicy::Publisher* publisher;  // lives as long as the policy
  std::string layer;                        // "self", or the layer's kind
  std::string path;                         // of the policy, or the key directory for self
  bool counts = false;
};
std::vector<ListedPublisher> list_publishers(const trustpolicy::Policy& policy,
                                             const UserDirectories& user);
// identity_text is a keyed publisher's "SHA256:…", or a keyless one's issuer and pattern.
std::string identity_text(const trustpolicy::Publisher& publisher);

}  // namespace nono::engine
