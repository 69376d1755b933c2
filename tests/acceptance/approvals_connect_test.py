"""Connects outside the grants that are asked about: who may answer, what no answer reaches."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

import support

PY = "/usr/bin/python3"

# Connects, says how it went, and what came.
TRY = """
import errno, socket, sys
for where in sys.argv[1:]:
    path = where.startswith('/')
    host, _, port = where.rpartition(':')
    family = socket.AF_UNIX if path else socket.AF_INET6 if '[' in host else socket.AF_INET
    s = socket.socket(family)
    s.settimeout(None)
    try:
        s.connect(where if path else (host.strip('[]'), int(port)))
        print(s.recv(100).decode() or 'nothing', flush=True)
    except OSError as e:
        print(errno.errorcode[e.errno], flush=True)
"""


class Listener:
    """A service of this machine that says a word to whoever comes, and counts them."""

    def __init__(self, address, family=socket.AF_INET, kind=socket.SOCK_STREAM, word="hello"):
        self.socket = socket.socket(family, kind)
        self.socket.bind(address)
        self.socket.listen(50)
        self.word = word
        self.came = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.came += 1
            client.sendall(self.word.encode())
            client.close()

    @property
    def text(self):
        return "%s:%d" % self.socket.getsockname()[:2]

    def end(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class ConnectApprovals(support.AskingCase):
    def setUp(self):
        super().setUp()
        self.outside = self.project.base / "outside"
        self.outside.mkdir()
        self.project.write("try.py", TRY)
        self.tcp = self.listen(("127.0.0.1", 0))
        self.unix = str(self.outside / "service")
        self.path = self.listen(self.unix, socket.AF_UNIX)
        self.own_outside()

    def own_outside(self):
        subprocess.run(["chown", "-R", f"{self.project.uid}:{self.project.uid}", self.outside],
                       check=True)

    def listen(self, address, family=socket.AF_INET, **more):
        out = Listener(address, family, **more)
        self.addCleanup(out.end)
        return out

    def rules(self, *rules):
        path = self.project.base / "rules.json"
        path.write_text(json.dumps({"schema": "nono/approval-rules/1", "rules": list(rules)}))
        return f"rules:{path}"

    def options(self, approve, network=("--connect", "192.0.2.1:9")):
        return ("--allow-cwd", *network, "--approve", approve)

    def tried(self, *where, rules=(), network=("--connect", "192.0.2.1:9"), env=None):
        return self.project.sandbox(PY, "try.py", *map(str, where), env=env,
                                    options=self.options(self.rules(*rules), network))

    def allow(self, address=None, path=None, scope="once"):
        where = {"path": str(path), "operations": ["connect"]} if path else {"address": address}
        return {**where, "approval": "allow", "scope": scope}

    def everything(self):
        return [self.allow(path="/**/*")]

    def begin(self, *words, options=None):
        return super().begin(*map(str, words), options=options or self.options("socket"))

    # -- who is asked, and what an answer does

    def test_nobody_is_asked_by_default(self):
        done = self.project.sandbox(PY, "try.py", self.tcp.text, self.unix, options=(
            "--allow-cwd", "--connect", "192.0.2.1:9"))
        self.assertEqual(done.stdout.split(), ["EACCES", "EACCES"])
        self.assertEqual(self.tcp.came + self.path.came, 0)
        self.assertEqual(self.events("approval_asked"), [])

    def test_allowed_once_reaches_it_and_is_asked_about_again(self):
        process = self.begin(PY, "try.py", self.tcp.text, self.tcp.text)
        question = self.asked()[0]
        self.assertEqual((question["operation"], question["object"], question["requested"]),
                         ("connect", self.tcp.text, self.tcp.text))
        self.assertEqual(self.tcp.came, 0)
        self.ran(self.answer("allow", question))
        second = self.asked()[0]
        self.assertNotEqual(question["id"], second["id"])
        self.ran(self.answer("deny", second))
        out, err = process.communicate(timeout=30)
        self.assertEqual(out.split(), ["hello", "EACCES"], err)
        self.assertEqual(self.tcp.came, 1)
        self.assertEqual([(e["operation"], e["address"], e["outcome"], e["by"])
                          for e in self.events("approval")],
                         [("connect", self.tcp.text, "allowed", "socket"),
                          ("connect", self.tcp.text, "denied", "socket")])
        self.assertEqual(len(self.events("approval_asked")), 2)
        self.assertIn(f"connect {self.tcp.text}: address-not-granted", err)

    def test_allowed_for_the_session_is_not_asked_about_again(self):
        done = self.ran(self.tried(*[self.tcp.text] * 3,
                                   rules=[self.allow(self.tcp.text, scope="session")]))
        self.assertEqual(done.stdout.split(), ["hello"] * 3)
        self.assertEqual(len(self.events("approval_asked")), 1)
        self.assertEqual([e["by"] for e in self.events("approval")],
                         ["rules", "session", "session"])

    def test_an_answer_is_for_one_address_and_one_port(self):
        other = self.listen(("127.0.0.1", 0))
        elsewhere = self.listen(("127.0.0.2", self.tcp.socket.getsockname()[1]))
        done = self.tried(self.tcp.text, other.text, elsewhere.text,
                          rules=[self.allow(self.tcp.text, scope="session")])
        self.assertEqual(done.stdout.split(), ["hello", "EACCES", "EACCES"])
        self.assertEqual((self.tcp.came, other.came, elsewhere.came), (1, 0, 0))

    def test_a_socket_of_the_file_system(self):
        done = self.tried(self.unix, rules=[self.allow(path=self.unix)])
        self.assertEqual(done.stdout.split(), ["hello"], done.stderr)
        self.assertEqual([(e["operation"], e["path"], e["outcome"]) for e in self.events("approval")],
                         [("connect", self.unix, "allowed")])
        done = self.tried(self.unix, rules=[{"path": self.unix, "approval": "deny",
                                             "operations": ["connect"]}], network=("--block-net",))
        self.assertEqual((done.stdout.split(), self.path.came), (["EACCES"], 1))
        done = self.tried(self.unix, rules=[self.allow(path=self.unix)], network=("--block-net",))
        self.assertEqual(done.stdout.split(), ["hello"], done.stderr)

    def test_rules_of_files_are_none_for_sockets(self):
        done = self.tried(self.unix, rules=[{"path": "/**/*", "approval": "allow"}])
        self.assertEqual(done.stdout.split(), ["EACCES"])
        self.assertEqual(self.path.came, 0)

    def test_a_name_that_is_known_is_shown_and_met_by_a_rule(self):
        try:
            known = socket.gethostbyname("localhost") == "127.0.0.1"
        except OSError:
            known = False
        if not known:
            self.skipTest("localhost is not known here")
        network = ("--connect", "localhost:9")
        process = self.begin(PY, "try.py", self.tcp.text, options=self.options("socket", network))
        question = self.asked()[0]
        port = self.tcp.text.split(":")[1]
        self.assertEqual((question["object"], question["requested"]),
                         (self.tcp.text, f"localhost:{port}"))
        self.ran(self.answer("deny", question))
        process.wait(timeout=20)
        done = self.tried(self.tcp.text, rules=[self.allow(f"localhost:{port}")], network=network)
        self.assertEqual(done.stdout.split(), ["hello"])

    def test_the_kernels_answer_is_the_callers(self):
        free = socket.socket()
        self.addCleanup(free.close)
        free.bind(("127.0.0.1", 0))
        closed = "%s:%d" % free.getsockname()
        done = self.tried(closed, rules=[self.allow(closed)])
        self.assertEqual(done.stdout.split(), ["ECONNREFUSED"])
        dead = self.outside / "dead"
        gone = socket.socket(socket.AF_UNIX)
        gone.bind(str(dead))
        gone.close()
        self.own_outside()
        self.assertEqual(self.tried(dead, rules=self.everything()).stdout.split(), ["ECONNREFUSED"])

    def test_a_socket_that_does_not_block_is_told_so(self):
        code = ("import select, socket, sys\nhost, port = sys.argv[1].split(':')\n"
                "s = socket.socket(); s.setblocking(False)\n"
                "print(s.connect_ex((host, int(port))) in (0, 115))\n"
                "select.select([s], [], [], 5); print(s.recv(9).decode())\n"
                "print(s.connect_ex((host, int(port))))\n")
        self.project.write("later.py", code)
        done = self.project.sandbox(PY, "later.py", self.tcp.text, options=self.options(
            self.rules(self.allow(self.tcp.text))))
        # Connected already: nobody is asked, and what is not granted is refused as ever.
        self.assertEqual(done.stdout.split(), ["True", "hello", "13"], done.stderr)
        self.assertEqual(len(self.events("approval_asked")), 1)

    def test_ipv6_and_mapped_addresses_are_one_with_what_they_mean(self):
        mapped = f"[::ffff:127.0.0.1]:{self.tcp.text.split(':')[1]}"
        done = self.tried(mapped, rules=[self.allow(self.tcp.text)])
        self.assertEqual(done.stdout.split(), ["hello"], done.stderr)
        self.assertEqual(self.events("approval")[0]["address"], self.tcp.text)

    def test_others_go_on_while_one_connects(self):
        # The backlog is full: a connect waits in the kernel, and only its caller with it.
        full = socket.socket(socket.AF_UNIX)
        full.bind(str(self.outside / "full"))
        full.listen(0)
        self.addCleanup(full.close)
        self.own_outside()
        first = socket.socket(socket.AF_UNIX)
        first.connect(str(self.outside / "full"))
        self.addCleanup(first.close)
        script = (f"{PY} try.py {self.outside}/full & {PY} try.py {self.tcp.text}; echo ready;"
                  "kill %1; wait")
        started = time.monotonic()
        done = self.project.sandbox("bash", "-c", "set -m; " + script, options=self.options(
            self.rules(*self.everything(), self.allow(self.tcp.text))))
        self.assertEqual(done.stdout.split()[:2], ["hello", "ready"], done.stderr)
        self.assertLess(time.monotonic() - started, 15)

    # -- what no answer reaches

    def test_with_the_network_blocked_there_is_no_socket_to_ask_about(self):
        done = self.tried(self.tcp.text, rules=[self.allow(self.tcp.text)], network=("--block-net",))
        self.assertNotIn("hello", done.stdout)
        self.assertEqual((self.tcp.came, self.events("approval_asked")), (0, []))

    def test_addresses_that_are_never_asked_about(self):
        never = ["169.254.169.254:80", "169.254.170.2:80", "100.100.100.200:80", "192.0.0.192:80",
                 "168.63.129.16:80", "[::ffff:169.254.169.254]:80", "[fd00:ec2::254]:80",
                 "[64:ff9b::a9fe:a9fe]:80", "127.0.0.1:2375", "224.0.0.1:80", "0.1.2.3:80"]
        allowed = [self.allow(a) for a in never if not a.startswith(("224", "0.", "[64"))]
        done = self.tried(*never, rules=allowed)
        self.assertEqual(set(done.stdout.split()), {"EACCES"}, done.stderr)
        self.assertEqual(self.events("approval_asked"), [])
        self.assertEqual({e["by"] for e in self.events("approval")}, {"never-grant"})

    def test_sockets_that_are_never_asked_about(self):
        places = ["docker.sock", "tmux-1000/default", "S.gpg-agent", "x/.docker/run/engine",
                  "vscode-ipc-1.sock", "dbus-abc", "my-ssh-agent.1"]
        for place in places:
            path = self.outside / place
            path.parent.mkdir(parents=True, exist_ok=True)
            self.listen(str(path), socket.AF_UNIX)
        self.own_outside()
        os.symlink(self.outside / "docker.sock", self.project.tree / "link")
        os.link(self.outside / "docker.sock", self.outside / "second")
        names = [self.outside / place for place in places]
        names += [self.project.tree / "link", self.outside / "second"]
        done = self.tried(*names, rules=self.everything())
        self.assertEqual(set(done.stdout.split()), {"EACCES"}, done.stdout)
        self.assertEqual(self.events("approval_asked"), [])
        self.assertEqual(self.tried(self.unix, rules=self.everything()).stdout.split(), ["hello"])

    def test_a_socket_that_a_variable_names_is_never_asked_about(self):
        for value in (self.unix, f"unix:path={self.unix},guid=1", f"{self.unix},7,0"):
            done = self.tried(self.unix, rules=self.everything(), env={"ANY_AGENT": value})
            self.assertEqual(done.stdout.split(), ["EACCES"], value)
        self.assertEqual(self.path.came, 0)

    def test_the_sessions_own_sockets_are_never_asked_about(self):
        process = self.begin("sh", "-c", f"{PY} try.py {self.tcp.text}; "
                             f"for s in {self.project.home}/.local/state/nono/sessions/*.sock; do "
                             f"{PY} try.py $s; done; {PY} try.py $(cat go)")
        question = self.asked()[0]
        own = next((self.project.home / ".local/state/nono/sessions").glob("*.sock"))
        self.project.write("go", str(own))
        self.ran(self.answer("deny", question))
        out, _ = process.communicate(timeout=30)
        self.assertEqual(set(out.split()), {"EACCES", "ENOENT"} & set(out.split()))
        self.assertIn("EACCES", out.split()[1:])
        self.assertEqual([e["by"] for e in self.events("approval")][1:], ["never-grant"])

    def test_what_the_sockets_own_mode_refuses_is_not_asked_about(self):
        os.chmod(self.unix, 0)
        os.chown(self.unix, self.project.uid, self.project.uid)
        done = self.tried(self.unix, rules=self.everything())
        self.assertEqual((done.stdout.split(), self.path.came), (["EACCES"], 0))
        self.assertEqual(self.events("approval_asked"), [])

    def test_kinds_that_are_not_asked_about(self):
        code = ("import errno, socket, sys\nhost, port = sys.argv[1].split(':'); port = int(port)\n"
                "def go(name, make, to):\n"
                "    try: make().connect(to); print(name, 'reached')\n"
                "    except OSError as e: print(name, errno.errorcode[e.errno])\n"
                "S = socket\n"
                "go('udp', lambda: S.socket(S.AF_INET, S.SOCK_DGRAM), (host, port))\n"
                "go('mptcp', lambda: S.socket(S.AF_INET, S.SOCK_STREAM, 262), (host, port))\n"
                "go('abstract', lambda: S.socket(S.AF_UNIX), '\\0nono-test')\n"
                "go('packets', lambda: S.socket(S.AF_UNIX, S.SOCK_SEQPACKET), sys.argv[2])\n"
                "def listens():\n    s = S.socket(); s.bind(('127.0.0.1', 0)); s.listen(); return s\n"
                "go('listens', listens, (host, port))\n")
        self.project.write("kinds.py", code)
        done = self.project.sandbox(PY, "kinds.py", self.tcp.text, self.unix, options=self.options(
            self.rules(*self.everything(), self.allow(self.tcp.text))))
        self.assertNotIn("reached", done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), 5, done.stderr)
        self.assertEqual(self.events("approval_asked"), [])

    # -- attacks

    def test_the_address_that_was_shown_is_the_one_that_is_reached(self):
        other = self.listen(("127.0.0.1", 0), word="wrong")
        code = ("import ctypes, socket, struct, sys, threading\n"
                "a, b = (struct.pack('!HHBBBBQ', 0x0200, int(x.split(':')[1]), 127, 0, 0, 1, 0)\n"
                "        for x in sys.argv[1:3])\n"
                "libc = ctypes.CDLL(None, use_errno=True)\n"
                "buffer = ctypes.create_string_buffer(a, 16)\n"
                "stop = []\n"
                "def flip():\n"
                "    while not stop: ctypes.memmove(buffer, b, 16); ctypes.memmove(buffer, a, 16)\n"
                "threading.Thread(target=flip).start()\n"
                "for i in range(40):\n"
                "    s = socket.socket()\n"
                "    if libc.connect(s.fileno(), buffer, 16) == 0: print(s.recv(9).decode())\n"
                "    else: print(ctypes.get_errno())\n"
                "    s.close()\n"
                "stop.append(1)\n")
        self.project.write("flip.py", code)
        done = self.ran(self.project.sandbox(
            PY, "flip.py", self.tcp.text, other.text, options=self.options(
                self.rules(self.allow(self.tcp.text, scope="session"),
                           {"address": other.text, "approval": "deny", "scope": "session"}))))
        self.assertEqual(other.came, 0)
        self.assertLessEqual(set(done.stdout.split()), {"hello", "13"})

    def test_opens_and_connects_share_one_rate(self):
        for i in range(30):
            (self.outside / f"f{i}").write_text("x")
        self.own_outside()
        code = ("import os, socket, sys\nhost = '127.0.0.1'\n"
                "for i in range(30):\n"
                "    try: os.open(sys.argv[1] + '/f%d' % i, 0)\n"
                "    except OSError: pass\n"
                "    try: socket.socket().connect((host, 20000 + i))\n"
                "    except OSError: pass\n")
        self.project.write("flood.py", code)
        started = time.monotonic()
        self.project.sandbox(PY, "flood.py", self.outside, options=self.options(self.rules()))
        took = time.monotonic() - started
        asked = len(self.events("approval_asked"))
        self.assertLessEqual(asked, 5 + 10 * took + 1)
        self.assertGreaterEqual(asked, 5)
        self.assertIn("rate-limit", {e["by"] for e in self.events("approval")})

    def test_a_caller_that_died_is_not_connected(self):
        process = self.begin("sh", "-c", f"{PY} try.py {self.tcp.text} & "
                                         "until [ -e asked ]; do sleep 0.05; done; kill -9 $!;"
                                         "wait $!; echo killed; sleep 30")
        question = self.asked()[0]
        self.project.write("asked", "")
        self.assertEqual(process.stdout.readline(), "killed\n")
        self.answer("allow", question)
        time.sleep(0.5)
        self.assertEqual(self.tcp.came, 0)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        self.assertEqual([e["outcome"] for e in self.events("approval")], ["denied"])

    def test_what_cannot_be_recorded_is_not_connected(self):
        if os.geteuid() != 0:
            self.skipTest("what a broker holds open is counted as root")
        process = self.begin(PY, "try.py", self.tcp.text)
        question = self.asked()[0]
        log = next((self.project.home / ".local/state/nono/audit").glob("*/events.ndjson"))
        pids = [p for p in os.listdir("/proc") if p.isdigit() and self.holds(p, log)]
        self.assertTrue(pids)
        for pid in pids:
            self.ran(self.project.run("prlimit", "--pid", pid, f"--fsize={log.stat().st_size}"))
        self.answer("allow", question)
        out, _ = process.communicate(timeout=30)
        self.assertNotIn("hello", out)
        self.assertEqual(self.tcp.came, 0)

    def holds(self, pid, log):
        try:
            return any(os.path.samefile(f"/proc/{pid}/fd/{fd}", log)
                       for fd in os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            return False

    def test_rules_of_addresses_that_are_none_stop_the_start(self):
        for rule in ({"address": "example.org"}, {"address": "*:443"}, {"address": ""},
                     {"address": "[fe80::1]:80"}, {"address": "127.1:80"},
                     {"address": "192.0.2.1:80", "path": "/srv/x"},
                     {"address": "192.0.2.1:80", "operations": ["connect"]}):
            done = self.tried("x", rules=[{**rule, "approval": "allow"}])
            self.assertEqual((done.returncode, done.stdout), (2, ""), rule)
            self.assertIn("/rules/0", done.stderr)


support.both_users(globals(), ConnectApprovals)

if __name__ == "__main__":
    sys.exit(support.main())
