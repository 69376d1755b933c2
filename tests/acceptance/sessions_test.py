"""ps, stop, shell, names; many sessions side by side; what a killed one leaves behind."""

import concurrent.futures
import ctypes
import fcntl
import json
import os
import pathlib
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import time

import support


class Sessions(support.SessionCase):
    def begin(self, *words, options=()):
        return super().begin(*words, options=(*self.begun_with, *options))

    def listed(self):
        return json.loads(self.ran(self.project.nono("ps", "--json")).stdout)["sessions"]

    def until_listed(self, count):
        deadline = time.monotonic() + 20
        while len(self.listed()) != count and time.monotonic() < deadline:
            time.sleep(0.02)
        sessions = self.listed()
        self.assertEqual(len(sessions), count)
        return sessions

    def directory(self):
        return self.project.home / ".local/state/nono/sessions"

    def test_running_session_is_listed_and_ended_one_is_not(self):
        self.assertEqual(self.listed(), [])
        process = self.begin("sleep", "60", options=("--name", "nap"))
        session = self.until_listed(1)[0]
        self.assertEqual((session["name"], session["command"], session["working_directory"]),
                         ("nap", ["sleep", "60"], str(self.project.tree)))
        self.assertEqual(session["pid"], process.pid)
        entry = self.directory() / (session["id"] + ".json")
        self.assertEqual((entry.stat().st_mode & 0o777, self.directory().stat().st_mode & 0o777),
                         (0o600, 0o700))
        self.assertIn("nap", self.ran(self.project.nono("ps")).stdout)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 128 + signal.SIGTERM)
        self.assertEqual(self.listed(), [])
        self.assertFalse(entry.exists())

    def test_stop_by_name_by_id_and_by_its_start(self):
        for by in ("name", "id", "start"):
            process = self.begin("sleep", "60", options=("--name", "victim"))
            session = self.until_listed(1)[0]
            wanted = {"name": "victim", "id": session["id"], "start": session["id"][:4]}[by]
            self.ran(self.project.nono("stop", wanted))
            self.assertEqual(process.wait(20), 128 + signal.SIGTERM, by)
            self.assertEqual(self.listed(), [])

    def test_stop_ends_what_ignores_it_and_seals_its_record(self):
        process = self.begin("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done",
                             options=("--name", "stubborn"))
        self.assertEqual(process.stdout.readline(), "up\n")
        session = self.until_listed(1)[0]["id"]
        start = time.monotonic()
        done = json.loads(self.ran(
            self.project.nono("stop", "stubborn", "--force", "--json")).stdout)
        self.assertLess(time.monotonic() - start, 4)
        self.assertEqual((done["id"], done["killed"]), (session, False))
        self.assertEqual(process.wait(20), 128 + signal.SIGKILL)
        self.assertIn("stopped", process.stderr.read())
        verified = self.ran(self.project.nono("audit", "verify", session, "--json"))
        self.assertEqual(json.loads(verified.stdout)["state"], "sealed")
        self.assertEqual(os.listdir(self.project.tmp), [])

    def test_stop_without_force_gives_five_seconds(self):
        process = self.begin("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done",
                             options=("--name", "stubborn"))
        self.assertEqual(process.stdout.readline(), "up\n")
        self.until_listed(1)
        start = time.monotonic()
        self.ran(self.project.nono("stop", "stubborn"))
        self.assertGreater(time.monotonic() - start, 4)
        self.assertEqual(process.wait(20), 128 + signal.SIGKILL)

    def test_stopped_supervisor_is_ended_too(self):
        process = self.begin("sleep", "60", options=("--name", "frozen"))
        self.until_listed(1)
        process.send_signal(signal.SIGSTOP)
        self.ran(self.project.nono("stop", "frozen"))
        # Where this machine took seconds for that, its tree was gone already (see below).
        self.assertIn(process.wait(20), (128 + signal.SIGTERM, 128 + signal.SIGKILL))

    def beneath(self, pid):
        """The processes that descend from `pid`: broker, agent and what it started."""
        found = []
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *self.beneath(int(child))]
        return found

    def alive(self, pid):
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ")[1][0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    def test_tree_is_gone_within_five_seconds_of_a_stopped_supervisor(self):
        scripts = {"idle": "echo up; sleep 60 & exec sleep 60",
                   "busy": "echo up; while :; do read -r x <text; done 2>/dev/null",
                   "asking": "echo up; while :; do read -r x <CLAUDE.md; done 2>/dev/null"}
        self.project.write("text", "text\n")
        self.project.write("CLAUDE.md", "# text\n")
        for label, script in scripts.items():
            with self.subTest(label):
                process = self.begin("bash", "-c", script, options=("--trust-scan=none", "-q"))
                self.assertEqual(process.stdout.readline(), "up\n")
                session = self.until_listed(1)[0]["id"]
                tree = self.beneath(process.pid)
                self.assertGreaterEqual(len(tree), 2)
                process.send_signal(signal.SIGSTOP)
                start = time.monotonic()
                while any(map(self.alive, tree)) and time.monotonic() - start < 10:
                    time.sleep(0.02)
                took = time.monotonic() - start
                self.assertFalse(any(map(self.alive, tree)))
                self.assertTrue(2 < took < 5, took)
                process.send_signal(signal.SIGCONT)
                self.assertEqual(process.wait(20), 128 + signal.SIGKILL)
                self.ran(self.project.nono("audit", "verify", session))

    def test_stop_by_job_control_is_not_taken_for_that(self):
        process = self.begin("sh", "-c", "echo up; kill -STOP $$; echo on", options=())
        self.assertEqual(process.stdout.readline(), "up\n")
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(status))
        time.sleep(5)
        process.send_signal(signal.SIGCONT)
        self.assertEqual(process.stdout.readline(), "on\n")
        self.assertEqual(process.wait(20), 0)

    def test_unknown_and_ambiguous_sessions_are_not_stopped(self):
        self.ran(self.project.nono("stop", "nobody"), 125)
        process = self.begin("sleep", "60", options=("--name", "somebody"))
        session = self.until_listed(1)[0]
        self.ran(self.project.nono("stop", session["id"][:3]), 125)
        self.ran(self.project.nono("stop", "some"), 125)
        self.assertIsNone(process.poll())

    def test_name_is_had_by_one_running_session_at_a_time(self):
        self.begin("sleep", "60", options=("--name", "one"))
        self.until_listed(1)
        again = ("--allow-cwd", "--name", "one")
        done = self.project.sandbox("echo", "started", options=again)
        self.assertEqual(done.returncode, 125, done.stderr)
        self.assertNotIn("started", done.stdout)
        self.assertIn("--name one", done.stderr)
        self.ran(self.project.nono("stop", "one"))
        self.ran(self.project.sandbox("true", options=again))
        for wrong in ("", "a b", "deadbeef", "-x", "x" * 65, "../x"):
            self.ran(self.project.sandbox("true", options=("--allow-cwd", f"--name={wrong}")), 2)

    def test_what_a_killed_session_leaves_is_swept(self):
        process = self.begin("sh", "-c", "mkdir $TMPDIR/a; echo x > $TMPDIR/a/b; chmod 0 $TMPDIR/a; "
                                         "chmod 0 $TMPDIR; echo up; sleep 60")
        self.assertEqual(process.stdout.readline(), "up\n")
        self.until_listed(1)
        (self.project.tmp / "nono-000000000000").mkdir()
        process.kill()
        process.wait()
        time.sleep(0.2)
        self.assertEqual(len(os.listdir(self.project.tmp)), 2)
        done = self.ran(self.project.nono("ps"))
        self.assertIn("was killed", done.stderr)
        # What no entry speaks of, and what is not as the entry says, stays.
        self.assertEqual(os.listdir(self.project.tmp), ["nono-000000000000"])
        self.assertEqual([n for n in os.listdir(self.directory()) if n.endswith(".json")], [])

    def test_what_a_killed_session_leaves_is_swept_whatever_its_name(self):
        self.project.tmp = self.project.base / os.fsdecode(b"t\x1b\xff m")
        self.project.tmp.mkdir()
        self.project.own()
        process = self.begin("sh", "-c", "echo x > $TMPDIR/a; echo up; sleep 60")
        self.assertEqual(process.stdout.readline(), "up\n")
        self.until_listed(1)
        process.kill()
        process.wait()
        time.sleep(0.2)
        self.assertEqual(len(os.listdir(self.project.tmp)), 1)
        self.assertIn("was killed", self.ran(self.project.nono("ps")).stderr)
        self.assertEqual(os.listdir(self.project.tmp), [])

    def test_killed_supervisor_that_nobody_reaps_is_no_session(self):
        for look in (("ps",), ("stop", "undead"), ("run", "--allow-cwd", "--name", "undead", "--",
                                                  "true")):
            with self.subTest(look=look):
                process = self.begin("sleep", "60", options=("--name", "undead"))
                self.until_listed(1)
                process.send_signal(signal.SIGKILL)
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
                time.sleep(0.2)
                self.assertEqual(len(os.listdir(self.project.tmp)), 1)
                done = self.project.nono(*look)
                self.assertEqual(done.returncode, 125 if look[0] == "stop" else 0, done.stderr)
                self.assertEqual(self.listed(), [])
                self.assertEqual(os.listdir(self.project.tmp), [])
                self.assertEqual(process.wait(20), -signal.SIGKILL)

    def test_stop_sweeps_what_its_supervisor_left(self):
        process = self.begin("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done",
                             options=("--name", "cut"))
        self.assertEqual(process.stdout.readline(), "up\n")
        self.until_listed(1)
        stop = subprocess.Popen(self.project.command(support.NONO, "stop", "cut"),
                                cwd=self.project.tree, env=self.project.environment(),
                                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(1)
        process.send_signal(signal.SIGKILL)
        self.assertIn("has ended", stop.communicate(timeout=20)[1])
        self.assertEqual(stop.returncode, 0)
        self.assertEqual(os.listdir(self.project.tmp), [])
        self.assertEqual([n for n in os.listdir(self.directory()) if n.endswith(".json")], [])

    def happened(self, directories, do):
        """The names that came to be in `directories` while `do` ran, in their order, and how."""
        libc = ctypes.CDLL(None, use_errno=True)
        queue = libc.inotify_init1(os.O_CLOEXEC)
        self.addCleanup(os.close, queue)
        created, moved = 0x100, 0x80
        for directory in directories:
            self.assertGreater(libc.inotify_add_watch(queue, os.fsencode(directory),
                                                      created | moved), 0)
        do()
        events, at, out = os.read(queue, 65536), 0, []
        while at < len(events):
            _, mask, _, size = struct.unpack_from("iIII", events, at)
            name = events[at + 16:at + 16 + size].rstrip(b"\0").decode()
            out.append(("moved " if mask & moved else "created ") + name)
            at += 16 + size
        return out

    def test_the_entry_is_whole_before_the_socket_and_the_agent(self):
        self.directory().mkdir(parents=True)
        self.project.own()
        for name in ((), ("--name", "one")):
            with self.subTest(name=name):
                events = self.happened(
                    (self.directory(), self.project.tree),
                    lambda name=name: self.ran(self.project.sandbox(
                        "sh", "-c", "rm -f made; : > made",
                        options=("--allow-cwd", "--approve", "socket", *name))))
                entry = next(event for event in events if event.endswith(".json"))
                session = entry.split()[1].removesuffix(".json")
                self.assertEqual([event for event in events if session in event or "made" in event],
                                 [f"created {session}.new", f"moved {session}.json",
                                  f"created {session}.sock", "created made"])

    def test_what_a_start_left_that_was_killed_is_swept(self):
        self.directory().mkdir(parents=True)
        for name in ("0123456789abcde0.json", "0123456789abcde1.new"):
            (self.directory() / name).touch()
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(self.directory() / "0123456789abcde2.sock"))
        left.close()
        self.project.own()
        self.begin("sleep", "60", options=("--name", "one", "--approve", "socket"))
        session = self.until_listed(1)[0]["id"]
        names = {session + ".json", session + ".sock"}
        self.assertEqual(set(os.listdir(self.directory())), names)
        self.ran(self.project.nono("stop", "one"))
        self.assertEqual(os.listdir(self.directory()), [])

    def test_a_temporary_directory_of_a_start_that_was_killed_is_swept(self):
        names = ("nono-000000000001", "nono-000000000002", "nono-000000000003", "nono-00000000000x",
                 "nono-000000000004")
        for name in names:
            (self.project.tmp / name).mkdir()
        (self.project.tmp / names[1] / "file").touch()
        (self.project.tmp / "nono-00000000000e").symlink_to(names[3])
        self.project.own()
        self.begin("sleep", "60")
        self.until_listed(1)
        own = set(os.listdir(self.project.tmp)) - {*names, "nono-00000000000e"}
        held = os.open(self.project.tmp / names[2], os.O_RDONLY)
        self.addCleanup(os.close, held)
        fcntl.flock(held, fcntl.LOCK_SH)
        for name in (*names[:4], *own):
            os.utime(self.project.tmp / name, (0, 0))
        self.ran(self.project.nono("ps"))
        self.assertEqual(set(os.listdir(self.project.tmp)),
                         {*names[1:], "nono-00000000000e", *own})
        self.assertEqual(len(own), 1)

    def test_sweep_leaves_what_an_entry_only_claims(self):
        process = self.begin("sleep", "60")
        session = self.until_listed(1)[0]
        entry = self.directory() / (session["id"] + ".json")
        claimed = json.loads(entry.read_text())
        process.kill()
        process.wait()
        time.sleep(0.2)
        other = self.project.tmp / "nono-00000000000a"
        other.mkdir()
        (other / "keep").write_text("x")
        claimed["temporary"] = str(other)
        entry.write_text(json.dumps(claimed))
        self.project.own()
        self.ran(self.project.nono("ps"))
        self.assertTrue((other / "keep").exists())

    def test_damaged_entries_are_no_sessions(self):
        self.directory().mkdir(parents=True)
        for name, text in (("0123456789abcdef.json", "{"), ("x.json", "{}"),
                           ("0123456789abcde0.json", '{"id": "0123456789abcde1"}'),
                           ("0123456789abcde2.json", '{"id":"0123456789abcde2","supervisor":-1}')):
            (self.directory() / name).write_text(text)
        os.symlink("/proc/self/status", self.directory() / "0123456789abcde3.json")
        os.mkfifo(self.directory() / "0123456789abcde4.json")
        self.project.own()
        self.assertEqual(self.listed(), [])

    def test_agent_reaches_no_entry(self):
        (self.project.home / "x").write_text("")
        self.project.own()
        done = self.project.sandbox("ls", self.directory())
        self.assertNotIn(".json", done.stdout)
        self.assertNotEqual(done.returncode, 0)

    def test_sixty_four_sessions_side_by_side(self):
        script = "for i in $(seq 40); do cat a > /dev/null; done; echo done"
        self.project.write("a", "text")

        def one(number):
            return self.project.sandbox("sh", "-c", script, options=(
                "--allow-cwd", "--name", f"crowd-{number}"), timeout=110)
        with concurrent.futures.ThreadPoolExecutor(64) as crowd:
            for done in crowd.map(one, range(64)):
                self.ran(done)
                self.assertEqual(done.stdout, "done\n")
        self.assertEqual(self.listed(), [])
        self.assertEqual(os.listdir(self.project.tmp), [])

    def test_shell_is_the_users_and_in_the_sandbox(self):
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.project.tree)
            command = self.project.command(support.NONO, "shell", "--allow-cwd", "--no-banner")
            os.execvpe(command[0], command, self.project.environment({"SHELL": "/bin/sh"}))
        os.write(fd, b"echo $0 is-$((40+2)); cat /etc/shadow; exit 7\n")
        out = b""
        while select.select([fd], [], [], 10)[0]:
            try:
                out += os.read(fd, 4096)
            except OSError:
                break
        _, status = os.waitpid(pid, 0)
        os.close(fd)
        self.assertIn(b"/bin/sh is-42", out)
        self.assertNotIn(b"root:", out)
        self.assertEqual(os.waitstatus_to_exitcode(status), 7)

    def test_shell_can_be_another_and_must_be_there(self):
        done = self.ran(self.project.nono("shell", "--allow-cwd", "--shell", "/bin/bash",
                                          input="echo $BASH\n", stdin=None))
        self.assertEqual(done.stdout, "/bin/bash\n")
        self.ran(self.project.nono("shell", "--allow-cwd", "--shell", "/no/shell"), 127)


support.both_users(globals(), Sessions)

if __name__ == "__main__":
    sys.exit(support.main())
