"""What scripts for upstream nono say, and what they look for: docs/compat-upstream.md."""

import json
import pathlib
import re

import support

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/compat-upstream.md"


def tables():
    """From the page: names that are taken for one of ours, and names that are refused."""
    section = PAGE.read_text().split("## Option names")[1].split("### The same word")[0]
    rows = [[cell.strip() for cell in line.strip("| \n").split(" | ")]
            for line in section.splitlines() if line.startswith("| `--")]
    same = {name: re.findall(r"`(--[a-z-]+)`", row[1])[0]
            for row in rows[:6] for name in re.findall(r"`(--[a-z-]+)`", row[0])}
    refused = [name for row in rows[6:] for name in re.findall(r"`(--[a-z0-9-]+)`", row[0])]
    return same, refused


class OptionNames(support.SandboxCase):
    def plan(self, *options, env=None):
        return self.project.nono("run", "--dry-run", "--json", *options, "--", "true", env=env)

    def test_a_name_with_the_same_meaning_is_ours(self):
        same, _ = tables()
        self.assertEqual(same, {"--net-block": "--block-net", "--net-allow": "--allow-net",
                                "--allow-connect-port": "--connect-port",
                                "--allow-bind": "--listen-port",
                                "--bypass-protection": "--override-never-grant",
                                "--override-deny": "--override-never-grant",
                                "--max-processes": "--limit-pids"})
        values = {"--connect-port": ["80"], "--listen-port": ["8080"], "--limit-pids": ["9"],
                  "--override-never-grant": [self.project.home / ".ssh"]}
        (self.project.home / ".ssh").mkdir()
        self.project.own()
        plain = self.ran(self.plan()).stdout
        for name, ours in same.items():
            with self.subTest(name):
                more = (["--data", self.project.home / ".ssh"]
                        if ours == "--override-never-grant" else [])
                asked = [self.ran(self.plan(word, *values.get(ours, []), *more)).stdout
                         for word in (name, ours)]
                self.assertEqual(*asked)
                if ours != "--allow-net":
                    self.assertNotEqual(asked[0], plain)

    def test_two_names_of_one_option_are_that_option_twice(self):
        done = self.ran(self.plan("--max-processes", "9", "--limit-pids", "9"), 2)
        self.assertIn("--limit-pids is given twice", done.stderr)

    def test_a_command_without_the_option_has_no_other_name_for_it(self):
        self.ran(self.project.nono("setup", "--check-only", "--net-block"), 2)

    def test_what_follows_the_dashes_is_the_programs(self):
        done = self.ran(self.project.sandbox("echo", "--net-block"))
        self.assertEqual(done.stdout, "--net-block\n")

    def test_a_refusal_says_what_there_is_instead(self):
        _, refused = tables()
        self.assertGreater(len(refused), 40)
        for name in refused:
            with self.subTest(name):
                done = self.ran(self.plan(name, "x"), 2)
                self.assertRegex(done.stderr, f"^nono: there is no option {name}: .{{10}}")
        self.assertRegex(self.ran(self.plan("--no-such"), 2).stderr,
                         "^nono: there is no option --no-such\n")

    def test_a_variable_that_closes_upstreams_network_stops_the_start(self):
        for name in ("NONO_BLOCK_NET", "NONO_ALLOW_DOMAIN", "NONO_DENY_DOMAIN",
                     "NONO_NETWORK_PROFILE", "NONO_PROFILE"):
            with self.subTest(name):
                self.assertIn(f"`{name}`", PAGE.read_text())
                done = self.ran(self.plan(env={name: "1"}), 2)
                self.assertIn(f"{name} is set", done.stderr)
                self.ran(self.plan("--block-net", env={name: "1"}))
                for off in ("", "0", "false"):
                    self.ran(self.plan(env={name: off}))
        self.ran(self.plan("--profile", "default", env={"NONO_PROFILE": "x"}))
        self.ran(self.plan("--no-profile", env={"NONO_PROFILE": "x"}))
        self.ran(self.plan("--profile", "default", env={"NONO_BLOCK_NET": "true"}), 2)


