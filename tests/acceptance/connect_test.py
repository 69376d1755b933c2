"""--connect: the hosts that were named are reached, by their names too, and no others."""

import http.server
import json
import shutil
import socket
import sys
import threading
import unittest

import support

PY = "/usr/bin/python3"


class Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"served\n")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, address="127.0.0.1", port=0):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), Quiet)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def end(self):
        self.shutdown()
        self.server_close()


def on_own_network():
    """Whether localhost resolves here to 127.0.0.1 as on any machine."""
    try:
        return ("127.0.0.1", 1) in [a[4][:2] for a in socket.getaddrinfo("localhost", 1)]
    except OSError:
        return False


GET = ("import sys, urllib.request\n"
       "print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode().strip())")


class Connect(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.end)
        self.url = f"http://127.0.0.1:{self.server.port}/"

    def get(self, url, *connect, extra=()):
        options = ["--allow-cwd", *extra]
        for one in connect:
            options += ["--connect", one]
        return self.project.sandbox(PY, "-c", GET, url, options=options)

    def test_a_named_address_is_reached(self):
        self.assertEqual(self.ran(self.get(self.url, f"127.0.0.1:{self.server.port}")).stdout,
                         "served\n")

    def test_another_address_on_the_same_port_is_not(self):
        done = self.get(self.url, f"127.0.0.2:{self.server.port}")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("Permission denied", done.stderr)
        line = f"connect 127.0.0.1:{self.server.port}: address-not-granted"
        self.assertEqual(done.stderr.count(line), 1, done.stderr)
        self.assertIn(f"mend: --connect 127.0.0.1:{self.server.port}", done.stderr)

    def test_the_option_that_a_denial_names_mends_it(self):
        done = self.get(self.url, "192.0.2.1:9")
        mend = [line.split("mend: ")[1] for line in done.stderr.splitlines() if "mend: " in line][0]
        self.ran(self.get(self.url, "192.0.2.1:9", mend.split()[1]))

    def test_another_port_of_the_same_address_is_not(self):
        done = self.get(self.url, "127.0.0.1:9")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("address-not-granted", done.stderr)

    @unittest.skipUnless(on_own_network(), "localhost is not known here")
    def test_a_name_is_reached_by_that_name(self):
        port = self.server.port
        self.assertEqual(self.ran(self.get(f"http://localhost:{port}/",
                                           f"localhost:{port}")).stdout, "served\n")

    def test_ipv6(self):
        try:
            server = Server("::1")
        except OSError:
            self.skipTest("no IPv6 here")
        self.addCleanup(server.end)
        url = f"http://[::1]:{server.port}/"
        self.ran(self.get(url, f"[::1]:{server.port}"))
        self.assertNotEqual(self.get(url, f"127.0.0.1:{server.port}").returncode, 0)

    def test_ports_and_hosts_go_together(self):
        other = Server("127.0.0.2")
        self.addCleanup(other.end)
        self.ran(self.get(f"http://127.0.0.2:{other.port}/", "192.0.2.1:9",
                          extra=("--connect-port", str(other.port))))

    def test_no_socket_takes_another_link(self):
        """On another link somebody else may answer for the address that was granted."""
        code = ("import errno, socket, sys\n"
                "for option, value in ((socket.SO_BINDTODEVICE, b'lo'), (62, 1)):\n"
                "    s = socket.socket()\n"
                "    try: s.setsockopt(socket.SOL_SOCKET, option, value); print('bound')\n"
                "    except OSError as error: print(errno.errorcode[error.errno])\n"
                "s.connect(('127.0.0.1', int(sys.argv[1]))); print('connected')\n")
        port = str(self.server.port)
        for options, said in (((), "bound"), (("--connect", f"127.0.0.1:{port}"), "EPERM"),
                              (("--connect-port", port), "EPERM")):
            done = self.ran(self.project.sandbox(PY, "-c", code, port,
                                                 options=("--allow-cwd", *options)))
            self.assertEqual(done.stdout.split(), [said, said, "connected"], options)

    def test_no_packet_leaves_from_an_address_of_somebody_else(self):
        """What a granted host answers would go there. The port that is bound to is granted."""
        try:
            socket.socket(socket.AF_INET6).close()
        except OSError:
            self.skipTest("no IPv6 here")
        code = ("import errno, socket\n"
                "def attempt(level, option):\n"
                "    s = socket.socket(socket.AF_INET6)\n"
                "    s.setsockopt(level, option, 1); s.bind(('2001:db8:1:2::3', 40123))\n"
                "for level, option in ((socket.IPPROTO_IP, 15), (socket.IPPROTO_IPV6, 78)):\n"
                "    try: attempt(level, option); print('bound')\n"
                "    except OSError as error: print(errno.errorcode[error.errno])\n"
                "try: attempt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)\n"
                "except OSError as error: print(errno.errorcode[error.errno])\n")
        for options, said in (((), "bound"),
                              (("--connect", "[2001:db8::1]:9", "--listen-port", "40123"), "EPERM"),
                              (("--connect-port", "9", "--listen-port", "40123"), "EPERM")):
            done = self.ran(self.project.sandbox(PY, "-c", code, options=("--allow-cwd", *options)))
            self.assertEqual(done.stdout.split(), [said, said, "EADDRNOTAVAIL"], options)

    def test_no_group_is_joined(self):
        """A report of it would leave the machine, and hold what the agent names."""
        code = ("import errno, socket, struct\n"
                "group = struct.pack('=HH4s120x', 2, 0, socket.inet_aton('239.66.66.1'))\n"
                "source = struct.pack('=HH4s120x', 2, 0, b'text')\n"
                "loopback = struct.pack('I4x', 1)\n"
                "for option, value in ((42, group), (46, group + source)):\n"
                "    try: socket.socket().setsockopt(0, option, loopback + value); print('joined')\n"
                "    except OSError as error: print(errno.errorcode[error.errno])\n")
        for options, said in (((), "joined"), (("--connect", "192.0.2.1:9"), "EPERM"),
                              (("--connect-port", "9"), "EPERM")):
            done = self.ran(self.project.sandbox(PY, "-c", code, options=("--allow-cwd", *options)))
            self.assertEqual(done.stdout.split(), [said, said], options)

    def test_a_socket_that_does_not_block_is_connected_too(self):
        code = ("import select, socket\n"
                "s = socket.socket(); s.setblocking(False)\n"
                f"print(s.connect_ex(('127.0.0.1', {self.server.port})) in (0, 115))\n"
                "select.select([], [s], [], 5)\n"
                "print(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))\n"
                f"t = socket.socket(); t.setblocking(False)\n"
                "try: t.connect(('127.0.0.2', 9))\n"
                "except PermissionError: print('refused')\n")
        done = self.ran(self.project.sandbox(PY, "-c", code, options=(
            "--allow-cwd", "--connect", f"127.0.0.1:{self.server.port}")))
        self.assertEqual(done.stdout.split(), ["True", "0", "refused"])

    def test_a_socket_that_comes_to_wait_while_it_is_looked_at_holds_up_nobody(self):
        code = ("import fcntl, os, signal, socket, threading, time\n"
                "server = socket.socket(socket.AF_UNIX); server.bind('s'); server.listen(0)\n"
                "held = []\n"
                "for _ in range(3):\n"
                "    held.append(socket.socket(socket.AF_UNIX)); held[-1].setblocking(False)\n"
                "    held[-1].connect_ex('s')\n"
                "client = socket.socket(socket.AF_UNIX)\n"
                "if os.fork() == 0:\n"
                "    flags = fcntl.fcntl(client, fcntl.F_GETFL)\n"
                "    while os.getppid() != 1:\n"
                "        fcntl.fcntl(client, fcntl.F_SETFL, flags | os.O_NONBLOCK)\n"
                "        fcntl.fcntl(client, fcntl.F_SETFL, flags & ~os.O_NONBLOCK)\n"
                "def interrupt(*_):\n"
                "    if waits: raise InterruptedError\n"
                "signal.signal(signal.SIGALRM, interrupt)\n"
                "longest, end = 0, time.monotonic() + 4\n"
                "while time.monotonic() < end:\n"
                "    try:\n"
                "        waits = True\n"
                "        signal.setitimer(signal.ITIMER_REAL, 0.02)\n"
                "        client.connect('s')\n"
                "    except OSError: pass\n"
                "    waits = False\n"
                "    signal.setitimer(signal.ITIMER_REAL, 0)\n"
                "    begun = time.monotonic(); open('f').close()\n"
                "    longest = max(longest, time.monotonic() - begun)\n"
                "print(longest < 3, flush=True)\n"
                "os.kill(0, 9)\n")
        self.project.write("f", "text")
        done = self.project.sandbox(PY, "-c", code, options=("--allow-cwd", "--block-net"))
        self.assertEqual(done.stdout, "True\n", done.stderr)

    def test_real_clients(self):
        port = self.server.port
        clients = {"curl": ("curl", "-s", "--max-time", "5", self.url),
                   "wget": ("wget", "-qO-", "-T", "5", "-t", "1", self.url),
                   "node": ("node", "-e", f"require('http').get('{self.url}', r => "
                            "r.pipe(process.stdout)).on('error', e => process.exit(9))")}
        tried = 0
        for name, words in clients.items():
            if shutil.which(name) is None:
                continue
            with self.subTest(client=name):
                done = self.ran(self.project.sandbox(*words, options=(
                    "--allow-cwd", "--connect", f"127.0.0.1:{port}")))
                self.assertEqual(done.stdout, "served\n")
                self.assertNotEqual(self.project.sandbox(*words, options=(
                    "--allow-cwd", "--connect", f"127.0.0.3:{port}")).returncode, 0)
                tried += 1
        if tried == 0:
            self.skipTest("no client is installed")

    def test_an_unknown_host_starts_nothing(self):
        done = self.project.sandbox("echo", "started", options=(
            "--allow-cwd", "--connect", "no-such-host.invalid:443"))
        self.assertEqual((done.returncode, done.stdout), (125, ""))
        self.assertIn("no-such-host.invalid:443", done.stderr)

    def test_wrong_words_are_refused(self):
        for wrong in ("example.org", "example.org:0", "127.1:80", "0.0.0.0:80", "*:443",
                      "https://example.org:443", "[fe80::1]:80"):
            done = self.project.sandbox("echo", "started", options=(
                "--allow-cwd", "--connect", wrong))
            self.assertEqual((done.returncode, done.stdout), (2, ""), wrong)
            self.assertIn("--connect", done.stderr)

    def test_hosts_contradict_a_blocked_or_open_network(self):
        for option in ("--block-net", "--allow-net"):
            self.ran(self.project.sandbox("true", options=(
                "--allow-cwd", option, "--connect", "127.0.0.1:80")), 2)

    def test_plan_shows_hosts_with_their_addresses(self):
        options = ("--allow-cwd", "--dry-run", "--json", "--connect", "192.0.2.7:443")
        plan = json.loads(self.ran(self.project.sandbox("true", options=options)).stdout)
        self.assertEqual(plan["network"], "TCP only: connect 192.0.2.7:443")
        self.assertEqual(plan["destinations"],
                         [{"host": "192.0.2.7:443", "addresses": ["192.0.2.7"]}])

    def test_table_of_hosts_is_this_machines_without_names_and_cannot_be_written(self):
        with open("/etc/hosts", encoding="utf-8") as own:
            text = own.read()
        options = ("--allow-cwd", "--connect", "192.0.2.7:443")
        self.assertEqual(self.ran(self.project.sandbox(
            "cat", "/etc/hosts", options=options)).stdout, text)
        self.assertNotEqual(self.project.sandbox(
            "sh", "-c", "echo x >>/etc/hosts", options=options).returncode, 0)

    def test_profile_names_hosts(self):
        profile = self.project.write("p.json", json.dumps(
            {"meta": {"name": "p"}, "network": {"connect": [f"127.0.0.1:{self.server.port}"]}}))
        self.assertEqual(self.ran(self.get(self.url, extra=("--profile", profile))).stdout,
                         "served\n")
        other = f"http://127.0.0.2:{self.server.port}/"
        self.assertNotEqual(self.get(other, extra=("--profile", profile)).returncode, 0)
        bad = self.project.write("b.json", json.dumps(
            {"meta": {"name": "b"}, "network": {"connect": ["example.org"]}}))
        done = self.get(self.url, extra=("--profile", bad))
        self.assertEqual(done.returncode, 2)
        self.assertIn("/network/connect/0", done.stderr)

    def test_why_agrees(self):
        port = self.server.port
        grant = ("--connect", f"127.0.0.1:{port}")
        cases = [((f"127.0.0.1:{port}", *grant), 0, "address"),
                 ((f"127.0.0.2:{port}", *grant), 1, "address-not-granted"),
                 (("127.0.0.1:9", *grant), 1, "address-not-granted"),
                 (("127.0.0.1:9",), 0, "network-open"),
                 (("127.0.0.1:9", "--block-net"), 1, "network-blocked"),
                 (("127.0.0.1:9", "--connect-port", "9"), 0, "port")]
        for (host, *options), code, rule in cases:
            done = self.project.nono("why", "--json", "--host", host, *options)
            self.assertEqual(done.returncode, code, done.stderr)
            answer = json.loads(done.stdout)
            self.assertEqual((answer["rule"], answer["object"]), (rule, host))
        self.ran(self.project.nono("why", "--host", "127.1:9"), 2)
        self.ran(self.project.nono("why", "--host", "127.0.0.1:9", "--op", "read"), 2)


