#include "sandbox/broker_open.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "sandbox/broker_open_job.h"
#include "sandbox/broker_terminals.h"
#include "sandbox/drafts.h"
#include "sandbox/fast_gate.h"
#include "sandbox/guard_kept.h"
#include "sandbox/lane_turn.h"
#include "sandbox/open_flags.h"
#include "sandbox/taken_names.h"
#include "sandbox/verified_files.h"

namespace nono::sandbox {

using trustpolicy::GuardClass;

Outcome Opener::serve(const Call& call) {
  Job job{call, decode_open(call.number, call.args), {}, {}};
  const bool nameless = job.has(O_TMPFILE | O_EXCL);
  if (job.has(O_DIRECTORY | O_CREAT)) {
    return Outcome::error(EINVAL);  // as Linux 6.4 does; without O_CREAT: only where it is recorded
  }
  job.open.flags &= kKnownFlags;
  auto path = call.thread.path_at(job.open.path.address);
  if (!path) {
    return Outcome::error(path.error());
  }
  job.path = *std::move(path);
  if ((nameless || (job.open.flags & (O_CREAT | O_TRUNC)) != 0) && !has_room(call.thread.tid())) {
    return Outcome::error(EMFILE);  // before anything is made or emptied, as for the kernel
  }
  if (nameless) {
    return create_nameless(job);
  }
  if (wants_library(job)) {
    OwnedFd library = rules_.config().fast->open_library();
    return library.valid() ? hand_over(job, std::move(library)) : Outcome::error(EACCES);
  }
  auto base = resolver_.base_for(call.thread, job.open.path.dirfd, job.path);
  if (!base) {
    return Outcome::error(base.error());
  }
  job.base = *std::move(base);
  return job.has(O_CREAT | O_EXCL) ? create(job) : existing(job);
}

// wants_library: the fast gate's shim is no file, and is served in its place.
bool Opener::wants_library(const Job& job) const {
  return rules_.config().fast != nullptr && job.path == FastGate::kLibrary &&
         !writes(job.open.flags) && !job.has(O_CREAT);
}

Outcome Opener::existing(Job& job) {
  if (auto fine = resolver_.clear(job.call.thread, job.base, job.path,
                                  job.has(O_NOFOLLOW) ? LastLink::Keep : LastLink::Follow);
      !fine) {
    return Outcome::error(fine.error());
  }
  struct stat again{};
  if (OwnedFd known = open_known(job, again); known.valid()) {
    return S_ISREG(again.st_mode) ? finish(job, std::move(known), again)
                                  : meet_pipe(job, std::move(known), again);
  }
  return unknown(job);
}

// unknown is the usual way: the kernel resolves, the type is known before the open, so that no
// FIFO's peer is woken and no device is touched by a mere look.
Outcome Opener::unknown(Job& job) {
  struct stat before{};
  const int look = AT_NO_AUTOMOUNT | (job.has(O_NOFOLLOW) ? AT_SYMLINK_NOFOLLOW : 0);
  if (::fstatat(job.base_raw(), job.path.c_str(), &before, look) != 0) {
    return missing(job, errno);
  }
  if (S_ISLNK(before.st_mode)) {
    return Outcome::error(ELOOP);
  }
  // What a path of /proc leads to here may be another thing to the agent: no errno comes of it.
  if (never_opened(before.st_mode, job.has(O_CREAT)) != 0 || !opens_at_once(before) ||
      resolver_.on_proc(before)) {
    return slow(job);
  }
  OwnedFd fd = open_seen(job);
  return fd.valid() ? seen(job, std::move(fd), before) : not_opened(job, errno);
}

Outcome Opener::seen(Job& job, OwnedFd fd, const struct stat& before) {
  struct stat after{};
  if (::fstat(BorrowedFd(fd).raw(), &after) != 0) {
    return slow(job);
  }
  if (auto fine = resolver_.seen_clear(after); !fine) {
    return Outcome::error(fine.error());
  }
  if (after.st_mode != before.st_mode || resolver_.on_proc(after, fd)) {
    return slow(job);
  }
  job.by_kernel = true;
  job.before = before;
  if (job.straight && S_ISREG(after.st_mode)) {
    known_.keep(job.path);
  }
  return finish(job, std::move(fd), after);
}

// goes_straight: the path may be the kernel's own, and nothing would be written by it.
bool Opener::goes_straight(const Job& job) const {
  return rules_.config().names_fold && !writes(job.open.flags) && !job.has(O_CREAT) &&
         !has_dots(job.path) && !resolver_.is_linked(job.path);
}

// open_known opens without a look what led straight to a regular file before. A FIFO that took the
// file's place comes back, too: its writer has a reader now. All else is looked at first, as ever.
OwnedFd Opener::open_known(Job& job, struct stat& status) {
  if (job.base.valid() || !goes_straight(job) || !known_.has(job.path)) {
    return {};
  }
  OwnedFd fd =
      open_plain(AT_FDCWD, job.path, job.open.flags, RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
  const bool seen = fd.valid() && ::fstat(BorrowedFd(fd).raw(), &status) == 0 &&
                    resolver_.seen_clear(status) && !resolver_.on_proc(status, fd);
  job.straight = job.by_kernel = seen && S_ISREG(status.st_mode);
  if (!job.straight) {
    known_.forget(job.path);
  }
  return job.straight || (seen && S_ISFIFO(status.st_mode)) ? std::move(fd) : OwnedFd();
}

// open_seen opens what was looked at. A path without links and dots that led to a file for reading
// is what the kernel would say of the file, up to the spelling of letters on a file system that
// does not tell them apart: where that makes no difference, the kernel is not asked. Writing meets
// rules about other names. A try that will fail is spared where one did.
OwnedFd Opener::open_seen(Job& job) const {
  if (goes_straight(job)) {
    OwnedFd fd = open_plain(job.base_raw(), job.path, job.open.flags,
                            RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
    job.straight = fd.valid();
    if (fd.valid() || errno != ELOOP) {
      return fd;
    }
  }
  return open_plain(job.base_raw(), job.path, job.open.flags, RESOLVE_NO_MAGICLINKS);
}

Outcome Opener::not_opened(Job& job, int error) {
  if (error == ENOENT && job.has(O_CREAT)) {
    return create(job);
  }
  if (error == EACCES) {
    const auto object = resolver_.object(job.call.thread, job.open.path.dirfd, job.path,
                                         job.has(O_NOFOLLOW) ? LastLink::Keep : LastLink::Follow);
    return object ? refused_by_kernel(job, *object) : Outcome::error(EACCES);
  }
  return error == ELOOP || error == ENXIO ? slow(job) : Outcome::error(error);
}

// through_proc: /dev/fd/3 and /proc/self/... are not for the broker what they are for the agent.
// A name that does not exist is asked for often: its text must do, or that no link leads there.
bool Opener::through_proc(const Job& job, int error) const {
  const std::string_view path = job.path;
  struct stat base{};
  if (path.starts_with("/proc") || path.starts_with("/dev/") || path.contains("/proc/") ||
      path.contains("/fd/") ||
      (job.base.valid() && ::fstat(job.base_raw(), &base) == 0 &&
       resolver_.on_proc(base, job.base))) {
    return true;
  }
  if (error == ENOENT && !meets_link(job.base_raw(), job.path, RESOLVE_NO_SYMLINKS)) {
    return false;
  }
  return meets_link(job.base_raw(), job.path, RESOLVE_NO_MAGICLINKS) ||
         !resolver_.settles(error, job.base_raw(), job.path);
}

Outcome Opener::missing(Job& job, int error) {
  if (error == ELOOP || through_proc(job, error)) {
    return slow(job);
  }
  return error == ENOENT && job.has(O_CREAT) ? create(job) : Outcome::error(error);
}

// refused_by_kernel asks about a denial that is Landlock's, or tells of it.
Outcome Opener::refused_by_kernel(Job& job, const OwnedFd& object) {
  const std::string canonical = resolver_.path_of(object, 1);
  if (ask_to_open(job, object, canonical)) {
    return Outcome::later();
  }
  const ExpansionKind kind = kind_of(job.open.flags);
  rules_.outside(job.call, name_of(kind), canonical, access_of(kind));
  return Outcome::error(EACCES);
}

// may_ask: what the rules inside the grants refuse anyway is no question. A guarded file outside
// the grants may be read by its verdict, and is not written.
bool Opener::may_ask(const Job& job, const OwnedFd& object, const std::string& canonical) {
  struct stat status{};
  if (::fstat(BorrowedFd(object).raw(), &status) != 0 || !S_ISREG(status.st_mode) ||
      resolver_.on_proc(status, object)) {
    return false;
  }
  if (!writes(job.open.flags)) {
    return true;
  }
  return (job.open.flags & O_ACCMODE) != O_RDONLY &&
         rules_.guard_of({canonical, requested_path(job)}, status, {object}) == GuardClass::None &&
         rules_.may_write_name(job.call, canonical, 0, "write") &&
         may_change_evidence(rules_, job.call, canonical);
}

bool Opener::ask_to_open(Job& job, const OwnedFd& object, const std::string& canonical) {
  const ExpansionKind kind = kind_of(job.open.flags);
  if (!rules_.asks_outside() || !rules_.lacks_grant(canonical, access_of(kind)) ||
      !may_ask(job, object, canonical)) {
    return false;
  }
  return ask(job, {.kind = kind, .flags = job.open.flags}, canonical, object);
}

bool Opener::ask_to_create(Job& job, const NamedPlace& place, int flags, mode_t mask) {
  if (!rules_.asks_outside() ||
      !rules_.lacks_grant(directory_name(place.canonical), Access::write())) {
    return false;
  }
  return ask(job,
             {.kind = ExpansionKind::Create,
              .flags = flags,
              .mode = job.open.mode & 07777,
              .mask = mask,
              .name = place.name},
             place.canonical, place.directory);
}

bool Opener::ask(Job& job, Expansion question, const std::string& canonical, BorrowedFd object) {
  question.requested = requested_path(job);
  const ExpansionKind kind = question.kind;
  OwnedFd base(job.base.valid() ? ::fcntl(job.base_raw(), F_DUPFD_CLOEXEC, 3) : -1);
  const std::array<int, 2> fds{object.raw(), job.call.thread.listener().raw()};
  return waiting_.ask({job.call, job.open, job.path, std::move(base), kind, canonical}, question,
                      fds);
}

void Opener::answered(ExpansionReply reply) {
  auto waiting = waiting_.take(reply.cookie);
  if (!waiting || !waiting->call.thread.waiting()) {
    return;
  }
  const Call call = waiting->call;
  const int code = reply.code == 0 && !reply.fd.valid() ? EACCES : reply.code;
  if (code == EEXIST && (waiting->open.flags & O_EXCL) == 0) {
    send_outcome(call.thread.listener(), call.thread.cookie(), made_meanwhile(*std::move(waiting)));
    return;
  }
  if (code != 0) {
    if (waiting->kind == ExpansionKind::Create) {
      rules_.outside_name(call, name_of(waiting->kind), waiting->canonical);
    } else {
      rules_.outside(call, name_of(waiting->kind), waiting->canonical, access_of(waiting->kind));
    }
    send_outcome(call.thread.listener(), call.thread.cookie(), Outcome::error(code));
    return;
  }
  send_outcome(call.thread.listener(), call.thread.cookie(),
               expanded(*std::move(waiting), std::move(reply.fd)));
}

// made_meanwhile: what was to be made is there now, made by another call that waited for the same
// word. It is opened as everything that is there: by a grant, or by another answer.
Outcome Opener::made_meanwhile(WaitingOpen waiting) {
  Job job{waiting.call, waiting.open, std::move(waiting.path), std::move(waiting.base)};
  return existing(job);
}

// expanded decides as on everything that is opened: no guarded bytes, no protected name.
Outcome Opener::expanded(WaitingOpen waiting, OwnedFd fd) {
  Job job{waiting.call, waiting.open, std::move(waiting.path), std::move(waiting.base)};
  job.expanded = true;
  struct stat status{};
  if (::fstat(BorrowedFd(fd).raw(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return Outcome::error(EACCES);
  }
  if (waiting.kind != ExpansionKind::Create) {
    return finish(job, std::move(fd), status);
  }
  const Touched touched{resolver_.path_of(fd, status.st_nlink), requested_path(job)};
  if (auto fine = may_meet(job, touched, fd, status); !fine) {
    return Outcome::error(fine.error());
  }
  if (const GuardClass found = rules_.guard_of(touched); found != GuardClass::None) {
    rules_.remember(status, {fd}, found);
  }
  return hand_over(job, std::move(fd));
}

Outcome Opener::slow(Job& job) {
  if (++job.attempts > Job::kMaxAttempts) {
    return Outcome::error(ELOOP);
  }
  auto walked = resolver_.walk(job.call.thread, job.base, job.path,
                               job.has(O_NOFOLLOW) ? LastLink::Keep : LastLink::Follow,
                               job.has(O_CREAT) ? MissingLast::Allow : MissingLast::Refuse);
  if (!walked) {
    return Outcome::error(walked.error());
  }
  if (!walked->object.valid()) {
    return walked->place.wants_directory ? Outcome::error(EISDIR) : create_at(job, walked->place);
  }
  if (job.has(O_CREAT | O_EXCL)) {
    return Outcome::error(EEXIST);
  }
  struct stat status{};
  if (::fstat(BorrowedFd(walked->object).raw(), &status) != 0) {
    return Outcome::error(errno);
  }
  return open_object(job, walked->object, status);
}

Outcome Opener::open_object(Job& job, const OwnedFd& object, const struct stat& status) {
  if (const int error = never_opened(status.st_mode, job.has(O_CREAT)); error != 0) {
    return Outcome::error(error);
  }
  if (is_controlling_terminal(status)) {
    return open_terminal(job);
  }
  if (S_ISFIFO(status.st_mode)) {
    return open_special(job, object, status);
  }
  const int flags = (job.open.flags & ~(kMadeByBroker | O_NOFOLLOW)) | kBrokerFlags;
  OwnedFd fd(::open(fd_path(object).c_str(), flags));
  if (!fd.valid()) {
    return errno == EACCES ? refused_by_kernel(job, object) : Outcome::error(errno);
  }
  struct stat opened{};
  if (::fstat(BorrowedFd(fd).raw(), &opened) != 0) {
    return Outcome::error(errno);
  }
  job.before = status;
  return finish(job, std::move(fd), opened);
}

Outcome Opener::create(Job& job) {
  auto place = resolver_.place(job.call.thread, job.base, job.path);
  if (!place) {
    const int code = place.error();
    return Outcome::error(code == EINVAL || code == EBUSY ? EISDIR : code);
  }
  if (place->wants_directory) {
    return Outcome::error(EISDIR);
  }
  return job.has(O_EXCL) && is_taken(*place) ? Outcome::error(EEXIST) : create_at(job, *place);
}

Outcome Opener::create_at(Job& job, NamedPlace& place) {
  auto turn = Turn::take(rules_, place);
  const Touched touched{place.canonical, requested_path(job)};
  if (!turn || touched.requested.empty()) {
    return Outcome::error(turn ? ENAMETOOLONG : turn.error());
  }
  if (auto may = rules_.may_write_name(job.call, place.canonical, S_IFREG, "create"); !may) {
    return Outcome::error(may.error());
  }
  const GuardClass guard_class = rules_.guard_of(touched);
  if (guard_class != GuardClass::None) {
    if (auto may = may_draft(rules_, job.call, "create", {place.canonical, S_IFREG}); !may) {
      return Outcome::error(may.error());
    }
  }
  const auto mask = job.call.thread.umask();
  if (!mask || !job.call.thread.waiting()) {
    return Outcome::error(EACCES);
  }
  // What is made waits for nobody: it needs no O_NONBLOCK, and has the agent's own flags at once.
  // O_EXCL follows no link; O_NOFOLLOW would show in what F_GETFL tells.
  int flags = (job.open.flags & ~O_TRUNC) | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC;
  if (guard_class != GuardClass::None && (flags & O_ACCMODE) == O_RDWR) {
    flags = (flags & ~O_ACCMODE) | O_WRONLY;  // a draft may be written; reading needs a verdict
  }
  OwnedFd fd = make_file(place, flags, job.open.mode & 07777, *mask);
  if (const int error = errno; !fd.valid()) {
    turn->end();
    return not_created(job, place, error, flags, *mask);
  }
  struct stat made{};
  if (guard_class != GuardClass::None && ::fstat(BorrowedFd(fd).raw(), &made) == 0) {
    rules_.remember(made, {fd}, guard_class);
  }
  return Outcome::descriptor(std::move(fd), job.open.flags);
}

// create_nameless makes a file that nobody can give a name (O_TMPFILE with O_EXCL): no rule about
// names meets it. tmpfile(3) wants it in /tmp, whatever TMPDIR says: where that is not granted, it
// lies in the session's own directory.
Outcome Opener::create_nameless(const Job& job) {
  const Call& call = job.call;
  const auto directory = resolver_.object(call.thread, job.open.path.dirfd, job.path,
                                          job.has(O_NOFOLLOW) ? LastLink::Keep : LastLink::Follow);
  if (!directory) {
    return Outcome::error(directory.error());
  }
  const auto mask = call.thread.umask();
  if (!mask || !call.thread.waiting()) {
    return Outcome::error(EACCES);
  }
  const int flags = (job.open.flags & ~O_NOFOLLOW) | O_TMPFILE | kBrokerFlags;
  const mode_t mode = job.open.mode & 07777;
  OwnedFd fd = make_nameless(fd_path(*directory), flags, mode, *mask);
  const int error = errno;
  const std::string& own = rules_.config().temporary;
  if (!fd.valid() && error == EACCES && !own.empty() && normal_path(job.path) == "/tmp") {
    fd = make_nameless(own, flags, mode, *mask);
  }
  return fd.valid() ? hand_over(job, std::move(fd)) : Outcome::error(error);
}

Outcome Opener::not_created(Job& job, const NamedPlace& place, int error, int flags, mode_t mask) {
  if (error == EACCES && ask_to_create(job, place, flags, mask)) {
    return Outcome::later();
  }
  if (error == EACCES) {
    const std::string directory(directory_name(place.canonical));
    rules_.outside_name(job.call, "create", place.canonical);
    if ((flags & O_ACCMODE) != O_WRONLY && !rules_.lacks_grant(directory, Access::write())) {
      rules_.outside(job.call, "read", directory, Access::read());  // what is made is read, too
    }
  }
  return error == EEXIST && !job.has(O_EXCL) ? slow(job) : Outcome::error(error);
}

Touched Opener::touched_by(const Job& job, const OwnedFd& fd, const struct stat& status) const {
  std::string requested = requested_path(job);
  std::string resolved = job.straight && requested.starts_with('/')
                             ? requested
                             : resolver_.path_of(fd, status.st_nlink);
  return {std::move(resolved), std::move(requested)};
}

// class_of_links is the strictest class of the names that a chain of links led through. A path
// without dots that is the kernel's own led over no link; those of directories are in the paths.
Answer<GuardClass> Opener::class_of_links(const Job& job, const Touched& touched,
                                          const struct stat& status) const {
  GuardClass found = GuardClass::None;
  if (job.straight || (touched.requested == touched.resolved && !has_dots(job.path))) {
    return found;
  }
  const Opened opened{touched.resolved, status};
  const auto links =
      resolver_.last_links(job.call.thread, job.base, job.path, job.by_kernel ? &opened : nullptr);
  if (!links) {
    return std::unexpected(links.error());
  }
  for (const std::string& link : *links) {
    found = std::max(found, rules_.config().names->classify(link));
  }
  return found;
}

// finish decides on what was opened.
Outcome Opener::finish(Job& job, OwnedFd fd, const struct stat& status) {
  if (S_ISDIR(status.st_mode)) {
    return job.has(O_TRUNC) ? Outcome::error(EISDIR) : hand_over(job, std::move(fd));
  }
  const Touched touched = touched_by(job, fd, status);
  if (auto fine = may_meet(job, touched, fd, status); !fine) {
    return Outcome::error(fine.error());
  }
  const auto links = class_of_links(job, touched, status);
  if (!links) {
    return Outcome::error(links.error());
  }
  const GuardClass guard_class =
      std::max({rules_.guard_of(touched, status, {fd}), *links,
                class_before(rules_, touched, job.before, status, {fd})});
  if (!S_ISREG(status.st_mode)) {
    return guard_class != GuardClass::None ? refuse_special(job, touched)
                                           : finish_special(job, std::move(fd), status, touched);
  }
  if (writes(job.open.flags)) {
    auto may = rules_.may_write_name(job.call, touched.resolved, 0, "write");
    may = may ? may_change_evidence(rules_, job.call, touched.resolved) : may;
    if (!may) {
      return Outcome::error(may.error());
    }
  }
  if (guard_class != GuardClass::None) {
    rules_.remember(status, {fd}, guard_class);
    return finish_guarded(job, fd, status, touched, guard_class);
  }
  return finish_plain(job, std::move(fd), touched);
}

Outcome Opener::finish_plain(Job& job, OwnedFd fd, const Touched& touched) {
  if (!writes(job.open.flags) && rules_.config().hosts >= 0 &&
      touched.resolved == rules_.config().hosts_path) {
    return open_hosts(job);
  }
  if (!job.has(O_TRUNC) || emptied(fd, job.open.flags)) {
    return hand_over(job, std::move(fd));
  }
  const int error = errno;
  if (error == EACCES) {
    rules_.outside(job.call, "write", touched.resolved, Access::write());
  }
  return Outcome::error(error);
}

// open_hosts serves the names that were resolved outside, in place of the table of hosts.
Outcome Opener::open_hosts(const Job& job) {
  const std::string path = "/proc/self/fd/" + std::to_string(rules_.config().hosts);
  OwnedFd fd(::open(path.c_str(), O_RDONLY | kBrokerFlags));
  return fd.valid() ? hand_over(job, std::move(fd)) : Outcome::error(EACCES);
}

Outcome Opener::finish_guarded(Job& job, const OwnedFd& fd, const struct stat& status,
                               const Touched& touched, GuardClass guard_class) {
  if (!writes(job.open.flags)) {
    auto sealed = rules_.read_verdict(job.call, fd, touched, guard_class);
    if (!sealed) {
      return Outcome::error(sealed.error());
    }
    copies_.add(*sealed, touched.resolved);
    return Outcome::descriptor(*std::move(sealed), job.open.flags);
  }
  const OwnedFd object(::open(fd_path(fd).c_str(), O_PATH | O_CLOEXEC));
  if (!object.valid()) {
    return Outcome::error(EACCES);
  }
  if (status.st_nlink > 1 && rules_.guard_of(touched) == GuardClass::None) {
    return refuse(job, touched, "guarded-hard-link", "it is a guarded file under a second name");
  }
  auto may = may_change(rules_, job.call, object, touched, guard_class);
  may = may ? may_draft(rules_, job.call, "write",
                        {touched.resolved, 0, guard_class, status.st_nlink > 1})
            : may;
  if (!may) {
    return Outcome::error(may.error());
  }
  if ((job.open.flags & O_ACCMODE) == O_RDWR && !job.has(O_TRUNC)) {
    return refuse(job, touched, "guarded-read-write",
                  "a guarded file is opened for reading or for writing, not both");
  }
  const int flags = (job.open.flags & ~(kMadeByBroker | O_NOFOLLOW | O_ACCMODE)) | O_WRONLY;
  OwnedFd writable(::open(fd_path(object).c_str(), flags | kBrokerFlags));
  if (!writable.valid() || (job.has(O_TRUNC) && ::ftruncate(BorrowedFd(writable).raw(), 0) != 0)) {
    return Outcome::error(errno);
  }
  return hand_over(job, std::move(writable));
}

// hand_over gives the descriptor the status flags that the agent asked for.
Outcome Opener::hand_over(const Job& job, OwnedFd fd) {
  if (!job.has(O_NONBLOCK)) {
    ::fcntl(BorrowedFd(fd).raw(), F_SETFL, job.open.flags & kStatusFlags);
  }
  return Outcome::descriptor(std::move(fd), job.open.flags);
}

std::string Opener::requested_path(const Job& job) const {
  if (job.path.starts_with('/')) {
    return normal_path(job.path);
  }
  const std::string from = resolver_.path_of(job.base, 1);
  return from.empty() ? std::string() : normal_path(from + "/" + job.path);
}

// may_meet: rules about names can be held against both. One that the kernel does not tell is
// refused, however the way to it was spelt.
Answer<void> Opener::may_meet(const Job& job, const Touched& touched, const OwnedFd& object,
                              const struct stat& status) {
  if (touched.requested.empty()) {
    return std::unexpected(ENAMETOOLONG);
  }
  return job.has(O_CREAT) && kept_for_owner(job.path, touched.resolved, status)
             ? Answer<void>(std::unexpected(EACCES))
             : has_known_path(object, touched.resolved);
}

}  // namespace nono::sandbox
