// tests/attest/support.cc: see support.h.
#include "support.h"

#include <fcntl.h>
#include <ftw.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "attest/bundle.h"
#include "base/encoding.h"
#include "base/files.h"
#include "dsse/envelope.h"
#include "dsse/statement.h"

namespace nono::attest::test {

namespace {

constexpr std::size_t kMaxFixture = 64u << 20;

int remove_entry(const char* path, const struct stat* /*status*/, int /*kind*/, FTW* /*where*/) {
  return std::remove(path);
}

[[noreturn]] void give_up(const std::string& why) {
  (void)std::fprintf(stderr, "test support: %s\n", why.c_str());
  std::abort();
}

}  // namespace

TempDir::TempDir() {
  const char* base = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): before threads
  std::string pattern = join_path(base != nullptr ? base : "/tmp", "nono-attest-XXXXXX");
  if (::mkdtemp(pattern.data()) == nullptr) {
    give_up("mkdtemp " + pattern);
  }
  path_ = pattern;
}

TempDir::~TempDir() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no test changes the working directory
  ::nftw(path_.c_str(), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

std::string TempDir::at(std::string_view name) const {
  return join_path(path_, name);
}

void TempDir::make_directory(std::string_view name) const {
  if (!make_private_directories(at(name))) {
    give_up("mkdir " + at(name));
  }
}

std::string TempDir::write(std::string_view name, std::string_view text) const {
  const std::string path = at(name);
  make_directory(relative_to(path_, directory_name(path)));
  if (!replace_file(path, text, 0644)) {
    give_up("write " + path);
  }
  return path;
}

crypto::PrivateKey make_key(crypto::KeyAlgorithm algorithm) {
  Result<crypto::PrivateKey> key = crypto::PrivateKey::generate(algorithm);
  if (!key) {
    give_up(key.error().message());
  }
  return *std::move(key);
}

SealedFile seal_text(std::string_view text) {
  const TempDir directory;
  const std::string path = directory.write("file", text);
  Result<OwnedFd> fd = open_regular(BorrowedFd::unowned(AT_FDCWD), path);
  if (!fd) {
    give_up(fd.error().message());
  }
  Result<SealedFile> sealed = SealedFile::capture(*fd, path, 8u << 20);
  if (!sealed) {
    give_up(sealed.error().message());
  }
  return *std::move(sealed);
}

std::string read_text(const std::string& path) {
  Result<std::string> text = read_file(path, kMaxFixture);
  if (!text) {
    give_up(text.error().message());
  }
  return *std::move(text);
}

std::optional<std::string> shared(std::string_view path) {
  Result<std::string> text =
      read_file(join_path(std::string(NONO_SHARED_DIR) + "/fixtures", path), kMaxFixture);
  return text ? std::optional(*std::move(text)) : std::nullopt;
}

Json subject(std::string_view name, std::string_view contents) {
  return Json(Json::Object{
      {"name", name}, {"digest", Json::Object{{"sha256", crypto::Sha256::of(contents).hex()}}}});
}

Draft::Draft(crypto::KeyAlgorithm algorithm)
    : key(make_key(algorithm)), keys(std::make_shared<Keyring>()) {
  keys->add(KeyringEntry{.key = key.public_key(),
                         .alias = "self",
                         .key_id = "release-key",
                         .extra_predicate_types = {}});
  Json signer(Json::Object{{"kind", "keyed"}, {"key_id", key.public_key().fingerprint().hex()}});
  Json predicate(
      Json::Object{{"version", 1}, {"signer", std::move(signer)}, {"path", "docs/CLAUDE.md"}});
  statement = Json(Json::Object{{"_type", dsse::kStatementV1},
                                {"subject", Json::Array{subject("CLAUDE.md", contents)}},
                                {"predicateType", kInstructionFileV1},
                                {"predicate", std::move(predicate)}});
}

Json& at(Json& document, const std::vector<std::string_view>& path) {
  Json* here = &document;
  for (const std::string_view key : path) {
    if (Json::Array* array = here->array()) {
      here = &array->at(static_cast<std::size_t>(key.front() - '0'));
    } else {
      here = here->find(key);
    }
    if (here == nullptr) {
      give_up("no member " + std::string(key));
    }
  }
  return *here;
}

void drop(Json& object, std::string_view key) {
  std::erase_if(*object.object(), [&](const JsonMember& member) { return member.first == key; });
}

Json& Draft::member(const std::vector<std::string_view>& path) {
  return at(statement, path);
}

void Draft::make_multi(std::vector<Json> subjects) {
  multi = true;
  bundle_path = "/w/repo/.nono-trust.bundle";
  statement.set("predicateType", kMultiFileV1);
  statement.set("subject", Json::Array(std::move(subjects)));
  drop(member({"predicate"}), "path");
}

Json Draft::bundle() const {
  Result<Json> envelope = dsse::seal(key, payload_type, payload.value_or(statement.compact()));
  if (!envelope) {
    give_up(envelope.error().message());
  }
  Json hint(Json::Object{{"hint", key.public_key().fingerprint().hex()}});
  Json material(Json::Object{{"publicKey", std::move(hint)}, {"tlogEntries", Json::Array{}}});
  return Json(Json::Object{{"mediaType", kBundleV03},
                           {"verificationMaterial", std::move(material)},
                           {"dsseEnvelope", *std::move(envelope)}});
}

Evidence Draft::evidence() const {
  Json document = bundle();
  if (change_bundle) {
    change_bundle(document);
  }
  std::string text = document.pretty();
  if (change_text) {
    text = change_text(std::move(text));
  }
  return Evidence{.bundle_text = std::move(text), .bundle_path = bundle_path, .multi = multi};
}

Finding Draft::finding() const {
  return examine(*this, {evidence()});
}

Finding examine(const Draft& draft, const std::vector<Evidence>& evidence) {
  Result<Examined> examined =
      Verifier(draft.keys).examine(seal_text(draft.contents), draft.place, evidence, draft.purpose);
  if (!examined) {
    give_up(examined.error().message());
  }
  return examined->finding();
}

std::string outcome(const Finding& finding) {
  return finding ? "accepted" : std::string(code(finding.error().reason));
}

std::string detail(const Finding& finding) {
  return finding ? "" : finding.error().detail;
}

std::string_view name_of(NameBinding binding) {
  switch (binding) {
    case NameBinding::Path:
      return "path";
    case NameBinding::BundlePath:
      return "bundle-path";
    case NameBinding::BasenameOnly:
      return "basename-only";
    case NameBinding::DigestOnly:
      return "digest-only";
  }
  return "?";
}

std::string binding_of(const Finding& finding) {
  return finding ? std::string(name_of(finding->binding())) : outcome(finding);
}

Json log_entry() {
  const std::string digest = base64_encode(crypto::Sha256::of("leaf").bytes());
  Json proof(Json::Object{{"logIndex", "3"},
                          {"rootHash", digest},
                          {"treeSize", "4"},
                          {"hashes", Json::Array{digest}},
                          {"checkpoint", Json::Object{{"envelope", "log.example\n4\n"}}}});
  return Json(Json::Object{{"logIndex", "3"},
                           {"logId", Json::Object{{"keyId", digest}}},
                           {"kindVersion", Json::Object{{"kind", "dsse"}, {"version", "0.0.1"}}},
                           {"integratedTime", "1768478460"},
                           {"inclusionPromise", Json::Object{{"signedEntryTimestamp", "MEUCIQ=="}}},
                           {"inclusionProof", std::move(proof)},
                           {"canonicalizedBody", "e30="}});
}

}  // namespace nono::attest::test
