#include "engine/why_network.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "base/owned_fd.h"
#include "engine/destinations.h"

namespace nono::engine {
namespace {

Answer deny(std::string rule, std::string because) {
  Answer out;
  out.rule = std::move(rule);
  out.because = std::move(because);
  return out;
}

Answer allow(std::string rule, std::string entry, std::string because) {
  Answer out = deny(std::move(rule), std::move(because));
  out.allowed = true;
  out.entry = std::move(entry);
  return out;
}

// privileged_below is the first port that needs no privilege; agents have none.
int privileged_below() {
  constexpr int kUsual = 1024;
  const OwnedFd file(::open("/proc/sys/net/ipv4/ip_unprivileged_port_start", O_RDONLY | O_CLOEXEC));
  std::array<char, 16> text{};
  const ssize_t got = file.valid() ? ::read(BorrowedFd(file).raw(), text.data(), text.size()) : -1;
  int first = kUsual;
  std::from_chars(text.data(), text.data() + std::max<ssize_t>(got, 0), first);
  return first;
}

Result<Answer> answer_limited(const sandbox::NetworkPorts& ports, const sandbox::HostPort& host) {
  if (std::ranges::find(ports.connect, host.port) != ports.connect.end()) {
    return allow("port", "--connect-port " + std::to_string(host.port),
                 "the port is granted, of any address");
  }
  if (std::ranges::find(ports.destinations, host, &sandbox::Destination::asked) !=
      ports.destinations.end()) {
    return allow("address", "--connect " + host.text(), "the host is granted");
  }
  std::vector<std::string> notes;
  NONO_TRY(const std::vector<sandbox::Destination> now,
           resolve_destinations(std::span(&host, 1), notes));
  for (const sandbox::Destination& destination : ports.destinations) {
    const auto& addresses = now.front().endpoints;
    const auto shared = std::ranges::find_first_of(addresses, destination.endpoints);
    if (shared != addresses.end()) {
      return allow("address", "--connect " + destination.asked.text(),
                   shared->text() + " is granted");
    }
  }
  Answer out = deny("address-not-granted", "TCP is limited, and this host is not granted");
  out.mend = "--connect " + host.text();
  return out;
}

}  // namespace

Answer answer_port(const RunPlan& plan, const Question& question) {
  const bool connects = question.operation == Operation::Connect;
  const std::string option =
      (connects ? "--connect-port " : "--listen-port ") + std::to_string(question.port);
  Answer out;
  if (std::holds_alternative<sandbox::NetworkBlocked>(plan.capabilities.network())) {
    out = deny("network-blocked", "the network is blocked");
    out.mend = "leave out --block-net, or use " + option + " instead";
  } else if (const auto* ports = std::get_if<sandbox::NetworkPorts>(&plan.capabilities.network())) {
    const auto& granted = connects ? ports->connect : ports->listen;
    out = deny("port-not-granted", "TCP is allowed by port, and not this one");
    out.mend = option;
    if (std::ranges::find(granted, question.port) != granted.end()) {
      out = allow("port", option, "the port is granted, of any address");
    }
  } else {
    out = allow("network-open", "", "the network is not restricted");
  }
  if (out.allowed && !connects && question.port < privileged_below()) {
    out = deny("privileged-port", "the kernel keeps this port for privileged processes");
  }
  out.object = "TCP port " + std::to_string(question.port);
  return out;
}

Result<Answer> answer_host(const RunPlan& plan, const sandbox::HostPort& host) {
  const sandbox::Network& network = plan.capabilities.network();
  Answer out = allow("network-open", "", "the network is not restricted");
  if (std::holds_alternative<sandbox::NetworkBlocked>(network)) {
    out = deny("network-blocked", "the network is blocked");
    out.mend = "leave out --block-net, or use --connect " + host.text() + " instead";
  } else if (const auto* ports = std::get_if<sandbox::NetworkPorts>(&network)) {
    NONO_TRY(out, answer_limited(*ports, host));
  }
  out.object = host.text();
  return out;
}

}  // namespace nono::engine
