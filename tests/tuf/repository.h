// tests/tuf/repository.h: a TUF repository made from code, with throw-away keys, which can be made
// to lie in every way.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "tests/sigstore/key.h"
#include "tuf/client.h"

namespace nono::tuf::test {

using Signer = factory::Key;
using factory::KeyKind;

inline constexpr std::string_view kExpires = "2027-01-01T00:00:00Z";
inline constexpr std::string_view kPast = "2026-01-01T00:00:00Z";
Instant now();  // 2026-06-01: between the two

// key makes the Ed25519 key of that label, or another one, once per process.
Signer key(std::string_view label, KeyKind kind = KeyKind::Ed25519);
std::string id_of(const Signer& key);
Json json_of(const Signer& key);

// signed_text is a metadata file over `signed_part`, signed by each of `keys`.
std::string signed_text(const Json& signed_part, const std::vector<Signer>& keys);
// meta_of is what timestamp or snapshot say of a file.
Json meta_of(std::int64_t version, std::string_view text, bool with_digests);

struct Delegated {
  std::string from = "targets";
  std::string name;
  std::vector<std::string> paths = {"*"};
  bool terminating = false;
};

// TestRepository publishes version 1 of everything when it is made. What signed_part() gives may be
// changed as a test likes before the next publish.
class TestRepository final : public Repository {
 public:
  TestRepository();

  // publish raises the version, signs with the role's keys and makes the file available; targets
  // roles are entered in the snapshot, the snapshot in the timestamp.
  void publish(std::string_view role);
  void publish_as_it_is(std::string_view role);  // the version stays
  // publish_all publishes `role`, then snapshot and timestamp.
  void publish_all(std::string_view role = "targets");
  Json& signed_part(std::string_view role) { return signed_parts_.find(role)->second; }
  std::int64_t version(std::string_view role);
  void set_version(std::string_view role, std::int64_t version);

  // trust makes `keys` those of a top-level role, and those that sign for it.
  void trust(std::string_view role, const std::vector<Signer>& keys, std::int64_t threshold = 1);
  std::vector<Signer>& signers(std::string_view role) { return signers_[std::string(role)]; }
  void add_target(std::string_view role, std::string_view path, std::string_view bytes);
  void delegate(const Delegated& delegated);

  // The files that are served, by name below the metadata or targets URL.
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> target_files;
  std::vector<std::string> asked;  // in order, targets with "targets/" before them
  bool with_digests = false;       // in timestamp and snapshot
  bool consistent = true;

  std::string first_root() const { return files.at("1.root.json"); }
  Result<std::optional<std::string>> metadata(const std::string& name,
                                              std::size_t max_bytes) override;
  Result<std::optional<std::string>> target(const std::string& path,
                                            std::size_t max_bytes) override;

 private:
  std::map<std::string, Json, std::less<>> signed_parts_;
  std::map<std::string, std::vector<Signer>> signers_;
};

// error_of is "" where all is well, else the message.
template <typename T>
std::string error_of(const Result<T>& result) {
  return result ? std::string() : result.error().message();
}

}  // namespace nono::tuf::test
