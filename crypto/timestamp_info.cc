// crypto/timestamp_info.cc: TSTInfo (RFC 3161 section 2.4.2).
#include <algorithm>
#include <chrono>
#include <utility>

#include "crypto/hash_names.h"
#include "crypto/timestamp_der.h"

namespace nono::crypto {
namespace {

using namespace std::string_view_literals;
using Span = std::span<const std::byte>;

constexpr std::string_view kSha256 = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"sv;
constexpr std::string_view kSha384 = "\x60\x86\x48\x01\x65\x03\x04\x02\x02"sv;
constexpr std::string_view kSha512 = "\x60\x86\x48\x01\x65\x03\x04\x02\x03"sv;

// RFC 3161 asks for 160 bits of serial number; nonces hold 64 or 128. Some authorities draw bytes
// for a serial number and take no care of the sign: it may be negative.
constexpr std::size_t kMaxNumberBytes = 64;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int number_of(std::string_view digits) {
  int number = 0;
  for (const char digit : digits) {
    number = number * 10 + (digit - '0');
  }
  return number;
}

// fraction_is_der: absent, or a point and digits of which the last is not zero.
bool fraction_is_der(std::string_view fraction) {
  return fraction.empty() ||
         (fraction.size() > 1 && fraction.front() == '.' &&
          std::ranges::all_of(fraction.substr(1), is_digit) && fraction.back() != '0');
}

// milliseconds_of takes what fraction_is_der took; what is finer counts as the next: a time must
// not come out before an end that it is after.
std::chrono::milliseconds milliseconds_of(std::string_view fraction) {
  int value = 0;
  for (std::size_t digit = 1; digit <= 3; ++digit) {
    value = value * 10 + (digit < fraction.size() ? fraction[digit] - '0' : 0);
  }
  return std::chrono::milliseconds(value + (fraction.size() > 4 ? 1 : 0));
}

// time_of reads "YYYYMMDDhhmmss[.f]Z" (RFC 3161: seconds are there, trailing zeros are not). A leap
// second is no value of this calendar: refused.
std::optional<Time> time_of(std::string_view text) {
  constexpr std::size_t kDigits = 14;
  if (text.size() <= kDigits || text.back() != 'Z' ||
      !std::ranges::all_of(text.substr(0, kDigits), is_digit)) {
    return std::nullopt;
  }
  const std::string_view fraction = text.substr(kDigits, text.size() - kDigits - 1);
  if (!fraction_is_der(fraction)) {
    return std::nullopt;
  }
  const auto field = [&](std::size_t at) { return number_of(text.substr(at, 2)); };
  const std::chrono::year_month_day date(std::chrono::year(number_of(text.substr(0, 4))),
                                         std::chrono::month(static_cast<unsigned>(field(4))),
                                         std::chrono::day(static_cast<unsigned>(field(6))));
  const int hour = field(8);
  const int minute = field(10);
  const int second = field(12);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + milliseconds_of(fraction);
}

// is_shortest: two's complement without a first byte that only repeats the sign.
bool is_shortest(Span number) {
  if (number.size() < 2) {
    return !number.empty();
  }
  const bool negative = (number[1] & std::byte{0x80}) != std::byte{0};
  return number.front() != (negative ? std::byte{0xFF} : std::byte{0x00});
}

Result<void> read_imprint(DerReader& fields, TimestampInfo& info) {
  auto imprint = fields.take_inside(DerTag::Sequence);
  if (!imprint) {
    return bad_timestamp("there is no message imprint");
  }
  NONO_TRY(info.imprint_algorithm, take_hash(*imprint, "the message imprint"));
  const auto digest = imprint->take(DerTag::OctetString);
  if (!digest || !imprint->done() || digest->size() != digest_size(info.imprint_algorithm)) {
    return bad_timestamp("the message imprint is not a digest of its algorithm");
  }
  info.imprint = *digest;
  return {};
}

// No extension is known (RFC 3161 defines none): one that must be understood refuses the token.
bool extensions_may_be_ignored(DerReader extensions) {
  while (!extensions.done()) {
    auto extension = extensions.take_inside(DerTag::Sequence);
    if (!extension || !extension->take(DerTag::ObjectIdentifier)) {
      return false;
    }
    if (extension->at(DerTag::Boolean) && extension->take_boolean() != false) {
      return false;
    }
    if (!extension->take(DerTag::OctetString) || !extension->done()) {
      return false;
    }
  }
  return true;
}

bool read_authority_name(DerReader& fields, TimestampInfo& info) {
  auto name = fields.take_inside(DerTag::ExplicitZero);
  const auto choice = name ? name->take_any() : std::nullopt;
  if (!choice || !name->done()) {
    return false;
  }
  if (choice->tag == DerTag::ExplicitFour) {
    info.directory_name = choice->contents;
  }
  return true;
}

bool read_nonce(DerReader& fields, TimestampInfo& info) {
  const auto nonce = fields.take_unsigned();
  if (!nonce || nonce->size() > kMaxNumberBytes) {
    return false;
  }
  info.nonce = Bytes(nonce->begin(), nonce->end());
  return true;
}

// read_options reads what follows genTime. Accuracy and ordering change nothing here: genTime is
// taken as it stands.
Result<void> read_options(DerReader& fields, TimestampInfo& info) {
  if (fields.at(DerTag::Sequence) && !fields.take(DerTag::Sequence)) {
    return bad_timestamp("the accuracy is malformed");
  }
  if (fields.at(DerTag::Boolean) && !fields.take_boolean()) {
    return bad_timestamp("the ordering is malformed");
  }
  if (fields.at(DerTag::Integer) && !read_nonce(fields, info)) {
    return bad_timestamp("the nonce is malformed");
  }
  if (fields.at(DerTag::ExplicitZero) && !read_authority_name(fields, info)) {
    return bad_timestamp("the authority's name is malformed");
  }
  if (fields.at(DerTag::ExplicitOne)) {
    const auto extensions = fields.take_inside(DerTag::ExplicitOne);
    if (!extensions || !extensions_may_be_ignored(*extensions)) {
      return bad_timestamp("an extension is critical or malformed");
    }
  }
  if (!fields.done()) {
    return bad_timestamp("TSTInfo has fields that it must not have");
  }
  return {};
}

}  // namespace

std::optional<Identifier> take_identifier(DerReader& reader) {
  auto fields = reader.take_inside(DerTag::Sequence);
  const auto oid = fields ? fields->take(DerTag::ObjectIdentifier) : std::nullopt;
  if (!oid) {
    return std::nullopt;
  }
  const bool has_null = !fields->done();
  if (has_null) {
    const auto null = fields->take(DerTag::Null);
    if (!null || !null->empty() || !fields->done()) {
      return std::nullopt;
    }
  }
  return Identifier{.oid = as_text(*oid), .has_null = has_null};
}

std::optional<HashAlgorithm> hash_of(std::string_view oid) {
  if (oid == kSha256) {
    return HashAlgorithm::Sha256;
  }
  if (oid == kSha384) {
    return HashAlgorithm::Sha384;
  }
  if (oid == kSha512) {
    return HashAlgorithm::Sha512;
  }
  return std::nullopt;
}

Result<HashAlgorithm> take_hash(DerReader& reader, std::string_view what) {
  const auto identifier = take_identifier(reader);
  if (!identifier) {
    return bad_timestamp(std::string(what) + " names no digest");
  }
  const auto algorithm = hash_of(identifier->oid);
  if (!algorithm) {
    return bad_timestamp(std::string(what) + " is by a digest other than SHA-256, SHA-384, SHA-512",
                         ErrorKind::Unsupported);
  }
  return *algorithm;
}

Result<TimestampInfo> read_timestamp_info(Span der) {
  DerReader outer(der);
  auto fields = outer.take_inside(DerTag::Sequence);
  if (!fields || !outer.done()) {
    return bad_timestamp("TSTInfo is not one SEQUENCE");
  }
  if (fields->take_small() != 1) {
    return bad_timestamp("TSTInfo is not of version 1");
  }
  const auto policy = fields->take(DerTag::ObjectIdentifier);
  auto dotted = policy ? oid_text(*policy) : std::nullopt;
  if (!dotted) {
    return bad_timestamp("there is no policy");
  }
  TimestampInfo info;
  info.policy = *std::move(dotted);
  NONO_CHECK(read_imprint(*fields, info));
  const auto serial = fields->take(DerTag::Integer);
  if (!serial || !is_shortest(*serial) || serial->size() > kMaxNumberBytes) {
    return bad_timestamp("the serial number is malformed");
  }
  info.serial_hex = hex_encode(*serial);
  const auto text = fields->take(DerTag::GeneralizedTime);
  const auto time = text ? time_of(as_text(*text)) : std::nullopt;
  if (!time) {
    return bad_timestamp("genTime is not a GeneralizedTime in UTC, in the form of DER");
  }
  info.time = *time;
  NONO_CHECK(read_options(*fields, info));
  return info;
}

}  // namespace nono::crypto
