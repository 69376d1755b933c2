// crypto/subject_names.cc: the subjectAltName (RFC 5280 section 4.2.1.6).
#include <algorithm>

#include "base/text.h"
#include "crypto/certificate_fields.h"
#include "crypto/der.h"

namespace nono::crypto {
namespace {

constexpr std::size_t kMaxSubjectNames = 100;
constexpr std::size_t kIpv4Bytes = 4;
constexpr std::size_t kIpv6Bytes = 16;
constexpr std::string_view kFulcioName = "1.3.6.1.4.1.57264.1.7";

// The tags of GeneralName: context-specific, constructed where the type is.
constexpr std::uint8_t kOtherName = 0xA0;
constexpr std::uint8_t kEmail = 0x81;
constexpr std::uint8_t kDns = 0x82;
constexpr std::uint8_t kX400 = 0xA3;
constexpr std::uint8_t kDirectory = 0xA4;
constexpr std::uint8_t kEdiParty = 0xA5;
constexpr std::uint8_t kUri = 0x86;
constexpr std::uint8_t kIp = 0x87;
constexpr std::uint8_t kRegisteredId = 0x88;

std::unexpected<Error> bad(std::string_view why) {
  return fail(ErrorKind::InvalidInput, "certificate: the subjectAltName " + std::string(why));
}

// ascii_name: an IA5String has seven bits; a NUL would end the name for other readers (and so make
// it another name for them).
Result<SubjectName> ascii_name(SubjectNameKind kind, std::string_view text) {
  const bool fits =
      std::ranges::all_of(text, [](char c) { return c != '\0' && (c & '\x80') == 0; });
  if (text.empty() || !fits) {
    return bad("holds a name that is empty, not ASCII or holds a NUL");
  }
  return SubjectName{.kind = kind, .value = std::string(text)};
}

Result<SubjectName> other_name(std::span<const std::byte> contents) {
  DerReader reader(contents);
  const auto type = reader.take(DerTag::ObjectIdentifier);
  const auto type_text = type ? oid_text(*type) : std::nullopt;
  auto wrapped = type_text ? reader.take_inside(DerTag::ExplicitZero) : std::nullopt;
  if (!wrapped || !reader.done()) {
    return bad("holds a malformed otherName");
  }
  const auto value = wrapped->take_any();
  if (!value || !wrapped->done()) {
    return bad("holds a malformed otherName");
  }
  if (*type_text != kFulcioName) {
    return SubjectName{.kind = SubjectNameKind::Unknown, .value = {}};
  }
  const std::string_view text = as_text(value->contents);
  if (value->tag != DerTag::Utf8String || text.empty() || !is_utf8(text) || text.contains('\0')) {
    return bad("holds an otherName of Fulcio that is no UTF8String");
  }
  return SubjectName{.kind = SubjectNameKind::Other, .value = std::string(text)};
}

Result<SubjectName> ip_name(std::span<const std::byte> contents) {
  if (contents.size() != kIpv4Bytes && contents.size() != kIpv6Bytes) {
    return bad("holds an address that is neither IPv4 nor IPv6");
  }
  return SubjectName{.kind = SubjectNameKind::Ip, .value = std::string(as_text(contents))};
}

Result<SubjectName> read_subject_name(const DerElement& name) {
  switch (static_cast<std::uint8_t>(name.tag)) {
    case kOtherName:
      return other_name(name.contents);
    case kEmail:
      return ascii_name(SubjectNameKind::Email, as_text(name.contents));
    case kDns:
      return ascii_name(SubjectNameKind::Dns, as_text(name.contents));
    case kUri:
      return ascii_name(SubjectNameKind::Uri, as_text(name.contents));
    case kIp:
      return ip_name(name.contents);
    case kX400:
    case kDirectory:
    case kEdiParty:
    case kRegisteredId:
      return SubjectName{.kind = SubjectNameKind::Unknown, .value = {}};
    default:
      return bad("holds something that is no GeneralName");
  }
}

}  // namespace

Result<std::vector<SubjectName>> read_subject_names(std::span<const std::byte> value) {
  DerReader outer(value);
  auto list = outer.take_inside(DerTag::Sequence);
  if (!list || list->done() || !outer.done()) {
    return bad("is malformed");
  }
  std::vector<SubjectName> names;
  while (!list->done()) {
    const auto element = list->take_any();
    if (!element) {
      return bad("is malformed");
    }
    if (names.size() == kMaxSubjectNames) {
      return bad("holds more than 100 names");
    }
    NONO_TRY(SubjectName name, read_subject_name(*element));
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace nono::crypto
