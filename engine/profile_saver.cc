#include "engine/profile_saver.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "attest/evidence.h"
#include "base/files.h"
#include "base/text.h"
#include "engine/profile_apply.h"

namespace nono::engine {
namespace {

using sandbox::Access;
using sandbox::Expansion;
using sandbox::ExpansionKind;

// Whoever else of nono's writes there is done in a moment; the session does not wait for more.
constexpr int kLockTries = 20;
constexpr std::chrono::milliseconds kLockRetry{10};
constexpr mode_t kModeBits = 07777;

Error refused(const std::string& what, std::string mend) {
  return Error(ErrorKind::Unsupported, what).mend_with(std::move(mend));
}

// The agent may be able to open the directory and lock it: so this never waits for long.
Result<void> lock(BorrowedFd directory) {
  for (int i = 0; i < kLockTries; ++i) {
    if (::flock(directory.raw(), LOCK_EX | LOCK_NB) == 0) {
      return {};
    }
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return fail_errno(errno, "locking the profile's directory");
    }
    std::this_thread::sleep_for(kLockRetry);
  }
  return fail(ErrorKind::Exhausted, "another process holds the lock of the profile's directory");
}

Result<OwnedFd> open_directory_of(const std::string& path) {
  const std::string directory(directory_name(path));
  OwnedFd out(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!out.valid()) {
    return fail_errno(errno, "opening " + printable(directory));
  }
  return out;
}

bool restricts(const profile::NetworkPart& network) {
  return !network.block &&
         (!network.connect.empty() || !network.listen.empty() || !network.connect_to.empty());
}

bool same(const profile::ComposedGrant& left, const profile::ComposedGrant& right) {
  return left.path == right.path && left.origin == right.origin && left.access == right.access &&
         left.kind == right.kind;
}

std::vector<profile::ComposedGrant> added(const profile::Composed& before,
                                          const profile::Composed& after) {
  std::vector<profile::ComposedGrant> out;
  for (const profile::ComposedGrant& grant : after.grants) {
    if (std::ranges::none_of(before.grants, [&](const auto& old) { return same(old, grant); })) {
      out.push_back(grant);
    }
  }
  return out;
}

// grants_exactly: the one thing that the second has more is what was asked for.
bool grants_exactly(const profile::Composed& before, const profile::Composed& after,
                    const SavedGrant& grant) {
  const auto more = added(before, after);
  const auto& hosts = after.network.connect_to;
  const std::size_t known = before.network.connect_to.size();
  if (after.grants.size() != before.grants.size() + more.size()) {
    return false;
  }
  if (grant.address) {
    return more.empty() && hosts.size() == known + 1 && hosts.back().literal == grant.address;
  }
  return hosts.size() == known && more.size() == 1 && more.front().path == grant.entry &&
         more.front().access == grant.access && more.front().kind == sandbox::WantedKind::File;
}

// check_signature: a signature over the file would no longer hold.
Result<void> check_signature(const std::string& path,
                             const std::shared_ptr<const trustpolicy::Policy>& policy) {
  NONO_TRY(const auto evidence, attest::find_evidence(attest::place_of(path)));
  const bool beside = std::ranges::any_of(evidence, [](const auto& one) { return !one.multi; });
  const bool named = !evidence.empty() && policy != nullptr &&
                     Gate(policy, trustpolicy::Override::No)
                         .judge_path(path, trustpolicy::GuardClass::None)
                         .signer.has_value();
  if (beside || named) {
    return std::unexpected(
        refused(printable(path) + " is signed, and a change breaks that",
                "change it yourself, then: nono trust sign " + shell_quote(path)));
  }
  return {};
}

}  // namespace

Result<SavedGrant> grant_of(const Expansion& expansion, const std::string& path) {
  SavedGrant out;
  if (expansion.to) {
    out.place = {"network", "connect"};
    out.entry = expansion.to->text();
    out.address = *expansion.to;
    return out;
  }
  if (expansion.kind == ExpansionKind::Connect) {
    return std::unexpected(refused("a profile has no place for sockets of the file system",
                                   "allow it for the session, or write a rule: --approve rules:"));
  }
  if (!is_utf8(path)) {
    return fail(ErrorKind::Unsupported, "its name is not UTF-8, as all of a profile must be");
  }
  out.entry = path;
  if (expansion.kind == ExpansionKind::Read) {
    out.place = {"filesystem", "read_file"};
    out.access = Access::read();
  } else if (expansion.kind == ExpansionKind::Write) {
    out.place = {"filesystem", "write_file"};
    out.access = Access::write();
  } else {  // what was made may be read and written, as for the session
    out.place = {"filesystem", "allow_file"};
    out.access = Access::read() | Access::write();
  }
  return out;
}

ProfileSaver::ProfileSaver(Run run)
    : run_(std::move(run)),
      has_profile_(run_.profile.has_value()),
      used_(run_.profile.value_or(AppliedProfile{})) {}

// check_origin refuses what is not a file of the user's own to be changed.
Result<void> ProfileSaver::check_origin() const {
  if (!has_profile_) {
    return std::unexpected(refused("this run has no profile",
                                   "nono profile init NAME makes one, --profile NAME uses it"));
  }
  const std::string named = "profile " + printable(used_.name);
  if (used_.origin == ProfileOrigin::BuiltIn) {
    return std::unexpected(
        refused(named + " comes with nono", "nono profile init NAME --extends " + used_.name +
                                                " makes one of your own, --profile NAME uses it"));
  }
  if (used_.origin == ProfileOrigin::Project) {
    return std::unexpected(refused(named + " is the project's",
                                   "ask those who sign it, or use a profile of your own"));
  }
  NONO_TRY(const profile::ProfileFormat format, profile::format_of(used_.path));
  if (format != profile::ProfileFormat::Json) {
    return std::unexpected(refused(printable(used_.path) + " is " + std::string(name_of(format)) +
                                       ", and only profiles in JSON are changed",
                                   "write the entry yourself, or keep the profile as JSON"));
  }
  return {};
}

