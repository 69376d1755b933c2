// engine/destinations.h: the hosts that `--connect` names, with their addresses; resolved outside
// of the sandbox, once, before the start.
//
// What a name resolves to is the word of a name server, and not the user's: a name gives no access
// to this machine, by any address of its interfaces, or to link-local addresses (RFC 3927) and
// others of metadata services of clouds. Only an address, or `localhost`, names these.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "sandbox/capability_set.h"

namespace nono::engine {

inline constexpr std::size_t kMaxDestinations = 64;
inline constexpr std::size_t kMaxAddressesPerHost = 64;
inline constexpr std::chrono::seconds kResolvePatience{15};

// resolve_destinations looks the names up in a child process, within kResolvePatience. A name that
// is not known, or leads only to where a name must not lead, is an error: nothing is started. What
// was left out of a host's addresses is told in `notes`.
Result<std::vector<sandbox::Destination>> resolve_destinations(
    std::span<const sandbox::HostPort> asked, std::vector<std::string>& notes);

// hosts_file is what the agent reads as /etc/hosts: the lines for what was resolved, and then this
// machine's own. Sealed; it can no longer change.
inline constexpr const char* kHostsPath = "/etc/hosts";
inline constexpr std::size_t kMaxHostsBytes = 16u << 20;
Result<OwnedFd> hosts_file(std::span<const sandbox::Destination> destinations);
// hosts_path is where the kernel finds /etc/hosts: the path itself, or what a link there leads to.
Result<std::string> hosts_path();

}  // namespace nono::engine
