// engine/object.h: from a name to an opened object to sealed bytes, without being led astray.
#pragma once

#include <string>

#include "base/owned_fd.h"
#include "base/result.h"
#include "base/sealed_file.h"

namespace nono::engine {

// open_object opens whatever stands at `path` (symlinks followed) O_PATH: nothing is read, and a
// FIFO or device does not notice.
Result<OwnedFd> open_object(const std::string& path);

// resolved_path follows the links of what is there at `path` (absolute), else of the directory in
// which it would lie; where neither is, it is as it was spelt.
std::string resolved_path(const std::string& path);

// seal_object captures the bytes of an opened object, which may be O_PATH. Anything but a regular
// file is InvalidInput and was not opened for reading. `path` is what the copy is shown as.
Result<SealedFile> seal_object(BorrowedFd object, const std::string& path);

// OpenedFile is a file that the user named: its resolved path and its sealed bytes.
struct OpenedFile {
  std::string path;
  SealedFile sealed;
};
// open_named is open_object, path_of and seal_object in a row.
Result<OpenedFile> open_named(const std::string& path);

}  // namespace nono::engine
