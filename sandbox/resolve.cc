#include "sandbox/resolve.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "base/files.h"

namespace nono::sandbox {
namespace {

constexpr int kMaxLinks = 40;
constexpr ino_t kProcRootInode = 1;

OwnedFd open_path(int base, const std::string& path, int flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<unsigned>(O_PATH | O_CLOEXEC | flags);
  how.resolve = resolve;
  return OwnedFd(static_cast<int>(::syscall(SYS_openat2, base, path.c_str(), &how, sizeof how)));
}

Answer<struct stat> status(const OwnedFd& fd) {
  struct stat out{};
  if (::fstat(BorrowedFd(fd).raw(), &out) != 0) {
    return std::unexpected(errno);
  }
  return out;
}

bool lacks(const OwnedFd& directory, const std::string& name) {
  struct stat found{};
  return ::fstatat(BorrowedFd(directory).raw(), name.c_str(), &found,
                   AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0 &&
         errno == ENOENT;
}

int start_of(const OwnedFd& base) {
  return base.valid() ? BorrowedFd(base).raw() : AT_FDCWD;
}

Answer<Seen> seen(Answer<OwnedFd> object) {
  const auto found = object ? status(*object) : std::unexpected(object.error());
  return found ? Answer<Seen>({*std::move(object), *found}) : std::unexpected(found.error());
}

// split puts the components of `path`, last first, on `pending`.
void push_components(std::vector<std::string>& pending, std::string_view path) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (end > at) {
      parts.emplace_back(path.substr(at, end - at));
    }
    at = end + 1;
  }
  pending.insert(pending.end(), parts.rbegin(), parts.rend());
}

}  // namespace

bool has_dots(std::string_view path) {
  return path.starts_with("../") || path.contains("/../") || path.ends_with("/..") || path == "..";
}

std::string fd_path(BorrowedFd fd) {
  return "/proc/self/fd/" + std::to_string(fd.raw());
}

namespace {

// lies_at: the object that the descriptor `name` in `directory` leads to has that very path.
bool lies_at(int directory, const char* name, const std::string& path) {
  struct stat object{};
  struct stat there{};
  return ::fstatat(directory, name, &object, 0) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         object.st_dev == there.st_dev && object.st_ino == there.st_ino;
}

std::string read_path(int directory, const char* name, nlink_t links) {
  std::array<char, PATH_MAX + 16> buffer{};
  const ssize_t got = ::readlinkat(directory, name, buffer.data(), buffer.size());
  if (got <= 0 || buffer[0] != '/') {
    return {};
  }
  std::string_view path(buffer.data(), static_cast<std::size_t>(got));
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted) && (links == 0 || !lies_at(directory, name, std::string(path)))) {
    path.remove_suffix(kDeleted.size());
  }
  return std::string(path);
}

}  // namespace

std::string raw_path_of(BorrowedFd fd, nlink_t links) {
  return read_path(AT_FDCWD, fd_path(fd).c_str(), links);
}

Answer<void> has_known_path(BorrowedFd fd, const std::string& path) {
  std::array<char, 1> any{};
  const bool too_long =
      path.size() >= PATH_MAX ||
      (path.empty() && ::readlink(fd_path(fd).c_str(), any.data(), any.size()) < 0 &&
       errno == ENAMETOOLONG);
  return too_long ? Answer<void>(std::unexpected(ENAMETOOLONG)) : Answer<void>();
}

Answer<std::string> known_path(BorrowedFd fd, nlink_t links) {
  std::string path = raw_path_of(fd, links);
  if (auto known = has_known_path(fd, path); !known) {
    return std::unexpected(known.error());
  }
  return path;
}

std::string Resolver::path_of(BorrowedFd fd, nlink_t links) const {
  if (!own_descriptors_.valid()) {
    return raw_path_of(fd, links);
  }
  return read_path(BorrowedFd(own_descriptors_).raw(), std::to_string(fd.raw()).c_str(), links);
}

Resolver::Resolver(const std::vector<pid_t>& forbidden)
    : own_descriptors_(::open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC)),
      forbidden_(forbidden) {}

Answer<OwnedFd> Resolver::base_for(const AgentThread& thread, int dirfd,
                                   const std::string& path) const {
  if (path.empty()) {
    return std::unexpected(ENOENT);
  }
  if (path.front() == '/') {
    return OwnedFd();
  }
  return base(thread, dirfd);
}

// apart refuses what lies on a mount to keep off.
Answer<void> Resolver::apart(std::string_view canonical) const {
  const StallingMounts::Mount* mount = mounts_ != nullptr ? mounts_->at(canonical) : nullptr;
  if (mount == nullptr) {
    return {};
  }
  met_ = Met{*mount, std::string(canonical)};
  return std::unexpected(EIO);
}

