"""What is never granted, or denied by a profile, stays so under the names that mounts give it."""
import json
import os
import shutil
import subprocess
import sys

import stalled_mount_test
import support


@support.NEEDS_MOUNTS
class MountNamesTest(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.ssh = self.project.home / ".ssh"
        (self.ssh / "deep").mkdir(parents=True)
        (self.ssh / "id").write_text("secret\n")
        self.data = self.project.base / "data"
        self.data.mkdir()
        (self.project.tree / "sub").mkdir()
        (self.project.tree / "bf").write_text("")
        self.ran(self.project.nono("trust", "keygen"))
        self.project.own()

    def bound(self, mounts, *words, cwd=None):
        """Runs nono where `mounts` (pairs of paths) are bound."""
        bind = " && ".join(f"mount --bind {what} {where}" for what, where in mounts)
        return self.mounted(f"{bind} && cd {cwd or self.project.tree}", support.NONO, *words)

    def expect_refused(self, mounts, options, secret, cwd=None):
        done = self.bound(mounts, "run", *options, "--", "cat", secret, cwd=cwd)
        self.assertNotIn("secret", done.stdout)
        self.assertIn(done.returncode, (2, 125), done.stderr)
        self.assertIn("under another name", done.stderr)
        why = self.bound(mounts, "why", *options, "--path", secret, "--op", "read", cwd=cwd)
        self.assertNotEqual(why.returncode, 0, why.stdout)
        self.assertIn("under another name", why.stderr)

    def test_a_directory_that_holds_the_home(self):
        home = [(self.project.home, self.data)]
        self.expect_refused(home, ["--allow-cwd", "--allow", self.data], self.data / ".ssh/id")
        done = self.bound(home, "run", "--allow-cwd", "--allow", self.data, "--", "true")
        self.assertIn(f"{self.data} covers {self.project.home}", done.stderr)
        self.assertIn(f"has {self.project.home} under another name", done.stderr)

    def test_a_directory_that_is_an_entry_or_lies_in_one(self):
        for what, where, option, secret in (
                (self.ssh, self.data, "--read", self.data / "id"),
                (self.ssh / "deep", self.data, "--read", self.data / "x"),
                (self.project.home, self.data, "--read", self.data / ".ssh"),
                (self.project.home, self.data, "--allow", self.data / ".config/nono")):
            path = where if what != self.project.home else secret
            self.expect_refused([(what, where)], ["--allow-cwd", option, path], secret)

    def test_an_entry_bound_below_the_project(self):
        self.expect_refused([(self.ssh, self.project.tree / "sub")], ["--allow-cwd"], "sub/id")

    def test_a_file_that_is_a_key(self):
        self.expect_refused([(self.ssh / "id", self.project.tree / "bf")],
                            ["--read-file", "bf"], "bf")

    def test_a_working_directory_in_the_other_mount(self):
        self.expect_refused([(self.project.home, self.data)], ["--allow-cwd"], "id",
                            cwd=self.data / ".ssh")

    def test_what_a_profile_denies(self):
        (self.project.tree / "sec").mkdir()
        (self.project.tree / "sec" / "x").write_text("secret\n")
        profile = self.project.base / "p.json"
        profile.write_text(json.dumps({"meta": {"name": "p"}, "filesystem": {
            "deny": [str(self.project.tree / "sec")], "read": [str(self.data)]}}))
        self.project.own()
        self.expect_refused([(self.project.tree / "sec", self.data)],
                            ["--profile", profile], self.data / "x")

    def test_what_a_profile_denies_is_no_credential(self):
        vault, other = self.project.base / "vault", self.project.base / "other"
        for directory in (vault, other):
            directory.mkdir()
            (directory / "x").write_text(directory.name)
        profile = self.project.base / "p.json"
        profile.write_text(json.dumps({"meta": {"name": "p"}, "filesystem": {"deny": [str(vault)]}}))
        for what, code, says in ((vault, 2, "under another name"), (other, 0, "")):  # the second is the control
            done = self.bound([(what, self.data)], "run", "--profile", profile, "--env-credential-map",
                              f"file://{self.data}/x", "TOKEN", "--", "sh", "-c", 'echo "$TOKEN"')
            self.assertEqual((done.returncode, done.stdout), (code, "" if code else "other\n"), done.stderr)
            self.assertIn(says, done.stderr)

    def test_what_a_profile_denies_is_not_asked_about(self):
        vault, other = self.project.base / "vault", self.project.base / "other"
        for directory in (vault, other):
            directory.mkdir()
            (directory / "x").write_text(directory.name + "\n")
        profile, rules = self.project.base / "p.json", self.project.base / "rules.json"
        profile.write_text(json.dumps({"meta": {"name": "p"}, "filesystem": {
            "allow": [str(self.project.tree)], "deny": [str(vault)]}}))
        rules.write_text(json.dumps({"schema": "nono/approval-rules/1", "rules": [
            {"path": "/**/*", "approval": "allow", "scope": "once"}]}))
        for what, seen in ((vault, ""), (other, "other\n")):  # the second is the control
            done = self.bound([(what, self.data)], "run", "--profile", profile, "--approve",
                              f"rules:{rules}", "--", "cat", self.data / "x")
            self.assertEqual(done.stdout, seen, done.stderr)

    def test_an_override_names_the_entry_and_opens_it_there_too(self):
        done = self.bound([(self.ssh, self.data)], "run", "--allow-cwd", "--read", self.data,
                          "--override-never-grant", self.ssh, "--", "cat", self.data / "id")
        self.ran(done)
        self.assertEqual(done.stdout, "secret\n")

    def test_inside_of_a_session_profiles_are_judged_too(self):
        done = self.project.sandbox(support.NONO, "profile", "validate", "default", options=(
            "--allow-cwd", "--read", os.path.dirname(support.NONO)))
        self.ran(done)
        self.assertTrue(done.stdout.startswith("VALID"), done.stdout)

    def test_the_control_is_another_directory_bound_there(self):
        other = self.project.base / "other"
        other.mkdir()
        (other / "x").write_text("open\n")
        self.project.own()
        done = self.bound([(other, self.data), (other, self.project.tree / "sub")], "run",
                          "--allow-cwd", "--allow", self.data, "--", "cat", self.data / "x",
                          "sub/x")
        self.ran(done)
        self.assertEqual(done.stdout, "open\nopen\n")


# Defines written() and removed(), which try each name and print how it ended.
ATTEMPTS = """
import errno, os
def attempt(call, *words):
    try:
        call(*words)
        print('written')
    except OSError as error:
        print(errno.errorcode[error.errno])
def write(name):
    with open(name, 'w') as file:
        file.write('agent')
def written(*names):
    for name in names:
        attempt(write, name)
def removed(*names):
    for name in names:
        attempt(os.unlink, name)
"""


class OtherLettersTest(stalled_mount_test.StalledMountCase):
    """A home directory on a file system that does not tell letters apart by their case."""

    def setUp(self):
        super().setUp()
        (self.control / "folds").touch()
        self.point = self.project.base / "remote"
        self.point.mkdir()
        self.mount()
        self.home = self.point / "home"
        for name in (".ssh/id", ".cargo/credentials.toml", "open/id"):
            (self.home / name).parent.mkdir(parents=True)
            (self.home / name).write_text("bytes\n")
        subprocess.run(["chown", "-R", f"{self.uid}:{self.uid}", self.point], check=True)

    def reads(self, option, grant, path):
        state = {"HOME": str(self.home), "XDG_STATE_HOME": str(self.project.base / "home"),
                 "XDG_CONFIG_HOME": str(self.project.base / "home")}
        return self.project.sandbox("cat", self.point / path, env=state, options=(
            "--read-cwd", "--trust-scan=none", option, self.point / grant))

    def test_never_granted_in_any_letters(self):
        for option, grant, path in (("--read", "home/.SSH", "home/.SSH/id"),
                                    ("--read", "HOME/.ssh", "HOME/.ssh/id"),
                                    ("--read", "Home", "Home/open/id"),
                                    ("--read-file", "home/.Cargo/Credentials.toml", "home/.Cargo/Credentials.toml")):
            done = self.reads(option, grant, path)
            self.assertEqual(done.stdout, "", grant)
            self.assertIn("never granted", done.stderr)

    def work(self, code, *options, tool="run"):
        """In a repository there; what is made in it shows under the name that it is looked for by."""
        tree = self.point / "work"
        for name in (".git/hooks/pre-commit", ".vscode/other", "kept/file", "CLAUDE.md"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text("before\n")
        subprocess.run(["chown", "-R", f"{self.uid}:{self.uid}", tree], check=True)
        self.project.tree = tree
        self.project.sign("CLAUDE.md")
        words = ("/usr/bin/python3", "-c", ATTEMPTS + code)
        done = self.ran(self.project.sandbox(*words, options=("--allow-cwd", "--trust-scan=none", *options))
                        if tool == "run" else self.project.run(*words))
        return done.stdout.split()

    WRITTEN = ("written('.GIT/hoo\\u212as/new', '.git/hooks/pre-commit.', '.git /config',"
               " '.v\\u017fcode/ta\\u017fk\\u017f.json', 'tru\\u017ft-policy.json', 'opencode.json ')")
    SHOWN = (".git/hooks/new", ".git/config", ".vscode/tasks.json", "trust-policy.json", "opencode.json")

    def test_no_protected_name_is_written_in_any_letters(self):
        self.assertEqual(self.work(self.WRITTEN), ["EACCES"] * 6)
        self.assertEqual([name for name in self.SHOWN if (self.project.tree / name).exists()], [])
        self.assertEqual((self.project.tree / ".git/hooks/pre-commit").read_text(), "before\n")

    def test_the_control_writes_them(self):
        self.assertEqual(self.work(self.WRITTEN, tool="none"), ["written"] * 6)
        self.assertEqual([name for name in self.SHOWN if (self.project.tree / name).exists()], list(self.SHOWN))
        self.assertEqual((self.project.tree / ".git/hooks/pre-commit").read_text(), "agent")

    def test_nothing_verified_changes_in_any_letters(self):
        code = ("written('CLAUDE.MD', 'claude.md.'); "
                "removed('CLAUDE.MD', 'CLAUDE.MD.BUNDLE', 'CLAUDE.md.bundle.', 'claude.md.\\uff42undle')")
        self.assertEqual(self.work(code, "--allow-instruction-drafts"), ["EACCES"] * 6)
        self.assertTrue((self.project.tree / "CLAUDE.md.bundle").exists())
        self.assertEqual((self.project.tree / "CLAUDE.md").read_text(), "before\n")

    # The first dot of each is U+FF0E: in a directory of before, and in one that the session made.
    INSTRUCTING = ("os.makedirs('.cursor/rules'); "
                   "written('\\uff0eagents/node_modules/x.md', '\\uff0ecursor/rules/x.md')")
    LOADED = (".agents/node_modules/x.md", ".cursor/rules/x.md")

    def test_no_instructions_are_written_in_any_letters(self):
        for tool, ended in (("run", "EACCES"), ("none", "written")):
            shutil.rmtree(self.point / "work", ignore_errors=True)
            (self.point / "work/.agents/node_modules").mkdir(parents=True)
            self.assertEqual(self.work(self.INSTRUCTING, tool=tool), [ended] * 2)
            self.assertEqual([(self.project.tree / name).exists() for name in self.LOADED], [ended == "written"] * 2)

    def test_what_is_kept_is_kept_in_any_letters(self):
        code = "removed('KEPT/file', '\\u212aept/file'); attempt(os.rename, 'KEPT', 'gone')"
        self.assertEqual(self.work(code, "--keep", self.point / "work/kept"), ["EACCES"] * 3)
        self.assertTrue((self.project.tree / "kept/file").exists())

    def test_the_control_is_what_is_no_entry(self):
        for grant in ("home/open", "HOME/Open"):
            done = self.ran(self.reads("--read", grant, grant + "/id"))
            self.assertEqual(done.stdout, "bytes\n")


@support.NEEDS_MOUNTS
class OtherHomeTest(support.SandboxCase):
    """HOME leads elsewhere than what /etc/passwd says: both homes are protected."""

    def setUp(self):
        super().setUp()
        self.real = self.project.tmp / "real"
        for secret in (".ssh/id", ".aws/credentials", ".config/gh/hosts.yml", "plain/file"):
            for home in (self.real, self.project.home):
                (home / secret).parent.mkdir(parents=True)
                (home / secret).write_text("bytes\n")
        self.passwd = self.project.base / "passwd"
        self.says(self.real)
        self.project.own()

    def says(self, home):
        self.passwd.write_text(f"somebody:x:{self.uid + 1}:0::{self.project.base}:/bin/sh\n"
                               f"me:x:{self.uid}:{self.uid}::{home}:/bin/sh\n")

    def tried(self, tool, path, *options, mounts=None, env=None):
        words = {"run": ("--", "cat", path), "why": ("--path", path, "--op", "read"),
                 "learn": ("--", "cat", path)}[tool]
        return self.mounted(mounts or f"mount --bind {self.passwd} /etc/passwd", support.NONO, tool,
                            *options, *words, env=env)

    def test_neither_home_is_granted(self):
        for home in (self.real, self.project.home):
            for secret in (".ssh/id", ".aws/credentials", ".config/gh/hosts.yml"):
                for what in (home / secret, (home / secret).parent, home):
                    done = self.tried("run", home / secret, "--allow-cwd", "--read", what)
                    self.assertEqual((done.returncode, done.stdout), (125, ""), (what, done.stderr))
                    self.assertIn("never granted", done.stderr)
                    why = self.tried("why", home / secret, "--allow-cwd", "--read", what)
                    self.assertNotEqual(why.returncode, 0, why.stdout)
            done = self.tried("run", home / "plain/file", "--allow-cwd", "--read", home / "plain")
            self.assertEqual(self.ran(done).stdout, "bytes\n")

    def test_nonos_own_files_of_the_other_home(self):
        keys = self.real / ".config/nono"
        for code, override in ((125, ()), (2, ("--override-never-grant", keys))):
            done = self.tried("run", keys / "x", "--allow-cwd", "--read", keys, *override)
            self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)

    def test_an_entry_of_the_other_home_can_be_opened(self):
        aws = self.real / ".aws"
        done = self.tried("run", aws / "credentials", "--allow-cwd", "--read", aws, "--override-never-grant", aws)
        self.assertEqual(self.ran(done).stdout, "bytes\n")

    def test_a_profile_gets_nothing_of_the_other_home(self):
        for home in (self.real, self.project.home):
            profile = self.project.write("p.json", json.dumps(
                {"filesystem": {"read": [str(home / ".aws")]}}))
            for words in (("run", "--profile", profile, "--", "cat", home / ".aws/credentials"),
                          ("profile", "validate", profile)):
                done = self.mounted(f"mount --bind {self.passwd} /etc/passwd", support.NONO, *words)
                self.assertNotEqual(done.returncode, 0, words)
                self.assertNotIn("bytes", done.stdout)
                self.assertIn("never granted", done.stdout + done.stderr)

    def test_learn_proposes_nothing_of_the_other_home(self):
        done = self.tried("learn", self.real / ".ssh/id", "--output", self.project.tree / "out.json")
        self.assertNotIn("bytes", done.stdout, done.stderr)

    def test_shell_start_up_files_are_written_in_no_home(self):
        linked = self.project.tmp / "linked"
        linked.symlink_to(self.real)
        config = self.project.tmp / "cfg"
        homes = {None: (self.real, self.project.home), ("HOME", linked): (self.real,),
                 ("XDG_CONFIG_HOME", config): (self.real, self.project.home, config)}
        for variable, places in homes.items():
            for place in places:
                fish = place / ("fish" if place == config else ".config/fish")
                fish.mkdir(parents=True, exist_ok=True)
                self.project.own()
                file = fish / "config.fish"
                file.unlink(missing_ok=True)
                env = {variable[0]: str(variable[1])} if variable else None
                mount = f"mount --bind {self.passwd} /etc/passwd"
                grant = ("--allow-cwd", "--allow", fish)
                for words in (("run", *grant, "--", "sh", "-c", f"echo x >{file}"),
                              ("learn", "--output", self.project.tree / "o.json", "--", "sh", "-c", f"echo x >{file}")):
                    done = self.mounted(mount, support.NONO, *words, env=env)
                    self.assertFalse(file.exists(), (variable, words, done.stderr))
                why = self.mounted(mount, support.NONO, "why", *grant, "--path", file, "--op", "create", env=env)
                self.assertIn("protected-name", why.stdout, (variable, place, why.stderr))

    def test_without_a_word_in_the_file_nothing_more_is_protected(self):
        nowhere = f"mount --bind {self.project.tmp} /etc"
        for mounts, home in ((nowhere, self.real), (None, "relative"), (None, self.project.home)):
            self.says(home)
            done = self.tried("why", self.real / ".aws/credentials", "--allow-cwd", "--read",
                              self.real / ".aws", mounts=mounts)
            self.assertEqual(done.returncode, 0, done.stderr)


support.both_users(globals(), MountNamesTest, OtherLettersTest, OtherHomeTest)

if __name__ == "__main__":
    sys.exit(support.main())
