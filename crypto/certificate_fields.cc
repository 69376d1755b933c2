// crypto/certificate_fields.cc: the strict reader of certificates.
#include "crypto/certificate_fields.h"

#include <algorithm>
#include <array>
#include <utility>

#include "crypto/der.h"

namespace nono::crypto {
namespace {

using namespace std::string_view_literals;
using Span = std::span<const std::byte>;

constexpr std::uint8_t kVersion3 = 2;
constexpr std::size_t kMaxSerialBytes = 20;  // RFC 5280 section 4.1.2.2
constexpr std::size_t kMaxKeyUsageBytes = 2;
constexpr std::size_t kBoundlessPath = 255;

// The AlgorithmIdentifiers that certificates may be signed with, whole: there is one encoding of
// each (RFC 5758, RFC 4055, RFC 8410). SHA-1 is not among them.
constexpr std::array kSignatureAlgorithms = {
    "\x30\x0A\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02"sv,  // ECDSA with SHA-256, -384, -512
    "\x30\x0A\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x03"sv,
    "\x30\x0A\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x04"sv,
    "\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B\x05\x00"sv,  // RSA, PKCS#1 v1.5
    "\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0C\x05\x00"sv,
    "\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0D\x05\x00"sv,
    "\x30\x05\x06\x03\x2B\x65\x70"sv,  // Ed25519
};

std::unexpected<Error> bad(std::string_view why, ErrorKind kind = ErrorKind::InvalidInput) {
  return fail(kind, "certificate: " + std::string(why));
}

std::optional<DerElement> take_element(DerReader& reader, DerTag tag) {
  return reader.at(tag) ? reader.take_any() : std::nullopt;
}

// read_name walks a Name (RFC 5280 section 4.1.2.4), so that all of it is DER.
Result<Span> read_name(DerReader& reader) {
  const auto name = take_element(reader, DerTag::Sequence);
  if (!name) {
    return bad("a name is malformed");
  }
  for (DerReader parts(name->contents); !parts.done();) {
    auto attributes = parts.take_inside(DerTag::Set);
    if (!attributes || attributes->done()) {
      return bad("a name is malformed");
    }
    while (!attributes->done()) {
      auto attribute = attributes->take_inside(DerTag::Sequence);
      if (!attribute || !attribute->take(DerTag::ObjectIdentifier) || !attribute->take_any() ||
          !attribute->done()) {
        return bad("a name is malformed");
      }
    }
  }
  return name->whole;
}

int two_digits(std::string_view text, std::size_t at) {
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

// time_of takes four digits of year and YYYYMMDDHHMMSS in UTC.
std::optional<Time> time_of(int year, std::string_view rest) {
  using namespace std::chrono;
  const int hour = two_digits(rest, 4);
  const int minute = two_digits(rest, 6);
  const int second = two_digits(rest, 8);
  const year_month_day date(std::chrono::year(year),
                            month(static_cast<unsigned>(two_digits(rest, 0))),
                            day(static_cast<unsigned>(two_digits(rest, 2))));
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  return sys_days(date) + hours(hour) + minutes(minute) + seconds(second);
}

// read_time: RFC 5280 section 4.1.2.5: seconds are there, the zone is Z, no fraction.
std::optional<Time> read_time(DerReader& reader) {
  const auto element = reader.take_any();
  if (!element) {
    return std::nullopt;
  }
  const bool utc = element->tag == DerTag::UtcTime;
  const std::size_t year_digits = utc ? 2 : 4;
  std::string_view text = as_text(element->contents);
  if ((!utc && element->tag != DerTag::GeneralizedTime) || text.size() != year_digits + 11 ||
      text.back() != 'Z') {
    return std::nullopt;
  }
  text.remove_suffix(1);
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  int year = two_digits(text, 0);
  if (utc) {
    constexpr int kFirstYearOf19xx = 50;
    year += year < kFirstYearOf19xx ? 2000 : 1900;
  } else {
    year = year * 100 + two_digits(text, 2);
  }
  return time_of(year, text.substr(year_digits));
}

Result<Validity> read_validity(DerReader& reader) {
  auto both = reader.take_inside(DerTag::Sequence);
  const auto first = both ? read_time(*both) : std::nullopt;
  const auto last = first ? read_time(*both) : std::nullopt;
  if (!last || !both->done()) {
    return bad("the validity is malformed");
  }
  return Validity{.not_before = *first, .not_after = *last};
}

Result<BasicConstraints> read_constraints(Span value) {
  DerReader outer(value);
  auto inside = outer.take_inside(DerTag::Sequence);
  BasicConstraints out;
  if (!inside || !outer.done()) {
    return bad("the basicConstraints are malformed");
  }
  if (inside->at(DerTag::Boolean)) {
    // DER leaves a default value out: there is no FALSE.
    out.ca = inside->take_boolean().value_or(false);
    if (!out.ca) {
      return bad("the basicConstraints are malformed");
    }
  }
  if (!inside->done()) {
    const auto length = inside->take_unsigned();
    if (!length || !inside->done() || !out.ca) {
      return bad("the basicConstraints are malformed");
    }
    out.path_length =
        length->size() > 1 ? kBoundlessPath : std::to_integer<std::size_t>((*length)[0]);
  }
  return out;
}

// read_key_usage: a named bit list (X.690 11.2.2): no zero bits at its end, and not empty.
Result<std::uint16_t> read_key_usage(Span value) {
  DerReader outer(value);
  const auto contents = outer.take(DerTag::BitString);
  if (!contents || !outer.done() || contents->size() < 2 ||
      contents->size() > 1 + kMaxKeyUsageBytes) {
    return bad("the keyUsage is malformed");
  }
  const auto unused = std::to_integer<unsigned>(contents->front());
  const auto last = std::to_integer<unsigned>(contents->back());
  if (unused > 7 || (last & ((2u << unused) - 1)) != (1u << unused)) {
    return bad("the keyUsage is malformed");
  }
  std::uint16_t bits = 0;
  for (std::size_t i = 0; i < (contents->size() - 1) * 8; ++i) {
    const auto byte = std::to_integer<unsigned>((*contents)[1 + i / 8]);
    bits |= static_cast<std::uint16_t>(((byte >> (7 - i % 8)) & 1u) << i);
  }
  return bits;
}

Result<std::vector<std::string>> read_extended_use(Span value) {
  DerReader outer(value);
  auto inside = outer.take_inside(DerTag::Sequence);
  std::vector<std::string> out;
  if (!inside || inside->done() || !outer.done()) {
    return bad("the extendedKeyUsage is malformed");
  }
  while (!inside->done()) {
    const auto use = inside->take(DerTag::ObjectIdentifier);
    auto text = use ? oid_text(*use) : std::nullopt;
    if (!text) {
      return bad("the extendedKeyUsage is malformed");
    }
    out.push_back(*std::move(text));
  }
  return out;
}

Result<Extension> read_extension(DerReader& list) {
  auto inside = list.take_inside(DerTag::Sequence);
  const auto oid = inside ? inside->take(DerTag::ObjectIdentifier) : std::nullopt;
  auto text = oid ? oid_text(*oid) : std::nullopt;
  if (!text) {
    return bad("an extension is malformed");
  }
  bool critical = false;
  if (inside->at(DerTag::Boolean)) {
    critical = inside->take_boolean().value_or(false);
    if (!critical) {
      return bad("an extension spells out that it is not critical");
    }
  }
  const auto value = inside->take(DerTag::OctetString);
  if (!value || !inside->done()) {
    return bad("an extension is malformed");
  }
  return Extension{.oid = *std::move(text), .critical = critical, .value = *value};
}

bool any_twice(const std::vector<Extension>& extensions) {
  std::vector<std::string_view> names;
  names.reserve(extensions.size());
  for (const Extension& extension : extensions) {
    names.push_back(extension.oid);
  }
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

Result<void> interpret(CertificateFields& fields) {
  if (const Extension* const found = fields.find("2.5.29.19")) {
    NONO_TRY(fields.constraints, read_constraints(found->value));
  }
  if (const Extension* const found = fields.find("2.5.29.15")) {
    NONO_TRY(fields.key_usage, read_key_usage(found->value));
  }
  if (const Extension* const found = fields.find("2.5.29.37")) {
    NONO_TRY(fields.extended_use, read_extended_use(found->value));
    fields.extended_use_critical = found->critical;
  }
  return {};
}

Result<void> read_extensions(DerReader& tbs, CertificateFields& fields) {
  if (tbs.done()) {
    return {};
  }
  auto wrapped = tbs.take_inside(DerTag::ExplicitThree);
  auto list = wrapped ? wrapped->take_inside(DerTag::Sequence) : std::nullopt;
  if (!list || list->done() || !wrapped->done() || !tbs.done()) {
    return bad("the extensions are malformed");
  }
  while (!list->done()) {
    NONO_TRY(Extension extension, read_extension(*list));
    fields.extensions.push_back(std::move(extension));
  }
  if (any_twice(fields.extensions)) {
    return bad("an extension stands in it twice");
  }
  return interpret(fields);
}

// skip_unique_ids: issuerUniqueID and subjectUniqueID may be there and mean nothing.
bool skip_unique_ids(DerReader& tbs, bool& found) {
  for (const DerTag tag : {DerTag::ImplicitOne, DerTag::ImplicitTwo}) {
    if (tbs.at(tag)) {
      found = true;
      if (!tbs.take(tag)) {
        return false;
      }
    }
  }
  return true;
}

Result<void> read_head(DerReader& tbs, Span algorithm, CertificateFields& fields) {
  auto version = tbs.take_inside(DerTag::ExplicitZero);
  if (!version || version->take_small() != kVersion3 || !version->done()) {
    return bad("is not of version 3");
  }
  const auto serial = tbs.take_unsigned();
  if (!serial || serial->size() > kMaxSerialBytes) {
    return bad("the serial number is negative, not DER or longer than 20 bytes");
  }
  fields.serial = *serial;
  const auto inner = take_element(tbs, DerTag::Sequence);
  if (!inner || !std::ranges::equal(inner->whole, algorithm)) {
    return bad("the signature algorithms inside and outside differ");
  }
  return {};
}

Result<CertificateFields> read_tbs(const DerElement& element, Span algorithm) {
  CertificateFields fields{};
  fields.tbs = element.whole;
  DerReader tbs(element.contents);
  NONO_CHECK(read_head(tbs, algorithm, fields));
  NONO_TRY(fields.issuer, read_name(tbs));
  NONO_TRY(fields.validity, read_validity(tbs));
  NONO_TRY(fields.subject, read_name(tbs));
  const auto key = take_element(tbs, DerTag::Sequence);
  if (!key) {
    return bad("the public key is malformed");
  }
  fields.spki = key->whole;
  if (!skip_unique_ids(tbs, fields.unique_ids)) {
    return bad("a unique identifier is malformed");
  }
  NONO_CHECK(read_extensions(tbs, fields));
  return fields;
}

}  // namespace

const Extension* CertificateFields::find(std::string_view oid) const {
  const auto found = std::ranges::find(extensions, oid, &Extension::oid);
  return found == extensions.end() ? nullptr : &*found;
}

Result<CertificateFields> read_certificate(Span der) {
  if (der.size() > kMaxCertificateBytes) {
    return bad("is longer than 64 KiB");
  }
  DerReader file(der);
  auto outer = file.take_inside(DerTag::Sequence);
  if (!outer || !file.done()) {
    return bad(outer ? "there are bytes after it" : "is not DER, or is cut short");
  }
  const auto tbs = take_element(*outer, DerTag::Sequence);
  const auto algorithm = tbs ? take_element(*outer, DerTag::Sequence) : std::nullopt;
  const auto signature = algorithm ? outer->take_whole_bytes() : std::nullopt;
  if (!signature || !outer->done()) {
    return bad("is not the three parts that a certificate has");
  }
  NONO_TRY(CertificateFields fields, read_tbs(*tbs, algorithm->whole));
  if (std::ranges::find(kSignatureAlgorithms, as_text(algorithm->whole)) ==
      kSignatureAlgorithms.end()) {
    return bad("the signature algorithm is not one of ours", ErrorKind::Unsupported);
  }
  fields.algorithm = algorithm->whole;
  fields.signature = *signature;
  return fields;
}

}  // namespace nono::crypto
