// crypto/sct.cc: the list of timestamps, and what they are signed over.
#include "crypto/sct.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "crypto/der.h"

namespace nono::crypto {
namespace {

using namespace std::string_view_literals;
using Span = std::span<const std::byte>;

// RFC 6962 section 3.3; the contents of the OBJECT IDENTIFIER.
constexpr std::string_view kSctListOid = "\x2B\x06\x01\x04\x01\xD6\x79\x02\x04\x02"sv;
constexpr std::string_view kSctListDotted = "1.3.6.1.4.1.11129.2.4.2";

constexpr std::size_t kMaxScts = 100;
constexpr std::size_t kLogIdBytes = Sha256::kSize;
constexpr std::size_t kLargest16 = 0xFFFF;
constexpr std::size_t kLargest24 = 0xFFFFFF;

// RFC 5246 section 7.4.1.4.1.
constexpr std::uint8_t kSha256 = 4;
constexpr std::uint8_t kRsa = 1;
constexpr std::uint8_t kEcdsa = 3;

std::unexpected<Error> bad(std::string_view why, ErrorKind kind = ErrorKind::InvalidInput) {
  return fail(kind, "signed certificate timestamps: " + std::string(why));
}

// TlsReader takes the fixed and counted fields of RFC 5246 section 4.
class TlsReader {
 public:
  explicit TlsReader(Span bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }

