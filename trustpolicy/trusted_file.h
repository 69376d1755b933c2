// trustpolicy/trusted_file.h: files that are believed because of who owns them and who can write
// them, not because of a signature.
//
// Owner and mode are read from the opened object, after symbolic links were followed, and the bytes
// come from that same object. The directory in which it lies is looked at as well: whoever can
// write there can put another file in its place.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.h"

namespace nono::trustpolicy {

struct Keeper {
  uid_t owner = 0;
  bool root_too = false;  // root may own it instead
  bool check_directory = true;
};

struct TrustedFile {
  std::string path;  // where the kernel says that it lies, links resolved
  std::string text;
};

// read_trusted returns nothing where there is no file at `path`. A dangling link (NotFound, with
// where it leads), anything but a regular file, another owner, a mode or (POSIX ACL mask included)
// a directory that lets others write is an Error with the command that mends it. A file over
// `max_bytes` is InvalidInput.
Result<std::optional<TrustedFile>> read_trusted(const std::string& path, const Keeper& keeper,
                                                std::size_t max_bytes);
// fault_of_file is the error of what was read from a file. A limit that is broken there, and a form
// or algorithm that is none of ours, is the file's fault (InvalidInput), and not this machine's.
Error fault_of_file(Error error);
// check_trusted_directory judges a directory by the same rules; it must exist.
Result<void> check_trusted_directory(const std::string& path, const Keeper& keeper);

}  // namespace nono::trustpolicy
