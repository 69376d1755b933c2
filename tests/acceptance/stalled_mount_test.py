"""A file system in a grant whose server hangs: nobody waits for it but who asked, and not for ever.

The file system is real (stalling_fuse.py over /dev/fuse); mounting it takes root. Both kinds of user run on it.
"""

import errno
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import unittest

import stalling_fuse
import support

PY = "/usr/bin/python3"
SERVER = pathlib.Path(__file__).with_name("stalling_fuse.py")
DEADLINE = 15  # Lanes::kDeadline
PATIENCE = 60

# Defines wait_for() and attempt(), which returns an errno.
PRELUDE = """
import errno, os, socket, sys, threading, time
def wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, 'waited in vain'
        time.sleep(0.01)
def attempt(what, *args):
    try:
        what(*args)
        return 0
    except OSError as error:
        return error.errno
MET = sys.argv[1]
"""

# CALLS threads call on what is not answered; meanwhile the first one works on what is.
BUSY = PRELUDE + """
codes = []
def stuck(number):
    calls = (lambda: open('remote/stuck'), lambda: os.mkdir('remote/stuck-made'),
             lambda: os.chmod('remote/stuck', 0o600), lambda: os.rename('remote/stuck', 'remote/other'),
             lambda: os.unlink('remote/stuck'), lambda: os.truncate('remote/stuck', 0),
             lambda: os.symlink('x', 'remote/stuck-link'), lambda: open('remote/stuck-new', 'x'))
    codes.append(attempt(calls[number % len(calls)]))
threads = [threading.Thread(target=stuck, args=(number,)) for number in range(int(sys.argv[2]))]
for thread in threads:
    thread.start()
wait_for(lambda: os.path.exists(MET))
rounds = 0
while any(thread.is_alive() for thread in threads):
    open('plain').close()
    os.mkdir('made')
    os.rename('made', 'moved')
    os.chmod('moved', 0o700)
    os.rmdir('moved')
    rounds += len(codes) <= max(0, len(threads) - 64)  # those that wait have no answer yet
for thread in threads:
    thread.join()
print(rounds, sorted(set(codes)), len(codes))
"""


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def state(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def alive(pid):
    return state(pid) != "Z"


def descendants(root):
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                queue += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


class StalledMountCase(support.SandboxCase):
    def setUp(self):
        if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
            self.skipTest("mounting a file system takes root and /dev/fuse")
        super().setUp()
        self.point = self.project.tree / "remote"
        self.point.mkdir()
        self.control = self.project.base / "control"
        self.control.mkdir()
        self.met = self.control / "met"
        self.server = None
        self.project.write("plain", "plain\n")
        self.addCleanup(self.unmounted)

    def mount(self):
        self.server = subprocess.Popen([sys.executable, SERVER, self.point, self.control, str(self.uid)],
                                       stderr=subprocess.PIPE, text=True)
        wait_for(lambda: (self.control / "ready").exists() or self.server.poll() is not None, "no mount")
        if self.server.poll() is not None:
            why = self.server.stderr.read().strip().splitlines()[-1]
            self.server.stderr.close()
            self.server = None
            self.skipTest(f"this machine mounts no FUSE: {why}")

    def unmounted(self):
        if self.server is None:
            return
        (self.control / "hang").unlink(missing_ok=True)
        self.assertTrue(stalling_fuse.unmount(self.point))
        self.server.kill()
        self.server.wait(PATIENCE)
        self.server.stderr.close()
        self.server = None
        mounts = pathlib.Path("/proc/self/mountinfo").read_text()
        self.assertNotIn(str(self.point), mounts)

    def stop_server(self):
        """From when this returns it takes no request: what is asked for waits in the kernel."""
        self.server.send_signal(signal.SIGSTOP)
        self.addCleanup(self.server.send_signal, signal.SIGCONT)
        wait_for(lambda: state(self.server.pid) == "T", "the server does not stop")

    def hang(self):
        self.met.unlink(missing_ok=True)
        (self.control / "hang").touch()

    def agent(self, text, *words, **options):
        return self.project.sandbox(PY, "-c", text, self.met, *words, timeout=4 * PATIENCE, **options)

    def start(self, *words, stdin=subprocess.DEVNULL):
        process = subprocess.Popen(self.project.command(*words), cwd=self.project.tree,
                                   env=self.project.environment(), stdin=stdin,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process


class StalledCallTest(StalledMountCase):
    def test_without_the_sandbox_the_open_hangs(self):
        self.mount()
        process = self.start("/bin/cat", "remote/stuck")
        wait_for(self.met.exists, "the server was not asked")
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(2)
        process.kill()
        self.unmounted()
        process.wait(PATIENCE)

    def busy(self, calls):
        done = self.ran(self.agent(BUSY, str(calls)))
        rounds, codes = done.stdout.split(" ", 1)
        self.assertGreater(int(rounds), 20, "other calls waited, too")
        self.assertEqual(codes.strip(), f"[{errno.EIO}] {calls}", done.stderr)
        return done

    def test_one_call_fails_in_time_and_the_others_go_on(self):
        self.mount()
        done = self.busy(1)
        self.assertIn(f"open {self.point}/stuck: stalled-mount", done.stderr)
        self.assertIn(f"does not answer: {self.point}", done.stderr)
        self.assertIn("findmnt", done.stderr)

    def test_more_calls_than_may_wait_all_fail_and_the_others_go_on(self):
        self.mount()
        self.busy(90)

    def test_what_answers_again_is_used_again(self):
        self.mount()
        process = self.start(support.NONO, "run", "--allow-cwd", "--", PY, "-c", PRELUDE + """
wait_for(lambda: os.path.exists(MET + '-hang'))
print(attempt(open, 'remote/fine'), flush=True)
print(attempt(open, 'remote/fine'), flush=True)
wait_for(lambda: not os.path.exists(MET + '-hang'))
wait_for(lambda: attempt(open, 'remote/fine') == 0)
print(open('remote/fine').read(), flush=True)
""", self.met)
        wait_for(lambda: any("python" in pathlib.Path(f"/proc/{pid}/comm").read_text()
                             for pid in descendants(process.pid) if alive(pid)), "no agent")
        self.stop_server()
        signal_file = pathlib.Path(f"{self.met}-hang")
        signal_file.touch()
        lines = []
        while len(lines) < 2:
            line = process.stdout.readline()
            self.assertTrue(line, lines)
            lines += [line.strip()] if line.strip().isdigit() else []
        self.assertEqual(lines, [str(errno.EIO)] * 2)
        self.server.send_signal(signal.SIGCONT)
        signal_file.unlink()
        rest = process.stdout.read()
        self.assertEqual(process.wait(PATIENCE), 0, rest)
        self.assertIn("fine\n", rest)

    def test_who_is_behind_an_answered_call_does_not_wait_for_ever(self):
        self.mount()
        (self.control / "hang-flush").touch()
        process = self.start(support.NONO, "run", "--allow-cwd", "--", PY, "-c", PRELUDE + """
file = open('remote/fine')  # and the process that opened it closes its own descriptor
print('begun', flush=True)
print(attempt(open, 'remote/fine'), flush=True)
""", self.met)
        lines = []

        def read():
            while not lines or lines[-1] and not lines[-1].strip().isdigit():
                lines.append(process.stdout.readline())

        reader = threading.Thread(target=read)
        reader.start()
        reader.join(3 * DEADLINE)
        self.unmounted()
        reader.join()
        process.stdout.read()
        process.wait(PATIENCE)
        self.assertEqual(lines[-1], f"{errno.EIO}\n", lines)

    def test_a_directory_that_was_removed_is_known_as_that_though_nobody_said_so(self):
        self.mount()
        (self.point / "late").mkdir()
        os.chown(self.point / "late", self.uid, self.uid)
        done = self.ran(self.agent(PRELUDE + """
child = os.fork()
if child == 0:
    os.rmdir('remote/late')
    os._exit(0)
wait_for(lambda: os.path.exists(MET))
os.kill(child, 9)
os.waitpid(child, 0)
wait_for(lambda: attempt(os.mkdir, 'remote/late') == 0)
os.mkdir('remote/late/.vscode')
print(attempt(open, 'remote/late/.vscode/tasks.json', 'w') == errno.EACCES)
"""))
        self.assertEqual(done.stdout, "True\n", done.stderr)

    def test_a_call_that_was_asked_about_and_meets_it_then_is_done_once(self):
        self.mount()
        outside = self.project.base / "outside"
        outside.write_text("")
        os.chown(outside, self.uid, self.uid)
        process = self.start(support.NONO, "run", "--allow-cwd", "--approve", "socket", "--", PY, "-c", PRELUDE + """
os.mkdir('remote/d')
os.mkdir('sub')
os.symlink(sys.argv[2], 'sub/link')
codes = []
thread = threading.Thread(target=lambda: codes.append(attempt(open, 'sub/link')))
thread.start()
print('begun', flush=True)
sys.stdin.readline()
os.rename('sub', 'away')
os.symlink('remote/d', 'sub')
print('moved', flush=True)
thread.join()
print('then', codes, attempt(os.mkdir, 'made'), flush=True)
""", self.met, outside, stdin=subprocess.PIPE)
        self.addCleanup(process.stdin.close)
        wait_for(lambda: "begun" in process.stdout.readline(), "no agent")
        asked = lambda *words: self.project.nono("approve", *words)
        wait_for(lambda: str(outside) in asked("--list").stdout, "no question")
        process.stdin.write("go\n")
        process.stdin.flush()
        wait_for(lambda: "moved" in process.stdout.readline(), "nothing moved")
        self.assertEqual(asked("--allow", "1").returncode, 0)
        rest = process.stdout.read()
        self.assertIn(f"then [{errno.EIO}] 0", rest)

    def test_a_mount_that_comes_later_counts(self):
        process = self.start(support.NONO, "run", "--allow-cwd", "--", PY, "-c",
                             "import os, time\nprint('begun', flush=True)\n"
                             "while not os.path.exists('remote/fine'): time.sleep(0.01)\n"
                             "time.sleep(5)\n" + BUSY, self.met, "1")
        self.assertEqual(process.stdout.readline().strip().rpartition(" ")[2], "begun")
        self.mount()
        out = process.stdout.read()
        self.assertEqual(process.wait(PATIENCE), 0, out)
        self.assertIn(f"[{errno.EIO}] 1", out)

    def meanwhile(self, slow, text):
        """Says what becomes of `slow` where `text` is done between its begin and its decision."""
        process = self.start(support.NONO, "run", "--allow-cwd", "--trust-scan=none", "--allow-instruction-drafts",
                             "--", PY, "-c", PRELUDE + f"""
print('begun', flush=True)
sys.stdin.readline()
codes = []
thread = threading.Thread(target=lambda: codes.append(attempt({slow})))
thread.start()
sys.stdin.readline()
{text}
print('meanwhile', flush=True)
thread.join()
print('then', codes, attempt({slow.replace("remote/../", "")}), flush=True)
""", self.met, stdin=subprocess.PIPE)
        self.addCleanup(process.stdin.close)
        self.assertIn("begun", process.stdout.readline())
        self.project.write("CLAUDE.md", "unsigned\n")  # no scan has seen it
        self.stop_server()
        ways = len(descendants(process.pid))
        for condition in (lambda: len(descendants(process.pid)) > ways,
                          lambda: "meanwhile" in process.stdout.readline()):
            process.stdin.write("go\n")
            process.stdin.flush()
            wait_for(condition, "the call or what is done meanwhile does not begin")
        self.server.send_signal(signal.SIGCONT)
        rest = process.stdout.read()
        self.assertEqual(process.wait(PATIENCE), 0, rest)
        return rest

    def test_what_is_done_meanwhile_counts_for_a_call_that_waited(self):
        self.project.write("project/kept", "")
        self.mount()
        refused = f"then [{errno.EACCES}] {errno.EACCES}"
        self.assertIn(refused, self.meanwhile("open, 'remote/../notes'", "os.rename('CLAUDE.md', 'notes')"))
        task = "open, 'remote/../project/.vscode/tasks.json', 'w'"
        took_place = """
os.makedirs('own/.vscode')
os.rename('project', 'moved')
os.rename('own', 'project')
"""
        self.assertIn(refused, self.meanwhile(task, took_place))

    def test_what_nobody_changes_meanwhile_is_done(self):
        self.mount()
        self.project.write("fine", "fine\n")
        self.assertIn("then [0] 0", self.meanwhile("open, 'remote/../fine'", "os.rename('CLAUDE.md', 'notes')"))
        self.assertIn("then [0] 0", self.meanwhile("open, 'remote/../own/.vscode/tasks.json', 'w'",
                                                   "os.makedirs('own/.vscode')"))

    def test_a_directory_that_holds_such_a_mount_does_not_move(self):
        self.point = self.project.tree / "holder" / "remote"
        self.point.mkdir(parents=True)
        self.project.own()
        self.mount()
        done = self.ran(self.agent(PRELUDE + """
for way in ('holder', 'holder/remote/../../holder'):
    print(attempt(os.rename, way, 'moved') == errno.EACCES)
"""))
        self.assertEqual(done.stdout, "True\nTrue\n", done.stderr)

    def test_ways_that_lead_there_are_all_met(self):
        self.mount()
        os.symlink("remote", self.project.tree / "link")
        os.symlink(self.point / "fine", self.project.tree / "to-fine")
        done = self.ran(self.agent(PRELUDE + """
fd = os.open('remote', os.O_RDONLY | os.O_DIRECTORY)
ways = ['link/fine', 'to-fine', '.git/../remote/fine', os.getcwd() + '//remote/./fine', '/proc/self/cwd/link/fine']
print([open(way).read() for way in ways])
print(os.read(os.open('fine', os.O_RDONLY, dir_fd=fd), 9))
os.chdir('link')
print(open('fine').read(), open('../plain').read(), open('/proc/self/cwd/fine').read())
"""))
        self.assertEqual(done.stdout.count("fine"), 8, done.stdout)
        self.assertIn("plain", done.stdout)
        hung = PRELUDE + """
import subprocess
where = os.getcwd()
print('begun', flush=True)
sys.stdin.readline()
ways = ['link/fine', 'to-fine', '.git/../remote/fine', '/proc/self/cwd/link/fine']
codes = []
threads = [threading.Thread(target=lambda way: codes.append(attempt(open, way)), args=(way,)) for way in ways]
for thread in threads:
    thread.start()
wait_for(lambda: os.path.exists(MET))
rounds = 0
while any(thread.is_alive() for thread in threads):
    open(where + '/plain').close()
    rounds += len(codes) == 0
print('others', rounds > 20, sorted(set(codes)), len(codes), flush=True)
"""
        process = subprocess.Popen(
            self.project.command(support.NONO, "run", "--allow-cwd", "--", PY, "-c", hung, self.met),
            cwd=self.project.tree, env=self.project.environment(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline().strip(), "begun")
        self.hang()
        out, _ = process.communicate("go\n", timeout=4 * PATIENCE)
        self.assertIn(f"others True [{errno.EIO}] 4", out)


# Opens what hangs once it is told to.
WAITS = """
import sys
print('begun', flush=True)
sys.stdin.readline()
open('remote/stuck-' + sys.argv[1]).read()
"""


class StalledEndTest(StalledMountCase):
    def started(self, how):
        process = self.start(support.NONO, "run", "--allow-cwd", "--", PY, "-c", WAITS, how.name,
                             stdin=subprocess.PIPE)
        self.addCleanup(process.stdin.close)
        self.assertIn("begun", process.stdout.readline())
        return process

    def ask(self, process):
        process.stdin.write("go\n")
        process.stdin.flush()
        # The supervisor, the broker, the agent, and who does the call.
        wait_for(lambda: len(descendants(process.pid)) >= 4, "no process of its own does the call")

    def ends_at_once(self, process, how):
        begun = time.monotonic()
        process.send_signal(how)
        process.stdout.read()
        process.wait(PATIENCE)
        self.assertLess(time.monotonic() - begun, DEADLINE - 3, "it waited for the call's deadline")

    def gone(self, tree):
        wait_for(lambda: not any(alive(pid) for pid in tree), "something is left of the tree")

    def test_a_run_ends_at_once_though_the_server_took_the_call(self):
        self.mount()
        tree = []
        for how in (signal.SIGTERM, signal.SIGKILL):
            self.met.unlink(missing_ok=True)
            process = self.started(how)
            self.ask(process)
            wait_for(self.met.exists, "the server was not asked")
            tree += descendants(process.pid)
            self.ends_at_once(process, how)
        self.unmounted()
        self.gone(tree)

    def test_a_run_ends_as_a_whole_where_the_server_takes_nothing(self):
        self.mount()
        for how in (signal.SIGTERM, signal.SIGKILL):
            process = self.started(how)
            self.stop_server()
            self.ask(process)
            tree = descendants(process.pid)
            self.ends_at_once(process, how)
            self.gone(tree)
            self.server.send_signal(signal.SIGCONT)

    def interrupted(self, *words):
        self.mount()
        self.stop_server()
        process = self.start(*words)
        wait_for(lambda: pathlib.Path(f"/proc/{process.pid}/wchan").read_text().startswith("request_wait"),
                 "it does not wait for the file system")
        self.ends_at_once(process, signal.SIGINT)
        self.assertEqual(process.returncode, -signal.SIGINT)

    def test_the_scan_before_a_start_can_be_interrupted(self):
        self.interrupted(support.NONO, "run", "--allow-cwd", "--", "/bin/true")

    def test_verification_can_be_interrupted(self):
        self.interrupted(support.NONO, "trust", "verify", "--all")


class HealthyMountTest(StalledMountCase):
    """What is decided on such a file system is decided as elsewhere, and kept in mind from call to call."""

    def setUp(self):
        super().setUp()
        self.mount()

    def test_files_are_made_read_and_moved(self):
        done = self.ran(self.agent(PRELUDE + """
os.mkdir('remote/d')
with open('remote/d/f', 'w') as file:
    file.write('text')
os.chmod('remote/d/f', 0o600)
os.rename('remote/d/f', 'remote/g')
os.symlink('g', 'remote/l')
print(open('remote/l').read(), attempt(os.rmdir, 'remote/d'), attempt(os.unlink, 'remote/l'),
      attempt(open, 'remote/none') == errno.ENOENT, attempt(open, 'remote/d') == errno.ENOENT)
"""))
        self.assertEqual(done.stdout, "text 0 0 True True\n", done.stderr)

    def test_write_deny_names_hold_but_where_the_session_made_the_project(self):
        (self.point / ".git").mkdir()
        (self.point / ".git" / "hooks").mkdir()
        done = self.ran(self.agent(PRELUDE + """
print(attempt(open, 'remote/.git/hooks/pre-commit', 'w') == errno.EACCES)
os.makedirs('remote/new/.git/hooks')
print(attempt(open, 'remote/new/.git/hooks/pre-commit', 'w') == 0)
"""))
        self.assertEqual(done.stdout, "True\nTrue\n", done.stderr)

    def test_what_a_call_there_changed_holds_from_the_next_call_on(self):
        # After many calls the broker waits in the kernel for the next one, and that may come at once.
        for number in range(60):
            (self.project.tree / f"old{number}").mkdir()
            self.project.write(f"old{number}/kept", "")
        done = self.ran(self.agent(PRELUDE + """
for _ in range(600):
    open('plain').close()
made = []
for number in range(60):
    os.rename(f'remote/../old{number}', f'remote/../moved{number}')
    os.mkdir(f'old{number}')
    os.mkdir(f'old{number}/.vscode')
    made.append(attempt(open, f'old{number}/.vscode/tasks.json', 'w'))
os.mkdir('new')
os.mkdir('new/.vscode')
print(made.count(errno.EACCES), attempt(open, 'new/.vscode/tasks.json', 'w'))
"""))
        self.assertEqual(done.stdout, "60 0\n", done.stderr)

    def test_what_is_looked_at_before_a_move_is_what_moves(self):
        # The walk leads over the mount and back: the call is done beside the broker, which serves others meanwhile.
        for number in range(8):
            (self.project.tree / f"p{number}" / "v").mkdir(parents=True)
            for entry in range(200):
                self.project.write(f"p{number}/v/{entry}", "")
        done = self.ran(self.agent(PRELUDE + """
planted = moved = 0
for number in range(8):
    mover = threading.Thread(target=attempt, args=(os.rename, f'remote/../p{number}/v', f'p{number}/.vscode'))
    mover.start()
    time.sleep(0.002 * number)
    attempt(open, f'p{number}/v/tasks.json', 'x')
    mover.join()
    moved += os.path.exists(f'p{number}/.vscode')
    planted += os.path.exists(f'p{number}/.vscode/tasks.json')
print(planted, moved > 0)
"""))
        self.assertEqual(done.stdout, "0 True\n", done.stderr)

    def second_mount(self):
        first = self.server, self.point, self.control
        self.point, self.control = self.project.tree / "second", self.project.base / "control-2"
        self.point.mkdir()
        self.control.mkdir()
        self.mount()
        second = self.server
        self.addCleanup(second.stderr.close)
        self.addCleanup(second.wait)
        self.addCleanup(second.kill)
        self.addCleanup(stalling_fuse.unmount, self.point)
        self.server, self.point, self.control = first

    def test_what_one_mount_leads_to_on_another_is_done_as_if_it_had_been_named(self):
        self.second_mount()
        done = self.ran(self.agent(PRELUDE + """
for place in ('second', '.'):
    over, right = 'remote/../' + place, place
    print(attempt(os.mkdir, over + '/d'), attempt(os.symlink, 'd', over + '/l'), attempt(os.mkfifo, over + '/p'),
          attempt(open, over + '/f', 'x'), attempt(os.rename, over + '/d', right + '/e'), attempt(open, over + '/g', 'w'),
          attempt(open, over + '/g', 'w'), attempt(os.rename, right + '/e', over + '/d'), attempt(os.rmdir, over + '/d'),
          attempt(os.unlink, over + '/f'), sorted(os.listdir(place))[-3:])
    print([attempt(call, one, other) == errno.EXDEV for call in (os.rename, os.link)
           for one, other in (('remote/fine', over + '/x'), (over + '/g', 'remote/x'))])
open('own', 'x').close()
print(attempt(os.link, 'remote/../own', 'remote/../linked'), open('linked').read())
"""))
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], "0 0 0 0 0 0 0 0 0 0 ['g', 'l', 'p']", done.stderr)
        self.assertTrue(lines[2].startswith("0 0 0 0 0 0 0 0 0 0 ["), lines)
        self.assertEqual([lines[1], lines[3], lines[4]], [str([True] * 4)] * 2 + ["0 "])

    def test_guarded_files_are_judged_and_remembered(self):
        """Nothing but its number tells what was renamed outside; inside it gets no such name."""
        (self.point / "CLAUDE.md").write_text("unsigned\n")
        go = self.project.tree / "go"

        def rename_outside():
            while not go.exists():
                time.sleep(0.02)
            os.rename(self.point / "CLAUDE.md", self.point / "notes")

        other = threading.Thread(target=rename_outside, daemon=True)
        other.start()
        done = self.ran(self.agent(PRELUDE + """
print(attempt(open, 'remote/CLAUDE.md') == errno.EACCES)
print(attempt(os.rename, 'remote/CLAUDE.md', 'remote/notes') == errno.EACCES)
open('go', 'x').close()
wait_for(lambda: os.path.exists('remote/notes'))
print(attempt(open, 'remote/notes') == errno.EACCES)
with open('remote/plain', 'w') as file:
    file.write('plain')
print(open('remote/plain').read())
""", options=("--allow-cwd", "--trust-scan=none", "--allow-instruction-drafts")))
        self.assertEqual(done.stdout, "True\nTrue\nTrue\nplain\n", done.stderr)
        self.assertIn("guarded-name", done.stderr)

    def test_a_guarded_file_that_the_file_system_hides_stays_guarded(self):
        (self.control / "hides").touch()
        for name in "CLAUDE.md", "AGENTS.md", "plain":
            (self.point / name).write_text("unsigned\n")
        done = self.ran(self.agent(PRELUDE + """
os.unlink('remote/CLAUDE.md')
os.rename('remote/plain', 'remote/AGENTS.md')
for name in ('CLAUDE.md', 'AGENTS.md'):
    hidden = 'remote/.hidden-' + name
    print(attempt(open, hidden) == errno.EACCES, attempt(os.rename, hidden, 'remote/x') == errno.EACCES,
          attempt(os.link, hidden, 'remote/x') == errno.EACCES)
""", options=("--allow-cwd", "--trust-scan=none", "--allow-instruction-drafts")))
        self.assertEqual(done.stdout, "True True True\n" * 2, done.stderr)

    def test_a_verified_file_is_served(self):
        (self.point / "CLAUDE.md").write_text("signed\n")
        os.chown(self.point / "CLAUDE.md", self.uid, self.uid)
        self.project.sign("remote/CLAUDE.md")
        done = self.ran(self.agent("print(open('remote/CLAUDE.md').read())\n"
                                   "try: open('remote/CLAUDE.md', 'a')\n"
                                   "except PermissionError: print('kept')"))
        self.assertEqual(done.stdout, "signed\n\nkept\n", done.stderr)

    def test_who_does_the_call_is_hidden_from_it_as_the_broker_is(self):
        # Each call is done by a new process, whose id is soon the one that is guessed. Left alone, it would find
        # itself in /proc, and open there what the agent may not: its environment is the caller's of nono.
        # Of a process that has ended, anybody's, the kernel opens maps (there is nothing in it): one find is none.
        done = self.ran(self.agent(PRELUDE + """
def soon():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child + 50
up = 'remote/' + '../' * 20 + 'proc/'
print(attempt(open, f'{up}{os.getpid()}/environ'))
for what in ('maps', 'environ'):
    found = []
    while len(found) < 3 and all(found):
        guess = soon()
        found.append(0 in [attempt(open, f'{up}{guess}/{what}') for _ in range(100)])
    print(what, all(found))
""", options=("--allow-cwd", "--read", "/proc")))
        self.assertEqual(done.stdout, "0\nmaps False\nenviron False\n", done.stderr)

    def test_sockets_and_fifos_of_the_session_are_met(self):
        done = self.ran(self.agent(PRELUDE + """
listener = socket.socket(socket.AF_UNIX)
listener.bind('remote/socket')
listener.listen()
client = socket.socket(socket.AF_UNIX)
client.connect('remote/socket')
client.sendall(b'through the socket')
print(listener.accept()[0].recv(100).decode())
os.mkfifo('remote/fifo')
def write():
    with open('remote/fifo', 'w') as file:
        file.write('through the fifo')
thread = threading.Thread(target=write)
thread.start()
print(open('remote/fifo').read())
thread.join()
"""))
        self.assertEqual(done.stdout, "through the socket\nthrough the fifo\n", done.stderr)


support.both_users(globals(), StalledCallTest, StalledEndTest, HealthyMountTest)

if __name__ == "__main__":
    support.main()
