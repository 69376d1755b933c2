// tests/profile/temporary_directory.h: a directory of a test's own, removed at its end.
#pragma once

#include <string>
#include <string_view>

namespace nono::profile {

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }
  std::string at(std::string_view name) const;
  // These make missing parents too and return the absolute path.
  std::string make_directory(std::string_view name) const;
  std::string make_file(std::string_view name) const;

 private:
  std::string path_;
};

bool exists(const std::string& path);

}  // namespace nono::profile
