#include "sandbox/broker_terminals.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace nono::sandbox {
namespace {

constexpr unsigned kFirstPts = 136;
constexpr unsigned kLastPts = 143;
constexpr int kMaxLooked = 4096;  // descriptors of all processes together
constexpr int kMaxAncestors = 16;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// is_master_of: another terminal's other end is not even opened, since its close would be seen.
bool is_master_of(BorrowedFd master, const struct stat& status) {
  unsigned number = 0;
  if (::ioctl(master.raw(), TIOCGPTN, &number) != 0 ||
      number != ((major(status.st_rdev) - kFirstPts) * 256) + minor(status.st_rdev)) {
    return false;
  }
  const OwnedFd peer(
      ::ioctl(master.raw(), TIOCGPTPEER, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  struct stat held{};
  return peer.valid() && ::fstat(BorrowedFd(peer).raw(), &held) == 0 &&
         held.st_dev == status.st_dev && held.st_ino == status.st_ino &&
         held.st_rdev == status.st_rdev;
}

// master_at: `link` is an entry of a process's descriptors.
bool master_at(const AgentThread& thread, const std::string& directory, const char* link,
               const struct stat& status) {
  std::array<char, 64> text{};
  const ssize_t size = ::readlink((directory + link).c_str(), text.data(), text.size());
  int number = -1;
  std::from_chars(link, link + std::strlen(link), number);
  if (size <= 0 || number < 0 ||
      !std::string_view(text.data(), static_cast<std::size_t>(size)).ends_with("/ptmx")) {
    return false;
  }
  const auto taken = thread.take_descriptor(number);
  return taken && is_master_of(*taken, status);
}

bool is_among_descriptors(const AgentThread& thread, const struct stat& status, int& looked) {
  const std::string directory = "/proc/" + std::to_string(thread.tid()) + "/fd/";
  const std::unique_ptr<DIR, CloseDirectory> listing(::opendir(directory.c_str()));
  for (; listing && looked < kMaxLooked; ++looked) {
    const dirent* const each = ::readdir(listing.get());  // NOLINT(concurrency-mt-unsafe): our own
    if (each == nullptr || master_at(thread, directory, &each->d_name[0], status)) {
      return each != nullptr;
    }
  }
  return false;
}

}  // namespace

Outcome terminal_peer(const Call& call) {
  const auto master = call.thread.take_descriptor(static_cast<int>(call.args[0]));
  if (!master) {
    return Outcome::error(master.error());
  }
  // Never the broker's controlling terminal: it leads a session of its own.
  const int flags = static_cast<int>(call.args[2]) & (O_ACCMODE | O_NONBLOCK | O_CLOEXEC);
  OwnedFd peer(::ioctl(BorrowedFd(*master).raw(), TIOCGPTPEER, flags | O_NOCTTY | O_CLOEXEC));
  return peer.valid() ? Outcome::descriptor(std::move(peer), flags) : Outcome::error(errno);
}

bool holds_master(const AgentThread& thread, const struct stat& status) {
  int looked = 0;
  AgentThread each = thread;
  for (int depth = 0; depth < kMaxAncestors; ++depth) {
    if (is_among_descriptors(each, status, looked)) {
      return true;
    }
    const auto parent = each.parent();
    if (!parent || *parent <= 1 || *parent == ::getpid()) {
      return false;
    }
    each = AgentThread(*parent, thread.cookie(), thread.listener());
  }
  return false;
}

bool is_controlling_terminal(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == makedev(5, 0);
}

bool is_pseudo_terminal(const struct stat& status) {
  return S_ISCHR(status.st_mode) && major(status.st_rdev) >= kFirstPts &&
         major(status.st_rdev) <= kLastPts;
}

std::string path_of_terminal(dev_t number) {
  const auto device = static_cast<unsigned>(number);
  const unsigned major_number = (device >> 8) & 0xfff;
  const unsigned minor_number = (device & 0xff) | ((device >> 12) & 0xfff00);
  if (major_number < kFirstPts || major_number > kLastPts) {
    return {};
  }
  return "/dev/pts/" + std::to_string((major_number - kFirstPts) * 256 + minor_number);
}

bool same_terminal(dev_t number, const struct stat& status) {
  return major(status.st_rdev) == ((number >> 8) & 0xfff) &&
         minor(status.st_rdev) == ((number & 0xff) | ((number >> 12) & 0xfff00));
}

}  // namespace nono::sandbox
