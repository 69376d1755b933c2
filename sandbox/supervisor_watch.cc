#include "sandbox/supervisor_watch.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "base/owned_fd.h"

namespace nono::sandbox {

char state_of_process(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 512> buffer{};
  const ssize_t got =
      fd.valid() ? ::read(BorrowedFd(fd).raw(), buffer.data(), buffer.size()) : ssize_t{0};
  const std::string_view text(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  // The name of the program may hold anything: the state follows the last parenthesis.
  const std::size_t end = text.rfind(") ");
  return end == std::string_view::npos || end + 2 >= text.size() ? '?' : text[end + 2];
}

bool SupervisorWatch::stopped_too_long(Clock::time_point now, bool excused) {
  if (excused || state_() != 'T') {
    since_.reset();
    return lost_;
  }
  since_ = since_.value_or(now);
  lost_ = lost_ || now - *since_ >= kPatience;
  return lost_;
}

}  // namespace nono::sandbox
