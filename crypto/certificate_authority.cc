// crypto/certificate_authority.cc: paths from a leaf to an authority.
//
// OpenSSL finds the path by names and checks its signatures, CA bits and name constraints. Times,
// path lengths, usages and critical extensions are then checked here, over the whole path up to the
// last certificate of the authority: OpenSSL stops at the first one that is trusted, and ends a
// window one second too early.
//
// A plain leaf (certificate_fields.h) right below a plain certificate of the authority needs no
// search: one issuer by name and key identifier, one signature. That way only ever accepts;
// whatever it does not accept goes to OpenSSL, whose word is the refusal.
#include "crypto/certificate_authority.h"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <utility>

#include "crypto/certificate_impl.h"

namespace nono::crypto {
namespace {

constexpr std::size_t kMaxAuthority = 10;  // certificates of a trusted chain
constexpr std::size_t kMaxHelpers = 10;    // certificates that a bundle brings
constexpr int kMaxDepth = 10;              // certificates between leaf and anchor

// The extensions that a path is checked for; another one that is critical refuses the path (RFC
// 5280 section 4.2). Policies are read by nobody here, so certificates that constrain them are not
// for us.
constexpr std::array<std::string_view, 7> kUnderstood = {
    "2.5.29.14",  // subjectKeyIdentifier
    "2.5.29.15",  // keyUsage
    "2.5.29.17",  // subjectAltName
    "2.5.29.19",  // basicConstraints
    "2.5.29.30",  // nameConstraints
    "2.5.29.35",  // authorityKeyIdentifier
    "2.5.29.37",  // extendedKeyUsage
};
constexpr std::string_view kAnyExtendedUse = "2.5.29.37.0";

using Store = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;
using NameLimits = std::unique_ptr<NAME_CONSTRAINTS, FreeWith<NAME_CONSTRAINTS_free>>;
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using Stack = std::unique_ptr<STACK_OF(X509), FreeStack>;  // owns none of its members

// Path is leaf first, the authority's last certificate at the end.
using Path = std::vector<Certificate>;

std::unexpected<PathError> fault(PathFault kind, std::string detail) {
  return std::unexpected(PathError{.fault = kind, .detail = std::move(detail)});
}

std::unexpected<Error> bad_chain(std::string_view why) {
  return fail(ErrorKind::InvalidInput, "certificate authority: " + std::string(why));
}

const CertificateFields& fields_of(const Certificate& certificate) {
  return CertificateAccess::fields(certificate);
}
X509* object_of(const Certificate& certificate) {
  return CertificateAccess::object(certificate);
}

bool may_issue(const Certificate& certificate) {
  return certificate.is_ca() &&
         (!fields_of(certificate).key_usage || certificate.may_sign_certificates());
}

bool understood(const Certificate& certificate) {
  return std::ranges::none_of(fields_of(certificate).extensions, [](const Extension& extension) {
    return extension.critical && std::ranges::find(kUnderstood, extension.oid) == kUnderstood.end();
  });
}

// SignatureForm is how a certificate with this AlgorithmIdentifier is signed.
struct SignatureForm {
  bool edwards;
  HashAlgorithm hash;  // of no meaning for Ed25519
  std::string_view algorithm;
};
// RSA is left to OpenSSL.
constexpr std::array kForms = {
    SignatureForm{false, HashAlgorithm::Sha256, "\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02"},
    SignatureForm{false, HashAlgorithm::Sha384, "\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x03"},
    SignatureForm{false, HashAlgorithm::Sha512, "\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x04"},
    SignatureForm{true, HashAlgorithm::Sha512, "\x06\x03\x2B\x65\x70"},
};

bool makes(const PublicKey& key, const SignatureForm& form) {
  const bool edwards = key.algorithm() == KeyAlgorithm::Ed25519;
  return key.algorithm() != KeyAlgorithm::Rsa && edwards == form.edwards;
}

// is_signed_by: `subject`'s signature is one that `key` makes, by the algorithm that stands in it.
bool is_signed_by(const Certificate& subject, const PublicKey& key) {
  constexpr std::size_t kHead = 2;  // tag and length of the AlgorithmIdentifier
  const CertificateFields& fields = fields_of(subject);
  const auto* const form =
      std::ranges::find(kForms, as_text(fields.algorithm).substr(kHead), &SignatureForm::algorithm);
  return form != kForms.end() && makes(key, *form) &&
         CertificateAccess::remembered(subject, key, [&] {
           return key.verifies_with(form->hash, fields.tbs, fields.signature);
         });
}

// is_named_by: the names are equal to the byte and the key identifiers do not differ.
bool is_named_by(const Certificate& issuer, const Certificate& subject) {
  const auto wanted = issuer_key_identifier(fields_of(subject));
  const auto held = key_identifier(fields_of(issuer));
  return std::ranges::equal(subject.issuer(), issuer.subject()) &&
         (!wanted || !held || std::ranges::equal(*wanted, *held));
}

// is_plain_link is what is_plainly_issued asks but for the signature.
bool is_plain_link(const Certificate& issuer, const Certificate& subject) {
  return CertificateAccess::is_plain(issuer) && CertificateAccess::is_plain(subject) &&
         may_issue(issuer) && is_named_by(issuer, subject);
}

// is_plainly_issued accepts; where it does not, OpenSSL is asked.
bool is_plainly_issued(const Certificate& issuer, const Certificate& subject,
                       std::span<const KnownLink> known) {
  const auto is_known = [&] {
    return !known.empty() && std::ranges::find(known, link_of(issuer, subject)) != known.end();
  };
  return is_plain_link(issuer, subject) && (is_known() || is_signed_by(subject, issuer.key()));
}

// ProvenLink is the last link that was proven, of one authority: the files of one signing share
// their leaf. Only what holds is kept. Safe from several threads.
class ProvenLink {
 public:
  bool is(const KnownLink& link) const {
    const std::scoped_lock lock(mutex_);
    return link_ == link;
  }
  void keep(const KnownLink& link) {
    const std::scoped_lock lock(mutex_);
    link_ = link;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<KnownLink> link_;
};

bool is_issued_for_openssl(const Certificate& issuer, const Certificate& subject) {
  const ErrorQueue queue;
  X509* const above = object_of(issuer);
  X509* const below = object_of(subject);
  return above != nullptr && below != nullptr && X509_check_issued(above, below) == X509_V_OK &&
         X509_verify(below, X509_get0_pubkey(above)) == 1;
}

// may_follow is what can be said of a link without its signature: names that are equal to the byte,
// or OpenSSL's own word where they are spelt differently.
bool may_follow(const Certificate& issuer, const Certificate& subject) {
  const bool plain = CertificateAccess::is_plain(issuer) && CertificateAccess::is_plain(subject);
  return plain && is_named_by(issuer, subject) ? true : is_issued_for_openssl(issuer, subject);
}

// lengths_hold: RFC 5280 section 6.1.4 (l) and (m); `issuers` starts with the leaf's.
bool lengths_hold(std::span<const Certificate> issuers) {
  std::size_t below = 0;
  for (const Certificate& issuer : issuers) {
    const auto limit = fields_of(issuer).constraints.path_length;
    if (limit && below > *limit) {
      return false;
    }
    below += issuer.is_self_issued() ? 0u : 1u;
  }
  return true;
}

ExtendedUse extended_use_of(LeafUse use) {
  return use == LeafUse::CodeSigning ? ExtendedUse::CodeSigning : ExtendedUse::TimeStamping;
}

// An issuer without the extension, or with "any", is limited to nothing.
bool may_issue_for(const Certificate& issuer, ExtendedUse use) {
  const auto& uses = fields_of(issuer).extended_use;
  return !uses || issuer.allows(use) || std::ranges::find(*uses, kAnyExtendedUse) != uses->end();
}

bool fit_for(const Certificate& leaf, LeafUse use) {
  const CertificateFields& fields = fields_of(leaf);
  if (use == LeafUse::CodeSigning) {
    return leaf.may_sign_data() && leaf.allows(ExtendedUse::CodeSigning);
  }
  const bool signs =
      !fields.key_usage || leaf.may_sign_data() || fields.allows(KeyUse::ContentCommitment);
  return signs && leaf.extended_use_is_only(ExtendedUse::TimeStamping);
}

std::expected<void, PathError> check_times(const Path& path, Time at) {
  if (!path.front().validity().contains(at)) {
    return fault(PathFault::Expired, "the certificate was not valid at that time");
  }
  for (const Certificate& issuer : std::span(path).subspan(1)) {
    if (!issuer.validity().contains(at)) {
      return fault(PathFault::IssuerExpired, "the certificate of the issuer \"" +
                                                 issuer.subject_text() +
                                                 "\" was not valid at that time");
    }
  }
  return {};
}

std::expected<void, PathError> check_usage(const Path& path, LeafUse use) {
  if (!fit_for(path.front(), use)) {
    return fault(PathFault::WrongUsage, use == LeafUse::CodeSigning
                                            ? "the certificate is not for signing code"
                                            : "the certificate is not for timestamps alone");
  }
  for (const Certificate& issuer : std::span(path).subspan(1)) {
    if (!may_issue_for(issuer, extended_use_of(use))) {
      return fault(PathFault::WrongUsage,
                   "the issuer \"" + issuer.subject_text() + "\" may not issue for this usage");
    }
  }
  return {};
}

// names_somebody: a leaf without a subject has its name in a critical subjectAltName (RFC 5280
// section 4.1.2.6).
bool names_somebody(const Certificate& leaf) {
  constexpr std::size_t kEmptyName = 2;
  const Extension* const names = fields_of(leaf).find("2.5.29.17");
  return leaf.subject().size() > kEmptyName || (names != nullptr && names->critical);
}

std::expected<void, PathError> check_shape(const Path& path) {
  if (!names_somebody(path.front())) {
    return fault(PathFault::Malformed, "the certificate names nobody, or not critically");
  }
  if (!std::ranges::all_of(path, understood)) {
    return fault(PathFault::Malformed, "a critical extension is not known here");
  }
  if (!lengths_hold(std::span(path).subspan(1))) {
    return fault(PathFault::Malformed, "there are more issuers than one of them allows");
  }
  return {};
}

// fault_of sorts what OpenSSL may say without times, purposes and revocation.
PathFault fault_of(int code) {
  switch (code) {
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
    case X509_V_ERR_INVALID_EXTENSION:
      return PathFault::Malformed;
    default:
      return PathFault::UntrustedIssuer;
  }
}

// helpers_in_order puts the certificates that are valid at the time before the others: OpenSSL
// takes the first that fits by its name.
std::vector<Certificate> helpers_in_order(std::span<const Certificate> untrusted, Time at) {
  std::vector<Certificate> out(untrusted.begin(), untrusted.end());
  std::ranges::stable_partition(
      out, [&](const Certificate& helper) { return helper.validity().contains(at); });
  return out;
}

Stack stack_of(std::span<const Certificate> certificates) {
  Stack stack(sk_X509_new_null());
  for (const Certificate& certificate : certificates) {
    stop_unless(stack != nullptr && sk_X509_push(stack.get(), object_of(certificate)) > 0,
                "OpenSSL gives no memory for a path");
  }
  return stack;
}

const Certificate* find_object(std::span<const Certificate> list, const X509* object) {
  const auto found = std::ranges::find(list, object, object_of);
  return found == list.end() ? nullptr : &*found;
}

bool is_read_by_openssl(const Certificate& certificate) {
  return object_of(certificate) != nullptr;
}

NameLimits limits_of(const Certificate& certificate) {
  const X509* const object = object_of(certificate);
  return NameLimits(object == nullptr ? nullptr
                                      : static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(
                                            object, NID_name_constraints, nullptr, nullptr)));
}

Store store_of(std::span<const Certificate> chain) {
  Store store(X509_STORE_new());
  stop_unless(store != nullptr, "OpenSSL gives no memory for an authority");
  for (const Certificate& certificate : chain) {
    stop_unless(X509_STORE_add_cert(store.get(), object_of(certificate)) == 1,
                "OpenSSL gives no memory for an authority");
  }
  return store;
}

Result<void> check_chain(std::span<const Certificate> chain) {
  if (chain.empty() || chain.size() > kMaxAuthority) {
    return bad_chain("a chain has 1 to 10 certificates");
  }
  if (!std::ranges::all_of(chain, may_issue)) {
    return bad_chain("a certificate in the chain may not issue others");
  }
  if (!std::ranges::all_of(chain, understood)) {
    return bad_chain("a critical extension is not known here");
  }
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    if (!may_follow(chain[i + 1], chain[i])) {
      return bad_chain("a certificate in the chain was not issued by the next one");
    }
  }
  if (!lengths_hold(chain)) {
    return bad_chain("there are more issuers than one of them allows");
  }
  return {};
}

}  // namespace

