// crypto/timestamp_attributes.cc: the signed attributes of a timestamp (RFC 5652 section 11, RFC
// 5035).
#include <algorithm>

#include "crypto/timestamp_der.h"

namespace nono::crypto {
namespace {

using namespace std::string_view_literals;
using Span = std::span<const std::byte>;

constexpr std::string_view kContentType = "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x03"sv;
constexpr std::string_view kMessageDigest = "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x04"sv;
constexpr std::string_view kSigningCertificate = "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x02\x0C"sv;
constexpr std::string_view kSigningCertificateV2 = "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x02\x2F"sv;

constexpr std::size_t kMaxAttributes = 32;

// The issuer in a signingCertificateV2 is GeneralNames; RFC 5035 section 4: one directoryName.
std::optional<IssuerSerial> read_general_issuer_serial(DerReader fields) {
  const auto names = fields.take(DerTag::Sequence);
  const auto serial = fields.take(DerTag::Integer);
  const auto issuer = names ? take_only(*names, DerTag::ExplicitFour) : std::nullopt;
  if (!issuer || !serial || !fields.done()) {
    return std::nullopt;
  }
  return IssuerSerial{.issuer = *issuer, .serial = *serial};
}

Result<SignerHash> read_cert_id(DerReader id) {
  SignerHash hash;
  if (id.at(DerTag::Sequence)) {
    NONO_TRY(hash.algorithm, take_hash(id, "signingCertificateV2"));
  }
  const auto digest = id.take(DerTag::OctetString);
  if (!digest) {
    return bad_timestamp("signingCertificateV2 holds no digest");
  }
  hash.digest = *digest;
  if (!id.done()) {
    const auto fields = id.take_inside(DerTag::Sequence);
    hash.issuer_serial = fields ? read_general_issuer_serial(*fields) : std::nullopt;
    if (!hash.issuer_serial || !id.done()) {
      return bad_timestamp("signingCertificateV2 names an issuer in a form that is not its own");
    }
  }
  return hash;
}

// The first identifier names the signer. Further ones, and policies, would limit the path that a
// verifier may build (RFC 5035 section 5.4); ours leads to the authority that the trusted root
// names and to no other.
Result<SignerHash> read_signing_certificate(Span value) {
  const auto fields_der = take_only(value, DerTag::Sequence);
  if (!fields_der) {
    return bad_timestamp("signingCertificateV2 is not one SEQUENCE");
  }
  DerReader fields(*fields_der);
  auto ids = fields.take_inside(DerTag::Sequence);
  const auto first = ids ? ids->take_inside(DerTag::Sequence) : std::nullopt;
  if (!first) {
    return bad_timestamp("signingCertificateV2 names no certificate");
  }
  while (!ids->done()) {
    if (!ids->take(DerTag::Sequence)) {
      return bad_timestamp("signingCertificateV2 is malformed");
    }
  }
  if (!fields.done() && (!fields.take(DerTag::Sequence) || !fields.done())) {
    return bad_timestamp("signingCertificateV2 is malformed");
  }
  return read_cert_id(*first);
}

// read_attribute reads one Attribute. Those not known are signed by the authority and say nothing
// that is asked here. Of signingCertificate (RFC 2634) it is enough that it is there: a name by
// SHA-1 can neither stand for its successor nor add to it.
Result<void> read_attribute(DerReader attribute, SignedAttributes& out) {
  const auto type = attribute.take(DerTag::ObjectIdentifier);
  const auto values = attribute.take(DerTag::Set);
  if (!type || !values || !attribute.done()) {
    return bad_timestamp("a signed attribute is malformed");
  }
  const std::string_view oid = as_text(*type);
  if (out.has(oid)) {
    return bad_timestamp("a signed attribute stands twice");
  }
  out.seen.push_back(oid);
  if (oid == kContentType) {
    out.content_type = take_only(*values, DerTag::ObjectIdentifier);
  } else if (oid == kMessageDigest) {
    out.message_digest = take_only(*values, DerTag::OctetString);
  } else if (oid == kSigningCertificateV2) {
    NONO_TRY(out.signer_hash, read_signing_certificate(*values));
  }
  return {};
}

}  // namespace

std::optional<Span> take_only(Span contents, DerTag tag) {
  DerReader reader(contents);
  const auto taken = reader.take(tag);
  return taken && reader.done() ? taken : std::nullopt;
}

bool SignedAttributes::has(std::string_view oid) const {
  return std::ranges::find(seen, oid) != seen.end();
}

bool SignedAttributes::names_signer() const {
  return signer_hash || has(kSigningCertificate);
}

// The signature is over the DER of the set: attributes out of order are other bytes than were
// signed, or were signed by someone who does not write DER (RFC 5652 section 5.4).
Result<SignedAttributes> read_attributes(Span contents) {
  SignedAttributes attributes;
  Span previous;
  for (DerReader reader(contents); !reader.done();) {
    const auto attribute = reader.take_any();
    if (!attribute || attribute->tag != DerTag::Sequence) {
      return bad_timestamp("a signed attribute is malformed");
    }
    if (std::ranges::lexicographical_compare(attribute->whole, previous)) {
      return bad_timestamp("the signed attributes are not in the order of DER");
    }
    if (attributes.seen.size() == kMaxAttributes) {
      return bad_timestamp("it holds too many signed attributes", ErrorKind::Exhausted);
    }
    previous = attribute->whole;
    NONO_CHECK(read_attribute(DerReader(attribute->contents), attributes));
  }
  return attributes;
}

}  // namespace nono::crypto
