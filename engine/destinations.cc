#include "engine/destinations.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <set>

#include "base/files.h"
#include "base/sealed_file.h"
#include "base/text.h"
#include "engine/child_output.h"
#include "engine/never_connect.h"
#include "sandbox/wire.h"

namespace nono::engine {

using sandbox::AddressClass;
using sandbox::Destination;
using sandbox::Endpoint;
using sandbox::HostPort;

namespace {

constexpr std::size_t kMostBytes = 1u << 20;  // of answers

// Found is what the resolver's child says of one name.
struct Found {
  int failure = 0;  // EAI_*
  std::vector<Endpoint> endpoints;
};

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

bool is_localhost(std::string_view name) {
  return name == "localhost" || name.ends_with(".localhost");  // RFC 6761, section 6.3
}

void look_up(const std::string& name, sandbox::WireWriter& out) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  const int failure = ::getaddrinfo(name.c_str(), nullptr, &hints, &raw);
  const std::unique_ptr<addrinfo, FreeAddresses> list(failure == 0 ? raw : nullptr);
  std::string addresses;
  std::size_t count = 0;
  for (const addrinfo* one = list.get(); one != nullptr && count < kMaxAddressesPerHost;
       one = one->ai_next) {
    const void* bytes = one->ai_addr;
    const auto endpoint =
        sandbox::endpoint_from({static_cast<const char*>(bytes), one->ai_addrlen});
    if (endpoint) {
      const void* address = endpoint->address.data();
      addresses.append(static_cast<const char*>(address), endpoint->address.size());
      ++count;
    }
  }
  out.number(static_cast<std::uint64_t>(static_cast<std::int64_t>(failure))).text(addresses);
}

// The child has nothing but the names to read and the pipe to write.
[[noreturn]] void resolver_main(std::span<const std::string> names, const OwnedFd& out) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sandbox::WireWriter answers;
  for (const std::string& name : names) {
    look_up(name, answers);
  }
  static_cast<void>(write_all(out, answers.bytes()));
  ::_exit(0);
}

std::vector<Found> parse_answers(std::string_view text, std::size_t count) {
  constexpr std::size_t kAddress = sizeof(Endpoint::address);
  std::vector<Found> out(count);
  sandbox::WireReader reader(text);
  for (Found& found : out) {
    found.failure = static_cast<int>(static_cast<std::int64_t>(reader.number()));
    const std::string addresses = reader.text();
    if (!reader.good()) {
      found.failure = EAI_FAIL;
      continue;
    }
    for (std::size_t at = 0; at + kAddress <= addresses.size(); at += kAddress) {
      Endpoint endpoint;
      std::memcpy(endpoint.address.data(), addresses.data() + at, kAddress);
      found.endpoints.push_back(endpoint);
    }
  }
  return out;
}

Result<std::vector<Found>> ask_resolver(std::span<const std::string> names) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail_errno(errno, "starting the resolver");
  }
  const OwnedFd from(ends[0]);
  OwnedFd to(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    return fail_fork(errno, "starting the resolver");
  }
  if (child == 0) {
    resolver_main(names, to);
  }
  to.reset();
  const auto text = read_until_end(from, {.deadline = kResolvePatience, .max_bytes = kMostBytes});
  ::kill(child, SIGKILL);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!text) {
    return std::unexpected(
        Error(ErrorKind::Network, "the hosts of --connect were not resolved within " +
                                      std::to_string(kResolvePatience.count()) + " s")
            .mend_with("check the network, or give the addresses"));
  }
  return parse_answers(*text, names.size());
}

using Addresses = std::set<decltype(Endpoint::address)>;

struct FreeInterfaces {
  void operator()(ifaddrs* list) const { ::freeifaddrs(list); }
};

// own_addresses are those of this machine's interfaces.
Result<Addresses> own_addresses() {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) {
    return fail_errno(errno, "listing the addresses of this machine, to which no name may lead");
  }
  const std::unique_ptr<ifaddrs, FreeInterfaces> list(raw);
  Addresses out;
  for (const ifaddrs* one = list.get(); one != nullptr; one = one->ifa_next) {
    const int family = one->ifa_addr == nullptr ? AF_UNSPEC : one->ifa_addr->sa_family;
    if (family == AF_INET || family == AF_INET6) {
      const void* bytes = one->ifa_addr;
      const auto endpoint =
          sandbox::endpoint_from({static_cast<const char*>(bytes),
                                  family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)});
      if (endpoint) {
        out.insert(endpoint->address);
      }
    }
  }
  return out;
}

bool is_here(const Endpoint& endpoint, const Addresses& own) {
  return sandbox::class_of(endpoint) == AddressClass::ThisMachine ||
         own.contains(sandbox::without_nat64(endpoint).address);
}

