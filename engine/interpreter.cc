#include "engine/interpreter.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/files.h"

namespace nono::engine {

std::optional<std::string> interpreter_of(const std::string& path) {
  // The kernel looks at as many bytes (BINPRM_BUF_SIZE).
  constexpr std::size_t kLooked = 256;
  const auto file = open_regular(BorrowedFd::unowned(AT_FDCWD), path);
  std::array<char, kLooked> buffer{};
  const ssize_t got = file ? ::pread(BorrowedFd(*file).raw(), buffer.data(), buffer.size(), 0) : -1;
  std::string_view line(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  if (!line.starts_with("#!")) {
    return std::nullopt;
  }
  line = line.substr(2, line.find('\n') - 2);
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    return std::nullopt;
  }
  line.remove_prefix(begin);
  return std::string(line.substr(0, line.find_first_of(" \t\r")));
}

}  // namespace nono::engine
