// attest/certificate_check.h: the signer's certificate: its path at every verified time, its SCTs.
// Internal to attest/.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <vector>

#include "attest/bundle.h"
#include "attest/rejection.h"
#include "attest/trusted_root.h"
#include "attest/verified_facts.h"
#include "crypto/certificate.h"

namespace nono::attest {

// kMaxLeafDays: a signing certificate that lives longer is no ephemeral one, and the time at which
// it was used says nothing.
inline constexpr int kMaxLeafDays = 366;

// Chain is what a bundle brings, leaf first; only the leaf means anything.
struct Chain {
  crypto::Certificate leaf;
  std::vector<crypto::Certificate> helpers;  // may help to build a path, never anchor it
};
// read_chain parses; each certificate must name the next as its issuer.
std::expected<Chain, Rejection> read_chain(const CertificateMaterial& material);

// check_path finds the issuer of the leaf, the same one at every time; `times` is not empty.
std::expected<crypto::Certificate, Rejection> check_path(const TrustedRoot& root,
                                                         const Chain& chain,
                                                         std::span<const VerifiedTime> times);

// named_issuer is the first certificate of the root's authorities that has the leaf's issuer's
// name: the one that check_path finds, where no two have that name. It proves nothing.
std::optional<crypto::Certificate> named_issuer(const TrustedRoot& root,
                                                const crypto::Certificate& leaf);

// check_scts demands `threshold` SCTs of distinct CT logs (by operator where one is named).
std::expected<std::vector<VerifiedSct>, Rejection> check_scts(const TrustedRoot& root,
                                                              const crypto::Certificate& leaf,
                                                              const crypto::Certificate& issuer,
                                                              std::size_t threshold);

}  // namespace nono::attest
