"""What runs out while an agent runs: the descriptors of nono's own processes, the disk beneath its record.

Whatever runs out, a guarded name yields verified bytes or an error, never others; nothing hangs.
"""

import errno
import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

import support

PY = "/usr/bin/python3"

# Opens a verified file, an unverified one and a plain one over and over; what it got goes to stdout.
AGENT = """
import collections, json, sys, time
got = collections.Counter()
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    for name in ('SKILLS.md', 'CLAUDE.md', 'plain'):
        try:
            with open(name) as file:
                got[name + ' ' + file.read()] += 1
        except OSError as error:
            got[name + ' ' + str(error.errno)] += 1
print(json.dumps(got), flush=True)
"""

# Changes the limit of open files of processes of the same user, at random, for four seconds: PID:OPEN…
CHURN = """
import random, resource, sys, time
ours = {int(pid): int(count) for pid, count in (word.split(':') for word in sys.argv[1:])}
before = {pid: resource.prlimit(pid, resource.RLIMIT_NOFILE) for pid in ours}
generator, rounds, end = random.Random(1), 0, time.monotonic() + 4
while time.monotonic() < end:
    for pid, count in ours.items():
        limit = max(count + generator.randrange(-2, 4), 3)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, before[pid][1]))
    time.sleep(generator.uniform(0, 0.02))
    for pid in ours:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before[pid])
    time.sleep(generator.uniform(0, 0.01))
    rounds += 1
print(rounds)
"""


def processes_of(root):
    """`root` and what descends from it and executes the same program: the supervisor and the broker."""
    program = os.readlink(f"/proc/{root}/exe")
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        try:
            if os.readlink(f"/proc/{pid}/exe") != program:
                continue
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except OSError:
            continue
        found.append(pid)
        queue += [int(child) for child in children.split()]
    return found


def open_descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


