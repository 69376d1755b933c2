// sandbox/capability_set.h: what an agent may touch. It starts empty and only grows until it is
// applied; nothing is ever granted by default.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "sandbox/endpoint.h"

namespace nono::sandbox {

// Access is a set of rights. Write includes creating, removing, renaming and truncating. Connect is
// of a socket in the file system only, and no other right has it in it.
class Access {
 public:
  static constexpr Access none() { return Access(0); }
  static constexpr Access read() { return Access(1); }
  static constexpr Access write() { return Access(2); }
  static constexpr Access execute() { return Access(4); }
  static constexpr Access connect() { return Access(8); }
  constexpr Access operator|(Access other) const { return Access(bits_ | other.bits_); }
  constexpr bool has(Access other) const { return (bits_ & other.bits_) == other.bits_; }
  constexpr bool operator==(const Access&) const = default;
  std::string text() const;  // "rwx", "r-x", "r--", …; "---c" where it has connect

 private:
  constexpr explicit Access(unsigned bits) : bits_(bits) {}
  unsigned bits_;
};

enum class PathKind : unsigned char { Directory, File };  // File: anything that is no directory

// PathGrant holds the object itself (an O_PATH descriptor) and not its name: a later rename or
// symlink swap cannot change what was granted.
struct PathGrant {
  OwnedFd anchor;
  PathKind kind;
  Access access;
  std::string shown_as;            // the resolved path at the time of the grant
  std::vector<std::string> asked;  // the paths by which it was given
  std::string origin;              // for people: "--allow-cwd", "built in: system libraries"
  dev_t device;
  ino_t inode;
};

struct NetworkBlocked {};
// Destination is a host and port that was named, with the addresses that it had at the start.
struct Destination {
  HostPort asked;
  std::vector<Endpoint> endpoints;
};
// NetworkPorts allows TCP to or on these ports of any address, to these destinations, and nothing
// else.
struct NetworkPorts {
  std::vector<std::uint16_t> connect;
  std::vector<std::uint16_t> listen;
  std::vector<Destination> destinations = {};
};
struct NetworkOpen {};
using Network = std::variant<NetworkBlocked, NetworkPorts, NetworkOpen>;
// allows_connect reports whether TCP to `to` is granted, by its port or by its address.
bool allows_connect(const Network& network, const Endpoint& to);

// NoNetworkFilter is the price of NetworkOpen: a type found by grep and in review.
class NoNetworkFilter {
 public:
  static NoNetworkFilter i_accept_exfiltration_risk() { return {}; }

 private:
  NoNetworkFilter() = default;
};

enum class WantedKind : unsigned char { Any, Directory, File, Socket };

class CapabilitySet {
 public:
  CapabilitySet() = default;
  // Spelled out: std::vector claims to be copyable even where its elements are not.
  CapabilitySet(const CapabilitySet&) = delete;
  CapabilitySet& operator=(const CapabilitySet&) = delete;
  CapabilitySet(CapabilitySet&&) noexcept = default;
  CapabilitySet& operator=(CapabilitySet&&) noexcept = default;
  ~CapabilitySet() = default;

  // allow_path opens `path` (symlinks followed once, now) and grants what was opened. A path that
  // does not exist is NotFound; one of another kind than wanted is InvalidInput. The same object
  // granted twice gets the union of the rights; the later origin is appended.
  Result<void> allow_path(const std::string& path, Access access, std::string origin,
                          WantedKind wanted = WantedKind::Any);
  void block_network() { network_ = NetworkBlocked{}; }
  void allow_ports(NetworkPorts ports) { network_ = std::move(ports); }
  void allow_all_network(NoNetworkFilter) { network_ = NetworkOpen{}; }

  std::span<const PathGrant> paths() const { return paths_; }
  const Network& network() const { return network_; }
  // access_at is the union of what the grants that cover `resolved_path` give: the answer of `why`.
  // The kernel's own answer is Landlock's.
  Access access_at(std::string_view resolved_path) const;
  // access_now is access_at without the grants whose names lead to another object by now: the
  // answer of the broker's metadata rule.
  Access access_now(std::string_view resolved_path) const;
  // grants_socket reports whether connecting to that socket is granted: the object that had its
  // name at the start, whatever it is called now.
  bool grants_socket(dev_t device, ino_t inode) const;

 private:
  std::vector<PathGrant> paths_;
  Network network_ = NetworkBlocked{};
};

}  // namespace nono::sandbox
