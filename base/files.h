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
// anything else (FIFO, device, socket, directory) is InvalidInput and was not read.
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
// any failure the old file is intact and no temporary is left. `mode` is exact, umask ignored.
// A symlink at `name` is replaced, not followed.
Result<void> replace_file(BorrowedFd dir, const std::string& name, std::string_view bytes,
                          mode_t mode);
Result<void> replace_file(const std::string& path, std::string_view bytes, mode_t mode);
// create_file is replace_file that refuses (System, EEXIST) where something is there already.
Result<void> create_file(const std::string& path, std::string_view bytes, mode_t mode);

// make_private_directories creates `path` and its missing parents with mode 0700.
Result<void> make_private_directories(const std::string& path);

// path_of returns where the kernel says that the object behind `fd` is (/proc/self/fd), or an
// error; a deleted object is NotFound.
Result<std::string> path_of(BorrowedFd fd);

// Lexical helpers: no file is touched.
std::string join_path(std::string_view directory, std::string_view name);
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
