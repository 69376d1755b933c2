// tests/sigstore/timestamp.cc: RFC 3161 and the part of CMS (RFC 5652, RFC 5816) that it uses.
#include "tests/sigstore/timestamp.h"

#include <utility>

#include "tests/sigstore/der.h"

namespace nono::factory {
namespace {

constexpr const char* kTstInfo = "1.2.840.113549.1.9.16.1.4";

Bytes algorithm(Hash hash) {
  return der(kSequence, {der_oid(hash_oid(hash)), der_null()});
}

Bytes info(const StampRecipe& recipe, const Bytes& message) {
  const Bytes imprint =
      der(kSequence, {algorithm(recipe.imprint), der(kOctets, {digest(recipe.imprint, message)})});
  const Bytes accuracy = der(kSequence, {der_integer(1)});
  Bytes out = der(kSequence, {der_integer(1), der_oid("1.3.6.1.4.1.57264.2"), imprint,
                              next_serial(), der_generalized(recipe.at, recipe.fraction), accuracy,
                              recipe.nonce ? der_integer(0xF0E1D2C3B4A59687) : Bytes()});
  if (recipe.info_before) {
    recipe.info_before(out);
  }
  return out;
}

Bytes attribute(std::string_view oid, const Bytes& value) {
  return der(kSequence, {der_oid(oid), der(kSet, {value})});
}

// signingCertificate (SHA-1, RFC 2634) or signingCertificateV2 (SHA-256 by default, RFC 5035).
Bytes signing_certificate(const StampRecipe& recipe, const Issued& signer) {
  const Hash hash = recipe.signing_certificate_v1 ? Hash::Sha1 : Hash::Sha256;
  const Bytes id = der(kSequence, {der(kOctets, {digest(hash, signer.der)})});
  return attribute(
      recipe.signing_certificate_v1 ? "1.2.840.113549.1.9.16.2.12" : "1.2.840.113549.1.9.16.2.47",
      der(kSequence, {der(kSequence, {id})}));
}

std::vector<Bytes> attributes(const StampRecipe& recipe, const Bytes& info, Hash hash,
                              const Issued& signer) {
  std::vector<Bytes> all{
      attribute("1.2.840.113549.1.9.3", der_oid(kTstInfo)),
      attribute("1.2.840.113549.1.9.5", der_time(recipe.at)),
      attribute("1.2.840.113549.1.9.4", der(kOctets, {digest(hash, info)})),
      signing_certificate(recipe, signer),
  };
  if (recipe.attributes_before) {
    recipe.attributes_before(all);
  }
  return all;
}

// issuer_and_serial cuts the issuer's Name out of a certificate: it follows version, serial and
// algorithm.
Bytes issuer_and_serial(const Issued& signer) {
  const auto skip = [](std::span<const std::byte>& rest, bool inside) {
    std::size_t size = std::to_integer<std::size_t>(rest[1]);
    std::size_t head = 2;
    if (size >= 0x80) {
      const std::size_t width = size & 0x7F;
      size = 0;
      for (std::size_t i = 0; i < width; ++i) {
        size = size << 8 | std::to_integer<std::size_t>(rest[2 + i]);
      }
      head += width;
    }
    const auto element = rest.first(head + size);
    rest = rest.subspan(inside ? head : head + size);
    return bytes_of(element);
  };
  std::span<const std::byte> rest(signer.der);
  skip(rest, true);   // Certificate
  skip(rest, true);   // tbsCertificate
  skip(rest, false);  // version
  skip(rest, false);  // serialNumber
  skip(rest, false);  // signature
  return der(kSequence, {skip(rest, false), signer.serial});
}

Bytes signer_info(const StampRecipe& recipe, const Bytes& info, const Issued& signer) {
  const Hash hash = recipe.digest.value_or(usual_hash(signer.key.kind()));
  const Bytes set = der_set_of(attributes(recipe, info, hash, signer));
  Bytes implicit = set;
  implicit.front() = static_cast<std::byte>(kContextConstructed);
  Bytes signature = signer.key.sign(set, hash);
  if (recipe.signature_after) {
    recipe.signature_after(signature);
  }
  return der(kSequence, {der_integer(1), issuer_and_serial(signer), algorithm(hash), implicit,
                         signer.key.signature_algorithm(hash), der(kOctets, {signature})});
}

}  // namespace

Bytes stamp(const StampRecipe& recipe, const Bytes& message, const Issued& signer) {
  const Bytes content = info(recipe, recipe.message.value_or(message));
  Bytes certificates;
  for (const Bytes& foreign : recipe.foreign_certificates) {
    certificates = joined({certificates, foreign});
  }
  if (recipe.embeds_certificate) {
    certificates = joined({certificates, signer.der});
  }
  const Hash hash = recipe.digest.value_or(usual_hash(signer.key.kind()));
  const Bytes encapsulated =
      der(kSequence, {der_oid(kTstInfo), der(kContextConstructed, {der(kOctets, {content})})});
  const Bytes signed_data =
      der(kSequence, {der_integer(3), der(kSet, {algorithm(hash)}), encapsulated,
                      certificates.empty() ? Bytes() : der(kContextConstructed, {certificates}),
                      der(kSet, {signer_info(recipe, content, signer)})});
  const Bytes token =
      der(kSequence, {der_oid("1.2.840.113549.1.7.2"), der(kContextConstructed, {signed_data})});
  const Bytes status = der(kSequence, {der_integer(recipe.status)});
  Bytes response = der(kSequence, {status, recipe.status < 2 ? token : Bytes()});
  if (recipe.response_after) {
    recipe.response_after(response);
  }
  return response;
}

}  // namespace nono::factory
