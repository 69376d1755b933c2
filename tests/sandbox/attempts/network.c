// tests/sandbox/attempts/network.c: sockets and what goes out of them.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/sandbox/attempts/attempt.h"

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

static int pair[2];
ATTEMPT(unix_datagram, socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))
ATTEMPT(unix_raw, socket(AF_UNIX, SOCK_RAW, 0))
ATTEMPT(pair_datagram, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair))
ATTEMPT(pair_inet, socketpair(AF_INET, SOCK_STREAM, 0, pair))
ATTEMPT(inet_stream, socket(AF_INET, SOCK_STREAM, 0))
ATTEMPT(inet6_stream, socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP))
ATTEMPT(inet_datagram, socket(AF_INET, SOCK_DGRAM, 0))
ATTEMPT(inet6_datagram, socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_UDP))
ATTEMPT(ping, socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP))
ATTEMPT(raw, socket(AF_INET, SOCK_RAW, IPPROTO_ICMP))
ATTEMPT(mptcp, socket(AF_INET, SOCK_STREAM, 262))
ATTEMPT(sctp, socket(AF_INET, SOCK_STREAM, 132))
ATTEMPT(netlink_route, socket(AF_NETLINK, SOCK_RAW, 0))
ATTEMPT(netlink_diag, socket(AF_NETLINK, SOCK_RAW, 4))
ATTEMPT(netlink_audit, socket(AF_NETLINK, SOCK_RAW, 9))
ATTEMPT(netlink_uevent, socket(AF_NETLINK, SOCK_DGRAM, 15))
ATTEMPT(packet, socket(AF_PACKET, SOCK_RAW, 0))
ATTEMPT(vsock, socket(40, SOCK_STREAM, 0))
ATTEMPT(alg, socket(38, SOCK_SEQPACKET, 0))
ATTEMPT(key, socket(15, SOCK_RAW, 2))
ATTEMPT(xdp, socket(44, SOCK_RAW, 0))
ATTEMPT(high_garbage,
        syscall(SYS_socket, 0x100000000UL | AF_INET, 0x500000000UL | SOCK_DGRAM, 0x700000000UL))

