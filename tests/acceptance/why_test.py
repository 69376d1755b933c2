"""What `nono why` answers is what the sandbox does: each question is asked, then really tried.

One table of paths and operations; every row is asked with the options of the run, and then done by
a program in that run. The two must agree, and the rules that deny must be those that are expected.
"""

import json
import os
import pathlib
import socket
import subprocess

import support

PY = "/usr/bin/python3"

# What the program in the sandbox does with a list of [operation, path]: it prints for each whether
# permission was there (0) or the errno. What fails for a reason that is no permission counts as let
# through.
TRY = r"""
import errno, json, os, socket, stat, subprocess, sys

def read(path):
    if os.path.isdir(path):
        os.listdir(path)
    else:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))

def write(path):
    os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))

def execute(path):
    subprocess.run([os.path.abspath(path)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)

def create(path):
    if path.endswith("/"):
        os.mkdir(path)
    else:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))

def remove(path):
    is_dir = os.path.isdir(path) and not os.path.islink(path)
    os.rmdir(path) if is_dir else os.unlink(path)

def metadata(path):
    os.chmod(path, stat.S_IMODE(os.stat(path).st_mode))

def tcp(act, port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        getattr(s, act)(("127.0.0.1", port))
        if act == "bind":
            s.listen()

def connect(path):
    if isinstance(path, int):
        return tcp("connect", path)
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)

def listen(port):
    tcp("bind", port)

ACTS = dict(read=read, write=write, exec=execute, create=create, remove=remove,
            metadata=metadata, connect=connect, listen=listen)
HARMLESS = {errno.ECONNREFUSED, errno.EADDRINUSE, errno.ENXIO}
out = []
for operation, path in json.load(sys.stdin):
    try:
        ACTS[operation](path)
        out.append(0)
    except OSError as error:
        code = error.errno or errno.EACCES
        special = operation in ("read", "write") and isinstance(path, str) and (
            os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode))
        out.append(0 if code in HARMLESS and not special else code)
print(json.dumps(out))
"""

ALL = ("read", "write", "exec", "create", "remove", "metadata")

