// ledger/session_home.h: the directory of one session, while its log is written.
//
// Trusted: the directory above it once it was seen to be writable for its owner alone. What is made
// here is made by name in an open directory, exclusively, and no link is followed.
#pragma once

#include <string>
#include <string_view>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono::ledger {

// SessionHome is removed again with what is in it, until keep().
class SessionHome {
 public:
  // create makes `<directory>/<id>` (0700) and what is missing above it. PermissionDenied where
  // others may write to `directory`; System (EEXIST) where the id is in use.
  static Result<SessionHome> create(const std::string& directory, const std::string& id);
  SessionHome(SessionHome&& other) noexcept;
  SessionHome(const SessionHome&) = delete;
  SessionHome& operator=(const SessionHome&) = delete;
  SessionHome& operator=(SessionHome&&) = delete;
  ~SessionHome();

  // create_file makes the file `name` (0600), open for writing.
  Result<OwnedFd> create_file(const char* name) const;
  // write_file makes the file `name` with `text` in it, or leaves none.
  Result<void> write_file(const char* name, std::string_view text) const;
  // sync writes the session's first key, its directory and the one above to disk: what makes a line
  // of the log that is on disk findable, and provable.
  Result<void> sync() const;
  std::string path_of(const char* name) const;
  void keep() { kept_ = true; }

 private:
  SessionHome(OwnedFd parent, OwnedFd own, std::string path);
  OwnedFd parent_;
  OwnedFd own_;
  std::string path_;
  bool kept_ = false;
};

}  // namespace nono::ledger
