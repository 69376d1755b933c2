// tests/sandbox/temporary_tree.h: a directory of one's own that is gone afterwards.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/owned_fd.h"

namespace nono::sandbox::testing {

class TemporaryTree {
 public:
  TemporaryTree() {
    char name[] = "/tmp/nono-sandbox-XXXXXX";
    EXPECT_NE(::mkdtemp(name), nullptr);
    root_ = name;
  }
  ~TemporaryTree() {
    const OwnedFd top(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    while (top.valid() && removed_some(top)) {
    }
    EXPECT_EQ(::rmdir(root_.c_str()), 0) << root_;
  }
  TemporaryTree(const TemporaryTree&) = delete;
  TemporaryTree& operator=(const TemporaryTree&) = delete;

  std::string path(std::string_view name) const {
    return name.empty() ? root_ : root_ + "/" + std::string(name);
  }
  void directory(std::string_view name) const {
    EXPECT_EQ(::mkdir(path(name).c_str(), 0700), 0) << name;
  }
  void file(std::string_view name, std::string_view text, mode_t mode = 0600) const {
    const OwnedFd file(::open(path(name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    EXPECT_TRUE(file.valid()) << name;
    EXPECT_EQ(::write(BorrowedFd(file).raw(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }

 private:
  static std::vector<std::string> names_in(const OwnedFd& directory) {
    std::vector<std::string> names;
    const int copy = ::openat(BorrowedFd(directory).raw(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* const listing = copy >= 0 ? ::fdopendir(copy) : nullptr;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of this function's own
    while (const dirent* each = listing != nullptr ? ::readdir(listing) : nullptr) {
      const std::string_view name = each->d_name;
      if (name != "." && name != "..") {
        names.emplace_back(name);
      }
    }
    if (listing != nullptr) {
      ::closedir(listing);
    }
    return names;
  }
  // removed_some takes away what is no directory or empty, and brings what lies deeper up to the
  // top: a tree may be deeper than a path is long. False where nothing was left, or could be done.
  bool removed_some(const OwnedFd& top) {
    const int raw = BorrowedFd(top).raw();
    bool some = false;
    for (const std::string& name : names_in(top)) {
      if (::unlinkat(raw, name.c_str(), 0) == 0 ||
          ::unlinkat(raw, name.c_str(), AT_REMOVEDIR) == 0) {
        some = true;
        continue;
      }
      const OwnedFd here(
          ::openat(raw, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      for (const std::string& inner : here.valid() ? names_in(here) : std::vector<std::string>()) {
        const std::string free = "up" + std::to_string(++brought_up_);
        some |= ::renameat(BorrowedFd(here).raw(), inner.c_str(), raw, free.c_str()) == 0;
      }
    }
    return some;
  }

  std::string root_;
  int brought_up_ = 0;
};

}  // namespace nono::sandbox::testing
