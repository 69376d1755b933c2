"""Instruction files that an agent would write: not written, unless the user lets it draft."""

import json
import os
import shutil

import support

PY = "/usr/bin/python3"
DRAFTS = "--allow-instruction-drafts"
OPTIONS = ("--allow-cwd", "--trust-scan=none")
RULE = "instruction-draft"

PRELUDE = """
import ctypes, os, socket
def kernel(name, *words):
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*words):
        raise OSError(ctypes.get_errno(), name)
def write(path, text='draft', how='w'):
    with open(path, how) as file:
        file.write(text)
"""

# Each is done in a tree that has CLAUDE.md and old/AGENTS.md (nobody signed them), plain and old/.
REFUSED = {
    "create": "write('AGENTS.md')",
    "create in a directory of before": "write('old/SKILL.md')",
    "create in the capitals of others": "write('agents.MD')",
    "create exclusively": "os.open('QWEN.md', os.O_CREAT | os.O_EXCL | os.O_WRONLY)",
    "change": "write('CLAUDE.md')",
    "append": "write('CLAUDE.md', how='a')",
    "truncate": "os.truncate('CLAUDE.md', 0)",
    "remove": "os.remove('CLAUDE.md')",
    "move away": "os.rename('CLAUDE.md', 'r')",
    "replace": "os.rename('plain', 'CLAUDE.md')",
    "move in": "os.rename('plain', 'AGENTS.md')",
    "hard link": "os.link('plain', 'AGENTS.md')",
    "symbolic link": "os.symlink('plain', 'AGENTS.md')",
    "node": "os.mknod('AGENTS.md', 0o100644)",
    "named pipe": "os.mkfifo('AGENTS.md')",
    "socket": "socket.socket(socket.AF_UNIX).bind('AGENTS.md')",
    "nameless": "fd = os.open('.', os.O_TMPFILE | os.O_WRONLY)\n"
                "kernel('linkat', -100, b'/proc/self/fd/%d' % fd, -100, b'AGENTS.md', 0x400)",
    "through a link": "os.symlink('CLAUDE.md', 'to')\nwrite('to')",
    "in a directory of instructions": "os.makedirs('.claude/commands')\nwrite('.claude/commands/x.md')",
    "a skill": "os.makedirs('.claude/skills/x')\nwrite('.claude/skills/x/SKILL.md')",
    "deep in one": "os.makedirs('.agents/a/b')\nwrite('.agents/a/b/x.md')",
    "in packages of one": "os.makedirs('.cursor/rules/node_modules')\nwrite('.cursor/rules/node_modules/x.md')",
    "a skill with the name of packages": "os.makedirs('.claude/skills/site-packages')\nwrite('.claude/skills/site-packages/SKILL.md')",
    "a skill in the packages of one": "os.makedirs('.agents/skills/s/node_modules/p')\nwrite('.agents/skills/s/node_modules/p/SKILL.md')",
    "directory that comes into packages of one": "os.makedirs('.cursor/rules/node_modules')\nos.mkdir('d')\nwrite('d/x.md')\n"
                                                 "os.rename('d', '.cursor/rules/node_modules/p')",
    "directory that becomes one": "os.mkdir('d')\nwrite('d/x.md')\nos.rename('d', '.agents')",
    "directory that comes into one": "os.makedirs('d/x')\nwrite('d/x/x.md')\nos.rename('d', '.github/instructions')",
    "directory of before that becomes one": "os.rename('notes', '.agents')",
    "directory of before that leaves": "os.rename('.cursor/rules', 'gone')",
    "exchange of directories": "os.mkdir('d')\nwrite('d/x.md')\n"
                               "kernel('renameat2', -100, b'd', -100, b'.cursor/rules', 2)",
    "link that becomes one": "os.mkdir('d')\nwrite('d/x.md')\nos.symlink('d', '.agents')",
    "link above one": "os.makedirs('d/prompts')\nwrite('d/prompts/x.md')\nos.rename('.github', 'g')\nos.symlink('d', '.github')",
    "link in one": "os.mkdir('d')\nwrite('d/x.md')\nos.symlink('../../d', '.cursor/rules/more')",
    "link of Codex's own that comes into one": "os.makedirs('.codex/tmp/arg0/a')\nos.symlink('../../../../notes', '.codex/tmp/arg0/a/x')\n"
                                               "os.rename('.codex/tmp/arg0/a/x', '.codex/prompts')",
    "directory of Codex's links that becomes one": "os.makedirs('.codex/tmp/arg0/a')\nos.symlink('../../../../notes', '.codex/tmp/arg0/a/x')\n"
                                                   "os.rename('.codex/tmp/arg0/a', '.codex/skills')",
    "directory of them whose name changes": "os.makedirs('.codex/tmp/arg0/a')\nos.symlink('../../../../notes', '.codex/tmp/arg0/a/x')\n"
                                            "os.rename('.codex/tmp', '.codex/skills')",
    "through a link that leads nowhere": "os.symlink('AGENTS.md', 'to')\nwrite('to')",
    "by a second name in an own directory": "os.mkdir('d')\nos.link('CLAUDE.md', 'd/AGENTS.md')\nwrite('d/AGENTS.md')",
    "by a second name in a package": "os.link('CLAUDE.md', 'node_modules/p/AGENTS.md')\nwrite('node_modules/p/AGENTS.md')",
    "by a second name of before": "os.mkdir('d')\nos.link('second', 'd/AGENTS.md')\nwrite('d/AGENTS.md')",
    "emptied by a second name of before": "os.mkdir('d')\nos.link('second', 'd/t')\nos.truncate('d/t', 0)",
    "by a descriptor": "fd = os.open('CLAUDE.md', os.O_PATH)\nwrite(f'/proc/self/fd/{fd}')",
    "emptied by an open for reading": "os.open('CLAUDE.md', os.O_RDONLY | os.O_TRUNC)",
    "a link taken away": "os.remove('GEMINI.md')",
    "a link moved": "os.rename('GEMINI.md', 'other')",
    "a link of a directory taken away": "os.remove('.github/prompts')",
    "own in the place of a directory that was moved": "os.mkdir('d')\nwrite('d/AGENTS.md')\nos.rename('empty', 'gone')\nos.rename('d', 'empty')",
    "own in the place of an empty one": "os.mkdir('d')\nwrite('d/AGENTS.md')\nos.rename('d', 'empty')",
    "own in exchange for another": "os.mkdir('d')\nwrite('d/AGENTS.md')\nkernel('renameat2', -100, b'd', -100, b'empty', 2)",
    "in the place of a directory that was moved": "os.rename('empty', 'gone')\nos.mkdir('empty')\nwrite('empty/AGENTS.md')",
    "in the place of one that was removed": "os.rmdir('empty')\nos.mkdir('empty')\nwrite('empty/AGENTS.md')",
    "in that of one that went with what it lay in": "os.removedirs('tall/sub')\nos.makedirs('tall/sub')\nwrite('tall/sub/AGENTS.md')",
    "own in the place of one that went with what it lay in": "os.mkdir('d')\nwrite('d/AGENTS.md')\nos.removedirs('tall/sub')\n"
                                                             "os.mkdir('tall')\nos.rename('d', 'tall/sub')",
}

