// sandbox/capability_set.cc: see capability_set.h.
#include "sandbox/capability_set.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ranges>

#include "base/files.h"
#include "base/text.h"

namespace nono::sandbox {
namespace {

Result<void> check_request(const std::string& path, Access access) {
  if (path.empty()) {
    return fail(ErrorKind::InvalidInput, "an empty path cannot be granted");
  }
  if (path.find('\0') != std::string::npos) {
    return fail(ErrorKind::InvalidInput,
                "\"" + printable(path) + "\" contains a NUL byte and names no file");
  }
  if (access == Access::none()) {
    return fail(ErrorKind::InvalidInput, "a grant of \"" + printable(path) + "\" without a right");
  }
  return {};
}

Result<void> check_kind(const std::string& path, mode_t mode, WantedKind wanted) {
  switch (wanted) {
    case WantedKind::Any:
      return {};
    case WantedKind::Directory:
      if (!S_ISDIR(mode)) {
        return fail(ErrorKind::InvalidInput, "\"" + printable(path) + "\" is not a directory");
      }
      return {};
    case WantedKind::File:
      if (S_ISDIR(mode)) {
        return fail(ErrorKind::InvalidInput, "\"" + printable(path) + "\" is a directory");
      }
      return {};
    case WantedKind::Socket:
      if (!S_ISSOCK(mode)) {
        return fail(ErrorKind::InvalidInput, "\"" + printable(path) + "\" is not a socket");
      }
      return {};
  }
  return {};
}

struct Opened {
  OwnedFd anchor;
  struct stat status;
  std::string resolved;
};

// open_straight opens a normal path that leads over no link: the kernel would say the same path of
// it. Every start opens two dozen of them, and asking takes longer than opening. ELOOP where it is
// no such path.
OwnedFd open_straight(const std::string& path) {
  if (!path.starts_with('/') || normal_path(path) != path) {
    errno = ELOOP;
    return {};
  }
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  return OwnedFd(
      static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
}

Result<Opened> open_anchor(const std::string& path) {
  if (OwnedFd straight = open_straight(path); straight.valid()) {
    NONO_TRY(const struct stat status, status_of(straight, path));
    return Opened{.anchor = std::move(straight), .status = status, .resolved = path};
  }
  OwnedFd anchor(errno == ENOENT ? -1 : ::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!anchor.valid() && errno == EMFILE) {
    return fail(
        ErrorKind::Exhausted,
        "granting \"" + printable(path) +
            "\": too many open files: each grant keeps one; raise the limit (ulimit -n), or "
            "grant directories in place of files");
  }
  if (!anchor.valid()) {
    return fail_errno(errno, "granting \"" + printable(path) + "\"");
  }
  NONO_TRY(const struct stat status, status_of(anchor, path));
  NONO_TRY(std::string resolved, path_of(anchor));
  return Opened{.anchor = std::move(anchor), .status = status, .resolved = std::move(resolved)};
}

// One object may be known under several names (hard links, bind mounts). Landlock's rules belong to
// the object, so every name of it gets the union; each name keeps its own entry, because access_at
// answers by name.
void add_grant(std::vector<PathGrant>& grants, PathGrant added) {
  const auto same_object = [device = added.device, inode = added.inode](const PathGrant& grant) {
    return grant.device == device && grant.inode == inode;
  };
  for (const PathGrant& grant : grants | std::views::filter(same_object)) {
    added.access = added.access | grant.access;
  }
  for (PathGrant& grant : grants | std::views::filter(same_object)) {
    grant.access = added.access;
  }
  const auto same_name = std::ranges::find_if(grants, [&](const PathGrant& grant) {
    return same_object(grant) && grant.shown_as == added.shown_as;
  });
  if (same_name != grants.end()) {
    same_name->origin += ", " + added.origin;
    same_name->asked.insert(same_name->asked.end(), added.asked.begin(), added.asked.end());
  } else {
    grants.push_back(std::move(added));
  }
}

bool covers(const PathGrant& grant, std::string_view resolved_path) {
  return grant.kind == PathKind::Directory ? beneath(grant.shown_as, resolved_path)
                                           : resolved_path == grant.shown_as;
}

// leads_there: its name leads to what was granted; that may have been moved or replaced since.
bool leads_there(const PathGrant& grant) {
  struct stat now{};
  return ::lstat(grant.shown_as.c_str(), &now) == 0 && now.st_dev == grant.device &&
         now.st_ino == grant.inode;
}

}  // namespace

bool allows_connect(const Network& network, const Endpoint& to) {
  const auto* ports = std::get_if<NetworkPorts>(&network);
  if (ports == nullptr) {
    return std::holds_alternative<NetworkOpen>(network);
  }
  return std::ranges::find(ports->connect, to.port) != ports->connect.end() ||
         std::ranges::any_of(ports->destinations, [&](const Destination& destination) {
           return std::ranges::find(destination.endpoints, to) != destination.endpoints.end();
         });
}

std::string Access::text() const {
  std::string text = "---";
  if (has(read())) {
    text[0] = 'r';
  }
  if (has(write())) {
    text[1] = 'w';
  }
  if (has(execute())) {
    text[2] = 'x';
  }
  if (has(connect())) {
    text += 'c';
  }
  return text;
}

Result<void> CapabilitySet::allow_path(const std::string& path, Access access, std::string origin,
                                       WantedKind wanted) {
  NONO_CHECK(check_request(path, access));
  NONO_TRY(Opened opened, open_anchor(path));
  const PathKind kind = S_ISDIR(opened.status.st_mode) ? PathKind::Directory : PathKind::File;
  NONO_CHECK(check_kind(path, opened.status.st_mode, wanted));
  add_grant(paths_, PathGrant{.anchor = std::move(opened.anchor),
                              .kind = kind,
                              .access = access,
                              .shown_as = std::move(opened.resolved),
                              .asked = {path},
                              .origin = std::move(origin),
                              .device = opened.status.st_dev,
                              .inode = opened.status.st_ino});
  return {};
}

Access CapabilitySet::access_at(std::string_view resolved_path) const {
  Access all = Access::none();
  for (const PathGrant& grant : paths_) {
    if (covers(grant, resolved_path)) {
      all = all | grant.access;
    }
  }
  return all;
}

bool CapabilitySet::grants_socket(dev_t device, ino_t inode) const {
  return std::ranges::any_of(paths_, [device, inode](const PathGrant& grant) {
    return grant.access.has(Access::connect()) && grant.device == device && grant.inode == inode;
  });
}

Access CapabilitySet::access_now(std::string_view resolved_path) const {
  Access all = Access::none();
  for (const PathGrant& grant : paths_) {
    if (covers(grant, resolved_path) && leads_there(grant)) {
      all = all | grant.access;
    }
  }
  return all;
}

}  // namespace nono::sandbox
