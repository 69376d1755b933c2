// tests/profile/temporary_directory.cc
#include "temporary_directory.h"

#include <ftw.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <climits>
#include <cstdio>
#include <cstdlib>

#include "base/files.h"

namespace nono::profile {
namespace {

int remove_entry(const char* path, const struct stat*, int, struct FTW*) {
  return ::remove(path);
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() : path_("/tmp/nono-profile-XXXXXX") {
  std::array<char, PATH_MAX> real{};
  if (::mkdtemp(path_.data()) == nullptr || ::realpath(path_.c_str(), real.data()) == nullptr) {
    std::abort();
  }
  path_ = real.data();
}

TemporaryDirectory::~TemporaryDirectory() {
  ::nftw(path_.c_str(), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

std::string TemporaryDirectory::at(std::string_view name) const {
  return join_path(path_, name);
}

std::string TemporaryDirectory::make_directory(std::string_view name) const {
  const auto made = make_private_directories(at(name));
  EXPECT_TRUE(made) << made.error().message();
  return at(name);
}

std::string TemporaryDirectory::make_file(std::string_view name) const {
  EXPECT_TRUE(make_private_directories(std::string(directory_name(at(name)))));
  const auto made = create_file(at(name), "x", 0600);
  EXPECT_TRUE(made) << made.error().message();
  return at(name);
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

}  // namespace nono::profile
