"""Ways out of a limited network: each arrives at a real listener without the sandbox, none with it.

Every way has a port of its own, so that what arrives names it. On that port a server listens on the
granted address (127.0.0.2, TCP), and others on addresses, families and protocols that were not
granted.
"""

import json
import os
import select
import socket
import sys
import threading
import time

import support

PY = "/usr/bin/python3"
GRANTED, OTHER = "127.0.0.2", "127.0.0.3"

# The agent: makes each attempt of its arguments; an argument is WAY:PORT. What fails is silent.
ATTEMPTS = r'''
import ctypes, socket, struct, sys
FASTOPEN, GRANTED, OTHER = 0x20000000, "127.0.0.2", "127.0.0.3"
libc = ctypes.CDLL(None, use_errno=True)

def stream(family=socket.AF_INET, protocol=0):
    s = socket.socket(family, socket.SOCK_STREAM, protocol)
    s.settimeout(2)
    return s

def tcp(host, port, family=socket.AF_INET):
    s = stream(family); s.connect((host, port)); s.send(b"leak"); s.close()

def udp(host, port, family=socket.AF_INET):
    socket.socket(family, socket.SOCK_DGRAM).sendto(b"leak", (host, port))

def udp_connected(host, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect((host, port)); s.send(b"leak")

def dns(port):
    query = b"\0\1\1\0\0\1\0\0\0\0\0\0" + b"\4leak\7example\0" + b"\0\1\0\1"
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(query, (OTHER, port))

def fastopen_option(port):
    s = stream(); s.setsockopt(socket.IPPROTO_TCP, 30, 1)  # TCP_FASTOPEN_CONNECT
    s.connect((OTHER, port)); s.send(b"leak")

class Header(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("iov", ctypes.c_void_p),
                ("iovlen", ctypes.c_size_t), ("control", ctypes.c_void_p),
                ("controllen", ctypes.c_size_t), ("flags", ctypes.c_int), ("got", ctypes.c_uint)]

def address(host, port):
    return struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port), socket.inet_aton(host))

def fastopen_many(port):
    s = stream()
    name = ctypes.create_string_buffer(address(OTHER, port), 16)
    text = ctypes.create_string_buffer(b"leak")
    piece = (ctypes.c_size_t * 2)(ctypes.addressof(text), 4)
    header = Header(ctypes.addressof(name), 16, ctypes.addressof(piece), 1, None, 0, 0, 0)
    if libc.sendmmsg(s.fileno(), ctypes.byref(header), 1, FASTOPEN) != 1: raise OSError

def reconnected(port):
    s = stream(); s.connect((GRANTED, port))
    libc.connect(s.fileno(), bytes(16), 16)  # AF_UNSPEC dissolves it
    s.connect((OTHER, port)); s.send(b"leak")

def oversized(port):
    s = stream(); s.setblocking(True)
    if libc.connect(s.fileno(), address(OTHER, port) + bytes(112), 128) != 0: raise OSError
    s.send(b"leak")

WAYS = {
    "tcp": lambda port: tcp(OTHER, port),
    "tcp_loopback": lambda port: tcp("127.0.0.1", port),
    "tcp_unspecified": lambda port: tcp("0.0.0.0", port),
    "tcp_mapped": lambda port: tcp("::ffff:" + OTHER, port, socket.AF_INET6),
    "tcp_mapped_unspecified": lambda port: tcp("::ffff:0.0.0.0", port, socket.AF_INET6),
    "tcp_ipv6": lambda port: tcp("::1", port, socket.AF_INET6),
    "tcp_ipv6_unspecified": lambda port: tcp("::", port, socket.AF_INET6),
    "tcp_reconnected": reconnected,
    "tcp_oversized": oversized,
    "fastopen_sendto": lambda port: stream().sendto(b"leak", FASTOPEN, (OTHER, port)),
    "fastopen_sendmsg": lambda port: stream().sendmsg([b"leak"], [], FASTOPEN, (OTHER, port)),
    "fastopen_sendmmsg": fastopen_many,
    "fastopen_option": fastopen_option,
    "fastopen_to_the_granted_port_of_another": lambda port: stream(socket.AF_INET6).sendto(
        b"leak", FASTOPEN, ("::1", port)),
    "mptcp": lambda port: stream(protocol=262).connect((OTHER, port)),
    "udp": lambda port: udp(OTHER, port),
    "udp_to_the_granted_address": lambda port: udp(GRANTED, port),
    "udp_connected": lambda port: udp_connected(OTHER, port),
    "udp_ipv6": lambda port: udp("::1", port, socket.AF_INET6),
    "dns": dns,
    "unix_path": lambda port: socket.socket(socket.AF_UNIX).connect(f"{sys.argv[1]}/{port}"),
    "unix_abstract": lambda port: socket.socket(socket.AF_UNIX).connect(f"\0nono-egress-{port}"),
    "unix_datagram": lambda port: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(
        b"leak", f"\0nono-egress-d-{port}"),
    "vsock": lambda port: socket.socket(socket.AF_VSOCK).connect((1, port)),
    "granted": lambda port: tcp(GRANTED, port),
}
if sys.argv[2:] == ["names"]:
    print(*WAYS)
for argument in sys.argv[2:]:
    way, _, port = argument.partition(":")
    try:
        if port: WAYS[way](int(port))
    except OSError:
        pass
print("done")
'''


