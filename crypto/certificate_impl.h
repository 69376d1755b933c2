// crypto/certificate_impl.h: what a Certificate holds, for those in crypto/ who ask OpenSSL about
// it. Internal to crypto/.
#pragma once

#include <mutex>
#include <optional>
#include <utility>

#include "crypto/certificate.h"
#include "crypto/certificate_fields.h"
#include "crypto/openssl_handles.h"

namespace nono::crypto {

struct Certificate::Impl {
  // A vector that moves keeps its bytes where `own_fields` found them.
  Impl(Bytes own, CertificateFields own_fields, PublicKey own_key)
      : der(std::move(own)),
        fields(std::move(own_fields)),
        key(std::move(own_key)),
        plain(is_plain(fields)) {}

  Bytes der;
  CertificateFields fields;  // borrows from der
  PublicKey key;
  bool plain;
  // Made when somebody asks for it; of a certificate that is not plain when it is read.
  mutable std::once_flag asked;
  mutable X509Handle object;
  // The last question whether some key signed this certificate: paths ask the same once per time
  // that a bundle proves, and a HeadStart asks it first.
  struct SignedBy {
    Sha256 key;
    bool answer;
  };
  mutable std::mutex asking;
  mutable std::optional<SignedBy> signed_by;
};

// CertificateAccess gives the two views of a certificate.
struct CertificateAccess {
  // object is OpenSSL's view: shared and not to be changed; it lives as long as any copy of the
  // Certificate. Null where OpenSSL refuses the certificate, which is then worth nothing. Safe from
  // several threads.
  static X509* object(const Certificate& certificate);
  static const CertificateFields& fields(const Certificate& certificate) {
    return certificate.impl_->fields;
  }
  static bool is_plain(const Certificate& certificate) { return certificate.impl_->plain; }
  // remembered asks whether `key` signed the certificate, unless that was the last question:
  // neither the certificate nor the answer changes. Who asks while another thread does waits for
  // it.
  template <typename Ask>
  static bool remembered(const Certificate& certificate, const PublicKey& key, const Ask& ask) {
    const Certificate::Impl& impl = *certificate.impl_;
    const std::scoped_lock lock(impl.asking);
    if (!impl.signed_by || impl.signed_by->key != key.fingerprint()) {
      impl.signed_by = Certificate::Impl::SignedBy{key.fingerprint(), ask()};
    }
    return impl.signed_by->answer;
  }
};

}  // namespace nono::crypto
