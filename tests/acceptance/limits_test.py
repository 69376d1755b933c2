"""The limits of a run: each strikes, says so, and does not strike where there is room."""

import json
import os
import pathlib
import signal
import sys
import time
import unittest

import support

PY = "/usr/bin/python3"
MIB = 1 << 20


class Limits(support.SessionCase):
    def limited(self, *limits, code, expect=0):
        return self.ran(self.project.sandbox(PY, "-c", code, options=("--allow-cwd", *limits)),
                        expect)

    def ended_as(self):
        """How the record of the one session that met a limit ends."""
        listed = json.loads(self.ran(self.project.nono("audit", "list", "--json")).stdout)
        met = []
        for session in listed["sessions"]:
            shown = json.loads(self.ran(
                self.project.nono("audit", "show", session["id"], "--json")).stdout)
            met += [event for event in shown["events"] if "limits_reached" in event]
        self.assertEqual(len(met), 1)
        return met[0]

    def test_memory_of_one_process(self):
        code = "import mmap; m = mmap.mmap(-1, 300 << 20, mmap.MAP_PRIVATE); print('had it')"
        self.assertIn("had it", self.limited("--memory", "600M", code=code).stdout)
        done = self.project.sandbox(PY, "-c", code, options=("--allow-cwd", "--memory", "128M"))
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("had it", done.stdout)

    EIGHT = ("import os, time\n"
             "for i in range(7):\n  if os.fork() == 0: break\n"
             "held = bytearray(os.urandom(1) * (40 << 20))\n"
             "time.sleep(1.5)\n")

    def test_memory_of_all_processes_together(self):
        done = self.limited("--memory", "1G", code=self.EIGHT)
        self.assertNotIn("limit reached", done.stderr)
        done = self.project.sandbox(PY, "-c", self.EIGHT,
                                    options=("--allow-cwd", "--memory", "150M"))
        self.assertIn("limit reached: memory", done.stderr)
        self.assertEqual(self.ended_as()["limits_reached"], ["memory"])

    FORKS = ("import os, time\n"
             "children = []\n"
             "try:\n"
             "  for i in range(60):\n"
             "    pid = os.fork()\n"
             "    if pid == 0: time.sleep(60)\n"
             "    children.append(pid)\n"
             "except BlockingIOError: print('EAGAIN')\n"
             "print(len(children))\n"
             "for pid in children: os.kill(pid, 9); os.waitpid(pid, 0)\n"
             "again = os.fork()\n"
             "if again == 0: os._exit(0)\n"
             "os.waitpid(again, 0); print('forked again')\n")

    def test_processes_are_refused_as_by_the_kernel_and_come_back(self):
        done = self.limited("--limit-pids", "200", code=self.FORKS)
        self.assertEqual(done.stdout.split("\n")[:2], ["60", "forked again"])
        self.assertNotIn("limit reached", done.stderr)
        done = self.limited("--limit-pids", "20", code=self.FORKS.replace(
            "again = os.fork()", "time.sleep(0.05); again = os.fork()"))
        self.assertEqual(done.stdout.split("\n")[:3], ["EAGAIN", "19", "forked again"])
        self.assertIn("limit reached: pids", done.stderr)

    def test_threads_count_as_processes(self):
        code = ("import threading, time\n"
                "try:\n"
                "  for i in range(40): threading.Thread(target=time.sleep, args=(1,)).start()\n"
                "  print('all')\n"
                "except RuntimeError: print('refused', i)")
        self.assertEqual(self.limited("--limit-pids", "80", code=code).stdout, "all\n")
        self.assertEqual(self.limited("--limit-pids", "10", code=code).stdout, "refused 9\n")

    def test_many_short_processes_stay_below_a_small_limit(self):
        done = self.ran(self.project.sandbox(
            "sh", "-c", "for i in $(seq 300); do /bin/true || exit 9; done; echo done",
            options=("--allow-cwd", "--limit-pids", "4")))
        self.assertEqual(done.stdout, "done\n")

    SPIN = ("import os, time\n"
            "os.fork()\n"
            "end = time.monotonic() + {}\n"
            "while time.monotonic() < end: pass\n")

    def test_processor_time_of_all_processes_together(self):
        self.limited("--limit-cpu", "20s", code=self.SPIN.format(0.2))
        start = time.monotonic()
        done = self.limited("--limit-cpu", "500ms", code=self.SPIN.format(60), expect=124)
        self.assertLess(time.monotonic() - start, 20)
        self.assertIn("limit reached: cpu", done.stderr)
        self.assertEqual(self.ended_as()["ended_by"], "cpu limit")

    def test_size_of_a_file(self):
        code = ("import os, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
                "f = os.open('big', os.O_CREAT | os.O_RDWR)\n"
                "try: os.posix_fallocate(f, 0, 8 << 20); print('grew')\n"
                "except OSError as e: print(e.errno)\n"
                "try: os.truncate('big', 8 << 20); print('stretched')\n"
                "except OSError as e: print(e.errno)\n")
        self.assertEqual(self.limited("--limit-file", "16M", code=code).stdout,
                         "grew\nstretched\n")
        (self.project.tree / "big").unlink()
        self.assertEqual(self.limited("--limit-file", "4M", code=code).stdout, "27\n27\n")

    def test_agent_that_ends_by_the_size_of_a_file_is_told_of(self):
        done = self.ran(self.project.sandbox("dd", "if=/dev/zero", "of=big", "bs=1M", "count=8",
                                             options=("--allow-cwd", "--limit-file", "4M")),
                        128 + 25)
        self.assertIn("limit reached: file", done.stderr)

    def test_one_file_that_is_all_that_may_be_added(self):
        options = ("--allow-cwd", "--limit-disk", "8M")
        write = ["dd", "if=/dev/zero", "of=big", "bs=1M", "count=50"]
        done = self.ran(self.project.sandbox(*write, options=options), 124)
        self.assertIn("limit reached: disk", done.stderr)
        self.assertEqual(self.ended_as()["ended_by"], "disk limit")
        (self.project.tree / "big").unlink()
        done = self.ran(self.project.sandbox("sh", "-c", " ".join(write) + "; exit $?",
                                             options=options), 124)
        self.assertIn("limit reached: disk", done.stderr)
        (self.project.tree / "big").unlink()
        # A program that is told of it and goes on.
        done = self.limited("--limit-disk", "8M", expect=124, code=(
            "import os, signal, time; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "f = os.open('big', os.O_CREAT | os.O_WRONLY)\n"
            "try:\n"
            "  while True: os.write(f, bytes(1 << 20))\n"
            "except OSError: time.sleep(20)\n"))
        self.assertIn("limit reached: disk", done.stderr)

    MANY = ("import os, time\n"
            "for i in range(30):\n"
            "  f = os.open(f'f{i}', os.O_CREAT | os.O_RDWR); os.posix_fallocate(f, 0, 4 << 20)\n"
            "  AFTER\n"
            "time.sleep(20 if SLOW else 0)\n")

    def many(self, after, slow):
        return self.MANY.replace("AFTER", after).replace("SLOW", slow)

    def test_growth_of_granted_directories(self):
        self.limited("--limit-disk", "400M", code=self.many("pass", "0"))
        self.assertEqual(len(list(self.project.tree.glob("f*"))), 30)
        # What was there before does not count; what is added does.
        start = time.monotonic()
        done = self.limited("--limit-disk", "60M", code=self.many("pass", "1").replace("f'f", "f'g"),
                            expect=124)
        self.assertLess(time.monotonic() - start, 15)
        self.assertIn("limit reached: disk", done.stderr)
        self.assertEqual(self.ended_as()["ended_by"], "disk limit")

    def test_removed_files_that_are_still_open_count(self):
        self.limited("--limit-disk", "60M", code=self.many("os.unlink(f'f{i}')", "1"), expect=124)

    STOPPED = ("import os, signal, time\n"
               "if os.fork():\n"
               "  os.kill(os.getpid(), signal.SIGSTOP); os._exit(7)\n"
               "os.setsid()\n")

    def test_who_stops_with_the_agent_does_not_stop_the_limits(self):
        # nono stops with the agent's first process, as job control wants it; the others go on.
        self.limited("--timeout", "1s", code=self.STOPPED + "time.sleep(600)", expect=124)
        done = self.limited("--limit-cpu", "500ms", code=self.STOPPED + self.SPIN.format(600),
                            expect=124)
        self.assertIn("limit reached: cpu", done.stderr)
        self.limited("--limit-disk", "60M", expect=124,
                     code=self.STOPPED + self.many("pass", "1").replace("20 if", "600 if"))

    def test_run_that_stops_as_a_whole_stays_stopped_until_it_is_continued(self):
        for limit in ("--limit-cpu", "--timeout"):
            process = self.begin(PY, "-c", "import os; os.kill(os.getpid(), 19); print('on')",
                                 options=("--allow-cwd", limit, "60s"))
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            self.assertTrue(os.WIFSTOPPED(status), status)
            process.send_signal(signal.SIGCONT)
            self.assertEqual(self.ran(self.ended(process)).stdout, "on\n")

    def test_unreadable_directory_hides_nothing(self):
        self.limited("--limit-disk", "60M", expect=124, code=(
            "import os, time; os.mkdir('d'); os.chdir('d')\n" + self.many("pass", "1")).replace(
                "time.sleep(20", "os.chmod('.', 0); time.sleep(20"))

    def test_private_temporary_directory_counts(self):
        self.limited("--limit-disk", "60M", expect=124, code=(
            "import os; os.chdir(os.environ['TMPDIR'])\n" + self.many("pass", "1")))

    def test_agent_cannot_raise_its_limits(self):
        code = ("import resource as r\n"
                "for which in (r.RLIMIT_DATA, r.RLIMIT_FSIZE, r.RLIMIT_CPU):\n"
                "  soft, hard = r.getrlimit(which)\n"
                "  if hard == r.RLIM_INFINITY: print('unlimited', which); continue\n"
                "  try: r.setrlimit(which, (hard + 1, hard + 1)); print('raised', which)\n"
                "  except (ValueError, PermissionError): pass\n"
                "try: r.prlimit(__import__('os').getppid(), r.RLIMIT_FSIZE); print('other')\n"
                "except PermissionError: pass\n")
        limits = ("--memory", "512M", "--limit-file", "1M", "--limit-cpu", "60s")
        done = self.limited(*limits, code=code)
        plan = json.loads(self.ran(self.project.sandbox("true", options=(
            "--allow-cwd", "--dry-run", "--json", *limits))).stdout)
        # Where a control group holds a limit, no resource limit of the process stands for it.
        by_group = sum(row["means"] == "cgroup v2" for row in plan["limits"])
        self.assertEqual(done.stdout.count("unlimited"), by_group, done.stdout)
        self.assertNotIn("raised", done.stdout)
        self.assertNotIn("other", done.stdout)

    def test_plan_says_what_is_degraded(self):
        plan = json.loads(self.ran(self.project.sandbox("true", options=(
            "--allow-cwd", "--dry-run", "--json", "--limit-disk", "1G", "--timeout", "5s"))).stdout)
        rows = {row["limit"]: row for row in plan["limits"]}
        self.assertEqual(rows["time"]["amount"], "5s")
        self.assertIsNone(rows["time"]["degraded"])
        self.assertEqual(rows["disk"]["amount"], "1 GiB")
        self.assertIn("late", rows["disk"]["degraded"])
        done = self.ran(self.project.sandbox("true", options=(
            "--allow-cwd", "--dry-run", "--limit-disk", "1G")))
        self.assertIn("limit  disk  1 GiB  (degraded: ", done.stdout)
        plan = json.loads(self.ran(self.project.sandbox("true", options=(
            "--allow-cwd", "--dry-run", "--json"))).stdout)
        self.assertEqual(plan["limits"], [])

    def test_wrong_amounts_are_refused(self):
        for option, wrong in (("--memory", "12X"), ("--memory", "0"), ("--limit-pids", "many"),
                              ("--memory", "1023K"), ("--limit-cpu", "5"), ("--limit-file", "-1"),
                              ("--limit-disk", "9999999T"), ("--timeout", "0s")):
            done = self.ran(self.project.sandbox("echo", "started",
                                                 options=("--allow-cwd", option, wrong)), 2)
            self.assertIn(option, done.stderr)
            self.assertNotIn("started", done.stdout)