class Listeners:
    """Everything that can be listened on, on one port per way; says what arrived."""

    def __init__(self, ways, directory):
        self.directory = directory
        self.ports = {}
        self.sockets = {}  # descriptor: (socket, way)
        self.arrived = set()
        for way in ways:
            self.open_way(way)
        self.ends = socket.socketpair()
        self.poll = select.poll()
        for descriptor in (*self.sockets, self.ends[1].fileno()):
            self.poll.register(descriptor, select.POLLIN)
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def open_way(self, way):
        for _ in range(50):
            opened = []
            try:
                first = self.listening(socket.AF_INET, socket.SOCK_STREAM, (GRANTED, 0), opened)
                port = first.getsockname()[1]
                self.open_others(port, opened)
            except OSError:
                for one in opened:
                    one.close()
                continue
            self.ports[way] = port
            for one in opened:
                # The granted TCP listener is not part of what must not be reached.
                granted = one is first and way != "granted"
                self.sockets[one.fileno()] = (one, None if granted else way)
            return
        raise AssertionError("no free port")

    def open_others(self, port, opened):
        for host in ("127.0.0.1", OTHER):
            self.listening(socket.AF_INET, socket.SOCK_STREAM, (host, port), opened)
        for host in ("127.0.0.1", GRANTED, OTHER):
            self.listening(socket.AF_INET, socket.SOCK_DGRAM, (host, port), opened)
        self.listening(socket.AF_UNIX, socket.SOCK_STREAM, f"{self.directory}/{port}", opened)
        os.chmod(f"{self.directory}/{port}", 0o777)
        self.listening(socket.AF_UNIX, socket.SOCK_STREAM, f"\0nono-egress-{port}", opened)
        self.listening(socket.AF_UNIX, socket.SOCK_DGRAM, f"\0nono-egress-d-{port}", opened)
        for family, kind, name in ((socket.AF_INET6, socket.SOCK_STREAM, ("::1", port)),
                                   (socket.AF_INET6, socket.SOCK_DGRAM, ("::1", port)),
                                   (socket.AF_VSOCK, socket.SOCK_STREAM, (1, port))):
            try:
                self.listening(family, kind, name, opened)
            except OSError:
                pass  # not on this machine: its control says so

    @staticmethod
    def listening(family, kind, name, opened):
        one = socket.socket(family, kind)
        try:
            if family in (socket.AF_INET, socket.AF_INET6) and kind == socket.SOCK_STREAM:
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
            one.bind(name)
            if kind == socket.SOCK_STREAM:
                one.listen(64)
        except OSError:
            one.close()
            raise
        opened.append(one)
        return one

    def serve(self):
        while True:
            for descriptor, _ in self.poll.poll():
                if descriptor == self.ends[1].fileno():
                    return
                one, way = self.sockets[descriptor]
                if one.type == socket.SOCK_STREAM:
                    one.accept()[0].close()
                else:
                    one.recv(64)
                if way:
                    self.arrived.add(way)

    def take(self):
        time.sleep(0.3)  # what was sent is on its way in this machine
        arrived, self.arrived = self.arrived, set()
        return arrived

    def close(self):
        self.ends[0].send(b"x")
        self.thread.join()
        for one, _ in self.sockets.values():
            one.close()
        for end in self.ends:
            end.close()


