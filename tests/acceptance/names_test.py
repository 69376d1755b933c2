"""Names that the broker makes, moves and removes for the agent: as the kernel would."""

import os
import subprocess
import unittest

import support

PY = "/usr/bin/python3"

# A directory whose default ACL gives more than the umask, one whose ACL gives less, one without.
MODES = """
import os, struct, sys
def acl(mask, other):
    entries = ((1, 7, -1), (2, 7, 12345), (4, 7, -1), (16, mask, -1), (32, other, -1))
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, rights, id & 0xffffffff) for tag, rights, id in entries)
for name, value in (("more", acl(7, 5)), ("less", acl(4, 0)), ("none", None)):
    os.mkdir(name)
    if value:
        os.setxattr(name, "system.posix_acl_default", value)
    for mask in (0o077, 0o022, 0):
        os.umask(mask)
        at = f"{name}/{mask:o}"
        os.close(os.open(at + "file", os.O_CREAT | os.O_WRONLY, 0o666))
        os.close(os.open(at + "exclusive", os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o1755))
        os.mkdir(at + "directory", 0o1777)
        os.mkfifo(at + "fifo", 0o666)
        os.mknod(at + "node", 0o640)
        for kind in ("file", "exclusive", "directory", "fifo", "node"):
            print(at + kind, oct(os.stat(at + kind).st_mode))
    os.umask(0o022)
    os.close(os.open(name + "-after", os.O_CREAT | os.O_WRONLY, 0o666))
    print(oct(os.stat(name + "-after").st_mode))
"""


NAMELESS = """
import ctypes, errno, os, sys
FLAGS = os.O_TMPFILE | os.O_RDWR
def nameless(where, flags=os.O_EXCL, mode=0o666):
    try:
        return os.open(where, FLAGS | flags, mode)
    except OSError as error:
        return errno.errorcode[error.errno]
def tell(name, made):
    if isinstance(made, int):
        os.write(made, b"text")
        os.lseek(made, 0, 0)
        status = os.fstat(made)
        made = f"{os.read(made, 9)} {status.st_mode:o} {status.st_nlink}"
    print(name, made)
os.umask(0o027)
for where in (".", "/tmp", "/tmp/", "sub", "link", "file", "missing", "/etc", "/var/tmp"):
    tell(where, nameless(where))
tell("read", nameless("/tmp", os.O_EXCL | os.O_CREAT))
tell("linkable", nameless("/tmp", 0))
libc = ctypes.CDLL(None, use_errno=True)
for flags in (os.O_EXCL, 0):
    kept = f"/proc/self/fd/{nameless('.', flags)}".encode()
    done = libc.linkat(-100, kept, -100, b"named", 0x400)
    print("link", errno.errorcode[ctypes.get_errno()] if done else "made")
libc.tmpfile.restype = ctypes.c_void_p
print("tmpfile", bool(libc.tmpfile()))
"""