# Starts its arguments in a network and with a table of hosts of their own. On the other end of its
# only link is a server, in a network of its own.
STAGE = """
set -e
ip link set lo up && mount --bind "$1" /etc/hosts
unshare -n sh -c 'until ip address add 10.77.0.1/24 dev far 2>/dev/null; do sleep 0.05; done
ip link set far up; exec python3 -c "$1"' sh "$2" & server=$!
until test "$(readlink /proc/$server/ns/net)" != "$(readlink /proc/self/ns/net)"; do sleep 0.05; done
ip link add near type veth peer name far && ip link set far netns $server
ip address add 10.77.0.2/24 dev near && ip link set near up
shift 2
i=0; until python3 -c "import socket; socket.create_connection(('10.77.0.1', 8099), 0.2)" 2>/dev/null
do i=$((i+1)); test $i -lt 100; sleep 0.05; done
code=0; "$@" || code=$?
kill $server; exit $code
"""
SERVE = ("import http.server as h\n"
         "class Q(h.BaseHTTPRequestHandler):\n"
         "  def do_GET(s): s.send_response(200); s.end_headers(); s.wfile.write(b'served\\n')\n"
         "  def log_message(s, *a): pass\n"
         "h.ThreadingHTTPServer(('10.77.0.1', 8099), Q).serve_forever()")
