// attest/evidence.cc: the search for bundles.
#include "attest/evidence.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/files.h"
#include "base/json.h"
#include "base/owned_fd.h"

namespace nono::attest {

namespace {

constexpr std::string_view kPolicyName = "trust-policy.json";

// Names below these are views of the kernel: what they lead to changes with who looks.
bool is_kernel_view(std::string_view path) {
  return beneath("/proc", path) || beneath("/sys", path);
}

bool has_entry(const std::string& directory, std::string_view name) {
  struct stat status{};
  const std::string path = join_path(directory, name);
  return ::fstatat(AT_FDCWD, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

// topmost_directory is where the search for .nono-trust.bundle ends.
std::string topmost_directory(const Place& place, const std::string& own) {
  if (!place.repository_root.empty()) {
    return place.repository_root;
  }
  std::string directory = own;
  for (std::size_t level = 0; level < kMaxProjectDepth; ++level) {
    if (has_entry(directory, kPolicyName)) {
      return directory;
    }
    if (directory == "/") {
      break;
    }
    directory.resize(directory_name(directory).size());
  }
  return own;
}

// Candidates collects what is found, within the caps.
class Candidates {
 public:
  // look reads `name` in `directory` if it is there.
  Result<void> look(const std::string& directory, const std::string& name, bool multi);
  std::vector<Evidence> take() && { return std::move(found_); }

 private:
  std::vector<Evidence> found_;
  std::size_t bytes_ = 0;
};

bool is_absent(const Error& error) {
  // A sidecar whose name is too long for the file system cannot exist.
  return error.kind() == ErrorKind::NotFound || error.code() == ENAMETOOLONG;
}

Result<void> Candidates::look(const std::string& directory, const std::string& name, bool multi) {
  std::string path = join_path(directory, name);
  NONO_TRY(const OwnedFd parent, open_directory(BorrowedFd::unowned(AT_FDCWD), directory));
  Result<OwnedFd> file = open_regular(parent, name, FollowLinks::No);
  if (!file && is_absent(file.error())) {
    return {};
  }
  if (!file) {
    return std::unexpected(std::move(file).error().while_doing("reading the bundle " + path));
  }
  if (found_.size() == kMaxBundles) {
    return fail(ErrorKind::Exhausted, "more than " + std::to_string(kMaxBundles) +
                                          " bundles above one file; the next is " + path);
  }
  NONO_TRY(std::string text, read_capped(*file, kBundleLimits.bytes, path));
  bytes_ += text.size();
  if (bytes_ > kMaxBundleBytes) {
    return fail(ErrorKind::Exhausted, "the bundles above one file hold more than " +
                                          std::to_string(kMaxBundleBytes) + " bytes, with " + path);
  }
  found_.push_back(Evidence{std::move(text), std::move(path), multi});
  return {};
}

}  // namespace

Place place_of(const std::string& absolute_path) {
  Place place{.path = normal_path(absolute_path), .repository_root = {}, .repository_path = {}};
  if (is_kernel_view(place.path)) {
    return place;
  }
  std::string directory = place.path;
  while (directory != "/") {
    directory.resize(directory_name(directory).size());
    if (has_entry(directory, ".git")) {
      place.repository_path = relative_to(directory, place.path);
      place.repository_root = std::move(directory);
      return place;
    }
  }
  return place;
}

Result<std::vector<Evidence>> find_evidence(const Place& place) {
  if (is_kernel_view(place.path)) {
    return std::vector<Evidence>{};
  }
  std::string directory(directory_name(place.path));
  const std::string top = topmost_directory(place, directory);
  if (!beneath(top, directory)) {
    return fail(ErrorKind::Internal, "the repository root " + top + " is not above " + place.path);
  }
  Candidates candidates;
  const std::string sidecar = std::string(base_name(place.path)) + std::string(kSidecarSuffix);
  NONO_CHECK(candidates.look(directory, sidecar, false));
  while (true) {
    NONO_CHECK(candidates.look(directory, std::string(kMultiBundleName), true));
    if (directory == top) {
      return std::move(candidates).take();
    }
    directory.resize(directory_name(directory).size());
  }
}

}  // namespace nono::attest
