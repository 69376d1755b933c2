// tests/attest/trust_support.h: trusted roots and signing configurations in the form in which a
// test changes one thing.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/trusted_root.h"
#include "base/json.h"
#include "base/result.h"
#include "crypto/keys.h"

namespace nono::attest::test {

// A Fault is one change to a sound document, and the whole message that it leads to.
using ChangeJson = std::function<void(Json&)>;
struct Fault {
  std::string_view name;
  ChangeJson change;
  std::string_view error;
};

// What changes most: a value is put at a path, a member added to the object there or removed.
using Path = std::vector<std::string_view>;
ChangeJson put(Path path, Json value);
ChangeJson add(Path path, std::string_view name, Json value);
ChangeJson remove(Path path, std::string_view name);

inline constexpr std::string_view kStart = "2025-01-01T00:00:00Z";

// log_instance is a CT log or Rekor v1 log with this key: its id is the digest of the key.
Json log_instance(std::string_view base_url, const crypto::PublicKey& key,
                  std::string_view key_details);
// sound_root has a Rekor v1 log (P-256), a Rekor v2 log (Ed25519), a CT log (P-256), all of
// throw-away keys, and the public-good instance's certificate and timestamp authority.
Json sound_root();

// error_of is "" where the root was read, else "invalid: " or "unsupported: " (or the like) and the
// message.
std::string error_text(const Error& error);
template <typename T>
std::string error_of(const Result<T>& result) {
  return result ? std::string() : error_text(result.error());
}

// CaseName names the tests of a table by the `name` of their row.
struct CaseName {
  template <typename T>
  std::string operator()(const ::testing::TestParamInfo<T>& row) const {
    return std::string(row.param.name);
  }
};

// service is one entry of a signing configuration.
Json service(std::string_view url, std::string_view operator_name, std::int64_t version = 1,
             std::string_view start = kStart, std::string_view end = "");
Json sound_signing_config();

// in_snake_case spells every member as in the .proto file.
Json in_snake_case(const Json& json);

}  // namespace nono::attest::test
