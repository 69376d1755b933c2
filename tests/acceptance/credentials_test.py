"""env_credentials, --env-credential-map and --env-credential: the agent gets the value, and nobody else is
shown it; what would not be granted is not handed on so."""

import json
import os
import pathlib

import support

MARKER = "marker-of-a-secret"


class Credentials(support.SessionCase):
    def setUp(self):
        super().setUp()
        self.secret = self.project.home / "token"
        self.secret.write_text(MARKER + "\n")
        self.secret.chmod(0o644)
        self.project.own()

    def profile(self, **fields):
        path = self.project.home / "profile.json"
        path.write_text(json.dumps(fields))
        self.project.own()
        return str(path)

    def with_map(self, source, variable, *words, options=(), **rest):
        return self.project.nono("run", "-q", "--env-credential-map", str(source), variable, *options, "--",
                                 *(words or ("sh", "-c", f'printf %s "${variable}"')), **rest)

    def refused(self, done, code, *says):
        self.ran(done, code)
        self.assertEqual(done.stdout, "")
        self.assertNotIn(MARKER, done.stderr)
        for text in says:
            self.assertIn(text, done.stderr)

    def test_each_source_reaches_the_agent(self):
        self.assertEqual(self.ran(self.with_map(f"file://{self.secret}", "TOKEN")).stdout, MARKER)
        done = self.with_map("env://SOME_API_KEY", "TOKEN", "sh", "-c", 'printf %s "$TOKEN ${SOME_API_KEY-unset}"',
                             env={"SOME_API_KEY": MARKER})
        self.assertEqual(self.ran(done).stdout, MARKER + " unset")

    def test_control_the_file_itself_stays_closed(self):
        done = self.with_map(f"file://{self.secret}", "TOKEN", "cat", self.secret)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn(MARKER, done.stdout)

    def test_a_profile_says_it_beside_its_filter(self):
        profile = self.profile(environment={"allow_vars": ["PATH", "GIVEN", "DENIED"], "deny_vars": ["DENIED"]},
                               env_credentials={f"file://{self.secret}": "TOKEN"})
        done = self.project.nono("run", "-q", "--profile", profile, "--", "sh", "-c",
                                 'printf %s "$GIVEN|${DENIED-unset}|$TOKEN"', env={"GIVEN": "given", "DENIED": "d"})
        self.assertEqual(self.ran(done).stdout, f"given|unset|{MARKER}")

    def test_what_an_option_says_of_the_variable_counts(self):
        profile = self.profile(env_credentials={f"file://{self.secret}": "TOKEN"})
        other = self.project.home / "other"
        other.write_text("of the option")
        self.project.own()
        for options in (("--env", "TOKEN=of the option"), ("--env-credential-map", f"file://{other}", "TOKEN")):
            with self.subTest(options):
                done = self.project.nono("run", "--profile", profile, "-v", *options, "--", "sh", "-c",
                                         'printf %s "$TOKEN"')
                self.assertEqual(self.ran(done).stdout, "of the option")
                self.assertIn("the option for TOKEN counts", done.stderr)

    def test_the_value_is_shown_nowhere(self):
        process = self.begin("sh", "-c", "echo ready; exec sleep 30", options=(
            "-v", "--env-credential-map", f"file://{self.secret}", "TOKEN"))
        self.assertEqual(process.stdout.readline(), "ready\n")
        words = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
        self.assertNotIn(MARKER.encode(), words)
        process.terminate()
        done = self.ended(process)
        self.assertNotIn(MARKER, done.stdout + done.stderr)
        self.assertIn(f"variable TOKEN is set from file://{self.secret} (--env-credential-map)", done.stderr)
        records = b"".join(path.read_bytes() for path in (self.project.home / ".local/state/nono").rglob("*")
                           if path.is_file())
        self.assertNotIn(MARKER.encode(), records)
        self.assertIn(f"file://{self.secret}", records.decode(errors="replace"))

    def test_a_plan_names_it_and_reads_nothing(self):
        done = self.with_map(f"file://{self.secret}", "TOKEN", "true", options=("--dry-run", "--json"))
        self.assertNotIn(MARKER, done.stdout + done.stderr)
        self.assertEqual(json.loads(self.ran(done).stdout)["credentials"],
                         [{"variable": "TOKEN", "source": f"file://{self.secret}", "origin": "--env-credential-map"}])
        self.refused(self.with_map(f"file://{self.secret}x", "TOKEN", "true", options=("--dry-run",)), 125)

    def test_why_and_profile_show_it(self):
        profile = self.profile(env_credentials={f"file://{self.secret}": "TOKEN"})
        done = self.project.nono("why", "--variable", "TOKEN", "--profile", profile)
        self.assertIn(f"set from file://{self.secret}", self.ran(done).stdout)
        done = self.project.nono("profile", "show", profile)
        self.assertIn(f"variable   TOKEN  set from file://{self.secret}", self.ran(done).stdout)
        shown = json.loads(self.project.nono("profile", "show", "--json", profile).stdout)
        self.assertEqual(shown["composed"]["credentials"][0]["variable"], "TOKEN")
        self.ran(self.project.nono("profile", "validate", profile))

    def test_wrap_sets_it(self):
        done = self.project.nono("wrap", "-q", "--env-credential-map", f"file://{self.secret}", "TOKEN", "--",
                                 "sh", "-c", 'printf %s "$TOKEN"')
        self.assertEqual(self.ran(done).stdout, MARKER)

    def test_what_is_never_granted(self):
        ssh = self.project.home / ".ssh"
        ssh.mkdir()
        own = self.project.home / ".config/nono"
        own.mkdir(parents=True)
        for path in (ssh / "id_rsa", own / "key"):
            path.write_text(MARKER)
        os.link(ssh / "id_rsa", self.project.tree / "hard")
        self.project.own()
        for path in (ssh / "id_rsa", own / "key", self.project.tree / "hard"):
            with self.subTest(path.name):
                self.refused(self.with_map(f"file://{path}", "TOKEN"), 125, "never granted")
                profile = self.profile(env_credentials={f"file://{path}": "TOKEN"})
                self.refused(self.project.nono("run", "-q", "--profile", profile, "--", "true"), 125, "never granted")
        done = self.with_map(f"file://{ssh}/id_rsa", "TOKEN", options=("--override-never-grant", ssh / "id_rsa"))
        self.assertEqual(self.ran(done).stdout, MARKER)
        done = self.with_map(f"file://{own}/key", "TOKEN", options=("--override-never-grant", own / "key"))
        self.refused(done, 2, "stay closed to every agent")
        profile = self.profile(env_credentials={f"file://{ssh}/id_rsa": "TOKEN"})
        self.assertEqual(self.project.nono("profile", "validate", profile).returncode, 1)

    def test_a_link_that_an_agent_left_leads_nowhere(self):
        token = self.project.write("token", "harmless")
        self.assertEqual(self.ran(self.with_map(f"file://{token}", "TOKEN")).stdout, "harmless")
        self.ran(self.project.sandbox("ln", "-sf", self.secret, "token"))
        self.refused(self.with_map(f"file://{token}", "TOKEN"), 2, "is a link")

    def test_what_a_profile_denies(self):
        profile = self.profile(filesystem={"deny": [str(self.project.home)]})
        done = self.with_map(f"file://{self.secret}", "TOKEN", options=("--profile", profile))
        self.refused(done, 2, "lies in what is denied")

    def test_wrong_words(self):
        good = f"file://{self.secret}"
        for words, code in (((good, "LD_PRELOAD"), 2), ((good, "PATH"), 2), ((good, "NONO_X"), 2),
                            ((good, "TMPDIR"), 2), ((good,), 2), (("s3://x", "TOKEN"), 2), (("op://a/b", "TOKEN"), 2),
                            ((good, "TOKEN", "--env", "TOKEN=1"), 2),
                            ((good, "TOKEN", "--env-credential-map", "env://HOME", "TOKEN"), 2),
                            (("env://NOT_SET_ANYWHERE", "TOKEN"), 125)):
            with self.subTest(words):
                self.refused(self.project.nono("run", "--env-credential-map", *words, "--", "echo", "started"), code)

    def test_a_signed_profile_of_the_project_may_say_it_and_an_unsigned_one_is_not_used(self):
        self.project.write(".nono/profile.json", json.dumps({"env_credentials": {f"file://{self.secret}": "TOKEN"}}))
        script = ("sh", "-c", 'printf %s "${TOKEN-unset}"')
        self.assertEqual(self.ran(self.project.nono("run", "-q", "--", *script)).stdout, "unset")
        self.project.sign(".nono/profile.json")
        self.assertEqual(self.ran(self.project.nono("run", "-q", "--", *script)).stdout, MARKER)

    def test_without_a_secret_service_nothing_is_started(self):
        done = self.project.nono("run", "-q", "--env-credential", "api_key", "--", "echo", "started",
                                 env={"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"})
        self.refused(done, 125, "keystore://api_key, cannot be had")

    def test_libsecret_is_not_loaded_unless_it_is_used(self):
        done = self.with_map(f"file://{self.secret}", "TOKEN", "true", env={"LD_DEBUG": "files"})
        self.assertNotIn("libsecret", done.stderr)


support.both_users(globals(), Credentials)

if __name__ == "__main__":
    support.main()
