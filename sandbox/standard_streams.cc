#include "sandbox/standard_streams.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <variant>

namespace nono::sandbox {
namespace {

struct Stream {
  int fd;
  const char* name;
};

constexpr std::array<Stream, 3> kStreams{Stream{STDIN_FILENO, "standard input"},
                                         Stream{STDOUT_FILENO, "standard output"},
                                         Stream{STDERR_FILENO, "standard error"}};

bool is_socket(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

// option_of: nothing where the kernel, or a sandbox around this one, does not tell.
std::optional<int> option_of(int fd, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? std::optional(value)
                                                                : std::nullopt;
}

// is_judged: what cannot be told is not.
bool is_judged(int fd, const Network& network) {
  const auto domain = option_of(fd, SO_DOMAIN);
  const auto type = option_of(fd, SO_TYPE);
  if (domain == AF_UNIX) {
    return type == SOCK_STREAM || type == SOCK_SEQPACKET;
  }
  const auto protocol = option_of(fd, SO_PROTOCOL);
  const bool tcp = type == SOCK_STREAM && protocol == IPPROTO_TCP;
  const bool udp = type == SOCK_DGRAM && protocol == IPPROTO_UDP;
  return (domain == AF_INET || domain == AF_INET6) &&
         (tcp || (udp && std::holds_alternative<NetworkOpen>(network)));
}

}  // namespace

Result<void> check_standard_streams(const Network& network) {
  for (const Stream& stream : kStreams) {
    if (is_socket(stream.fd) && !is_judged(stream.fd, network)) {
      return std::unexpected(Error(ErrorKind::Unsupported,
                                   std::string(stream.name) +
                                       " is a socket by which the agent could reach what is not "
                                       "granted; the agent was not started")
                                 .mend_with("put a pipe in between: cat | nono … | cat"));
    }
  }
  return {};
}

}  // namespace nono::sandbox
