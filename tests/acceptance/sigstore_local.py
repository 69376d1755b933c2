"""A real Sigstore on loopback for the tests that sign keyless: Fulcio, CT log, TSA, Rekor v1 and v2.

The servers come from tools/sigstore-local. Everything happens in a network namespace that has
nothing but loopback, where one can be made. A test ends with `main`, which skips and says why where
the programs are not.
"""

import fcntl
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

import support

HERE = pathlib.Path(__file__).resolve()
SCRIPT = HERE.parents[2] / "tools/sigstore-local/sigstore-local.sh"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")))
PROGRAMS = ("fulcio", "timestamp-server", "rekor-server", "rekor-server-posix", "ct_server",
            "trillian-mem")
BASE = int(os.environ.get("NONO_SIGSTORE_BASE", "37000"))
GITHUB = "https://token.actions.githubusercontent.com"
REPOSITORY = "acme/agent-skills"
WORKFLOW = ".github/workflows/sign.yml"
MEMBER = {"fulcio": "caUrls", "tsa": "tsaUrls", "rekor": "rekorTlogUrls"}


def missing():
    for tool in ("openssl", "curl", "bash"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    where = pathlib.Path(subprocess.run(["bash", SCRIPT, "where"], check=True, capture_output=True,
                                        text=True).stdout.strip())
    absent = [name for name in PROGRAMS if not (where / name).exists()]
    if absent:
        return f"no {', '.join(absent)} in {where}: {SCRIPT} install builds them"
    os.environ["SL_BIN"] = str(where)
    return None


class Servers:
    """One Sigstore for all tests."""

    def __init__(self):
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="nono-sigstore-", dir="/var/tmp"))
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.state),
                            "SL_BIN": os.environ["SL_BIN"], "SL_STATE": str(self.state / "s"),
                            "SL_BASE": str(BASE), "PYTHONDONTWRITEBYTECODE": "1"}

    def script(self, *words):
        return subprocess.run(["bash", SCRIPT, *words], env=self.environment, timeout=120,
                              capture_output=True, text=True, check=True).stdout

    def up(self):
        """A second try on a machine so busy that a server was not ready in time, or died of another's."""
        for last in (False, True):
            try:
                self.script("up")
                return
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as problem:
                for text in (problem.stdout, problem.stderr):
                    sys.stderr.write(text if isinstance(text, str) else (text or b"").decode())
                if last:
                    raise
                self.script("down")

    def down(self):
        try:
            self.script("down")
        finally:
            shutil.rmtree(self.state, ignore_errors=True)

    def path(self, name):
        return self.state / "s" / name

    def text(self, name):
        return self.path(name).read_text()

    def pid(self, name):
        return int(self.text(f"pid/{name}"))

    def config(self, name="signing_config.json"):
        return json.loads(self.text(name))

    def token(self, *claims):
        return self.script("token", *claims).strip()

    def job(self):
        """The variables that a GitHub job with `id-token: write` has."""
        return {"GITHUB_ACTIONS": "true",
                "ACTIONS_ID_TOKEN_REQUEST_URL":
                    f"http://127.0.0.1:{BASE + 1}/gha/token?api-version=2.0",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.text("oidc/gha.bearer").strip()}


def publisher(**changes):
    return {"name": "ci", "issuer": GITHUB, "repository": REPOSITORY, "workflow": WORKFLOW,
            "ref_pattern": "refs/heads/main", **changes}


class KeylessCase(unittest.TestCase):
    """A project and a user whose configuration is that of the loopback Sigstore."""

    servers = None  # one for all cases of a suite

    @classmethod
    def setUpClass(cls):
        if KeylessCase.servers is None:
            KeylessCase.servers = Servers()
            unittest.addModuleCleanup(KeylessCase.servers.down)
            KeylessCase.servers.up()

    def setUp(self):
        self.project = support.Project(os.geteuid())
        self.addCleanup(self.project.close)
        self.config = self.project.home / ".config/nono"
        self.config.mkdir(parents=True, mode=0o700)
        self.keep("trusted_root.json", self.servers.text("trusted_root.json"))
        self.keep("signing_config.json", self.servers.text("signing_config.json"))
        self.project.write("CLAUDE.md", "be careful")

    def keep(self, name, text):
        path = self.config / name
        path.write_text(text)
        path.chmod(0o600)

    def keep_config(self, config):
        self.keep("signing_config.json", json.dumps(config))

    def trust(self, *publishers):
        self.keep("trust-policy.json", json.dumps(
            {"version": 1, "includes": ["*.md"], "publishers": list(publishers),
             "enforcement": "deny"}))

    def sign(self, *words, env=None, code=0, **options):
        done = self.project.nono("trust", "sign", "--keyless", *words, env=env, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def in_job(self, *words, **rest):
        return self.sign(*words, env=self.servers.job(), **rest)

    def verdict(self, name="CLAUDE.md", code=0):
        done = self.project.nono("trust", "verify", name)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def unsigned(self, name="CLAUDE.md"):
        self.assertFalse((self.project.tree / f"{name}.bundle").exists())


def alone_on_loopback(script):
    """Starts `script` again where there is no network but loopback; returns where it cannot."""
    if os.environ.get("NONO_ALONE") or shutil.which("unshare") is None:
        return
    flags = "-n" if os.geteuid() == 0 else "-rn"
    if subprocess.run(["unshare", flags, "true"], capture_output=True, check=False).returncode == 0:
        os.execvpe("unshare", ["unshare", flags, sys.executable, script, *sys.argv[1:]],
                   {**os.environ, "NONO_ALONE": "1"})


def raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh", b"lo", 0)
        flags = struct.unpack("16sh", fcntl.ioctl(any_socket, 0x8913, request + bytes(14))[:18])[1]
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", flags | 1) + bytes(14))
    # No client's port may be one that a server is about to take.
    ports = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
    try:
        ports.write_text(f"{BASE + 1000} 60999")
    except OSError:
        pass  # not ours to set here


def main(script, why=None):
    why = why or missing()
    if why:
        print(f"{pathlib.Path(script).name}: skipped: {why}", file=sys.stderr)
        sys.exit(support.SKIP)
    alone_on_loopback(script)
    if os.environ.get("NONO_ALONE"):
        raise_loopback()
        sys.exit(support.main())
    # The servers have the ports of this machine to themselves: one suite after the other.
    with open(f"/var/tmp/nono-sigstore.{os.geteuid()}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sys.exit(support.main())