  std::optional<Span> take(std::size_t count) {
    if (rest_.size() < count) {
      return std::nullopt;
    }
    const Span taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  std::optional<std::uint64_t> take_number(std::size_t bytes) {
    const auto taken = take(bytes);
    if (!taken) {
      return std::nullopt;
    }
    std::uint64_t number = 0;
    for (const std::byte byte : *taken) {
      number = (number << 8) | std::to_integer<std::uint64_t>(byte);
    }
    return number;
  }
  // take_counted takes opaque<0..2^16-1>.
  std::optional<Span> take_counted() {
    const auto count = take_number(2);
    return count ? take(*count) : std::nullopt;
  }

 private:
  Span rest_;
};

std::optional<SignedCertificateTimestamp> read_v1(TlsReader& reader) {
  const auto log = reader.take(kLogIdBytes);
  const auto milliseconds = reader.take_number(8);
  const auto extensions = reader.take_counted();
  const auto hash = reader.take_number(1);
  const auto kind = reader.take_number(1);
  const auto signature = reader.take_counted();
  if (!log || !milliseconds || !extensions || !hash || !kind || !signature || !reader.done()) {
    return std::nullopt;
  }
  return SignedCertificateTimestamp{.log_id = *Sha256::from_raw(*log),
                                    .milliseconds = *milliseconds,
                                    .extensions = Bytes(extensions->begin(), extensions->end()),
                                    .hash = static_cast<std::uint8_t>(*hash),
                                    .signature_kind = static_cast<std::uint8_t>(*kind),
                                    .signature = Bytes(signature->begin(), signature->end())};
}

Result<SignedCertificateTimestamp> read_sct(Span serialized) {
  TlsReader reader(serialized);
  const auto version = reader.take_number(1);
  if (!version) {
    return bad("an entry is empty");
  }
  if (*version != 0) {
    return bad("an entry has version " + std::to_string(*version) + ", not 0");
  }
  auto sct = read_v1(reader);
  if (!sct) {
    return bad("the lengths inside an entry do not add up");
  }
  return *std::move(sct);
}

void append_number(Bytes& out, std::uint64_t number, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) {
    out.push_back(static_cast<std::byte>((number >> (8 * i)) & 0xFF));
  }
}

void append(Bytes& out, Span bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// without_sct_list returns the extensions one after the other, all but that one; what else they
// are is the business of the certificate's parser.
std::optional<Bytes> without_sct_list(DerReader extensions) {
  Bytes rest;
  std::size_t found = 0;
  while (!extensions.done()) {
    const auto extension = extensions.take_any();
    if (!extension || extension->tag != DerTag::Sequence) {
      return std::nullopt;
    }
    const auto oid = DerReader(extension->contents).take(DerTag::ObjectIdentifier);
    if (!oid) {
      return std::nullopt;
    }
    if (as_text(*oid) == kSctListOid) {
      ++found;
    } else {
      append(rest, extension->whole);
    }
  }
  return found == 1 ? std::optional(std::move(rest)) : std::nullopt;
}

// extensions_field returns [3] without the list in it; empty where nothing else was in it.
std::optional<Bytes> extensions_field(Span explicit_three) {
  DerReader outer(explicit_three);
  const auto extensions = outer.take_inside(DerTag::Sequence);
  if (!extensions || !outer.done()) {
    return std::nullopt;
  }
  const auto rest = without_sct_list(*extensions);
  if (!rest) {
    return std::nullopt;
  }
  return rest->empty() ? Bytes()
                       : der_element(DerTag::ExplicitThree, der_element(DerTag::Sequence, *rest));
}

// cut_fields returns the fields of a tbsCertificate without the list. Extensions are its last field
// (RFC 5280 section 4.1), and no other field of it bears that tag.
std::optional<Bytes> cut_fields(DerReader tbs) {
  Bytes fields;
  while (!tbs.done()) {
    const auto field = tbs.take_any();
    if (!field) {
      return std::nullopt;
    }
    if (field->tag != DerTag::ExplicitThree) {
      append(fields, field->whole);
      continue;
    }
    const auto extensions = extensions_field(field->contents);
    if (!extensions || !tbs.done()) {
      return std::nullopt;
    }
    append(fields, *extensions);
    return fields;
  }
  return std::nullopt;
}

bool kind_fits(std::uint8_t signature_kind, KeyAlgorithm algorithm) {
  switch (signature_kind) {
    case kRsa:
      return algorithm == KeyAlgorithm::Rsa;
    case kEcdsa:
      return algorithm != KeyAlgorithm::Rsa && algorithm != KeyAlgorithm::Ed25519;
    default:
      return false;
  }
}

}  // namespace

Result<std::vector<SignedCertificateTimestamp>> parse_sct_list(Span list) {
  TlsReader outer(list);
  const auto entries = outer.take_counted();
  if (!entries || !outer.done()) {
    return bad("the list's length is not that of its bytes");
  }
  if (entries->empty()) {
    return bad("the list is empty");
  }
  std::vector<SignedCertificateTimestamp> scts;
  for (TlsReader reader(*entries); !reader.done();) {
    if (scts.size() == kMaxScts) {
      return bad("there are more than " + std::to_string(kMaxScts), ErrorKind::Exhausted);
    }
    const auto serialized = reader.take_counted();
    if (!serialized) {
      return bad("an entry is longer than the list");
    }
    NONO_TRY(auto sct, read_sct(*serialized));
    scts.push_back(std::move(sct));
  }
  return scts;
}

Result<std::vector<SignedCertificateTimestamp>> embedded_scts(const Certificate& leaf) {
  const auto extension = leaf.extension(kSctListDotted);
  if (!extension) {
    return std::vector<SignedCertificateTimestamp>();
  }
  DerReader reader(*extension);
  const auto list = reader.take(DerTag::OctetString);
  if (!list || !reader.done()) {
    return bad("the extension is not one OCTET STRING");
  }
  return parse_sct_list(*list);
}

Result<Bytes> precertificate_tbs(Span tbs) {
  DerReader outer(tbs);
  const auto fields = outer.take_inside(DerTag::Sequence);
  if (!fields || !outer.done()) {
    return bad("the tbsCertificate is not one SEQUENCE");
  }
  const auto cut = cut_fields(*fields);
  if (!cut) {
    return bad("the tbsCertificate does not hold the extension exactly once");
  }
  return der_element(DerTag::Sequence, *cut);
}

Result<Bytes> precertificate_tbs(const Certificate& leaf) {
  return precertificate_tbs(leaf.tbs());
}

bool sct_verifies(const SignedCertificateTimestamp& sct, const PublicKey& log_key,
                  const Sha256& issuer_key_hash, Span precertificate_tbs) {
  if (sct.hash != kSha256 || !kind_fits(sct.signature_kind, log_key.algorithm()) ||
      precertificate_tbs.size() > kLargest24 || sct.extensions.size() > kLargest16) {
    return false;
  }
  // digitally-signed struct of RFC 6962 section 3.2: sct_version v1, signature_type
  // certificate_timestamp, timestamp, entry_type precert_entry, PreCert, extensions.
  Bytes entry;
  append_number(entry, 0, 1);
  append_number(entry, 0, 1);
  append_number(entry, sct.milliseconds, 8);
  append_number(entry, 1, 2);
  append(entry, issuer_key_hash.bytes());
  append_number(entry, precertificate_tbs.size(), 3);
  append(entry, precertificate_tbs);
  append_number(entry, sct.extensions.size(), 2);
  append(entry, sct.extensions);
  return log_key.verifies_with(HashAlgorithm::Sha256, entry, sct.signature);
}

}  // namespace nono::crypto