class Nameless(support.SandboxCase):
    def tells(self, options=("--allow-cwd",), code=NAMELESS):
        self.project.write("sub/x", "")
        self.project.write("file", "")
        (self.project.tree / "link").symlink_to("sub")
        self.project.own()
        return self.ran(self.project.sandbox(PY, "-c", code, options=options))

    def test_file_that_gets_no_name_lies_in_the_private_directory_where_tmp_is_not_granted(self):
        done = self.tells()
        made = "b'text' 100640 0"
        self.assertEqual(done.stdout.splitlines(), [
            f". {made}", f"/tmp {made}", f"/tmp/ {made}", f"sub {made}", f"link {made}", "file ENOTDIR",
            "missing ENOENT", "/etc EACCES", "/var/tmp EACCES", "read EINVAL", "linkable EACCES",
            "link ENOENT", "link made", "tmpfile True"])
        self.assertNotIn("/tmp", done.stderr.replace(str(self.project.tmp), ""))

    def test_control_outside_it_lies_in_tmp(self):
        (self.project.tree / "sub").mkdir()
        (self.project.tree / "link").symlink_to("sub")
        self.project.write("file", "")
        self.project.own()
        out = self.project.run(PY, "-c", NAMELESS).stdout
        self.assertIn("/tmp b'text' 100640 0\n", out)
        self.assertIn("linkable b'text' 100640 0\n", out)
        self.assertIn("link ENOENT\nlink made\n", out)

    def test_it_is_on_the_file_system_of_the_private_directory(self):
        code = ("import os; fd = os.open('/tmp', os.O_TMPFILE | os.O_RDWR | os.O_EXCL, 0o600)\n"
                "own = os.environ['TMPDIR']\n"
                "print(os.readlink(f'/proc/self/fd/{fd}').startswith(own + '/#'))")
        self.assertEqual(self.tells(code=code).stdout, "True\n")

    def test_where_tmp_is_granted_it_lies_there(self):
        code = ("import os; fd = os.open('/tmp', os.O_TMPFILE | os.O_RDWR | os.O_EXCL, 0o600)\n"
                "print(os.readlink(f'/proc/self/fd/{fd}').startswith('/tmp/#'))")
        self.assertEqual(self.tells(("--allow-cwd", "--allow", "/tmp"), code).stdout, "True\n")

    def test_it_needs_a_number_for_its_descriptor(self):
        code = ("import errno, os, resource\n"
                "top = os.dup(0)\n"
                "resource.setrlimit(resource.RLIMIT_NOFILE, (top + 1, top + 1))\n"
                "try: os.open('/tmp', os.O_TMPFILE | os.O_RDWR | os.O_EXCL, 0o600)\n"
                "except OSError as error: print(errno.errorcode[error.errno])")
        self.assertEqual(self.tells(code=code).stdout, "EMFILE\n")


class Modes(support.SandboxCase):
    def test_default_acls_and_umasks_count_as_without_the_sandbox(self):
        outside = self.project.run(PY, "-c", MODES)
        if "Operation not supported" in outside.stderr:
            self.skipTest("this file system has no access control lists")
        self.ran(outside)
        self.assertIn("more/77file 0o100664", outside.stdout)
        self.assertIn("none/77file 0o100600", outside.stdout)
        self.project.run("rm", "-rf", "more", "less", "none", check=True)
        inside = self.ran(self.project.sandbox(PY, "-c", MODES))
        self.assertEqual(inside.stdout, outside.stdout)

    def test_nothing_is_made_that_runs_as_its_owner(self):
        """Another user who executes it would be this one, outside the sandbox."""
        tries = {
            "open": "os.open('f', os.O_CREAT | os.O_WRONLY, 0o4755)",
            "open-group": "os.open('g', os.O_CREAT | os.O_WRONLY, 0o2755)",
            "temporary": "os.open('.', os.O_TMPFILE | os.O_WRONLY, 0o4755)",
            "mknod": "os.mknod('m', 0o104755)",
            "chmod": "os.chmod('own', 0o4755)",
            "fchmod": "os.fchmod(os.open('own', os.O_RDONLY), 0o4755)",
            "chmod-group": "os.chmod('own', 0o2755)",
            "fchmod-group": "os.fchmod(os.open('own', os.O_RDONLY), 0o2755)",
        }
        self.project.write("own", "#!/bin/sh\n")
        code = "import os\nos.umask(0)\n" + "".join(
            f"try: {call}; print('{name}')\nexcept PermissionError: pass\n" for name, call in tries.items())
        names = ("f", "g", "m", "own")
        outside = self.ran(self.project.run(PY, "-c", code))
        self.assertEqual(outside.stdout.split(), list(tries))
        for name in names[:-1]:
            (self.project.tree / name).unlink()
        (self.project.tree / "own").chmod(0o755)
        free = "os.mkdir('d'); os.chmod('d', 0o2775); os.chmod('own', 0o1755); print('free')\n"
        run = self.project.sandbox(PY, "-c", code + free)
        wrap = self.project.nono("wrap", "--allow-cwd", "--", PY, "-c", code)
        self.assertEqual((run.stdout, wrap.stdout), ("free\n", ""), run.stderr + wrap.stderr)
        for name in names:
            path = self.project.tree / name
            self.assertFalse(path.exists() and path.stat().st_mode & 0o6000, name)
        self.assertEqual((self.project.tree / "d").stat().st_mode & 0o7777, 0o2775)


