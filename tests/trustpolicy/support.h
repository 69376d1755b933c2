// tests/trustpolicy/support.h: directories, keys, policies and real signatures for these tests.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "attest/keyring.h"
#include "attest/predicate.h"
#include "attest/verifier.h"
#include "crypto/keys.h"
#include "trustpolicy/document.h"
#include "trustpolicy/policy.h"

namespace nono::trustpolicy::test {

// Base64 of the SPKI of a P-256 key whose private half nobody keeps.
inline constexpr std::string_view kSomeKey =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEc676zqlhegPmNm25h4IktMWOUss2q6SKxO0ouU5vsGqtoz+M1zCkgmvW1"
    "hjmHYCCJ1yYWVQh9OLOlXqYGRe3gQ==";

// TempDir is a directory of its own, mode 0700, removed with all that is in it.
class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();
  const std::string& path() const { return path_; }
  std::string at(std::string_view name) const { return path_ + "/" + std::string(name); }
  // write creates the missing directories, too, and returns the path.
  std::string write(std::string_view name, std::string_view text, mode_t mode = 0644) const;
  std::string make_directory(std::string_view name, mode_t mode = 0755) const;

 private:
  std::string path_;
};

std::string read_text(const std::string& path);
crypto::PrivateKey make_key();
// sign writes `<path>.bundle` for the file at `path`.
void sign(const crypto::PrivateKey& key, const std::string& path,
          attest::Purpose purpose = attest::Purpose::InstructionFile);
// examine judges the file at `path` by the evidence beside it.
attest::Examined examine(const Policy& policy, const std::string& path);

Publisher keyed(std::string name, const crypto::PrivateKey& key, std::string key_id = "k");
// document has one include and nothing else: deny, no publisher, no blocklist.
Document document();
Layer layer_of(LayerKind kind, Document document);
attest::KeyringEntry self_entry(const crypto::PrivateKey& key);

// Parts is the text of a policy in pieces, each of which a test can spoil.
struct Parts {
  std::string version = "1";
  std::string includes = R"(["CLAUDE*"])";
  std::string publishers = "[]";
  std::string blocklist = R"({"digests":[],"publishers":[]})";
  std::string enforcement = R"("deny")";
  std::string extra = "";  // begins with a comma
  std::string text() const;
};

// CpuTimer measures the thread's own time: other work on the machine does not count.
class CpuTimer {
 public:
  CpuTimer() : start_(now()) {}
  std::chrono::milliseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now() - start_);
  }

 private:
  static std::chrono::nanoseconds now();
  std::chrono::nanoseconds start_;
};

// described is "admitted by NAME", "tolerated CODE: …" or "denied CODE".
std::string described(const Decision& decision);

}  // namespace nono::trustpolicy::test
