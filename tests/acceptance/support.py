"""What the acceptance tests share: a project of its own, a home of its own, an ordinary user.

Run as root, every test class runs twice: as root and as an ordinary user without privileges.
"""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

NONO = os.environ.get("NONO", "nono")
SHARED = pathlib.Path(os.environ.get("NONO_SHARED_DIR", "/nonexistent"))
SKIP = 77
# How opens are judged in Project.sandbox: a whole suite can be run under the fast gate.
INTERCEPT = os.environ.get("NONO_TEST_INTERCEPT", "")
ORDINARY = 12345


NEEDS_MOUNTS = unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "needs root to mount")


def ordinary_user_possible():
    return os.geteuid() == 0 and shutil.which("setpriv") is not None


class Project:
    """A directory with a git repository, and a user to whom it belongs."""

    def __init__(self, uid):
        self.uid = uid
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="nono-acceptance-", dir="/var/tmp"))
        self.base.chmod(0o755)
        self.home = self.base / "home"
        self.tree = self.base / "project"
        self.tmp = self.base / "tmp"
        for directory in (self.home, self.tree, self.tmp):
            directory.mkdir()
        (self.tree / ".git").mkdir()
        self.own()

    def own(self):
        if self.uid != os.geteuid():
            subprocess.run(["chown", "-R", f"{self.uid}:{self.uid}", self.home, self.tree, self.tmp],
                           check=True)

    def close(self):
        subprocess.run(["chmod", "-R", "u+rwX", self.base], check=False,
                       stderr=subprocess.DEVNULL)
        shutil.rmtree(self.base, ignore_errors=True)

    def write(self, name, text):
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, errors="surrogateescape")
        self.own()
        return path

    def environment(self, extra=None):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8",
               "TMPDIR": str(self.tmp), "TERM": "xterm"}
        env.update(extra or {})
        return env

    def prefix(self):
        if self.uid == os.geteuid():
            return []
        return ["setpriv", "--reuid", str(self.uid), "--regid", str(self.uid), "--clear-groups",
                "--"]

    def command(self, *words):
        return [*self.prefix(), *map(str, words)]

    def run(self, *words, env=None, check=False, timeout=60, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(self.command(*words), cwd=self.tree, env=self.environment(env),
                              capture_output=True, text=options.pop("text", True),
                              timeout=timeout, check=check, **options)

    def nono(self, *words, **options):
        return self.run(NONO, *words, **options)

    def sandbox(self, *words, options=("--allow-cwd",), **rest):
        how = (f"--trust-intercept={INTERCEPT}",) if INTERCEPT else ()
        return self.nono("run", *options, *how, "--", *words, **rest)

    def sign(self, *names):
        done = self.nono("trust", "sign", *names)
        assert done.returncode == 0, done.stderr
        return done


def with_own_loader(program, loader, made):
    """Copies an ELF `program` to `made`, to be started by a copy of its loader at `loader`."""
    data = bytearray(pathlib.Path(program).resolve().read_bytes())
    at, count = struct.unpack_from("=Q", data, 32)[0], struct.unpack_from("=H", data, 56)[0]
    for segment in range(at, at + count * 56, 56):
        if struct.unpack_from("=I", data, segment)[0] == 3:  # PT_INTERP
            offset, size = (struct.unpack_from("=Q", data, segment + field)[0] for field in (8, 32))
            shutil.copy(os.path.realpath(bytes(data[offset:offset + size - 1])), loader)
            name = os.fsencode(loader) + b"\0"
            struct.pack_into("=Q", data, segment + 8, len(data))
            struct.pack_into("=Q", data, segment + 32, len(name))
            data += name
            break
    made.write_bytes(data)
    made.chmod(0o755)


class SandboxCase(unittest.TestCase):
    uid = os.geteuid()

    def setUp(self):
        self.project = Project(self.uid)
        self.addCleanup(self.project.close)

    def ran(self, done, code=0):
        self.assertEqual(done.returncode, code, f"stdout: {done.stdout}\nstderr: {done.stderr}")
        return done

    def mounted(self, mounts, *words, then="", env=None):
        """Runs `words` in the project where `mounts`, commands of a shell, have mounted something
        for them alone; `then` is what the shell does after them."""
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", f'{mounts} && "$@"{then}', "sh", *self.project.command(*words)],
            cwd=self.project.tree, env=self.project.environment(env), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=False)
        if "mount:" in done.stderr:
            self.skipTest("it cannot be mounted here: " + done.stderr)
        return done


class SessionCase(SandboxCase):
    """Sessions that run while a test does something else, and what is on record of them."""

    begun_with = ("--allow-cwd",)

    def begin(self, *words, options=None):
        process = subprocess.Popen(
            self.project.command(NONO, "run", *(self.begun_with if options is None else options),
                                 "--", *words),
            cwd=self.project.tree, env=self.project.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def ended(self, process):
        out, err = process.communicate(timeout=40)
        return subprocess.CompletedProcess([], process.returncode, out, err)

    def events(self, kind):
        """Of the newest session."""
        listed = json.loads(self.project.nono("audit", "list", "--json").stdout)
        session = listed["sessions"][0]["id"]
        events = json.loads(self.project.nono("audit", "show", "--json", session).stdout)["events"]
        return [event for event in events if event["type"] == kind]


class AskingCase(SessionCase):
    """Sessions that ask over their control socket; `session` is left out where there is one."""

    begun_with = ("--allow-cwd", "--approve", "socket")

    def questions(self, session=None):
        named = () if session is None else (session,)
        done = self.project.nono("approve", *named, "--list", "--json")
        return json.loads(done.stdout)["questions"] if done.returncode == 0 else []

    def asked(self, count=1, session=None):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            questions = self.questions(session)
            if len(questions) >= count:
                return questions
            time.sleep(0.02)
        self.fail(f"fewer than {count} questions")

    def answer(self, how, question, scope="once", session=None):
        named = () if session is None else (session,)
        return self.project.nono("approve", *named, "--" + how, question["id"], "--scope", scope,
                                 "--json")


def both_users(namespace, *cases):
    """Adds to `namespace` a copy of each case for the ordinary user."""
    if ordinary_user_possible():
        for case in cases:
            name = case.__name__ + "AsOrdinaryUser"
            namespace[name] = type(name, (case,), {"uid": ORDINARY,
                                                   "__module__": case.__module__})


def main(module="__main__"):
    program = unittest.main(module=module, exit=False, verbosity=1)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun > 0 and len(result.skipped) == result.testsRun:
        sys.exit(SKIP)