KnownLink link_of(const Certificate& issuer, const Certificate& subject) {
  Sha256Hasher hasher;
  hasher.add(subject.der());
  hasher.add(issuer.der());
  return std::move(hasher).finish();
}

bool issued(const Certificate& issuer, const Certificate& subject) {
  return is_plainly_issued(issuer, subject, {}) || is_issued_for_openssl(issuer, subject);
}

struct CertificateAuthority::Impl {
  Impl(std::vector<Certificate> certificates, std::span<const KnownLink> links)
      : chain(std::move(certificates)), known(links) {}

  std::vector<Certificate> chain;
  std::span<const KnownLink> known;
  // limits[i] are the name constraints of chain[i]; OpenSSL applies those up to the certificate
  // that it stops at.
  std::vector<NameLimits> limits;
  bool limited = false;  // some certificate has constraints
  // Found out at the first use, and kept: the signatures between the certificates of the chain, and
  // OpenSSL's copy of it (null where it refuses one of them).
  mutable std::once_flag linked;
  mutable bool links_hold = false;
  mutable std::once_flag stored;
  mutable Store store;
  mutable ProvenLink proven;

  bool holds_together() const;
  bool issued_plainly(const Certificate& issuer, const Certificate& leaf) const;
  X509_STORE* store_for_openssl() const;
  std::optional<Path> plain_path(const Certificate& leaf) const;
  std::expected<Path, PathError> find_path(const Certificate& leaf,
                                           std::span<const Certificate> helpers) const;
  std::expected<Path, PathError> completed(STACK_OF(X509) * found, const Certificate& leaf,
                                           std::span<const Certificate> helpers) const;
  bool names_allowed(const Path& path) const;
};

