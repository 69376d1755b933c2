// ledger/session_files.h: opening the files of a recorded session.
#pragma once

#include <string>
#include <string_view>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono::ledger {

// open_session_file opens `<directory>/<id>/<name>` for reading; below `directory` no symbolic link
// is followed and only a regular file is opened. An `id` that is none is Usage.
Result<OwnedFd> open_session_file(const std::string& directory, std::string_view id,
                                  const char* name);

}  // namespace nono::ledger
