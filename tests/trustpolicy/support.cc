#include "tests/trustpolicy/support.h"

#include <fcntl.h>
#include <ftw.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "attest/evidence.h"
#include "attest/signer.h"
#include "base/files.h"

namespace nono::trustpolicy::test {
namespace {

int remove_entry(const char* path, const struct stat* /*status*/, int /*kind*/,
                 struct FTW* /*where*/) {
  return ::remove(path);
}

SealedFile seal(const std::string& path) {
  const auto file = open_regular(BorrowedFd::unowned(AT_FDCWD), path);
  EXPECT_TRUE(file) << path;
  auto sealed = SealedFile::capture(*file, path);
  EXPECT_TRUE(sealed) << path;
  return *std::move(sealed);
}

}  // namespace

TempDir::TempDir() {
  const char* base = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): set by nobody here
  std::string pattern = std::string(base == nullptr ? "/tmp" : base) + "/nono-policy-XXXXXX";
  EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
  std::array<char, 4096> resolved{};
  EXPECT_NE(::realpath(pattern.c_str(), resolved.data()), nullptr);
  path_ = resolved.data();
}

TempDir::~TempDir() {
  ::nftw(path_.c_str(), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

std::string TempDir::make_directory(std::string_view name, mode_t mode) const {
  std::string path = at(name);
  for (std::size_t slash = path.find('/', path_.size() + 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    ::mkdir(path.substr(0, slash).c_str(), 0755);
  }
  ::mkdir(path.c_str(), mode);
  EXPECT_EQ(::chmod(path.c_str(), mode), 0) << path;
  return path;
}

std::string TempDir::write(std::string_view name, std::string_view text, mode_t mode) const {
  const std::size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) {
    make_directory(name.substr(0, slash));
  }
  std::string path = at(name);
  EXPECT_TRUE(replace_file(path, text, mode)) << path;
  return path;
}

std::string read_text(const std::string& path) {
  auto text = read_file(path, 8U << 20U);
  EXPECT_TRUE(text) << path;
  return text ? *std::move(text) : std::string();
}

crypto::PrivateKey make_key() {
  auto key = crypto::PrivateKey::generate(crypto::KeyAlgorithm::EcdsaP256);
  EXPECT_TRUE(key);
  return *std::move(key);
}

void sign(const crypto::PrivateKey& key, const std::string& path, attest::Purpose purpose) {
  const SealedFile file = seal(path);
  const attest::Place place = attest::place_of(path);
  const std::string name =
      place.repository_path.empty() ? std::string(base_name(path)) : place.repository_path;
  const auto bundle = attest::sign_one(attest::KeyAuthor(key), {&file, place, name}, purpose);
  ASSERT_TRUE(bundle) << bundle.error().message();
  ASSERT_TRUE(replace_file(path + ".bundle", *bundle, 0644));
}

attest::Examined examine(const Policy& policy, const std::string& path) {
  const attest::Place place = attest::place_of(path);
  const auto evidence = attest::find_evidence(place);
  EXPECT_TRUE(evidence);
  auto examined = attest::Verifier(policy.keyring())
                      .examine(seal(path), place, *evidence, attest::Purpose::InstructionFile);
  EXPECT_TRUE(examined);
  return *std::move(examined);
}

Publisher keyed(std::string name, const crypto::PrivateKey& key, std::string key_id) {
  return {std::move(name), KeyedPublisher{std::move(key_id), key.public_key()}, {}, false};
}

Document document() {
  Document document;
  document.includes.push_back(*Glob::parse("NOTES*"));
  return document;
}

Layer layer_of(LayerKind kind, Document document) {
  const bool kept = kind != LayerKind::Project;
  return {.kind = kind,
          .path = kept ? "/etc/nono/trust-policy.json" : "/work/tree/trust-policy.json",
          .document = std::move(document),
          .may_add_publishers = kept,
          .may_loosen = kept,
          .standing = {}};
}

attest::KeyringEntry self_entry(const crypto::PrivateKey& key) {
  return {key.public_key(), "self", "default", {}};
}

std::string Parts::text() const {
  return R"({"version":)" + version + R"(,"includes":)" + includes + R"(,"publishers":)" +
         publishers + R"(,"blocklist":)" + blocklist + R"(,"enforcement":)" + enforcement + extra +
         "}";
}

std::chrono::nanoseconds CpuTimer::now() {
  struct timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::string described(const Decision& decision) {
  if (const auto* denied = std::get_if<Denied>(&decision)) {
    return "denied " + denied->code();
  }
  const auto& admitted = std::get<Admitted>(decision);
  return admitted.tolerated() ? "tolerated " + *admitted.tolerated()
                              : "admitted by " + admitted.publisher();
}

}  // namespace nono::trustpolicy::test
