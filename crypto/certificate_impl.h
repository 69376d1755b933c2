// crypto/certificate_impl.h: what a Certificate holds, for those in crypto/ who ask OpenSSL about
// it. Internal to crypto/.
#pragma once

#include "crypto/certificate.h"
#include "crypto/certificate_fields.h"
#include "crypto/openssl_handles.h"

namespace nono::crypto {

struct Certificate::Impl {
  Bytes der;
  CertificateFields fields;  // borrows from der
  PublicKey key;
  X509Handle object;
};

// CertificateAccess gives OpenSSL's view of a certificate. The object is shared and not to be
// changed; it lives as long as any copy of the Certificate.
struct CertificateAccess {
  static X509* object(const Certificate& certificate) { return certificate.impl_->object.get(); }
  static const CertificateFields& fields(const Certificate& certificate) {
    return certificate.impl_->fields;
  }
};

}  // namespace nono::crypto
