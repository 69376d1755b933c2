#include "sandbox/broker_names.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "sandbox/drafts.h"
#include "sandbox/guard_kept.h"
#include "sandbox/lane_turn.h"
#include "sandbox/open_flags.h"
#include "sandbox/subtree.h"
#include "sandbox/taken_names.h"
#include "sandbox/umask.h"
#include "sandbox/verified_files.h"

namespace nono::sandbox {

using trustpolicy::GuardClass;

namespace {
// spelt is the name for the system call: with the agent's trailing slash, which demands a
// directory.
std::string spelt(const NamedPlace& place) {
  return place.wants_directory ? place.name + "/" : place.name;
}

OwnedFd object_at(const NamedPlace& place) {
  return OwnedFd(::openat(BorrowedFd(place.directory).raw(), place.name.c_str(),
                          O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

ObjectPlace object_place(const NamedPlace& place) {
  return {place.directory, place.name.c_str()};
}

// directory_origin is asked before the directory goes; of nothing else it is needed.
BirthTime directory_origin(const NamedPlace& place, const struct stat& status) {
  return S_ISDIR(status.st_mode) ? origin_of(object_place(place)) : 0;
}

// made_errno: what cannot be a name is there already: ".", ".." or the root.
int made_errno(int error) {
  return error == EINVAL || error == EBUSY ? EEXIST : error;
}

// makes_directory: of the two kinds of calls that decode_make knows, mkdir's; mknod(2) makes none.
bool makes_directory(int number) {
#ifdef __NR_mkdir
  if (number == __NR_mkdir) {
    return true;
  }
#endif
  return number == __NR_mkdirat;
}

// are_apart: neither name lies beneath the directory of the other.
bool are_apart(std::string_view one, std::string_view other) {
  return !beneath(directory_name(one), other) && !beneath(directory_name(other), one);
}

}  // namespace

Outcome NameOperations::serve(const Call& call) {
  if (call.trap == Trap::Rename) {
    return rename(call);
  }
  if (call.trap == Trap::Link) {
    return link(call);
  }
  if (call.trap == Trap::Symlink) {
    return symlink(call);
  }
  if (call.trap == Trap::Make) {
    return make(call);
  }
  return call.trap == Trap::Unlink ? unlink(call) : truncate(call);
}

// done is the result of what the broker did; where the kernel refused, it tells which name lies
// outside the grants. A name is changed by the right to its directory.
Outcome NameOperations::done(const Call& call, std::string_view operation,
                             std::span<const std::string> canonical, long result) {
  Outcome out = Outcome::of(result);
  const bool refused =
      out.kind() == Outcome::Kind::Error && (out.number() == EACCES || out.number() == EXDEV);
  for (const std::string& name : refused ? canonical : std::span<const std::string>()) {
    rules_.outside_name(call, operation, name);
  }
  if (out.kind() == Outcome::Kind::Value) {
    for (const std::string& name : canonical) {
      rules_.used("name", name);
    }
    if (canonical.size() == 2 && are_apart(canonical[0], canonical[1])) {
      rules_.used("away", canonical[0]);  // a view has them in two mounts: programs copy then
    }
  }
  return out;
}

Answer<NamedPlace> NameOperations::place_at(const Call& call, const PathArg& arg) const {
  const auto path = call.thread.path_at(arg.address);
  if (!path) {
    return std::unexpected(path.error());
  }
  return resolver_.place(call.thread, arg.dirfd, *path);
}

Answer<void> NameOperations::leaves(const Call& call, const NamedPlace& place,
                                    const struct stat& status, std::string_view operation) {
  const mode_t type = status.st_mode & S_IFMT;
  if (auto may = rules_.may_write_name(call, place.canonical, 0, operation, type); !may) {
    return may;
  }
  if (!S_ISREG(status.st_mode)) {
    return may_draft(rules_, call, operation, {place.canonical, type});
  }
  if (auto may = may_change_evidence(rules_, call, place.canonical); !may) {
    return may;
  }
  const Touched touched{place.canonical, place.canonical};
  const GuardClass guard_class = rules_.guard_of(touched, status, object_place(place));
  if (guard_class == GuardClass::None) {
    return {};
  }
  const OwnedFd object = object_at(place);
  rules_.remember(status, {object}, guard_class);
  if (!object.valid()) {
    return std::unexpected(EACCES);
  }
  const auto may = may_change(rules_, call, object, touched, guard_class);
  return may ? may_draft(rules_, call, operation, {place.canonical, 0, guard_class}) : may;
}

// entry_moves decides on one name beneath a directory that moves.
Answer<void> NameOperations::entry_moves(const Call& call, const Move& move,
                                         const std::string& relative, const struct stat& status) {
  const std::string before = move.from + relative;
  const std::string after = move.to + relative;
  if (auto may = rules_.may_move(call, before, after); !may) {
    return may;
  }
  const GuardClass was =
      rules_.guard_of({before, before}, status, {BorrowedFd::unowned(AT_FDCWD), before.c_str()});
  if (was != GuardClass::None && S_ISREG(status.st_mode)) {
    const OwnedFd object(::open(before.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    rules_.remember(status, {object}, was);
    if (!object.valid()) {
      return std::unexpected(EACCES);
    }
    if (auto may = may_change(rules_, call, object, {before, before}, was); !may) {
      return may;
    }
    if (auto may = stays_guarded(rules_, call, "rename", after, {{object}, was}); !may) {
      return may;
    }
  }
  return name_moves(rules_, call, move, relative, status);
}

Answer<void> NameOperations::subtree_moves(const Call& call, const NamedPlace& from,
                                           const NamedPlace& to, const struct stat& status) {
  if (resolver_.holds_mount(from.canonical)) {
    rules_.report(call, "rename", from.canonical, "stalled-mount",
                  "a file system is mounted beneath it that could keep the broker waiting");
    return std::unexpected(EACCES);
  }
  const OwnedFd top = object_at(from);
  std::vector<SubtreeEntry> entries;
  if (!top.valid() || !list_subtree(top, entries)) {
    rules_.report(call, "rename", from.canonical, "rename-too-large",
                  "a directory of this size or mode cannot be checked before it moves");
    return std::unexpected(EACCES);
  }
  const BirthTime origin = origin_of({top});
  const Move move{from.canonical, to.canonical,
                  rules_.moves_as_own({from.canonical, status, origin}, to.canonical)};
  for (const SubtreeEntry& entry : entries) {
    if (auto may = entry_moves(call, move, entry.relative, entry.status); !may) {
      return may;
    }
  }
  rules_.moved_away({from.canonical, status, origin});
  return {};
}

Answer<void> NameOperations::moves(const Call& call, const NamedPlace& from, const NamedPlace& to,
                                   const struct stat& status) {
  if (auto may = rules_.may_move(call, from.canonical, to.canonical); !may) {
    return may;
  }
  if (auto may = leaves(call, from, status, "rename"); !may) {
    return may;
  }
  const mode_t type = status.st_mode & S_IFMT;
  if (auto may = rules_.may_write_name(call, to.canonical, type, "rename", type); !may) {
    return may;
  }
  if (auto may = may_draft(rules_, call, "rename", {to.canonical, type}); !may) {
    return may;
  }
  if (S_ISDIR(status.st_mode)) {
    return subtree_moves(call, from, to, status);
  }
  const Touched touched{from.canonical, from.canonical};
  return S_ISREG(status.st_mode)
             ? stays_guarded(
                   rules_, call, "rename", to.canonical,
                   {object_place(from), rules_.guard_of(touched, status, object_place(from))})
             : Answer<void>();
}

// leave_places comes before the decision: what arrives is judged as if the place were empty
// already.
void NameOperations::leave_places(const NamedPlace& from, const NamedPlace& to,
                                  const struct stat& source, const struct stat& replaced,
                                  bool exchange) {
  if (exchange && S_ISDIR(source.st_mode)) {
    rules_.moved_away({from.canonical, source, origin_of(object_place(from))});
  }
  if (S_ISDIR(replaced.st_mode)) {
    const BirthTime origin = origin_of(object_place(to));
    if (exchange) {
      rules_.moved_away({to.canonical, replaced, origin});
    } else {
      rules_.replaced_directory({to.canonical, replaced, origin});
    }
  }
}

Answer<void> NameOperations::may_rename(const Call& call, const NamedPlace& from,
                                        const NamedPlace& to, unsigned flags) {
  const auto source = at_place(from);
  if (!source) {
    return std::unexpected(source.error());
  }
  const auto replaced = at_place(to);
  const bool exchange = (flags & RENAME_EXCHANGE) != 0;
  if (replaced) {
    if (auto may = may_replace(rules_, {from, to, *source, *replaced, flags}); !may) {
      return may;
    }
    leave_places(from, to, *source, *replaced, exchange);
    const auto may =
        exchange ? moves(call, to, from, *replaced) : leaves(call, to, *replaced, "replace");
    if (!may) {
      return may;
    }
  }
  if (auto may = moves(call, from, to, *source); !may) {
    return may;
  }
  const GuardClass arrives = rules_.guard_of({to.canonical, to.canonical});
  if (arrives != GuardClass::None && S_ISREG(source->st_mode)) {
    rules_.remember(*source, object_place(from), arrives);
  }
  return {};
}

// lost_name forgets a file that is gone, and not what its file system hides instead: that stays
// guarded.
void NameOperations::lost_name(const NamedPlace& place, const struct stat& status) {
  const Touched touched{place.canonical, place.canonical};
  const ObjectPlace directory{BorrowedFd(place.directory)};
  const bool hidden = S_ISREG(status.st_mode) && hides_removed(directory) &&
                      rules_.guard_of(touched, status, directory) != GuardClass::None &&
                      holds_hidden(place.directory, status);
  if (!hidden) {
    rules_.forget(status);
  }
}

// replaced_by_rename: what had the name is gone, unless it is what has it now (two names of one
// file, two spellings of one name).
void NameOperations::replaced_by_rename(const NamedPlace& to, const struct stat& replaced,
                                        BirthTime origin) {
  const auto now = at_place(to);
  if (!now || now->st_dev != replaced.st_dev || now->st_ino == replaced.st_ino) {
    return;
  }
  if (S_ISDIR(replaced.st_mode)) {
    rules_.removed_directory({to.canonical, replaced, origin});
  } else {
    lost_name(to, replaced);
  }
}

Outcome NameOperations::rename(const Call& call) {
  const TwoPathCall args = decode_rename(call.number, call.args);
  auto from = place_at(call, args.from);
  if (!from) {
    return Outcome::error(from.error() == EINVAL ? EBUSY : from.error());
  }
  auto to = place_at(call, args.to);
  if (!to) {
    return Outcome::error(to.error() == EINVAL ? EBUSY : to.error());
  }
  if ((args.flags & ~static_cast<unsigned>(RENAME_NOREPLACE | RENAME_EXCHANGE)) != 0) {
    return Outcome::error(EINVAL);
  }
  const auto turn = Turn::take(rules_, *to, from->directory);
  if (const auto known = turn ? turn->look_again(*from) : std::unexpected(turn.error()); !known) {
    return Outcome::error(known.error());
  }
  if (auto may = may_rename(call, *from, *to, args.flags); !may) {
    return Outcome::error(may.error());
  }
  if (!call.thread.waiting()) {
    return Outcome::error(EINTR);
  }
  const auto replaced = at_place(*to);
  const BirthTime origin = replaced ? directory_origin(*to, *replaced) : 0;
  const long result = ::renameat2(BorrowedFd(from->directory).raw(), spelt(*from).c_str(),
                                  BorrowedFd(to->directory).raw(), spelt(*to).c_str(), args.flags);
  const int error = errno;
  rules_.renamed();
  if (result == 0 && replaced && (args.flags & RENAME_EXCHANGE) == 0) {
    replaced_by_rename(*to, *replaced, origin);
  }
  errno = error;
  return done(call, "rename", std::array{from->canonical, to->canonical}, result);
}

Answer<void> NameOperations::may_link(const Call& call, const OwnedFd& object,
                                      const NamedPlace& to) {
  struct stat status{};
  if (::fstat(BorrowedFd(object).raw(), &status) != 0) {
    return std::unexpected(errno);
  }
  const auto known = known_path(object, status.st_nlink);
  if (!known) {
    return std::unexpected(known.error());
  }
  const std::string& resolved = *known;
  const mode_t type = status.st_mode & S_IFMT;
  if (auto may = rules_.may_write_name(call, to.canonical, S_IFLNK, "link", type); !may) {
    return may;
  }
  // A second name would be a way to write it: what is in a protected place, and the file or link
  // that is `.git`. No directory gets one.
  if (!S_ISDIR(status.st_mode)) {
    if (auto may = rules_.may_write_name(call, resolved, 0, "link"); !may) {
      return may;
    }
  }
  for (const std::string& name : {to.canonical, resolved}) {
    if (auto may = may_draft(rules_, call, "link", {name, type}); !may) {
      return may;
    }
  }
  if (S_ISLNK(status.st_mode)) {
    return {};  // as good as a link of the same text
  }
  const GuardClass guard_class = std::max(rules_.guard_of({resolved, resolved}, status, {object}),
                                          rules_.guard_of({to.canonical, to.canonical}));
  if (guard_class == GuardClass::None) {
    return {};
  }
  rules_.remember(status, {object}, guard_class);
  for (const std::string& name : {resolved, to.canonical}) {
    if (auto may = stays_guarded(rules_, call, "link", name, {{object}, guard_class}); !may) {
      return may;
    }
  }
  // A second name would be a way to change a verified file.
  return rules_.change_verdict(call, object, {resolved, resolved}, guard_class);
}

Outcome NameOperations::link(const Call& call) {
  const TwoPathCall args = decode_link(call.number, call.args);
  if ((args.flags & ~static_cast<unsigned>(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0) {
    return Outcome::error(EINVAL);
  }
  auto to = place_at(call, args.to);
  const auto from = call.thread.path_at(args.from.address);
  if (!from || !to) {
    return Outcome::error(!from ? from.error() : made_errno(to.error()));
  }
  if (from->empty() && (args.flags & AT_EMPTY_PATH) == 0) {
    return Outcome::error(ENOENT);
  }
  const bool follow = (args.flags & AT_SYMLINK_FOLLOW) != 0;
  const auto object = resolver_.object(call.thread, args.from.dirfd, *from,
                                       follow ? LastLink::Follow : LastLink::Keep);
  if (!object) {
    return Outcome::error(object.error());
  }
  const auto turn = Turn::take(rules_, *to, *object);
  if (!turn || is_taken(*to)) {
    return Outcome::error(turn ? EEXIST : turn.error());
  }
  if (auto may = may_link(call, *object, *to); !may) {
    return Outcome::error(may.error());
  }
  if (!call.thread.waiting()) {
    return Outcome::error(EINTR);
  }
  const long result = ::linkat(AT_FDCWD, fd_path(*object).c_str(), BorrowedFd(to->directory).raw(),
                               spelt(*to).c_str(), AT_SYMLINK_FOLLOW);
  return done(call, "link", std::array{to->canonical}, result);
}

Outcome NameOperations::symlink(const Call& call) {
  const TwoPathCall args = decode_symlink(call.number, call.args);
  const auto target = call.thread.path_at(args.from.address);
  auto place = place_at(call, args.to);
  if (!target || !place) {
    return Outcome::error(!target ? target.error() : made_errno(place.error()));
  }
  const auto turn = Turn::take(rules_, *place);
  if (!turn || is_taken(*place)) {
    return Outcome::error(turn ? EEXIST : turn.error());
  }
  auto may = rules_.may_write_name(call, place->canonical, S_IFLNK, "symlink");
  may = may ? may_draft(rules_, call, "symlink", {place->canonical, S_IFLNK}) : may;
  if (!may) {
    return Outcome::error(may.error());
  }
  if (!call.thread.waiting()) {
    return Outcome::error(EINTR);
  }
  return done(
      call, "symlink", std::array{place->canonical},
      ::symlinkat(target->c_str(), BorrowedFd(place->directory).raw(), spelt(*place).c_str()));
}

Outcome NameOperations::make_directory(const Call& call, const NamedPlace& place, mode_t mode,
                                       mode_t mask) {
  if (auto may = rules_.may_write_name(call, place.canonical, S_IFDIR, "mkdir"); !may) {
    return Outcome::error(may.error());
  }
  const UnderUmask agents(mask);
  const int made = ::mkdirat(BorrowedFd(place.directory).raw(), place.name.c_str(), mode & 07777);
  if (made == 0) {
    if (const auto status = at_place(place)) {
      rules_.made_directory({place.canonical, *status, origin_of(object_place(place))});
    }
  }
  return done(call, "create", std::array{place.canonical}, made);
}

Outcome NameOperations::make_node(const Call& call, const NamedPlace& place, mode_t mode,
                                  mode_t mask) {
  const mode_t type = mode & S_IFMT;
  auto may = rules_.may_write_name(call, place.canonical, type, "create");
  may = may ? may_draft(rules_, call, "create", {place.canonical, type}) : may;
  if (!may) {
    return Outcome::error(may.error());
  }
  const UnderUmask agents(mask);
  return done(call, "create", std::array{place.canonical},
              ::mknodat(BorrowedFd(place.directory).raw(), spelt(place).c_str(), mode, 0));
}

Outcome NameOperations::make(const Call& call) {
  const MakeCall args = decode_make(call.number, call.args);
  if (S_ISDIR(args.mode) && !makes_directory(call.number)) {
    return Outcome::error(EPERM);
  }
  auto place = place_at(call, args.path);
  if (!place) {
    return Outcome::error(made_errno(place.error()));
  }
  const mode_t type = (args.mode & S_IFMT) == 0 ? mode_t{S_IFREG} : args.mode & S_IFMT;
  if (type == S_IFCHR || type == S_IFBLK) {
    return Outcome::error(EPERM);
  }
  const auto mask = call.thread.umask();
  if (!mask || !call.thread.waiting()) {
    return Outcome::error(EACCES);
  }
  const auto turn = Turn::take(rules_, *place);
  if (!turn || is_taken(*place)) {
    return Outcome::error(turn ? EEXIST : turn.error());
  }
  return type == S_IFDIR ? make_directory(call, *place, args.mode, *mask)
                         : make_node(call, *place, type | (args.mode & 07777), *mask);
}

Answer<void> NameOperations::may_unlink(const Call& call, const NamedPlace& place,
                                        const struct stat& status) {
  if (auto may = rules_.may_remove(call, place.canonical); !may) {
    return may;
  }
  if (!S_ISDIR(status.st_mode) || rules_.protected_name(place.canonical)) {
    if (auto may = leaves(call, place, status, "remove"); !may) {
      return may;
    }
  }
  if (!call.thread.waiting()) {
    return std::unexpected(EINTR);
  }
  if (S_ISDIR(status.st_mode) && rules_.is_lane()) {
    // A lane may be ended between what it does and what it tells: this is told before.
    rules_.replaced_directory({place.canonical, status, directory_origin(place, status)});
  }
  return {};
}

Outcome NameOperations::unlink(const Call& call) {
  const UnlinkCall args = decode_unlink(call.number, call.args);
  auto place = place_at(call, args.path);
  if (!place) {
    const bool no_name = place.error() == EINVAL || place.error() == EBUSY;
    return Outcome::error(no_name && (args.flags & AT_REMOVEDIR) == 0 ? EISDIR : place.error());
  }
  const auto turn = Turn::take(rules_, *place);
  const auto status = turn ? at_place(*place) : std::unexpected(turn.error());
  if (!status) {
    return Outcome::error(status.error());
  }
  if (auto may = may_unlink(call, *place, *status); !may) {
    return Outcome::error(may.error());
  }
  const BirthTime origin = directory_origin(*place, *status);
  Outcome gone =
      done(call, "remove", std::array{place->canonical},
           ::unlinkat(BorrowedFd(place->directory).raw(), spelt(*place).c_str(), args.flags));
  if (gone.kind() != Outcome::Kind::Value) {
    return gone;
  }
  if (S_ISDIR(status->st_mode)) {
    rules_.removed_directory({place->canonical, *status, origin});
  } else {
    lost_name(*place, *status);
  }
  return gone;
}

Answer<void> NameOperations::may_truncate(const Call& call, const OwnedFd& object,
                                          const Touched& touched, const struct stat& status) {
  if (auto may = rules_.may_write_name(call, touched.resolved, 0, "truncate"); !may) {
    return may;
  }
  if (auto may = may_change_evidence(rules_, call, touched.resolved); !may) {
    return may;
  }
  const GuardClass guard_class = rules_.guard_of(touched, status, {object});
  if (guard_class != GuardClass::None) {
    auto may = may_change(rules_, call, object, touched, guard_class);
    may = may ? may_draft(rules_, call, "truncate",
                          {touched.resolved, 0, guard_class, status.st_nlink > 1})
              : may;
    if (!may) {
      return may;
    }
  }
  const auto may =
      stays_guarded(rules_, call, "truncate", touched.resolved, {{object}, guard_class});
  return !may || call.thread.waiting() ? may : std::unexpected(EINTR);
}

Outcome NameOperations::truncate(const Call& call) {
  const auto path = call.thread.path_at(call.args[0]);
  if (!path || path->empty()) {
    return Outcome::error(path ? ENOENT : path.error());
  }
  const auto object = resolver_.object(call.thread, AT_FDCWD, *path, LastLink::Follow);
  struct stat status{};
  if (!object || ::fstat(BorrowedFd(*object).raw(), &status) != 0) {
    return Outcome::error(object ? errno : object.error());
  }
  const auto known = known_path(*object, status.st_nlink);
  if (!known) {
    return Outcome::error(known.error());
  }
  const Touched touched{*known, *known};
  if (!S_ISREG(status.st_mode)) {
    return Outcome::error(S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
  }
  if (auto may = may_truncate(call, *object, touched, status); !may) {
    return Outcome::error(may.error());
  }
  return cut_off(call, *object, touched.resolved);
}

Outcome NameOperations::cut_off(const Call& call, const OwnedFd& object,
                                const std::string& resolved) {
  const OwnedFd writable = for_writing(object);
  Outcome out =
      writable.valid()
          ? Outcome::of(::truncate(fd_path(writable).c_str(), static_cast<off_t>(call.args[1])))
          : Outcome::error(errno);
  if (out.kind() == Outcome::Kind::Value) {
    rules_.used("write", resolved);
  }
  if (out.kind() == Outcome::Kind::Error && out.number() == EACCES) {
    rules_.outside(call, "write", resolved, Access::write());
  }
  return out;
}

}  // namespace nono::sandbox