bool CertificateAuthority::Impl::holds_together() const {
  std::call_once(linked, [this] {
    links_hold = true;
    for (std::size_t i = 0; links_hold && i + 1 < chain.size(); ++i) {
      links_hold = is_plainly_issued(chain[i + 1], chain[i], known) ||
                   is_issued_for_openssl(chain[i + 1], chain[i]);
    }
  });
  return links_hold;
}

X509_STORE* CertificateAuthority::Impl::store_for_openssl() const {
  std::call_once(stored, [this] {
    if (std::ranges::all_of(chain, is_read_by_openssl)) {
      store = store_of(chain);
    }
  });
  return store.get();
}

bool CertificateAuthority::Impl::issued_plainly(const Certificate& issuer,
                                                const Certificate& leaf) const {
  if (!is_plain_link(issuer, leaf)) {
    return false;
  }
  const KnownLink link = link_of(issuer, leaf);
  if (proven.is(link) || std::ranges::find(known, link) != known.end()) {
    return true;
  }
  const bool holds = is_signed_by(leaf, issuer.key());
  if (holds) {
    proven.keep(link);
  }
  return holds;
}

// plain_path takes the first certificate of that name, as OpenSSL does. Constraints of names are
// OpenSSL's to apply.
std::optional<Path> CertificateAuthority::Impl::plain_path(const Certificate& leaf) const {
  const auto issuer = std::ranges::find_if(chain, [&](const Certificate& each) {
    return std::ranges::equal(each.subject(), leaf.issuer());
  });
  if (limited || issuer == chain.end() || !issued_plainly(*issuer, leaf)) {
    return std::nullopt;
  }
  Path path{leaf};
  path.insert(path.end(), issuer, chain.end());
  return path;
}

