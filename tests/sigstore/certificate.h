// tests/sigstore/certificate.h: X.509 certificates, written by hand from a recipe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "tests/sigstore/key.h"
#include "tests/sigstore/recipe.h"

namespace nono::factory {

// An Issued certificate, with what its own issues need of it.
struct Issued {
  Key key;
  Bytes name;  // Name, DER
  Bytes serial;
  Bytes der;
};

Bytes common_name(std::string_view text);

// Draft is a certificate before it is signed.
struct Draft {
  Bytes issuer_name;
  Bytes subject_name;
  Validity validity;
  Bytes spki;
  Bytes algorithm;  // AlgorithmIdentifier of the signature
  Bytes serial;     // INTEGER, DER
  std::vector<Bytes> extensions;
};

Bytes extension(const Extension& extension);
std::vector<Bytes> usage_extensions(const Usage& usage);
std::vector<Bytes> key_identifiers(const Bytes& subject_spki, const Bytes& issuer_spki);
Bytes next_serial();
Bytes tbs(const Draft& draft);
Bytes sign(const Bytes& tbs, const Key& issuer);

// certify makes an authority's or a timestamper's certificate; without an issuer it signs itself.
Issued certify(const Certified& recipe, std::string_view role, const Issued* issuer);

// issue_leaf makes a signing certificate as Fulcio does: precertificate, SCTs, certificate.
struct CtLog {
  Key key;
  Bytes id;
};
Issued issue_leaf(const LeafRecipe& recipe, const Issued& issuer, const std::vector<CtLog>& logs);

}  // namespace nono::factory