# Calls that the kernel refuses for what they say, by number where the C library would correct them.
ODD = """
import ctypes, errno, os, platform, socket, stat
libc = ctypes.CDLL(None, use_errno=True)
x86 = platform.machine() == "x86_64"
LINKAT, FCHOWNAT, UTIMENSAT, MKNODAT = (265, 260, 280, 259) if x86 else (37, 54, 88, 33)
WATCH = 254 if x86 else 27
def call(what, *args):
    ctypes.set_errno(0)
    done = libc.syscall(*args)
    print(what, errno.errorcode[ctypes.get_errno()] if done < 0 else "done")
def attempt(what, function, *args, **rest):
    try:
        function(*args, **rest)
        print(what, "done")
    except OSError as error:
        print(what, errno.errorcode[error.errno])
HERE = -100
open("f", "w").close()
os.mkdir("d")
os.symlink("d", "l")
for flags in (0x1, 0x80, 0x200, 0x800, 0x100000):
    call(f"linkat {flags}", LINKAT, HERE, b"f", HERE, b"f%d" % flags, flags)
    call(f"fchownat {flags}", FCHOWNAT, HERE, b"f", -1, -1, flags)
    call(f"utimensat {flags}", UTIMENSAT, HERE, b"f", None, flags)
    call(f"futimens {flags}", UTIMENSAT, os.open("f", os.O_RDONLY), None, None, flags)
call("linkat follow", LINKAT, HERE, b"f", HERE, b"f-two", 0x400)
call("fchownat itself", FCHOWNAT, HERE, b"l", -1, -1, 0x100)
call("utimensat itself", UTIMENSAT, HERE, b"l", None, 0x100)
call("futimens", UTIMENSAT, os.open("f", os.O_RDONLY), None, None, 0)
for mode in (stat.S_IFDIR, stat.S_IFLNK, stat.S_IFREG, 0, 0o170000):
    call(f"mknodat {mode:o}", MKNODAT, HERE, b"n%o" % mode, mode | 0o755, 0)
print(sorted(os.listdir(".")))
for name in (".", "d", "d/", "l", "/proc/self/cwd", "/proc/self/cwd/d"):
    attempt(f"create {name}", os.open, name, os.O_CREAT | os.O_RDONLY)
    attempt(f"open {name}", os.open, name, os.O_RDONLY)
for name in (".", "..", "d/.", "d/..", "f/.", "none/.", "none/..", "/"):
    attempt(f"make directory {name}", os.mkdir, name)
    attempt(f"make link {name}", os.symlink, "f", name)
    attempt(f"make second name {name}", os.link, "f", name)
    attempt(f"remove {name}", os.unlink, name)
for name in ("none/", "f/", "d/"):
    attempt(f"bind {name}", socket.socket(socket.AF_UNIX).bind, name)
for name in ("", "none", "f"):
    call(f"watch {name}", WATCH, libc.inotify_init(), name.encode(), 2)
attempt("empty directory", os.open, "d", os.O_RDONLY | os.O_TRUNC)
attempt("second name of a link", os.link, "l", "l-two", follow_symlinks=False)
print(os.readlink("l-two"), os.lstat("l").st_nlink)
attempt("truncate nothing", os.truncate, "", 0)
attempt("truncate directory", os.truncate, "d", 0)
attempt("truncate", os.truncate, "f", 1)
"""


class OddCalls(support.SandboxCase):
    maxDiff = None

    def test_what_the_kernel_refuses_is_refused_alike(self):
        (self.project.tree / "a").mkdir()
        (self.project.tree / "b").mkdir()
        self.project.own()
        outside = self.ran(self.project.run("sh", "-c", 'cd a && exec "$@"', "sh", PY, "-c", ODD))
        self.assertIn("create . EISDIR", outside.stdout)
        inside = self.ran(self.project.sandbox("sh", "-c", 'cd b && exec "$@"', "sh", PY, "-c", ODD))
        self.assertEqual(inside.stdout.splitlines(), outside.stdout.splitlines())


