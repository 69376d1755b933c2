// base/files.h: opening, reading and replacing files without being led astray.
//
// Names from a working tree are hostile. Everything here opens relative to a descriptor by
// openat2(2), looks at the opened object (fstat) before reading, never blocks on a FIFO or device,
// and caps what it reads.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono {

// FollowLinks says what a symbolic link in a path does. No: in a path relative to a descriptor, a
// link in any component is refused (RESOLVE_NO_SYMLINKS); in an absolute path, where /var/run and
// its like are links by custom, only a link as the last component. Magic links (/proc/PID/fd/N) are
// refused always. The refusal is InvalidInput with code() ELOOP.
enum class FollowLinks : unsigned char { No, Yes };

// FileId names an object and its state: what a cached verdict is keyed by. ctime cannot be set by
// an unprivileged process, which is why mtime alone proves nothing.
struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  auto operator<=>(const FileId&) const = default;
};
FileId file_id_of(const struct stat& status);

Result<struct stat> status_of(BorrowedFd fd, std::string_view shown_as);

// open_directory opens `path` below `base` (AT_FDCWD allowed) O_PATH|O_DIRECTORY|O_CLOEXEC.
Result<OwnedFd> open_directory(BorrowedFd base, const std::string& path,
                               FollowLinks follow = FollowLinks::Yes);
// open_regular opens a regular file for reading, O_NONBLOCK|O_NOCTTY|O_CLOEXEC, no magic links;
// anything else (FIFO, device, socket, directory) is InvalidInput and was not opened for reading:
// the object is looked at through an O_PATH descriptor first and reopened by /proc/self/fd.
Result<OwnedFd> open_regular(BorrowedFd base, const std::string& path,
                             FollowLinks follow = FollowLinks::Yes);
// read_capped reads from offset 0 to the end; over `max_bytes` is Exhausted before reading.
Result<std::string> read_capped(BorrowedFd regular, std::size_t max_bytes,
                                std::string_view shown_as);
// read_file is open_regular + read_capped on a path.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

// write_all writes everything or fails; short writes and EINTR are retried.
Result<void> write_all(BorrowedFd fd, std::span<const std::byte> bytes);
Result<void> write_all(BorrowedFd fd, std::string_view text);

// replace_file puts `bytes` in place of `name` in directory `dir` atomically: a temporary file in
// the same directory (O_TMPFILE or a random dot-name), fsync, rename, fsync of the directory. On
// any failure the old file is intact and no temporary is left (that of a killed writer is removed
// by the next one, a day later). `mode` is exact, umask ignored. A symlink at `name` is replaced,
// not followed. The one exception is the last step: where fsync of the directory fails, the new
// file stands, and the error says that a power cut may undo it. `name` is one component; the
// directory must be readable, since fsync needs it open.
Result<void> replace_file(BorrowedFd dir, const std::string& name, std::string_view bytes,
                          mode_t mode);
Result<void> replace_file(const std::string& path, std::string_view bytes, mode_t mode);
// replace_files is replace_file for several: each is whole on disk before the first is put in
// place, so that one with no room, no permission or a directory in its place leaves all as they
// were. `on_placed` hears which is in place. Takes two descriptors for each file.
struct NewFile {
  std::string path;
  std::string bytes;
  mode_t mode;
};
Result<void> replace_files(std::span<const NewFile> files,
                           const std::function<void(std::size_t which)>& on_placed);
// create_file is replace_file that refuses (System, EEXIST) where something is there already, be it
// a dangling symlink.
Result<void> create_file(const std::string& path, std::string_view bytes, mode_t mode);
Result<void> create_file(BorrowedFd dir, const std::string& name, std::string_view bytes,
                         mode_t mode);

// make_private_directories creates `path` and its missing parents with mode 0700. Directories that
// are there already keep their mode and may be reached through links; new ones never are links.
Result<void> make_private_directories(const std::string& path);
// The other makes them below `base`, and goes over no link at all.
Result<void> make_private_directories(BorrowedFd base, const std::string& path);

// path_of returns where the kernel says that the object behind `fd` is (/proc/self/fd), or an
// error; a deleted object, and one that has no path (pipe, memfd, other root), is NotFound. The
// answer is a moment old: good for messages and records, never for a decision to open by it.
Result<std::string> path_of(BorrowedFd fd);

// Lexical helpers: no file is touched.
// join_path puts one slash between the two; an absolute `name` is taken as relative, so that the
// result stays below `directory` as text ("..", which it may contain, aside).
std::string join_path(std::string_view directory, std::string_view name);
// base_name is what follows the last slash ("" after a trailing one).
std::string_view base_name(std::string_view path);
std::string_view directory_name(std::string_view path);  // "." where there is no slash
// normal_path removes ".", "//" and resolves ".." lexically; absolute stays absolute.
std::string normal_path(std::string_view path);
// beneath reports whether absolute normal `path` is `root` or lies under it, by components.
bool beneath(std::string_view root, std::string_view path);
// relative_to returns the part of `path` beneath `root` ("" for root itself); beneath must hold.
std::string relative_to(std::string_view root, std::string_view path);
Result<std::string> absolute_path(std::string_view path);  // getcwd + normal_path

}  // namespace nono