bool may_lead_to(const HostPort& asked, const Endpoint& endpoint, const Addresses& own) {
  const AddressClass where = sandbox::class_of(endpoint);
  if (is_localhost(asked.host)) {
    return where == AddressClass::ThisMachine;
  }
  // Ports of engines are the user's word: only addresses count here.
  return where == AddressClass::Host && !is_here(endpoint, own) &&
         !sandbox::is_local_nat64(endpoint) && !why_never({.address = endpoint.address, .port = 0});
}

Error leads_nowhere(const HostPort& asked, const Endpoint& example, const Addresses& own) {
  const std::string address = Endpoint{example.address, asked.port}.text();
  return Error(ErrorKind::Usage,
               "--connect " + asked.text() + ": the name leads only to " + example.host() +
                   (is_here(example, own) ? ", which is this machine"
                                          : ", which is nothing that a name may grant"))
      .mend_with(sandbox::parse_host_port(address)
                     ? "--connect " + address + " grants it by its address"
                     : "give a name that leads to a host: this address cannot be granted");
}

Result<Destination> destination_from(const HostPort& asked, const Found& found,
                                     const Addresses& own, std::vector<std::string>& notes) {
  if (found.failure != 0 || found.endpoints.empty()) {
    const int code = found.failure == 0 ? EAI_NONAME : found.failure;
    return std::unexpected(
        Error(ErrorKind::Network, "--connect " + asked.text() +
                                      ": the name cannot be resolved: " + ::gai_strerror(code))
            .mend_with("check the name and the network, or give the address"));
  }
  Destination out{.asked = asked, .endpoints = {}};
  for (Endpoint endpoint : found.endpoints) {
    endpoint.port = asked.port;
    if (!may_lead_to(asked, endpoint, own)) {
      notes.push_back(
          "--connect " + asked.text() + ": its address " + endpoint.host() +
          " was left out: this machine, link-local addresses and metadata services are granted by "
          "address");
    } else if (std::ranges::find(out.endpoints, endpoint) == out.endpoints.end()) {
      out.endpoints.push_back(endpoint);
    }
  }
  if (out.endpoints.empty()) {
    return std::unexpected(leads_nowhere(asked, found.endpoints.front(), own));
  }
  return out;
}

std::vector<std::string> names_of(std::span<const HostPort> asked) {
  std::set<std::string> names;
  for (const HostPort& one : asked) {
    if (!one.literal) {
      names.insert(one.host);
    }
  }
  return {names.begin(), names.end()};
}

// lines_for: the names that were resolved; what reads /etc/hosts takes the first line that fits.
std::string lines_for(std::span<const Destination> destinations) {
  std::set<std::string> lines;
  for (const Destination& destination : destinations) {
    const bool known = destination.asked.literal || is_localhost(destination.asked.host);
    for (const Endpoint& endpoint : destination.endpoints) {
      if (!known) {
        lines.insert(endpoint.host() + "\t" + destination.asked.host + "\n");
      }
    }
  }
  std::string out;
  for (const std::string& line : lines) {
    out += line;
  }
  return out;
}

}  // namespace

Result<std::vector<Destination>> resolve_destinations(std::span<const HostPort> asked,
                                                      std::vector<std::string>& notes) {
  if (asked.size() > kMaxDestinations) {
    return fail(ErrorKind::Usage,
                "more than " + std::to_string(kMaxDestinations) + " hosts are to be connected to");
  }
  const std::vector<std::string> names = names_of(asked);
  std::vector<Found> found;
  Addresses own;
  if (!names.empty()) {
    NONO_TRY(found, ask_resolver(names));
    NONO_TRY(own, own_addresses());
  }
  std::vector<Destination> out;
  for (const HostPort& one : asked) {
    if (one.literal) {
      out.push_back({one, {*one.literal}});
      continue;
    }
    const auto at = std::ranges::lower_bound(names, one.host) - names.begin();
    NONO_TRY(Destination destination,
             destination_from(one, found[static_cast<std::size_t>(at)], own, notes));
    out.push_back(std::move(destination));
  }
  return out;
}

Result<OwnedFd> hosts_file(std::span<const Destination> destinations) {
  std::string text = lines_for(destinations);
  if (auto own = read_file(kHostsPath, kMaxHostsBytes)) {
    text += *own;
  } else if (own.error().kind() != ErrorKind::NotFound) {
    return std::unexpected(std::move(own).error());
  }
  const OwnedFd memory(::memfd_create("hosts", MFD_CLOEXEC));
  if (!memory.valid()) {
    return fail_errno(errno, "making the agent's table of hosts");
  }
  NONO_CHECK(write_all(memory, text));
  NONO_TRY(const SealedFile sealed, SealedFile::capture(memory, kHostsPath, 2 * kMaxHostsBytes));
  return sealed.reopen_read_only();
}

Result<std::string> hosts_path() {
  const OwnedFd object(::open(kHostsPath, O_PATH | O_CLOEXEC));
  return object.valid() ? path_of(object) : Result<std::string>(kHostsPath);
}

}  // namespace nono::engine