# What the agent wrote where it may comes to no place that was there before. The last act is refused,
# or one on the way to it; {name} is one that is free in a directory of the agent's own.
ROUNDABOUT = {
    "by way of a package": "write('node_modules/p/{name}')\nos.mkdir('d')\n"
                           "kernel('renameat2', -100, b'd', -100, b'node_modules/p', 2)\n"
                           "os.rename('notes', 'gone')\nos.rename('d', 'notes')",
    "in a directory that was nearly exchanged": "os.mkdir('notes/d')\nwrite('notes/d/{name}')\n"
        "try: kernel('renameat2', -100, b'notes', -100, b'CLAUDE.md', 2)\nexcept OSError: pass\n"
        "os.rename('old', 'older')\nos.rename('notes/d', 'old')",
    "in one that was nearly replaced, too": "os.mkdir('notes/d')\nwrite('notes/d/{name}')\n"
        "try: kernel('renameat2', -100, b'notes', -100, b'CLAUDE.md', 2)\nexcept OSError: pass\n"
        "try: os.rename('empty', 'notes/d')\nexcept OSError: pass\n"
        "os.rename('old', 'older')\nos.rename('notes/d', 'old')",
    "link in a directory of instructions": "os.mkdir('.agents')\nos.mkdir('.agents/d')\nos.symlink('../../notes', '.agents/d/t')",
}

