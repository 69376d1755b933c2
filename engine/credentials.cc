#include "engine/credentials.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "engine/child_output.h"
#include "engine/held_back.h"
#include "engine/secret_service.h"

namespace nono::engine {
namespace {

using crypto::Secret;
using profile::Credential;
using profile::CredentialPlace;

constexpr mode_t kOthersWriteMask = 022;
// As long as a person needs to find the window that asks for the keyring's password.
constexpr std::chrono::seconds kKeystorePatience{120};

std::string shown(const Credential& wanted) {
  return wanted.origin + ": the credential for " + wanted.variable + ", " +
         printable(profile::text_of(wanted.source));
}

std::unexpected<Error> refuse(ErrorKind kind, const Credential& wanted, const std::string& why,
                              std::string mend) {
  return std::unexpected(Error(kind, shown(wanted) + ", " + why).mend_with(std::move(mend)));
}

Result<void> check_owner(BorrowedFd file, const Credential& wanted) {
  const std::string& path = wanted.source.name;
  NONO_TRY(const struct stat status, status_of(file, printable(path)));
  struct statfs system{};
  if (::fstatfs(file.raw(), &system) != 0 || system.f_type == PROC_SUPER_MAGIC ||
      system.f_type == SYSFS_MAGIC) {
    return refuse(ErrorKind::InvalidInput, wanted, "is made by the kernel and holds no credential",
                  "name a file of your own");
  }
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return refuse(ErrorKind::PermissionDenied, wanted, "belongs to another user",
                  "take a file of your own");
  }
  if ((status.st_mode & kOthersWriteMask) != 0) {
    return refuse(ErrorKind::PermissionDenied, wanted, "can be changed by others",
                  "if nobody has: chmod go-w " + shell_quote(path));
  }
  if (status.st_size > static_cast<off_t>(kMaxCredentialBytes)) {
    return refuse(ErrorKind::InvalidInput, wanted, "is larger than 64 KiB",
                  "a credential is one value");
  }
  return {};
}

// check_reach: what would not be granted by its name is not handed on by its content.
Result<void> check_reach(BorrowedFd file, const Credential& wanted, const CredentialRules& rules) {
  const std::string& path = wanted.source.name;
  if (auto why = HeldBack(rules.never).why(file, path, profile::GrantUse::Reading)) {
    return refuse(ErrorKind::PermissionDenied, wanted, *why,
                  "keep the credential in a file of its own");
  }
  if (rules.guard.classify(path) != trustpolicy::GuardClass::None) {
    return refuse(ErrorKind::PermissionDenied, wanted,
                  "has the name of a guarded file, which is read by the gate only",
                  "keep the credential under another name");
  }
  return {};
}

Result<OwnedFd> open_file(const Credential& wanted, const CredentialRules& rules) {
  const std::string& path = wanted.source.name;
  if (auto fine = rules.never.check(path, profile::GrantUse::Reading); !fine) {
    return std::unexpected(std::move(fine).error().while_doing(shown(wanted)));
  }
  auto file = open_regular(BorrowedFd::unowned(AT_FDCWD), path, FollowLinks::No);
  constexpr const char* kWhere = "name the file where it lies";
  if (!file && file.error().code() == ELOOP) {
    return refuse(ErrorKind::InvalidInput, wanted, "is a link", kWhere);
  }
  if (!file) {
    return std::unexpected(std::move(file).error().while_doing(shown(wanted)));
  }
  NONO_TRY(const std::string real, path_of(*file));
  if (real != path) {
    return refuse(ErrorKind::InvalidInput, wanted, "leads through a link to " + printable(real),
                  kWhere);
  }
  NONO_CHECK(check_owner(*file, wanted));
  NONO_CHECK(check_reach(*file, wanted, rules));
  return file;
}

Result<std::string> read_variable(const Credential& wanted) {
  const char* value = ::getenv(wanted.source.name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr) {
    return refuse(ErrorKind::NotFound, wanted, "is not set",
                  "export " + wanted.source.name + ", or take the credential out");
  }
  return std::string(value);
}

// The child's answer: a letter, then a value or a message.
constexpr char kFound = 'V';
constexpr char kNotThere = 'N';
constexpr char kFailed = 'E';

// libsecret starts threads, and nothing is forked beside one: a process of its own asks.
[[noreturn]] void ask_keystore(const std::string& item, const OwnedFd& out) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto found = find_credential_in_secret_service(item);
  std::string answer(1, kFailed);
  if (!found) {
    answer += found.error().message();
  } else if (const std::optional<Secret>& secret = *found; secret) {
    answer[0] = kFound;
    answer += secret->text(crypto::SecretAccess::i_will_not_log_or_store_this());
  } else {
    answer[0] = kNotThere;
  }
  static_cast<void>(write_all(out, answer));
  ::_exit(0);
}

