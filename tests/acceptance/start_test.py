"""A start that does not go on: it ends by itself with an error, by a signal, and with nono.

The agent's process is held where it hands its listener to the broker, as by a filter that traps the call that does
it: a tracer puts pause(2) in the place of that call.
"""

import ctypes
import os
import pathlib
import platform
import signal
import time
import unittest

import support

PATIENCE = 30
TRACE_ME, SYSCALL, DETACH, SETOPTIONS, PEEKUSER, POKEUSER = 0, 24, 17, 0x4200, 3, 6
FOLLOWS = 1 | 2 | 4 | 8  # system calls told from signals; fork, vfork, clone
ALL_CHILDREN = 0x40000000
NUMBER, FIRST = 15 * 8, 14 * 8  # orig_rax and rdi in struct user
SENDMSG, PAUSE, SECCOMP, SET_FILTER = 46, 34, 317, 1
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class Traced:
    """nono, and what it starts, up to where the agent's process is held."""

    def __init__(self, project, *words):
        self.out = project.base / "out"
        self.sealed, self.held = set(), None
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.chdir(project.tree)
                out = os.open(self.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
                for stream, fd in enumerate((os.open("/dev/null", os.O_RDONLY), out, out)):
                    os.dup2(fd, stream)
                libc.ptrace(TRACE_ME, 0, None, None)
                os.kill(os.getpid(), signal.SIGSTOP)
                command = project.command(*words)
                os.execvpe(command[0], command, project.environment())
            finally:
                os._exit(1)
        self.tree, self.status = {self.pid}, None
        os.waitpid(self.pid, os.WUNTRACED)
        if libc.ptrace(SETOPTIONS, self.pid, None, FOLLOWS) != 0:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            raise unittest.SkipTest("no process can be traced here")
        libc.ptrace(SYSCALL, self.pid, None, None)

    def turn(self):
        pid, status = os.waitpid(-1, os.WNOHANG | ALL_CHILDREN)
        if pid == 0:
            time.sleep(0.001)
            return
        if not os.WIFSTOPPED(status):
            self.tree.discard(pid)
            self.status = status if pid == self.pid else self.status
            return
        how = os.WSTOPSIG(status)
        if how == signal.SIGTRAP | 0x80 and self.hold(pid):
            return
        fresh = pid not in self.tree
        self.tree.add(pid)
        passes = 0 if how in (signal.SIGTRAP, signal.SIGTRAP | 0x80) or fresh else how
        libc.ptrace(SYSCALL, pid, None, passes)

    def hold(self, pid):
        looks = self.held is None and pid != self.pid  # nono itself asks what filters there are
        number = libc.ptrace(PEEKUSER, pid, NUMBER, None) if looks else -1
        if number == SECCOMP and libc.ptrace(PEEKUSER, pid, FIRST, None) == SET_FILTER:
            self.sealed.add(pid)
        if number != SENDMSG or pid not in self.sealed:
            return False
        libc.ptrace(POKEUSER, pid, NUMBER, PAUSE)
        libc.ptrace(DETACH, pid, None, None)
        self.held = pid
        return True

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, what
            self.turn()

    def gone(self, pid):
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    def supervises(self):
        """Takes signals from a descriptor by now."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        blocked = int(status.partition("\nSigBlk:")[2].split()[0], 16)
        return blocked & 1 << signal.SIGTERM - 1 and "\nState:\tS" in status

    def close(self):
        for pid in self.tree | {self.held or self.pid}:
            if not self.gone(pid):
                os.kill(pid, signal.SIGKILL)
        self.until(lambda: self.status is not None, "nono is left")


@unittest.skipIf(platform.machine() != "x86_64", "the tracer knows the registers of x86-64 only")
class HeldStart(support.SandboxCase):
    def held(self, *options):
        traced = Traced(self.project, support.NONO, "run", "--allow-cwd", *options, "--", "/bin/echo", "agent-ran")
        self.addCleanup(traced.close)
        traced.until(lambda: traced.held is not None or traced.status is not None, "the agent was not held")
        self.assertIsNone(traced.status, traced.out.read_text())
        traced.until(traced.supervises, "nono does not wait for the agent")
        return traced

    def ended(self, traced):
        traced.until(lambda: traced.status is not None, "nono does not end")
        others = traced.tree | {traced.held}
        traced.until(lambda: all(traced.gone(pid) for pid in others), "something is left of the tree")
        text = traced.out.read_text()
        self.assertNotIn("agent-ran", text)
        return os.waitstatus_to_exitcode(traced.status), text

    def test_it_ends_by_itself_with_an_error(self):
        code, text = self.ended(self.held())
        self.assertNotIn(code, (0, None))
        self.assertIn("the agent was not started: handing the listener to the broker", text)

    def test_signals_end_it(self):
        for how in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            traced = self.held()
            begun = time.monotonic()
            os.kill(traced.pid, how)
            code, text = self.ended(traced)
            self.assertIn(code, (128 + how, -how), text)
            self.assertLess(time.monotonic() - begun, 8, "it waited for the start's own limit of time")

    def test_it_ends_with_nono(self):
        traced = self.held()
        os.kill(traced.pid, signal.SIGKILL)
        begun = time.monotonic()
        self.ended(traced)
        self.assertLess(time.monotonic() - begun, 8, "it waited for the start's own limit of time")

    def test_without_the_hold_it_starts(self):
        traced = Traced(self.project, support.NONO, "run", "--allow-cwd", "--", "/bin/echo", "agent-ran")
        self.addCleanup(traced.close)
        traced.held = 0
        traced.until(lambda: traced.status is not None, "nono does not end")
        self.assertEqual((os.waitstatus_to_exitcode(traced.status), traced.out.read_text().count("agent-ran")), (0, 1))


support.both_users(globals(), HeldStart)

if __name__ == "__main__":
    support.main()
