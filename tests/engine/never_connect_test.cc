#include "engine/never_connect.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <set>
#include <string>

#include "engine/granted_sockets.h"
#include "tests/engine/support.h"
#include "trustpolicy/glob.h"

namespace nono::engine {
namespace {

sandbox::Endpoint endpoint(const std::string& text) {
  const auto parsed = sandbox::parse_host_port(text);
  EXPECT_TRUE(parsed && parsed->literal) << text;
  return parsed && parsed->literal ? *parsed->literal : sandbox::Endpoint{};
}

TEST(NeverConnectTest, EveryRowOfAddressesHoldsBackWhatItNames) {
  for (const NeverAddress& row : never_addresses()) {
    const std::string host = row.host.empty() ? "192.0.2.1" : std::string(row.host);
    const std::string port = row.port == 0 ? "443" : std::to_string(row.port);
    const bool six = host.contains(':');
    const auto why = why_never(endpoint((six ? "[" + host + "]:" : host + ":") + port));
    ASSERT_TRUE(why) << row.host << ":" << row.port;
    EXPECT_NE(why->find(row.reason), std::string::npos);
  }
}

TEST(NeverConnectTest, ClassesAreHeldBackInEverySpelling) {
  using Address = std::array<std::uint8_t, 16>;
  for (const Address& address :
       {Address{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 169, 254, 169, 254},
        Address{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 0, 1},
        Address{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 100, 100, 100, 200},
        Address{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
        Address{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, Address{},
        Address{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 224, 0, 0, 1},
        Address{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 1, 2, 3}}) {
    EXPECT_TRUE(why_never({address, 80})) << sandbox::Endpoint{address, 80}.text();
  }
}

TEST(NeverConnectTest, OtherAddressesAreAskedAbout) {
  for (const char* text : {"192.0.2.1:443", "127.0.0.1:5432", "[2001:db8::1]:443", "10.0.0.1:22",
                           "100.100.100.201:80", "127.0.0.1:2374", "[fd00:ec2::253]:80"}) {
    EXPECT_FALSE(why_never(endpoint(text))) << text;
  }
}

TEST(NeverConnectTest, EveryPatternOfSocketsIsOne) {
  std::set<std::string_view> seen;
  for (const NeverSocket& row : never_sockets()) {
    EXPECT_TRUE(trustpolicy::Glob::parse(row.pattern)) << row.pattern;
    EXPECT_TRUE(seen.insert(row.pattern).second) << row.pattern;
    EXPECT_FALSE(row.reason.empty());
  }
}

TEST(NeverConnectTest, SocketsAreHeldBackByTheirPlace) {
  for (const char* path : {"/run/docker.sock",
                           "/var/run/docker.sock",
                           "/home/u/.docker/run/docker.sock",
                           "/run/user/1/podman/podman.sock",
                           "/run/containerd/containerd.sock.ttrpc",
                           "/tmp/ssh-XXabc/agent.77",
                           "/tmp/tmux-1000/default",
                           "/home/u/.gnupg/S.gpg-agent.ssh",
                           "/tmp/.X11-unix/X0",
                           "/run/user/1000/wayland-0",
                           "/tmp/dbus-Ab1",
                           "/run/systemd/private",
                           "/tmp/vscode-ipc-a.sock",
                           "/home/u/.1password/agent.sock",
                           "/home/u/.ssh/agent/s.1",
                           "/run/screen/S-u/1.pts",
                           "/tmp/emacs1000/server",
                           "/run/snapd.socket",
                           "/tmp/xdg/bus",
                           "/tmp/xdg/systemd/private",
                           "/tmp/zellij-1000/0.41.2/main",
                           "/tmp/tmate-1000/AbC",
                           "/tmp/kakoune-u/1",
                           "/home/u/.pm2/rpc.sock",
                           "/var/run/supervisor.sock",
                           "/usr/local/var/run/watchman/u-state/sock",
                           "/tmp/xdg/sway-ipc.1000.1.sock",
                           "/tmp/.ydotool_socket",
                           "/var/run/docker-host.sock",
                           "/run/cri-dockerd.sock",
                           "/srv/podman-machine-default-api.sock",
                           "/run/host-services/ssh-auth.sock",
                           "/tmp/ssh-git@example.org:22",
                           "/tmp/ssh_mux_host_22_u",
                           "/home/u/.ansible/cp/0123456789",
                           "/run/multipass_socket",
                           "/tmp/.vbox-u-ipc/ipcd",
                           "/tmp/runtime-u/keyring/control",
                           "/home/u/.cache/at-spi/bus_0",
                           "/home/u/.local/share/wezterm/gui-sock-77",
                           "/home/u/.abduco/work@host",
                           "/tmp/foot-wayland-1.sock",
                           "/home/u/.urxvt/urxvtd-host",
                           "/tmp/mpvsocket",
                           "/tmp/pulse-PKdhtXMmr18n/native",
                           "/tmp/xdg/pipewire-0",
                           "/home/u/.cache/qtile/qtilesocket.:0",
                           "/tmp/vscode-remote-containers-ipc-1.sock",
                           "/home/u/.local/share/code-server/code-server-ipc.sock",
                           "relative",
                           ""}) {
    EXPECT_TRUE(why_never_socket(path)) << path;
  }
  for (const char* path : {"/run/postgresql/.s.PGSQL.5432", "/srv/app/service.sock",
                           "/var/run/mysqld/mysqld.sock", "/tmp/docker"}) {
    EXPECT_FALSE(why_never_socket(path)) << path;
  }
}

TEST(NeverConnectTest, SocketsThatLeadOutAreHeldBack) {
  for (const char* path : {"/run/nscd/socket", "/run/nslcd/socket", "/run/avahi-daemon/socket",
                           "/var/lib/sss/pipes/nss", "/run/tor/socks"}) {
    EXPECT_TRUE(why_never_socket(path)) << path;
  }
}

TEST(NeverConnectTest, PathsOfVariablesAreFoundInTheirFormats) {
  const std::array<const char*, 7> environment{"SSH_AUTH_SOCK=/tmp/a b/agent.1",
                                               "TMUX=/tmp/tmux-1/default,1,0",
                                               "BUS=unix:path=/run/bus,guid=1;unix:/run/other",
                                               "DOCKER_HOST=unix:///srv/d.sock",
                                               "EMPTY=",
                                               "WORD=word",
                                               nullptr};
  const auto found = sockets_in(environment);
  const std::set<std::string> all(found.begin(), found.end());
  for (const char* wanted :
       {"/tmp/a b/agent.1", "/tmp/tmux-1/default", "/run/bus", "/run/other", "///srv/d.sock"}) {
    EXPECT_TRUE(all.contains(wanted)) << wanted;
  }
  EXPECT_FALSE(all.contains("word"));
}

class NamedSocketTest : public testing::EngineTest {};

TEST_F(NamedSocketTest, ASocketIsOneOfThoseNamedByItsIdentity) {
  const std::string path = base_ + "/s";
  const OwnedFd bound(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(&name.sun_path[0], sizeof name.sun_path - 1);
  const void* raw = &name;
  ASSERT_EQ(::bind(BorrowedFd(bound).raw(), static_cast<const sockaddr*>(raw), sizeof name), 0);
  ASSERT_EQ(::symlink(path.c_str(), (base_ + "/link").c_str()), 0);
  EXPECT_TRUE(is_one_of(path, {"/nowhere", base_ + "/link"}));
  EXPECT_FALSE(is_one_of(path, {"/nowhere", base_}));
  EXPECT_TRUE(is_one_of(base_ + "/gone", {}));
}

TEST_F(NamedSocketTest, AProfileGrantsNoneThatCannotBeLookedAt) {
  const std::string path = base_ + "/s";
  const auto listen_at = [&path] {
    OwnedFd bound(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.copy(&name.sun_path[0], sizeof name.sun_path - 1);
    const void* raw = &name;
    EXPECT_EQ(::bind(BorrowedFd(bound).raw(), static_cast<const sockaddr*>(raw), sizeof name), 0);
    return bound;
  };
  const OwnedFd first = listen_at();
  const auto never = testing::must(profile::NeverGrantList::for_places({}));
  sandbox::CapabilitySet granted;
  ASSERT_TRUE(granted.allow_path(path, sandbox::Access::connect(), "profile p"));
  std::vector<std::string> notes;
  const WantedPath wanted{.option = "profile p: /filesystem/unix_socket/0", .path = path};
  const auto check = [&] { return check_socket(wanted, granted.paths().front(), never, notes); };
  EXPECT_TRUE(check());
  ASSERT_EQ(::rename(path.c_str(), (base_ + "/elsewhere").c_str()), 0);
  const auto gone = check();
  ASSERT_FALSE(gone);
  EXPECT_NE(gone.error().message().find("no longer where it was"), std::string::npos);
  ASSERT_EQ(::symlink("elsewhere", path.c_str()), 0);
  EXPECT_FALSE(check());
  ASSERT_EQ(::unlink(path.c_str()), 0);
  const OwnedFd second = listen_at();
  EXPECT_FALSE(check());
  EXPECT_TRUE(notes.empty());
}

}  // namespace
}  // namespace nono::engine
