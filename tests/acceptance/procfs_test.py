"""A procfs in a second place, within a grant: `self` in it is the process that asks, and to the
broker that is itself. Mounted as root in a mount namespace of the test's own."""

import os
import shutil
import subprocess
import unittest

import support

PY = "/usr/bin/python3"
SECRET = {"MY_SECRET_TOKEN": "x"}
SECOND = "mount -t proc proc p"
BOUND = "mount --bind /proc p"

LOOK = """
import errno, os, sys
def attempt(path, flags=os.O_RDONLY, base=None):
    try:
        fd = os.open(path, flags, dir_fd=base)
        print(path, b"MY_SECRET" in os.read(fd, 1 << 20) if flags == os.O_RDONLY else "opened")
    except OSError as error:
        print(path, errno.errorcode[error.errno])
attempt("p/self/environ")
attempt("p/thread-self/environ")
attempt("p/self/mem", os.O_RDWR)
attempt("p/self/cwd/f")
attempt("p/self/root" + os.getcwd() + "/f")
attempt("p/%d/status" % os.getpid())
attempt("l/self/environ")
attempt("self/environ", base=os.open("p", os.O_PATH))
attempt("/proc/self/fd/%d" % os.open("p/uptime", os.O_PATH))
os.chdir("p")
attempt("self/environ")
attempt("../f")
"""
PROC = """
import os
inside = open("/proc/self/environ").read()
print(f"Pid:\\t{os.getpid()}" in open("/proc/self/status").read(), "MY_SECRET" in inside,
      "LANG" in inside, open("/proc/self/cwd/f").read(), open("/proc/uptime").read() != "",
      len(os.listdir("/proc")) > 5, open("/proc/sys/kernel/ostype").read().strip())
"""


# What is not there, and what is there for the caller alone, by a link into its own /proc.
MISSING = """
import errno, os, socket
here = os.getcwd()
def told(call, *words):
    try:
        return call(*words)
    except OSError as error:
        return errno.errorcode[error.errno]
for name in ("none", "a/b/none", here + "/a/b/none", "a/none/x", "a//b//none", "a/./none",
             "a/../none", "a/b/none/", "dangling", "dangling/x", "round", "f/x", "/none/x", "task/none",
             "task/fd/9999", "/proc/self/none", "/proc/self/cwd/none"):
    with socket.socket(socket.AF_UNIX) as peer:
        print(name, told(os.execv, name, [name]), told(os.chmod, name, 0o600),
              told(peer.connect, name), flush=True)
os.execv("task/exe", ["/usr/bin/python3", "-c", "print('task/exe runs')"])
"""


# A broker that is busy hears late of mounts: a procfs then has the number of what was there before.
LATER = """
import os, sys, time
def there(name):
    try:
        os.close(os.open(name, os.O_RDONLY))
        return True
    except OSError:
        return False
def wait_for(name):
    for _ in range(20_000):
        if os.path.exists(name):
            return
        time.sleep(0.001)
    sys.exit(3)
for _ in range(300):
    there("f")
for turn in "012":
    wait_for("p/mark")
    there("p/mark")
    open("seen" + turn, "w").close()
    wait_for("p/uptime")
    print(*[there("p/" + name) for name in ("self/status", "self/environ", "self/maps", "uptime")])
    open("tried" + turn, "w").close()
"""
MOUNTED_LATER = """{
for turn in 0 1 2; do
  mount -t tmpfs none p && : >p/mark
  until [ -e seen$turn ]; do sleep 0.01; done
  umount -l p && mount -t proc none p
  until [ -e tried$turn ]; do sleep 0.01; done
  umount -l p
done & }"""


def mounts_are_possible():
    return os.geteuid() == 0 and shutil.which("unshare") is not None and subprocess.run(
        ["unshare", "-m", "sh", "-c", "mount -t proc proc /mnt"], capture_output=True,
        check=False).returncode == 0