// A listener of our own on the loopback interface, and a client that never calls connect.
static int client_of(struct sockaddr_in* server) {
  socklen_t length = sizeof *server;
  const int listening = socket(AF_INET, SOCK_STREAM, 0);
  memset(server, 0, sizeof *server);
  server->sin_family = AF_INET;
  server->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (listening < 0 || bind(listening, (struct sockaddr*)server, length) != 0 ||
      listen(listening, 1) != 0 || getsockname(listening, (struct sockaddr*)server, &length) != 0) {
    return -1;
  }
  return socket(AF_INET, SOCK_STREAM, 0);
}
static struct msghdr message_to(struct sockaddr_in* server, struct iovec* text) {
  struct msghdr message;
  memset(&message, 0, sizeof message);
  text->iov_base = (void*)"x";
  text->iov_len = 1;
  message.msg_name = server;
  message.msg_namelen = sizeof *server;
  message.msg_iov = text;
  message.msg_iovlen = 1;
  return message;
}
static long try_sendto(void) {
  struct sockaddr_in server;
  const int client = client_of(&server);
  return client < 0
             ? kNotHere
             : sendto(client, "x", 1, MSG_FASTOPEN, (struct sockaddr*)&server, sizeof server);
}
static long try_sendmsg(void) {
  struct sockaddr_in server;
  struct iovec text;
  const int client = client_of(&server);
  const struct msghdr message = message_to(&server, &text);
  return client < 0 ? kNotHere : sendmsg(client, &message, MSG_FASTOPEN);
}
static long try_sendmmsg(void) {
  struct sockaddr_in server;
  struct iovec text;
  const int client = client_of(&server);
  struct mmsghdr messages = {message_to(&server, &text), 0};
  return client < 0 ? kNotHere : sendmmsg(client, &messages, 1, MSG_FASTOPEN);
}
static long try_source_route(void) {
  // Loose source and record route (RFC 791) by way of 127.0.0.1, and the end of the list.
  const unsigned char by_way_of[] = {131, 7, 4, 127, 0, 0, 1, 0};
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  return client < 0 ? kNotHere
                    : setsockopt(client, IPPROTO_IP, IP_OPTIONS, by_way_of, sizeof by_way_of);
}
static long try_source_route6(void) {
  // A segment routing header (RFC 8754) by way of one segment.
  const unsigned char by_way_of[40] = {0, 4, 4, 1, 1, 0, 0, 0, [23] = 1, [39] = 1};
  const int client = socket(AF_INET6, SOCK_STREAM, 0);
  return client < 0 ? kNotHere
                    : setsockopt(client, IPPROTO_IPV6, IPV6_RTHDR, by_way_of, sizeof by_way_of);
}
static long try_interface(void) {
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  return client < 0 ? kNotHere : setsockopt(client, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
}
static long try_interface_by_number(void) {
  const int one = 1;
  const int client = socket(AF_INET6, SOCK_STREAM, 0);
  return client < 0 ? kNotHere : setsockopt(client, SOL_SOCKET, 62, &one, sizeof one);
}
static long free_source(int family, int level, int option) {
  const int one = 1;
  const int client = socket(family, SOCK_STREAM, 0);
  return client < 0 ? kNotHere : setsockopt(client, level, option, &one, sizeof one);
}
ATTEMPT(free_source, free_source(AF_INET6, IPPROTO_IP, IP_FREEBIND))
ATTEMPT(free_source6, free_source(AF_INET6, IPPROTO_IPV6, IPV6_FREEBIND))
// A group of the interface of number 1, which is the loopback; the kernel's own code needs no more.
static long join(int family, int level, int option) {
  struct group_req group;
  struct sockaddr_in to = {0};
  const int client = socket(family, SOCK_STREAM, 0);
  memset(&group, 0, sizeof group);
  group.gr_interface = 1;
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(0xef424201);
  memcpy(&group.gr_group, &to, sizeof to);
  return client < 0 ? kNotHere : setsockopt(client, level, option, &group, sizeof group);
}
ATTEMPT(join_group, join(AF_INET, IPPROTO_IP, MCAST_JOIN_GROUP))
ATTEMPT(join_group6, join(AF_INET6, IPPROTO_IPV6, MCAST_JOIN_GROUP))
static long try_join_with_source(void) {
  struct ip_mreq_source source;
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  source.imr_multiaddr.s_addr = htonl(0xef424201);
  source.imr_interface.s_addr = htonl(INADDR_LOOPBACK);
  source.imr_sourceaddr.s_addr = htonl(INADDR_LOOPBACK);
  return client < 0 ? kNotHere
                    : setsockopt(client, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, &source, sizeof source);
}
static long try_listen(void) {
  const int unbound = socket(AF_INET, SOCK_STREAM, 0);
  return unbound < 0 ? kNotHere : listen(unbound, 1);
}

const struct attempt network_attempts[] = {
    {"socket:unix-datagram", try_unix_datagram},
    {"socket:unix-raw", try_unix_raw},
    {"socket:inet-stream", try_inet_stream},
    {"socket:inet6-stream", try_inet6_stream},
    {"socket:inet-datagram", try_inet_datagram},
    {"socket:inet6-datagram", try_inet6_datagram},
    {"socket:ping", try_ping},
    {"socket:raw", try_raw},
    {"socket:mptcp", try_mptcp},
    {"socket:sctp", try_sctp},
    {"socket:netlink-route", try_netlink_route},
    {"socket:netlink-diag", try_netlink_diag},
    {"socket:netlink-audit", try_netlink_audit},
    {"socket:netlink-uevent", try_netlink_uevent},
    {"socket:packet", try_packet},
    {"socket:vsock", try_vsock},
    {"socket:alg", try_alg},
    {"socket:key", try_key},
    {"socket:xdp", try_xdp},
    {"socket:datagram-high-garbage", try_high_garbage},
    {"socketpair:datagram", try_pair_datagram},
    {"socketpair:inet", try_pair_inet},
    {"sendto:fastopen", try_sendto},
    {"sendmsg:fastopen", try_sendmsg},
    {"sendmmsg:fastopen", try_sendmmsg},
    {"setsockopt:source-route", try_source_route},
    {"setsockopt:source-route6", try_source_route6},
    {"setsockopt:interface", try_interface},
    {"setsockopt:interface-by-number", try_interface_by_number},
    {"setsockopt:free-source", try_free_source},
    {"setsockopt:free-source6", try_free_source6},
    {"setsockopt:join-group", try_join_group},
    {"setsockopt:join-group6", try_join_group6},
    {"setsockopt:join-with-source", try_join_with_source},
    {"listen:unbound", try_listen},
    {NULL, NULL},
};
