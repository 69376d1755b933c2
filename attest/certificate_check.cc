// attest/certificate_check.cc: certificate paths and signed certificate timestamps.
#include "attest/certificate_check.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "crypto/sct.h"

namespace nono::attest {

namespace {

Reason reason_of(crypto::PathFault fault) {
  using crypto::PathFault;
  switch (fault) {
    case PathFault::Expired:
      return Reason::CertificateExpiredAtSigning;
    case PathFault::WrongUsage:
    case PathFault::NotALeaf:
      return Reason::WrongKeyUsage;
    case PathFault::UntrustedIssuer:
    case PathFault::IssuerExpired:
    case PathFault::Malformed:
      return Reason::UntrustedChain;
  }
  return Reason::Unexaminable;
}

std::expected<crypto::Certificate, Rejection> read_certificate(const Bytes& der,
                                                               std::size_t index) {
  Result<crypto::Certificate> certificate = crypto::Certificate::parse_der(der);
  if (!certificate) {
    const bool unsupported = certificate.error().kind() == ErrorKind::Unsupported;
    return reject(unsupported ? Reason::UnsupportedAlgorithm : Reason::MalformedBundle,
                  "certificate " + std::to_string(index) + ": " + certificate.error().message());
  }
  return *std::move(certificate);
}

std::expected<void, Rejection> check_lifetime(const crypto::Certificate& leaf) {
  const crypto::Validity& validity = leaf.validity();
  if (validity.not_after - validity.not_before > std::chrono::days(kMaxLeafDays)) {
    return reject(Reason::UntrustedChain, "the certificate is valid for more than " +
                                              std::to_string(kMaxLeafDays) +
                                              " days: it is no ephemeral one");
  }
  return {};
}

std::expected<crypto::Certificate, Rejection> issuer_at(const TrustedRoot& root, const Chain& chain,
                                                        const VerifiedTime& time) {
  Rejection standing{Reason::UntrustedChain,
                     "no certificate authority of the trusted root was "
                     "valid at " +
                         utc(time.at)};
  for (const TrustedAuthority& authority : root.authorities()) {
    if (!authority.window.contains(time.at)) {
      continue;
    }
    auto issuer = authority.authority.issuer_of(chain.leaf, chain.helpers, time.at,
                                                crypto::LeafUse::CodeSigning);
    if (issuer) {
      return *std::move(issuer);
    }
    // What an authority that issued it says of a certificate tells more than that others did not.
    const bool stranger = issuer.error().fault == crypto::PathFault::UntrustedIssuer;
    if (standing.reason == Reason::UntrustedChain || !stranger) {
      standing =
          Rejection{reason_of(issuer.error().fault),
                    issuer.error().detail + " (at " + utc(time.at) + ", by " + time.name + ")"};
    }
  }
  return std::unexpected(std::move(standing));
}

// A precertificate may have been signed by a certificate made for that alone; the log hashed the
// key of the one above (RFC 6962 section 3.2).
crypto::Certificate sct_issuer(const TrustedRoot& root, const crypto::Certificate& issuer) {
  if (!issuer.allows(crypto::ExtendedUse::CertificateTransparency)) {
    return issuer;
  }
  for (const TrustedAuthority& authority : root.authorities()) {
    const auto chain = authority.authority.chain();
    const auto found = std::ranges::find(chain, issuer.der(), &crypto::Certificate::der);
    if (found != chain.end() && found + 1 != chain.end()) {
      return *(found + 1);
    }
  }
  return issuer;
}

// Signed is what an SCT is a signature over, beside itself.
struct Signed {
  crypto::Sha256 issuer_key_hash;
  Bytes tbs;
  crypto::Time not_after;
};

enum class SctVerdict : unsigned char { Good, Bad, Unknown };

bool known_and_valid(const TrustedCtLog& log, const crypto::SignedCertificateTimestamp& sct,
                     Time at) {
  return log.log_id == sct.log_id && log.window.contains(at);
}

// Milliseconds that no calendar of ours holds are in no log's window.
std::optional<Time> time_of(const crypto::SignedCertificateTimestamp& sct) {
  constexpr std::uint64_t kLast = 253'402'300'799'999;  // the end of the year 9999
  if (sct.milliseconds > kLast) {
    return std::nullopt;
  }
  return Time(std::chrono::milliseconds(sct.milliseconds));
}

struct WeighedSct {
  SctVerdict verdict = SctVerdict::Unknown;
  const TrustedCtLog* log = nullptr;
};

WeighedSct weigh_sct(const TrustedRoot& root, const crypto::SignedCertificateTimestamp& sct,
                     const Signed& what) {
  const std::optional<Time> at = time_of(sct);
  WeighedSct weighed;
  for (const TrustedCtLog& log : root.ct_logs()) {
    if (!at || !known_and_valid(log, sct, *at)) {
      continue;
    }
    const bool good = *at <= what.not_after + std::chrono::seconds(1) &&
                      crypto::sct_verifies(sct, log.key, what.issuer_key_hash, what.tbs);
    if (good) {
      return {.verdict = SctVerdict::Good, .log = &log};
    }
    weighed = {.verdict = SctVerdict::Bad, .log = &log};
  }
  return weighed;
}

std::expected<Signed, Rejection> signed_by_logs(const TrustedRoot& root,
                                                const crypto::Certificate& leaf,
                                                const crypto::Certificate& issuer) {
  Result<Bytes> tbs = crypto::precertificate_tbs(leaf);
  if (!tbs) {
    return reject(Reason::SctInvalid, tbs.error().message());
  }
  return Signed{.issuer_key_hash = sct_issuer(root, issuer).key().fingerprint(),
                .tbs = *std::move(tbs),
                .not_after = leaf.validity().not_after};
}

std::expected<std::vector<crypto::SignedCertificateTimestamp>, Rejection> read_scts(
    const crypto::Certificate& leaf) {
  auto scts = crypto::embedded_scts(leaf);
  if (!scts) {
    return reject(Reason::SctInvalid, scts.error().message());
  }
  if (scts->empty()) {
    return reject(Reason::SctMissing,
                  "the certificate carries no signed certificate timestamp (SCT)");
  }
  return *std::move(scts);
}

}  // namespace

std::expected<Chain, Rejection> read_chain(const CertificateMaterial& material) {
  NONO_TRY(crypto::Certificate leaf, read_certificate(material.chain_der.front(), 0));
  NONO_CHECK(check_lifetime(leaf));
  Chain chain{.leaf = std::move(leaf), .helpers = {}};
  for (std::size_t i = 1; i < material.chain_der.size(); ++i) {
    NONO_TRY(crypto::Certificate next, read_certificate(material.chain_der[i], i));
    const crypto::Certificate& below = i == 1 ? chain.leaf : chain.helpers.back();
    if (!std::ranges::equal(below.issuer(), next.subject()) || below.is_self_issued()) {
      return reject(Reason::UntrustedChain, "certificate " + std::to_string(i) +
                                                " of the bundle did not issue the one before it");
    }
    chain.helpers.push_back(std::move(next));
  }
  return chain;
}

std::expected<crypto::Certificate, Rejection> check_path(const TrustedRoot& root,
                                                         const Chain& chain,
                                                         std::span<const VerifiedTime> times) {
  std::optional<crypto::Certificate> issuer;
  std::set<Time> seen;
  for (const VerifiedTime& time : times) {
    if (!seen.insert(time.at).second) {
      continue;
    }
    NONO_TRY(crypto::Certificate found, issuer_at(root, chain, time));
    if (issuer && issuer->der() != found.der()) {
      return reject(Reason::UntrustedChain,
                    "the certificate has another issuer at another of its times");
    }
    issuer = std::move(found);
  }
  if (!issuer) {
    return reject(Reason::NoTrustedTime, "there is no trusted time to check the certificate at");
  }
  return *std::move(issuer);
}

std::optional<crypto::Certificate> named_issuer(const TrustedRoot& root,
                                                const crypto::Certificate& leaf) {
  for (const TrustedAuthority& authority : root.authorities()) {
    for (const crypto::Certificate& each : authority.authority.chain()) {
      if (std::ranges::equal(each.subject(), leaf.issuer())) {
        return each;
      }
    }
  }
  return std::nullopt;
}

std::expected<std::vector<VerifiedSct>, Rejection> check_scts(const TrustedRoot& root,
                                                              const crypto::Certificate& leaf,
                                                              const crypto::Certificate& issuer,
                                                              std::size_t threshold) {
  if (threshold == 0) {
    return std::vector<VerifiedSct>{};
  }
  NONO_TRY(const auto scts, read_scts(leaf));
  NONO_TRY(const Signed what, signed_by_logs(root, leaf, issuer));
  std::vector<VerifiedSct> verified;
  std::set<std::string> logs;
  for (const crypto::SignedCertificateTimestamp& sct : scts) {
    const WeighedSct weighed = weigh_sct(root, sct, what);
    if (weighed.verdict == SctVerdict::Bad) {
      return reject(Reason::SctInvalid, "an SCT of " + weighed.log->base_url +
                                            " is not a signature over this certificate");
    }
    if (weighed.verdict == SctVerdict::Good) {
      const TrustedCtLog& log = *weighed.log;
      const bool named = !log.operator_name.empty();
      const bool first = logs.insert(named ? log.operator_name : log.log_id.hex()).second;
      if (first) {
        verified.push_back(VerifiedSct{log.base_url, *time_of(sct)});
      }
    }
  }
  if (verified.size() < threshold) {
    return reject(Reason::SctInvalid, std::to_string(verified.size()) +
                                          " of the certificate's SCTs are by CT logs that the "
                                          "trusted root names and held valid then; " +
                                          std::to_string(threshold) + " are asked for");
  }
  return verified;
}

}  // namespace nono::attest