// completed turns OpenSSL's path into ours and adds what stands above its anchor.
std::expected<Path, PathError> CertificateAuthority::Impl::completed(
    STACK_OF(X509) * found, const Certificate& leaf, std::span<const Certificate> helpers) const {
  Path path{leaf};
  const int count = sk_X509_num(found);
  for (int i = 1; i < count; ++i) {
    const X509* const object = sk_X509_value(found, i);
    if (const Certificate* const trusted = find_object(chain, object)) {
      const auto at = static_cast<std::size_t>(trusted - chain.data());
      path.insert(path.end(), chain.begin() + static_cast<std::ptrdiff_t>(at), chain.end());
      return path;
    }
    const Certificate* const helper = find_object(helpers, object);
    if (helper == nullptr) {
      break;
    }
    path.push_back(*helper);
  }
  return fault(PathFault::UntrustedIssuer, "the path does not lead to this authority");
}

std::expected<Path, PathError> CertificateAuthority::Impl::find_path(
    const Certificate& leaf, std::span<const Certificate> helpers) const {
  if (std::optional<Path> path = plain_path(leaf)) {
    return *std::move(path);
  }
  const ErrorQueue queue;
  X509_STORE* const trusted = store_for_openssl();
  if (trusted == nullptr || !is_read_by_openssl(leaf) ||
      !std::ranges::all_of(helpers, is_read_by_openssl)) {
    return fault(PathFault::Malformed, "a certificate of the path is not readable by OpenSSL");
  }
  const StoreContext context(X509_STORE_CTX_new_ex(library_context(), nullptr));
  const Stack untrusted = stack_of(helpers);
  stop_unless(context != nullptr && X509_STORE_CTX_init(context.get(), trusted, object_of(leaf),
                                                        untrusted.get()) == 1,
              "OpenSSL gives no memory for a path");
  X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_depth(parameters, kMaxDepth);
  // No time: OpenSSL would read the clock, or take notAfter for the first second that is too late.
  const bool set = X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN |
                                                               X509_V_FLAG_TRUSTED_FIRST |
                                                               X509_V_FLAG_NO_CHECK_TIME) == 1;
  if (!set || X509_verify_cert(context.get()) != 1) {
    const int code = X509_STORE_CTX_get_error(context.get());
    return fault(fault_of(code), std::string("no valid path to this authority: ") +
                                     X509_verify_cert_error_string(code));
  }
  return completed(X509_STORE_CTX_get0_chain(context.get()), leaf, helpers);
}

