// tests/fuzz/certificate_fuzz.cc: certificates as DER and PEM, their names and claims, and the path
// to one fixed authority. What was read is read the same again, names are text that nobody cuts
// short, and no certificate has a path unless the authority signed it.
#include <algorithm>

#include "base/text.h"
#include "crypto/certificate_authority.h"
#include "crypto/fulcio_claims.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace nono;
using crypto::Certificate;
using crypto::CertificateAuthority;
using crypto::SubjectNameKind;

// Made for this; its key is gone.
constexpr std::string_view kAuthority =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBhjCCAS2gAwIBAgIUFnfp3T2W7Pd4MF+aczKjJtPognAwCgYIKoZIzj0EAwIw\n"
    "IDENMAsGA1UECgwEc2VlZDEPMA0GA1UEAwwGaXNzdWVyMB4XDTI2MTEyMTExNTI1\n"
    "MFoXDTM2MTExODExNTI1MFowIDENMAsGA1UECgwEc2VlZDEPMA0GA1UEAwwGaXNz\n"
    "dWVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaATDSOW8gubiujawEzhn8yh0\n"
    "mv7ORP/aTTEakJ3yn/ZmBvy8ND0VUPLGtx1fVPocrUO01jc9xrMgpxT7Jj/7Q6NF\n"
    "MEMwEgYDVR0TAQH/BAgwBgEB/wIBADAOBgNVHQ8BAf8EBAMCAgQwHQYDVR0OBBYE\n"
    "FB83/vWr4gojI5k0NGnImT3tjTkdMAoGCCqGSM49BAMCA0cAMEQCIGpoeiRPeozt\n"
    "Ukig+qlq68YJQa3kJldA0/a4XpZOw224AiADx7mVk53Bl3w44mrJvLTntz9CpvGE\n"
    "ExnDfnE83pFghQ==\n"
    "-----END CERTIFICATE-----\n";

const CertificateAuthority& authority() {
  static const CertificateAuthority made =
      *CertificateAuthority::make({*Certificate::parse_pem(kAuthority)});
  return made;
}

bool is_plain(const crypto::SubjectName& name) {
  if (name.kind == SubjectNameKind::Ip || name.kind == SubjectNameKind::Unknown) {
    return true;
  }
  return is_utf8(name.value) && !name.value.empty() && !name.value.contains('\0');
}

void expect_contents(const Certificate& certificate) {
  const auto again = Certificate::parse_der(certificate.der());
  fuzz::expect(again && again->serial_hex() == certificate.serial_hex());
  fuzz::expect(is_utf8(certificate.subject_text()) && is_utf8(certificate.issuer_text()));
  if (const auto names = certificate.subject_names()) {
    fuzz::expect(names->size() <= 100 && std::ranges::all_of(*names, is_plain));
  }
  if (const auto claims = crypto::read_fulcio_claims(certificate)) {
    for (const crypto::ClaimField& field : crypto::fulcio_claim_fields()) {
      fuzz::expect(is_utf8((*claims).*field.member));
    }
  }
}

void expect_path(const Certificate& certificate) {
  const crypto::Time at = certificate.validity().not_before;
  const Certificate helpers[] = {certificate};
  for (const auto use : {crypto::LeafUse::CodeSigning, crypto::LeafUse::TimeStamping}) {
    const auto issuer = authority().issuer_of(certificate, helpers, at, use);
    fuzz::expect(!issuer ||
                 (!certificate.is_ca() && issuer->is_ca() && issuer->validity().contains(at)));
  }
  if (const auto own = CertificateAuthority::make({certificate})) {
    fuzz::expect(certificate.is_ca());
    const auto issuer = own->issuer_of(certificate, {}, at, crypto::LeafUse::CodeSigning);
    fuzz::expect(!issuer);
  }
}

void expect_whole(const Certificate& certificate) {
  expect_contents(certificate);
  expect_path(certificate);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto certificate = Certificate::parse_der(as_bytes(text))) {
    expect_whole(*certificate);
  }
  if (const auto certificate = Certificate::parse_pem(text)) {
    expect_whole(*certificate);
  }
  return 0;
}
