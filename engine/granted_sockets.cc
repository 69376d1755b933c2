#include "engine/granted_sockets.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "engine/directories.h"
#include "engine/held_back.h"
#include "engine/mend.h"
#include "engine/never_connect.h"
#include "engine/object.h"
#include "sandbox/resolve.h"

namespace nono::engine {

using sandbox::Access;

namespace {

constexpr const char* kMoved = "it is no longer where it was: it could be any";

// hazard_at: a variable that names a socket says no more than that something of the user's is
// there. A further name (a hard link) says nothing of what listens.
std::string hazard_at(const std::string& resolved) {
  if (const auto hazard = socket_hazard(resolved)) {
    return std::string(*hazard);
  }
  struct stat status{};
  if (::lstat(resolved.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) {
    return kMoved;
  }
  if (is_one_of(resolved, sockets_in(caller_environment()))) {
    return "a variable of yours names it";
  }
  return status.st_nlink > 1 ? "it has another name, too, which may tell what it is" : "";
}

// takes_datagrams: who listens there hears nothing of such a connect, which only sets an address.
bool takes_datagrams(const sandbox::PathGrant& opened) {
  const OwnedFd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const std::string name = sandbox::fd_path(opened.anchor);
  if (!probe.valid() || name.size() >= sizeof address.sun_path) {
    return false;
  }
  name.copy(static_cast<char*>(address.sun_path), name.size());
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): connect(2)
  const auto* const at = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(BorrowedFd(probe).raw(), at, sizeof address) == 0;
}

// hazard_of judges by the place of what was opened, if it is that which lies there.
std::string hazard_of(const sandbox::PathGrant& opened) {
  struct stat status{};
  const bool there = ::lstat(opened.shown_as.c_str(), &status) == 0 &&
                     status.st_dev == opened.device && status.st_ino == opened.inode;
  return there ? hazard_at(opened.shown_as) : kMoved;
}

// check_other_names: names are judged beforehand; a further one of the same socket, a hard link, is
// no way around.
Result<void> check_other_names(const WantedPath& wanted, const sandbox::PathGrant& opened,
                               const profile::NeverGrantList& never) {
  NONO_TRY(const struct stat status, status_of(opened.anchor, opened.shown_as));
  const auto why = status.st_nlink > 1 ? HeldBack(never).why(opened.anchor, opened.shown_as,
                                                             profile::GrantUse::Reading)
                                       : std::nullopt;
  return !why ? Result<void>()
              : fail(ErrorKind::PermissionDenied, wanted.option + " " + printable(wanted.path) +
                                                      ": a socket of several names: " + *why);
}

const sandbox::PathGrant* grant_of(const sandbox::CapabilitySet& capabilities,
                                   const struct stat& status) {
  const auto grants = capabilities.paths();
  const auto found = std::ranges::find_if(grants, [&status](const sandbox::PathGrant& grant) {
    return grant.access.has(Access::connect()) && grant.device == status.st_dev &&
           grant.inode == status.st_ino;
  });
  return found != grants.end() ? &*found : nullptr;
}

}  // namespace

Result<void> check_socket(const WantedPath& wanted, const sandbox::PathGrant& opened,
                          const profile::NeverGrantList& never, std::vector<std::string>& notes) {
  NONO_CHECK(check_other_names(wanted, opened, never));
  if (takes_datagrams(opened)) {
    return std::unexpected(Error(ErrorKind::Usage, wanted.option + ": " +
                                                       printable(opened.shown_as) +
                                                       " takes datagrams, and no program in the "
                                                       "sandbox can make a socket for them")
                               .mend_with("leave it out"));
  }
  const std::string hazard = hazard_of(opened);
  if (hazard.empty()) {
    return {};
  }
  const std::string& path = opened.shown_as;
  if (!wanted.option.starts_with("--")) {
    return std::unexpected(Error(ErrorKind::Usage, wanted.option + ": no profile grants " +
                                                       printable(path) + ": " + hazard)
                               .mend_with("--allow-unix-socket " + shell_quote(path) +
                                          " grants it in your own words"));
  }
  notes.push_back(wanted.option + " " + printable(path) + ": " + hazard);
  return {};
}

bool may_be_tried(const RunPlan& plan, const std::string& path) {
  return !plan.never_grant.find(path, profile::GrantUse::Reading) && hazard_at(path).empty();
}

std::vector<std::string> granted_addresses(const sandbox::CapabilitySet& capabilities) {
  std::vector<std::string> out;
  for (const sandbox::PathGrant& grant : capabilities.paths()) {
    if (grant.access.has(Access::connect())) {
      out.push_back(grant.shown_as);
      out.insert(out.end(), grant.asked.begin(), grant.asked.end());
    }
  }
  return out;
}

Answer answer_socket(const RunPlan& plan, const NamedThing& thing) {
  Answer out;
  if (!S_ISSOCK(thing.status.st_mode)) {
    out.rule = "not-a-socket";
    out.because = "nothing listens there";
    return out;
  }
  if (const auto* grant = grant_of(plan.capabilities, thing.status)) {
    out.allowed = true;
    out.rule = "grant";
    out.because = "a grant names this socket";
    out.entry = grant->access.text() + "  " + grant->shown_as + "  (" + grant->origin + ")";
    return out;
  }
  out.rule = "unix-socket";
  out.because =
      "a socket of a program outside the sandbox; those that the agent binds itself can be "
      "connected to";
  out.mend =
      way_to_grant(plan.never_grant, thing.canonical, Access::connect(), sandbox::PathKind::File);
  return out;
}

}  // namespace nono::engine
