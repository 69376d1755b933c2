// engine/sign.cc: from files to bundles.
#include "engine/sign.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

#include "attest/evidence.h"
#include "attest/signer.h"
#include "base/files.h"
#include "base/text.h"
#include "engine/at_once.h"
#include "engine/object.h"
#include "trustpolicy/document.h"
#include "trustpolicy/guard.h"

namespace nono::engine {
namespace {

using attest::Place;
using attest::Purpose;
using attest::SigningTarget;

constexpr mode_t kBundleMode = 0644;
constexpr std::size_t kOtherDescriptors = 32;
constexpr std::string_view kPolicyName = "trust-policy.json";

Error refused(const std::string& path, std::string_view why, std::string remedy) {
  return Error(ErrorKind::Usage, path + " " + std::string(why)).mend_with(std::move(remedy));
}

Result<void> check_name(const std::string& path) {
  if (trustpolicy::is_bundle_name(base_name(path))) {
    return std::unexpected(
        refused(path, "is a bundle, not a file to be signed", "name the file that it belongs to"));
  }
  if (base_name(path) == kPolicyName) {
    return std::unexpected(refused(path, "is a trust policy, which is signed for its own purpose",
                                   "nono trust sign-policy " + shell_quote(path)));
  }
  return {};
}

std::string signed_path(const Place& place, const std::string& working_directory) {
  if (!place.repository_root.empty()) {
    return place.repository_path;
  }
  if (beneath(working_directory, place.path)) {
    return relative_to(working_directory, place.path);
  }
  return std::string(base_name(place.path));
}

SigningTarget target_of(const OpenedFile& file, const std::string& working_directory) {
  Place place = attest::place_of(file.path);
  std::string name = signed_path(place, working_directory);
  return {.file = &file.sealed, .place = std::move(place), .signed_path = std::move(name)};
}

std::string sidecar_of(const std::string& path) {
  return path + std::string(attest::kSidecarSuffix);
}

// Made is a bundle that verifies and is not yet written.
struct Made {
  SignedFile file;
  std::string bundle;
};

Result<Made> make_bundle(const attest::Author& author, const OpenedFile& file,
                         const std::string& working_directory, Purpose purpose) {
  NONO_TRY(const crypto::Sha256 digest, crypto::Sha256::of(file.sealed));
  NONO_TRY(std::string bundle,
           attest::sign_one(author, target_of(file, working_directory), purpose));
  return Made{.file = {.path = file.path, .bundle_path = sidecar_of(file.path), .digest = digest},
              .bundle = std::move(bundle)};
}

Result<Made> make_sidecar(const attest::Author& author, const std::string& path,
                          const std::string& working_directory) {
  NONO_TRY(const OpenedFile file, open_named(path));
  Result<Made> made = make_bundle(author, file, working_directory, Purpose::InstructionFile);
  if (!made) {
    return std::unexpected(std::move(made).error().while_doing("signing " + path));
  }
  return made;
}

// Gathered takes bundles from several threads.
class Gathered {
 public:
  explicit Gathered(const OnMade& on_made) : on_made_(on_made) {}
  void add(std::size_t which, Made made) {
    const std::scoped_lock lock(mutex_);
    made_.emplace(which, std::move(made));
    if (on_made_) {
      on_made_(made_.size());
    }
  }
  const std::map<std::size_t, Made>& in_order() const { return made_; }  // when all are there

