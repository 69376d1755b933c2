"""What was refused leaves one line, with the option that mends it, on stderr and in the audit log."""

import json
import os
import pathlib
import shlex
import socket

import support

PY = "/usr/bin/python3"


class Denials(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.outside = self.project.base / "outside"
        self.outside.mkdir()
        for name in ("file", "other"):
            (self.outside / name).write_text("text\n")
        self.project.write("moved", "text\n")
        support.subprocess.run(["chown", "-R", f"{self.project.uid}", self.outside], check=True)

    def recorded(self, kind="refused"):
        """The refusals of the last session, as the audit log has them."""
        listed = json.loads(self.project.nono("audit", "list", "--json").stdout)
        events = json.loads(self.project.nono(
            "audit", "show", "--json", listed["sessions"][0]["id"]).stdout)["events"]
        return [event for event in events if event["type"] == kind]

    def test_each_operation_is_told_once_and_the_option_that_it_names_mends_it(self):
        file, new = self.outside / "file", self.outside / "new"
        open_both = f"import os; os.open('{file}', os.O_RDWR)"
        scripts = {
            f"cat {file}": ("read", file), f"echo x > {file}": ("write", file),
            f"{PY} -c {shlex.quote(open_both)}": ("read-write", file),
            f"truncate -s 1 {file}": ("write", file),
            f"touch {new}": ("create", new), f"mkdir {new}": ("create", new),
            f"ln -s x {new}": ("symlink", new), f"rm {file}": ("remove", file),
            f"mv moved {new}": ("rename", new), f"chmod 600 {file}": ("metadata", file),
        }
        for script, (operation, path) in scripts.items():
            with self.subTest(script=script):
                self.setUp()
                file, new = self.outside / "file", self.outside / "new"
                here = str(self.project.base)
                script = script.replace(str(path.parent.parent), here)
                path = self.outside / path.name
                done = self.project.sandbox("sh", "-c", f"{script}; {script}")
                self.assertNotEqual(done.returncode, 0)
                events = self.recorded()
                mine = [e for e in events if (e["operation"], e["path"]) == (operation, str(path))]
                self.assertTrue(mine, events)
                line = f"{operation} {path}: "
                self.assertEqual(done.stderr.count(line), 1, done.stderr)
                self.assertNotIn(str(path), done.stdout)
                options = ["--allow-cwd", *shlex.split(mine[0]["mend"])]
                again = self.project.sandbox("sh", "-c", script, options=options)
                self.assertEqual((again.returncode, again.stderr), (0, ""))

    def test_a_program_outside_the_grants_is_told(self):
        program = self.outside / "program"
        program.write_bytes(pathlib.Path("/bin/true").read_bytes())
        program.chmod(0o755)
        done = self.project.sandbox("sh", "-c", f"{program}")
        self.assertEqual(done.returncode, 126)
        self.assertIn(f"execute {program}: outside-grants; mend: --exec {program}", done.stderr)

    def test_a_port_that_is_not_granted_is_told(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
            other = 1 + port % 60000
            options = ("--allow-cwd", "--connect-port", other)
            done = self.project.sandbox(PY, "-c", code, options=options)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f"connect TCP port {port}: port-not-granted", done.stderr)
            self.assertIn(f"mend: --connect-port {port}", done.stderr)
            self.ran(self.project.sandbox(PY, "-c", code, options=(*options, "--connect-port", port)))

    def test_what_is_made_to_be_read_needs_both_grants(self):
        code = f"import os; os.close(os.open('{self.outside}/new', os.O_CREAT | os.O_EXCL | os.O_RDWR))"
        options = ["--allow-cwd"]
        for told, option in ((f"create {self.outside}/new", "--write"), (f"read {self.outside}", "--data")):
            done = self.project.sandbox(PY, "-c", code, options=options)
            self.assertIn("PermissionError", done.stderr)
            self.assertIn(f"{told}: outside-grants; mend: {option} {self.outside}\n", done.stderr)
            (self.outside / "new").unlink(missing_ok=True)
            options += [option, self.outside]
        self.ran(self.project.sandbox(PY, "-c", code, options=options))

    def test_stdout_is_the_agents_alone_and_quiet_is_quiet(self):
        script = f"echo before; cat {self.outside}/file 2>/dev/null; echo after"
        done = self.ran(self.project.sandbox("sh", "-c", script))
        self.assertEqual(done.stdout, "before\nafter\n")
        self.assertIn("denied in this run: 1 operation\n", done.stderr)
        quiet = self.ran(self.project.sandbox("sh", "-c", script, options=("--allow-cwd", "-q")))
        self.assertEqual((quiet.stdout, quiet.stderr), ("before\nafter\n", ""))

    def test_what_can_be_mended_is_not_lost_among_the_rest(self):
        done = self.ran(self.project.sandbox(
            "sh", "-c", f"for i in {' '.join('abcdefghijklmnopqrstuvwxyz')}; do touch ~/own-$i; done 2>/dev/null; "
            f"cat {self.outside}/file 2>/dev/null; true"))
        first = done.stderr.splitlines()[1]
        self.assertTrue(first.startswith(f"  read {self.outside}/file: outside-grants; mend: --"), done.stderr)
        self.assertEqual(done.stderr.count("/own-"), 19, done.stderr)

    def test_passing_files_are_one_line(self):
        done = self.ran(self.project.sandbox(
            "sh", "-c", "for i in 3999c2ce88e0 afd2e13be89c 7999b; do touch ~/.x.json.tmp.4591.$i; done 2>/dev/null; "
            "touch ~/.y.tmp.123 ~/.x.json 2>/dev/null; true"))
        for line in ("create HOME/.x.json.tmp.*.*: outside-grants (3 times); no option changes it",
                     "create HOME/.y.tmp.123: outside-grants; no option changes it",
                     "create HOME/.x.json: outside-grants; no option changes it"):
            self.assertIn(f"  {line.replace('HOME', str(self.project.home))}\n", done.stderr)

    def test_many_are_counted_and_the_rest_is_in_the_log(self):
        for i in range(50):
            (self.outside / f"f{i}").write_text("x")
        done = self.ran(self.project.sandbox(
            "sh", "-c", f"cat {self.outside}/f* {self.outside}/f* 2>/dev/null; true",
            options=("--allow-cwd", "--data", "/var")[:1]))
        self.assertNotIn("f49", done.stderr)  # the shell could not list what it would expand
        names = " ".join(str(self.outside / f"f{i}") for i in range(50))
        done = self.ran(self.project.sandbox("sh", "-c", f"cat {names} {names} 2>/dev/null; true"))
        self.assertEqual(done.stderr.count("outside-grants"), 20)
        self.assertIn("and 30 more", done.stderr)
        self.assertEqual(len(self.recorded()), 50)

    def test_what_the_files_own_mode_refuses_is_not_blamed_on_the_grants(self):
        closed = self.project.write("closed", "x")
        closed.chmod(0)
        done = self.project.sandbox("cat", "closed")
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("outside-grants", done.stderr)
        self.assertEqual(self.recorded(), [])

    def test_what_the_own_mode_refuses_as_well_names_no_option(self):
        closed, new, file = (self.outside / name for name in ("other", "new", "file"))
        closed.chmod(0o444)
        self.outside.chmod(0o555)
        done = self.project.sandbox(
            "sh", "-c", f"echo x >{closed}; mkdir {new}; cat {file}; chmod 644 {closed}")
        why = self.project.nono("why", "--path", new, "--op", "create", "--allow-cwd")
        self.outside.chmod(0o755)
        self.assertIn(f"read {file}: outside-grants; mend: --read-file {file}", done.stderr)
        self.assertIn(f"metadata {closed}: metadata-outside-grants: ", done.stderr)
        self.assertIn(f"mend: --write-file {closed}", done.stderr)  # who owns it may change its mode
        self.assertIn("outside-grants", why.stdout)
        if self.project.uid != 0:  # root may, whatever the mode
            for line in (f"write {closed}: ", f"create {new}: "):
                self.assertIn(line + "outside-grants; no option changes it", done.stderr)
            self.assertIn("no option changes it", why.stdout)

    def test_what_is_another_s_names_an_option_only_where_one_helps(self):
        shared, true = str(self.outside / "shared"), "/usr/bin/true"
        with open(shared, "w", encoding="utf-8"):
            os.chmod(shared, 0o666)  # who may write there sets the times
        if os.geteuid() == 0:
            os.chown(shared, 4242, 4242)
        done = self.project.sandbox("sh", "-c", f"chmod 755 {true}; touch -c {shared}")
        why = {path: self.project.nono("why", "--path", path, "--op", "metadata", "--allow-cwd").stdout
               for path in (true, shared)}
        self.assertIn(f"metadata {true}: metadata-outside-grants", done.stderr)
        self.assertIn(f"fix: --write-file {shared}", why[shared])
        for said in (done.stderr, why[true]):
            self.assertEqual(f"--write-file {true}" in said, self.project.uid == 0, said)

    def test_what_lies_in_the_directory_of_a_process_has_no_mend(self):
        done = self.project.sandbox("sh", "-c", "echo 1 >/proc/$$/coredump_filter")
        self.assertIn("/coredump_filter: outside-grants", done.stderr)
        self.assertNotIn("mend:", done.stderr)

    def test_a_run_without_denials_says_nothing(self):
        done = self.ran(self.project.sandbox("cat", "moved"))
        self.assertEqual((done.stdout, done.stderr), ("text\n", ""))

    def test_a_flood_that_is_not_read_is_counted_and_takes_no_end_away(self):
        """Who reads stderr slowly keeps the supervisor waiting, while the agent goes on."""
        (self.project.tree / ".git" / "hooks").mkdir()
        self.project.own()
        count = 2000
        code = ("import os, select, sys\n"
                "full = select.poll(); full.register(2, select.POLLOUT)\n"
                "while full.poll(300): os.write(2, b'-' * 512)\n"
                "for i in range(%d):\n"
                "    try: open('.git/hooks/%%d' %% i, 'w')\n"
                "    except PermissionError: pass\n"
                "sys.stdout.write('done'); sys.stdout.flush(); os._exit(7)\n" % count)
        agent = support.subprocess.Popen(
            self.project.command(support.NONO, "run", "--allow-cwd", "--", PY, "-c", code),
            cwd=self.project.tree, env=self.project.environment(), stdin=support.subprocess.DEVNULL,
            stdout=support.subprocess.PIPE, stderr=support.subprocess.PIPE)
        self.addCleanup(agent.communicate)
        self.addCleanup(agent.kill)
        self.assertEqual(agent.stdout.read(4), b"done")
        told = agent.stderr.read()
        self.assertEqual(agent.wait(), 7, told[-1000:])
        self.assertTrue(b"refusals came faster than" in told or b"messages left out" in told, told[-1000:])
        lost = sum(event["count"] for event in self.recorded("records_lost"))
        self.assertGreater(lost, 0)
        self.assertEqual(len(self.recorded()) + lost, count)
        self.assertEqual(self.recorded("session_ended")[0]["refusals"], count)

    def test_a_flood_fills_no_disk_with_its_record(self):
        self.project.write("CLAUDE.md", "be kind\n")
        self.ran(self.project.nono("trust", "keygen"))
        self.project.sign("CLAUDE.md")
        make = ("import os\n"
                "for name in ['d' * 250] * 14 + ['.git', 'hooks']: os.mkdir(name); os.chdir(name)\n")
        self.ran(self.project.run(PY, "-c", make))
        count = 24000
        code = ("import os, time\n"
                "for name in ['d' * 250] * 14 + ['.git', 'hooks']: os.chdir(name)\n"
                "for number in range(%d):\n"
                "    try: open(b'\\xff' * 250, 'w')\n"
                "    except PermissionError: time.sleep(0.01 if number %% 50 == 0 else 0)\n"
                "print(open(os.environ['TREE'] + '/CLAUDE.md').read(), end='')\n" % count)
        done = self.ran(self.project.sandbox(PY, "-c", code, env={"TREE": str(self.project.tree)}))
        self.assertEqual(done.stdout, "be kind\n")
        self.assertIn("the record is long: further refusals are only counted", done.stderr)
        log = max((self.project.home / ".local/state/nono/audit").glob("*/events.ndjson"),
                  key=lambda path: path.stat().st_size)
        self.assertTrue(60 << 20 < log.stat().st_size < 66 << 20, log.stat().st_size)
        lines = [json.loads(line) for line in log.read_bytes().splitlines()[-5:]]
        self.assertIn("guarded_file", [line["type"] for line in lines])
        self.assertEqual(lines[-2]["refusals"], count)
        state = json.loads(self.ran(self.project.nono("audit", "verify", "--json", log.parent.name)).stdout)
        self.assertEqual(state["state"], "sealed")
        self.assertGreater(state["records_lost"], 1000)

    def test_a_run_ends_in_time_though_nobody_reads_what_is_told(self):
        (self.project.tree / ".git" / "hooks").mkdir()
        self.project.own()
        code = ("import os, sys, time\n"
                "os.set_blocking(2, False)\n"
                "for size in 4096, 1:\n"
                "    try:\n"
                "        while True: os.write(2, b'-' * size)\n"
                "    except BlockingIOError: pass\n"
                "os.set_blocking(2, True)\n"
                "for i in range(2000):\n"
                "    try: open(sys.argv[1] % i, 'w')\n"
                "    except PermissionError: pass\n"
                "sys.stdout.write('done'); sys.stdout.flush(); time.sleep(60)\n")
        # What lies outside the grants is told at the end only.
        for path, options, code_of_end in ((".git/hooks/%d", ("--timeout", "2s"), 124), (".git/hooks/%d", (), 143),
                                           ("/etc/nono-%d", ("--timeout", "2s"), 124), ("/etc/nono-%d", (), 143)):
            run = support.subprocess.Popen(
                self.project.command(support.NONO, "run", "--allow-cwd", *options, "--", PY, "-c",
                                     code, path),
                cwd=self.project.tree, env=self.project.environment(),
                stdin=support.subprocess.DEVNULL, stdout=support.subprocess.PIPE,
                stderr=support.subprocess.PIPE)
            self.addCleanup(run.communicate)
            self.addCleanup(run.kill)
            self.assertEqual(run.stdout.read(4), b"done")
            if not options:
                run.terminate()
            self.assertEqual(run.wait(30), code_of_end)
            self.assertEqual(self.recorded("session_ended")[0]["exit_code"], code_of_end)

    def test_a_hostile_name_is_one_line(self):
        name = "a\n\x1b[31m\u202eb"
        (self.outside / name).write_text("x")
        done = self.project.sandbox("cat", self.outside / name, env={"LC_ALL": "C"})
        line = [line for line in done.stderr.splitlines() if "outside-grants" in line]
        self.assertEqual(len(line), 1, done.stderr)
        self.assertNotIn("\x1b", line[0])


support.both_users(globals(), Denials)

if __name__ == "__main__":
    support.main()
