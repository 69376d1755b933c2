#include "sandbox/own_namespaces.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "base/files.h"
#include "base/owned_fd.h"

namespace nono::sandbox {
namespace {

bool write_proc(const char* path, std::string_view text) noexcept {
  const OwnedFd file(::open(path, O_WRONLY | O_CLOEXEC));
  return file.valid() && ::write(BorrowedFd(file).raw(), text.data(), text.size()) ==
                             static_cast<ssize_t>(text.size());
}

// map_to_itself writes "ID ID 1": one id, the same inside and outside.
bool map_to_itself(const char* path, unsigned id) noexcept {
  std::array<char, 12> digits{};
  const char* const end = std::to_chars(digits.begin(), digits.end(), id).ptr;
  const std::string_view number(digits.data(), static_cast<std::size_t>(end - digits.data()));
  std::array<char, 32> line{};
  std::size_t size = 0;
  for (const std::string_view part :
       {number, std::string_view(" "), number, std::string_view(" 1")}) {
    size += part.copy(line.data() + size, line.size() - size);
  }
  return write_proc(path, {line.data(), size});
}

}  // namespace

int unshare_as_oneself(int namespaces) noexcept {
  if (::unshare(namespaces) == 0) {
    return 0;
  }
  const unsigned user = ::geteuid();
  const unsigned group = ::getegid();
  if (::unshare(CLONE_NEWUSER | namespaces) != 0) {
    return errno;
  }
  // A group can be mapped without privileges only where setgroups(2) is given up
  // (user_namespaces(7)).
  const bool mapped = write_proc("/proc/self/setgroups", "deny") &&
                      map_to_itself("/proc/self/uid_map", user) &&
                      map_to_itself("/proc/self/gid_map", group);
  return mapped ? 0 : errno;
}

std::string namespace_switch(const std::string& settings) {
  struct Row {
    std::string_view name;
    std::string_view off;
  };
  static constexpr auto kRows = std::to_array<Row>({
      {"user.max_user_namespaces", "0"},
      {"kernel.unprivileged_userns_clone", "0"},
      {"kernel.apparmor_restrict_unprivileged_userns", "1"},
  });
  for (const Row& row : kRows) {
    std::string path(row.name);
    std::ranges::replace(path, '.', '/');
    constexpr std::size_t kMostDigits = 32;
    const auto text = read_file(join_path(settings, path), kMostDigits);
    if (text && *text == std::string(row.off) + "\n") {
      return std::string(row.name) + " is " + std::string(row.off);
    }
  }
  return {};
}

int errno_of_child(int (*attempt)() noexcept) {
  const pid_t child = ::fork();
  if (child < 0) {
    return errno;
  }
  if (child == 0) {
    ::_exit(attempt());
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

}  // namespace nono::sandbox
