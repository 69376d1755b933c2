// engine/user_policy.cc: lock, read, change, check, replace.
#include "engine/user_policy.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/object.h"
#include "trustpolicy/trusted_file.h"

namespace nono::engine {
namespace {

using trustpolicy::Document;
using trustpolicy::Keeper;

constexpr std::chrono::seconds kLockPatience{10};
constexpr std::chrono::milliseconds kLockRetry{20};
constexpr std::string_view kDigestPrefix = "sha256:";

Result<OwnedFd> lock_directory(const std::string& directory) {
  NONO_CHECK(make_private_directories(directory));
  const std::string path = join_path(directory, ".lock");
  const int raw = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (raw < 0) {
    return fail_errno(errno, "opening " + path);
  }
  OwnedFd lock(raw);
  const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
  while (::flock(raw, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return fail_errno(errno, "locking " + path);
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return std::unexpected(Error(ErrorKind::Exhausted,
                                   "another process has held the lock " + path + " for 10 seconds")
                                 .mend_with("end that process, then try again"));
    }
    std::this_thread::sleep_for(kLockRetry);
  }
  return lock;
}

struct Found {
  std::string path;  // that of the file itself where links lead to it
  Document document;
};

// What is not believed when it is read is not edited either: written anew, with the user's owner
// and mode, it would be believed.
Result<Found> find_document(const std::string& path) {
  const Keeper keeper{.owner = ::geteuid()};
  NONO_TRY(auto file, trustpolicy::read_trusted(path, keeper, kPolicyLimits.bytes));
  if (!file) {
    NONO_CHECK(trustpolicy::check_trusted_directory(std::string(directory_name(path)), keeper));
    return Found{.path = path, .document = Document::bare()};
  }
  NONO_TRY(Document document, Document::parse(file->text, path));
  return Found{.path = std::move(file->path), .document = std::move(document)};
}

// place_of is where a policy is overwritten: where a link leads to it, the link stays, as in edits.
Result<std::string> place_of(const std::string& path, Overwrite overwrite) {
  struct stat status{};
  const bool link = ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
  if (overwrite == Overwrite::No || !link) {
    return path;
  }
  NONO_TRY(auto file,
           trustpolicy::read_trusted(path, Keeper{.owner = ::geteuid()}, kPolicyLimits.bytes));
  return file ? std::string(std::move(file->path)) : path;
}

// What nono could not read again, it does not write.
Result<std::string> checked_text(const Document& document, const std::string& path) {
  std::string text = document.to_json().pretty();
  const Result<Document> again = Document::parse(text, path);
  if (!again) {
    return std::unexpected(
        Error(ErrorKind::Usage, "the policy would not be valid: " + again.error().message())
            .mend_with(again.error().remedy()));
  }
  return text;
}

std::string today(const Clock& clock) {
  return format_rfc3339(clock.now());
}

}  // namespace

Result<void> edit_user_policy(const UserDirectories& user, const EditDocument& edit) {
  NONO_TRY(const OwnedFd lock, lock_directory(user.config));
  NONO_TRY(Found found, find_document(user_policy_path(user)));
  NONO_CHECK(edit(found.document));
  NONO_TRY(const std::string text, checked_text(found.document, found.path));
  return replace_file(found.path, text, 0600);
}

Result<void> write_first_policy(const std::string& path, const FirstPolicy& first,
                                Overwrite overwrite, mode_t mode) {
  Document document = Document::starter();
  document.publishers = first.publishers;
  if (!first.includes.empty()) {
    document.includes.clear();
  }
  for (const std::string& pattern : first.includes) {
    Result<trustpolicy::Glob> glob = trustpolicy::Glob::parse(pattern);
    if (!glob) {
      return std::unexpected(
          Error(ErrorKind::Usage, "--include \"" + pattern + "\": " + glob.error().message()));
    }
    document.includes.push_back(*std::move(glob));
  }
  NONO_TRY(const std::string text, checked_text(document, path));
  const Result<void> written =
      overwrite == Overwrite::Yes ? replace_file(path, text, mode) : create_file(path, text, mode);
  if (!written && written.error().code() == EEXIST) {
    return std::unexpected(Error(ErrorKind::Usage, "there is a policy already: " + path)
                               .mend_with("edit it, or write it anew with --force"));
  }
  return written;
}

Result<void> write_first_user_policy(const UserDirectories& user, const FirstPolicy& first,
                                     Overwrite overwrite) {
  NONO_TRY(const OwnedFd lock, lock_directory(user.config));
  NONO_TRY(const std::string place, place_of(user_policy_path(user), overwrite));
  return write_first_policy(place, first, overwrite, 0600);
}

Result<crypto::Sha256> digest_to_block(const std::string& digest_or_file) {
  std::string_view text(digest_or_file);
  if (text.starts_with(kDigestPrefix)) {
    text.remove_prefix(kDigestPrefix.size());
  }
  if (const auto digest = crypto::Sha256::parse_hex(ascii_lower(text))) {
    return *digest;
  }
  Result<OpenedFile> file = open_named(digest_or_file);
  if (!file) {
    return std::unexpected(Error(ErrorKind::Usage, "\"" + digest_or_file +
                                                       "\" is neither a digest nor a readable "
                                                       "file: " +
                                                       file.error().message())
                               .mend_with("give 64 hexadecimal digits, or a file"));
  }
  return crypto::Sha256::of(file->sealed);
}

Result<Edited> block_digest(const UserDirectories& user, const crypto::Sha256& digest,
                            const std::string& description, const Clock& clock) {
  Edited edited = Edited::Changed;
  NONO_CHECK(edit_user_policy(user, [&](Document& document) -> Result<void> {
    auto& blocked = document.blocked_digests;
    if (std::ranges::find(blocked, digest, &trustpolicy::BlockedDigest::digest) != blocked.end()) {
      edited = Edited::AlreadySo;
      return {};
    }
    blocked.push_back({.digest = digest, .description = description, .added = today(clock)});
    return {};
  }));
  return edited;
}

Result<Edited> block_publisher(const UserDirectories& user, const std::string& identity,
                               const std::string& reason, const Clock& clock) {
  Edited edited = Edited::Changed;
  NONO_CHECK(edit_user_policy(user, [&](Document& document) -> Result<void> {
    auto& blocked = document.blocked_publishers;
    const bool there = std::ranges::any_of(blocked, [&](const auto& entry) {
      return entry.identity == identity && !entry.repository;
    });
    if (there) {
      edited = Edited::AlreadySo;
      return {};
    }
    blocked.push_back(
        {.identity = identity, .repository = {}, .reason = reason, .added = today(clock)});
    return {};
  }));
  return edited;
}

}  // namespace nono::engine