 private:
  const OnMade& on_made_;
  std::mutex mutex_;
  std::map<std::size_t, Made> made_;
};

Result<OpenedFile> open_policy(const std::string& path) {
  NONO_TRY(OpenedFile file, open_named(path));
  NONO_TRY(const std::vector<std::byte> bytes, file.sealed.contents());
  NONO_CHECK(trustpolicy::Document::parse(as_text(bytes), path));
  return file;
}

bool has_policy(const std::string& directory) {
  struct stat status{};
  return ::lstat(join_path(directory, kPolicyName).c_str(), &status) == 0;
}

// reaches reports whether find_evidence looks into `directory` for a file at `place`.
bool reaches(const std::string& directory, const Place& place) {
  if (!place.repository_root.empty()) {
    return beneath(place.repository_root, directory);
  }
  std::string at(directory_name(place.path));
  while (at != directory && !has_policy(at) && at != "/") {
    at = std::string(directory_name(at));
  }
  return at == directory && (has_policy(at) || directory == directory_name(place.path));
}

// check_path refuses, in terms of the path that would be signed, what no statement may name.
Result<void> check_path(const std::string& path, const std::string& working_directory,
                        Bundling bundling) {
  Result<void> named =
      bundling == Bundling::Together
          ? attest::check_subject_name(relative_to(working_directory, path))
          : attest::check_signed_path(signed_path(attest::place_of(path), working_directory));
  if (!named) {
    return std::unexpected(std::move(named).error().while_doing(path));
  }
  return named;
}

Result<void> check_reach(const std::string& directory, const OpenedFile& file) {
  NONO_CHECK(check_name(file.path));
  if (!beneath(directory, file.path)) {
    return std::unexpected(refused(file.path, "does not lie beneath " + directory,
                                   "sign from a directory above all of the files"));
  }
  NONO_CHECK(check_path(file.path, directory, Bundling::Together));
  if (!reaches(directory, attest::place_of(file.path))) {
    return std::unexpected(
        refused(file.path,
                "would not be found to be signed: a bundle for several files speaks for other "
                "directories only inside a repository or beside a trust-policy.json",
                "git init, or nono trust init, or leave --multi-subject out"));
  }
  return {};
}

// check_length looks the name up, as what takes it is the file system; a file without a name, as
// the bundle is until it is put in place, does not tell.
Result<void> check_length(const std::string& bundle_path) {
  struct stat status{};
  if (::lstat(bundle_path.c_str(), &status) == 0 || errno != ENAMETOOLONG) {
    return {};
  }
  std::string why = bundle_path + " cannot be written: ";
  const std::size_t bytes = base_name(bundle_path).size();
  const long most = ::pathconf(std::string(directory_name(bundle_path)).c_str(), _PC_NAME_MAX);
  if (most > 0 && bytes > static_cast<std::size_t>(most)) {
    why += "the bundle's name would be " + std::to_string(bytes) +
           " bytes long, and the file system takes " + std::to_string(most);
  } else {
    why += "its path would be too long";
  }
  return std::unexpected(Error(ErrorKind::System, std::move(why), ENAMETOOLONG)
                             .mend_with("give the file a shorter name"));
}

// check_place reports, as far as that is seen without writing, whether a bundle can be put there:
// no service is to be asked, and nothing published, for one that cannot.
Result<void> check_place(const std::string& bundle_path) {
  struct stat status{};
  if (::lstat(bundle_path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return std::unexpected(Error(ErrorKind::System,
                                 bundle_path + " is a directory, where the bundle is to be put",
                                 EISDIR)
                               .mend_with("move it out of the way"));
  }
  NONO_CHECK(check_length(bundle_path));
  const std::string directory(directory_name(bundle_path));
  if (::access(directory.c_str(), W_OK) != 0) {
    return fail_errno(errno, "writing a bundle into " + directory);
  }
  return {};
}

Result<void> check_for_sidecar(const OpenedFile& file, const std::string& working_directory) {
  NONO_CHECK(check_name(file.path));
  NONO_CHECK(check_path(file.path, working_directory, Bundling::Each));
  return check_place(sidecar_of(file.path));
}

// each_once opens every file, and returns the resolved paths of those that `check` passes.
Result<std::vector<std::string>> each_once(
    const std::vector<std::string>& files,
    const std::function<Result<void>(const OpenedFile&)>& check) {
  std::set<std::string> seen;
  std::vector<std::string> paths;
  for (const std::string& path : files) {
    NONO_TRY(OpenedFile file, open_named(path));
    NONO_CHECK(check(file));
    if (seen.insert(file.path).second) {
      paths.push_back(std::move(file.path));
    }
  }
  return paths;
}

Result<void> check_names(const std::string& path, const std::string& root, Bundling bundling) {
  NONO_CHECK(check_path(path, root, bundling));
  return bundling == Bundling::Each ? check_length(sidecar_of(path)) : Result<void>();
}

// check_bytes refuses what has no bytes to sign, or too many. All of them are read later.
Result<void> check_bytes(BorrowedFd object, const std::string& path) {
  NONO_TRY(const struct stat status, status_of(object, path));
  const bool looks_well =
      S_ISREG(status.st_mode) && ::access(path.c_str(), R_OK) == 0 &&
      static_cast<std::uint64_t>(status.st_size) <= SealedFile::kDefaultMaxBytes;
  if (!looks_well) {
    NONO_CHECK(seal_object(object, path));
  }
  return {};
}

Result<void> check_found(BorrowedFd object, const std::string& path, const std::string& root,
                         Bundling bundling) {
  NONO_CHECK(check_names(path, root, bundling));
  return check_bytes(object, path);
}

// sort_out puts one guarded file where it belongs.
Result<void> sort_out(const std::string& path, const std::string& root, Bundling bundling,
                      FilesToSign& result) {
  const Result<OwnedFd> object = open_object(path);
  if (!object) {
    Error error = object.error();
    result.unsignable.push_back(std::move(error).mend_with("mend the link, or remove it"));
    return {};
  }
  NONO_TRY(const std::string resolved, path_of(*object));
  if (resolved != path && !beneath(root, resolved)) {
    result.left_alone.push_back(path);
  } else if (const Result<void> good = check_found(*object, resolved, root, bundling); !good) {
    result.unsignable.push_back(good.error());
  } else {
    result.files.push_back(resolved);
  }
  return {};
}

// Descriptors stay open for each file until its statement is signed, or all bundles are written.
void raise_descriptor_limit() {
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// check_number refuses what could only fail once all is signed, and told to a public log: a bundle
// that waits for its place holds its directory and itself open.
Result<void> check_number(std::size_t files) {
  struct rlimit limit{};
  const std::size_t needed = 2 * files + kOtherDescriptors;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || needed <= limit.rlim_max) {
    return {};
  }
  return std::unexpected(
      Error(ErrorKind::Exhausted, std::to_string(files) + " files cannot be signed at once where " +
                                      std::to_string(limit.rlim_max) + " descriptors are allowed")
          .mend_with("sign them directory by directory, or allow more: ulimit -Hn " +
                     std::to_string(needed)));
}

}  // namespace

Result<std::vector<std::string>> check_signable(const std::vector<std::string>& files,
                                                const std::string& working_directory) {
  NONO_TRY(std::vector<std::string> paths, each_once(files, [&](const OpenedFile& file) {
             return check_for_sidecar(file, working_directory);
           }));
  NONO_CHECK(check_number(paths.size()));
  return paths;
}

Result<std::vector<std::string>> check_signable_together(const std::string& directory,
                                                         const std::vector<std::string>& files) {
  NONO_TRY(std::vector<std::string> paths,
           each_once(files, [&](const OpenedFile& file) { return check_reach(directory, file); }));
  NONO_CHECK(check_place(join_path(directory, attest::kMultiBundleName)));
  return paths;
}

Result<void> sign_each(const attest::Author& author, const std::vector<std::string>& files,
                       const std::string& working_directory, const OnSigned& on_signed,
                       const OnMade& on_made) {
  NONO_TRY(const std::vector<std::string> paths, check_signable(files, working_directory));
  Gathered all(on_made);
  NONO_CHECK(at_once(paths.size(), author.at_once(), [&](std::size_t which) -> Result<void> {
    NONO_TRY(Made made, make_sidecar(author, paths[which], working_directory));
    all.add(which, std::move(made));
    return {};
  }));
  author.finish();
  std::vector<NewFile> bundles;
  std::vector<const SignedFile*> done;
  for (const auto& [which, made] : all.in_order()) {
    bundles.push_back({made.file.bundle_path, made.bundle, kBundleMode});
    done.push_back(&made.file);
  }
  raise_descriptor_limit();
  return replace_files(bundles, [&](std::size_t which) { on_signed(*done[which]); });
}

Result<std::vector<SignedFile>> sign_together(const attest::Author& author,
                                              const std::string& directory,
                                              const std::vector<std::string>& files) {
  raise_descriptor_limit();
  std::vector<OpenedFile> opened;
  for (const std::string& path : files) {
    NONO_TRY(OpenedFile file, open_named(path));
    NONO_CHECK(check_reach(directory, file));
    opened.push_back(std::move(file));
  }
  const std::string bundle_path = join_path(directory, attest::kMultiBundleName);
  std::vector<SigningTarget> targets;
  std::vector<SignedFile> done;
  for (const OpenedFile& file : opened) {
    NONO_TRY(const crypto::Sha256 digest, crypto::Sha256::of(file.sealed));
    targets.push_back(target_of(file, directory));
    done.push_back({.path = file.path, .bundle_path = bundle_path, .digest = digest});
  }
  NONO_TRY(const std::string bundle, attest::sign_many(author, directory, targets));
  author.finish();
  NONO_CHECK(replace_file(bundle_path, bundle, kBundleMode));
  return done;
}

Result<void> check_policy(const std::string& path) {
  NONO_TRY(const OpenedFile file, open_policy(path));
  return check_place(sidecar_of(file.path));
}

Result<SignedFile> sign_policy(const attest::Author& author, const std::string& path,
                               const std::string& working_directory) {
  NONO_TRY(const OpenedFile file, open_policy(path));
  NONO_TRY(Made made, make_bundle(author, file, working_directory, Purpose::TrustPolicy));
  author.finish();
  NONO_CHECK(replace_file(made.file.bundle_path, made.bundle, kBundleMode));
  return std::move(made.file);
}

Result<FilesToSign> guarded_files(const trustpolicy::Policy& policy, const std::string& root,
                                  Bundling bundling, const ScanLimits& limits,
                                  const Progress& progress) {
  NONO_TRY(const ScanResult scan, scan_tree(root, policy.guard(), limits, progress));
  if (!scan.unreadable.empty()) {
    return fail(ErrorKind::PermissionDenied, "cannot list " + scan.unreadable.front());
  }
  if (!scan.complete) {
    return fail(ErrorKind::Exhausted, root + " holds too many files to be seen whole");
  }
  FilesToSign result;
  for (const Found& found : scan.found) {
    NONO_CHECK(sort_out(found.path, root, bundling, result));
  }
  std::ranges::sort(result.files);
  const auto same = std::ranges::unique(result.files);
  result.files.erase(same.begin(), same.end());
  return result;
}

}  // namespace nono::engine