class Words(support.SandboxCase):
    def test_common_options_may_stand_before_the_command(self):
        plain = self.ran(self.project.nono("policy", "groups")).stdout
        for leading in (["-q"], ["--verbose"], ["--color", "never"], ["--color=never", "-q"]):
            with self.subTest(leading):
                done = self.ran(self.project.nono(*leading, "policy", "groups"))
                self.assertEqual(done.stdout, plain)
        self.assertEqual(self.ran(self.project.nono("--silent", "policy", "groups")).stdout, "")

    def test_nothing_else_may_stand_before_the_command(self):
        for words in (["--json", "policy", "groups"], ["--allow-cwd", "run", "--", "true"],
                      ["-qx", "policy", "groups"], ["-", "policy", "groups"],
                      ["--", "policy", "groups"], ["--color"], ["-q"], [""],
                      ["--color", "pink", "policy", "groups"]):
            with self.subTest(words):
                self.ran(self.project.nono(*words), 2)
        self.ran(self.project.nono("-q", "--help"))

    def test_a_dry_run_says_so_and_heads_the_list(self):
        done = self.ran(self.project.nono("run", "--dry-run", "--", "true"))
        self.assertTrue(done.stdout.startswith("Capabilities:\n"), done.stdout)
        self.assertIn("Dry run mode: nothing is started\n", done.stderr)
        silent = self.ran(self.project.nono("run", "--silent", "--dry-run", "--", "true"))
        self.assertEqual(silent.stdout + silent.stderr, "")

    def test_setup_names_the_platform(self):
        done = self.project.nono("setup", "--check-only")
        self.assertRegex(done.stdout, "^Platform: Linux .*\nsandbox: Landlock ABI [0-9]+, seccomp\n")

    def test_the_list_of_records_has_a_head(self):
        self.ran(self.project.sandbox("true"))
        done = self.ran(self.project.nono("audit", "list"))
        self.assertIn("command", done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        self.assertEqual(self.ran(self.project.nono("audit", "list", "-q")).stderr, "")

    def test_a_shell_reads_its_commands_from_a_pipe(self):
        self.project.write("granted/file", "granted\n")
        self.project.write("other/file", "secret\n")
        done = self.project.run(
            support.NONO, "shell", "--allow", "granted", "--shell", "/bin/sh", stdin=None,
            input="cat granted/file\ncat other/file\nexit 3\n")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(done.stdout, "granted\n")
        self.assertIn("Permission denied", done.stderr)

    def test_a_failed_start_is_named(self):
        self.project.write("plain", "text\n").chmod(0o644)
        for words, code in ((("/nowhere/shell",), 127), (("no-such-program",), 127),
                            (("./plain",), 126)):
            with self.subTest(words):
                done = self.project.sandbox(*words)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn("nono: Command execution failed: ", done.stderr)
                self.assertIn("  mend: ", done.stderr)


class Why(support.SandboxCase):
    def why(self, *options):
        done = self.project.nono("--silent", "why", "--json", *options)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return json.loads(done.stdout)

    def test_it_answers_in_upstreams_words_too(self):
        file = self.project.write("open/file", "")
        closed = self.project.base / "closed"
        for options, status, reason in (
                (["--path", file, "--op", "write", "--allow", "open"], "allowed", "granted_path"),
                (["--path", file, "--op", "write", "--read", "open"], "denied",
                 "insufficient_access"),
                (["--path", closed, "--op", "read"], "denied", "path_not_granted"),
                (["--path", self.project.home / ".ssh", "--op", "read"], "denied",
                 "filesystem_deny"),
                (["--path", "open/none", "--op", "read", "--read", "open"], "denied", "missing"),
                (["--host", "example.org", "--port", "443"], "allowed", "network_allowed"),
                (["--host", "example.org:443"], "allowed", "network_allowed"),
                (["--host", "example.org:443", "--block-net"], "denied", "network_blocked"),
                (["--port", "443", "--connect-port", "443"], "allowed", "network_allowed"),
                (["--port", "443", "--connect-port", "80"], "denied", "port-not-granted")):
            with self.subTest(options):
                answer = self.why(*options)
                self.assertEqual((answer["status"], answer["reason"]), (status, reason))
                self.assertEqual(answer["allowed"], status == "allowed")

    def test_it_names_the_grant_and_what_would_change_a_denial(self):
        file = self.project.write("open/file", "")
        answer = self.why("--path", file, "--op", "write", "--read", "open")
        self.assertEqual(answer["grant"], {"path": str(file.parent), "access": "r-x",
                                           "source": "user"})
        self.assertEqual(answer["suggested_flag"], f"--write-file {file}")
        system = self.why("--path", "/usr/bin/env", "--op", "read")
        self.assertEqual(system["grant"]["source"], "system")
        words = self.project.nono("why", "--path", file, "--op", "write", "--read", "open").stdout
        self.assertIn(f"Closest match: r-x  {file.parent}  (user)\n", words)
        self.assertIn(f"Suggested fix: --write-file {file}\n", words)
        self.assertIn("Source: user\n",
                      self.project.nono("why", "--path", file, "--read", "open").stdout)

    def test_a_sentence_is_not_suggested_as_an_option(self):
        for options, mend in (
                (["--path", "/bin/ls", "--op", "exec", "--block-command", "ls"],
                 "leave out --block-command"),
                (["--port", "443", "--block-net"],
                 "leave out --block-net, or use --connect-port 443 instead"),
                (["--host", "example.org:443", "--block-net"],
                 "leave out --block-net, or use --connect example.org:443 instead")):
            with self.subTest(options):
                answer = self.why(*options)
                self.assertEqual((answer["mend"], answer["suggested_flag"]), (mend, None))

    def test_the_profile_that_the_run_would_have_counts(self):
        file = self.project.write("data/file", "")
        profile = self.project.write("p.json", json.dumps(
            {"workdir": {"access": "none"}, "filesystem": {"read": [str(file.parent)]}}))
        question = ["--path", file, "--op", "read"]
        self.assertEqual(self.why(*question)["status"], "denied")
        answer = self.why(*question, "--profile", profile)
        self.assertEqual((answer["status"], answer["grant"]["source"]), ("allowed", "profile"))
        own = self.project.home / ".config/nono/profiles"
        own.mkdir(parents=True)
        (own / "mine.json").write_text(profile.read_text())
        self.project.own()
        self.ran(self.project.nono("profile", "use", "mine"))
        self.assertEqual(self.why(*question)["status"], "allowed")
        self.assertEqual(self.why(*question, "--no-profile")["status"], "denied")

    def test_a_host_has_one_port(self):
        for words in (["example.org:80", "--port", "443"], ["example.org"],
                      ["example.org", "--port", "0"]):
            with self.subTest(words):
                self.ran(self.project.nono("why", "--host", *words), 2)


support.both_users(globals(), OptionNames, Words, Why)

if __name__ == "__main__":
    support.main()
