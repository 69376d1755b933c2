#include "engine/never_connect.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "trustpolicy/glob.h"

namespace nono::engine {
namespace {

constexpr std::string_view kEngine = "a container engine: it is as good as root";
constexpr std::string_view kMachines = "it makes machines of its own";
constexpr std::string_view kKeys = "an agent that uses your keys";
constexpr std::string_view kTerminals = "your other terminals: it types in them";
constexpr std::string_view kManager = "a manager of services: it starts programs outside";
constexpr std::string_view kDesktop = "your display: it sees and types";
constexpr std::string_view kSound = "your sound: it hears";
constexpr std::string_view kEditor = "your editor: it runs commands";
constexpr std::string_view kNames =
    "it asks name servers outside: a name that is asked is sent out";
constexpr std::string_view kMetadata = "a metadata service: it gives out credentials";

constexpr auto kAddresses = std::to_array<NeverAddress>({
    // Link-local addresses, 169.254.169.254 among them, are refused as a class.
    {"100.100.100.200", 0, kMetadata},  // Alibaba Cloud
    {"192.0.0.192", 0, kMetadata},      // Oracle Cloud
    {"168.63.129.16", 0, kMetadata},    // Azure's wire server
    {"fd00:ec2::254", 0, kMetadata},    // AWS, instances
    {"fd00:ec2::23", 0, kMetadata},     // AWS, pods
    {"fd20:ce::254", 0, kMetadata},     // Google Cloud
    {"", 2375, kEngine},
    {"", 2376, kEngine},
});

constexpr auto kSockets = std::to_array<NeverSocket>({
    {"*docker*.sock", kEngine},
    {"*podman*.sock", kEngine},
    {"containerd.sock*", kEngine},
    {"buildkitd.sock", kEngine},
    {"crio.sock", kEngine},
    {"**/.docker/**", kEngine},
    {"**/.colima/**", kEngine},
    {"**/.lima/**", kEngine},
    {"**/.rd/**", kEngine},
    {"var/lib/lxd/**", kEngine},
    {"var/lib/incus/**", kEngine},
    {"var/snap/lxd/**", kEngine},
    {"run/incus/**", kEngine},
    {"run/libvirt/**", kMachines},
    {"*multipass_socket", kMachines},
    {"tmp/.vbox-*/**", kMachines},
    {"run/snapd*", "it installs programs"},
    {"run/systemd/**", "the system's manager: it starts programs outside"},
    {"run/dbus/**", "the system bus: it starts programs outside"},
    {"run/user/**", "sockets of sessions"},
    {"tmp/runtime-*/**", "sockets of sessions"},
    {"**/at-spi/**", kDesktop},
    {"**/systemd/private", kManager},
    {"bus", "a session bus: it starts programs outside"},
    {"supervisor*.sock", kManager},
    {"**/.pm2/**", kManager},
    {"**/watchman/**", "it runs commands when files change"},
    {"run/pcscd/**", kKeys},
    {"run/nscd/**", kNames},
    {"run/nslcd/**", kNames},
    {"run/avahi-daemon/**", kNames},
    {"var/lib/sss/pipes/**", kNames},
    {"run/tor/**", "it connects to any host"},
    {"dbus-*", "a session bus: it starts programs outside"},
    {"tmp/ssh-*/**", kKeys},
    {"**/.ssh/**", kKeys},
    {"*ssh*", kKeys},  // of connections that are shared (ControlPath), too
    {"**/.ansible/cp/**", kKeys},
    {"S.gpg-agent*", kKeys},
    {"S.scdaemon", kKeys},
    {"S.keyboxd", kKeys},
    {"**/.1password/**", kKeys},
    {"**/keyring*/**", kKeys},
    {"tmp/.X11-unix/**", kDesktop},
    {"tmp/.ICE-unix/**", kDesktop},
    {"wayland-*", kDesktop},
    {"**/tmux-*/**", kTerminals},
    {"**/screen/**", kTerminals},
    {"**/.screen/**", kTerminals},
    {"**/screens/**", kTerminals},
    {"**/uscreens/**", kTerminals},
    {"**/tmate-*/**", kTerminals},
    {"**/zellij-*/**", kTerminals},
    {"**/abduco/**", kTerminals},
    {"**/.abduco/**", kTerminals},
    {"**/wezterm/**", kTerminals},
    {"*kitty*", kTerminals},
    {"Alacritty-*", kTerminals},
    {"foot*.sock", kTerminals},
    {"urxvtd-*", kTerminals},
    {"*mpv*", "your player: it runs commands"},
    {"**/pulse*/**", kSound},
    {"pipewire-*", kSound},
    {"qtilesocket*", kDesktop},
    {".ydotool_socket", kDesktop},
    {"**/hypr/**", kDesktop},
    {"sway-ipc*", kDesktop},
    {"**/i3-*/**", kDesktop},
    {"vscode-*", kEditor},
    {"code-server-ipc*", kEditor},
    {"**/emacs*/**", kEditor},
    {"**/.emacs.d/**", kEditor},
    {"**/nvim*/**", kEditor},
    {"**/kakoune*/**", kEditor},
});

// The characters between which values of variables hold paths: "unix:path=/run/bus,guid=…",
// "/tmp/tmux-1/default,17,0", "unix:///run/docker.sock", "/tmp/.X11-unix/X0:/other".
constexpr std::string_view kBetween = ":,;= ";

std::string class_reason(sandbox::AddressClass address_class) {
  switch (address_class) {
    case sandbox::AddressClass::LinkLocal:
      return "a link-local address: metadata services, which give out credentials, have such ones";
    case sandbox::AddressClass::Unspecified:
      return "it names no host";
    case sandbox::AddressClass::Multicast:
      return "it names a group of hosts";
    case sandbox::AddressClass::ThisMachine:
    case sandbox::AddressClass::Host:
      return {};
  }
  return "it is of no known kind";
}

std::string never(std::string_view reason) {
  return "never connected: " + std::string(reason);
}

}  // namespace

std::span<const NeverAddress> never_addresses() {
  return kAddresses;
}

std::span<const NeverSocket> never_sockets() {
  return kSockets;
}

std::optional<std::string> why_never(const sandbox::Endpoint& to) {
  if (const std::string reason = class_reason(sandbox::class_of(to)); !reason.empty()) {
    return never(reason);
  }
  const std::string host = sandbox::without_nat64(to).host();
  for (const NeverAddress& row : kAddresses) {
    if ((row.host.empty() || row.host == host) && (row.port == 0 || row.port == to.port)) {
      return never(row.reason);
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> socket_hazard(std::string_view path) {
  if (!path.starts_with('/')) {
    return "it has no place";
  }
  for (const NeverSocket& row : kSockets) {
    const auto glob = trustpolicy::Glob::parse(row.pattern);
    if (!glob || glob->matches(path.substr(1))) {
      return row.reason;
    }
  }
  return std::nullopt;
}

std::optional<std::string> why_never_socket(std::string_view path) {
  const auto hazard = socket_hazard(path);
  return hazard ? std::optional(never(*hazard)) : std::nullopt;
}

std::vector<std::string> sockets_in(std::span<const char* const> environment) {
  std::vector<std::string> out;
  for (const char* const entry : environment) {
    std::string_view rest = entry == nullptr ? std::string_view() : std::string_view(entry);
    rest.remove_prefix(std::min(rest.find('=') + 1, rest.size()));
    if (rest.starts_with('/')) {
      out.emplace_back(rest);
    }
    while (!rest.empty()) {
      const std::string_view piece = rest.substr(0, rest.find_first_of(kBetween));
      rest.remove_prefix(std::min(piece.size() + 1, rest.size()));
      if (piece.starts_with('/')) {
        out.emplace_back(piece);
      }
    }
  }
  return out;
}

bool is_one_of(const std::string& path, const std::vector<std::string>& sockets) {
  struct stat wanted{};
  if (::stat(path.c_str(), &wanted) != 0) {
    return true;  // it is not where it was: it could be any
  }
  return std::ranges::any_of(sockets, [&](const std::string& socket) {
    struct stat status{};
    return ::stat(socket.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) &&
           status.st_dev == wanted.st_dev && status.st_ino == wanted.st_ino;
  });
}

}  // namespace nono::engine