class Missing(support.SandboxCase):
    def test_what_is_missing_is_so_for_the_caller_and_not_for_the_broker(self):
        self.project.write("f", "text")
        (self.project.tree / "a/b").mkdir(parents=True)
        (self.project.tree / "dangling").symlink_to("a/none")
        (self.project.tree / "round").symlink_to("round")
        link = "import os; os.path.lexists('task') and os.unlink('task'); "
        link += "os.symlink(f'/proc/self/task/{os.getpid()}', 'task')\n"
        outside = self.ran(self.project.run(PY, "-c", link + MISSING))
        inside = self.ran(self.project.sandbox(PY, "-c", link + MISSING))
        self.assertEqual(inside.stdout, outside.stdout)
        self.assertEqual(outside.stdout.count("ENOENT ENOENT ENOENT"), 15)
        self.assertIn("task/exe runs", outside.stdout)

    def test_a_link_leads_through_a_descriptor_that_the_broker_has_not(self):
        (self.project.tree / "d").mkdir()
        self.project.write("d/f", "text")
        (self.project.tree / "held").symlink_to("/proc/self/fd/77")
        (self.project.tree / "file").symlink_to("/proc/self/fd/77/f")
        code = ("import os\n"
                "os.dup2(os.open('d', os.O_RDONLY | os.O_DIRECTORY), 77)\n"
                "print(open('held/f').read(), open('file').read(), end=' ')\n"
                "open('held/made', 'w').write('new')\n"
                "print(open('d/made').read(), end=' ')\n"
                "for name in ('held/none', 'held/none/x', 'held/f/x'):\n"
                "    try: open(name)\n"
                "    except OSError as error: print(error.errno, end=' ')\n"
                "os.close(77)\n"
                "try: open('held/f')\n"
                "except OSError as error: print(error.errno)\n")
        outside = self.ran(self.project.run(PY, "-c", code))
        inside = self.ran(self.project.sandbox(PY, "-c", code))
        self.assertEqual((inside.stdout, outside.stdout.split()[0]), (outside.stdout, "text"))


# Prints what each file under /proc/PID tells of a process that is given, and of one of its own.
OTHERS = """
import errno, os, subprocess, sys
def told(path):
    try:
        with open(path, "rb") as file:
            return b"sleep" in file.read()
    except OSError as error:
        return errno.errorcode[error.errno]
def look(process):
    at = f"/proc/{process}"
    base = os.open(at, os.O_RDONLY | os.O_DIRECTORY)
    os.symlink(at, f"to{process}")
    return [told(name) for name in (
        f"{at}/cmdline", f"{at}/stat", f"{at}/comm", f"{at}/task/{process}/comm",
        f"/proc/self/../{process}/cmdline", f"to{process}/cmdline", f"/dev/fd/{base}/cmdline")]
own = subprocess.Popen(["sleep", "60"])
while told(f"/proc/{own.pid}/cmdline") is not True:  # until its execve is done
    pass
print(*look(own.pid), *look(int(sys.argv[1])))
own.kill()
"""


class Others(support.SandboxCase):
    """What the kernel shows everybody of each process is the agent's to see of its own only."""

    def setUp(self):
        super().setUp()
        self.outside = subprocess.Popen(["sleep", "600"])
        self.addCleanup(self.outside.wait)
        self.addCleanup(self.outside.kill)

    def answers(self, *before):
        done = self.ran(self.project.run(*before, PY, "-c", OTHERS, str(self.outside.pid)))
        for name in self.project.tree.glob("to*"):
            name.unlink()
        return done.stdout.split()

    def test_no_file_of_a_process_outside_is_opened(self):
        self.assertEqual(self.answers(), ["True"] * 14)
        for gate in ("strict", "fast"):
            inside = self.answers(support.NONO, "run", "-q", "--allow-cwd",
                                  f"--trust-intercept={gate}", "--")
            if gate == "fast":  # a name that says nothing of /proc is opened by the program
                inside[12] = "EACCES"
            self.assertEqual(inside, ["True"] * 7 + ["EACCES"] * 7, gate)

    def test_programs_that_list_processes_show_those_of_the_sandbox(self):
        done = self.ran(self.project.sandbox("ps", "axo", "args"))
        self.assertIn("ps axo args", done.stdout)
        self.assertNotIn("sleep 600", done.stdout)
        self.assertEqual(done.stderr, "")

    def test_why_answers_alike(self):
        for operation in ("read", "write"):
            done = self.project.nono("why", "--allow-cwd", "--override-never-grant", "/proc",
                                     "--allow", "/proc", "--op", operation, "--path",
                                     f"/proc/{self.outside.pid}/comm")
            self.assertIn("foreign-process", done.stdout)
        self.assertIn("ALLOWED", self.project.nono("why", "--allow-cwd", "--op", "read", "--path",
                                                   "/proc/self/comm").stdout)


