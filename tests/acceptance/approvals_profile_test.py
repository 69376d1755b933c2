"""Answers that are saved in the profile of the run: what is written, shown, recorded; what is not."""

import difflib
import hashlib
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time

import support

PY = "/usr/bin/python3"
CONNECT = ("import socket,sys; s=socket.create_connection(('127.0.0.1', int(sys.argv[1])));"
           "print(s.recv(9).decode())")
PROFILE = """{
  "meta": {"name": "mine"},
  "extends": ["default"],
  "filesystem": {
    "read_file": []
  },
  "workdir": {"access": "readwrite"}
}
"""


class ProfileApprovals(support.AskingCase):
    def setUp(self):
        super().setUp()
        self.outside = self.project.base / "outside"
        self.outside.mkdir()
        self.file = self.outside / "file"
        self.file.write_text("outside\n")
        (self.outside / "other").write_text("other\n")
        self.profile = self.put(self.project.home / ".config/nono/profiles/mine.json", PROFILE)

    def put(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.own_all()
        return path

    def own_all(self):
        subprocess.run(["chown", "-hR", f"{self.project.uid}:{self.project.uid}", self.project.base],
                       check=True)

    def using(self, profile="mine", *more):
        return ("--profile", str(profile), "--approve", "socket", *more)

    def save(self, question, session=None):
        return self.answer("allow", question, "profile", session)

    def next_run(self, *words, options=("--profile", "mine")):
        """A later run, in which nobody is asked."""
        done = self.project.sandbox(*words, options=options)
        self.assertEqual(self.events("approval_asked"), [])
        return done

    def refused(self, options, why, words=None, kept=None):
        """The scope is refused with a reason; the question stands, and nothing is written."""
        kept = kept or self.profile
        before = kept.read_bytes()
        process = self.begin(*(words or ("cat", str(self.file))), options=options)
        question = self.asked()[0]
        self.assertRegex(question["save"]["why_not"], why)
        self.assertNotIn("diff", question["save"])
        done = self.save(question)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stderr, "it cannot be saved in a profile: ")
        self.assertRegex(done.stderr, why)
        self.assertFalse(json.loads(done.stdout)["taken"])
        self.assertEqual([q["id"] for q in self.questions()], [question["id"]])
        self.ran(self.answer("deny", question))
        self.ended(process)
        self.assertEqual(kept.read_bytes(), before)
        self.assertEqual(self.events("approval_saved"), [])

    # -- what is saved

    def test_what_was_shown_is_written_and_the_next_run_needs_no_question(self):
        self.assertNotEqual(self.next_run("cat", self.file).returncode, 0)  # the control
        self.profile.chmod(0o640)
        process = self.begin("cat", str(self.file), str(self.file), options=self.using())
        question = self.asked()[0]
        self.assertEqual(self.profile.read_text(), PROFILE)
        wanted = PROFILE.replace('"read_file": []', f'"read_file": ["{self.file}"]')
        diff = "".join(difflib.unified_diff(PROFILE.splitlines(True), wanted.splitlines(True),
                                            str(self.profile), str(self.profile)))
        self.assertEqual(question["save"], {"profile": str(self.profile), "diff": diff})
        done = self.ran(self.save(question))
        self.assertEqual((json.loads(done.stdout)["taken"], json.loads(done.stdout)["saved"]),
                         (True, True))
        ended = self.ran(self.ended(process))
        self.assertEqual(ended.stdout, "outside\n" * 2)
        self.assertIn(f"saved to {self.profile}: read {self.file}", ended.stderr)
        self.assertEqual(self.profile.read_text(), wanted)
        self.assertEqual(self.profile.stat().st_mode & 0o7777, 0o640)
        self.assertEqual([p.name for p in self.profile.parent.iterdir()], ["mine.json"])
        self.ran(self.project.nono("profile", "validate", "mine"))
        self.assertEqual(self.ran(self.next_run("cat", self.file)).stdout, "outside\n")
        self.assertNotEqual(self.next_run("cat", self.outside / "other").returncode, 0)
        self.assertNotEqual(self.next_run("sh", "-c", f"echo x >> {self.file}").returncode, 0)

    def test_the_record_names_the_change_before_what_became_of_it(self):
        process = self.begin("cat", str(self.file), str(self.file), options=self.using())
        self.ran(self.save(self.asked()[0]))
        self.ran(self.ended(process))
        answered, again = self.events("approval")
        saved, = self.events("approval_saved")
        digests = {"profile": str(self.profile),
                   "sha256_before": hashlib.sha256(PROFILE.encode()).hexdigest(),
                   "sha256_after": hashlib.sha256(self.profile.read_bytes()).hexdigest()}
        self.assertEqual({key: answered[key] for key in digests}, digests)
        self.assertEqual({key: saved[key] for key in digests}, digests)
        self.assertEqual((answered["scope"], answered["outcome"], answered["by"]),
                         ("profile", "allowed", "socket"))
        self.assertEqual((saved["outcome"], saved["question"]), ("saved", answered["question"]))
        self.assertLess(answered["sequence"], saved["sequence"])
        self.assertEqual(again["by"], "session")
        listed = json.loads(self.project.nono("audit", "list", "--json").stdout)["sessions"]
        self.ran(self.project.nono("audit", "verify", listed[0]["id"]))

    def test_each_operation_is_saved_as_what_it_is(self):
        new = self.outside / "new"
        cases = ((f"echo more >> {self.file}", "write_file", self.file),
                 (f"exec 3<>{self.outside}/other", "allow_file", self.outside / "other"),
                 (f"echo made > {new}", "allow_file", new))
        for script, member, path in cases:
            with self.subTest(script=script):
                self.put(self.profile, PROFILE)
                process = self.begin("sh", "-c", script, options=self.using())
                self.ran(self.save(self.asked()[0]))
                self.ran(self.ended(process))
                saved = json.loads(self.profile.read_text())["filesystem"]
                self.assertEqual(saved, {"read_file": [], member: [str(path)]})
                self.ran(self.next_run("sh", "-c", script))
        self.assertEqual(new.read_text(), "made\n")

    def test_a_file_that_is_named_is_the_one_that_is_changed(self):
        mine = self.put(self.project.base / "profiles/p.json", PROFILE)
        process = self.begin("cat", str(self.file), options=self.using(mine))
        self.ran(self.save(self.asked()[0]))
        self.ran(self.ended(process))
        self.assertIn(str(self.file), mine.read_text())
        self.assertEqual(self.profile.read_text(), PROFILE)
        self.ran(self.next_run("cat", self.file, options=("--profile", mine)))

    def test_names_are_escaped_in_the_file_and_on_the_screen(self):
        odd = self.outside / "a\"], \"allow\": [\"\\\n\u202ef"
        odd.write_text("odd\n")
        self.own_all()
        process = self.begin("cat", str(odd), options=self.using())
        question = self.asked()[0]
        self.assertNotIn("\u202e", question["save"]["diff"])
        self.ran(self.save(question))
        self.ran(self.ended(process))
        self.assertEqual(json.loads(self.profile.read_text())["filesystem"],
                         {"read_file": [str(odd)]})
        self.assertEqual(self.ran(self.next_run("cat", odd)).stdout, "odd\n")

    def listener(self):
        out = socket.create_server(("127.0.0.1", 0))
        out.settimeout(20)
        self.addCleanup(out.close)
        return out, out.getsockname()[1]

    def reach(self, listener, process=None):
        client, _ = listener.accept()
        client.sendall(b"hello")
        client.close()
        return self.ran(self.ended(process)).stdout

    def test_an_address_is_saved_beside_those_that_the_profile_names(self):
        listener, port = self.listener()
        self.put(self.profile, PROFILE.replace(
            '"workdir"', '"network": {"connect": ["192.0.2.1:9"]},\n  "workdir"'))
        words = (PY, "-c", CONNECT, str(port))
        process = self.begin(*words, options=self.using())
        self.ran(self.save(self.asked()[0]))
        self.assertEqual(self.reach(listener, process), "hello\n")
        self.assertEqual(json.loads(self.profile.read_text())["network"],
                         {"connect": ["192.0.2.1:9", f"127.0.0.1:{port}"]})
        later = self.begin(*words, options=("--profile", "mine"))
        self.assertEqual(self.reach(listener, later), "hello\n")

    # -- what is not saved, and why

    def test_without_a_profile(self):
        self.refused(("--allow-cwd", "--approve", "socket"), "no profile .nono profile init NAME")

    def test_a_profile_that_comes_with_nono(self):
        self.refused(self.using("default", "--allow-cwd"),
                     "comes with nono .nono profile init NAME --extends default")

    def test_a_profile_in_another_language(self):
        for name, text in (("t.toml", 'extends = ["default"]\n[workdir]\naccess = "read"\n'),
                           ("y.yaml", "extends: [default]\nworkdir: {access: read}\n")):
            mine = self.put(self.project.base / "profiles" / name, text)
            self.refused(self.using(mine), "only profiles in JSON", kept=mine)

    def test_a_link(self):
        real = self.put(self.project.base / "dotfiles/mine.json", PROFILE)
        self.profile.unlink()
        self.profile.symlink_to(real)
        self.own_all()
        self.refused(self.using(), "is a symbolic link", kept=real)
        self.assertTrue(self.profile.is_symlink())

    def test_a_file_of_several_names(self):
        os.link(self.profile, self.project.base / "second")
        self.refused(self.using(), "several names .hard links")

    def test_a_file_that_the_agent_may_write(self):
        mine = self.put(self.project.tree / "mine.json", PROFILE)
        self.refused(self.using(mine), "the agent may write", kept=mine)

    def test_a_file_that_the_agent_was_allowed_to_write(self):
        mine = self.put(self.project.base / "profiles/p.json", PROFILE)
        process = self.begin("sh", "-c", f"echo >> {mine}; cat {self.file}", options=self.using(mine))
        self.ran(self.answer("allow", self.asked()[0]))
        deadline = time.monotonic() + 20
        while self.asked()[0]["operation"] != "read" and time.monotonic() < deadline:
            time.sleep(0.02)
        question = self.asked()[0]
        self.assertIn("the agent may write", question["save"]["why_not"])
        self.assertEqual(self.save(question).returncode, 1)
        self.ran(self.answer("deny", question))
        self.ended(process)
        self.assertEqual(mine.read_text(), PROFILE + "\n")

    def test_a_name_that_the_agent_may_give_to_something_else(self):
        """Reading what lies in a directory for writing: a link there would be followed by the next run."""
        place = self.project.base / "place"
        self.put(place / "file", "harmless\n")
        words = ("cat", str(place / "file"))
        self.refused(self.using("mine", "--write", str(place)),
                     "may put something else in the place of", words)
        process = self.begin(*words, options=self.using())  # the control
        self.ran(self.save(self.asked()[0]))
        self.assertEqual(self.ran(self.ended(process)).stdout, "harmless\n")

    def test_a_signed_file(self):
        mine = self.put(self.project.base / "profiles/p.json", PROFILE)
        self.ran(self.project.nono("trust", "keygen"))
        self.ran(self.project.nono("trust", "sign", mine))
        self.assertTrue(mine.with_name("p.json.bundle").exists())
        self.refused(self.using(mine), "is signed, and a change breaks that", kept=mine)

    def test_a_file_that_a_bundle_of_several_names(self):
        mine, beside = (self.put(self.project.base / "profiles" / name, PROFILE)
                        for name in ("p.json", "q.json"))
        self.ran(self.project.nono("trust", "keygen"))
        words = self.project.command(support.NONO, "trust", "sign", "--multi-subject", "p.json")
        subprocess.run(words, cwd=mine.parent, env=self.project.environment(), check=True)
        self.assertTrue((mine.parent / ".nono-trust.bundle").exists())
        self.refused(self.using(mine), "is signed, and a change breaks that", kept=mine)
        process = self.begin("cat", str(self.file), options=self.using(beside))  # the control
        self.ran(self.save(self.asked()[0]))
        self.ran(self.ended(process))

    def test_the_projects_own(self):
        self.ran(self.project.nono("trust", "keygen"))
        own = self.put(self.project.tree / ".nono/profile.json", PROFILE)
        self.ran(self.project.nono("trust", "sign", own))
        self.refused(("--approve", "socket"), "is the project's", kept=own)

    def test_another_users_file(self):
        if self.project.uid != support.ORDINARY:
            self.skipTest("needs a user who is not root, beside root")
        mine = self.put(self.project.base / "profiles/p.json", PROFILE)
        os.chown(mine, 0, 0)
        self.refused(self.using(mine), "is another user's", kept=mine)

    def test_a_directory_that_cannot_be_written(self):
        if self.project.uid == 0:
            self.skipTest("root writes in every directory")
        self.profile.parent.chmod(0o500)
        self.refused(self.using(), "cannot be written")

    def test_an_address_that_would_close_the_rest_or_count_for_nothing(self):
        _, port = self.listener()
        words = (PY, "-c", CONNECT, str(port))
        self.refused(self.using("mine", "--connect", "192.0.2.1:9"), "would close the rest", words)
        self.put(self.profile, PROFILE.replace(
            '"workdir"', '"network": {"connect": ["192.0.2.1:9"]},\n  "workdir"'))
        self.refused(self.using("mine", "--connect", "192.0.2.1:9"), "options of this run", words)

    def test_a_socket_of_the_file_system(self):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.outside / "service"))
            listener.listen()
            self.own_all()
            words = (PY, "-c", f"import socket; socket.socket(1).connect('{self.outside}/service')")
            self.assertNotEqual(self.next_run(*words).returncode, 0)  # the control
            process = self.begin(*words, options=self.using())
            self.ran(self.save(self.asked()[0]))
            self.ran(self.ended(process))
            self.assertEqual(json.loads(self.profile.read_text())["filesystem"],
                             {"read_file": [], "unix_socket": [f"{self.outside}/service"]})
            self.ran(self.project.sandbox(*words, options=("--profile", "mine")))

    def test_a_name_that_no_profile_can_hold(self):
        odd = os.fsencode(self.outside) + b"/\xff"
        with open(odd, "w") as file:
            file.write("x")
        self.own_all()
        self.refused(self.using(), "not UTF-8", ("sh", "-c", f"cat $(printf '{self.outside}/\\377')"))

    def test_a_denial_is_not_saved(self):
        process = self.begin("cat", str(self.file), options=self.using())
        question = self.asked()[0]
        done = self.ran(self.answer("deny", question, "profile"), 2)
        self.assertIn("a denial is not saved", done.stderr)
        self.ran(self.answer("deny", question))
        self.ended(process)
        self.assertEqual(self.profile.read_text(), PROFILE)

    def test_no_rule_saves(self):
        rules = self.put(self.project.base / "rules.json", json.dumps({
            "schema": "nono/approval-rules/1",
            "rules": [{"path": f"{self.outside}/*", "approval": "allow", "scope": "profile"}]}))
        done = self.project.sandbox("echo", "started", options=(
            "--profile", "mine", "--approve", f"rules:{rules}"))
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("/rules/0/scope: must be once or session: only a person saves", done.stderr)

    # -- what comes between the question and the answer

    def not_saved(self, process, why):
        saved, = self.events("approval_saved")
        self.assertEqual(saved["outcome"], "not-saved")
        self.assertRegex(saved["why"], why)
        done = self.ran(process)
        self.assertEqual(done.stdout, "outside\n" * 2)
        self.assertRegex(done.stderr, "not saved to .*, it counts for this session: .*" + why)

    def test_a_profile_that_somebody_else_changed_is_left_and_the_answer_is_the_sessions(self):
        process = self.begin("cat", str(self.file), str(self.file), options=self.using())
        question = self.asked()[0]
        self.profile.write_text(PROFILE.replace("mine", "changed"))
        done = self.ran(self.save(question), 1)
        self.assertIn("was changed meanwhile", done.stderr)
        self.assertEqual((json.loads(done.stdout)["taken"], json.loads(done.stdout)["saved"]),
                         (True, False))
        self.not_saved(self.ended(process), "was changed meanwhile")
        self.assertEqual(self.profile.read_text(), PROFILE.replace("mine", "changed"))

    def test_a_directory_that_was_closed_meanwhile(self):
        if self.project.uid == 0:
            self.skipTest("root writes in every directory")
        process = self.begin("cat", str(self.file), str(self.file), options=self.using())
        question = self.asked()[0]
        self.profile.parent.chmod(0o500)
        self.ran(self.save(question), 1)
        self.not_saved(self.ended(process), "cannot be written")
        self.assertEqual(self.profile.read_text(), PROFILE)

    def test_of_two_sessions_that_change_one_profile_the_first_is_saved(self):
        begun = []
        for name, path in (("one", self.file), ("two", self.outside / "other")):
            begun.append(self.begin("cat", str(path), options=self.using("mine", "--name", name)))
        questions = {name: self.asked(session=name)[0] for name in ("one", "two")}
        self.ran(self.save(questions["one"], "one"))
        done = self.ran(self.save(questions["two"], "two"), 1)
        self.assertIn("was changed meanwhile", done.stderr)
        self.assertEqual([self.ran(self.ended(process)).stdout for process in begun],
                         ["outside\n", "other\n"])
        self.assertEqual(json.loads(self.profile.read_text())["filesystem"],
                         {"read_file": [str(self.file)]})

    def test_one_question_after_another_is_saved(self):
        process = self.begin("sh", "-c", f"cat {self.file}; cat {self.outside}/other",
                             options=self.using())
        self.ran(self.save(self.asked()[0]))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and "other" not in self.asked()[0]["object"]:
            time.sleep(0.02)
        self.ran(self.save(self.asked()[0]))
        self.assertEqual(self.ran(self.ended(process)).stdout, "outside\nother\n")
        self.assertEqual(json.loads(self.profile.read_text())["filesystem"],
                         {"read_file": [str(self.file), f"{self.outside}/other"]})

    # -- by a person

    def talk(self, *steps):
        """`nono approve` on a terminal: waits for each pattern and types what belongs to it."""
        self.asked()
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.project.tree)
            command = self.project.command(support.NONO, "approve")
            os.execvpe(command[0], command, self.project.environment())
        self.addCleanup(os.close, fd)
        self.addCleanup(os.waitpid, pid, 0)
        self.addCleanup(os.kill, pid, signal.SIGKILL)
        screen = b""
        for pattern, typed in steps:
            shown = b""
            deadline = time.monotonic() + 20
            while not re.search(pattern, shown, re.S) and time.monotonic() < deadline:
                if select.select([fd], [], [], 0.1)[0]:
                    try:
                        shown += os.read(fd, 65536)
                    except OSError:
                        break  # it has ended
            self.assertRegex(shown, re.compile(pattern, re.S))
            screen += shown
            os.write(fd, typed)
        return screen

    def test_nono_approve_shows_the_change_and_asks_once_more(self):
        process = self.begin("cat", str(self.file), options=self.using())
        added = re.escape(f'+    "read_file": ["{self.file}"]').encode()
        asked = re.escape(f"read  {self.file}").encode()
        self.talk((asked + rb".*\[p\]rofile.*: ", b"p\n"), (added + rb".*\[y\]es, save this.*: ", b"y\n"),
                  (rb"question \d+: saved", b""))
        self.assertEqual(self.ran(self.ended(process)).stdout, "outside\n")
        self.assertIn(str(self.file), self.profile.read_text())

    def test_an_answer_for_the_session_is_asked_for_once(self):
        other = self.outside / "other"
        other.write_text("x\n")
        process = self.begin("sh", "-c", f"cat {self.file} & cat {self.file} & "
                             f"sleep 0.5; cat {other} & wait", options=self.using())
        asked = [question["object"] for question in self.asked(3)]
        self.assertEqual(asked, [str(self.file)] * 2 + [str(other)])
        screen = self.talk((re.escape(f"read  {self.file}").encode() + rb".*: ", b"s\n"),
                           (re.escape(f"read  {other}").encode() + rb".*: ", b"s\n"))
        self.assertEqual(screen.count(f"read  {self.file}".encode()), 1)
        self.assertEqual(sorted(self.ran(self.ended(process)).stdout.split()),
                         ["outside", "outside", "x"])
        answers = [(event["question"], event["outcome"], event["by"])
                   for event in self.events("approval")]
        self.assertEqual(sorted(answers), [(1, "allowed", "socket"), (2, "allowed", "session"),
                                           (3, "allowed", "socket")])

    def test_nono_approve_saves_nothing_without_a_second_yes(self):
        for typed, code in ((b"\n", 1), (b"p\n", 1), (b"s\n", 0)):
            process = self.begin("cat", str(self.file), options=self.using())
            self.talk((rb"\[p\]rofile.*: ", b"p\n"), (rb"\[y\]es, save this.*: ", typed))
            self.ran(self.ended(process), code)
            self.assertEqual(self.profile.read_text(), PROFILE)


support.both_users(globals(), ProfileApprovals)

if __name__ == "__main__":
    sys.exit(support.main())
