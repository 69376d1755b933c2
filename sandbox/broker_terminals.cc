#include "sandbox/broker_terminals.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include <cerrno>

namespace nono::sandbox {
namespace {

constexpr unsigned kFirstPts = 136;
constexpr unsigned kLastPts = 143;

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