# Path below the project (or absolute, {base} and {home} filled in), and the rule for each operation
# of ALL that is to deny it; "-" where it is to be allowed. "a|b": as root, or as another user.
ROWS = [
    ("plain", "- - - exists - -"),
    ("sub/../twin", "- - file-mode exists - -"),
    ("./sub//plain", "- - file-mode exists - -"),
    ("sub", "- is-directory is-directory exists not-empty -"),
    ("empty", "- is-directory is-directory exists - -"),
    ("to-plain", "- - - exists - -"),
    ("to-outside", "outside-grants outside-grants outside-grants exists - metadata-outside-grants"),
    ("sub/../../outside/file",
     "outside-grants outside-grants outside-grants exists outside-grants metadata-outside-grants"),
    ("{base}/outside/granted",
     "- outside-grants outside-grants exists outside-grants metadata-outside-grants"),
    ("{base}/outside/writable", "outside-grants - outside-grants exists outside-grants -"),
    ("{base}/outside/new",
     "outside-grants outside-grants outside-grants outside-grants missing missing"),
    ("{base}/data/file", "- outside-grants outside-grants exists outside-grants "
                         "metadata-outside-grants"),
    ("{base}/data/", "- is-directory is-directory exists outside-grants metadata-outside-grants"),
    ("new", "missing missing missing - missing missing"),
    ("new-directory/", "missing missing missing - missing missing"),
    ("sub/../other", "missing missing missing - missing missing"),
    ("nowhere/new", "missing missing missing missing missing missing"),
    ("dangling", "missing missing missing exists - missing"),
    ("dangling/", "missing missing missing exists missing missing"),
    ("closed", "file-mode file-mode file-mode exists - -"),
    ("shut/file", "- - file-mode exists file-mode -"),
    ("shut/new", "missing missing missing file-mode missing missing"),
    ("fifo", "- - file-mode exists - -"),
    ("socket", "not-openable not-openable file-mode exists - -"),
    # Names that run code later.
    (".git/config", "- protected-name file-mode exists protected-name protected-name"),
    (".git/hooks/pre-commit", "- protected-name - exists protected-name protected-name"),
    (".git/hooks/new", "missing missing missing protected-name missing missing"),
    (".GIT/hooks/new", "missing missing missing missing missing missing"),
    (".envrc", "missing missing missing protected-name missing missing"),
    (".EnvRC", "missing missing missing protected-name missing missing"),
    (".vscode/", "missing missing missing - missing missing"),
    (".husky/x", "- protected-name file-mode exists protected-name protected-name"),
    ("to-config", "- protected-name file-mode exists - protected-name"),
    ("node_modules/p/.envrc", "missing missing missing - missing missing"),
    # Guarded files: unsigned, signed, by other names.
    ("CLAUDE.md", "no-bundle instruction-draft guarded-execute exists instruction-draft -"),
    ("to-claude", "no-bundle instruction-draft guarded-execute exists - -"),
    ("second-name", "no-bundle guarded-hard-link guarded-execute exists instruction-draft -"),
    ("sub/SKILL.md", "missing missing missing instruction-draft missing missing"),
    (".claude/commands/x.md", "missing missing missing missing missing missing"),
    ("node_modules/p/AGENTS.md", "missing missing missing - missing missing"),
    ("AGENTS.md", "- verified-file guarded-execute exists verified-file -"),
    ("to-agents", "- verified-file guarded-execute exists - -"),
    ("AGENTS.md.bundle", "- evidence file-mode exists evidence -"),
    ("CLAUDE.md.bundle", "missing missing missing - missing missing"),
    ("linked/GEMINI.md.bundle", "- evidence file-mode exists evidence -"),
    ("linked/GEMINI.md", "no-bundle instruction-draft guarded-execute exists instruction-draft -"),
    ("target", "no-bundle instruction-draft guarded-execute exists instruction-draft -"),
    ("sub/.envrc", "no-bundle protected-name guarded-execute exists protected-name protected-name"),
    # What every agent gets, and what none does.
    ("/usr/bin/true", "- outside-grants - exists outside-grants metadata-outside-grants"),
    ("/etc/passwd", "- outside-grants outside-grants exists outside-grants "
                    "metadata-outside-grants"),
    ("/etc/shadow", "never-grant|file-mode never-grant never-grant exists outside-grants never-grant"),
    ("/dev/null", "- - outside-grants exists never-grant device"),
    ("{home}/.ssh/id_test", "never-grant never-grant never-grant exists protected-name never-grant"),
    ("{home}/.ssh", "never-grant is-directory is-directory exists outside-grants never-grant"),
    ("{home}/.ssh/no/way", "never-grant never-grant never-grant missing missing missing"),
    ("{home}/.aws/credentials", "never-grant never-grant never-grant missing missing missing"),
    ("{home}/.ssh/new", "never-grant never-grant never-grant protected-name missing missing"),
    # The interpreter of a script counts, and the loader of an ELF file.
    ("script", "- - - exists - -"),
    ("foreign-script", "- - outside-grants exists - -"),
    ("foreign-loader", "- - outside-grants exists - -"),
    # A copy of a program that is held back, and a program that nobody can look at.
    ("copy-of-mount", "- - command exists - -"),
    ("shut-program", "file-mode file-mode command exists - -"),
]


