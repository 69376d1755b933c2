// attest/bundle_json.cc: scalar shapes, spellings and versions of a bundle.
#include "attest/bundle_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace nono::attest {

namespace {

struct MediaType {
  std::string_view text;
  BundleVersion version;
};
constexpr std::array kMediaTypes{
    MediaType{kBundleV03, BundleVersion::V03},
    MediaType{"application/vnd.dev.sigstore.bundle+json;version=0.3", BundleVersion::V03},
    MediaType{"application/vnd.dev.sigstore.bundle+json;version=0.2", BundleVersion::V02},
    MediaType{"application/vnd.dev.sigstore.bundle+json;version=0.1", BundleVersion::V01},
};

struct Spelling {
  std::string_view proto;
  std::string_view json;
};
constexpr std::array kSpellings{
    Spelling{"media_type", "mediaType"},
    Spelling{"verification_material", "verificationMaterial"},
    Spelling{"message_signature", "messageSignature"},
    Spelling{"message_digest", "messageDigest"},
    Spelling{"dsse_envelope", "dsseEnvelope"},
    Spelling{"payload_type", "payloadType"},
    Spelling{"public_key", "publicKey"},
    Spelling{"x509_certificate_chain", "x509CertificateChain"},
    Spelling{"raw_bytes", "rawBytes"},
    Spelling{"tlog_entries", "tlogEntries"},
    Spelling{"log_index", "logIndex"},
    Spelling{"log_id", "logId"},
    Spelling{"key_id", "keyId"},
    Spelling{"kind_version", "kindVersion"},
    Spelling{"integrated_time", "integratedTime"},
    Spelling{"inclusion_promise", "inclusionPromise"},
    Spelling{"signed_entry_timestamp", "signedEntryTimestamp"},
    Spelling{"inclusion_proof", "inclusionProof"},
    Spelling{"root_hash", "rootHash"},
    Spelling{"tree_size", "treeSize"},
    Spelling{"canonicalized_body", "canonicalizedBody"},
    Spelling{"timestamp_verification_data", "timestampVerificationData"},
    Spelling{"rfc3161_timestamps", "rfc3161Timestamps"},
    Spelling{"signed_timestamp", "signedTimestamp"},
};

std::string_view json_spelling(std::string_view name) {
  const auto found = std::ranges::find(kSpellings, name, &Spelling::proto);
  return found == kSpellings.end() ? name : found->json;
}

// Fault is what is wrong and where; the pointer grows from the inside out.
struct Fault {
  std::string pointer;
  std::string why;
};

std::optional<Fault> settle_names(Json::Object& object) {
  for (JsonMember& member : object) {
    const std::string_view settled = json_spelling(member.first);
    if (settled == member.first) {
      continue;
    }
    if (std::ranges::find(object, settled, &JsonMember::first) != object.end()) {
      return Fault{"/" + member.first, "is there twice, also as \"" + std::string(settled) + "\""};
    }
    member.first = settled;
  }
  return std::nullopt;
}

std::optional<Fault> settle(Json& value);

std::optional<Fault> settle_elements(Json::Array& array) {
  std::size_t index = 0;
  for (Json& element : array) {
    if (std::optional<Fault> fault = settle(element)) {
      fault->pointer.insert(0, "/" + std::to_string(index));
      return fault;
    }
    ++index;
  }
  return std::nullopt;
}

// Recursion is bounded by the depth limit of the JSON reader.
std::optional<Fault> settle(Json& value) {
  if (const Json::Number* number = value.number()) {
    return Fault{"", number->spelling + " is not an integer of 64 bits"};
  }
  if (Json::Array* array = value.array()) {
    return settle_elements(*array);
  }
  Json::Object* object = value.object();
  if (object == nullptr) {
    return std::nullopt;
  }
  if (std::optional<Fault> fault = settle_names(*object)) {
    return fault;
  }
  for (JsonMember& member : *object) {
    if (std::optional<Fault> fault = settle(member.second)) {
      fault->pointer.insert(0, "/" + member.first);
      return fault;
    }
  }
  return std::nullopt;
}

bool is_one_der_sequence(std::span<const std::byte> der) {
  constexpr std::byte kSequence{0x30};
  if (der.size() < 2 || der[0] != kSequence) {
    return false;
  }
  const auto first = std::to_integer<std::size_t>(der[1]);
  if (first < 0x80) {
    return der.size() == 2 + first;
  }
  const std::size_t octets = first & 0x7f;
  if (octets == 0 || octets > 4 || der.size() < 2 + octets) {
    return false;
  }
  std::size_t length = 0;
  for (const std::byte octet : der.subspan(2, octets)) {
    length = (length << 8) | std::to_integer<std::size_t>(octet);
  }
  // DER: no longer form than needed.
  const bool minimal = length >= 0x80 && (length >> (8 * (octets - 1))) != 0;
  return minimal && der.size() == 2 + octets + length;
}

}  // namespace

std::optional<BundleVersion> bundle_version(std::string_view media_type) {
  const auto found = std::ranges::find(kMediaTypes, media_type, &MediaType::text);
  if (found == kMediaTypes.end()) {
    return std::nullopt;
  }
  return found->version;
}

Result<void> settle_spellings(Json& document) {
  if (const std::optional<Fault> fault = settle(document)) {
    return fail(ErrorKind::InvalidInput,
                (fault->pointer.empty() ? "document" : fault->pointer) + ": " + fault->why);
  }
  return {};
}

Result<std::int64_t> read_int64(const JsonView& view) {
  if (const std::int64_t* integer = view.json().integer()) {
    if (*integer < 0) {
      return std::unexpected(view.error("must not be negative"));
    }
    return *integer;
  }
  const std::string* text = view.json().string();
  if (text == nullptr) {
    return std::unexpected(view.error("must be an integer or an integer in a string"));
  }
  std::int64_t value = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, problem] = std::from_chars(text->data(), end, value);
  const bool canonical = problem == std::errc() && stop == end && std::to_string(value) == *text;
  if (!canonical || value < 0) {
    return std::unexpected(view.error("must be a decimal integer from 0 to 9223372036854775807"));
  }
  return value;
}

Result<Bytes> read_base64(const JsonView& view) {
  NONO_TRY(const std::string text, view.string());
  std::optional<Bytes> bytes = base64_decode(text, Base64::Lenient);
  if (!bytes) {
    return std::unexpected(view.error("must be base64"));
  }
  if (bytes->empty()) {
    return std::unexpected(view.error("must not be empty"));
  }
  return *std::move(bytes);
}

Result<Bytes> read_der(const JsonView& view) {
  NONO_TRY(Bytes der, read_base64(view));
  if (!is_one_der_sequence(der)) {
    return std::unexpected(view.error("must be one DER structure with nothing after it"));
  }
  return der;
}

}  // namespace nono::attest