HOSTS = """127.0.0.1 localhost
10.77.0.1 svc.example
127.0.0.1 rebound.example
169.254.169.254 metadata.example
10.77.0.1 both.example
127.0.0.1 both.example
10.77.0.2 both.example
10.77.0.2 own.example
64:ff9b::a4d:2 translated.example
100.100.100.200 cloud.example
64:ff9b:1::a9fe:a9fe local.example
ff02::1 group.example
"""


@unittest.skipUnless(support.os.geteuid() == 0 and shutil.which("ip") and shutil.which("unshare"),
                     "only root makes a network and a table of hosts for this test")
class Names(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.hosts = self.project.write("hosts", HOSTS)
        probe = support.subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True)
        if probe.returncode != 0:
            self.skipTest("no network namespace can be made here")

    def staged(self, *words, connect=()):
        options = [word for one in connect for word in ("--connect", one)]
        command = ["unshare", "-n", "-m", "sh", "-c", STAGE, "sh", self.hosts, SERVE,
                   *self.project.command(support.NONO, "run", "--allow-cwd", *options, "--",
                                         *words)]
        return support.subprocess.run(list(map(str, command)), cwd=self.project.tree, text=True,
                                      env=self.project.environment(), capture_output=True,
                                      timeout=60, stdin=support.subprocess.DEVNULL)

    def test_a_name_leads_inside_to_what_it_was_resolved_to_outside(self):
        done = self.staged(PY, "-c", GET, "http://svc.example:8099/", connect=["svc.example:8099"])
        self.assertEqual(self.ran(done).stdout, "served\n")
        done = self.staged("cat", "/etc/hosts", connect=["svc.example:8099", "SVC.example.:80"])
        self.assertEqual(self.ran(done).stdout, "10.77.0.1\tsvc.example\n" + HOSTS)
        done = self.staged(PY, "-c", GET, "http://svc.example:8099/", connect=["svc.example:80"])
        self.assertIn("connect 10.77.0.1:8099: address-not-granted", done.stderr)

    def test_a_name_gives_no_access_to_this_machine_or_to_metadata_services(self):
        for name, address in (("rebound", "127.0.0.1"), ("metadata", "169.254.169.254"),
                              ("own", "10.77.0.2"), ("translated", "[64:ff9b::a4d:2]"),
                              ("cloud", "100.100.100.200"), ("local", "[64:ff9b:1::a9fe:a9fe]")):
            done = self.staged("echo", "started", connect=[f"{name}.example:80"])
            self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
            self.assertIn(f"--connect {address}:80", done.stderr)
        done = self.staged("echo", "started", connect=["group.example:80"])
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertIn("give a name that leads to a host", done.stderr)
        done = self.ran(self.staged("cat", "/etc/hosts", connect=["both.example:80"]))
        self.assertTrue(done.stdout.startswith("10.77.0.1\tboth.example\n" + HOSTS[:20]))
        done = self.staged("echo", "started", connect=["10.77.0.2:80", "100.100.100.200:80"])
        self.assertEqual(self.ran(done).stdout, "started\n")


support.both_users(globals(), Connect, Names)

if __name__ == "__main__":
    sys.exit(support.main())
