// engine/foreign.cc: bundles of others, by an identity or a key that the caller names.
#include "engine/foreign.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/head_start.h"
#include "engine/sigstore_files.h"

namespace nono::engine {
namespace {

constexpr std::size_t kMaxKeyBytes = 64u << 10;
constexpr std::array<std::string_view, 3> kSuffixes{".bundle", ".sigstore.json", ".sigstore"};
constexpr std::string_view kDigestPrefix = "sha256:";

bool is_there(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0;
}

// What an artifact is judged by; the bytes must outlive the Artifact.
struct Loaded {
  std::string contents;
  std::optional<crypto::Sha256> digest;  // there: the contents are not at hand
};

// A digest in capitals is the same digest.
std::optional<crypto::Sha256> digest_named(const std::string& artifact) {
  if (!artifact.starts_with(kDigestPrefix) || is_there(artifact)) {
    return std::nullopt;
  }
  return crypto::Sha256::parse_hex(
      ascii_lower(std::string_view(artifact).substr(kDigestPrefix.size())));
}

Result<crypto::Sha256> hash_in_pieces(BorrowedFd file, const std::string& path) {
  crypto::Sha256Hasher hasher;
  std::vector<std::byte> piece(1u << 20);
  while (true) {
    const ssize_t got = ::read(file.raw(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return fail_errno(errno, "reading " + path);
    }
    if (got == 0) {
      return std::move(hasher).finish();
    }
    hasher.add(std::span<const std::byte>(piece.data(), static_cast<std::size_t>(got)));
  }
}

Result<Loaded> load(const std::string& artifact) {
  if (const auto digest = digest_named(artifact)) {
    return Loaded{.contents = {}, .digest = digest};
  }
  NONO_TRY(const OwnedFd file, open_regular(BorrowedFd::unowned(AT_FDCWD), artifact));
  NONO_TRY(const struct stat status, status_of(file, artifact));
  if (static_cast<std::uint64_t>(status.st_size) > kMaxArtifactBytes) {
    NONO_TRY(const crypto::Sha256 digest, hash_in_pieces(file, artifact));
    return Loaded{.contents = {}, .digest = digest};
  }
  NONO_TRY(std::string contents, read_capped(file, kMaxArtifactBytes, artifact));
  return Loaded{.contents = std::move(contents), .digest = std::nullopt};
}

Result<std::string> find_bundle(const ForeignRequest& request) {
  if (request.bundle) {
    return *request.bundle;
  }
  for (const std::string_view suffix : kSuffixes) {
    std::string path = request.artifact + std::string(suffix);
    if (is_there(path)) {
      return path;
    }
  }
  if (!digest_named(request.artifact)) {
    NONO_CHECK(open_regular(BorrowedFd::unowned(AT_FDCWD), request.artifact));
  }
  return std::unexpected(
      Error(ErrorKind::NotFound, request.artifact + ": there is no bundle beside it")
          .mend_with("name it: --bundle FILE"));
}

Result<attest::Keyring> read_ring(const ForeignRequest& request) {
  attest::Keyring ring;
  if (!request.key) {
    return ring;
  }
  NONO_TRY(const std::string text, read_file(*request.key, kMaxKeyBytes));
  auto key = crypto::PublicKey::parse_text(text);
  if (!key) {
    return std::unexpected(std::move(key).error().while_doing(*request.key));
  }
  ring.add({.key = *std::move(key),
            .alias = std::string(base_name(*request.key)),
            .key_id = {},
            .extra_predicate_types = {}});
  return ring;
}

using ReadBundle = std::expected<attest::Bundle, attest::Rejection>;

std::expected<attest::Proof, attest::Rejection> weigh(const ForeignRequest& request,
                                                      const ReadBundle& bundle,
                                                      const attest::Artifact& artifact,
                                                      const attest::SignatureCheck& signature) {
  if (!bundle) {
    return std::unexpected(bundle.error());
  }
  const bool keyed = request.key.has_value();
  return signature.check(
      *bundle, artifact,
      attest::Demand{.subjects = attest::SubjectRule::AnySubject,
                     .by = keyed ? attest::SignedBy::Key : attest::SignedBy::Certificate,
                     .identity = keyed ? nullptr : &request.identity});
}

}  // namespace

Result<ForeignReport> verify_foreign(const ForeignRequest& request,
                                     const attest::RootSource& root) {
  crypto::HeadStart head_start;
  if (!request.key) {
    head_start.begin();
  }
  NONO_TRY(const std::string bundle_path, find_bundle(request));
  NONO_TRY(const std::string bundle_text, read_file(bundle_path, kBundleLimits.bytes));
  const ReadBundle bundle = attest::Bundle::parse(bundle_text, attest::Outermost::Closed);
  NONO_TRY(const attest::Keyring ring, read_ring(request));
  std::optional<attest::RootSource> named;
  if (request.trusted_root) {
    NONO_TRY(attest::TrustedRoot parsed, read_trusted_root(*request.trusted_root));
    named = attest::RootSource::of(std::move(parsed));
  }
  NONO_TRY(const Loaded loaded, load(request.artifact));
  const attest::Artifact artifact = loaded.digest
                                        ? attest::Artifact::of_digest(*loaded.digest)
                                        : attest::Artifact::of_bytes(as_bytes(loaded.contents));
  attest::SignatureCheck signature(named ? *named : root, ring);
  signature.with(request.key ? nullptr : &head_start);
  return ForeignReport{.artifact = request.artifact,
                       .sha256 = artifact.sha256().hex(),
                       .bundle_path = bundle_path,
                       .finding = weigh(request, bundle, artifact, signature)};
}

}  // namespace nono::engine
