// tests/attest/support.h: real keys, real signatures and real files for the tests of attest/.
//
// Every refusal is tested in the same way: a piece of evidence that verifies, and one change to it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/evidence.h"
#include "attest/keyring.h"
#include "attest/predicate.h"
#include "attest/rejection.h"
#include "attest/verifier.h"
#include "base/json.h"
#include "base/sealed_file.h"
#include "crypto/keys.h"

namespace nono::attest::test {

// TempDir is a directory of its own that goes with all that is in it.
class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();
  const std::string& path() const { return path_; }
  std::string at(std::string_view name) const;
  // write creates the missing directories, too, and returns the path.
  std::string write(std::string_view name, std::string_view text) const;
  void make_directory(std::string_view name) const;

 private:
  std::string path_;
};

crypto::PrivateKey make_key(crypto::KeyAlgorithm algorithm = crypto::KeyAlgorithm::EcdsaP256);
SealedFile seal_text(std::string_view text);
std::string read_text(const std::string& path);
// shared reads a fixture; nothing where the fixtures are not there.
std::optional<std::string> shared(std::string_view path);

// subject is one entry of a statement with the sha256 of `contents`.
Json subject(std::string_view name, std::string_view contents);

// Draft holds evidence about one file in the form in which a test changes it: it verifies as it is.
struct Draft {
  explicit Draft(crypto::KeyAlgorithm algorithm = crypto::KeyAlgorithm::EcdsaP256);

  crypto::PrivateKey key;
  std::shared_ptr<Keyring> keys;
  std::string contents = "# CLAUDE\nBe careful.\n";
  Place place{.path = "/w/repo/docs/CLAUDE.md",
              .repository_root = "/w/repo",
              .repository_path = "docs/CLAUDE.md"};
  std::string payload_type{"application/vnd.in-toto+json"};
  Json statement;  // instruction-file/v1 with a path
  Purpose purpose = Purpose::InstructionFile;
  std::string bundle_path = "/w/repo/docs/CLAUDE.md.bundle";
  bool multi = false;
  std::optional<std::string> payload;                   // instead of the statement
  std::function<void(Json&)> change_bundle;             // after signing
  std::function<std::string(std::string)> change_text;  // after writing

  // member returns a member of the statement by its path of keys, which must be there.
  Json& member(const std::vector<std::string_view>& path);
  void make_multi(std::vector<Json> subjects);

  Json bundle() const;
  Evidence evidence() const;
  Finding finding() const;
};

Finding examine(const Draft& draft, const std::vector<Evidence>& evidence);
// outcome is "accepted" or the code of the reason.
std::string outcome(const Finding& finding);
std::string detail(const Finding& finding);
std::string_view name_of(NameBinding binding);
// binding_of is the name of the binding, or the code of the reason.
std::string binding_of(const Finding& finding);

// at walks into a document by keys; "0" is an array's first element.
Json& at(Json& document, const std::vector<std::string_view>& path);
// drop removes a member of an object.
void drop(Json& object, std::string_view key);

// log_entry is a well-formed entry of a transparency log (of nothing that exists).
Json log_entry();

}  // namespace nono::attest::test
