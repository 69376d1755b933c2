// attest/known_links.h: links between certificates of the instances that Sigstore runs, checked
// beforehand. Internal to attest/.
//
// Each is a P-384 signature, half a millisecond of every verification. They are those of
// embedded/trusted_root.json and of the staging instance, which nobody trusts for being listed: a
// link says that one certificate signed another one, both byte for byte, and a trusted root says
// whether they count. A test checks each, and that none is missing and none too many.
#pragma once

#include <span>

#include "crypto/certificate_authority.h"

namespace nono::attest {

std::span<const crypto::KnownLink> known_links();

}  // namespace nono::attest
