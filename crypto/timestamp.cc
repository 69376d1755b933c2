// crypto/timestamp.cc: who signed a timestamp, over what, and may they.
#include "crypto/timestamp.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "crypto/der.h"
#include "crypto/timestamp_format.h"

namespace nono::crypto {
namespace {

using Span = std::span<const std::byte>;
using Verdict = std::expected<void, TimestampError>;

constexpr std::string_view kSubjectKeyIdentifier = "2.5.29.14";
constexpr std::string_view kKeyUsage = "2.5.29.15";

std::unexpected<TimestampError> refused(TimestampFault fault, std::string detail) {
  return std::unexpected(TimestampError{.fault = fault, .detail = std::move(detail)});
}

TimestampFault fault_of(PathFault fault) {
  switch (fault) {
    case PathFault::Expired:
    case PathFault::IssuerExpired:
      return TimestampFault::Expired;
    case PathFault::WrongUsage:
    case PathFault::NotALeaf:
      return TimestampFault::WrongUsage;
    case PathFault::UntrustedIssuer:
    case PathFault::Malformed:
      return TimestampFault::UnknownAuthority;
  }
  std::abort();
}

Verdict path_verdict(const CertificateAuthority& authority, const Certificate& signer,
                     std::span<const Certificate> embedded, Time at) {
  const auto issuer = authority.issuer_of(signer, embedded, at, LeafUse::TimeStamping);
  if (!issuer) {
    return refused(fault_of(issuer.error().fault), issuer.error().detail);
  }
  return {};
}

// serial_of returns the contents of the serialNumber INTEGER as they stand in the certificate.
std::optional<Span> serial_of(const Certificate& certificate) {
  auto fields = DerReader(certificate.tbs()).take_inside(DerTag::Sequence);
  if (!fields || (fields->at(DerTag::ExplicitZero) && !fields->take(DerTag::ExplicitZero))) {
    return std::nullopt;
  }
  return fields->take(DerTag::Integer);
}

bool is_named(const Certificate& certificate, const IssuerSerial& name) {
  const auto serial = serial_of(certificate);
  return serial && std::ranges::equal(certificate.issuer(), name.issuer) &&
         std::ranges::equal(*serial, name.serial);
}

bool is_named(const Certificate& certificate, const SignerName& name) {
  if (name.issuer_serial) {
    return is_named(certificate, *name.issuer_serial);
  }
  const auto extension = certificate.extension(kSubjectKeyIdentifier);
  if (!extension) {
    return false;
  }
  DerReader reader(*extension);
  const auto key_id = reader.take(DerTag::OctetString);
  return key_id && reader.done() && std::ranges::equal(*key_id, name.key_id);
}

bool is_hashed(const Certificate& certificate, const std::optional<SignerHash>& id) {
  return id && std::ranges::equal(hash(id->algorithm, certificate.der()), id->digest) &&
         (!id->issuer_serial || is_named(certificate, *id->issuer_serial));
}

bool kind_fits(SignatureKind kind, KeyAlgorithm algorithm) {
  switch (kind) {
    case SignatureKind::RsaPkcs1:
      return algorithm == KeyAlgorithm::Rsa;
    case SignatureKind::Ed25519:
      return algorithm == KeyAlgorithm::Ed25519;
    case SignatureKind::Ecdsa:
      return algorithm != KeyAlgorithm::Rsa && algorithm != KeyAlgorithm::Ed25519;
  }
  std::abort();
}

// The attributes stand under [0] IMPLICIT and are signed as the SET OF that they are (RFC 5652
// section 5.4).
bool is_signed_by(const SignerInfo& signer, const PublicKey& key) {
  Bytes attributes(signer.attributes.begin(), signer.attributes.end());
  attributes.front() = static_cast<std::byte>(DerTag::Set);
  return kind_fits(signer.kind, key.algorithm()) &&
         key.verifies_with(signer.digest, attributes, signer.signature);
}

// key_may_sign: keyUsage is absent, or names digitalSignature or contentCommitment (RFC 3161
// section 2.3); a path through an authority is judged the same.
bool key_may_sign(const Certificate& leaf) {
  constexpr std::byte kEither{0xC0};  // bits 0 and 1, the first of the string
  const auto extension = leaf.extension(kKeyUsage);
  if (!extension) {
    return true;
  }
  const auto bits = DerReader(*extension).take(DerTag::BitString);
  return bits && bits->size() > 1 && ((*bits)[1] & kEither) != std::byte{0};
}

Verdict accepts_alone(const Certificate& leaf, Time at) {
  if (!key_may_sign(leaf) || !leaf.extended_use_is_only(ExtendedUse::TimeStamping)) {
    return refused(TimestampFault::WrongUsage,
                   "the authority's certificate is not for timestamping alone");
  }
  if (!leaf.validity().contains(at)) {
    return refused(TimestampFault::Expired,
                   "the authority's certificate is not valid at the time of the timestamp");
  }
  return {};
}

bool holds_at_some_time(const Certificate& leaf, const CertificateAuthority& authority) {
  Time at = leaf.validity().not_before;
  for (const Certificate& above : authority.chain()) {
    at = std::max(at, above.validity().not_before);
  }
  const auto issuer = authority.issuer_of(leaf, {}, at, LeafUse::TimeStamping);
  return issuer && issuer->der() == authority.chain().front().der();
}

}  // namespace

struct TimestampSigner::PathVerdict {
  std::once_flag found_out;
  bool holds = false;
};

TimestampSigner::TimestampSigner(std::optional<Certificate> leaf,
                                 std::optional<CertificateAuthority> authority)
    : leaf_(std::move(leaf)),
      authority_(std::move(authority)),
      verdict_(std::make_shared<PathVerdict>()) {}

bool TimestampSigner::path_holds() const {
  std::call_once(verdict_->found_out,
                 [this] { verdict_->holds = holds_at_some_time(*leaf_, *authority_); });
  return verdict_->holds;
}

Result<TimestampSigner> TimestampSigner::make(std::vector<Certificate> chain,
                                              std::span<const KnownLink> known) {
  if (chain.empty()) {
    return fail(ErrorKind::InvalidInput, "timestamp authority: there is no certificate");
  }
  std::optional<Certificate> leaf;
  if (!chain.front().is_ca()) {
    leaf = chain.front();
    chain.erase(chain.begin());
  }
  std::optional<CertificateAuthority> authority;
  if (!chain.empty()) {
    NONO_TRY(authority, CertificateAuthority::make(std::move(chain), known));
  }
  return TimestampSigner(std::move(leaf), std::move(authority));
}

Verdict TimestampSigner::accepts_leaf(const Certificate& leaf, Time at) const {
  if (!authority_) {
    return accepts_alone(leaf, at);
  }
  const auto valid = [at](const Certificate& each) { return each.validity().contains(at); };
  if (valid(leaf) && std::ranges::all_of(authority_->chain(), valid) && path_holds()) {
    return {};
  }
  return path_verdict(*authority_, leaf, {}, at);
}

Verdict TimestampSigner::accepts(const Certificate& signer, std::span<const Certificate> embedded,
                                 Time at) const {
  if (leaf_) {
    return signer.der() == leaf_->der()
               ? accepts_leaf(*leaf_, at)
               : refused(TimestampFault::UnknownAuthority, "it is signed by another certificate");
  }
  return authority_ ? path_verdict(*authority_, signer, embedded, at)
                    : refused(TimestampFault::UnknownAuthority, "the authority has no certificate");
}

void TimestampSigner::ask_ahead() const {
  if (leaf_ && authority_) {
    static_cast<void>(path_holds());
  } else if (authority_) {
    authority_->ask_ahead();
  }
}

struct TimestampToken::Impl {
  Bytes der;  // what `parts` borrows from: an Impl is not copied or moved once it is parsed
  TimestampParts parts;
  std::vector<Certificate> embedded;