class Why(support.SandboxCase):
    def fixture(self):
        project = self.project
        base, tree, home = project.base, project.tree, project.home
        for directory in (base / "outside", base / "data", home / ".ssh", tree / "sub",
                          tree / "shut", tree / ".git/hooks", tree / ".husky", tree / "linked",
                          tree / "node_modules/p", tree / "empty"):
            directory.mkdir(parents=True, exist_ok=True)
        for file in (base / "outside/file", base / "outside/granted", base / "outside/writable",
                     base / "data/file", home / ".ssh/id_test", tree / "sub/plain",
                     tree / "closed", tree / "shut/file", tree / ".git/config", tree / ".husky/x",
                     tree / "target", tree / "linked/GEMINI.md.bundle", tree / "twin", tree / "CLAUDE.md", tree / "AGENTS.md"):
            file.write_text("text\n")
        for file, shell in ((tree / "plain", "/bin/sh"), (tree / "script", "/bin/sh"),
                            (tree / ".git/hooks/pre-commit", "/bin/sh"),
                            (tree / "foreign-script", str(base / "outside/sh"))):
            file.write_text(f"#!{shell}\nexit 0\n")
            file.chmod(0o755)
        if not (base / "outside/sh").exists():
            (base / "outside/sh").write_bytes(pathlib.Path("/bin/true").read_bytes())
            (base / "outside/sh").chmod(0o755)
        if not (tree / "foreign-loader").exists():
            support.with_own_loader("/bin/true", base / "outside/ld.so", tree / "foreign-loader")
        for name, program in (("copy-of-mount", "/bin/mount"), ("shut-program", "/bin/true")):
            (tree / name).write_bytes(pathlib.Path(program).read_bytes())
            (tree / name).chmod(0o755)
        for name, target in (("to-plain", "plain"), ("to-outside", "../outside/file"),
                             ("to-config", ".git/config"), ("to-claude", "sub/../CLAUDE.md"),
                             ("to-agents", "AGENTS.md"), ("dangling", "nothing"),
                             ("linked/GEMINI.md", "../target")):
            os.symlink(target, tree / name)
        os.mkfifo(tree / "fifo")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tree / "socket"))
        listener.listen()
        self.addCleanup(listener.close)
        if project.uid != os.geteuid():
            for directory in (base / "outside", base / "data"):
                self.own(directory)
        project.own()
        os.link(tree / "CLAUDE.md", tree / "second-name")
        os.link(tree / "CLAUDE.md", tree / "sub/.envrc")
        self.ran(project.nono("trust", "sign", "AGENTS.md"))
        (tree / "closed").chmod(0)
        (tree / "shut-program").chmod(0o111)
        (tree / "shut").chmod(0o500)

    def own(self, directory):
        subprocess.run(["chown", "-R", f"{self.project.uid}:{self.project.uid}", directory],
                       check=True)

    def options(self):
        outside = self.project.base / "outside"
        return ["--allow-cwd", "--read-file", outside / "granted", "--write-file",
                outside / "writable", "--data", self.project.base / "data"]

    def path(self, text):
        return text.format(base=self.project.base, home=self.project.home)

    def ask(self, operation, path, options=None):
        subject = ["--port", path] if isinstance(path, int) else ["--path", path]
        done = self.project.nono("why", "--op", operation, *subject, "--json",
                                 *(self.options() if options is None else options))
        self.assertIn(done.returncode, (0, 1), done.stderr)
        answer = json.loads(done.stdout)
        self.assertEqual(answer["allowed"], done.returncode == 0)
        return answer

    def attempt(self, pairs, options=None):
        done = self.project.sandbox(
            PY, "-c", TRY, input=json.dumps(pairs), stdin=None,
            options=(*(self.options() if options is None else options), "--trust-scan", "none"))
        self.assertTrue(done.stdout, done.stderr)
        return json.loads(done.stdout)

    def compare(self, operation):
        """Asks every row, tries every row in one run, and compares."""
        self.fixture()
        column = ALL.index(operation)
        rows = [(self.path(path), rules.split()[column]) for path, rules in ROWS]
        answers = [self.ask(operation, path) for path, _ in rows]
        results = self.attempt([[operation, path] for path, _ in rows])
        for (path, rule), answer, result in zip(rows, answers, results):
            with self.subTest(operation=operation, path=path):
                self.assertEqual(answer["allowed"], result == 0,
                                 f"why: {answer}; the sandbox: {os.strerror(result)}")
                self.assertIn("-" if answer["allowed"] else answer["rule"], rule.split("|"))

    def test_read(self):
        self.compare("read")

    def test_write(self):
        self.compare("write")

    def test_exec(self):
        self.compare("exec")

    def test_create(self):
        self.compare("create")

    def test_remove(self):
        self.compare("remove")

    def test_metadata(self):
        self.compare("metadata")

    def test_kept_trees(self):
        self.fixture()
        options = ["--allow-cwd", "--keep", "sub", "--keep", self.project.tree / "node_modules/p"]
        rows = [("sub/plain", "kept-tree"), ("sub", "kept-tree"), ("node_modules", "kept-tree"),
                ("to-plain", "-")]
        results = self.attempt([["remove", path] for path, _ in rows], options)
        self.project.tree.joinpath("to-plain").symlink_to("plain")
        for (path, rule), result in zip(rows, results):
            with self.subTest(path=path):
                answer = self.ask("remove", path, options)
                self.assertEqual(answer["allowed"], result == 0, answer)
                self.assertEqual("-" if answer["allowed"] else answer["rule"], rule)

    def test_a_grant_that_cannot_be_listed(self):
        self.fixture()
        shut = self.project.base / "outside"
        shut.chmod(0o311)
        options = ["--allow", shut]
        self.assertTrue(self.ask("read", shut / "granted", options)["allowed"])
        self.assertEqual(self.attempt([["read", str(shut / "granted")]], options), [0])

    def test_links_that_the_view_of_a_run_does_not_show(self):
        self.fixture()
        base, tree = self.project.base, self.project.tree
        (base / "way").symlink_to(tree)
        (base / "elsewhere").mkdir()
        for name, target in (("by", tree), ("file", tree / "plain")):
            (base / "elsewhere" / name).symlink_to(target)
        (tree / "round").symlink_to("../elsewhere/by/sub")
        paths = [base / "elsewhere/by/plain", base / "elsewhere/file", tree / "round/plain",
                 tree / "to-plain", base / "way/plain", base / "way/../data/file"]
        for view in ("on", "off"):
            options = [*self.options(), "--block-net", f"--mount-namespace={view}"]
            pairs = [[operation, str(path)] for path in paths
                     for operation in ("read", "write", "metadata")]
            pairs += [["create", str(base / "elsewhere/by/new")]]
            for pair, result in zip(pairs, self.attempt(pairs, options)):
                with self.subTest(view=view, pair=pair):
                    answer = self.ask(*pair, options)
                    self.assertEqual(answer["allowed"] or answer["rule"] == "exists", result == 0,
                                     answer)
        options = [*self.options(), "--block-net", "--mount-namespace=on"]
        path = str(base / "elsewhere/file")
        mend = self.ask("read", path, options)["mend"]
        self.assertEqual(mend, f"--read-file {path}")
        self.assertEqual(self.attempt([["read", path]], [*options, *mend.split()]), [0])
        (base / "farther").mkdir()
        (base / "farther/file").write_text("text\n")
        (base / "elsewhere/far").symlink_to(base / "farther")
        path = str(base / "elsewhere/far/file")
        mend = self.ask("read", path, options)["mend"]
        self.assertEqual(self.attempt([["read", path]], [*options, *mend.split()]), [0])

    def test_ports(self):
        tables = [
            ([], {("connect", 4711): "-", ("listen", 4712): "-", ("listen", 80): "privileged-port"}),
            (["--block-net"], {("connect", 4711): "network-blocked",
                               ("listen", 4712): "network-blocked"}),
            (["--connect-port", 4711], {("connect", 4711): "-", ("connect", 4713): "port-not-granted",
                                        ("listen", 4711): "port-not-granted"}),
            (["--listen-port", 4712], {("listen", 4712): "-", ("listen", 4713): "port-not-granted",
                                       ("connect", 4712): "port-not-granted"}),
        ]
        for extra, rows in tables:
            options = ["--allow-cwd", *extra]
            results = self.attempt([list(row) for row in rows], options)
            for ((operation, port), rule), result in zip(rows.items(), results):
                with self.subTest(options=extra, operation=operation, port=port):
                    answer = self.ask(operation, port, options)
                    self.assertEqual(answer["allowed"], result == 0, answer)
                    self.assertEqual("-" if answer["allowed"] else answer["rule"], rule)

    def test_unix_sockets_of_others(self):
        self.fixture()
        answer = self.ask("connect", "socket")
        self.assertEqual((answer["allowed"], answer["rule"]), (False, "unix-socket"))
        self.assertNotEqual(self.attempt([["connect", "socket"]]), [0])

    def test_variables(self):
        env = {"NAMED_TOKEN": "abc", "HARMLESS": "yes"}
        for name, options, allowed, rule in (
                ("HARMLESS", [], True, "passed"), ("NAMED_TOKEN", [], False, "variable-dropped"),
                ("NAMED_TOKEN", ["--env", "NAMED_TOKEN"], True, "passed"),
                ("NOWHERE", [], False, "not-set")):
            done = self.project.nono("why", "--variable", name, "--json", *options, env=env)
            answer = json.loads(done.stdout)
            self.assertEqual((answer["allowed"], answer["rule"]), (allowed, rule), name)
            ran = self.project.sandbox("printenv", name, options=("--allow-cwd", *options), env=env)
            self.assertEqual(ran.returncode == 0, allowed, name)

    def test_the_mending_option_mends(self):
        self.fixture()
        for operation, path in (("read", "{base}/outside/file"), ("write", "{base}/outside/file"),
                                ("create", "{base}/outside/new"), ("write", "AGENTS.md"),
                                ("exec", "{base}/outside/sh"),
                                ("metadata", "{base}/outside/file"),
                                ("read", "{home}/.ssh/id_test")):
            with self.subTest(operation=operation, path=path):
                path = self.path(path)
                answer = self.ask(operation, path, ["--allow-cwd"])
                self.assertFalse(answer["allowed"])
                options = ["--allow-cwd", *answer["mend"].split()]
                self.assertTrue(self.ask(operation, path, options)["allowed"])
                self.assertEqual(self.attempt([[operation, path]], options), [0])

    def test_what_run_would_refuse_is_refused(self):
        self.fixture()
        done = self.project.nono("why", "--path", "plain", "--allow", self.project.home / ".ssh")
        self.assertNotIn(done.returncode, (0, 1))
        self.assertIn("never granted", done.stderr)
        run = self.project.sandbox("true", options=("--allow", self.project.home / ".ssh"))
        self.assertEqual((run.returncode, run.stderr), (done.returncode, done.stderr))

    def test_usage(self):
        for words in ([], ["--path", "a", "--port", "1"], ["--path", "a", "--op", "fly"],
                      ["--port", "0"], ["--port", "1", "--op", "read"], ["--op", "listen"],
                      ["--path", "a", "--op", "listen"], ["--path", ""],
                      ["--path", "a", "--op", "pass"], ["--path", "a", "--self"]):
            with self.subTest(words=words):
                self.assertEqual(self.project.nono("why", *words).returncode, 2)

    def test_inside_the_session_answers(self):
        self.fixture()
        nono = self.project.base / "data/nono"
        os.link(support.NONO, nono) if os.stat(support.NONO).st_dev == os.stat(
            self.project.base).st_dev else nono.write_bytes(pathlib.Path(support.NONO).read_bytes())
        options = [*self.options(), "--exec", nono, "--trust-scan", "none"]
        for operation, path, code, rule in (
                ("read", "plain", 0, "tried"), ("write", "plain", 0, "tried"),
                ("exec", "plain", 0, "tried"), ("read", "{base}/outside/file", 1, "refused"),
                ("write", ".git/config", 1, "protected-name"),
                ("read", "CLAUDE.md", 1, "guarded-file"), ("read", "AGENTS.md", 0, "tried"),
                ("read", "nothing", 1, "missing"), ("create", "new", 1, "not-known-here")):
            for more in ([], ["--self"]):
                with self.subTest(operation=operation, path=path, more=more):
                    done = self.project.sandbox(nono, "why", "--json", "--op", operation, "--path",
                                                self.path(path), *more, options=options)
                    self.assertEqual(done.returncode, code, done.stderr + done.stdout)
                    self.assertEqual(json.loads(done.stdout)["rule"], rule)


support.both_users(globals(), Why)

if __name__ == "__main__":
    support.main()
