#include "sandbox/abstract_names.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <utility>

#include "base/files.h"

namespace nono::sandbox {
namespace {

constexpr std::size_t kNameOffset = offsetof(sockaddr_un, sun_path);
constexpr std::size_t kMost = 4096;
constexpr std::size_t kMaxWatchTable = std::size_t{4} << 20U;
constexpr std::string_view kNumber = "data:";

std::string_view name_in(std::string_view address) {
  return address.substr(std::min(kNameOffset, address.size()));
}

int type_of(BorrowedFd socket) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(socket.raw(), SOL_SOCKET, SO_TYPE, &value, &size) == 0 ? value : -1;
}

// abstract_name is empty where the socket has a path, or no name.
std::string abstract_name(BorrowedFd socket) {
  sockaddr_un name{};
  socklen_t size = sizeof name;
  void* raw = &name;
  if (::getsockname(socket.raw(), static_cast<sockaddr*>(raw), &size) != 0 || size <= kNameOffset ||
      size > sizeof name || name.sun_path[0] != '\0') {
    return {};
  }
  return {&name.sun_path[0], size - kNameOffset};
}

// listened_by is the process that called listen(2) for the socket that was met.
pid_t listened_by(BorrowedFd socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket.raw(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : -1;
}

}  // namespace

AbstractNames::AbstractNames() : listens_(::getpid()), watch_(::epoll_create1(EPOLL_CLOEXEC)) {}

void AbstractNames::take(BorrowedFd socket) {
  std::string text = abstract_name(socket);
  const int type = type_of(socket);
  epoll_event nothing{};
  nothing.data.u64 = last_ + 1;
  if (text.empty() ||
      ::epoll_ctl(BorrowedFd(watch_).raw(), EPOLL_CTL_ADD, socket.raw(), &nothing) != 0) {
    return;
  }
  std::erase_if(names_, [&](const Name& name) { return name.type == type && name.text == text; });
  if (names_.size() >= kMost) {
    names_.erase(names_.begin());
  }
  names_.push_back({std::move(text), type, ++last_});
}

// watched reads proc(5), fdinfo of an epoll: a line for each open file, with its number.
std::set<std::uint64_t> AbstractNames::watched() const {
  std::set<std::uint64_t> out;
  const auto table =
      read_file("/proc/self/fdinfo/" + std::to_string(BorrowedFd(watch_).raw()), kMaxWatchTable);
  std::string_view rest = table ? std::string_view(*table) : std::string_view();
  for (std::size_t at = rest.find(kNumber); at != std::string_view::npos; at = rest.find(kNumber)) {
    rest.remove_prefix(at + kNumber.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    std::uint64_t number = 0;
    std::from_chars(rest.data(), rest.data() + rest.size(), number, 16);
    out.insert(number);
  }
  return out;
}

int AbstractNames::refusal(BorrowedFd socket, std::string_view address) const {
  const int type = type_of(socket);
  const auto found = std::ranges::find_if(
      names_, [&](const Name& name) { return name.type == type && name.text == name_in(address); });
  if (found == names_.end()) {
    return EPERM;
  }
  return watched().contains(found->number) ? 0 : ECONNREFUSED;
}

long AbstractNames::connect(BorrowedFd socket, std::string_view address) const {
  if (const int refused = refusal(socket, address); refused != 0) {
    errno = refused;
    return -1;
  }
  const void* raw = address.data();
  if (::connect(socket.raw(), static_cast<const sockaddr*>(raw),
                static_cast<socklen_t>(address.size())) != 0) {
    return -1;
  }
  if (listened_by(socket) != listens_) {
    ::shutdown(socket.raw(), SHUT_RDWR);
    errno = EPERM;
    return -1;
  }
  return 0;
}

}  // namespace nono::sandbox