# What is there already: nothing can be made of these names, and the rules have no say.
TAKEN = """
import ctypes, errno, os, stat
libc = ctypes.CDLL(None, use_errno=True)
def attempt(what, function, *args):
    try:
        function(*args)
        print(what, "done")
    except OSError as error:
        print(what, errno.errorcode[error.errno])
def renamed(one, other, flags):
    if libc.renameat2(-100, one.encode(), -100, other.encode(), flags):
        raise OSError(ctypes.get_errno(), one)
FILES = (".mcp.json", "AGENTS.md", ".git/config", ".git/hooks/pre-commit", "linked/AGENTS.md", "link.md")
DIRECTORIES = (".husky/_", ".git/hooks", ".git/modules/s", ".claude/hooks", ".claude", "full")
for name in FILES + DIRECTORIES:
    attempt(f"mkdir {name}", os.mkdir, name)
    attempt(f"symlink {name}", os.symlink, "plain", name)
    attempt(f"link {name}", os.link, "plain", name)
    attempt(f"mknod {name}", os.mkfifo, name)
    attempt(f"exclusive {name}", os.open, name, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    for other in ("plain", "full", name):
        attempt(f"rename {name} {other} 1", renamed, name, other, 1)
        attempt(f"rename {other} {name} 1", renamed, other, name, 1)
for name in FILES:
    attempt(f"link {name} plain", os.link, name, "plain")
    attempt(f"rename full {name}", os.rename, "full", name)
    attempt(f"rename {name} full", os.rename, name, "full")
for name in DIRECTORIES:
    attempt(f"rename plain {name}", os.rename, "plain", name)
    attempt(f"rename {name} plain", os.rename, name, "plain")
    attempt(f"rename {name} full", os.rename, name, "full")
    attempt(f"rename full {name}", os.rename, "full", name)
"""


class TakenNames(support.SandboxCase):
    maxDiff = None
    OPTIONS = ("--allow-cwd", "--trust-scan=none")

    def setUp(self):
        super().setUp()
        for side in ("a", "b"):
            for name in (".mcp.json", "AGENTS.md", ".git/config", ".git/hooks/pre-commit",
                         "linked/AGENTS.md", ".git/modules/s/f", ".husky/_/f", ".claude/hooks/f",
                         "full/in/f", "plain"):
                self.project.write(f"{side}/{name}", "x")
            (self.project.tree / side / "link.md").symlink_to("AGENTS.md")
        self.project.own()

    def test_what_is_there_is_there_whatever_the_rules_say(self):
        outside = self.ran(self.project.run("sh", "-c", 'cd a && exec "$@"', "sh", PY, "-c", TAKEN))
        inside = self.ran(self.project.sandbox("sh", "-c", 'cd b && exec "$@"', "sh", PY, "-c", TAKEN,
                                               options=self.OPTIONS))
        self.assertEqual(inside.stdout.splitlines(), outside.stdout.splitlines())
        self.assertNotIn("refused", inside.stderr)

    def test_what_cannot_be_replaced_stays_what_it_was(self):
        """mv tries whether the directory that it moves into is a free name."""
        tries = "mv -T file a/full; mv -T own a/full; mv own a/full/"
        self.ran(self.project.sandbox(
            "sh", "-c", f"mkdir own clone; echo x > own/AGENTS.md; echo x > file; {tries}; "
            "mv clone a/full/ && echo x > a/full/clone/AGENTS.md", options=self.OPTIONS))
        self.assertTrue((self.project.tree / "a/full/own/AGENTS.md").exists())

    def test_packages_in_a_protected_tree_belong_to_it(self):
        names = (".claude/hooks/node_modules/p/i.js", ".gemini/extensions/e/site-packages/p.py",
                 ".git/hooks/node_modules/i.js", "node_modules/p/.husky/i.js")
        for name in names:
            self.project.write(name, "before")
        tries = "; ".join(f"echo x > {name}; rm {name}; echo x > {name}2" for name in names)
        self.project.sandbox("sh", "-c", f"{tries}; mv .claude/hooks/node_modules gone", options=self.OPTIONS)
        for name in names[:3]:
            self.assertEqual((self.project.tree / name).read_text(), "before")
            self.assertFalse((self.project.tree / (name + "2")).exists(), name)
        self.assertTrue((self.project.tree / (names[3] + "2")).exists())

    def test_outside_the_grants_the_grants_come_first(self):
        elsewhere = self.project.base / "elsewhere"
        (elsewhere / "full/in").mkdir(parents=True)
        self.project.own()
        done = self.project.sandbox(PY, "-c", f"import os; os.mkdir('d'); os.rename('d', '{elsewhere}/full')",
                                    options=self.OPTIONS)
        self.assertRegex(done.stderr, "Permission denied|cross-device")
        self.assertIn("outside-grants", done.stderr)


