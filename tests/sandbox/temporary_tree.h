// tests/sandbox/temporary_tree.h: a directory of one's own that is gone afterwards.
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

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
    ::nftw(
        root_.c_str(),
        [](const char* path, const struct stat*, int, FTW*) { return ::remove(path); }, 16,
        FTW_DEPTH | FTW_PHYS);
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
  std::string root_;
};

}  // namespace nono::sandbox::testing