# What comes with a directory that the agent makes is its own, as a clone's settings are.
FREE = {
    "in a new directory": "os.mkdir('clone')\nwrite('clone/AGENTS.md')",
    "changed there": "os.mkdir('clone')\nwrite('clone/AGENTS.md')\nwrite('clone/AGENTS.md', how='a')\nos.remove('clone/AGENTS.md')",
    "a skill in a new project": "os.makedirs('clone/.claude/skills/x')\nwrite('clone/.claude/skills/x/SKILL.md')",
    "a new project that moves": "os.mkdir('c')\nwrite('c/AGENTS.md')\nos.rename('c', 'clone')",
    "new where one that was removed lay": "os.removedirs('tall/sub')\nos.makedirs('tall/new')\nwrite('tall/new/AGENTS.md')",
    "own that moves to where one was removed": "os.mkdir('d')\nwrite('d/AGENTS.md')\nos.removedirs('tall/sub')\nos.mkdir('tall')\n"
                                               "os.rename('d', 'tall/new')",
    "of a package": "write('node_modules/p/AGENTS.md')",
    "of a package of a skill": "os.makedirs('.claude/skills/s/node_modules/p')\nwrite('.claude/skills/s/node_modules/p/README.md')",
    "of a package that changes": "write('node_modules/q/CLAUDE.md')\nos.remove('node_modules/q/CLAUDE.md')",
    "evidence": "write('GEMINI.md.bundle')",
    "a directory of that name": "os.mkdir('AGENTS.md')",
    "metadata": "os.chmod('CLAUDE.md', 0o600)\nos.utime('CLAUDE.md')",
    "a directory with one": "os.rename('old', 'older')",
    "Codex's links to itself": "os.makedirs('.codex/tmp/arg0/a')\nos.symlink('/usr/bin/codex', '.codex/tmp/arg0/a/apply_patch')\n"
                               "os.remove('.codex/tmp/arg0/a/apply_patch')",
    "other names": "write('README.md')\nos.mkdir('.cache')\nwrite('.cache/x.md')",
}


