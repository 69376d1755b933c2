// crypto/plain_certificate.cc: certificates that leave OpenSSL nothing to find.
//
// OpenSSL takes longer to read a certificate than to check a P-256 signature. What a Fulcio or a
// timestamp authority issues needs none of that: it is described here in full, and all that does
// not fit the description goes the long way.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "crypto/certificate_fields.h"
#include "crypto/der.h"

namespace nono::crypto {
namespace {

using Span = std::span<const std::byte>;

constexpr std::string_view kKeyId = "2.5.29.14";
constexpr std::string_view kSubjectNames = "2.5.29.17";
constexpr std::string_view kIssuerKeyId = "2.5.29.35";
constexpr std::string_view kFulcioArc = "1.3.6.1.4.1.57264.1.";
constexpr std::uint8_t kPrintableString = 0x13;
constexpr std::uint8_t kIa5String = 0x16;
constexpr std::size_t kLongestPlainPath = 127;

// Read elsewhere in full: keyUsage, basicConstraints, extendedKeyUsage (certificate_fields.cc),
// SCTs (sct.cc).
constexpr std::array<std::string_view, 4> kReadElsewhere = {"2.5.29.15", "2.5.29.19", "2.5.29.37",
                                                            "1.3.6.1.4.1.11129.2.4.2"};

bool is_ordinary(const DerElement& text) {
  const std::string_view value = as_text(text.contents);
  switch (static_cast<std::uint8_t>(text.tag)) {
    case kPrintableString:
    case kIa5String:
    case static_cast<std::uint8_t>(DerTag::Utf8String):
      return !value.empty() && is_utf8(value) && !value.contains('\0') &&
             (text.tag == DerTag::Utf8String ||
              std::ranges::none_of(value, [](char c) { return (c & '\x80') != 0; }));
    default:
      return false;
  }
}

// Of each relative name one attribute: then there is no order to get wrong.
bool is_ordinary_name(Span name) {
  auto parts = DerReader(name).take_inside(DerTag::Sequence);
  while (parts && !parts->done()) {
    auto set = parts->take_inside(DerTag::Set);
    auto attribute = set ? set->take_inside(DerTag::Sequence) : std::nullopt;
    const auto type = attribute ? attribute->take(DerTag::ObjectIdentifier) : std::nullopt;
    const auto value = type && oid_text(*type) ? attribute->take_any() : std::nullopt;
    if (!value || !is_ordinary(*value) || !attribute->done() || !set->done()) {
      return false;
    }
  }
  return parts.has_value();
}

std::optional<Span> read_key_id(Span value) {
  DerReader reader(value);
  const auto id = reader.take(DerTag::OctetString);
  return id && !id->empty() && reader.done() ? id : std::nullopt;
}

// Only the identifier of the key: with a name and a serial number beside it, OpenSSL compares
// those.
std::optional<Span> read_issuer_key_id(Span value) {
  DerReader outer(value);
  auto inside = outer.take_inside(DerTag::Sequence);
  const auto id = inside ? inside->take(DerTag::ImplicitZero) : std::nullopt;
  return id && !id->empty() && inside->done() && outer.done() ? id : std::nullopt;
}

bool are_ordinary_subjects(Span value) {
  const auto names = read_subject_names(value);
  return names && std::ranges::none_of(*names, [](const SubjectName& name) {
           return name.kind == SubjectNameKind::Unknown;
         });
}

bool is_plain_extension(const Extension& extension) {
  if (extension.oid == kKeyId) {
    return read_key_id(extension.value).has_value();
  }
  if (extension.oid == kIssuerKeyId) {
    return read_issuer_key_id(extension.value).has_value();
  }
  if (extension.oid == kSubjectNames) {
    return are_ordinary_subjects(extension.value);
  }
  return std::ranges::find(kReadElsewhere, extension.oid) != kReadElsewhere.end() ||
         extension.oid.starts_with(kFulcioArc);
}

std::optional<Span> found(const CertificateFields& fields, std::string_view oid,
                          std::optional<Span> (*read)(Span)) {
  const Extension* const extension = fields.find(oid);
  return extension != nullptr ? read(extension->value) : std::nullopt;
}

}  // namespace

bool is_plain(const CertificateFields& fields) {
  return !fields.unique_ids && is_ordinary_name(fields.issuer) &&
         is_ordinary_name(fields.subject) &&
         fields.constraints.path_length.value_or(0) <= kLongestPlainPath &&
         std::ranges::all_of(fields.extensions, is_plain_extension);
}

std::optional<Span> key_identifier(const CertificateFields& fields) {
  return found(fields, kKeyId, read_key_id);
}

std::optional<Span> issuer_key_identifier(const CertificateFields& fields) {
  return found(fields, kIssuerKeyId, read_issuer_key_id);
}

}  // namespace nono::crypto
