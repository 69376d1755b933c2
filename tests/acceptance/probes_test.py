"""The escape probes: every category, as an ordinary user and as root; what may escape is listed.

KNOWN mirrors docs/known-leaks.md: an escape that is not in it fails, and so does an entry that no
longer escapes.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import support

PROBES = support.SHARED / "tools" / "probes"
DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "known-leaks.md"


def documented():
    """The names between backticks at the start of the tables' rows: always, and without a view."""
    tables = [set(), set()]
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith("| probe"):
            names = tables["without a view" in line]
        elif line.startswith("| `"):
            names.add(line.split("`")[1])
    return tables


def view_possible():
    """Of an ordinary user, and root has no less."""
    user = ["setpriv", "--reuid", str(support.ORDINARY), "--regid", str(support.ORDINARY),
            "--clear-groups", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*user, support.NONO, "setup", "--check-only", "--json"],
                          capture_output=True, text=True, check=False, cwd="/")
    return '"mount_namespace":"yes"' in "".join(done.stdout.split())


def remove_left_secrets():
    """The process that the runner ends leaves a file of its secret."""
    for path in pathlib.Path("/dev/shm").glob("nono-probe-*"):
        if not pathlib.Path("/proc", path.name.rpartition("-")[2]).exists():
            path.unlink(missing_ok=True)


@unittest.skipUnless((PROBES / "run-probes.sh").exists(), "the escape probes are not here")
class Probes(unittest.TestCase):
    def run_probes(self, uid, options=(), chosen=()):
        with tempfile.TemporaryDirectory(prefix="nono-probes-") as directory:
            out = os.path.join(directory, "out.jsonl")
            pathlib.Path(out).touch(mode=0o666)
            words = ["bash", str(PROBES / "run-probes.sh"), "-o", out, "-u", str(uid), *chosen, "--",
                     support.NONO, "run", "--trust-scan=none", "--allow-cwd", "--block-net",
                     "--no-banner", "--read", "@BIN@", *options, "--"]
            done = subprocess.run(words, capture_output=True, text=True, timeout=800,
                                  stdin=subprocess.DEVNULL)
            remove_left_secrets()
            with open(out, encoding="utf-8") as lines:
                return [json.loads(line) for line in lines], done

    def check(self, uid):
        rows, done = self.run_probes(uid)
        self.assertGreater(len(rows), 50, done.stderr)
        verdicts = {row["probe"]: row for row in rows}
        # The runner gives the tty probes a terminal by script(1), which types a NUL where there is no
        # input; its echo stands before the probe's line, and only the exit code (1) is left.
        errors = [row for row in rows if row["verdict"] == "ERROR"
                  and not (row["category"] == "tty" and row["rc"] == 1)]
        self.assertEqual(errors, [])
        known, without_view = documented()
        known = known if view_possible() else known | without_view
        escaped = {name for name, row in verdicts.items() if row["verdict"] == "ESCAPED"}
        self.assertEqual([n for n in escaped if verdicts[n]["category"] == "control"], [])
        self.assertEqual(sorted(escaped - known), [], "escapes that are not documented")
        stale = known & set(verdicts) - escaped
        self.assertEqual(sorted(n for n in stale if verdicts[n]["verdict"] == "BLOCKED"), [],
                         "documented as leaks, but stopped")
        for name in escaped:
            self.assertNotIn(verdicts[name]["category"], ("fs", "proc", "instr"), name)

    def check_without_view(self, uid):
        """What a view hides escapes without one, and nothing more."""
        chosen = ("-n", "meta_*")
        without, done = self.run_probes(uid, ("--mount-namespace=off",), chosen)
        escaped = {row["probe"] for row in without if row["verdict"] == "ESCAPED"}
        self.assertEqual(escaped, documented()[1], done.stderr)
        if view_possible():
            within, done = self.run_probes(uid, ("--mount-namespace=on",), chosen)
            self.assertEqual({row["verdict"] for row in within}, {"BLOCKED"}, done.stderr)

    def check_limits(self, uid):
        """What escapes for want of a limit is stopped by one."""
        limits = ("--limit-pids", "500", "--memory", "512M", "--limit-disk", "1G")
        rows, done = self.run_probes(uid, limits, ("-c", "dos,control"))
        verdicts = {row["probe"]: row["verdict"] for row in rows}
        stopped = {name for name in verdicts if name.startswith("dos_")}
        self.assertEqual(stopped, {"dos_fork", "dos_mem", "dos_disk"}, done.stderr)
        self.assertEqual([name for name in verdicts if verdicts[name] != "BLOCKED"], [])

    @unittest.skipUnless(support.ordinary_user_possible() or os.geteuid() != 0, "no setpriv")
    def test_as_an_ordinary_user(self):
        self.check(support.ORDINARY if os.geteuid() == 0 else os.geteuid())

    @unittest.skipUnless(os.geteuid() == 0, "not root")
    def test_as_root(self):
        self.check(0)

    @unittest.skipUnless(support.ordinary_user_possible() or os.geteuid() != 0, "no setpriv")
    def test_without_a_view_as_an_ordinary_user(self):
        self.check_without_view(support.ORDINARY if os.geteuid() == 0 else os.geteuid())

    @unittest.skipUnless(os.geteuid() == 0, "not root")
    def test_without_a_view_as_root(self):
        self.check_without_view(0)

    @unittest.skipUnless(support.ordinary_user_possible() or os.geteuid() != 0, "no setpriv")
    def test_limits_as_an_ordinary_user(self):
        self.check_limits(support.ORDINARY if os.geteuid() == 0 else os.geteuid())

    @unittest.skipUnless(os.geteuid() == 0, "not root")
    def test_limits_as_root(self):
        self.check_limits(0)


if __name__ == "__main__":
    sys.exit(support.main())