class Drafts(support.SandboxCase):
    def setUp(self):
        super().setUp()
        for name in ("CLAUDE.md", "old/AGENTS.md", "plain", "notes/x.md", ".cursor/rules/x.md",
                     "node_modules/p/x", "node_modules/q/CLAUDE.md"):
            self.project.write(name, "before")
        for name in ("empty", ".github", "tall/sub"):
            (self.project.tree / name).mkdir(parents=True)
        for name in ("GEMINI.md", ".github/prompts"):
            os.symlink("notes", self.project.tree / name)
        os.link(self.project.tree / "CLAUDE.md", self.project.tree / "second")
        self.project.own()

    def attempt(self, action, *options):
        """Errors are told by the exit alone: 13 for a refusal."""
        code = f"{PRELUDE}try:\n" + "".join(f"    {line}\n" for line in action.splitlines()) + (
            "except OSError as error:\n    raise SystemExit(error.errno)\n")
        return self.project.sandbox(PY, "-c", code, options=(*OPTIONS, *options))

    def tried(self, actions, *options):
        for name, action in actions.items():
            with self.subTest(name):
                self.project.close()
                self.setUp()
                yield self.attempt(action, *options)

    def test_none_is_written_moved_or_taken_away(self):
        for done in self.tried(REFUSED):
            self.assertEqual(done.returncode, 13, done.stderr)
            self.assertIn(RULE, done.stderr)
            self.assertIn("mend: " + DRAFTS, done.stderr)
            self.assertEqual((self.project.tree / "CLAUDE.md").read_text(), "before")
            self.assertEqual(sorted(path.name for path in self.project.tree.iterdir()
                                    if path.name.upper() in ("AGENTS.MD", "QWEN.MD")), [])

    def test_the_user_may_let_it(self):
        for done in self.tried(REFUSED, DRAFTS):
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_an_agent_makes_is_its_own(self):
        for done in self.tried(FREE):
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_an_agent_wrote_comes_to_no_place_of_before(self):
        for name, told in (("AGENTS.md", RULE), (".mcp.json", "protected-name")):
            ways = {f"{way}: {name}": action.replace("{name}", name) for way, action in ROUNDABOUT.items()}
            for done in self.tried(ways):
                self.assertEqual(done.returncode, 13, done.stderr)
                self.assertIn(told if "link" not in done.stderr else RULE, done.stderr)
                for place in ("notes", "old", "empty"):
                    self.assertFalse((self.project.tree / place / name).exists() and
                                     (self.project.tree / place / name).read_text() != "before")

    def test_of_a_verified_file_it_is_said_that_it_is_one(self):
        self.ran(self.project.nono("trust", "sign", "CLAUDE.md"))
        for option in ((), (DRAFTS,)):
            for action in ("write('CLAUDE.md')", "os.rename('plain', 'CLAUDE.md')", "os.remove('CLAUDE.md')"):
                done = self.attempt(action, *option)
                self.assertEqual(done.returncode, 13, done.stderr)
                self.assertIn("verified-file", done.stderr)
                self.assertNotIn(RULE, done.stderr)
        self.assertEqual(self.attempt("write('CLAUDE.md')", "--allow-instruction-edit").returncode, 0)
        self.assertEqual(self.attempt("write('AGENTS.md')", "--allow-instruction-edit").returncode, 0)

    OWN = """
import shutil
os.makedirs('clone/.git')  # what was signed there stands as CLAUDE.md here, too
for name in ('CLAUDE.md', 'CLAUDE.md.bundle'):
    with open(name) as file: write('clone/' + name, file.read())
assert open('clone/CLAUDE.md').read() == 'before'
"""

    def test_a_copy_of_a_verified_file_in_its_own_directory_is_the_agents(self):
        self.ran(self.project.nono("trust", "sign", "CLAUDE.md"))
        for action in ("os.rename('clone', 'moved')\nshutil.rmtree('moved')",
                       "os.remove('clone/CLAUDE.md.bundle')\nos.remove('clone/CLAUDE.md')",
                       "write('clone/CLAUDE.md', how='a')\nos.truncate('clone/CLAUDE.md', 0)",
                       "write('clone/new')\nos.rename('clone/new', 'clone/CLAUDE.md')",
                       "write('clone/.nono-trust.bundle')\nos.remove('clone/.nono-trust.bundle')"):
            self.ran(self.attempt(self.OWN + action))
            for name in ("clone", "moved"):
                shutil.rmtree(self.project.tree / name, ignore_errors=True)

    def test_it_is_not_read_once_it_is_changed(self):
        self.ran(self.project.nono("trust", "sign", "CLAUDE.md"))
        done = self.attempt(self.OWN + "write('clone/CLAUDE.md', how='a')\nopen('clone/CLAUDE.md')")
        self.assertEqual(done.returncode, 13, done.stderr)
        self.assertIn("denied: ", done.stderr)

    def test_of_the_users_own_nothing_becomes_such_a_copy(self):
        self.ran(self.project.nono("trust", "sign", "CLAUDE.md"))
        os.remove(self.project.tree / "second")
        self.project.write(".nono-trust.bundle", "x")
        self.project.own()
        for action in ("os.rename('CLAUDE.md', 'clone/x')", "os.link('CLAUDE.md', 'clone/x')",
                       "os.link('clone/CLAUDE.md', 'x')", "os.rename('clone/CLAUDE.md', 'CLAUDE.md')",
                       "os.remove('CLAUDE.md.bundle')", "os.remove('.nono-trust.bundle')",
                       "os.rename('clone', 'empty')\nwrite('empty/CLAUDE.md')"):
            shutil.rmtree(self.project.tree / "clone", ignore_errors=True)
            with self.subTest(action):
                done = self.attempt(self.OWN + action)
                self.assertEqual(done.returncode, 13, done.stderr)
                self.assertIn("refused: ", done.stderr)
                self.assertEqual((self.project.tree / "CLAUDE.md").read_text(), "before")

    def test_what_a_policy_guards_counts(self):
        self.project.write(".git/HEAD", "ref: refs/heads/main\n")
        self.project.write("trust-policy.json", '{"version": 1, "includes": ["prompts/**/*.txt"],'
                           ' "publishers": [], "enforcement": "deny"}')
        self.project.own()
        self.ran(self.project.nono("trust", "sign-policy"))
        done = self.attempt("os.mkdir('prompts')\nwrite('prompts/other')\nwrite('prompts/x.txt')")
        self.assertEqual(done.returncode, 13, done.stderr)
        self.assertIn(RULE, done.stderr)
        self.assertEqual(os.listdir(self.project.tree / "prompts"), ["other"])

    def test_what_a_policy_guards_is_free_in_packages(self):
        self.project.write(".git/HEAD", "ref: refs/heads/main\n")
        self.project.write("trust-policy.json", '{"version": 1, "includes": ["**/*.md"],'
                           ' "publishers": [], "enforcement": "deny"}')
        self.project.own()
        self.ran(self.project.nono("trust", "sign-policy"))
        self.ran(self.attempt("write('node_modules/p/README.md')"))
        done = self.attempt("os.mkdir('.cursor/rules/node_modules')\nwrite('.cursor/rules/node_modules/x.md')")
        self.assertEqual(done.returncode, 13, done.stderr)
        self.assertEqual(self.attempt("write('README.md')").returncode, 13)

    def test_it_is_no_question_to_anybody(self):
        outside = self.project.base / "outside"
        outside.mkdir()
        rules = self.project.base / "rules.json"
        rule = {"path": f"{self.project.base}/**", "operations": ["write", "create"],
                "approval": "allow", "scope": "session"}
        rules.write_text(json.dumps({"schema": "nono/approval-rules/1", "rules": [rule]}))
        for path in (outside, rules):
            os.chown(path, self.project.uid, -1)
        approve = ("--approve", f"rules:{rules}")
        self.ran(self.attempt(f"write('{outside}/x')", *approve))
        for path in ("AGENTS.md", outside / "AGENTS.md"):
            done = self.attempt(f"write('{path}')", *approve)
            self.assertEqual(done.returncode, 13, done.stderr)
            self.assertIn(RULE, done.stderr)

    def test_the_banner_says_what_is_let(self):
        done = self.project.nono("run", "--allow-cwd", "--trust-scan=none", DRAFTS, "--dry-run", "--", "true")
        self.assertIn(DRAFTS, self.ran(done).stdout + done.stderr)


support.both_users(globals(), Drafts)

if __name__ == "__main__":
    support.main()
