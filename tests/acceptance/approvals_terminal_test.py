"""Questions on the terminal: only the person before it sees, paints and answers them."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time

import support

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


class TerminalQuestions(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.outside = self.project.base / "outside"
        self.outside.mkdir()
        (self.outside / "file").write_text("content-of-it\n")
        subprocess.run(["chown", "-R", f"{self.project.uid}", self.outside], check=True)
        self.shown = b""
        self.closed = []

    def begin(self, script, *options):
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.project.tree)
            command = self.project.command(support.NONO, "run", "--allow-cwd", "--no-banner",
                                           "--approve", "terminal", *options, "--", "sh", "-c", script)
            os.execvpe(command[0], command, self.project.environment())
        self.pid, self.fd = pid, fd
        self.addCleanup(self.clean_up, pid, fd)

    def clean_up(self, pid, fd):
        if self.pid == pid:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        if fd not in self.closed:
            os.close(fd)

    def look(self, seconds):
        """What came until then, or the end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    piece = os.read(self.fd, 65536)
                except OSError:
                    return False
                self.shown += piece
        return True

    def until(self, pattern, seconds=15):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = re.search(pattern, self.shown, re.S)
            if found:
                return found
            if not self.look(0.05):
                break
        found = re.search(pattern, self.shown, re.S)
        self.assertTrue(found, f"{pattern} is not in {self.shown}")
        return found

    def question(self):
        """The word of the question that is shown now."""
        found = self.until(rb"\x1b\[\?1049h(?:(?!\x1b\[\?1049[hl]).)*?  ([0-9a-f]{4})   allow this once"
                           rb"(?:(?!\x1b\[\?1049[hl]).)*?> ")
        self.shown = self.shown[found.start():]
        return found.group(1)

    def change(self):
        """The word of the second screen, which says what would be saved or why nothing can be."""
        found = self.until(rb"\x1b\[\?1049h(?:(?!\x1b\[\?1049[hl]).)*?(?:saved in the profile|cannot be "
                           rb"saved)(?:(?!\x1b\[\?1049[hl]).)*?  ([0-9a-f]{4})   allow"
                           rb"(?:(?!\x1b\[\?1049[hl]).)*?> ")
        self.shown = self.shown[found.start():]
        return found.group(1)

    def with_profile(self):
        path = self.project.home / ".config/nono/profiles/mine.json"
        path.parent.mkdir(parents=True)
        path.write_text('{\n  "extends": "default"\n}\n')
        self.project.own()
        return path

    def type(self, text):
        os.write(self.fd, text)

    def end(self):
        while self.look(0.2):
            pass
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def behind(self):
        """What the person sees of the agent: without the questions."""
        return re.sub(rb"\x1b\[\?1049h.*?\x1b\[\?1049l", b"", self.shown, flags=re.S)

    def answers(self):
        listed = json.loads(self.project.nono("audit", "list", "--json").stdout)
        session = listed["sessions"][0]["id"]
        events = json.loads(self.project.nono("audit", "show", "--json", session).stdout)["events"]
        return [(e["outcome"], e["by"], e.get("scope")) for e in events if e["type"] == "approval"]

    def test_the_word_allows_once(self):
        self.begin(f"cat {self.outside}/file")
        word = self.question()
        self.assertIn(f"file       {self.outside}/file".encode(), self.shown)
        self.assertIn(b"operation  read", self.shown)
        self.type(word + b"\r")
        self.assertEqual(self.end(), 0)
        self.assertIn(b"content-of-it", self.behind())
        self.assertEqual(self.answers(), [("allowed", "terminal", "once")])

    def test_the_word_and_s_allow_for_the_session(self):
        self.begin(f"cat {self.outside}/file {self.outside}/file")
        self.type(self.question() + b"s\r")
        self.assertEqual(self.end(), 0)
        self.assertEqual(self.behind().count(b"content-of-it"), 2)
        self.assertEqual([a[1] for a in self.answers()], ["terminal", "session"])

    def test_the_word_and_p_show_the_change_and_another_word_saves_it(self):
        profile = self.with_profile()
        before = profile.read_text()
        self.begin(f"cat {self.outside}/file {self.outside}/file", "--profile", "mine")
        first = self.question()
        self.type(first + b"p\r" + first + b"\r")  # the second line was typed too early
        second = self.change()
        self.assertIn(b'+  "filesystem": {"read_file": ["' + bytes(self.outside) + b'/file"]}',
                      self.shown)
        self.assertEqual(profile.read_text(), before)
        self.type(second + b"\r")
        self.assertEqual(self.end(), 0)
        self.assertEqual(self.behind().count(b"content-of-it"), 2)
        self.assertIn(b"saved to " + bytes(profile), self.behind())
        self.assertEqual(self.answers(), [("allowed", "terminal", "profile"),
                                          ("allowed", "session", None)])
        done = self.project.sandbox("cat", self.outside / "file", options=("--profile", "mine"))
        self.assertEqual(done.stdout, "content-of-it\n", done.stderr)

    def test_only_the_second_word_saves(self):
        profile = self.with_profile()
        before = profile.read_text()
        cases = ((b"\r", ("denied", "terminal", "once")), (b"n\r", ("denied", "terminal", "session")),
                 (b"FIRST\r", ("denied", "terminal", "once")),
                 (b"FIRSTp\r", ("denied", "terminal", "once")),
                 (b"SECONDp\r", ("denied", "terminal", "once")),
                 (b"SECONDs\r", ("allowed", "terminal", "session")))
        for typed, answer in cases:
            with self.subTest(typed=typed):
                self.shown = b""
                self.begin(f"cat {self.outside}/file", "--profile", "mine")
                first = self.question()
                self.type(first + b"p\r")
                second = self.change()
                if first == second:
                    continue  # one in 65,536
                self.type(typed.replace(b"FIRST", first).replace(b"SECOND", second))
                self.assertEqual(self.end(), 0 if answer[0] == "allowed" else 1)
                self.assertEqual(self.answers(), [answer])
                self.assertEqual(profile.read_text(), before)

    def test_where_nothing_can_be_saved_the_screen_says_why(self):
        self.begin(f"cat {self.outside}/file")
        self.type(self.question() + b"p\r")
        word = self.change()
        self.assertIn(b"this run has no profile (nono profile init NAME", self.shown)
        self.assertNotIn(b"save this", self.shown)
        self.type(word + b"s\r")
        self.assertEqual(self.end(), 0)
        self.assertEqual(self.answers(), [("allowed", "terminal", "session")])

    def test_the_change_goes_with_its_caller(self):
        self.with_profile()
        self.begin(f"cat {self.outside}/file & while [ ! -e go ]; do sleep 0.1; done; kill -9 $!; "
                   f"cat {self.outside}/file", "--profile", "mine")
        self.type(self.question() + b"p\r")
        self.change()
        self.project.write("go", "")
        self.until(re.escape(LEAVE))
        self.shown = self.shown[self.shown.index(LEAVE):]
        self.type(self.question() + b"\r")  # the next one begins at its first screen
        self.assertEqual(self.end(), 0)
        self.assertEqual(self.answers()[-1], ("allowed", "terminal", "once"))

    def test_everything_else_denies(self):
        for typed in (b"\r", b"y\r", b"yes\r", b"\x03", b"\x04", b"\x1a", b"\x1c", b"WORD\x04", b"0000s\r", b"\x1b[?1;2c\r", b"n\r", b"WORDx\r",
                      b"x" * 500 + b"\r"):
            with self.subTest(typed=typed):
                self.shown = b""
                self.begin(f"cat {self.outside}/file")
                word = self.question()
                self.type(typed.replace(b"WORD", word) if word != b"0000" else b"\r")
                self.assertEqual(self.end(), 1)
                self.assertNotIn(b"content-of-it", self.shown)
                self.assertEqual(self.answers(),
                                 [("denied", "terminal", "session" if typed == b"n\r" else "once")])

    def test_a_mistyped_word_can_be_mended(self):
        self.begin(f"cat {self.outside}/file")
        self.type(b"zz\x7f\x7f" + self.question() + b"\r")
        self.assertEqual(self.end(), 0)

    def test_what_the_terminal_tells_meanwhile_is_not_typed(self):
        """The focus that is lost and comes back, an arrow, what it is, a colour, its name."""
        self.begin(f"cat {self.outside}/file")
        word = self.question()
        self.type(b"\x1b[O" + word[:1] + b"\x1b[I\x1b[A\x1bOB" + word[1:2] + b"\x1b[?62;22c" + word[2:3] +
                  b"\x1b]11;rgb:00/00/00\x1b\\\x1bP>|a name\x1b\\" + word[3:] + b"\x1b]11;x\x07\r")
        self.assertEqual(self.end(), 0)
        self.assertEqual(self.answers(), [("allowed", "terminal", "once")])

    def test_pastes_are_marked_for_the_agent_after_a_question_too(self):
        """Programs ask for that once: without it each line of a paste would be an order."""
        self.begin(f"printf '\\033[?2004h'; cat {self.outside}/file; printf 'sh''own'; cat")
        self.until(b"allow this once.*> ")
        before = self.shown
        word = self.question()
        self.type(b"\x1b[200~" + word + b"\x1b[201~\r")
        self.until(b"shown")
        self.assertNotIn(b"\x1b[?2004l", before + self.shown)
        self.type(b"\x04")
        self.assertEqual(self.end(), 0)

    def test_enter_counts_within_what_the_terminal_tells(self):
        for typed in (b"\x1b]11;\r", b"\x1b[\x03"):
            with self.subTest(typed=typed):
                self.shown = b""
                self.begin(f"cat {self.outside}/file")
                self.question()
                self.type(typed)
                self.assertEqual(self.end(), 1)

    def test_each_question_has_a_word_of_its_own(self):
        self.begin(f"cat {self.outside}/file; cat {self.outside}/file")
        first = self.question()
        self.type(first + b"\r" + first + b"\r")  # the second line was typed too early
        self.until(re.escape(LEAVE))
        self.shown = self.shown[self.shown.index(LEAVE) + len(LEAVE):]
        second = self.question()
        self.look(0.5)
        self.assertNotIn(LEAVE, self.shown)  # it stands
        self.type(b"\r")
        self.assertEqual(self.end(), 1)
        self.assertEqual([a[0] for a in self.answers()], ["allowed", "denied"])
        self.assertEqual(len(second), 4)

    def test_the_agent_cannot_paint_the_question(self):
        self.begin("(while :; do printf '\\033[2J\\033[HSPOOF\\033]0;SPOOF\\a\\033[?1049lSPOOF'; done) & "
                   f"sleep 0.4; cat {self.outside}/file; kill $!")
        self.until(b"SPOOF")
        word = self.question()
        self.look(1.0)
        self.assertNotIn(b"SPOOF", self.shown)
        self.assertNotIn(LEAVE, self.shown)
        self.type(word + b"\r")
        self.until(b"SPOOF")
        self.until(b"content-of-it")

    def test_what_nono_tells_meanwhile_waits_too(self):
        (self.project.tree / "CLAUDE.md").write_text("unsigned\n")
        self.project.own()
        self.begin(f"(sleep 0.5; cat CLAUDE.md) & cat {self.outside}/file; wait", "--trust-scan=none")
        word = self.question()
        self.look(1.5)
        self.assertNotIn(b"CLAUDE.md", self.shown)
        self.type(word + b"\r")
        self.end()
        self.assertIn(b"denied: ", self.behind())

    def test_the_agent_hears_nothing_of_the_answer(self):
        self.begin(f"cat {self.outside}/file; read line; echo got-$line.")
        self.type(self.question() + b"\r")
        self.until(b"content-of-it")
        self.type(b"for-the-agent\r")
        self.end()
        self.assertIn(b"got-for-the-agent.", self.shown)

    def test_an_agent_that_ends_takes_the_question_along_and_the_terminal_is_as_before(self):
        self.begin(f"cat {self.outside}/file & until [ -e asked ]; do sleep 0.05; done; kill -9 $!; "
                   "until [ -e left ]; do sleep 0.05; done; echo after")
        before = termios.tcgetattr(self.fd)
        self.question()
        self.project.write("asked", "")
        self.until(re.escape(LEAVE), 20)  # while the rest of the agent goes on; silence denies after 60
        self.project.write("left", "")
        self.assertEqual(self.end(), 0)
        self.assertIn(b"after", self.behind())
        after = termios.tcgetattr(self.fd)
        self.assertEqual(after[3] & (termios.ICANON | termios.ECHO), termios.ICANON | termios.ECHO)
        self.assertEqual(len(before), len(after))

    def test_the_end_of_the_agent_leaves_the_alternate_screen(self):
        self.begin(f"cat {self.outside}/file & until [ -e asked ]; do sleep 0.05; done; echo last")
        self.question()
        self.project.write("asked", "")
        self.end()
        self.assertIn(LEAVE, self.shown)
        self.assertIn(b"last", self.behind())

    def test_a_terminal_that_hangs_up_ends_the_agent(self):
        self.begin(f"cat {self.outside}/file; sleep 60")
        self.question()
        os.close(self.fd)
        self.closed.append(self.fd)
        deadline = time.monotonic() + 15
        done = 0
        while not done and time.monotonic() < deadline:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            time.sleep(0.05)
        self.assertEqual(done, self.pid)
        self.pid = 0
        self.assertNotEqual(status, 0)
        self.assertEqual([a[0] for a in self.answers()], ["denied"])

    def test_without_a_terminal_there_is_no_start(self):
        done = self.project.sandbox("echo", "started",
                                    options=("--allow-cwd", "--approve", "terminal"))
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("no terminal", done.stderr)

    def test_the_socket_can_answer_what_the_terminal_shows(self):
        self.begin(f"cat {self.outside}/file", "--approve", "socket")
        self.question()
        self.ran(self.project.nono("approve", "--allow", "1"))
        self.assertEqual(self.end(), 0)
        self.assertIn(b"content-of-it", self.behind())
        self.assertEqual(self.answers(), [("allowed", "socket", "once")])


support.both_users(globals(), TerminalQuestions)

if __name__ == "__main__":
    sys.exit(support.main())
