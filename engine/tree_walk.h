// engine/tree_walk.h: visits every entry of a hostile directory tree.
//
// Iterative, by descriptors, with a bounded number of them open: a tree may be deeper than the
// process may open files. A directory whose descriptor had to be given up is found again through
// its child's `..` and recognised by device and inode.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono::engine {

enum class EntryKind : unsigned char { Directory, Link, Other };
enum class Depth : unsigned char { Whole, OneDirectory };

class WalkVisitor {
 public:
  virtual ~WalkVisitor() = default;
  // entry is one name in `directory`; `depth` is 0 in the root. False stops the walk.
  virtual bool entry(const std::string& directory, std::size_t depth, std::string_view name,
                     EntryKind kind) = 0;
  // listed follows the last entry of a directory, which is open as `fd`.
  virtual void listed(const std::string& directory, BorrowedFd fd) = 0;
  // unreadable names a directory whose entries were not all seen.
  virtual void unreadable(const std::string& directory) = 0;
};

class TreeWalk {
 public:
  static constexpr std::size_t kMaxOpen = 64;

  explicit TreeWalk(WalkVisitor& visitor, Depth depth = Depth::Whole)
      : visitor_(visitor), depth_(depth) {}
  // walk visits everything beneath `root` (absolute). Only a root that cannot be opened or listed
  // is an Error.
  Result<void> walk(const std::string& root);

 private:
  struct Frame {
    OwnedFd fd;
    dev_t device;
    ino_t inode;
    std::size_t path_size;             // of the path up to and with this directory
    std::vector<std::string> pending;  // directories still to be entered, last first
  };
  Result<void> push(OwnedFd fd);
  Result<void> list(Frame& frame);
  void entry(Frame& frame, const char* name, unsigned char type);
  void enter(const std::string& name);
  void leave();
  void give_up_frame();

  WalkVisitor& visitor_;
  Depth depth_;
  std::vector<Frame> frames_;
  std::string path_;
  std::unique_ptr<char[]> buffer_;
  bool stopped_ = false;
};

}  // namespace nono::engine
