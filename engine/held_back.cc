#include "engine/held_back.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/mountinfo.h"
#include "base/text.h"
#include "engine/tree_walk.h"

namespace nono::engine {
namespace {

using profile::GrantUse;

constexpr const char* kMoved = "it is not where it was when it was opened";

bool same(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// shows_a_part: the object's mount shows a part of its file system: the same files can have another
// place. Unknown is taken for yes.
bool shows_a_part(BorrowedFd object) {
  struct statx status{};
  if (::statx(object.raw(), "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0 ||
      (status.stx_mask & STATX_MNT_ID) == 0) {
    return true;
  }
  const auto table = read_mountinfo();
  const auto lines = table ? mount_lines(*table) : std::vector<MountLine>();
  const auto mount = std::ranges::find(lines, std::to_string(status.stx_mnt_id), &MountLine::id);
  return mount == lines.end() || mount->root != "/";
}

// Search looks for one object beneath a directory.
class Search final : public WalkVisitor {
 public:
  Search(const struct stat& wanted, std::size_t& left) : wanted_(wanted), left_(left) {}
  bool entry(const std::string& directory, std::size_t, std::string_view name,
             EntryKind kind) override {
    if (left_ == 0) {
      return false;
    }
    --left_;
    struct stat status{};
    const std::string path = join_path(directory, name);
    if (kind != EntryKind::Link && ::lstat(path.c_str(), &status) == 0 && same(status, wanted_)) {
      found_ = path;
    }
    return found_.empty();
  }
  void listed(const std::string&, BorrowedFd) override {}
  void unreadable(const std::string&) override {}
  const std::string& found() const { return found_; }

 private:
  const struct stat& wanted_;
  std::size_t& left_;
  std::string found_;
};

}  // namespace

std::optional<std::string> HeldBack::why(BorrowedFd object, const std::string& path,
                                         GrantUse use) const {
  struct stat status{};
  if (!path.starts_with('/') || ::fstat(object.raw(), &status) != 0) {
    return kMoved;
  }
  struct stat there{};
  const std::string at = S_ISDIR(status.st_mode) ? std::string(directory_name(path)) : path;
  if (::lstat(at.c_str(), &there) != 0 || !same(status, there)) {
    return kMoved;
  }
  auto found = by_name(path, use);
  found = found ? std::move(found) : by_place(path, use);
  const bool elsewhere = (!S_ISDIR(status.st_mode) && status.st_nlink > 1) || shows_a_part(object);
  return found || !elsewhere ? found : by_identity(status, use);
}

std::optional<std::string> HeldBack::by_name(const std::string& path, GrantUse use) const {
  const auto found = list_.find(path, use);
  return found ? std::optional("never granted: " + printable(found->entry) + " (" +
                               std::string(found->why) + ")")
               : std::nullopt;
}

const std::vector<HeldBack::Entry>& HeldBack::entries() const {
  const auto now = std::chrono::steady_clock::now();
  if (looked_up_ && now - *looked_up_ < kFresh) {
    return entries_;
  }
  looked_up_ = now;
  entries_.clear();
  for (std::string& path : list_.hidden_beneath("/")) {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) {
      entries_.push_back({status, std::move(path)});
    }
  }
  return entries_;
}

// by_place: where a directory above the object is one of the list's under another name, the object
// is judged as if it had been reached through that.
std::optional<std::string> HeldBack::by_place(const std::string& path, GrantUse use) const {
  for (std::size_t end = path.size(); end != std::string::npos && end > 0;
       end = path.rfind('/', end - 1)) {
    struct stat above{};
    if (::lstat(path.substr(0, end).c_str(), &above) != 0) {
      continue;  // a file that is to be made
    }
    for (const auto& [status, entry] : entries()) {
      if (same(above, status)) {
        if (auto found = by_name(entry + path.substr(end), use)) {
          return found;
        }
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> HeldBack::by_identity(const struct stat& object, GrantUse use) const {
  std::size_t left = kMaxLooked;
  for (const auto& [status, entry] : entries()) {
    if (status.st_dev != object.st_dev || !S_ISDIR(status.st_mode)) {
      continue;  // files were compared by place; another device holds other objects
    }
    Search search(object, left);
    static_cast<void>(TreeWalk(search).walk(entry));
    if (left == 0) {
      return "it has other names, and there are too many that are never granted to compare";
    }
    if (!search.found().empty()) {
      if (auto found = by_name(search.found(), use)) {
        return found;
      }
    }
  }
  return std::nullopt;
}

}  // namespace nono::engine