@unittest.skipUnless(mounts_are_possible(), "needs root to mount")
class Procfs(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.project.write("f", "text")
        (self.project.tree / "p").mkdir()
        (self.project.tree / "l").symlink_to("p")

    def under(self, mount, *words):
        return self.mounted(mount, *words, env=SECRET)

    # /proc itself under another name is in no grant unless it is asked for.
    def sandboxed(self, mount, *words):
        return self.under(mount, support.NONO, "run", "-q", "--allow-cwd",
                          "--override-never-grant", "/proc", "--", *words)

    def answers(self, done):
        return [line.split()[1] for line in self.ran(done).stdout.splitlines()]

    def test_another_procfs_shows_nothing_of_the_broker(self):
        for mount in (SECOND, BOUND):
            with self.subTest(mount):
                outside = self.answers(self.under(mount, PY, "-c", LOOK))
                self.assertEqual(outside[:3], ["True", "True", "opened"])
                self.assertFalse([word for word in outside if word.startswith("E")])
                inside = self.answers(self.sandboxed(mount, PY, "-c", LOOK))
                self.assertEqual(inside, ["EACCES"] * 10 + ["False"])

    def test_nor_does_one_that_is_mounted_later(self):
        done = self.under(MOUNTED_LATER, "timeout", "50", support.NONO, "run", "-q", "--allow-cwd", "--", PY, "-c", LATER)
        self.assertEqual(self.ran(done).stdout, "False False False False\n" * 3)

    def test_proc_bound_into_a_grant_stops_the_start(self):
        done = self.under(BOUND, support.NONO, "run", "-q", "--allow-cwd", "--", "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn("covers /proc, which is never granted", done.stderr)
        self.ran(self.under(SECOND, support.NONO, "run", "-q", "--allow-cwd", "--", "true"))

    def test_no_program_is_run_from_it(self):
        for mount in (SECOND, BOUND):
            run = ("sh", "-c", "p/self/exe -c 'exit 3'")
            self.assertEqual(self.under(mount, *run).returncode, 3)
            self.assertEqual(self.sandboxed(mount, *run).returncode, 126)

    def test_the_sessions_own_goes_on_working(self):
        for mount in (SECOND, BOUND, "true"):
            done = self.ran(self.sandboxed(mount, PY, "-c", PROC))
            self.assertEqual(done.stdout.split(),
                             ["True", "False", "True", "text", "True", "True", "Linux"], mount)


@unittest.skipUnless(mounts_are_possible(), "needs root to mount")
class OtherNamespace(support.SandboxCase):
    """A /proc that shows others' processes, or none: nothing could be judged by it."""

    def inside(self, mounts, *words):
        return subprocess.run(
            ["unshare", "-m", "-p", "-f", "sh", "-c", f'{mounts}; "$@"', "sh",
             *self.project.command(support.NONO, *words)],
            cwd=self.project.tree, env=self.project.environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=False)

    def test_no_agent_is_started_and_the_reason_is_told(self):
        self.project.write("f", "text")
        run = ("run", "--allow-cwd", "--", "cat", "f")
        for mounts, told in (("true", "/proc is that of another pid namespace"),
                             ("mount -t tmpfs none /proc", "/proc does not show the processes of nono")):
            with self.subTest(mounts=mounts):
                done = self.ran(self.inside(mounts, *run), 125)
                self.assertIn(f"{told}\n  mend: mount one", done.stderr)
                done = self.ran(self.inside(mounts, "setup", "--check-only"), 125)
                self.assertIn(f"nono run cannot start an agent here: {told};", done.stdout)
                self.assertEqual(os.listdir(self.project.tmp), [])
        done = self.ran(self.inside("mount -t proc proc /proc", *run))
        self.assertEqual(done.stdout, "text")
        done = self.ran(self.inside("mount -t proc proc /proc", "setup", "--check-only"))
        self.assertIn("nono run works here", done.stdout)


support.both_users(globals(), Others, Procfs, OtherNamespace)

if __name__ == "__main__":
    support.main()
