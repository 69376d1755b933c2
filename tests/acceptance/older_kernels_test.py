"""Kernels with an older Landlock, by a view of this one: no start, or every probe is still denied.

The view (older_kernel.c) answers landlock_create_ruleset(2) as ABI 0 to 6 do, to nono alone: what is
enforced is what such a kernel can enforce, with the broker in place of what it cannot.
"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import probes_test
import support

PY = "/usr/bin/python3"
VIEW = pathlib.Path(__file__).with_name("older_kernel.c")


def build_view():
    compiler = shutil.which("cc")
    if compiler is None:
        raise unittest.SkipTest("no C compiler")
    directory = tempfile.mkdtemp(prefix="nono-view-", dir="/var/tmp")
    os.chmod(directory, 0o755)
    view = os.path.join(directory, "view.so")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", view, str(VIEW), "-ldl"], check=True)
    return view


def this_abi():
    done = subprocess.run([support.NONO, "setup", "--check-only", "--json"], capture_output=True,
                          text=True, check=False)
    return int(json.loads(done.stdout)["features"]["landlock_abi"])


class View:
    @classmethod
    def setUpClass(cls):
        if this_abi() < 6:
            raise unittest.SkipTest("this kernel's own Landlock is older than ABI 6")
        cls.view = build_view()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(os.path.dirname(cls.view))

    def variables(self, abi):
        return {"LD_PRELOAD": self.view, "NONO_TEST_LANDLOCK_ABI": str(abi)}


class OlderKernels(View, support.SandboxCase):
    """How a run begins, and that honest programs keep their signals and sockets."""

    def run_on(self, abi, *words, options=("--allow-cwd", "--block-net")):
        return self.project.sandbox(*words, options=options, env=self.variables(abi), timeout=60)

    def script(self, abi, code, *words):
        self.project.write("try.py", code)
        return self.run_on(abi, PY, "try.py", *map(str, words))

    def test_without_landlock_or_below_abi_2_nothing_starts(self):
        for abi, lacks in ((0, "landlock"), (1, "landlock.refer")):
            done = self.run_on(abi, "echo", "started")
            self.assertEqual((done.returncode, done.stdout), (125, ""), abi)
            self.assertIn(f"this kernel lacks {lacks}:", done.stderr)
        done = self.run_on(3, "echo", "started", options=("--allow-cwd", "--connect-port", "80"))
        self.assertEqual((done.returncode, done.stdout), (125, ""))

    def test_from_abi_2_on_it_starts_and_says_what_is_missing(self):
        for abi in (2, 3, 4, 5, 6):
            self.assertEqual(self.ran(self.run_on(abi, "echo", "started")).stdout, "started\n")
            checked = self.project.nono("setup", "--check-only", "--json", env=self.variables(abi))
            document = json.loads(checked.stdout)
            self.assertEqual(int(document["features"]["landlock_abi"]), abi)
            missing = {each["feature"] for each in document["shortfalls"]}
            self.assertEqual("landlock.scope-signal" in missing, abi < 6)

    def test_signals_of_honest_programs_arrive(self):
        code = ("import os, signal, subprocess, sys, threading, time\n"
                "got = []\n"
                "signal.signal(signal.SIGUSR1, lambda *_: got.append(1))\n"
                "os.kill(os.getpid(), signal.SIGUSR1)\n"
                "signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)\n"
                "signal.raise_signal(signal.SIGUSR1)\n"
                "print(len(got))\n"
                "child = subprocess.Popen(['sleep', '50'])\n"
                "child.terminate(); print(child.wait())\n"
                "child = subprocess.Popen(['sleep', '50'])\n"
                "signal.pidfd_send_signal(os.pidfd_open(child.pid), 9); print(child.wait())\n"
                "group = subprocess.Popen(['sh', '-c', 'sleep 51 & sleep 52'], start_new_session=True)\n"
                "time.sleep(0.3); os.killpg(group.pid, 9); print(group.wait())\n"
                "orphan = subprocess.run(['sh', '-c', 'sleep 53 >/dev/null 2>&1 & echo $!'],\n"
                "                        capture_output=True, text=True)\n"
                "os.kill(int(orphan.stdout), 9); print('orphan')\n"
                "try: os.kill(child.pid, 0)\n"
                "except ProcessLookupError: print('gone')\n")
        for abi in (2, 5):
            done = self.ran(self.script(abi, code))
            self.assertEqual(done.stdout.split(), ["3", "-15", "-9", "-9", "orphan", "gone"], abi)
        done = self.run_on(4, "bash", "-c", "set -m; sleep 40 & kill %1; wait %1; echo $?;"
                                            "timeout 0.2 sleep 20; echo $?; kill 0; sleep 9")
        self.assertEqual(done.stdout.split(), ["143", "124"])

    def test_what_may_not_be_written_is_not_emptied(self):
        outside = self.project.base / "outside"
        outside.mkdir()
        (outside / "file").write_text("text")
        self.project.own()
        code = ("import errno, os, sys\n"
                "for call in (lambda: os.truncate(sys.argv[1], 0),\n"
                "             lambda: os.truncate('/proc/self/fd/%d' % os.open(sys.argv[1], os.O_PATH), 0),\n"
                "             lambda: os.open(sys.argv[1], os.O_RDONLY | os.O_TRUNC)):\n"
                "    try: call(); print('done')\n"
                "    except OSError as error: print(errno.errorcode[error.errno])\n"
                "open('own', 'w').write('text'); os.truncate('own', 0)\n"
                "os.open('own', os.O_RDONLY | os.O_TRUNC)\n"
                "held = os.memfd_create('m'); os.write(held, b'x')\n"
                "os.open('/proc/self/fd/%d' % held, os.O_RDONLY | os.O_TRUNC)\n"
                "os.truncate('/proc/self/fd/%d' % held, 0); print(os.fstat(held).st_size)\n")
        self.project.write("try.py", code)
        for grant in ((), ("--read", str(outside))):
            for abi in (2, 3, 6):
                done = self.ran(self.run_on(abi, PY, "try.py", str(outside / "file"),
                                            options=("--allow-cwd", *grant)))
                self.assertEqual(done.stdout.split(), ["EACCES"] * 3 + ["0"], abi)
                self.assertEqual((outside / "file").read_text(), "text")

    def test_what_lost_its_name_outside_is_not_emptied(self):
        outside = self.project.home / "outside"
        outside.mkdir()
        code = ("import errno, os, sys, time\n"
                "held = os.open(sys.argv[1], os.O_PATH); print('held', flush=True)\n"
                "end = time.monotonic() + 30\n"
                "while os.fstat(held).st_nlink and time.monotonic() < end: time.sleep(0.01)\n"
                "def change(fd):\n"
                "    path = '/proc/self/fd/%d' % fd\n"
                "    for call in (lambda: os.truncate(path, 0), lambda: os.chmod(path, 0o777),\n"
                "                 lambda: os.open(path, os.O_RDONLY | os.O_TRUNC)):\n"
                "        try: call(); print('done')\n"
                "        except OSError as error: print(errno.errorcode[error.errno])\n"
                "change(held)\n"
                "own = os.open('own', os.O_RDWR | os.O_CREAT); os.write(own, b'text'); os.unlink('own')\n"
                "unnamed = os.open('.', os.O_TMPFILE | os.O_RDWR, 0o600); os.write(unnamed, b'text')\n"
                "memory = os.memfd_create('m'); os.write(memory, b'text')\n"
                "for fd in (own, unnamed, memory): change(fd); print(os.fstat(fd).st_size)\n")
        self.project.write("try.py", code)
        for abi in (2, 3, 6):
            victim = outside / "file"
            victim.write_text("text")
            self.project.own()
            with open(victim, "rb") as kept:
                agent = subprocess.Popen(
                    self.project.command(support.NONO, "run", "--allow-cwd", "--", PY, "try.py", victim),
                    cwd=self.project.tree, env=self.project.environment(self.variables(abi)),
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                self.assertEqual(agent.stdout.readline(), "held\n")
                victim.unlink()
                out, err = agent.communicate(timeout=60)
                self.assertEqual(out.split(), ["EACCES"] * 3 + ["done"] * 3 + ["0"] +
                                 (["done"] * 3 + ["0"]) * 2, (abi, err))
                self.assertEqual(kept.read(), b"text")

    def test_no_signal_leaves(self):
        code = ("import ctypes, errno, fcntl, os, signal, socket, struct, sys\n"
                "victim = int(sys.argv[1]); group = int(sys.argv[2])\n"
                "libc = ctypes.CDLL(None, use_errno=True)\n"
                "def said(name, call):\n"
                "    try: call(); print(name, 'done')\n"
                "    except OSError as e: print(name, errno.errorcode[e.errno])\n"
                "def raw(*words):\n"
                "    if libc.syscall(*words) < 0: raise OSError(ctypes.get_errno(), '')\n"
                "info = ctypes.create_string_buffer(struct.pack('iii', 15, 0, -1), 128)\n"
                "a, b = socket.socketpair()\n"
                "said('kill', lambda: os.kill(victim, 15))\n"
                "said('zero', lambda: os.kill(victim, 0))\n"
                "said('all', lambda: os.kill(-1, 0))\n"
                "said('group', lambda: os.killpg(group, 15))\n"
                "said('parent', lambda: os.kill(os.getppid(), 0))\n"
                "said('tkill', lambda: raw(200, victim, 15))\n"
                "said('tgkill', lambda: raw(234, victim, victim, 15))\n"
                "said('queue', lambda: raw(129, victim, 15, info))\n"
                "said('tgqueue', lambda: raw(297, victim, victim, 15, info))\n"
                "said('pidfd', lambda: signal.pidfd_send_signal(os.pidfd_open(victim), 15))\n"
                "said('proc', lambda: raw(424, os.open('/proc/%d' % victim, os.O_DIRECTORY), 15, 0, 0))\n"
                "said('own', lambda: fcntl.fcntl(a, 8, victim))\n"
                "said('own-group', lambda: fcntl.fcntl(a, 8, -group))\n"
                "said('own-ex', lambda: fcntl.fcntl(a, 15, struct.pack('ii', 1, victim)))\n"
                "said('ioctl', lambda: fcntl.ioctl(a, 0x8901, struct.pack('i', victim)))\n"
                "said('ioctl2', lambda: fcntl.ioctl(a, 0x8902, struct.pack('i', victim)))\n"
                "said('own-self', lambda: fcntl.fcntl(a, 8, os.getpid()))\n")
        for abi in (2, 5):
            victim = subprocess.Popen(self.project.command("sleep", "60"), start_new_session=True)
            self.addCleanup(victim.wait)
            self.addCleanup(victim.kill)
            time.sleep(0.1)
            done = self.ran(self.script(abi, code, victim.pid, victim.pid))
            answers = dict(line.split() for line in done.stdout.splitlines())
            self.assertEqual(answers.pop("own-self"), "done")
            self.assertEqual({k: v for k, v in answers.items() if v != "EPERM"}, {}, abi)
            self.assertIsNone(victim.poll())

    def test_abstract_sockets_stay_inside(self):
        outside = socket.socket(socket.AF_UNIX)
        outside.bind(f"\0nono-view-{os.getpid()}-{time.monotonic_ns()}")
        outside.listen(5)
        self.addCleanup(outside.close)
        name = outside.getsockname()[1:].decode()
        code = ("import errno, socket, sys\n"
                "s = socket.socket(socket.AF_UNIX)\n"
                "try: s.connect('\\0' + sys.argv[1]); print('reached')\n"
                "except OSError as e: print(errno.errorcode[e.errno])\n"
                "for own in ('\\0' + sys.argv[1] + '-inside', ''):\n"
                "    server = socket.socket(socket.AF_UNIX); server.bind(own); server.listen(1)\n"
                "    client = socket.socket(socket.AF_UNIX); client.connect(server.getsockname())\n"
                "    print('inside')\n")
        for abi in (2, 5, 6):
            done = self.ran(self.script(abi, code, name))
            self.assertEqual(done.stdout.split(), ["ECONNREFUSED", "inside", "inside"], abi)

    def abstract_name(self):
        return f"nono-view-{os.getpid()}-{time.monotonic_ns()}"

    def test_an_abstract_name_is_of_one_type_of_socket(self):
        name = self.abstract_name()
        with socket.socket(socket.AF_UNIX) as outside:
            outside.bind("\0" + name)
            outside.listen(5)
            code = ("import errno, socket, sys\n"
                    "name = '\\0' + sys.argv[1]\n"
                    "own = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
                    "own.bind(name); own.listen(1)\n"
                    "for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):\n"
                    "    try: socket.socket(socket.AF_UNIX, kind).connect(name); print('reached')\n"
                    "    except OSError as e: print(errno.errorcode[e.errno])\n")
            for abi in (2, 5, 6):
                done = self.ran(self.script(abi, code, name))
                self.assertEqual(done.stdout.split(), ["ECONNREFUSED", "reached"], abi)

    def test_a_stream_of_the_caller_gets_no_port_while_the_network_is_blocked(self):
        # Below ABI 4 the kernel lets a TCP socket bind that was connected before.
        code = ("import ctypes, errno, os, socket\n"
                "own = socket.socket(fileno=os.dup(0))\n"
                "own.sendall(b'still connected')\n"
                "print(ctypes.CDLL(None).connect(own.fileno(), bytes(16), 16))\n"
                "for attempt in (lambda: own.bind(('127.0.0.1', 0)), lambda: own.listen(1)):\n"
                "    try: attempt(); print('done')\n"
                "    except OSError as e: print(errno.errorcode[e.errno])\n")
        self.project.write("try.py", code)
        for abi in (2, 3, 6):
            with socket.create_server(("127.0.0.1", 0)) as server, \
                    socket.create_connection(server.getsockname()) as given:
                taken, _ = server.accept()
                with taken:
                    done = self.project.sandbox(
                        PY, "try.py", options=("--allow-cwd", "--block-net"), env=self.variables(abi),
                        stdin=given)
                    self.assertEqual(self.ran(done).stdout, "0\nEACCES\nEACCES\n", abi)
                    self.assertEqual(taken.recv(100), b"still connected")

    def test_an_abstract_name_counts_as_long_as_its_socket_is_there(self):
        code = ("import errno, os, socket, sys\n"
                "name = '\\0' + sys.argv[1]\n"
                "def attempt():\n"
                "    try: socket.socket(socket.AF_UNIX).connect(name); return 'reached'\n"
                "    except OSError as e: return errno.errorcode[e.errno]\n"
                "def serve():\n"
                "    own = socket.socket(socket.AF_UNIX); own.bind(name); own.listen(1)\n"
                "    return own\n"
                "own = serve(); held = os.dup(own.fileno()); own.close()\n"
                "print(attempt()); os.close(held)\n"
                "print(attempt()); own = serve()\n"
                "print(attempt()); own.close()\n"
                "print('closed', flush=True); sys.stdin.readline()\n"
                "print(attempt())\n")
        self.project.write("try.py", code)
        for abi in (2, 5, 6):
            name = self.abstract_name()
            with subprocess.Popen(
                    self.project.command(support.NONO, "run", "--allow-cwd", "--", PY, "try.py", name),
                    cwd=self.project.tree, env=self.project.environment(self.variables(abi)),
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    text=True) as run:
                said = [run.stdout.readline().strip() for _ in range(4)]
                with socket.socket(socket.AF_UNIX) as outside:
                    outside.bind("\0" + name)
                    outside.listen(5)
                    said.append(run.communicate("\n", timeout=60)[0].strip())
            self.assertEqual(said, ["reached", "ECONNREFUSED", "reached", "closed", "ECONNREFUSED"],
                             abi)


@unittest.skipUnless((probes_test.PROBES / "run-probes.sh").exists(),
                     "the escape probes are not here")
class OlderKernelProbes(View, unittest.TestCase):
    """The whole table where most is missing; elsewhere the classes that the missing rights concern."""

    def check(self, abi, uid, categories):
        prefix = ["env", *(f"{k}={v}" for k, v in self.variables(abi).items()), support.NONO, "run",
                  "--trust-scan=none", "--allow-cwd", "--block-net", "--no-banner", "--read", "@BIN@",
                  "--"]
        with tempfile.TemporaryDirectory(prefix="nono-probes-") as directory:
            out = os.path.join(directory, "out.jsonl")
            pathlib.Path(out).touch(mode=0o666)
            chosen = ["-c", categories] if categories else []
            done = subprocess.run(["bash", str(probes_test.PROBES / "run-probes.sh"), "-o", out, "-u",
                                   str(uid), *chosen, "--", *prefix], capture_output=True, text=True,
                                  timeout=500, stdin=subprocess.DEVNULL, check=False)
            probes_test.remove_left_secrets()
            with open(out, encoding="utf-8") as lines:
                rows = [json.loads(line) for line in lines]
        self.assertGreater(len(rows), 5, done.stderr)
        escaped = {row["probe"] for row in rows if row["verdict"] == "ESCAPED"}
        errors = [row for row in rows if row["verdict"] == "ERROR" and row["category"] != "tty"]
        always, without_view = probes_test.documented()
        known = always if probes_test.view_possible() else always | without_view
        self.assertEqual(sorted(escaped - known), [], f"ABI {abi}")
        self.assertEqual(errors, [], f"ABI {abi}")

    def users(self):
        ordinary = support.ordinary_user_possible() or os.geteuid() != 0
        own = support.ORDINARY if os.geteuid() == 0 else os.geteuid()
        return ([own] if ordinary else []) + ([0] if os.geteuid() == 0 else [])

    def test_every_probe_on_abi_2(self):
        self.check(2, self.users()[0], None)

    def test_the_classes_concerned_on_every_abi(self):
        for abi in (2, 3, 4, 5, 6):
            self.check(abi, self.users()[-1], "proc,ipc,control")


support.both_users(globals(), OlderKernels)

if __name__ == "__main__":
    sys.exit(support.main())