Answer<void> Resolver::seen_clear(const struct stat& status) const {
  const StallingMounts::Mount* mount =
      mounts_ != nullptr ? mounts_->of_device(status.st_dev) : nullptr;
  if (mount == nullptr) {
    return {};
  }
  met_ = Met{*mount, mount->point};
  return std::unexpected(EIO);
}

Answer<OwnedFd> Resolver::base(const AgentThread& thread, int dirfd) const {
  if (looks_at_links()) {
    const auto where = thread.base_path(dirfd);
    if (!where) {
      return std::unexpected(where.error());
    }
    if (auto fine = apart(*where); !fine) {
      return std::unexpected(fine.error());
    }
  }
  auto object = thread.base(dirfd);
  if (auto fine = object ? in_its_place(*object) : Answer<void>(); !fine) {
    return std::unexpected(fine.error());
  }
  return object;
}

// in_its_place: no rule about names can be held against what was taken away with its mount. What
// comes from another namespace (a standard stream in a view) may be here, too.
Answer<void> Resolver::in_its_place(const OwnedFd& object) const {
  if (attached_.holds(object)) {
    return {};
  }
  const auto here = status(object);
  const std::string path = raw_path_of(object, 1);
  const bool in_memory = here && here->st_nlink == 0 && path.starts_with("/memfd:");
  if (!path.starts_with('/') || in_memory) {
    return {};
  }
  if (auto clear = apart(path); !clear) {
    return clear;
  }
  struct stat there{};
  const bool same = here && ::lstat(path.c_str(), &there) == 0 && there.st_dev == here->st_dev &&
                    there.st_ino == here->st_ino;
  return same ? Answer<void>() : std::unexpected(EACCES);
}

// in_own_proc refuses what lies on a procfs, but not beneath /proc: in every other place where one
// is mounted, too, `self` is the broker.
Answer<void> Resolver::in_own_proc(const struct stat& status, const OwnedFd& object) const {
  if (!on_proc(status, object)) {
    return {};
  }
  const std::string path = raw_path_of(object, 1);
  return procfs_.is_sessions(status) && beneath("/proc", path)
             ? Answer<void>()
             : Answer<void>(std::unexpected(EACCES));
}

// allowed refuses objects of the broker's own /proc directory, and of those of processes outside:
// it may open them, the agent may not.
Answer<void> Resolver::allowed(const OwnedFd& object) const {
  const auto found = status(object);
  if (!found) {
    return std::unexpected(found.error());
  }
  if (auto clear = seen_clear(*found); !clear || !on_proc(*found, object)) {
    return clear;
  }
  if (auto own = in_own_proc(*found, object); !own) {
    return own;
  }
  const pid_t process = process_at(raw_path_of(object, 1));
  return process > 0 && (is_forbidden(process) || is_outside(process))
             ? Answer<void>(std::unexpected(EACCES))
             : Answer<void>();
}

// is_forbidden: a forbidden process or one of its threads, which have directories of their own in
// /proc. In that of a process there are none of another's threads.
bool Resolver::is_forbidden(pid_t number) const {
  return std::ranges::any_of(forbidden_, [number](pid_t process) {
    return process == number || ::syscall(SYS_tgkill, process, number, 0) == 0;
  });
}

// Walk is one resolution, component by component.
class Resolver::Walk {
 public:
  Walk(const Resolver& resolver, const AgentThread& thread, LastLink last, MissingLast missing)
      : resolver_(resolver), thread_(thread), last_(last), missing_(missing) {}

  Answer<Walked> run(OwnedFd start, std::string_view path) {
    wants_directory_ = path.ends_with('/');
    current_ = std::move(start);
    if (path.starts_with('/')) {
      current_ = open_path(AT_FDCWD, "/", O_DIRECTORY, 0);
    }
    push_components(pending_, path);
    while (!pending_.empty()) {
      const std::string name = std::move(pending_.back());
      pending_.pop_back();
      if (name == ".") {
        wants_directory_ = wants_directory_ || pending_.empty();
        continue;
      }
      if (auto done = step(name); !done || done->place.directory.valid()) {
        return done;
      }
    }
    return arrive();
  }

 private:
  using Step = Answer<Walked>;  // with a valid place.directory: the walk ends there
  static Step go_on() { return Walked{}; }

  // arrive ends the walk at what all components led to.
  Answer<Walked> arrive() {
    if (auto fine = resolver_.allowed(current_); !fine) {
      return std::unexpected(fine.error());
    }
    if (const auto found = status(current_);
        wants_directory_ && found && !S_ISDIR(found->st_mode)) {
      return std::unexpected(ENOTDIR);
    }
    return Walked{std::move(current_), {}};
  }

