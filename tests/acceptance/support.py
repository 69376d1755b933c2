"""What the acceptance tests share: a project of its own, a home of its own, an ordinary user.

Run as root, every test class runs twice: as root and as an ordinary user without privileges.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

NONO = os.environ.get("NONO", "nono")
SHARED = pathlib.Path(os.environ.get("NONO_SHARED_DIR", "/nonexistent"))
SKIP = 77
# How opens are judged in Project.sandbox: a whole suite can be run under the fast gate.
INTERCEPT = os.environ.get("NONO_TEST_INTERCEPT", "")
ORDINARY = 12345


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


class SandboxCase(unittest.TestCase):
    uid = os.geteuid()

    def setUp(self):
        self.project = Project(self.uid)
        self.addCleanup(self.project.close)

    def ran(self, done, code=0):
        self.assertEqual(done.returncode, code, f"stdout: {done.stdout}\nstderr: {done.stderr}")
        return done


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