// names_allowed applies the constraints of each certificate of the authority to all below it.
bool CertificateAuthority::Impl::names_allowed(const Path& path) const {
  if (!limited) {
    return true;
  }
  const ErrorQueue queue;
  for (std::size_t upper = 1; upper < path.size(); ++upper) {
    const Certificate* const owner = find_object(chain, object_of(path[upper]));
    const NAME_CONSTRAINTS* const held =
        owner != nullptr ? limits[static_cast<std::size_t>(owner - chain.data())].get() : nullptr;
    for (std::size_t lower = 0; held != nullptr && lower < upper; ++lower) {
      const bool exempt = lower > 0 && path[lower].is_self_issued();
      if (!exempt && NAME_CONSTRAINTS_check(object_of(path[lower]),
                                            const_cast<NAME_CONSTRAINTS*>(held)) != X509_V_OK) {
        return false;
      }
    }
  }
  return true;
}

Result<CertificateAuthority> CertificateAuthority::make(std::vector<Certificate> chain,
                                                        std::span<const KnownLink> known) {
  NONO_CHECK(check_chain(chain));
  auto impl = std::make_shared<Impl>(std::move(chain), known);
  const ErrorQueue queue;
  for (const Certificate& certificate : impl->chain) {
    const bool has_limits = certificate.extension("2.5.29.30").has_value();
    impl->limits.push_back(has_limits ? limits_of(certificate) : nullptr);
    if (has_limits && impl->limits.back() == nullptr) {
      return bad_chain("the name constraints are malformed");
    }
    impl->limited = impl->limited || has_limits;
  }
  return CertificateAuthority(std::move(impl));
}

std::expected<Certificate, PathError> CertificateAuthority::issuer_of(
    const Certificate& leaf, std::span<const Certificate> untrusted, Time at, LeafUse use) const {
  if (leaf.is_ca()) {
    return fault(PathFault::NotALeaf, "the certificate is one of an authority");
  }
  if (untrusted.size() > kMaxHelpers) {
    return fault(PathFault::Malformed, "more than 10 certificates stand beside the leaf");
  }
  const std::vector<Certificate> helpers = helpers_in_order(untrusted, at);
  NONO_TRY(const Path path, impl_->find_path(leaf, helpers));
  if (!impl_->holds_together()) {
    return fault(PathFault::Malformed,
                 "a certificate of this authority was not issued by the next one");
  }
  NONO_CHECK(check_shape(path));
  NONO_CHECK(check_times(path, at));
  NONO_CHECK(check_usage(path, use));
  if (!impl_->names_allowed(path)) {
    return fault(PathFault::Malformed, "a name is not one that the issuers may name");
  }
  return path[1];
}

void CertificateAuthority::ask_ahead(const Certificate& leaf) const {
  if (impl_->plain_path(leaf)) {
    ask_ahead();
  }
}

void CertificateAuthority::ask_ahead() const {
  static_cast<void>(impl_->holds_together());
}

std::span<const Certificate> CertificateAuthority::chain() const {
  return impl_->chain;
}

}  // namespace nono::crypto