@unittest.skipUnless(os.geteuid() == 0, "a control group needs a place that was delegated")
class Groups(support.SessionCase):
    begun_with = ("--allow-cwd", "--limit-cpu", "60s")

    def setUp(self):
        super().setUp()
        plan = json.loads(self.ran(self.project.sandbox("true", options=(
            *self.begun_with, "--dry-run", "--json"))).stdout)
        if plan["limits"][0]["means"] != "cgroup v2":
            self.skipTest("no control group can be made here")

    def groups(self, name):
        return [os.path.join(base, name) for base, directories, _ in os.walk("/sys/fs/cgroup")
                if name in directories]

    def test_nothing_is_left_of_a_control_group(self):
        done = self.ran(self.project.sandbox("cat", "/proc/self/cgroup", options=self.begun_with))
        group = [line for line in done.stdout.splitlines() if line.startswith("0::")][0]
        self.assertIn("/nono-", group)
        self.assertEqual(self.groups(group.rsplit("/", 1)[1]), [])

    def test_a_group_left_by_a_start_that_was_killed_is_swept_and_one_in_use_is_not(self):
        process = self.begin("sh", "-c", "cat /proc/self/cgroup; echo; exec sleep 60")
        lines = []
        while not any(line.startswith("0::") for line in lines):
            lines.append(process.stdout.readline())
            self.assertTrue(lines[-1], lines)
        used, = self.groups(lines[-1].strip().rsplit("/", 1)[1])
        left = pathlib.Path(used).with_name("nono-1-%08x" % os.getpid())
        left.mkdir()
        self.addCleanup(lambda: left.exists() and left.rmdir())
        self.ran(self.project.nono("ps"))
        self.assertFalse(left.exists())
        self.assertTrue(os.path.isdir(used))

    def test_what_outlives_supervisor_and_broker_in_a_control_group_is_swept(self):
        process = self.begin(PY, "-c", "import os, time\n"
                                       "if os.fork(): os.wait()\n"
                                       "print(open('/proc/self/cgroup').read(), flush=True)\n"
                                       "time.sleep(60)\n")
        lines = []
        while not any(line.startswith("0::") for line in lines):
            lines.append(process.stdout.readline())
            self.assertTrue(lines[-1], lines)
        name = lines[-1].strip().rsplit("/", 1)[1]
        group, = self.groups(name)
        broker, = pathlib.Path(
            f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for sent in (signal.SIGSTOP, signal.SIGKILL):
            for pid in (process.pid, int(broker)):
                os.kill(pid, sent)
        self.assertEqual(process.wait(20), -signal.SIGKILL)
        self.assertTrue(pathlib.Path(group, "cgroup.procs").read_text())
        self.assertIn("was killed", self.ran(self.project.nono("ps")).stderr)
        self.assertEqual(self.groups(name), [])


@unittest.skipUnless(support.ordinary_user_possible(), "needs a user who is not root, beside root")
class TooFewProcesses(support.SandboxCase):
    uid = 64000 + os.getpid() % 1000  # nobody else's: all that a user runs counts together

    def test_a_run_whose_limits_nobody_can_count_does_not_start(self):
        code = "open('started', 'w').close()"
        reasons = []
        for count in range(1, 8):
            done = self.project.run("prlimit", f"--nproc={count}", support.NONO, "run", "--allow-cwd",
                                    "--no-banner", "--limit-disk", "1G", "--", PY, "-c", code)
            if done.returncode == 0:
                break
            self.ran(done, 125)
            self.assertFalse((self.project.tree / "started").exists(), done.stderr)
            reasons.append(done.stderr.strip())
        self.assertTrue((self.project.tree / "started").exists(), reasons)
        self.assertIn("nono: counting for the limits of the run: Resource temporarily unavailable",
                      reasons)
        listed = json.loads(self.ran(self.project.nono("audit", "list", "--json")).stdout)
        self.assertNotIn(None, [session["ended"] for session in listed["sessions"]])


support.both_users(globals(), Limits)

if __name__ == "__main__":
    sys.exit(support.main())