class Exhaustion(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.project.write("agent.py", AGENT)
        self.project.write("SKILLS.md", "verified")
        self.project.sign("SKILLS.md")
        self.project.write("CLAUDE.md", "planted")
        self.project.write("plain", "plain")

    def begin(self, seconds):
        process = subprocess.Popen(
            self.project.command(support.NONO, "run", "--allow-cwd", "--trust-scan=none", "--",
                                 PY, "agent.py", str(seconds)),
            cwd=self.project.tree, env=self.project.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def check(self, got):
        """Nothing but verified bytes under guarded names, and some of the opens were served."""
        for key in got:
            name, what = key.split(" ", 1)
            good = {"SKILLS.md": "verified", "CLAUDE.md": None, "plain": "plain"}[name]
            self.assertTrue(what == good or what.isdigit(), got)

    def test_control_the_loop_reads_the_planted_file_without_a_sandbox(self):
        done = self.ran(self.project.run(PY, "agent.py", "0.1"))
        self.assertGreater(json.loads(done.stdout)["CLAUDE.md planted"], 0)

    def test_few_descriptors_from_the_start(self):
        started = 0
        for limit in (3, 5, 8, 12, 16, 24, 32, 48, 64, 96, 100, 104, 108, 112, 116, 120, 124, 128, 256):
            with self.subTest(limit=limit):
                done = self.project.run(
                    "sh", "-c", f"ulimit -n {limit}; exec {support.NONO} run --allow-cwd "
                    f"--trust-scan=none -- {PY} agent.py 0.1")
                self.assertNotIn("planted", done.stdout)
                if done.returncode == 0:
                    started += 1
                    self.check(json.loads(done.stdout))
                else:
                    self.assertNotEqual(done.stderr, "")
                    self.assertGreater(done.returncode, 0, "ended by a signal")
                    if done.returncode == 125:
                        self.assertIn("ulimit -n", done.stderr)
        self.assertGreater(started, 0)

    @unittest.skipUnless(os.geteuid() == 0, "what a broker holds open is counted as root")
    def test_descriptors_run_out_at_random_points_and_come_back(self):
        process = self.begin(6)
        time.sleep(0.5)
        ours = processes_of(process.pid)
        self.assertGreaterEqual(len(ours), 2, "a supervisor and a broker")
        counts = [f"{pid}:{open_descriptors(pid)}" for pid in ours]
        done = self.ran(self.project.run(PY, "-c", CHURN, *counts))
        self.assertGreater(int(done.stdout), 20)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, err)
        got = json.loads(out)
        self.check(got)
        self.assertGreater(got["SKILLS.md verified"], 0)
        self.assertGreater(got["plain plain"], 0)
        failed = sum(count for key, count in got.items()
                     if key.split(" ", 1)[1].isdigit() and not key.startswith("CLAUDE.md"))
        self.assertGreater(failed, 0, f"the limits never struck: {got}")

    def test_an_agent_without_a_free_descriptor_is_told_so(self):
        code = ("import os, resource\n"
                "resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))\n"
                "held = []\n"
                "try:\n"
                "    while True: held.append(os.open('SKILLS.md', os.O_RDONLY))\n"
                "except OSError as error: print(error.errno, len(held))\n"
                "os.close(held.pop())\n"
                "print(open('SKILLS.md').read())\n")
        done = self.ran(self.project.sandbox(PY, "-c", code, options=("--allow-cwd",
                                                                      "--trust-scan=none")))
        first, text = done.stdout.splitlines()
        self.assertEqual(first.split()[0], "24")
        self.assertEqual(text, "verified")

    def test_an_agent_without_a_free_descriptor_makes_and_empties_nothing(self):
        self.project.write("full", "text")
        code = ("import os, resource\n"
                "os.fstat(0)\n"
                "for low in (1, 0):\n"
                "    top = os.dup2(0, 40)\n"
                "    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 64))\n"
                "    held = []\n"
                "    try:\n"
                "        while True: held.append(os.dup(0))\n"
                "    except OSError: pass\n"
                "    if low: os.close(top)\n"
                "    for name, flags in (('made', os.O_CREAT | os.O_EXCL), ('made', os.O_CREAT),\n"
                "                        ('full', os.O_TRUNC), ('GEMINI.md', os.O_CREAT)):\n"
                "        try: os.open(name, os.O_WRONLY | flags)\n"
                "        except OSError as error: print(error.errno, end=' ')\n"
                "    print(os.path.exists('made'), os.path.exists('GEMINI.md'),\n"
                "          os.stat('full').st_size)\n"
                "    os.close(held.pop())\n"
                "    os.close(os.open('made', os.O_WRONLY | os.O_CREAT | os.O_EXCL)); os.unlink('made')\n"
                "    for fd in held: os.close(fd)\n"
                "    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n")
        done = self.ran(self.project.sandbox(PY, "-c", code, options=("--allow-cwd",
                                                                      "--trust-scan=none")))
        self.assertEqual(done.stdout.splitlines(), ["24 24 24 24 False False 4"] * 2)


@unittest.skipUnless(os.geteuid() == 0, "a file system is mounted as root")
class FullDisk(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.state = self.project.home / ".local/state"
        self.state.mkdir(parents=True)
        self.project.own()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=256k,mode=700,uid={self.uid}",
                               "tmpfs", self.state], check=False, capture_output=True)
        if done.returncode != 0:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.state], check=False)

    def fill(self):
        file = os.open(self.state / "ballast", os.O_WRONLY | os.O_CREAT)
        try:
            while True:
                os.write(file, b"x" * 4096)
        except OSError as error:
            self.assertEqual(error.errno, errno.ENOSPC)
        finally:
            os.close(file)

    def test_nothing_starts_where_no_record_can_be_made(self):
        self.fill()
        done = self.project.sandbox("echo", "started")
        self.assertEqual(done.returncode, 125)
        self.assertEqual(done.stdout, "")
        self.assertIn("No space left", done.stderr)

    def test_what_cannot_be_recorded_is_not_read_and_the_record_stays_whole(self):
        self.project.write("SKILLS.md", "verified")
        self.project.sign("SKILLS.md")
        script = "cat SKILLS.md; echo; read go; cat SKILLS.md; echo ended $?; read go"
        process = subprocess.Popen(
            self.project.command(support.NONO, "run", "--allow-cwd", "--", "sh", "-c", script),
            cwd=self.project.tree, env=self.project.environment(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "verified\n")
        self.fill()
        # What the last page of the record still holds is used up first.
        process.stdin.write("go\n")
        process.stdin.flush()
        line = process.stdout.readline()
        self.assertIn(line, ("verified" + "ended 0\n", "ended 1\n"))
        os.truncate(self.state / "ballast", 0)
        process.stdin.write("go\n")
        process.stdin.flush()
        process.wait(20)
        session = json.loads(self.project.nono("audit", "list", "--json").stdout)["sessions"][0]
        done = self.project.nono("audit", "verify", session["id"])
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertIn("chain", done.stdout + done.stderr)

    def outside(self):
        """A directory of files that no grant covers: each is one refusal."""
        path = self.project.base / "outside"
        path.mkdir(exist_ok=True)
        for number in range(61):
            (path / str(number)).write_text("outside")
        return path

    def begin(self, script, guarded=False):
        if guarded:
            self.project.write("CLAUDE.md", "planted")
        process = subprocess.Popen(
            self.project.command(support.NONO, "run", "--allow-cwd", "--trust-scan=none", "--", "sh",
                                 "-c", script),
            cwd=self.project.tree, env=self.project.environment(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "up\n")
        return process

    def test_a_disk_that_is_full_at_the_end_changes_neither_exit_code_nor_summary(self):
        for refusals in (1, 40):  # the end still fits in the last page of the record, or not
            with self.subTest(refusals=refusals):
                process = self.begin("echo up; read go; i=0; while [ $i -lt %d ]; do "
                                     "cat %s/$i; i=$((i+1)); done 2>/dev/null; exit 7"
                                     % (refusals, self.outside()))
                self.fill()
                _, err = process.communicate("go\n", timeout=30)
                os.truncate(self.state / "ballast", 0)
                self.assertEqual(process.returncode, 7, err)
                self.assertIn(f"denied in this run: {refusals} operation", err)
                self.assertIn("No space left", err)
                self.assertRegex(err, "has no end|has no copy beside it")

    def test_refusals_that_a_full_disk_kept_out_of_the_record_are_counted_in_it(self):
        process = self.begin(
            "echo up; read go; i=0; while [ $i -lt 60 ]; do cat %s/$i; i=$((i+1)); done 2>/dev/null; "
            "cat CLAUDE.md 2>/dev/null; echo full; read go; cat %s/60 2>/dev/null; exit 0"
            % (self.outside(), self.outside()), guarded=True)
        self.fill()
        process.stdin.write("go\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "full\n")
        os.truncate(self.state / "ballast", 0)
        _, err = process.communicate("go\n", timeout=30)
        self.assertEqual(process.returncode, 0, err)
        self.assertIn("denied in this run: 62 operations", err)
        self.assertEqual(err.count("the audit log failed"), 1, err)
        listed = json.loads(self.project.nono("audit", "list", "--json").stdout)["sessions"][0]
        events = json.loads(self.project.nono("audit", "show", listed["id"], "--json").stdout)["events"]
        lost = sum(event["count"] for event in events if event["type"] == "records_lost")
        denied = [event for event in events if event.get("outcome") == "denied"]
        end = next(event for event in events if event["type"] == "session_ended")
        self.assertGreater(lost, 20)
        self.assertEqual(len(denied) + lost, 62)
        self.assertEqual((end["refusals"], end["denied_reads"]), (61, 1))
        self.assertEqual(listed["records_lost"], lost)
        done = self.ran(self.project.nono("audit", "verify", listed["id"]))
        self.assertIn(f"{lost} events could not be recorded", done.stdout)
        self.assertIn(f"{lost} events could not be recorded", self.project.nono("audit", "list").stdout)

    def test_kill_while_the_disk_is_full_leaves_nothing_running(self):
        process = subprocess.Popen(
            self.project.command(support.NONO, "run", "--allow-cwd", "--", "sh", "-c",
                                 "echo up; sleep 61.7"),
            cwd=self.project.tree, env=self.project.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "up\n")
        self.fill()
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        deadline = time.monotonic() + 3
        while self.left() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(self.left(), [])

    def left(self):
        listed = subprocess.run(["pgrep", "-u", str(self.uid), "-f", "^sleep 61.7"], check=False,
                                capture_output=True, text=True).stdout.split()
        return [pid for pid in listed
                if os.path.exists(f"/proc/{pid}") and self.inside(pid)]

    def inside(self, pid):
        try:
            return os.readlink(f"/proc/{pid}/cwd").startswith(str(self.project.tree))
        except OSError:
            return False


def maps(uid):
    """Whether this user namespace knows that user, as that of a machine does."""
    rows = [[int(word) for word in line.split()] for line in open("/proc/self/uid_map")]
    return any(first <= uid < first + count for first, _, count in rows)


LONELY = 3_900_000_000 + os.getpid()


@unittest.skipUnless(os.geteuid() == 0 and maps(LONELY), "takes a user who has no other process")
class FewProcesses(support.SandboxCase):
    uid = LONELY

    def test_few_processes_from_the_start(self):
        started = 0
        for limit in range(6):
            with self.subTest(limit=limit):
                done = self.project.run(
                    "bash", "-c", f"ulimit -u {limit}; exec {support.NONO} run --allow-cwd "
                    "--trust-scan=none -- /bin/true")
                if done.returncode == 0:
                    started += 1
                else:
                    self.assertEqual(done.returncode, 125, done.stderr)
                    self.assertIn("ulimit -u", done.stderr)
        self.assertIn(started, range(1, 6))

    def test_a_name_that_nobody_can_be_started_to_resolve(self):
        done = self.project.run(
            "bash", "-c", f"ulimit -u 1; exec {support.NONO} run --allow-cwd --connect name.invalid:1 -- /bin/true")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("starting the resolver", done.stderr)
        self.assertIn("ulimit -u", done.stderr)


support.both_users(globals(), Exhaustion, FullDisk)

if __name__ == "__main__":
    support.main()
