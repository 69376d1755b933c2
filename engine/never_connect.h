// engine/never_connect.h: where no approval lets an agent connect to.
//
// Beside the never-grant list, which is about files: addresses that give out credentials to whoever
// asks from this machine, and sockets behind which a program acts in the user's name. They are data
// with a reason each. An option (--connect, --allow-unix-socket) can still name one; a question and
// a profile cannot.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/endpoint.h"

namespace nono::engine {

struct NeverAddress {
  std::string_view host;  // "": any
  std::uint16_t port;     // 0: any
  std::string_view reason;
};
std::span<const NeverAddress> never_addresses();

// NeverSocket: a pattern (trustpolicy/glob.h) for the socket's resolved path, without its slash.
struct NeverSocket {
  std::string_view pattern;
  std::string_view reason;
};
std::span<const NeverSocket> never_sockets();

// why_never says what keeps an address from being asked about.
std::optional<std::string> why_never(const sandbox::Endpoint& to);
// socket_hazard is the reason of the first row that fits the socket at `path` (resolved); nothing
// where none does.
std::optional<std::string_view> socket_hazard(std::string_view path);
// why_never_socket is why_never of the socket at `path`, which is that object.
std::optional<std::string> why_never_socket(std::string_view path);

// sockets_in gives the paths that the values of an environment name: agents of keys, displays,
// terminals, container engines, whatever their variables are called. Nothing is looked up.
std::vector<std::string> sockets_in(std::span<const char* const> environment);
// is_one_of reports whether the file at `path` is one of `sockets`, by device and inode.
bool is_one_of(const std::string& path, const std::vector<std::string>& sockets);

}  // namespace nono::engine
