// sandbox/subtree.h: everything beneath a directory, listed without following a link.
#pragma once

#include <sys/stat.h>

#include <string>
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

}  // namespace nono::sandbox