Result<std::string> answer_of_keystore(const std::string& item) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail_errno(errno, "asking the Secret Service");
  }
  const OwnedFd from(ends[0]);
  OwnedFd to(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    return fail_fork(errno, "asking the Secret Service");
  }
  if (child == 0) {
    ask_keystore(item, to);
  }
  to.reset();
  auto answer =
      read_until_end(from, {.deadline = kKeystorePatience, .max_bytes = kMaxCredentialBytes + 1});
  ::kill(child, SIGKILL);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return answer && !answer->empty()
             ? std::move(answer)
             : fail(ErrorKind::System,
                    "the Secret Service gave no answer, or one that is too large");
}

Result<std::string> read_keystore(const Credential& wanted) {
  constexpr std::string_view kMend =
      "store it with: secret-tool store --label=nono service nono target default username ";
  auto answer = answer_of_keystore(wanted.source.name);
  if (!answer) {
    return std::unexpected(std::move(answer).error().while_doing(shown(wanted)));
  }
  std::string rest = answer->substr(1);
  switch ((*answer)[0]) {
    case kFound:
      return rest;
    case kNotThere:
      return refuse(ErrorKind::NotFound, wanted, "is not in the keyring",
                    std::string(kMend) + wanted.source.name);
    default:
      return refuse(ErrorKind::Unsupported, wanted, "cannot be had: " + printable(rest),
                    "use file:///PATH or env://NAME in its place");
  }
}

Result<std::string> read_source(const Credential& wanted, const CredentialRules& rules) {
  switch (wanted.source.place) {
    case CredentialPlace::File: {
      NONO_TRY(const OwnedFd file, open_file(wanted, rules));
      return read_capped(file, kMaxCredentialBytes, printable(wanted.source.name));
    }
    case CredentialPlace::Variable:
      return read_variable(wanted);
    case CredentialPlace::Keystore:
      return read_keystore(wanted);
  }
  std::unreachable();
}

}  // namespace

Result<void> check_credential(const Credential& wanted, const CredentialRules& rules) {
  switch (wanted.source.place) {
    case CredentialPlace::File: {
      NONO_TRY(const OwnedFd file, open_file(wanted, rules));
      return {};
    }
    case CredentialPlace::Variable: {
      NONO_TRY(std::string value, read_variable(wanted));
      static_cast<void>(Secret::take(value));
      return {};
    }
    case CredentialPlace::Keystore:
      return {};
  }
  std::unreachable();
}

Result<Secret> read_credential(const Credential& wanted, const CredentialRules& rules) {
  NONO_TRY(std::string value, read_source(wanted, rules));
  if (value.ends_with('\n')) {
    value.pop_back();
  }
  const bool usable =
      !value.empty() && value.size() <= kMaxCredentialBytes && !value.contains('\0');
  Secret secret = Secret::take(value);
  if (!usable) {
    return refuse(ErrorKind::InvalidInput, wanted,
                  "is empty, larger than 64 KiB, or holds a NUL character",
                  "a credential is one value");
  }
  return secret;
}

}  // namespace nono::engine
