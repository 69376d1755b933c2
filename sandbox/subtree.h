// sandbox/subtree.h: everything beneath a directory, and how directories list a name, without
// following a link.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/owned_fd.h"

namespace nono::sandbox {

struct SubtreeEntry {
  std::string relative;  // "/a/b": beneath the directory
  struct stat status;
};

// list_subtree appends what lies beneath `top`; false where there is too much, where it is
// unreadable or where it changes meanwhile. However wide or deep the tree is, it holds few
// descriptors.
bool list_subtree(BorrowedFd top, std::vector<SubtreeEntry>& out);

// holds_entries: `name` in `directory` is a directory that is not empty; false where it cannot be
// told.
bool holds_entries(BorrowedFd directory, const std::string& name);

// holds_hidden reports whether a name in `directory` that begins with a dot is the object's; also
// where that cannot be told.
bool holds_hidden(BorrowedFd directory, const struct stat& object);

// listed_path is the absolute `path` as its directories list it: they may take more spellings than
// one (sandbox/folded_path.h). What is not listed, or may not be, stays as it is.
std::string listed_path(std::string_view path);

}  // namespace nono::sandbox