Result<void> ProfileSaver::check_reach(const std::string& resolved) const {
  if (agent_wrote_ || run_.capabilities->access_at(resolved).has(Access::write())) {
    return std::unexpected(refused("the agent may write " + printable(resolved),
                                   "keep the profile outside of what is granted for writing"));
  }
  const std::string directory(directory_name(resolved));
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK, AT_EACCESS) != 0) {
    return fail_errno(errno, printable(directory) + " cannot be written");
  }
  return check_signature(resolved, run_.policy);
}

Result<ProfileSaver::Opened> ProfileSaver::open_checked() const {
  NONO_CHECK(check_origin());
  const std::string& named = used_.path;
  auto file = open_regular(BorrowedFd::unowned(AT_FDCWD), named, FollowLinks::No);
  if (!file && file.error().code() == ELOOP) {
    return std::unexpected(refused(printable(named) + " is a symbolic link",
                                   "name the file that it leads to: --profile FILE"));
  }
  if (!file) {
    return std::unexpected(std::move(file).error());
  }
  NONO_TRY(const struct stat status, status_of(*file, named));
  if (status.st_nlink != 1) {
    return std::unexpected(
        refused(printable(named) + " has several names (hard links)", "make it a file of its own"));
  }
  if (status.st_uid != ::geteuid()) {
    return fail(ErrorKind::Unsupported, printable(named) + " is another user's");
  }
  Opened out;
  NONO_TRY(out.path, path_of(*file));
  NONO_CHECK(check_reach(out.path));
  NONO_TRY(out.text, read_capped(*file, profile::kProfileLimits.bytes, named));
  out.mode = status.st_mode & kModeBits;
  return out;
}

// composed is what a run gets of the profile with that text.
Result<profile::Composed> ProfileSaver::composed(const std::string& text) const {
  LoadedProfile loaded;
  NONO_TRY(loaded.profile, profile::parse_profile(text, profile::ProfileFormat::Json, used_.path));
  loaded.name = used_.name;
  loaded.path = used_.path;
  loaded.origin = used_.origin;
  return compose_loaded(loaded, run_.user, run_.working_directory);
}

Result<void> ProfileSaver::check_effect(const std::string& before,
                                        const ProfileChange& change) const {
  NONO_TRY(const profile::Composed old, composed(before));
  if (change.grant.address && !restricts(old.network)) {
    return std::unexpected(refused(
        "the profile names no hosts or ports: one in it would close the rest of the network",
        "name in its network.connect what is to be reached"));
  }
  if (change.grant.address && !used_.rules_network) {
    return std::unexpected(
        refused("options of this run, and not the profile, say what is reached",
                "leave --connect and its like out, and name the hosts in the profile"));
  }
  NONO_TRY(const profile::Composed next, composed(change.text));
  if (!grants_exactly(old, next, change.grant)) {
    return fail(ErrorKind::Unsupported, "an entry of a profile cannot say exactly that");
  }
  profile::Composed only;
  only.grants = added(old, next);
  return check_never_granted(only, run_.user);
}

Result<ProfileChange> ProfileSaver::propose(const SavedGrant& grant) const {
  NONO_TRY(const Opened file, open_checked());
  auto text = profile::with_entry(file.text, grant.place, grant.entry);
  if (!text) {
    return std::unexpected(std::move(text).error().while_doing(printable(file.path)));
  }
  ProfileChange out{.path = file.path,
                    .grant = grant,
                    .text = *std::move(text),
                    .diff = {},
                    .before = crypto::Sha256::of(file.text),
                    .after = crypto::Sha256::of(file.text)};
  NONO_CHECK(check_effect(file.text, out));
  out.after = crypto::Sha256::of(out.text);
  out.diff = profile::unified_diff(file.text, out.text, out.path);
  if (out.diff.size() > kMaxDiff) {
    return std::unexpected(refused("the change is too long to be shown",
                                   "write the profile in lines, not all in one"));
  }
  return out;
}

Result<void> ProfileSaver::save(const ProfileChange& change) const {
  NONO_TRY(const OwnedFd directory, open_directory_of(change.path));
  NONO_CHECK(lock(directory));
  NONO_TRY(const Opened now, open_checked());
  if (now.path != change.path || crypto::Sha256::of(now.text) != change.before) {
    return fail(ErrorKind::Unsupported, printable(change.path) + " was changed meanwhile");
  }
  NONO_CHECK(check_effect(now.text, change));
  return replace_file(directory, std::string(base_name(change.path)), change.text, now.mode);
}

void ProfileSaver::note_allowed(const Expansion& expansion, const std::string& path) {
  const bool writes = expansion.kind == ExpansionKind::Write ||
                      expansion.kind == ExpansionKind::ReadWrite ||
                      expansion.kind == ExpansionKind::Create;
  struct stat object{};
  struct stat profile{};
  if (!writes || used_.path.empty() || ::stat(used_.path.c_str(), &profile) != 0) {
    return;
  }
  const bool same_object = ::fstat(BorrowedFd(expansion.object).raw(), &object) == 0 &&
                           object.st_dev == profile.st_dev && object.st_ino == profile.st_ino;
  agent_wrote_ = agent_wrote_ || same_object || path == used_.path;
}

}  // namespace nono::engine
