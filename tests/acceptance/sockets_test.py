"""--allow-unix-socket and a profile's unix_socket: one socket outside is connected to, and no other."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading

import support

PY = "/usr/bin/python3"
CONNECT = """
import errno, os, socket, sys
for path in sys.argv[1:]:
    s = socket.socket(socket.AF_UNIX)
    try:
        s.connect(path)
        s.sendall(b"word")
        print(s.recv(99).decode(), flush=True)
    except OSError as e:
        print(errno.errorcode[e.errno], flush=True)
"""

TURN = """
import ctypes, sys
turn = ctypes.CDLL(None).renameat2
while True:
    turn(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 2)  # RENAME_EXCHANGE
"""


class Service:
    """Listens at a path, and answers with its name and what it heard."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(50)
        os.chmod(self.path, 0o666)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client:
                client.sendall(os.path.basename(self.path).encode() + b" " + client.recv(99))

    def end(self):
        if self.socket.fileno() >= 0:
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Sockets(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.outside = self.project.base / "outside"
        self.outside.mkdir()
        self.service = self.listen("service")
        self.other = self.listen("other")
        self.project.write("connect.py", CONNECT)

    def listen(self, name):
        out = Service(self.outside / name)
        self.addCleanup(out.end)
        return out

    def connect(self, *paths, options=(), env=None):
        return self.project.sandbox(PY, "connect.py", *paths, options=("--allow-cwd", *options), env=env)

    def granted(self, *more):
        return ("--allow-unix-socket", "../outside/service", *more)

    def test_only_the_named_socket_is_met(self):
        both = (self.service.path, self.other.path)
        control = self.project.run(PY, "connect.py", *both)
        self.assertEqual(control.stdout, "service word\nother word\n")
        done = self.ran(self.connect(*both))
        self.assertEqual(done.stdout, "EACCES\nEACCES\n")
        self.assertIn(f"mend: --allow-unix-socket {self.service.path}", done.stderr)
        done = self.ran(self.connect(*both, options=self.granted()))
        self.assertEqual(done.stdout, "service word\nEACCES\n")
        self.assertIn(f"connect {self.other.path}: unix-socket", done.stderr)
        self.assertNotIn(f"connect {self.service.path}", done.stderr)

    def test_in_a_view_of_its_own_with_the_network_blocked(self):
        for extra in ("--block-net", "--net-namespace=auto", "--mount-namespace=auto"):
            done = self.ran(self.connect(self.service.path, self.other.path, options=self.granted(
                "--block-net", extra)))
            self.assertEqual(done.stdout.splitlines()[0], "service word", extra)
            self.assertIn(done.stdout.splitlines()[1], ("EACCES", "ENOENT"), extra)

    def test_it_is_no_grant_of_the_file(self):
        for script in (f"rm {self.service.path}", f"chmod 600 {self.service.path}",
                       f"mv {self.service.path} {self.outside}/moved",
                       f"ln {self.service.path} here"):
            done = self.project.sandbox("sh", "-c", script, options=("--allow-cwd", *self.granted()))
            self.assertNotEqual(done.returncode, 0, script)
        self.assertEqual(os.stat(self.service.path).st_mode & 0o777, 0o666)

    def test_who_tries_the_abstract_name_first_goes_on_with_the_path(self):
        # libxcb does, and gives up on any other answer than that nobody has the name.
        path = str(self.outside / "service")
        with socket.socket(socket.AF_UNIX) as abstract:
            abstract.bind("\0" + path)
            abstract.listen(5)
            self.project.write("display.py", CONNECT.replace("sys.argv[1:]",
                                                             "('\\0' + sys.argv[1], sys.argv[1])"))
            done = self.project.sandbox(PY, "display.py", path,
                                        options=("--allow-cwd", *self.granted()))
        self.assertEqual(done.stdout.split("\n")[:2], ["ECONNREFUSED", "service word"], done.stderr)

    def test_by_other_names_it_is_the_same_socket(self):
        os.symlink(self.service.path, self.outside / "link")
        os.link(self.service.path, self.outside / "second")
        done = self.ran(self.connect(self.outside / "link", self.outside / "second",
                                     options=("--allow-unix-socket", self.outside / "link")))
        self.assertEqual(done.stdout, "service word\nservice word\n")

    def test_what_took_its_place_is_another_socket(self):
        process = subprocess.Popen(
            self.project.command(support.NONO, "run", "--allow-cwd", *self.granted(), "--", "sh", "-c",
                                 f"echo ready; read x; {PY} connect.py {self.service.path}"),
            cwd=self.project.tree, env=self.project.environment(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(process.stdout.readline(), "ready\n")
        self.service.end()
        os.unlink(self.service.path)
        self.listen("service")
        out, told = process.communicate("go\n", timeout=60)
        self.assertEqual((process.returncode, out), (0, "EACCES\n"), told)
        self.assertIn("it took the place of the socket that was granted at the start", told)

    def test_what_is_no_socket_is_refused(self):
        self.project.write("plain", "text")
        for path, why in (("plain", "is not a socket"), (".", "is not a socket"),
                          ("none", "No such file"), ("", "not empty")):
            done = self.project.sandbox("true", options=("--allow-cwd", "--allow-unix-socket", path))
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(why, done.stderr)

    def test_one_for_datagrams_is_refused(self):
        path = self.outside / "datagrams"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(path))
            os.chmod(path, 0o666)
            done = self.connect(path, options=("--allow-unix-socket", path))
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("takes datagrams", done.stderr)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            path.unlink()
            listener.bind(str(path))
            listener.listen()
            os.chmod(path, 0o666)
            done = self.connect(path, options=("--allow-unix-socket", path))
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_nonos_own_sockets_are_never_granted(self):
        process = subprocess.Popen(
            self.project.command(support.NONO, "run", "--approve", "socket", "--allow-cwd", "--", "sh",
                                 "-c", "echo ready; read x"),
            cwd=self.project.tree, env=self.project.environment(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            self.assertEqual(process.stdout.readline(), "ready\n")
            path, = (self.project.home / ".local/state/nono/sessions").glob("*.sock")
            second = self.outside / "second"
            os.link(path, second)
            os.link(self.service.path, self.outside / "third")
            override = ("--override-never-grant", path)
            for name, more, code, why in ((path, (), 125, "never granted"),
                                          (path, override, 2, "closed to every agent"),
                                          (second, (), 125, "never granted: "),
                                          (second, override, 2, "closed to every agent"),
                                          (self.service.path, ("-v",), 0, "another name")):
                done = self.project.sandbox("true", options=("--allow-unix-socket", name, *more))
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(why, done.stderr)
        finally:
            process.communicate("go\n", timeout=60)

    def test_its_address_is_passed_on(self):
        env = {"SSH_AUTH_SOCK": self.service.path, "DOCKER_HOST": f"unix://{self.other.path}"}
        script = ("sh", "-c", "echo ${SSH_AUTH_SOCK-none} ${DOCKER_HOST-none}")
        done = self.ran(self.project.sandbox(*script, env=env))
        self.assertEqual(done.stdout, "none none\n")
        done = self.ran(self.project.sandbox(*script, env=env, options=("--allow-cwd", *self.granted())))
        self.assertEqual(done.stdout, f"{self.service.path} none\n")

    def profile(self, path):
        name = self.project.home / ".config/nono/profiles/mine.json"
        name.parent.mkdir(parents=True, exist_ok=True)
        name.write_text(json.dumps({"meta": {"name": "mine"}, "extends": ["default"],
                                    "filesystem": {"unix_socket": [str(path)]},
                                    "workdir": {"access": "readwrite"}}))
        self.project.own()
        return ("--profile", "mine")

    def test_a_profile_grants_it(self):
        options = self.profile(self.service.path)
        done = self.ran(self.project.sandbox(PY, "connect.py", self.service.path, self.other.path,
                                             options=options))
        self.assertEqual(done.stdout, "service word\nEACCES\n")

    def test_a_profile_grants_none_that_acts_for_the_user(self):
        agent = self.listen("ssh-agent.1")
        done = self.project.sandbox("true", options=self.profile(agent.path))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("an agent that uses your keys", done.stderr)
        self.assertIn(f"mend: --allow-unix-socket {agent.path}", done.stderr)
        said = self.ran(self.project.nono("profile", "validate", "mine"), 1).stdout
        self.assertIn("REFUSED", said)
        self.assertIn("an agent that uses your keys", said)
        self.assertIn(f"mend: --allow-unix-socket {agent.path}", said)
        done = self.ran(self.connect(agent.path, options=("--allow-unix-socket", agent.path)))
        self.assertEqual(done.stdout, "ssh-agent.1 word\n")
        done = self.project.sandbox("true", options=self.profile(self.service.path),
                                    env={"ANY": self.service.path})
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("a variable of yours names it", done.stderr)

    def test_a_profile_grants_none_that_has_a_further_name(self):
        agent = self.listen("ssh-agent.1")
        os.link(agent.path, self.outside / "database")
        done = self.project.sandbox("true", options=self.profile(self.outside / "database"))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("it has another name, too", done.stderr)

    def test_a_link_that_turns_leads_past_no_refusal(self):
        agent = self.listen("ssh-agent.1")
        keys = self.project.home / ".ssh"
        keys.mkdir()
        (self.project.tree / "safe").mkdir()
        for name, target in (("l1", "safe"), ("l2", keys), ("s1", self.service.path), ("s2", agent.path)):
            os.symlink(target, self.project.tree / name)
        options = self.profile(self.project.tree / "s1")
        for pair, start, told in ((("l1", "l2"), ("--read", "l1"), f"{keys}  ("),
                                  (("s1", "s2"), options, f"{agent.path}  (")):
            turning = subprocess.Popen([PY, "-c", TURN, *pair], cwd=self.project.tree)
            try:
                for _ in range(60):
                    done = self.project.nono("run", "--dry-run", *start, "--", "true")
                    self.assertIn(done.returncode, (0, 2, 125), done.stderr)
                    self.assertNotIn(told, done.stdout + done.stderr)
            finally:
                turning.kill()
                turning.wait()

    def test_a_directory_is_made_in_no_place_that_a_link_leads_to(self):
        keys, mine, caches = (self.project.home / name for name in (".ssh", "mine", "caches"))
        for directory in (keys, mine, caches):
            directory.mkdir()
        for name, target in (("now", keys), ("then", mine)):
            os.symlink(target, caches / name)
        self.project.own()

        def start():
            return self.project.nono("run", "--profile", "go-dev", "--", "true",
                                     env={"XDG_CACHE_HOME": caches / "now"})

        done = start()
        self.assertEqual(done.returncode, 125, done.stderr)
        self.assertIn(f"{keys}/go-build lies in {keys}, which is never granted", done.stderr)
        self.assertEqual(os.listdir(keys), [])
        turning = subprocess.Popen([PY, "-c", TURN, caches / "now", caches / "then"])
        try:
            for _ in range(60):
                done = start()
                self.assertIn(done.returncode, (0, 2, 125), done.stderr)
                shutil.rmtree(mine / "go-build", ignore_errors=True)
        finally:
            turning.kill()
            turning.wait()
        self.assertEqual(os.listdir(keys), [])

    def test_a_profiles_missing_socket_is_left_out(self):
        done = self.ran(self.project.sandbox("echo", "ran", options=self.profile(self.outside / "none")))
        self.assertEqual(done.stdout, "ran\n")

    def test_wrap_refuses_it(self):
        done = self.project.nono("wrap", "--allow-cwd", *self.granted(), "--", "true")
        self.assertEqual(done.returncode, 125, done.stderr)
        self.assertIn("needs a supervisor", done.stderr)

    def test_why_says_the_same(self):
        for options, allowed, rule in (((), False, "unix-socket"), (self.granted(), True, "grant")):
            done = self.project.nono("why", "--op", "connect", "--path", self.service.path, "--json",
                                     "--allow-cwd", *options)
            answer = json.loads(done.stdout)
            self.assertEqual((answer["allowed"], answer["rule"]), (allowed, rule), answer)


support.both_users(globals(), Sockets)

if __name__ == "__main__":
    sys.exit(support.main())
