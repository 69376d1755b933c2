"""command_policies: the sandbox of one command is the whole run's. Options and grants beside it add nothing, and
another program is not started under it."""

import json
import shutil
import socket
import threading

import support


class ToolSandbox(support.SessionCase):
    def setUp(self):
        super().setUp()
        self.place = self.project.home / "place"
        for name in ("readable", "writable", "outer"):
            (self.place / name).mkdir(parents=True)
            (self.place / name / "file").write_text(f"in {name}")
        for name in ("one", "changed", "credential"):
            (self.place / name).write_text(f"of {name}")
        self.project.own()

    def profile(self, sandbox=None, executable="/bin/sh", beside=None, **policies):
        path = self.project.home / "tool.json"
        path.write_text(json.dumps({
            "command_policies": {"entrypoint": "sh", "commands": {"sh": {
                "executable": str(executable), "sandbox": sandbox or {}}}, **policies}, **(beside or {})}))
        self.project.own()
        return str(path)

    def under(self, profile, script, *options, program="sh", **rest):
        return self.project.nono("run", "-q", "--profile", profile, *options, "--", program, "-c", script, **rest)

    def whole(self):
        return self.profile(
            {"fs_read": [str(self.place / "readable")], "fs_write": [str(self.place / "writable")],
             "fs_read_file": [str(self.place / "one")], "fs_write_file": [str(self.place / "changed")],
             "use_credentials": ["c"],
             "environment": {"allow_vars": ["PATH", "GIVEN", "TOOL_TOKEN"], "set_vars": {"SET": "set"}}},
            credentials={"c": {"type": "raw-file", "path": str(self.place / "credential")}})

    def test_it_has_what_is_written(self):
        done = self.under(self.whole(), f"cd {self.place} && cat readable/file one credential && "
                                        "echo x > writable/new && echo y > changed && echo $GIVEN $SET ${OTHER-unset}",
                          env={"GIVEN": "given", "OTHER": "other"})
        self.assertEqual(self.ran(done).stdout, "in readableof oneof credentialgiven set unset\n")
        self.assertEqual((self.place / "writable/new").read_text(), "x\n")
        self.assertEqual((self.place / "changed").read_text(), "y\n")

    def test_and_nothing_beside(self):
        for script in ("cat outer/file", "echo x > readable/new", "echo x > one", "cat writable/file", "cat changed",
                       "echo x > credential", "ls ."):
            with self.subTest(script):
                self.assertNotEqual(self.under(self.whole(), f"cd {self.place} && {script}").returncode, 0)

    def test_options_and_the_profiles_grants_are_put_aside_and_said(self):
        outer = self.place / "outer"
        script = f"cat {outer}/file"
        control = self.project.nono("run", "-q", "--allow", outer, "--", "sh", "-c", script)
        self.assertEqual(self.ran(control).stdout, "in outer")
        for options in (("--allow", outer), ("--read", outer), ("--read-file", outer / "file"),
                        ("--workdir", outer, "--allow-cwd")):
            with self.subTest(options):
                done = self.project.nono("run", "-v", "--profile", self.profile(), *options, "--", "sh", "-c", script)
                self.assertNotEqual(done.returncode, 0)
                self.assertNotIn("in outer", done.stdout)
                self.assertIn("put aside: --", done.stderr)
        beside = {"filesystem": {"read": [str(outer)]}, "workdir": {"access": "readwrite"}}
        done = self.project.nono("run", "-v", "--profile", self.profile(beside=beside), "--", "sh", "-c", script)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"put aside: the profile's r-x {outer}", done.stderr)
        done = self.project.nono("run", "-v", "--profile", self.profile(), "--approve", "socket", "--env", "A=b",
                                 "--env-allow", "*", "--", "sh", "-c", 'echo "${A-unset}"')
        self.assertEqual(self.ran(done).stdout, "unset\n")
        self.assertIn("put aside: --approve, --env A, --env-allow *", done.stderr)
        recorded = self.events("session_started")[0]["details"]["notes"]
        self.assertTrue(any("put aside: --approve" in note for note in recorded), recorded)

    def test_a_credential_that_it_does_not_use_stays_closed(self):
        profile = self.profile({}, credentials={"c": {"type": "raw-file", "path": str(self.place / "credential")}})
        done = self.under(profile, f"cat {self.place}/credential")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")

    def test_variables_of_options_that_it_names(self):
        source = f"file://{self.place}/one"
        done = self.under(self.whole(), 'printf %s "$TOOL_TOKEN|${OTHER_TOKEN-unset}|$GIVEN"',
                          "--env-credential-map", source, "TOOL_TOKEN", "--env-credential-map", source, "OTHER_TOKEN",
                          "--env", "GIVEN=by option")
        self.assertEqual(self.ran(done).stdout, "of one|unset|by option")

    def test_the_network_is_blocked_whatever_an_option_says(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        threading.Thread(target=self.serve, args=(server,), daemon=True).start()
        port = server.getsockname()[1]
        python = shutil.which("python3", path="/usr/bin:/bin")
        script = f"{python} -c \"import socket; socket.create_connection(('127.0.0.1', {port})); print('in')\""
        control = self.project.nono("run", "-q", "--", "sh", "-c", script)
        self.assertEqual(self.ran(control).stdout, "in\n")
        for options in ((), ("--allow-net",), ("--connect-port", str(port)), ("--connect", f"localhost:{port}")):
            with self.subTest(options):
                self.assertNotIn("in\n", self.under(self.profile(), script, *options).stdout)

    @staticmethod
    def serve(server):
        while True:
            try:
                server.accept()[0].close()
            except OSError:
                return

    def test_another_program_is_not_started(self):
        other = self.project.home / "bin"
        other.mkdir()
        shutil.copy("/bin/sh", other / "sh")
        (other / "ls").symlink_to("/bin/sh")
        self.project.own()
        for program in ("bash", "/bin/cat", other / "sh", other / "ls"):
            with self.subTest(program):
                done = self.under(self.profile(), "echo started", program=program)
                self.ran(done, 2)
                self.assertEqual(done.stdout, "")
                self.assertIn("is not the command sh, /bin/sh", done.stderr)
        done = self.under(self.profile(), "echo started", env={"PATH": f"{other}:/usr/bin:/bin"})
        self.ran(done, 2)
        for program in ("sh", "/bin/sh"):
            self.assertEqual(self.ran(self.under(self.profile(), "echo started", program=program)).stdout, "started\n")
        dry = self.project.nono("run", "--dry-run", "--profile", self.profile(), "--", "bash")
        self.ran(dry, 2)

    def test_nor_one_that_its_own_sandbox_may_change(self):
        tools = self.project.home / "tools"
        tools.mkdir()
        shutil.copy("/bin/sh", tools / "sh")
        self.project.own()
        done = self.under(self.profile({"fs_write": [str(tools)]}, executable=tools / "sh"), "echo started",
                          program=tools / "sh")
        self.ran(done, 2)
        self.assertIn("can be changed in its own sandbox", done.stderr)
        done = self.under(self.profile({}, executable=tools / "sh"), "echo started", program=tools / "sh")
        self.assertEqual(self.ran(done).stdout, "started\n")

    def test_what_is_never_granted(self):
        ssh = self.project.home / ".ssh"
        ssh.mkdir()
        (ssh / "id_rsa").write_text("key")
        self.project.own()
        for sandbox in ({"fs_read": [str(ssh)]}, {"fs_read_file": [str(ssh / "id_rsa")]}, {"use_credentials": ["c"]}):
            with self.subTest(sandbox):
                profile = self.profile(sandbox, credentials={"c": {"type": "raw-file", "path": str(ssh / "id_rsa")}})
                done = self.under(profile, "echo started")
                self.ran(done, 125)
                self.assertIn("never granted", done.stderr)

    def test_what_needs_more_than_one_sandbox(self):
        for more, pointer in (({"executable_dirs": ["."]}, "/command_policies/executable_dirs"),
                              ({"credentials": {"c": {"type": "proxy"}}}, "/command_policies/credentials/c/type"),
                              ({"commands": {"sh": {"executable": "/bin/sh", "sandbox": {}, "can_use": ["date"]}}},
                               "/command_policies/commands/sh/can_use"),
                              ({"entrypoint": None}, "/command_policies/commands")):
            with self.subTest(pointer):
                profile = self.profile(**more)
                done = self.under(profile, "echo started")
                self.ran(done, 125)
                self.assertEqual(done.stdout, "")
                self.assertIn(pointer, done.stderr)
                self.assertIn(pointer, self.ran(self.project.nono("profile", "validate", profile), 1).stdout)

    def test_how_it_is_shown(self):
        profile = self.whole()
        shown = self.ran(self.project.nono("profile", "show", profile)).stdout
        self.assertIn("command    sh  is /bin/sh", shown)
        self.assertIn("network    blocked", shown)
        document = json.loads(self.project.nono("profile", "show", "--json", profile).stdout)
        self.assertEqual(document["composed"]["command"], {"name": "sh", "executable": "/bin/sh"})
        done = self.project.nono("why", "--path", self.place / "outer/file", "--op", "read", "--profile", profile,
                                 "--allow", self.place / "outer")
        self.ran(done, 1)
        self.ran(self.project.nono("why", "--path", self.place / "one", "--op", "read", "--profile", profile))
        self.ran(self.project.nono("learn", "--profile", profile, "--", "sh", "-c", "true"), 2)
        done = self.project.nono("wrap", "-q", "--profile", profile, "--", "sh", "-c", f"cat {self.place}/outer/file")
        self.assertNotEqual(done.returncode, 0)
        self.ran(self.project.nono("wrap", "-q", "--profile", profile, "--", "bash", "-c", "true"), 2)


support.both_users(globals(), ToolSandbox)

if __name__ == "__main__":
    support.main()
