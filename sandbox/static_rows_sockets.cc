// sandbox/static_rows_sockets.cc: what the static filter refuses of ioctl(2) and of sockets.
#include <array>
#include <cerrno>

#include "sandbox/static_table.h"

namespace nono::sandbox {
namespace {

constexpr std::string_view kTerminal = "types into or takes over a terminal";
constexpr std::string_view kDiscipline = "loads a line discipline: kernel attack surface";
constexpr std::string_view kEncryption = "locks the user out of encrypted directories";
constexpr std::string_view kSnapshot =
    "puts a copy of an ungranted tree or file under a granted path";
constexpr std::string_view kCloning =
    "the target must be open for writing, so Landlock has judged it";
constexpr std::string_view kDeduping =
    "moves an owned file's data, and compares them, through any descriptor of it";
constexpr std::string_view kLocalStream = "connect and bind are judged by the broker";
constexpr std::string_view kLocalDatagram = "each message can name another path, behind a pointer";
constexpr std::string_view kNetlinkOther =
    "sock_diag, audit and others show or change what is not the agent's";
constexpr std::string_view kNetlinkRoute = "getifaddrs needs it, and changes need a capability";
constexpr std::string_view kNetlinkBlocked =
    "lists this machine's interfaces, addresses and routes; of what is blocked nobody needs them";
constexpr std::string_view kNoNetwork =
    "no TCP at all: closes listen on an unbound socket, which Landlock does not see";
constexpr std::string_view kFastOpenWhy =
    "connects without connect; programs fall back as where it is switched off";
constexpr std::string_view kTcp = "Landlock and the broker judge bind and connect";
constexpr std::string_view kUdp = "the network is open";
constexpr std::string_view kOtherTransport =
    "UDP, MPTCP, SCTP, ICMP and raw packets are not judged by Landlock";
constexpr std::string_view kFamilies =
    "vsock, packet, AF_ALG, Bluetooth and others: ways out, or kernel attack surface";
constexpr std::string_view kDetour =
    "leads the packets of a granted address by way of another host";
constexpr std::string_view kOtherLink =
    "leads them out by an interface of the agent's choice, to whoever answers for the address "
    "there";
constexpr std::string_view kForeignSource =
    "sends from an address of the agent's choice: what a granted host answers goes there";
constexpr std::string_view kGroup =
    "joins a group: reports of it leave the machine, and hold addresses of the agent's choice";
constexpr std::string_view kOtherKind =
    "can make an SMC socket of a TCP one, whose bind and listen nobody judges";
constexpr std::string_view kBareListen =
    "an unbound TCP socket would get a port that nobody granted";

// Values of the kernel's interface, spelled out: not every header that has them can be included
// beside the C library's.
constexpr std::uint32_t kTiocsti = 0x5412;
constexpr std::uint32_t kTioclinux = 0x541c;
constexpr std::uint32_t kTioccons = 0x541d;
constexpr std::uint32_t kTiocsetd = 0x5423;
constexpr std::uint32_t kFsSetFlags = 0x40086602;
constexpr std::uint32_t kFsSetFlags32 = 0x40046602;
constexpr std::uint32_t kFsSetXattr = 0x401c5820;
constexpr std::uint32_t kFsSetVersion = 0x40087602;
constexpr std::uint32_t kExt4SetVersion = 0x40086604;
constexpr std::uint32_t kFatSetAttributes = 0x40047211;
constexpr std::uint32_t kEnableVerity = 0x40806685;
constexpr std::uint32_t kSetEncryption = 0x800c6613;
constexpr std::uint32_t kAddEncryptionKey = 0xc0506617;
constexpr std::uint32_t kRemoveEncryptionKey = 0xc0406618;
constexpr std::uint32_t kRemoveKeyForAll = 0xc0406619;
constexpr std::uint32_t kReflink = 0x40186f04;
constexpr std::uint32_t kClone = 0x40049409;
constexpr std::uint32_t kCloneRange = 0x4020940d;
constexpr std::uint32_t kDedupeRange = 0xc0189436;
constexpr std::uint32_t kIoctlType = 0xff00;
constexpr std::uint32_t kBtrfsType = 0x9400;
constexpr std::uint32_t kBcachefsType = 0xbc00;
constexpr std::uint32_t kUnix = 1;
constexpr std::uint32_t kInet = 2;
constexpr std::uint32_t kInetMask = ~8u;  // AF_INET is 2, AF_INET6 is 10
constexpr std::uint32_t kNetlink = 16;
constexpr std::uint32_t kTypeBits = 0xf;  // without SOCK_NONBLOCK and SOCK_CLOEXEC
constexpr std::uint32_t kStream = 1;
constexpr std::uint32_t kDatagram = 2;
constexpr std::uint32_t kSeqpacket = 5;
constexpr std::uint32_t kIpTcp = 6;
constexpr std::uint32_t kIpUdp = 17;
constexpr std::uint32_t kFastOpen = 0x20000000;
constexpr std::uint32_t kLevelSocket = 1;
constexpr std::uint32_t kLevelIp = 0;
constexpr std::uint32_t kLevelIpv6 = 41;
constexpr std::uint32_t kUpperProtocol = 31;  // TCP_ULP

constexpr StaticRow only(Applies applies, StaticRow row) {
  row.applies = applies;
  return row;
}
constexpr StaticRow ioctl_row(Condition condition, int answer_errno, std::string_view when,
                              std::string_view why) {
  return refuse_when({"ioctl", {16, 29}}, condition, answer_errno, when, why);
}
constexpr StaticRow socket_row(Condition condition, int answer_errno, std::string_view when,
                               std::string_view why) {
  return refuse_when({"socket", {41, 198}}, condition, answer_errno, when, why);
}
constexpr StaticRow pair_row(Condition condition, int answer_errno, std::string_view when,
                             std::string_view why) {
  return refuse_when({"socketpair", {53, 199}}, condition, answer_errno, when, why);
}
constexpr StaticRow detour_row(std::uint32_t level, std::uint32_t option, std::string_view when,
                               std::string_view why = kDetour) {
  StaticRow row =
      refuse_when({"setsockopt", {54, 208}}, {is(1, level), is(2, option)}, EPERM, when, why);
  row.applies = Applies::UnlessOpen;
  return row;
}

constexpr ArgumentTest kAnyInet = masked_is(0, kInetMask, kInet);
constexpr ArgumentTest kStreamType = masked_is(1, kTypeBits, kStream);
constexpr ArgumentTest kDatagramType = masked_is(1, kTypeBits, kDatagram);
constexpr ArgumentTest kSeqpacketType = masked_is(1, kTypeBits, kSeqpacket);

constexpr auto kRows = std::to_array<StaticRow>({
    // ioctl: Landlock judges only those on devices, and not one by one.
    ioctl_row(is(1, kTiocsti), EPERM, "TIOCSTI", kTerminal),
    ioctl_row(is(1, kTioclinux), EPERM, "TIOCLINUX", kTerminal),
    ioctl_row(is(1, kTioccons), EPERM, "TIOCCONS", kTerminal),
    ioctl_row(is(1, kTiocsetd), EPERM, "TIOCSETD", kDiscipline),
    ioctl_row(is(1, kFsSetFlags), ENOTTY, "FS_IOC_SETFLAGS", kFileAttributes),
    ioctl_row(is(1, kFsSetFlags32), ENOTTY, "FS_IOC32_SETFLAGS", kFileAttributes),
    ioctl_row(is(1, kFsSetXattr), ENOTTY, "FS_IOC_FSSETXATTR", kFileAttributes),
    ioctl_row(is(1, kFsSetVersion), ENOTTY, "FS_IOC_SETVERSION", kFileAttributes),
    ioctl_row(is(1, kExt4SetVersion), ENOTTY, "EXT4_IOC_SETVERSION", kFileAttributes),
    ioctl_row(is(1, kFatSetAttributes), ENOTTY, "FAT_IOCTL_SET_ATTRIBUTES", kFileAttributes),
    ioctl_row(is(1, kEnableVerity), ENOTTY, "FS_IOC_ENABLE_VERITY", kFileAttributes),
    ioctl_row(is(1, kSetEncryption), ENOTTY, "FS_IOC_SET_ENCRYPTION_POLICY", kEncryption),
    ioctl_row(is(1, kAddEncryptionKey), ENOTTY, "FS_IOC_ADD_ENCRYPTION_KEY", kEncryption),
    ioctl_row(is(1, kRemoveEncryptionKey), ENOTTY, "FS_IOC_REMOVE_ENCRYPTION_KEY", kEncryption),
    ioctl_row(is(1, kRemoveKeyForAll), ENOTTY, "FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS",
              kEncryption),
    ioctl_row(is(1, kReflink), ENOTTY, "OCFS2_IOC_REFLINK", kSnapshot),
    ioctl_row(is(1, kClone), 0, "FICLONE", kCloning),
    ioctl_row(is(1, kCloneRange), 0, "FICLONERANGE", kCloning),
    ioctl_row(is(1, kDedupeRange), ENOTTY, "FIDEDUPERANGE", kDeduping),
    ioctl_row(masked_is(1, kIoctlType, kBtrfsType), ENOTTY, "any other of btrfs", kSnapshot),
    ioctl_row(masked_is(1, kIoctlType, kBcachefsType), ENOTTY, "any of bcachefs", kSnapshot),
    // Sockets: a list of what is allowed; Landlock sees TCP bind and connect, nothing else.
    socket_row({is(0, kUnix), kStreamType}, 0, "AF_UNIX, SOCK_STREAM", kLocalStream),
    socket_row({is(0, kUnix), kSeqpacketType}, 0, "AF_UNIX, SOCK_SEQPACKET", kLocalStream),
    socket_row(is(0, kUnix), EPERM, "AF_UNIX, any other type", kLocalDatagram),
    only(Applies::WhenBlockedHere,
         socket_row(is(0, kNetlink), EAFNOSUPPORT,
                    "AF_NETLINK; network blocked, no namespace of its own", kNetlinkBlocked)),
    socket_row({is(0, kNetlink), is(2, 0)}, 0, "AF_NETLINK, NETLINK_ROUTE", kNetlinkRoute),
    socket_row(is(0, kNetlink), EPROTONOSUPPORT, "AF_NETLINK, any other protocol", kNetlinkOther),
    only(Applies::WhenBlocked,
         socket_row(kAnyInet, EACCES, "AF_INET, AF_INET6; network blocked", kNoNetwork)),
    socket_row({kAnyInet, kStreamType, is(2, 0)}, 0, "AF_INET, AF_INET6, SOCK_STREAM, protocol 0",
               kTcp),
    socket_row({kAnyInet, kStreamType, is(2, kIpTcp)}, 0,
               "AF_INET, AF_INET6, SOCK_STREAM, IPPROTO_TCP", kTcp),
    only(Applies::WhenOpen,
         socket_row({kAnyInet, kDatagramType, is(2, 0)}, 0,
                    "AF_INET, AF_INET6, SOCK_DGRAM, protocol 0; network open", kUdp)),
    only(Applies::WhenOpen,
         socket_row({kAnyInet, kDatagramType, is(2, kIpUdp)}, 0,
                    "AF_INET, AF_INET6, SOCK_DGRAM, IPPROTO_UDP; network open", kUdp)),
    socket_row(kAnyInet, EPROTONOSUPPORT, "AF_INET, AF_INET6, anything else", kOtherTransport),
    socket_row({}, EAFNOSUPPORT, "any other family", kFamilies),
    pair_row({is(0, kUnix), kStreamType}, 0, "AF_UNIX, SOCK_STREAM", kLocalStream),
    pair_row({is(0, kUnix), kSeqpacketType}, 0, "AF_UNIX, SOCK_SEQPACKET", kLocalStream),
    pair_row(is(0, kUnix), EPERM, "AF_UNIX, any other type", kLocalDatagram),
    pair_row({}, EAFNOSUPPORT, "any other family", kFamilies),
    only(Applies::UnlessOpen, refuse_when({"sendto", {44, 206}}, has_any(3, kFastOpen), EOPNOTSUPP,
                                          "flags & MSG_FASTOPEN; network not open", kFastOpenWhy)),
    only(Applies::UnlessOpen, refuse_when({"sendmsg", {46, 211}}, has_any(2, kFastOpen), EOPNOTSUPP,
                                          "flags & MSG_FASTOPEN; network not open", kFastOpenWhy)),
    only(Applies::UnlessOpen,
         refuse_when({"sendmmsg", {307, 269}}, has_any(3, kFastOpen), EOPNOTSUPP,
                     "flags & MSG_FASTOPEN; network not open", kFastOpenWhy)),
    // Source routes (RFC 791; RFC 8754 for IPv6), and what can bring one along (RFC 3542, 2292).
    detour_row(kLevelIp, 4, "IP_OPTIONS; network not open"),
    detour_row(kLevelIpv6, 3, "IPV6_2292HOPOPTS; network not open"),
    detour_row(kLevelIpv6, 4, "IPV6_2292DSTOPTS; network not open"),
    detour_row(kLevelIpv6, 5, "IPV6_2292RTHDR; network not open"),
    detour_row(kLevelIpv6, 6, "IPV6_2292PKTOPTIONS; network not open"),
    detour_row(kLevelIpv6, 32, "IPV6_FLOWLABEL_MGR; network not open"),
    detour_row(kLevelIpv6, 54, "IPV6_HOPOPTS; network not open"),
    detour_row(kLevelIpv6, 55, "IPV6_RTHDRDSTOPTS; network not open"),
    detour_row(kLevelIpv6, 57, "IPV6_RTHDR; network not open"),
    detour_row(kLevelIpv6, 59, "IPV6_DSTOPTS; network not open"),
    // A link other than that of the route: EPERM, as from kernels before 5.7.
    detour_row(kLevelSocket, 25, "SO_BINDTODEVICE; network not open", kOtherLink),
    detour_row(kLevelSocket, 62, "SO_BINDTOIFINDEX; network not open", kOtherLink),
    // A source that is not this machine's. IPv4 sends nothing from it, IPv6 does, by either option.
    detour_row(kLevelIp, 15, "IP_FREEBIND; network not open", kForeignSource),
    detour_row(kLevelIpv6, 78, "IPV6_FREEBIND; network not open", kForeignSource),
    // Groups: a TCP socket joins by these, and not by the older options, which are EPROTO to it.
    detour_row(kLevelIp, 39, "IP_ADD_SOURCE_MEMBERSHIP; network not open", kGroup),
    detour_row(kLevelIp, 42, "MCAST_JOIN_GROUP; network not open", kGroup),
    detour_row(kLevelIp, 46, "MCAST_JOIN_SOURCE_GROUP; network not open", kGroup),
    detour_row(kLevelIpv6, 42, "MCAST_JOIN_GROUP of IPv6; network not open", kGroup),
    detour_row(kLevelIpv6, 46, "MCAST_JOIN_SOURCE_GROUP of IPv6; network not open", kGroup),
    // ENOENT, as from a kernel without such protocols.
    only(Applies::UnlessOpen,
         refuse_when({"setsockopt", {54, 208}}, {is(1, kIpTcp), is(2, kUpperProtocol)}, ENOENT,
                     "TCP_ULP; network not open", kOtherKind)),
    only(Applies::PortsWithoutBroker, refuse_when({"listen", {50, 201}}, {}, EACCES,
                                                  "network by ports and no broker", kBareListen)),
});

}  // namespace

std::span<const StaticRow> static_rows_of_sockets() {
  return kRows;
}

}  // namespace nono::sandbox
