// engine/held_back.h: the never-grant list, asked about an object that is held open.
//
// A name is not an identity: a bind mount or a hard link shows the same file elsewhere. So the
// object is judged by where it is, by every directory above it (compared by device and inode with
// what the list names) and, where it can have names elsewhere, by looking for it beneath the list's
// entries.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/owned_fd.h"
#include "profile/never_grant.h"

namespace nono::engine {

class HeldBack {
 public:
  // Entries beneath the list that are looked at for a file of several names; more is held back.
  static constexpr std::size_t kMaxLooked = 20'000;

  // `list` must outlive this.
  explicit HeldBack(const profile::NeverGrantList& list) : list_(list) {}

  // why says what keeps the object from ever being granted. `path` is where it is, or, for a file
  // that is to be made (`object` is then its directory), where it would be.
  std::optional<std::string> why(BorrowedFd object, const std::string& path,
                                 profile::GrantUse use) const;

 private:
  std::optional<std::string> by_name(const std::string& path, profile::GrantUse use) const;
  std::optional<std::string> by_place(const std::string& path, profile::GrantUse use) const;
  std::optional<std::string> by_identity(const struct stat& object, profile::GrantUse use) const;
  struct Entry {
    struct stat status;
    std::string path;
  };
  const std::vector<Entry>& entries() const;

  // What is there of the list is looked up at most once a second: names are judged by the list
  // itself, this is for what lies behind other mounts.
  static constexpr std::chrono::seconds kFresh{1};
  const profile::NeverGrantList& list_;
  mutable std::vector<Entry> entries_;
  mutable std::optional<std::chrono::steady_clock::time_point> looked_up_;
};

}  // namespace nono::engine
