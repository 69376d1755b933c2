// tuf/envelope.h: a metadata file as it came: `signed` and its signatures (specification 4.2).
//
// What is signed can be read before a signature is checked only by the name that says so: a root
// brings its own keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "base/result.h"
#include "tuf/metadata.h"

namespace nono::tuf {

// What one metadata file may be, whatever its length is said to be; delegating files are the large
// ones.
inline constexpr JsonLimits kMetadataLimits{.bytes = 8u << 20, .depth = 32};

class Envelope {
 public:
  // parse refuses a file in which a key id signs twice (4.2: key ids are unique).
  static Result<Envelope> parse(std::string_view text);

  // opened_by returns what is signed if as many different keys of `role` as its threshold says have
  // signed it: InvalidInput otherwise, which names the keys that are of no use. Signatures of
  // others, and wrong ones, neither count nor matter. Two ids of one key count once.
  Result<JsonView> opened_by(const Role& role, const Keys& keys) const;
  JsonView unverified() const;

 private:
  struct Signature {
    std::string key_id;
    Bytes value;  // empty where it is not hexadecimal: right for no key
  };
  Envelope(Json document, std::string message, std::vector<Signature> signatures)
      : document_(std::move(document)),
        message_(std::move(message)),
        signatures_(std::move(signatures)) {}
  static Result<std::vector<Signature>> read_signatures(const JsonView& document);
  const Signature* find(std::string_view key_id) const;

  Json document_;
  std::string message_;
  std::vector<Signature> signatures_;
};

}  // namespace nono::tuf
