#include "engine/profile_saver.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
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
#include "engine/reach.h"

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

Result<void> check_owner(const struct stat& status, const std::string& named) {
  if (status.st_nlink != 1) {
    return std::unexpected(
        refused(printable(named) + " has several names (hard links)", "make it a file of its own"));
  }
  if (status.st_uid != ::geteuid()) {
    return fail(ErrorKind::Unsupported, printable(named) + " is another user's");
  }
  if ((status.st_mode & S_IWUSR) == 0) {  // a rename would not mind
    return std::unexpected(
        refused(printable(named) + " is read-only", "chmod u+w " + shell_quote(named)));
  }
  return {};
}

// check_sharing: the mode goes with the text, but the group and a list of who else may what do not:
// the same bits would mean other people.
Result<void> check_sharing(BorrowedFd file, const struct stat& status, const std::string& named) {
  if (::fgetxattr(file.raw(), "system.posix_acl_access", nullptr, 0) > 0) {
    return std::unexpected(refused(printable(named) + " is shared by an access control list",
                                   "setfacl -b " + shell_quote(named) + " takes it off"));
  }
  struct stat directory{};
  const bool any_group = ((status.st_mode & S_IRWXG) >> 3U) == (status.st_mode & S_IRWXO);
  if (any_group || ::stat(std::string(directory_name(named)).c_str(), &directory) != 0) {
    return {};
  }
  const gid_t next = (directory.st_mode & S_ISGID) != 0 ? directory.st_gid : ::getegid();
  if (status.st_gid != next) {
    return std::unexpected(
        refused(printable(named) + " belongs to another group than a new file would",
                "chgrp " + std::to_string(next) + " " + shell_quote(named)));
  }
  return {};
}

// open_own opens a file that is this user's alone.
Result<OwnedFd> open_own(const std::string& named) {
  auto file = open_regular(BorrowedFd::unowned(AT_FDCWD), named, FollowLinks::No);
  if (!file && file.error().code() == ELOOP) {
    return std::unexpected(refused(printable(named) + " is a symbolic link",
                                   "name the file that it leads to: --profile FILE"));
  }
  if (!file) {
    return file;
  }
  NONO_TRY(const struct stat status, status_of(*file, named));
  NONO_CHECK(check_owner(status, named));
  NONO_CHECK(check_sharing(*file, status, named));
  return file;
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
  const auto kind =
      grant.access == Access::connect() ? sandbox::WantedKind::Socket : sandbox::WantedKind::File;
  return hosts.size() == known && more.size() == 1 && more.front().path == grant.entry &&
         more.front().access == grant.access && more.front().kind == kind;
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
  } else if (expansion.kind == ExpansionKind::Connect) {
    out.place = {"filesystem", "unix_socket"};
    out.access = Access::connect();
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
  if (agent_wrote_ || access_by_place(*run_.capabilities, resolved).has(Access::write())) {
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
  NONO_TRY(const OwnedFd file, open_own(used_.path));
  NONO_TRY(const struct stat status, status_of(file, used_.path));
  Opened out;
  NONO_TRY(out.path, path_of(file));
  NONO_CHECK(check_reach(out.path));
  NONO_TRY(out.text, read_capped(file, profile::kProfileLimits.bytes, used_.path));
  out.mode = status.st_mode & kModeBits;
  return out;
}

// check_place: a profile names what it grants, and the agent may change what a name leads to.
Result<void> ProfileSaver::check_place(const SavedGrant& grant) const {
  const std::string directory(grant.address ? "" : directory_name(grant.entry));
  if (!directory.empty() && access_by_place(*run_.capabilities, directory).has(Access::write())) {
    return std::unexpected(
        refused("the agent may put something else in the place of " + printable(grant.entry),
                "grant reading beside writing in the profile: filesystem.allow"));
  }
  return {};
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
  NONO_CHECK(check_place(grant));
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

// is_profile: what is made is told by its directory and its name, for nothing is there yet.
bool ProfileSaver::is_profile(const Expansion& expansion, const std::string& path) const {
  const bool made = expansion.kind == ExpansionKind::Create;
  const std::string place = made ? std::string(directory_name(used_.path)) : used_.path;
  struct stat object{};
  struct stat known{};
  const bool same_object = ::stat(place.c_str(), &known) == 0 &&
                           ::fstat(BorrowedFd(expansion.object).raw(), &object) == 0 &&
                           object.st_dev == known.st_dev && object.st_ino == known.st_ino;
  return path == used_.path || (same_object && (!made || expansion.name == base_name(used_.path)));
}

void ProfileSaver::note_allowed(const Expansion& expansion, const std::string& path) {
  const bool writes = expansion.kind == ExpansionKind::Write ||
                      expansion.kind == ExpansionKind::ReadWrite ||
                      expansion.kind == ExpansionKind::Create;
  agent_wrote_ = agent_wrote_ || (writes && !used_.path.empty() && is_profile(expansion, path));
}

}  // namespace nono::engine
