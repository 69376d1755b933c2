// crypto/certificate.cc: one certificate: our reading of it beside OpenSSL's.
#include "crypto/certificate.h"

#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "crypto/certificate_impl.h"
#include "crypto/key_formats.h"

namespace nono::crypto {
namespace {

using Span = std::span<const std::byte>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;

std::string_view oid_of(ExtendedUse use) {
  switch (use) {
    case ExtendedUse::CodeSigning:
      return "1.3.6.1.5.5.7.3.3";
    case ExtendedUse::TimeStamping:
      return "1.3.6.1.5.5.7.3.8";
    case ExtendedUse::CertificateTransparency:
      return "1.3.6.1.4.1.11129.2.4.4";
  }
  std::abort();
}

// OpenSSL looks the digest of a signature up by name, in a table that the start of ours leaves
// empty (openssl_handles.cc).
void add_digests() {
  static const bool added = EVP_add_digest(EVP_sha256()) == 1 &&
                            EVP_add_digest(EVP_sha384()) == 1 && EVP_add_digest(EVP_sha512()) == 1;
  stop_unless(added, "OpenSSL gives no memory for its digests");
}

// object_from: OpenSSL must read the same bytes, all of them, and find no fault in the extensions
// that it knows.
Result<X509Handle> object_from(Span der) {
  const ErrorQueue queue;
  add_digests();
  const auto* in = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = in + der.size();
  X509* made = X509_new_ex(library_context(), nullptr);
  stop_unless(made != nullptr, "OpenSSL gives no memory for a certificate");
  // On failure d2i_X509 frees the object and sets the pointer to null.
  if (d2i_X509(&made, &in, static_cast<long>(der.size())) == nullptr) {
    return std::unexpected(
        queue.error(ErrorKind::InvalidInput, "certificate: OpenSSL cannot read it"));
  }
  X509Handle object(made);
  if (in != end || X509_check_purpose(made, -1, 0) != 1) {
    return std::unexpected(
        queue.error(ErrorKind::InvalidInput, "certificate: OpenSSL refuses an extension"));
  }
  return object;
}

const X509_NAME* name_in(const Certificate& certificate, X509_NAME* (*take)(const X509*)) {
  const X509* const object = CertificateAccess::object(certificate);
  return object != nullptr ? take(object) : nullptr;
}

std::string text_of(const X509_NAME* name) {
  if (name == nullptr) {
    return "(unreadable)";
  }
  const ErrorQueue queue;
  const Bio out(BIO_new(BIO_s_mem()));
  stop_unless(out != nullptr, "OpenSSL gives no memory for a name");
  if (X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) {
    return "(unreadable)";
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

Result<Certificate> Certificate::parse_der(Span der) {
  Bytes own(der.begin(), der.end());
  // The fields borrow from `own`: a vector that moves keeps its bytes where they are.
  NONO_TRY(CertificateFields fields, read_certificate(own));
  auto key = PublicKey::parse_spki_der(fields.spki);
  if (!key) {
    return std::unexpected(std::move(key).error().while_doing("certificate"));
  }
  auto impl = std::make_shared<Impl>(std::move(own), std::move(fields), *std::move(key));
  if (!impl->plain) {
    NONO_TRY(impl->object, object_from(impl->der));
  }
  return Certificate(std::move(impl));
}

X509* CertificateAccess::object(const Certificate& certificate) {
  const Certificate::Impl& impl = *certificate.impl_;
  if (impl.plain) {
    std::call_once(impl.asked, [&impl] {
      if (auto made = object_from(impl.der)) {
        impl.object = *std::move(made);
      }
    });
  }
  return impl.object.get();
}

Result<Certificate> Certificate::parse_pem(std::string_view text) {
  NONO_TRY(const Bytes der, unarmour_certificate(text));
  return parse_der(der);
}

const Bytes& Certificate::der() const {
  return impl_->der;
}
Span Certificate::tbs() const {
  return impl_->fields.tbs;
}
const PublicKey& Certificate::key() const {
  return impl_->key;
}
const Validity& Certificate::validity() const {
  return impl_->fields.validity;
}
Span Certificate::subject() const {
  return impl_->fields.subject;
}
Span Certificate::issuer() const {
  return impl_->fields.issuer;
}
std::string Certificate::subject_text() const {
  return text_of(name_in(*this, X509_get_subject_name));
}
std::string Certificate::issuer_text() const {
  return text_of(name_in(*this, X509_get_issuer_name));
}
std::string Certificate::serial_hex() const {
  return hex_encode(impl_->fields.serial);
}
bool Certificate::is_ca() const {
  return impl_->fields.constraints.ca;
}
bool Certificate::may_sign_data() const {
  return impl_->fields.allows(KeyUse::DigitalSignature);
}
bool Certificate::may_sign_certificates() const {
  return impl_->fields.allows(KeyUse::CertificateSigning);
}
bool Certificate::has_extended_uses() const {
  return impl_->fields.extended_use.has_value();
}

bool Certificate::allows(ExtendedUse use) const {
  const auto& uses = impl_->fields.extended_use;
  return uses && std::ranges::find(*uses, oid_of(use)) != uses->end();
}

bool Certificate::extended_use_is_only(ExtendedUse use) const {
  const auto& uses = impl_->fields.extended_use;
  return impl_->fields.extended_use_critical && uses && uses->size() == 1 && allows(use);
}

std::optional<Span> Certificate::extension(std::string_view oid) const {
  const Extension* const found = impl_->fields.find(oid);
  return found != nullptr ? std::optional(found->value) : std::nullopt;
}

Result<std::vector<SubjectName>> Certificate::subject_names() const {
  const auto value = extension("2.5.29.17");
  return value ? read_subject_names(*value) : std::vector<SubjectName>();
}

}  // namespace nono::crypto
