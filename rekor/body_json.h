// rekor/body_json.h: the JSON of each kind of body, read strictly into values. Internal to rekor/.
//
// Nothing here is compared with anything: a record is what a log is said to hold. Unknown members,
// doubled keys, missing members, other encodings than Rekor writes are InvalidInput with pointer.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "base/result.h"
#include "crypto/digest.h"

namespace nono::rekor {

// HashName is a digest algorithm in the spellings of Rekor v1 and v2.
struct HashName {
  crypto::HashAlgorithm algorithm;
  std::size_t size;
  std::string_view v1;
  std::string_view v2;
};
inline constexpr std::array kHashNames{
    HashName{crypto::HashAlgorithm::Sha256, 32, "sha256", "SHA2_256"},
    HashName{crypto::HashAlgorithm::Sha384, 48, "sha384", "SHA2_384"},
    HashName{crypto::HashAlgorithm::Sha512, 64, "sha512", "SHA2_512"},
};

struct LoggedHash {
  HashName name;
  Bytes value;  // of the algorithm's length
};
// LoggedSignature has its key as PEM text, not decoded.
struct LoggedSignature {
  Bytes signature;
  std::string key_pem;
};

struct HashedRekord {  // hashedrekord 0.0.1
  LoggedHash hash;     // of the artifact
  LoggedSignature signature;
};
struct EnvelopeRecord {  // dsse 0.0.1, intoto 0.0.2
  // At least one of payload_sha256 and payload is there.
  std::optional<Bytes> payload_sha256;
  std::optional<Bytes> payload;             // intoto only
  std::optional<std::string> payload_type;  // intoto only
  std::vector<LoggedSignature> signatures;
};
enum class KeyForm : unsigned char { Certificate, PublicKey };
struct HashedRekordV2 {  // hashedrekord 0.0.2
  LoggedHash hash;       // of the artifact or of an envelope's PAE
  Bytes signature;
  KeyForm form;
  Bytes key_der;  // certificate or SubjectPublicKeyInfo
  std::string key_details;
};
using Record = std::variant<HashedRekord, EnvelopeRecord, HashedRekordV2>;

// Each reads the `spec` of its kind.
Result<Record> read_hashedrekord_v001(const JsonView& spec);
Result<Record> read_dsse_v001(const JsonView& spec);
Result<Record> read_intoto_v002(const JsonView& spec);
Result<Record> read_hashedrekord_v002(const JsonView& spec);

}  // namespace nono::rekor
