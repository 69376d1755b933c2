#include "engine/wanted_paths.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ranges>

#include "base/files.h"
#include "base/text.h"
#include "engine/granted_sockets.h"

namespace nono::engine {

using sandbox::Access;

namespace {

class Wanted {
 public:
  Wanted(const RunRequest& request, const SessionPlaces& places,
         const profile::NeverGrantList& never, RunPlan& plan)
      : request_(request), places_(places), never_(never), plan_(plan) {}

  Result<void> add_all() {
    for (const WantedPath& wanted : request_.paths) {
      NONO_CHECK(add(wanted, absolute_in(request_.working_directory, wanted.path)));
    }
    return {};
  }

 private:
  Result<void> add(const WantedPath& wanted, const std::string& path) {
    NONO_CHECK(check(wanted, path));
    if (wanted.if_missing && missing(path)) {
      NONO_TRY(const bool made, stand_in(wanted, *wanted.if_missing, path));
      if (!made) {
        return {};
      }
    }
    auto added = plan_.capabilities.allow_path(path, wanted.access, wanted.option, wanted.kind);
    if (!added) {
      const Error error = std::move(added).error().while_doing(wanted.option);
      // A capability that cannot be had is a wrong option, whatever the system call said.
      return std::unexpected(Error(ErrorKind::Usage, error.message()).mend_with(error.remedy()));
    }
    return check_granted(wanted, path);
  }

  Result<void> check(const WantedPath& wanted, const std::string& path) const {
    const auto use = wanted.access.has(Access::write()) ? profile::GrantUse::Writing
                                                        : profile::GrantUse::Reading;
    auto fine = never_.check(path, use);
    return fine ? Result<void>()
                : std::unexpected(std::move(fine).error().while_doing(wanted.option + " " +
                                                                      printable(wanted.path)));
  }

  // check_granted: what is granted is what was opened. A link that led elsewhere when its path was
  // looked at (an agent that runs meanwhile may turn it) does not lead past a refusal.
  Result<void> check_granted(const WantedPath& wanted, const std::string& path) {
    const auto asked = [&path](const sandbox::PathGrant& grant) {
      return std::ranges::find(grant.asked, path) != grant.asked.end();
    };
    for (const sandbox::PathGrant& grant : plan_.capabilities.paths() | std::views::filter(asked)) {
      NONO_CHECK(check_opened(wanted, path, grant));
    }
    return {};
  }

  Result<void> check_opened(const WantedPath& wanted, const std::string& path,
                            const sandbox::PathGrant& grant) {
    if (grant.shown_as != path) {
      NONO_CHECK(check(wanted, grant.shown_as));
    }
    return wanted.kind == sandbox::WantedKind::Socket
               ? check_socket(wanted, grant, never_, plan_.notes)
               : Result<void>();
  }

  // missing: not there, or beneath what this user cannot enter.
  static bool missing(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) != 0 &&
           (errno == ENOENT || errno == ENOTDIR || errno == EACCES);
  }

  // stand_in makes what is to be made, and tells of what is left out.
  Result<bool> stand_in(const WantedPath& wanted, profile::Presence if_missing,
                        const std::string& path) {
    if (if_missing == profile::Presence::Quiet) {
      return false;
    }
    const bool to_make = if_missing == profile::Presence::Made;
    if (to_make && !places_.private_tmp.empty()) {
      NONO_TRY(const bool made, make(wanted, path));
      if (made) {
        plan_.notes.push_back("made " + printable(path) + " (" + wanted.option + ")");
        return true;
      }
    }
    plan_.notes.push_back(printable(path) + " is not there and was left out (" + wanted.option +
                          (to_make ? "; it is made when the agent is started)" : ")"));
    return false;
  }

  // make makes a directory in the one that is there, once that is known: links may lead to it, but
  // to no place in which nothing is granted. What is new is never a link.
  Result<bool> make(const WantedPath& wanted, const std::string& path) const {
    std::string above = path;
    std::string below;
    OwnedFd there;
    while (!there.valid() && above != "/") {
      below = below.empty() ? std::string(base_name(above)) : join_path(base_name(above), below);
      above = directory_name(above);
      if (auto opened = open_directory(BorrowedFd::unowned(AT_FDCWD), above)) {
        there = *std::move(opened);
      }
    }
    if (!there.valid()) {
      return false;
    }
    NONO_TRY(const std::string real, path_of(there));
    NONO_CHECK(check(wanted, join_path(real, below)));
    return make_private_directories(there, below).has_value();
  }

  const RunRequest& request_;
  const SessionPlaces& places_;
  const profile::NeverGrantList& never_;
  RunPlan& plan_;
};

}  // namespace

std::string absolute_in(const std::string& directory, const std::string& path) {
  return normal_path(path.starts_with('/') ? path : join_path(directory, path));
}

Result<void> add_wanted(RunPlan& plan, const RunRequest& request, const SessionPlaces& places,
                        const profile::NeverGrantList& never) {
  return Wanted(request, places, never, plan).add_all();
}

}  // namespace nono::engine
