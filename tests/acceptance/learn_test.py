"""learn: what is recorded becomes a profile, and under it the same work passes."""

import json
import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import time
import unittest

import support

PY = "/usr/bin/python3"

WORK = """set -e
cat "$HOME/.config/tool/settings" >/dev/null
for name in a b c d e; do cat "$OUTSIDE/data/$name" >/dev/null; done
ls "$OUTSIDE/data" >/dev/null
python3 -c 'import json, os; json.load(open(os.environ["HOME"] + "/in.json"))'
mkdir -p "$HOME/.cache/tool"
echo x >"$HOME/.cache/tool/$$"
cat "$HOME/.cache/tool/$$" >/dev/null
git -C "$OUTSIDE/repo" log --oneline >/dev/null
make -s -C .
"$OUTSIDE/bin/tool" >built/ran
echo worked
"""


class Learn(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.outside = self.project.base / "outside"
        (self.outside / "data").mkdir(parents=True)
        (self.outside / "bin").mkdir()
        for name in "abcde":
            (self.outside / "data" / name).write_text(name)
        tool = self.outside / "bin/tool"
        tool.write_text("#!/bin/sh\necho tool\n")
        tool.chmod(0o755)
        repo = self.outside / "repo"
        for words in (["init", "-q", str(repo)],
                      ["-C", str(repo), "-c", "user.name=n", "-c", "user.email=e@example.org",
                       "commit", "-q", "--allow-empty", "-m", "first"]):
            subprocess.run(["git", *words], check=True, env={"PATH": os.environ["PATH"],
                                                             "HOME": str(self.outside)})
        if self.project.uid != os.geteuid():
            subprocess.run(["chown", "-R", f"{self.project.uid}:{self.project.uid}", self.outside],
                           check=True)
        home = self.project.home
        (home / ".config/tool").mkdir(parents=True)
        (home / ".cache").mkdir()
        (home / ".config/tool/settings").write_text("s")
        (home / "in.json").write_text("{}")
        (home / ".ssh").mkdir()
        (home / ".ssh/id_ed25519").write_text("key")
        self.project.write("Makefile", "all:\n\tmkdir -p built\n\techo made >built/made\n")
        self.project.write("work.sh", WORK)

    def learn(self, *words, options=(), env=None, **rest):
        return self.project.nono("learn", *options, "--", *words, timeout=180,
                                 env={"OUTSIDE": str(self.outside), **(env or {})}, **rest)

    def profile(self):
        return json.loads((self.project.tree / "learned.json").read_text())

    def test_what_was_learned_lets_the_same_work_pass(self):
        done = self.ran(self.learn("sh", "work.sh", options=("--output", "learned.json")))
        self.assertIn("worked", done.stdout)
        self.assertIn("+ ", done.stdout)
        again = self.project.sandbox("sh", "work.sh", options=("--profile", "./learned.json"),
                                     env={"OUTSIDE": str(self.outside)})
        self.ran(again)
        self.assertIn("worked", again.stdout)
        self.assertNotIn("outside-grants", again.stderr)

    def test_the_profile_is_small(self):
        self.ran(self.learn("sh", "work.sh", options=("--output", "learned.json")))
        profile = self.profile()
        written = [path for paths in profile["filesystem"].values() for path in paths]
        for broad in ("/", "/home", "$HOME", "$XDG_CACHE_HOME", "$XDG_CONFIG_HOME", "/var/tmp",
                      str(self.project.base), str(self.project.home)):
            self.assertNotIn(broad, written)
        self.assertIn(f"{self.outside}/data", profile["filesystem"]["read"])
        self.assertIn("$HOME/in.json", profile["filesystem"]["read_file"])
        self.assertEqual(profile["workdir"], {"access": "readwrite"})
        self.assertEqual(profile["network"], {"block": True})
        self.assertFalse([path for path in written if path.startswith("/usr")], written)
        other = self.project.home / "other.txt"
        other.write_text("other")
        self.project.own()
        done = self.project.sandbox("cat", str(other), options=("--profile", "./learned.json"))
        self.assertNotEqual(done.returncode, 0, "what was not used is not granted")

    def test_what_is_never_granted_stays_closed_while_learning(self):
        done = self.learn("cat", str(self.project.home / ".ssh/id_ed25519"))
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("key", done.stdout)
        self.ran(self.project.run("cat", str(self.project.home / ".ssh/id_ed25519")))

    def test_names_that_run_code_later_stay_unwritten_while_learning(self):
        done = self.learn("sh", "-c", "echo x >.git/hooks-not && mkdir -p .git/hooks && "
                          "echo x >.git/hooks/pre-commit")
        self.assertNotEqual(done.returncode, 0)
        self.assertFalse((self.project.tree / ".git/hooks/pre-commit").exists())

    def test_only_what_a_profile_does_not_give_is_learned(self):
        home = self.project.home
        (home / ".config/nono/profiles").mkdir(parents=True)
        (home / ".config/nono/profiles/base.json").write_text(json.dumps(
            {"filesystem": {"read": [f"{self.outside}/data"]}, "network": {"block": True},
             "workdir": {"access": "readwrite"}}))
        self.project.own()
        done = self.ran(self.learn("sh", "work.sh",
                                   options=("--profile", "base", "--as", "more", "--output",
                                            "learned.json")))
        profile = self.profile()
        self.assertEqual((profile["meta"]["name"], profile["extends"]), ("more", "base"))
        self.assertNotIn(f"{self.outside}/data", json.dumps(profile))
        self.assertIn("$HOME/in.json", json.dumps(profile))
        added = [line for line in done.stdout.splitlines() if line.startswith("+ ")]
        self.assertFalse([line for line in added if f"{self.outside}/data" in line], added)

    def test_the_exit_code_is_the_programs_and_json_is_one_document(self):
        done = self.ran(self.learn("sh", "-c", "exit 7", options=("--json",)), 7)
        document = json.loads(done.stdout)
        self.assertEqual((document["schema"], document["exit_code"]), ("nono/learn/1", 7))
        self.assertTrue(document["complete"])

    def test_nothing_is_overwritten(self):
        self.project.write("learned.json", "mine")
        done = self.learn("true", options=("--output", "learned.json"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--force", done.stderr)
        self.assertEqual((self.project.tree / "learned.json").read_text(), "mine")

    def test_what_the_extended_profile_denies_is_said_and_the_rest_is_learned(self):
        denied = [str(self.outside / "data/c"), str(self.project.home / "in.json")]
        profiles = self.project.home / ".config/nono/profiles"
        profiles.mkdir(parents=True)
        (profiles / "base.json").write_text(json.dumps({"filesystem": {"deny": denied}}))
        self.project.own()
        done = self.ran(self.learn(
            "sh", "-c", f'cat "$OUTSIDE"/data/* {denied[1]} "$OUTSIDE/bin/tool" >/dev/null',
            options=("--profile", "base", "--as", "more", "--output", "learned.json")))
        for path in denied:
            self.assertIn(f"{path} was used and is not in the profile: it lies in what is denied "
                          "(profile base: /filesystem/deny/", done.stderr)
        read = self.profile()["filesystem"]["read_file"]
        self.assertEqual(read, [str(self.outside / name) for name in
                                ("bin/tool", "data/a", "data/b", "data/d", "data/e")])
        (profiles / "more.json").write_text((self.project.tree / "learned.json").read_text())
        self.project.own()
        self.ran(self.project.nono("profile", "validate", "more"))

    def test_a_device_that_is_written_is_not_a_name_that_is_made(self):
        done = self.ran(self.learn("sh", "-c", "echo x >/dev/null"))
        self.assertNotIn("/dev", done.stdout + done.stderr)

    def test_what_could_not_be_written_is_refused_before_the_run(self):
        self.project.write("there.json", "mine")
        for name, force, mends in (("there.json", (), True), ("nowhere/x.json", (), False),
                                   ("nowhere/x.json", ("--force",), False),
                                   (".", ("--force",), False)):
            with self.subTest(name=name, force=force):
                done = self.learn("sh", "-c", "echo started >started",
                                  options=("--output", name, *force))
                self.ran(done, 125)
                self.assertFalse((self.project.tree / "started").exists())
                self.assertIn(f"writing {name}", done.stderr)
                self.assertEqual("--force replaces" in done.stderr, mends, done.stderr)

    def test_a_directory_that_cannot_be_written_to_safely_is_refused_before_the_run(self):
        self.project.write("sub/before", "")
        (self.project.tree / "sub").chmod(0o300)  # replace_file synchronises it, and must open it
        done = self.learn("sh", "-c", "echo started >started", options=("--output", "sub/x.json"))
        (self.project.tree / "sub").chmod(0o700)
        started = (self.project.tree / "started").exists()
        self.assertEqual(started, done.returncode == 0, done.stderr)  # root may do all that

    def test_force_is_no_remedy_for_a_closed_directory(self):
        self.ran(self.project.nono("profile", "init", "first"))
        self.assertIn("--force", self.ran(self.project.nono("profile", "init", "first"), 125).stderr)
        profiles = self.project.home / ".config/nono/profiles"
        profiles.rename(profiles.parent / "elsewhere")
        profiles.symlink_to("/proc/self")  # where root makes no files either
        done = self.ran(self.project.nono("profile", "init", "second"), 125)
        self.assertIn(f"writing {profiles}/second.json", done.stderr)
        self.assertNotIn("--force", done.stderr)

    def test_what_cannot_be_written_after_the_run_is_shown_all_the_same(self):
        done = self.learn("sh", "-c", "cat work.sh >/dev/null; mkdir learned.json",
                          options=("--output", "learned.json"))
        self.ran(done, 125)
        self.assertIn("+ workdir", done.stdout)

    def test_a_link_in_place_of_its_directory_leads_the_profile_nowhere(self):
        mine = self.project.home / ".config/nono/profiles"
        mine.mkdir(parents=True)
        for force in ((), ("--force",)):
            self.project.write("sub/before", "")
            done = self.ran(self.learn("sh", "-c", f"mv sub away && ln -s {mine} sub",
                                       options=("--output", "sub/learned.json", *force)))
            self.assertIn(f"wrote {self.project.tree}/away/learned.json", done.stderr)
            self.assertEqual(os.listdir(mine), [])
            self.assertTrue((self.project.tree / "away/learned.json").is_file())
            shutil.rmtree(self.project.tree / "away")
            (self.project.tree / "sub").unlink()

    def test_what_the_kernel_starts_a_program_by_is_learned(self):
        tools = self.outside / "tools"
        tools.mkdir()
        for name, text in (("interp", "#!/bin/sh\necho ran by \"$0\"\n"),
                           ("between", f"#!{tools}/interp\n"), ("job", f"#!{tools}/between\n")):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        (tools / "named").symlink_to("interp")
        linked = self.outside / "linked"
        linked.write_text(f"#!{tools}/named\n")
        linked.chmod(0o755)
        support.with_own_loader("/usr/bin/echo", tools / "ld.so", self.outside / "echo")
        for words in ([tools / "job"], ["sh", "-c", f"{tools}/job"], [linked],
                      [self.outside / "echo", "ran"], ["sh", "-c", f"{self.outside}/echo ran"]):
            with self.subTest(words=words):
                self.ran(self.learn(*words, options=("--force", "--output", "learned.json")))
                again = self.project.sandbox(*words, options=("--profile", "./learned.json"))
                self.assertIn("ran", self.ran(again).stdout)

    def test_what_a_view_would_keep_from_the_program_is_learned(self):
        """A run without network sees what is granted only: links on the way count, and a move from
        one grant to another is a copy."""
        data = self.outside / "data"
        for link, target in (("linked", "data"), ("links/one", "../data/a"),
                             ("links/tool", "../bin/tool")):
            (self.outside / link).parent.mkdir(exist_ok=True)
            (self.outside / link).symlink_to(target)
        for name in ("from", "to", "pipes"):
            (self.outside / name).mkdir()
        for path in ("from", "to", "pipes"):
            os.chown(self.outside / path, self.project.uid, -1)
        script = ("set -e; cd \"$OUTSIDE\"; cat linked/a links/one >/dev/null; links/tool; "
                  "echo x >from/x; mv from/x to/y; mkfifo pipes/p; (echo through >pipes/p &) ; "
                  "cat pipes/p; rm pipes/p to/y")
        done = self.ran(self.learn("sh", "-c", script, options=("--output", "learned.json")))
        self.assertIn("through", done.stdout)
        again = self.ran(self.project.sandbox("sh", "-c", script,
                                              options=("--profile", "./learned.json"),
                                              env={"OUTSIDE": str(self.outside)}))
        self.assertIn("through", again.stdout)
        self.assertNotIn("outside-grants", again.stderr)
        filesystem = self.profile()["filesystem"]
        self.assertEqual(filesystem["write"], [f"{self.outside}/to"])
        self.assertEqual(filesystem["allow"], [f"{self.outside}/from", f"{self.outside}/pipes"])
        self.assertNotIn("/lib", json.dumps(filesystem))
        self.assertEqual((data / "a").read_text(), "a")

    def test_a_socket_that_was_bound_is_a_name_that_was_made(self):
        code = ("import os, socket, sys\n"
                "socket.socket(socket.AF_UNIX).bind(sys.argv[1]); os.unlink(sys.argv[1])")
        words = (PY, "-c", code, str(self.outside / "data/s"))
        self.ran(self.learn(*words, options=("--output", "learned.json")))
        self.ran(self.project.sandbox(*words, options=("--profile", "./learned.json")))
        bound = self.project.sandbox(*words, options=("--allow-cwd",))
        self.assertNotEqual(bound.returncode, 0)
        self.assertIn("mend: --write " + str(self.outside / "data"), bound.stderr)

    def test_a_socket_of_a_program_outside_is_learned_but_none_that_acts_for_the_user(self):
        script = ("import socket, sys\n"
                  "s = socket.socket(socket.AF_UNIX)\n"
                  "try:\n"
                  "    s.connect(sys.argv[1]); print('met')\n"
                  "except OSError: print('refused')\n")
        for name in ("service", "ssh-agent.1", "named"):
            service = socket.socket(socket.AF_UNIX)
            self.addCleanup(service.close)
            service.bind(str(self.outside / name))
            os.chmod(self.outside / name, 0o666)
            service.listen()
        for name, env, met in (("service", {}, True), ("ssh-agent.1", {}, False),
                               ("named", {"SOME": str(self.outside / "named")}, False)):
            words = (PY, "-c", script, str(self.outside / name))
            done = self.ran(self.learn(*words, options=("--output", f"{name}.json"), env=env))
            self.assertIn("met" if met else "refused", done.stdout, name)
            again = self.ran(self.project.sandbox(*words, options=("--profile", f"./{name}.json")))
            self.assertIn("met" if met else "refused", again.stdout, name)
            learned = json.loads((self.project.tree / f"{name}.json").read_text())
            self.assertEqual(learned.get("filesystem", {}).get("unix_socket"),
                             [str(self.outside / name)] if met else None)

    def test_udp_that_is_never_connected_is_noticed(self):
        words = (PY, "-c", "import socket; socket.socket(2, 2).sendto(b'', ('127.0.0.1', 9))")
        self.ran(self.learn(*words, options=("--output", "learned.json")))
        self.assertNotIn("network", self.profile())
        self.ran(self.project.sandbox(*words, options=("--profile", "./learned.json")))

    def test_a_denial_on_a_terminal_starts_the_next_line(self):
        self.project.write("CLAUDE.md", "# text\n")
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.project.tree)
            command = self.project.command(support.NONO, "learn", "--trust-scan", "none", "--",
                                           "sh", "-c", "cat CLAUDE.md; sleep 0.3")
            os.execvpe(command[0], command, self.project.environment())
        shown = b""
        while select.select([fd], [], [], 20)[0]:
            try:
                shown += os.read(fd, 65536)
            except OSError:
                break
        os.waitpid(pid, 0)
        os.close(fd)
        self.assertIn(b"denied: ", shown)
        self.assertNotRegex(shown, rb"[^\r]\n")

    def test_a_program_in_memory_is_neither_proposed_nor_told_as_refused(self):
        code = ("import os; fd = os.memfd_create('x'); os.write(fd, open('/bin/echo', 'rb').read());"
                "os.execve(fd, ['x', 'ran'], os.environ)")
        done = self.ran(self.learn(PY, "-c", code))
        self.assertIn("ran\n", done.stdout)
        self.assertNotIn("memfd", done.stdout + done.stderr)
        done = self.ran(self.project.sandbox(PY, "-c", code))
        self.assertEqual(done.stdout, "ran\n")
        self.assertNotIn("memfd", done.stderr)

    def test_ports_are_learned(self):
        code = ("import socket, threading\n"
                "s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(('127.0.0.1', 38211)); s.listen()\n"
                "socket.create_connection(('127.0.0.1', 38211)).close()\n")
        self.ran(self.learn(PY, "-c", code, options=("--output", "learned.json")))
        self.assertEqual(self.profile()["network"],
                         {"connect_port": [38211], "listen_port": [38211]})

    def test_a_server_on_any_free_port_leaves_the_network_open(self):
        """The port of that time is none of the next; the run by the profile shows it."""
        code = ("import socket, sys\n"
                "s = socket.socket()\n"
                "if sys.argv[1] == 'bound': s.bind(('127.0.0.1', 0))\n"
                "s.listen(); socket.create_connection(('127.0.0.1', s.getsockname()[1])).close()\n"
                "print('met')\n")
        for how in ("bound", "unbound"):
            done = self.ran(self.learn(PY, "-c", code, how,
                                       options=("--output", "learned.json", "--force")))
            self.assertIn("any free port", done.stderr + done.stdout)
            self.assertNotIn("network", self.profile())
            again = self.ran(self.project.sandbox(PY, "-c", code, how,
                                                  options=("--profile", "./learned.json")))
            self.assertEqual(again.stdout, "met\n")

    def test_what_found_no_room_in_time_is_missing_and_that_is_said(self):
        for number in range(1500):
            (self.outside / "data" / str(number)).write_text("")
        code = ("import os, sys, time\n"
                "open('ready', 'w').close()\n"
                "while not os.path.exists('go'): time.sleep(0.01)\n"
                "for number in range(1500): open(sys.argv[1] + '/data/%d' % number).close()\n"
                "open('done', 'w').close()\n")
        for stopped, complete in ((0, True), (1.7, False)):  # seconds: three, and the run is given up
            run = subprocess.Popen(
                self.project.command(support.NONO, "learn", "--json", "--", PY, "-c", code, self.outside),
                cwd=self.project.tree, env=self.project.environment(), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.addCleanup(run.communicate)
            self.addCleanup(run.kill)
            self.wait_for("ready")
            if stopped:
                run.send_signal(signal.SIGSTOP)
            self.project.write("go", "")
            time.sleep(stopped)
            run.send_signal(signal.SIGCONT)
            told, errors = run.communicate(timeout=60)
            self.assertEqual(run.returncode, 0, errors)
            self.assertEqual(json.loads(told)["complete"], complete)
            for name in ("ready", "go", "done"):
                (self.project.tree / name).unlink()

    def wait_for(self, name):
        for _ in range(1000):
            if (self.project.tree / name).exists():
                return
            time.sleep(0.02)
        self.fail(f"there is no {name}")


support.both_users(globals(), Learn)

if __name__ == "__main__":
    support.main()
