// trustpolicy/publisher.h: one entry of `publishers` and what it says about a signer.
//
// A signer is what attest/ verified; a publisher is what a policy wrote. Everything here compares
// the two and trusts neither a claim of the payload nor an empty field of a certificate.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "attest/verifier.h"
#include "base/json.h"
#include "base/result.h"
#include "trustpolicy/document.h"

namespace nono::trustpolicy {

// The name of the user's own keys; no policy may give it to another.
inline constexpr std::string_view kSelfName = "self";

// parse_publisher refuses unknown fields, both kinds at once, neither kind, and whoever would match
// everybody.
Result<Publisher> parse_publisher(const JsonView& view);
Json publisher_json(const Publisher& publisher);

// identifies reports whether `signer` has this publisher's identity. A keyed signer is the
// fingerprint of its key; a keyless one must match every field that the publisher names, and none
// of those may be empty.
bool identifies(const Publisher& publisher, const attest::SignerIdentity& signer);
// speaks_for reports whether `signer` is this publisher: the identity, vouched for by the trusted
// root that the publisher is judged by.
bool speaks_for(const Publisher& publisher, const attest::SignerIdentity& signer);
// near_miss says which field keeps a keyless `signer` from being this publisher, where the issuer
// and, of a workflow, the repository are the same: `its ref is "refs/heads/dev", and acme signs by
// "refs/heads/main"`; or that another trusted root vouches for it than the publisher's. Empty for
// anybody else, and for who it is.
std::string near_miss(const Publisher& publisher, const attest::SignerIdentity& signer);
// accepts_type reports whether the publisher may vouch by statements of this predicate type.
bool accepts_type(const Publisher& publisher, std::string_view predicate_type);
// same_signers reports whether two publishers name the same signers, whatever they call them.
bool same_signers(const Publisher& one, const Publisher& other);

// blocks reports whether `entry` means `signer`, by its fingerprint ("SHA256:" and at least 16
// digits of it will do), its issuer, repository or subject, or by the name or key_id of one of the
// publishers that speak for it. `repository` narrows the block to what it matches, for keyless
// signers only.
bool blocks(const BlockedPublisher& entry, const attest::SignerIdentity& signer,
            std::span<const Publisher* const> speaking);

// root_text names a trusted root for people, also the one without a name.
std::string root_text(std::string_view name);

// describe names a signer for people: "alice (SHA256:0123456789abcdef)"; escaped, one line.
std::string describe(const attest::SignerIdentity& signer);

}  // namespace nono::trustpolicy
