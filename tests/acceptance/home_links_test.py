"""What links and variables put elsewhere is written by no agent: `~/.bashrc -> dotfiles/bashrc` in a repository
that is granted, a git directory that is called `.bare`.
"""

import sys

import support

PLACES = {".bashrc": "bashrc", ".config/fish": "fish", ".ssh/config": "ssh_config", ".claude": "claude",
          ".profile": "later"}
FILES = ("bashrc", "fish/config.fish", "ssh_config", "claude/settings.json", "later")
WAYS = {"write": "echo evil >>dotfiles/{0}", "replace": "echo evil >new; mv new dotfiles/{0}",
        "remove": "rm dotfiles/{0}", "move the directory": "mv dotfiles away",
        "exchange": "cp -r dotfiles away; mv dotfiles there && mv away dotfiles; echo evil >dotfiles/{0}",
        "link": "ln -sf new dotfiles/{0}"}


class HomeLinksTest(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.dotfiles = self.project.tree / "dotfiles"
        for name in FILES[:-1]:
            self.project.write(f"dotfiles/{name}", "good\n")
        self.project.write("dotfiles/README.txt", "text\n")

    def link_all(self):
        for name, target in PLACES.items():
            link = self.project.home / name
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(self.dotfiles / target)
        self.project.own()

    def contents(self):
        return {path.relative_to(self.project.tree): path.read_text(errors="replace")
                for path in self.project.tree.rglob("*") if path.is_file()}

    def test_without_links_all_of_it_is_written(self):
        for name in FILES:
            self.ran(self.project.sandbox("sh", "-c", WAYS["write"].format(name)))
            if name != "claude/settings.json":
                self.assertIn("evil", (self.dotfiles / name).read_text())

    def test_no_way_leads_to_what_links_mean(self):
        self.link_all()
        before = self.contents()
        for name in FILES:
            for how, way in WAYS.items():
                done = self.project.sandbox("sh", "-c", way.format(name))
                after = self.contents()
                new = after.pop(self.project.tree.joinpath("new").relative_to(self.project.tree), None)
                away = [path for path in after if path.parts[0] in ("away", "there")]
                for path in away:
                    del after[path]
                self.assertEqual(after, before, (name, how, new, done.stderr))
                if name in ("bashrc", "later") and how == "write":
                    self.assertIn("protected-name", done.stderr)
                self.clean()

    def clean(self):
        self.project.run("rm", "-rf", "away", "there", "new", check=True)

    def test_empty_directories_of_theirs_stay(self):
        (self.dotfiles / "fish/config.fish").unlink()
        self.link_all()
        for way in ("rmdir dotfiles/fish", "mv dotfiles/fish x", "rmdir dotfiles/fish; ln -s /tmp dotfiles/fish"):
            self.project.sandbox("sh", "-c", f"{way}; mkdir dotfiles/fish; echo evil >dotfiles/fish/config.fish")
            self.assertEqual(list((self.dotfiles / "fish").iterdir()), [], way)

    def test_what_is_not_there_yet_is_not_made(self):
        for name, target in ((".claude", "none/claude"), (".bashrc", "none/bashrc")):
            (self.project.home / name).symlink_to(self.project.tree / target)
        self.project.own()
        for script in ("mkdir -p none/claude; echo evil >none/claude/settings.json; echo evil >none/bashrc",
                       "mkdir -p x/claude; echo evil >x/claude/settings.json; echo evil >x/bashrc; mv x none",
                       "mkdir -p none x; echo evil >x/settings.json; mv x none/claude",
                       "mkdir none; echo evil >y; mv y none/bashrc; ln -s ../y none/claude"):
            self.project.sandbox("sh", "-c", script)
            found = [path for path in (self.project.tree / "none").rglob("*") if not path.is_dir() or path.is_symlink()]
            self.assertEqual(found, [], script)
            self.project.run("rm", "-rf", "none", "x", "y", check=True)

    def test_what_lies_beside_them_is_the_agents(self):
        self.link_all()
        self.ran(self.project.sandbox("sh", "-c", "echo more >>dotfiles/README.txt && mv dotfiles/README.txt x && "
                                      "mkdir dotfiles/new && echo y >dotfiles/new/bashrc"))
        self.assertEqual((self.project.tree / "x").read_text(), "text\nmore\n")

    def test_variables_say_where_such_files_are(self):
        places = {"ZDOTDIR": (".", ".zshrc"), "GIT_CONFIG_GLOBAL": ("git", "git"),
                  "CLAUDE_CONFIG_DIR": ("c", "c/settings.json"), "CODEX_HOME": ("x", "x/config.toml"),
                  "OPENCODE_CONFIG_DIR": ("o", "o/plugin/x.ts")}
        for variable, (value, file) in places.items():
            target = self.project.tree / file
            target.parent.mkdir(parents=True, exist_ok=True)
            self.project.own()
            env = {variable: str(self.project.tree / value)}
            for words, refused in ((env, True), ({}, False)):
                self.project.sandbox("sh", "-c", f"echo evil >{file}", env=words)
                self.assertEqual(target.exists(), not refused, (variable, words))

    def test_why_and_learn_say_so(self):
        self.link_all()
        why = self.project.nono("why", "--allow-cwd", "--path", self.dotfiles / "bashrc", "--op", "write")
        self.assertIn("protected-name", why.stdout)
        self.project.nono("learn", "--output", self.project.tmp / "o.json", "--", "sh", "-c",
                          "echo evil >>dotfiles/bashrc")
        self.assertEqual((self.dotfiles / "bashrc").read_text(), "good\n")


class ProjectLinksTest(support.SandboxCase):
    """A repository beside its worktrees (`.git` says `gitdir: ./.bare`), and links of a project."""

    def setUp(self):
        super().setUp()
        self.project.run("rm", "-rf", ".git", check=True)
        self.git("init", "-q", "--bare", ".bare")
        self.project.write(".git", "gitdir: ./.bare\n")
        for key, value in (("user.name", "n"), ("user.email", "a@b.example")):
            self.git("config", key, value)
        tree = self.git("mktree")
        self.git("update-ref", "refs/heads/main", self.git("commit-tree", "-m", "first", tree))
        self.git("symbolic-ref", "HEAD", "refs/heads/main")
        self.git("worktree", "add", "-q", "-b", "one", "one")

    def git(self, *words):
        return self.ran(self.project.run("git", *words)).stdout.strip()

    def test_the_repository_of_a_gitfile_is_one(self):
        config = (self.project.tree / ".bare/config").read_text()
        for where, grants in ((".", ("--allow-cwd",)), ("one", ("--allow-cwd", "--allow", "../.bare"))):
            bare = "../.bare" if where == "one" else ".bare"
            script = (f"cd {where} && set +e; printf '[core]\\n\\tfsmonitor = evil\\n' >>{bare}/config; "
                      f"echo x >{bare}/hooks/pre-commit; ln -s /bin/true {bare}/hooks/post-commit; mv {bare} away; "
                      f"echo .. >{bare}/worktrees/one/commondir; mv {bare}/worktrees/one {bare}/worktrees/x; true")
            options = [str(self.project.tree / "one" / word) if word.startswith("..") else word for word in grants]
            done = self.ran(self.project.sandbox("sh", "-c", script, options=options))
            self.assertIn("protected-name", done.stderr)
            self.assertEqual((self.project.tree / ".bare/config").read_text(), config, where)
            hooks = [path.name for path in (self.project.tree / ".bare/hooks").iterdir()]
            self.assertEqual([name for name in hooks if not name.endswith(".sample")], [], where)
            self.assertEqual((self.project.tree / ".bare/worktrees/one/commondir").read_text(), "../..\n")

    def test_git_works_in_it(self):
        self.ran(self.project.sandbox("sh", "-ec", """git worktree add -q -b two two; cd two; echo a >f; git add f
            git commit -qm second; git tag t; cd ..; git gc -q; git worktree remove two; git branch -D two"""))
        self.assertEqual(self.git("log", "-1", "--format=%s", "t"), "second")
        self.assertEqual(self.git("fsck"), "")

    def test_a_link_in_place_of_git_leads_to_one(self):
        (self.project.tree / ".git").unlink()
        (self.project.tree / ".git").symlink_to(".bare")
        self.project.own()
        self.project.sandbox("sh", "-c", "echo x >>.bare/config; echo x >.bare/hooks/pre-commit")
        self.assertNotIn("x\n", (self.project.tree / ".bare/config").read_text()[-3:])
        self.assertFalse((self.project.tree / ".bare/hooks/pre-commit").exists())

    def test_links_of_the_project_lead_to_what_they_mean(self):
        settings = self.project.write("shared/settings.json", "{}\n")
        mcp = self.project.write("shared/mcp", "{}\n")
        for control in (True, False):
            self.project.sandbox("sh", "-c", "echo x >>shared/settings.json; echo x >>shared/mcp; echo y >shared/z")
            self.assertEqual(settings.read_text() + mcp.read_text(), "{}\nx\n{}\nx\n" if control else "{}\n{}\n")
            settings.write_text("{}\n")
            mcp.write_text("{}\n")
            if control:
                (self.project.tree / ".claude").symlink_to("shared")
                (self.project.tree / ".mcp.json").symlink_to("shared/mcp")
        self.assertTrue((self.project.tree / "shared/z").exists())

    def test_odd_gitfiles_lead_nowhere(self):
        gitfile = self.project.tree / ".git"
        for text in ("", "gitdir: ", "gitdir: /", "gitdir: none", "gitdir: .git", "x" * 9000, "gitdir:\0"):
            gitfile.write_text(text)
            self.ran(self.project.sandbox("true"))
        gitfile.unlink()
        self.ran(self.project.run("mkfifo", ".git"))
        self.ran(self.project.sandbox("true"))


support.both_users(globals(), HomeLinksTest, ProjectLinksTest)

if __name__ == "__main__":
    sys.exit(support.main())
