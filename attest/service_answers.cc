// attest/service_answers.cc: answers of Fulcio, a timestamp authority and Rekor.
#include "attest/service_answers.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "attest/certificate_check.h"
#include "attest/identity.h"
#include "attest/keyless_signer.h"
#include "attest/log_check.h"
#include "crypto/timestamp.h"

namespace nono::attest {

namespace {

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorKind::InvalidInput, std::move(why));
}

std::unexpected<Error> refuse(std::string_view what, const Rejection& rejection) {
  return refuse(std::string(what) + rejection.detail + " (" + std::string(code(rejection.reason)) +
                ")");
}

Result<void> check_chain(const TrustedRoot& root, const std::vector<crypto::Certificate>& chain) {
  const Chain certified{.leaf = chain.front(), .helpers = {chain.begin() + 1, chain.end()}};
  const VerifiedTime issued{.at = certified.leaf.validity().not_before,
                            .source = TimeSource::Timestamp,
                            .name = "the certificate's own beginning"};
  const auto issuer = check_path(root, certified, std::span(&issued, 1));
  if (!issuer) {
    return refuse("the certificate is not of an authority of the trusted root: ", issuer.error());
  }
  const auto scts = check_scts(root, certified.leaf, *issuer, Thresholds{}.scts);
  if (!scts) {
    return refuse("the certificate is not in a trusted CT log: ", scts.error());
  }
  return {};
}

Result<void> check_time(const crypto::Certificate& leaf, Time at, std::string_view what) {
  const crypto::Validity& validity = leaf.validity();
  if (validity.contains(at)) {
    return {};
  }
  return std::unexpected(
      Error(ErrorKind::InvalidInput,
            std::string(what) + " is of " + utc(at) + ", and the certificate is valid from " +
                utc(validity.not_before) + " to " + utc(validity.not_after))
          .mend_with("sign again, fewer files at once if that took longer than the certificate "
                     "lives; else a clock of this Sigstore instance is wrong"));
}

}  // namespace

Result<KeylessSigner> check_issued(const TrustedRoot& root,
                                   const std::vector<crypto::Certificate>& chain,
                                   const crypto::PublicKey& key, const IdentityToken& token) {
  const crypto::Certificate& leaf = chain.front();
  if (leaf.key().fingerprint() != key.fingerprint()) {
    return refuse("the certificate is over another key than the one that was sent");
  }
  const auto identity = read_identity(leaf);
  if (!identity) {
    return refuse("the certificate names nobody: ", identity.error());
  }
  if (auto described = token.describes(identity->subject, identity->claims); !described) {
    return std::unexpected(
        std::move(described).error().while_doing("the certificate is for somebody else"));
  }
  if (const auto agreed = check_agreement(*identity); !agreed) {
    return refuse("no verifier of nono's takes the certificate: ", agreed.error());
  }
  NONO_CHECK(check_chain(root, chain));
  return keyless_signer(*identity);
}

Result<VerifiedTime> check_stamp(const TrustedRoot& root, const crypto::TimestampRequest& request,
                                 std::span<const std::byte> answer, const MadeUnder& made) {
  Result<crypto::TimestampToken> token = crypto::TimestampToken::parse_response(answer);
  if (!token) {
    return std::unexpected(std::move(token).error().while_doing("the answer is no timestamp"));
  }
  if (token->nonce() != request.nonce) {
    return refuse("the timestamp was made for another request: its nonce is not the one sent");
  }
  const Bytes der(answer.begin(), answer.end());
  const auto times = check_timestamps(root, std::span(&der, 1), made.signature);
  if (!times) {
    return refuse("the timestamp does not verify: ", times.error());
  }
  if (times->empty()) {
    return refuse("the timestamp is not of an authority of the trusted root");
  }
  NONO_CHECK(check_time(made.leaf, times->front().at, "the timestamp"));
  return times->front();
}

Result<rekor::LoggedEntry> check_entry(const TrustedRoot& root, const rekor::LogEntry& entry,
                                       const rekor::Submission& submission,
                                       const crypto::Certificate& leaf) {
  auto logged = check_log_entries(root, std::span(&entry, 1), submission);
  if (!logged) {
    return refuse("the log entry does not verify: ", logged.error());
  }
  if (logged->empty()) {
    return refuse("the log entry is not of a log of the trusted root");
  }
  if (!logged->front().proven()) {
    return refuse("the log entry comes without proof that the log holds it");
  }
  if (const auto at = logged->front().integrated_at()) {
    NONO_CHECK(check_time(leaf, from_seconds(*at), "the log entry"));
  }
  return std::move(logged->front());
}

}  // namespace nono::attest