@unittest.skipUnless(os.geteuid() == 0, "only root can give a file away")
class StickyDirectories(support.SandboxCase):
    """fs.protected_regular and fs.protected_fifos, which the kernel holds against O_CREAT."""

    def tried(self, level):
        (self.project.base / "level").write_text(level + "\n")
        code = ("import os\n"
                "for name in ('shared/file', 'shared/pipe', 'shared/link', 'group/file', 'plain/file',\n"
                "             'owners/file', 'shared/own'):\n"
                "    for flags in (os.O_CREAT, os.O_CREAT | os.O_TRUNC, 0):\n"
                "        try: os.close(os.open(name, os.O_RDWR | os.O_NONBLOCK | flags)); print('ok')\n"
                "        except OSError as error: print(error.errno)\n"
                "os.stat('shared/file').st_size == 4 or print('emptied')\n")
        level_file = self.project.base / "level"
        return self.ran(self.mounted(
            f"mount --bind {level_file} /proc/sys/fs/protected_regular && "
            f"mount --bind {level_file} /proc/sys/fs/protected_fifos", support.NONO, "run", "-q",
            "--allow-cwd", "--", PY, "-c", code)).stdout.split()

    def test_what_is_another_users_there_is_not_opened_as_if_it_were_new(self):
        for name, mode, owner in (("shared", 0o1777, None), ("group", 0o1770, None),
                                  ("plain", 0o777, None), ("owners", 0o1777, 4711)):
            directory = self.project.tree / name
            directory.mkdir()
            (directory / "file").write_text("text")
            (directory / "own").write_text("text")
            os.mkfifo(directory / "pipe")
            self.project.own()
            directory.chmod(mode)
            if owner is not None:
                os.chown(directory, owner, self.uid)
        (self.project.tree / "shared/link").symlink_to("../shared/file")
        for each in self.project.tree.glob("*/[fp]i*"):
            os.chown(each, 4711, self.uid)
            each.chmod(0o666)
        fine = ["ok"] * 3
        kept = ["13", "13", "ok"]
        self.assertEqual(self.tried("0"), fine * 7 + ["emptied"])
        (self.project.tree / "shared/file").write_text("text")
        self.assertEqual(self.tried("1"), kept * 3 + fine * 4)
        self.assertEqual(self.tried("2"), kept * 4 + fine * 3)


class OwnProjects(support.SandboxCase):
    NEW = "mkdir -p p/.vscode && echo x > p/.vscode/settings.json"

    def test_a_new_project_is_the_agents_own_whatever_tree_was_removed(self):
        # More than there are places (kMaxPlaces).
        self.project.run("sh", "-c", "for i in $(seq 11); do mkdir -p big/$i; (cd big/$i; "
                         "seq 930 | xargs mkdir); done", check=True)
        self.ran(self.project.sandbox("sh", "-c", f"rm -rf big && {self.NEW}", timeout=300))
        self.assertTrue((self.project.tree / "p/.vscode/settings.json").exists())

    def test_where_one_was_removed_is_no_project_of_the_agents(self):
        self.project.write("p/a/b", "x")
        done = self.project.sandbox("sh", "-c", f"rm -rf p && {self.NEW}")
        self.assertNotEqual(done.returncode, 0)