  Step step(const std::string& name) {
    if (at_proc_root() && (name == "self" || name == "thread-self")) {
      return enter_self(name);
    }
    if (auto fine = apart(name); !fine) {
      return std::unexpected(fine.error());
    }
    OwnedFd next = open_path(BorrowedFd(current_).raw(), name, O_NOFOLLOW, 0);
    if (!next.valid()) {
      return not_there(name, errno);
    }
    const auto found = status(next);
    if (!found) {
      return std::unexpected(found.error());
    }
    if (auto own = resolver_.in_own_proc(*found, next); !own) {
      return std::unexpected(own.error());
    }
    const bool keep = pending_.empty() && last_ == LastLink::Keep && !wants_directory_;
    if (S_ISLNK(found->st_mode) && !keep) {
      return follow(name, next, *found);
    }
    current_ = std::move(next);
    return go_on();
  }

  Step not_there(const std::string& name, int error) {
    if (error != ENOENT || !pending_.empty() || missing_ != MissingLast::Allow) {
      return std::unexpected(error);
    }
    const auto where = known_path(current_, 1);
    if (!where) {
      return std::unexpected(where.error());
    }
    std::string canonical = *where + "/" + name;
    return Walked{{}, {std::move(current_), name, std::move(canonical), wants_directory_}};
  }

  // apart is asked before the component is looked at. Up leads from no mount into one that the way
  // down did not meet.
  Answer<void> apart(const std::string& name) const {
    return !resolver_.looks_at_links() || name == ".."
               ? Answer<void>()
               : resolver_.apart(normal_path(raw_path_of(current_, 1) + "/" + name));
  }

  bool at_proc_root() const {
    const auto here = status(current_);
    return here && resolver_.on_proc(*here) && here->st_ino == kProcRootInode;
  }

  Step enter_self(const std::string& name) {
    const auto group = thread_.process();
    if (!group) {
      return std::unexpected(group.error());
    }
    if (name == "thread-self") {
      pending_.push_back(std::to_string(thread_.tid()));
      pending_.emplace_back("task");
    }
    pending_.push_back(std::to_string(*group));
    return go_on();
  }

  Step follow(const std::string& name, const OwnedFd& link, const struct stat& found) {
    if (++links_ > kMaxLinks) {
      return std::unexpected(ELOOP);
    }
    if (resolver_.on_proc(found) && !at_proc_root()) {
      return follow_magic(name);
    }
    if (!may_follow(found)) {
      return std::unexpected(EACCES);
    }
    std::array<char, PATH_MAX> target{};
    const ssize_t got = ::readlinkat(BorrowedFd(link).raw(), "", target.data(), target.size());
    if (got <= 0) {
      return std::unexpected(got < 0 ? errno : ENOENT);
    }
    const std::string_view text(target.data(), static_cast<std::size_t>(got));
    wants_directory_ = wants_directory_ || (pending_.empty() && text.ends_with('/'));
    if (text.starts_with('/')) {
      current_ = open_path(AT_FDCWD, "/", O_DIRECTORY, 0);
    }
    push_components(pending_, text);
    return go_on();
  }

  // follow_magic lets the kernel follow /proc/PID/{cwd,root,exe,fd/N}: the target may have no path.
  Step follow_magic(const std::string& name) {
    if (auto fine = resolver_.allowed(current_); !fine) {
      return std::unexpected(fine.error());
    }
    if (resolver_.looks_at_links()) {
      const std::string target = read_path(BorrowedFd(current_).raw(), name.c_str(), 1);
      if (auto clear = resolver_.apart(target); !clear) {
        return std::unexpected(clear.error());
      }
    }
    OwnedFd next = open_path(BorrowedFd(current_).raw(), name, 0, 0);
    if (!next.valid()) {
      return std::unexpected(errno);
    }
    if (auto fine = resolver_.in_its_place(next); !fine) {
      return std::unexpected(fine.error());
    }
    current_ = std::move(next);
    return go_on();
  }

  // may_follow is fs.protected_symlinks, which the kernel cannot apply to a walk of ours: a link in
  // a sticky, world-writable directory is followed only for its owner or the directory's.
  bool may_follow(const struct stat& link) const {
    const auto parent = status(current_);
    if (!parent) {
      return false;
    }
    const bool shared = (parent->st_mode & S_ISVTX) != 0 && (parent->st_mode & S_IWOTH) != 0;
    return !shared || link.st_uid == ::geteuid() || link.st_uid == parent->st_uid;
  }