class Egress(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.script = self.project.write("attempts.py", ATTEMPTS)
        self.sockets = self.project.base / "sockets"
        self.sockets.mkdir()
        self.sockets.chmod(0o777)
        names = self.ran(self.project.run(PY, self.script, self.sockets, "names")).stdout
        self.listeners = Listeners(names.splitlines()[0].split(), self.sockets)
        self.addCleanup(self.listeners.close)

    def words(self, without=()):
        return [PY, self.script, self.sockets,
                *(f"{way}:{port}" for way, port in self.listeners.ports.items()
                  if way not in without)]

    def arrives_without_a_sandbox(self):
        self.ran(self.project.run(*self.words()))
        arrived = self.listeners.take()
        # What this machine has in any case; the others are where its kernel has them.
        self.assertLessEqual({"tcp", "tcp_unspecified", "tcp_reconnected", "udp", "dns",
                              "unix_path", "unix_abstract", "granted"}, arrived)
        return arrived

    def arrives_with(self, *options):
        done = self.ran(self.project.sandbox(*self.words(), options=("--read-cwd", *options)))
        self.assertEqual(done.stdout, "done\n")
        return self.listeners.take()

    def test_nothing_arrives_but_at_the_hosts_that_were_named(self):
        without = self.arrives_without_a_sandbox()
        missing = set(self.listeners.ports) - without
        if missing:
            sys.stderr.write(f"not on this machine: {' '.join(sorted(missing))}\n")
        grants = [word for port in self.listeners.ports.values()
                  for word in ("--connect", f"{GRANTED}:{port}")]
        self.assertEqual(self.arrives_with(*grants), {"granted"})

    def test_nothing_arrives_at_all_where_the_network_is_blocked(self):
        self.arrives_without_a_sandbox()
        self.assertEqual(self.arrives_with("--block-net"), set())
        self.assertEqual(self.arrives_with("--block-net", "--net-namespace=auto"), set())

    def test_nothing_arrives_where_only_listening_is_allowed(self):
        self.assertEqual(self.arrives_with("--listen-port", "8000"), set())

    def test_ports_let_tcp_through_and_nothing_else(self):
        grants = [word for port in self.listeners.ports.values()
                  for word in ("--connect-port", str(port))]
        arrived = self.arrives_with(*grants)
        self.assertLessEqual({"tcp", "granted"}, arrived)
        self.assertEqual([way for way in arrived if not way.startswith(("tcp", "granted")) and
                          way != "fastopen_option"], [])


RACE = r'''
import ctypes, mmap, os, signal, socket, struct, sys
port, rounds = int(sys.argv[1]), int(sys.argv[2])
libc = ctypes.CDLL(None)
memory = mmap.mmap(-1, 4096)
memory[:16] = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port), bytes([127, 0, 0, 2]))
flipping = os.fork()
if flipping == 0:
    while True:
        memory[7] = 3
        memory[7] = 2
where = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
for _ in range(rounds):
    s = socket.socket()
    s.setblocking(False)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    libc.connect(s.fileno(), where, 16)
    s.close()
os.kill(flipping, signal.SIGKILL)
os.waitpid(flipping, 0)
print("done")
'''


class Counter:
    """Accepts on one address and counts."""

    def __init__(self, host, port=0):
        self.count = 0
        self.socket = socket.create_server((host, port), backlog=4096)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                self.socket.accept()[0].close()
            except OSError:
                return
            self.count += 1


class Race(support.SandboxCase):
    ROUNDS = int(os.environ.get("NONO_RACE_ROUNDS", "20000"))

    def test_an_address_that_changes_while_it_is_judged_never_leads_elsewhere(self):
        granted = Counter(GRANTED)
        self.addCleanup(granted.socket.close)
        other = Counter(OTHER, granted.port)
        self.addCleanup(other.socket.close)
        end = time.monotonic() + 60  # on a loaded machine one of the two may not get its turn
        while not (granted.count and other.count) and time.monotonic() < end:
            self.ran(self.project.run(PY, "-c", RACE, granted.port, 500))
            time.sleep(0.3)
        self.assertGreater(other.count, 0)
        self.assertGreater(granted.count, 0)
        granted.count = other.count = 0
        done = self.ran(self.project.sandbox(
            PY, "-c", RACE, granted.port, self.ROUNDS, timeout=300,
            options=("--allow-cwd", "--connect", f"{GRANTED}:{granted.port}")))
        time.sleep(0.5)
        self.assertEqual(done.stdout, "done\n")
        self.assertEqual(other.count, 0)
        self.assertGreater(granted.count, self.ROUNDS // 100)
        self.assertIn("address-not-granted", done.stderr)


SERVE = r'''
import socket, sys
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[1], int(sys.argv[2]))); s.listen()
print("up", flush=True)
c = s.accept()[0]; c.send(b"served"); c.close()
'''


# Sockets that a connect gave a granted port: another process undoes that while listen is judged.
UNDONE = r'''
import ctypes, errno, mmap, os, signal, socket, struct, sys, time
port, to = map(int, sys.argv[1:])
IP_LOCAL_PORT_RANGE, BATCH = 51, 500
shared = mmap.mmap(-1, 4096)
turn, delay, done = (ctypes.c_long.from_buffer(shared, 8 * at) for at in range(3))
delay.value = 20000

def undo(sockets):
    while True:
        mine = turn.value
        if mine != done.value:
            until = time.perf_counter_ns() + delay.value
            while time.perf_counter_ns() < until:
                pass
            try:
                sockets[mine % BATCH].shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            done.value = mine

def attempt(one):
    one.setblocking(False)
    one.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("=I", port | port << 16))
    if one.connect_ex(("127.0.0.1", to)) != errno.EINPROGRESS:
        return None
    one.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, 0)
    turn.value += 1
    try:
        one.listen()
        return 0
    except OSError as error:
        return error.errno
    finally:
        while done.value != turn.value:
            pass

def race(end):
    early = late = 0
    while time.monotonic() < end and min(early, late) < 500:
        sockets = [socket.socket() for _ in range(BATCH)]
        undoing = os.fork()
        if undoing == 0:
            undo(sockets)
        for at in range(BATCH):
            result = attempt(sockets[(turn.value + 1) % BATCH])
            if result == 0:
                os.kill(undoing, signal.SIGKILL)
                return f"listens on {sockets[turn.value % BATCH].getsockname()[1]}"
            early += result == errno.EACCES
            late += result == errno.EINVAL
            delay.value = max(1, delay.value * (17 if result == errno.EACCES else 15) // 16)
        os.kill(undoing, signal.SIGKILL)
        os.wait()
        for one in sockets:
            one.close()
    return "never"

try:
    print(race(time.monotonic() + 8))
except OSError as error:
    print("no range" if error.errno == errno.ENOPROTOOPT else error)
'''


class Listen(support.SandboxCase):
    def free_port(self):
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            return one.getsockname()[1]

    def test_a_client_outside_reaches_a_granted_port(self):
        port = self.free_port()
        for host in ("127.0.0.1", "0.0.0.0"):
            server = support.subprocess.Popen(
                self.project.command(support.NONO, "run", "--allow-cwd", "--listen-port", port,
                                     "--", PY, "-c", SERVE, host, port),
                cwd=self.project.tree, env=self.project.environment(), text=True,
                stdout=support.subprocess.PIPE, stderr=support.subprocess.PIPE)
            with server:
                self.assertEqual(server.stdout.readline(), "up\n")
                with socket.create_connection(("127.0.0.1", port), 5) as client:
                    self.assertEqual(client.recv(16), b"served")
            self.assertEqual(server.returncode, 0)

    def test_other_ports_unbound_sockets_and_udp_do_not_listen(self):
        port, other = self.free_port(), self.free_port()
        code = ("import socket\n"
                "def attempt(what, call):\n"
                "  try: call(); print(what)\n"
                "  except OSError: pass\n"
                f"attempt('granted', lambda: socket.create_server(('127.0.0.1', {port})))\n"
                f"attempt('other', lambda: socket.create_server(('127.0.0.1', {other})))\n"
                "attempt('any', lambda: socket.create_server(('127.0.0.1', 0)))\n"
                "attempt('unbound', lambda: socket.socket().listen())\n"
                "attempt('udp', lambda: socket.socket(type=socket.SOCK_DGRAM).bind("
                f"('127.0.0.1', {port})))\n"
                f"attempt('connect', lambda: socket.create_connection(('127.0.0.1', {port}), 2))\n")
        self.assertEqual(self.ran(self.project.run(PY, "-c", code)).stdout.split(),
                         ["granted", "other", "any", "unbound", "udp"])
        done = self.ran(self.project.sandbox(PY, "-c", code, options=(
            "--allow-cwd", "--listen-port", port)))
        self.assertEqual(done.stdout.split(), ["granted"])
        self.assertIn(f"listen TCP port {other}: port-not-granted", done.stderr)
        self.assertIn(f"mend: --listen-port {other}", done.stderr)
        self.assertIn("listen an unbound socket: listen-without-port", done.stderr)
        self.assertIn("bind any free TCP port: listen-without-port", done.stderr)

    def test_a_port_that_a_failed_or_undone_connect_left_behind_is_none(self):
        port, nobody = self.free_port(), self.free_port()
        code = ("import ctypes, socket\n"
                "def left(undo):\n"
                "  one = socket.socket()\n"
                f"  try: one.connect(('127.0.0.1', {nobody}))\n"
                "  except OSError: pass\n"
                "  if undo: ctypes.CDLL(None).connect(one.fileno(), bytes(16), 16)\n"
                "  try: one.listen(); print('listens')\n"
                "  except OSError as error: print(error.strerror)\n"
                "left(False); left(True)\n"
                f"granted = socket.socket(); granted.bind(('127.0.0.1', {port}))\n"
                "granted.listen(); print(granted.getsockname()[1])\n")
        wanted = ["listens", "listens", str(port)]
        self.assertEqual(self.ran(self.project.run(PY, "-c", code)).stdout.split("\n")[:3], wanted)
        for options in (("--listen-port", port, "--connect-port", nobody),
                        ("--listen-port", port, "--connect", f"127.0.0.1:{nobody}")):
            done = self.ran(self.project.sandbox(PY, "-c", code, options=("--allow-cwd", *options)))
            self.assertEqual(done.stdout.split("\n")[:3],
                             ["Permission denied", "Permission denied", str(port)])


    def test_a_connect_that_is_undone_while_its_port_is_looked_at_leaves_no_listener(self):
        with socket.socket() as busy:
            busy.bind(("127.0.0.1", 0))
            busy.listen(0)
            waiting = [socket.socket() for _ in range(4)]
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(busy.getsockname())
            port, to = self.free_port(), busy.getsockname()[1]
            done = self.project.sandbox(PY, "-c", UNDONE, port, to, options=(
                "--allow-cwd", "--listen-port", port, "--connect-port", to))
            for one in waiting:
                one.close()
        # Before Linux 6.3 a socket cannot choose the port that a connect gets.
        self.assertIn(done.stdout, ("never\n", "no range\n"), done.stderr)


def namespace_possible(case):
    """Whether the user of this case can have a network namespace."""
    done = case.project.nono("setup", "--check-only", "--json")
    return '"network_namespace":"yes"' in done.stdout.replace(" ", "").replace("\n", "")


class Namespace(support.SandboxCase):
    LIST = ("import os, socket; print([name for _, name in socket.if_nameindex()], os.getuid(), "
            "os.readlink('/proc/self/ns/net'))")

    def test_an_own_network_has_nothing_of_this_machine(self):
        options = ("--allow-cwd", "--block-net", "--net-namespace=on")
        if not namespace_possible(self):
            done = self.ran(self.project.sandbox("true", options=options), 125)
            self.assertIn("--net-namespace=on", done.stderr)
            self.skipTest("no network namespace can be made here")
        own = os.readlink("/proc/self/ns/net")
        done = self.ran(self.project.sandbox(PY, "-c", self.LIST, options=options))
        self.assertTrue(done.stdout.startswith(f"['lo'] {self.project.uid} net:"), done.stdout)
        self.assertNotIn(own, done.stdout)
        done = self.ran(self.project.sandbox(PY, "-c", self.LIST, options=options[:1]))
        self.assertIn(own, done.stdout)

    def test_a_blocked_network_is_not_listed(self):
        done = self.ran(self.project.sandbox(PY, "-c", self.LIST, options=(
            "--allow-cwd", "--block-net")), 1)
        self.assertIn("Address family not supported", done.stderr)
        done = self.ran(self.project.sandbox(PY, "-c", self.LIST, options=("--allow-cwd",)))
        self.assertIn("'lo'", done.stdout)

    def test_work_goes_on_in_an_own_network(self):
        self.project.write("CLAUDE.md", "be careful")
        self.project.sign("CLAUDE.md")
        script = ("cat CLAUDE.md; echo x >f; chmod 600 f; mkdir d; mv f d/; ls d; "
                  "test -O d/f; echo $?; mkfifo p; (echo late >p &); cat p")
        done = self.ran(self.project.sandbox("bash", "-c", script, options=(
            "--allow-cwd", "--block-net", "--net-namespace=auto")))
        self.assertEqual(done.stdout, "be carefulf\n0\nlate\n")
        self.assertEqual((self.project.tree / "d/f").stat().st_uid, self.project.uid)

    def test_the_tier_is_told(self):
        def network(*options):
            plan = json.loads(self.ran(self.project.sandbox("true", options=(
                "--allow-cwd", "--dry-run", "--json", *options))).stdout)
            return plan["network"], plan["network_namespace"]
        self.assertEqual(network("--block-net"), ("blocked (Landlock and seccomp)", False))
        possible = namespace_possible(self)
        self.assertEqual(network("--block-net", "--net-namespace", "auto"),
                         ("blocked (an empty network namespace, Landlock and seccomp)", True)
                         if possible else ("blocked (Landlock and seccomp)", False))
        done = self.ran(self.project.sandbox("true", options=(
            "--allow-cwd", "--net-namespace=on")), 2)
        self.assertIn("--block-net", done.stderr)
        self.ran(self.project.sandbox("true", options=(
            "--allow-cwd", "--block-net", "--net-namespace=perhaps")), 2)

    def test_no_process_is_left(self):
        length = str(700 + self.project.uid % 97)
        self.ran(self.project.sandbox("sh", "-c", f"setsid sleep {length} & :", options=(
            "--allow-cwd", "--block-net", "--net-namespace=auto")))
        listed = support.subprocess.run(["ps", "axo", "args"], capture_output=True, text=True,
                                        check=True).stdout
        self.assertNotIn(f"sleep {length}\n", listed)


support.both_users(globals(), Egress, Race, Listen, Namespace)

if __name__ == "__main__":
    sys.exit(support.main())