  std::expected<Certificate, TimestampError> signer_among(const TimestampSigner& authority) const;
  Verdict attributes_hold(const Certificate& signer) const;
};

// The signer is the authority's own leaf, or the one embedded certificate that the token names and
// that signingCertificateV2 identifies: its place in the list means nothing.
std::expected<Certificate, TimestampError> TimestampToken::Impl::signer_among(
    const TimestampSigner& authority) const {
  const SignerInfo& info = parts.signer;
  std::vector<Certificate> named;
  std::ranges::copy_if(embedded, std::back_inserter(named),
                       [&](const Certificate& each) { return is_named(each, info.name); });
  if (const auto& leaf = authority.leaf()) {
    const auto differs = [&](const Certificate& each) { return each.der() != leaf->der(); };
    if (!is_named(*leaf, info.name) || std::ranges::any_of(named, differs)) {
      return refused(TimestampFault::UnknownAuthority,
                     "its signer is not the certificate that the trusted root names");
    }
    return *leaf;
  }
  if (named.empty()) {
    return refused(TimestampFault::UnknownAuthority, "it does not embed its signer's certificate");
  }
  const auto identified = std::ranges::find_if(
      named, [&](const Certificate& each) { return is_hashed(each, info.signer_hash); });
  return identified == named.end() ? named.front() : *identified;
}

// RFC 5652 section 11, RFC 5035 section 5.4, RFC 3161 section 2.4.2 (tsa).
Verdict TimestampToken::Impl::attributes_hold(const Certificate& signer) const {
  const SignerInfo& info = parts.signer;
  if (!is_timestamp_info(info.content_type)) {
    return refused(TimestampFault::BadSignature, "its contentType is not that of a timestamp");
  }
  if (!std::ranges::equal(hash(info.digest, parts.content), info.message_digest)) {
    return refused(TimestampFault::BadSignature, "its messageDigest is not that of its content");
  }
  if (!info.signer_hash) {
    return refused(TimestampFault::BadSignature, "it identifies its signer by SHA-1 alone");
  }
  if (!is_hashed(signer, info.signer_hash)) {
    return refused(TimestampFault::BadSignature,
                   "its signingCertificateV2 is about another certificate than its signer's");
  }
  const Span name = parts.info.directory_name;
  if (!name.empty() && !std::ranges::equal(name, signer.subject())) {
    return refused(TimestampFault::BadSignature,
                   "the authority that it names is not its signer's subject");
  }
  return {};
}

Result<TimestampToken> TimestampToken::parse_response(Span der) {
  if (der.size() > kMaxTimestampBytes) {
    return fail(ErrorKind::Exhausted, "timestamp: it is larger than any token");
  }
  const auto impl = std::make_shared<Impl>();
  impl->der.assign(der.begin(), der.end());
  NONO_TRY(impl->parts, read_timestamp(impl->der));
  for (const Span each : impl->parts.certificates) {
    auto certificate = Certificate::parse_der(each);
    if (certificate) {
      impl->embedded.push_back(*std::move(certificate));
    } else if (certificate.error().kind() != ErrorKind::Unsupported) {
      // A sound certificate with a key that is not ours signs nothing here, and helps no path.
      return std::unexpected(
          std::move(certificate).error().while_doing("timestamp: an embedded certificate"));
    }
  }
  return TimestampToken(impl);
}

Time TimestampToken::time() const {
  return impl_->parts.info.time;
}
const std::string& TimestampToken::policy() const {
  return impl_->parts.info.policy;
}
const std::optional<Bytes>& TimestampToken::nonce() const {
  return impl_->parts.info.nonce;
}
const std::string& TimestampToken::serial_hex() const {
  return impl_->parts.info.serial_hex;
}

std::expected<Time, TimestampError> TimestampToken::verify(Span message,
                                                           const TimestampSigner& signer) const {
  const TimestampInfo& info = impl_->parts.info;
  NONO_TRY(const Certificate certificate, impl_->signer_among(signer));
  if (!std::ranges::equal(hash(info.imprint_algorithm, message), info.imprint)) {
    return refused(TimestampFault::WrongImprint, "it is about other bytes");
  }
  NONO_CHECK(impl_->attributes_hold(certificate));
  if (!is_signed_by(impl_->parts.signer, certificate.key())) {
    return refused(TimestampFault::BadSignature, "its signature is not its signer's");
  }
  NONO_CHECK(signer.accepts(certificate, impl_->embedded, info.time));
  return info.time;
}

}  // namespace nono::crypto