  const Resolver& resolver_;
  const AgentThread& thread_;
  LastLink last_;
  MissingLast missing_;
  OwnedFd current_;
  std::vector<std::string> pending_;
  int links_ = 0;
  bool wants_directory_ = false;
};

Answer<Walked> Resolver::walk(const AgentThread& thread, const OwnedFd& base,
                              const std::string& path, LastLink last, MissingLast missing) const {
  OwnedFd start(base.valid() ? ::fcntl(BorrowedFd(base).raw(), F_DUPFD_CLOEXEC, 3) : -1);
  if (base.valid() && !start.valid()) {
    return std::unexpected(errno);
  }
  return Walk(*this, thread, last, missing).run(std::move(start), path);
}

// clear_as_text: a path without links and dots leads where its text says.
Answer<void> Resolver::clear_as_text(const OwnedFd& base, const std::string& path) const {
  const bool absolute = path.starts_with('/');
  if (!absolute && !looks_at_links()) {
    return {};
  }
  return apart(normal_path((absolute ? "" : raw_path_of(base, 1) + "/") + path));
}

// clear: the kernel tells whether there are links, without following one; then each component is
// looked at before it is walked.
Answer<void> Resolver::clear(const AgentThread& thread, const OwnedFd& base,
                             const std::string& path, LastLink last) const {
  if (mounts_ == nullptr) {
    return {};
  }
  const bool dots = has_dots(path);
  if (auto fine = dots ? Answer<void>() : clear_as_text(base, path); !fine || !looks_at_links()) {
    return fine;
  }
  const int keep = last == LastLink::Keep ? O_NOFOLLOW : 0;
  const int from = start_of(base);
  if (!dots && (open_path(from, path, keep, RESOLVE_NO_SYMLINKS).valid() || errno != ELOOP)) {
    return {};
  }
  static_cast<void>(walk(thread, base, path, last, MissingLast::Refuse));
  return met_ ? Answer<void>(std::unexpected(EIO)) : Answer<void>();
}

Answer<OwnedFd> Resolver::object(const AgentThread& thread, int dirfd, const std::string& path,
                                 LastLink last) const {
  if (path.empty()) {
    return this->base(thread, dirfd);
  }
  auto seen = look(thread, dirfd, path, last);
  return seen ? Answer<OwnedFd>(std::move(seen->object)) : std::unexpected(seen.error());
}

Answer<Seen> Resolver::look(const AgentThread& thread, int dirfd, const std::string& path,
                            LastLink last) const {
  if (path.empty()) {
    return seen(this->base(thread, dirfd));
  }
  const auto base = base_for(thread, dirfd, path);
  return base ? look_from(thread, *base, path, last) : std::unexpected(base.error());
}

// settles: ENOENT does where a directory that the kernel came to, on no procfs, lacks the next
// component: what differs for the broker lies on a procfs, and there is no way out of that but
// magic links, and up.
bool Resolver::settles(int error, int from, std::string_view path) const {
  if (error != ENOENT) {
    return error != ELOOP;
  }
  while (path.size() > 1 && !path.ends_with('/') && !has_dots(path)) {
    const std::size_t slash = path.rfind('/');
    const std::string name(path.substr(slash + 1));  // all of it, where there is no slash
    path = slash == std::string_view::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
    const OwnedFd directory = open_path(from, std::string(path), 0, RESOLVE_NO_MAGICLINKS);
    if (directory.valid()) {
      const auto found = status(directory);
      return found && !on_proc(*found, directory) && lacks(directory, name);
    }
    if (errno != ENOENT) {
      return false;
    }
  }
  return false;
}

Answer<Seen> Resolver::look_from(const AgentThread& thread, const OwnedFd& base,
                                 const std::string& path, LastLink last) const {
  if (auto fine = clear(thread, base, path, last); !fine) {
    return std::unexpected(fine.error());
  }
  const int from = start_of(base);
  const int keep = last == LastLink::Keep ? O_NOFOLLOW : 0;
  OwnedFd quick = open_path(from, path, keep, RESOLVE_NO_MAGICLINKS);
  if (quick.valid()) {
    const auto found = status(quick);
    const auto fine = found ? seen_clear(*found) : Answer<void>();
    if (!fine) {
      return std::unexpected(fine.error());
    }
    if (found && !on_proc(*found, quick)) {
      return Seen{std::move(quick), *found};
    }
  } else if (const int error = errno; settles(error, from, path)) {
    return std::unexpected(error);
  }
  auto walked = walk(thread, base, path, last, MissingLast::Refuse);
  return walked ? seen(std::move(walked->object)) : std::unexpected(walked.error());
}

}  // namespace nono::sandbox