class Moves(support.SandboxCase):
    def few_descriptors(self, script):
        how = (f"--trust-intercept={support.INTERCEPT}",) if support.INTERCEPT else ()
        return self.project.run("sh", "-c", 'ulimit -Sn 1024; exec "$@"', "sh", support.NONO, "run",
                                "--allow-cwd", *how, "--", "sh", "-c", script)

    def test_a_directory_of_more_directories_than_descriptors_moves(self):
        wide = self.project.tree / "wide"
        for number in range(1500):
            (wide / str(number)).mkdir(parents=True)
        self.project.own()
        self.ran(self.few_descriptors("mv wide wide2"))
        self.assertEqual(len(list((self.project.tree / "wide2").iterdir())), 1500)

    def test_a_deep_tree_moves(self):
        make = "for i in $(seq 1000); do mkdir d e; cd d; done; touch end"
        self.project.run("sh", "-c", f"mkdir deep && cd deep; {make}", check=True)
        self.ran(self.few_descriptors("mv deep deep2"))
        there = self.project.run("sh", "-c", "ls $(printf 'deep2/'; yes d/ | head -1000 | tr -d '\\n')")
        self.assertEqual(there.stdout.strip(), "end")
        self.project.run("rm", "-rf", "deep2")

    def test_what_is_protected_is_found_at_the_end_of_a_wide_directory(self):
        for number in range(1500):
            (self.project.tree / "wide" / str(number)).mkdir(parents=True)
        self.project.write("wide/777/.husky/pre-commit", "x")
        self.project.write("wide/777/.vscode/tasks.json", "x")
        done = self.few_descriptors("mv wide node_modules")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("protected-name", done.stderr)


# Opens the same path until it is known, and again for each line that it reads.
READER = """
import os, sys
path = os.path.abspath("file")
def tried():
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError as error:
        return str(error.errno)
print(*[tried() for _ in range(3)], flush=True)
for line in sys.stdin:
    print(tried(), flush=True)
"""


class KnownPaths(support.SandboxCase):
    """What takes the place of a file that was opened before is looked at anew."""

    def setUp(self):
        super().setUp()
        self.file = self.project.write("file", "text")
        self.project.write("sub/CLAUDE.md", "unverified")
        self.secret = self.project.base / "secret"
        self.secret.write_text("secret")
        self.project.own()

    def reader(self, *words):
        process = subprocess.Popen(
            self.project.command(*words, PY, "-c", READER), cwd=self.project.tree, text=True,
            env=self.project.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.assertEqual(process.stdout.readline(), "text text text\n")
        return process

    @staticmethod
    def again(process):
        process.stdin.write("\n")
        process.stdin.flush()
        return process.stdout.readline().strip()

    def replaced(self, process, make):
        new = self.project.tree / "new"
        make(new)
        if new.is_dir():
            self.file.unlink()
        new.rename(self.file)
        found = self.again(process)
        if self.file.is_dir():
            self.file.rmdir()
        new.write_text("text")
        new.rename(self.file)
        self.assertEqual([self.again(process) for _ in range(3)], ["text"] * 3)
        return found

    def test_another_object_at_its_place_is_judged_as_that(self):
        ways = (  # what is made, what is read outside the sandbox, and inside
            (lambda new: new.mkdir(), "21", "21"),
            (lambda new: new.write_text("other"), "other", "other"),
            (lambda new: new.symlink_to(self.secret), "secret", "13"),
            (lambda new: new.symlink_to("sub/CLAUDE.md"), "unverified", "13"),
            (lambda new: os.link(self.project.tree / "sub/CLAUDE.md", new), "unverified", "13"),
            (lambda new: new.symlink_to("/proc/self/comm"), "python3", "python3"),
        )
        outside = self.reader()
        inside = self.reader(support.NONO, "run", "--allow-cwd", "--")
        for make, read, allowed in ways:
            self.assertEqual(self.replaced(outside, make), read)
            self.assertEqual(self.replaced(inside, make), allowed)
        self.file.unlink()
        self.assertEqual([self.again(outside), self.again(inside)], ["2", "2"])

    def test_the_writer_of_a_fifo_at_its_place_keeps_its_reader(self):
        inside = self.reader(support.NONO, "run", "--allow-cwd", "--")
        new = self.project.tree / "new"
        for _ in range(10):
            os.mkfifo(new, 0o666)
            new.chmod(0o666)
            new.rename(self.file)
            writer = subprocess.Popen(["sh", "-c", "echo through > file"], cwd=self.project.tree)
            self.assertEqual(self.again(inside), "through")
            self.assertEqual(writer.wait(timeout=20), 0)
            new.write_text("text")
            new.rename(self.file)
            self.assertEqual(self.again(inside), "text")
            self.assertEqual(self.again(inside), "text")


support.both_users(globals(), StickyDirectories, Modes, Nameless, Moves, OddCalls, KnownPaths, TakenNames)

if __name__ == "__main__":
    support.main()
