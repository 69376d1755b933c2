// crypto/certificate_impl.h: what a Certificate holds, for those in crypto/ who ask OpenSSL about
// it. Internal to crypto/.
#pragma once

#include <mutex>
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
};

}  // namespace nono::crypto
