// attest/known_links.h: links of the public-good instance's certificates, checked beforehand.
// Internal to attest/.
//
// Each is a P-384 signature, half a millisecond of every verification. They are those of
// embedded/trusted_root.json, but what is listed is the certificates: a root from TUF or from a
// file that names the same ones has no use for checking them again either. A test checks each, and
// that none is missing and none too many.
#pragma once

#include <span>

#include "crypto/certificate_authority.h"

namespace nono::attest {

std::span<const crypto::KnownLink> known_links();

}  // namespace nono::attest
