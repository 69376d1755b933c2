"""Submodules that were there before: git works in them, and nothing is planted in their git directories."""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

import support

PY = "/usr/bin/python3"
MODULES = ".git/modules"
# Names of submodules may hold slashes, be anything, and submodules have submodules.
DIRECTORIES = ("lib", "libs/foo", "a", "a/modules/b", "node_modules/p", "hooks", "c/.git", ".husky")
NAMES = ("config", "config.worktree", "commondir", "gitdir", "hooks/pre-commit", "hooks/new", "Hooks/new", "CONFIG",
         "worktrees/t/gitdir", "worktrees/t/commondir", "modules/new/config", "modules/new/hooks/new")

# Each act in each place; without the sandbox the tree is put back after each. `f` is the name of a file, `d` of a directory, `u` of nothing yet.
TRIES = r"""
import ctypes, errno, json, os, shutil, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def kernel(name, *words):
    if getattr(libc, name)(*words) < 0:
        raise OSError(ctypes.get_errno(), name)
def exchange(one, other):
    kernel("renameat2", -100, one.encode(), -100, other.encode(), 2)
def write(path, flags=os.O_CREAT | os.O_TRUNC, at=None):
    fd = os.open(path, flags | os.O_WRONLY, 0o777, dir_fd=at)
    os.write(fd, b"evil")
    os.close(fd)
def prepared(u):
    for each in (u, u + "/hooks", u + "/refs", u + "/x"):
        os.mkdir(each)
    for each in ("config", "commondir", "gitdir", "hooks/new", "x/config"):
        write(f"{u}/{each}")
    return u
def file(u):
    write(u)
    return u
def parent(f):
    os.makedirs(os.path.dirname(f), exist_ok=True)
    return f
def nameless(f):
    fd = os.open(os.path.dirname(parent(f)), os.O_TMPFILE | os.O_WRONLY)
    os.write(fd, b"evil")
    kernel("linkat", -100, b"/proc/self/fd/%d" % fd, -100, f.encode(), 0x400)
def through_link(f, u):
    os.symlink(os.path.abspath(os.path.dirname(parent(f))), u)
    write(f"{u}/{os.path.basename(f)}")
def through_descriptor(f, flags):
    fd = os.open(os.path.dirname(parent(f)), flags)
    write(os.path.basename(f), at=fd)
def opened_again(f):
    write(f"/proc/self/fd/{os.open(f, os.O_PATH)}", 0)
def second_name(f, u):
    os.link(f, u)
    write(u)
def bound(f):
    os.chdir(os.path.dirname(parent(f)))
    socket.socket(socket.AF_UNIX).bind(os.path.basename(f))
def linked_inside(d, u):
    os.mkdir(u)
    prepared(u + "-evil")
    os.symlink(os.path.abspath(u + "-evil/hooks"), u + "/hooks")
    os.rename(u, d + f"/{u}")
def above(d):
    return os.path.dirname(d)
FILES = {
    "write": lambda f, u: write(parent(f)),
    "append": lambda f, u: write(f, os.O_APPEND),
    "create exclusively": lambda f, u: write(parent(f), os.O_CREAT | os.O_EXCL),
    "empty": lambda f, u: os.truncate(f, 0),
    "empty by an open for reading": lambda f, u: os.open(f, os.O_RDONLY | os.O_TRUNC),
    "remove": lambda f, u: os.remove(f),
    "move away": lambda f, u: os.rename(f, u),
    "move in": lambda f, u: os.rename(file(u), parent(f)),
    "exchange": lambda f, u: exchange(file(u), f),
    "move one of before in": lambda f, u: os.rename("plain", parent(f)),
    "second name": lambda f, u: os.link(file(u), parent(f)),
    "by its second name": second_name,
    "symbolic link": lambda f, u: os.symlink("/evil", parent(f)),
    "symbolic link that comes": lambda f, u: (os.symlink("/evil", u), os.rename(u, parent(f))),
    "second name of a symbolic link": lambda f, u: (os.symlink("/evil", u), os.link(u, parent(f), follow_symlinks=False)),
    "named pipe": lambda f, u: os.mkfifo(parent(f)),
    "node": lambda f, u: os.mknod(parent(f), 0o100644),
    "socket": lambda f, u: bound(f),
    "nameless": lambda f, u: nameless(f),
    "through a link": through_link,
    "by a descriptor": lambda f, u: through_descriptor(f, os.O_RDONLY),
    "by a path's descriptor": lambda f, u: through_descriptor(f, os.O_PATH),
    "opened again": lambda f, u: opened_again(f),
    "directory made of it": lambda f, u: (os.remove(f), os.mkdir(f)),
    "mode": lambda f, u: os.chmod(f, 0o777),
    "a file of the lock": lambda f, u: (write(parent(f) + ".lock"), os.rename(f + ".lock", f)),
}
DIRECTORIES = {
    "move away": lambda d, u: os.rename(d, u),
    "move one above away": lambda d, u: os.rename(above(d), u),
    "move within": lambda d, u: os.rename(d, d + "2"),
    "move the hooks": lambda d, u: os.rename(d + "/hooks", u),
    "move the hooks within": lambda d, u: os.rename(d + "/hooks", d + "/h"),
    "exchange": lambda d, u: exchange(prepared(u), d),
    "exchange one above": lambda d, u: exchange(prepared(u), above(d)),
    "exchange the hooks": lambda d, u: exchange(prepared(u), d + "/hooks"),
    "exchange with a file": lambda d, u: exchange(file(u), d),
    "exchange two": lambda d, u: exchange(d, ".git/modules/other"),
    "exchange with one made there": lambda d, u: (os.mkdir(d + "/n"), exchange(d + "/n", d + "/hooks")),
    "replace": lambda d, u: (os.rename(d, u), os.rename(prepared(u + "2"), d)),
    "replace an empty one": lambda d, u: os.rename(prepared(u), d + "/empty0"),
    "one of before that comes": lambda d, u: os.rename("before", d + f"/{u}"),
    "one that comes": lambda d, u: os.rename(prepared(u), d + f"/{u}"),
    "its hooks that come": lambda d, u: os.rename(prepared(u) + "/hooks", d + f"/{u}/hooks") if not os.mkdir(d + f"/{u}") else 0,
    "removed and made anew": lambda d, u: (os.rmdir(d + "/empty1"), os.rename(prepared(u), d + "/empty1")),
    "link where one was removed": lambda d, u: (os.rmdir(d + "/empty2"), os.symlink("/evil", d + "/empty2")),
    "made anew with a configuration": lambda d, u: (os.rmdir(d + "/empty3"), os.mkdir(d + "/empty3"), write(d + "/empty3/config")),
    "link": lambda d, u: os.symlink("/evil", d + f"/{u}"),
    "link above": lambda d, u: os.symlink("/evil", above(d) + f"/{u}"),
    "link to a file": lambda d, u: os.symlink("config", d + "/HEAD2"),
    "link that comes": lambda d, u: (os.symlink("/evil", u), os.rename(u, d + f"/{u}")),
    "link for a file": lambda d, u: (os.remove(d + "/HEAD"), os.symlink("/evil", d + "/HEAD")),
    "link that was": lambda d, u: os.remove(d + "/link"),
    "link that was, moved": lambda d, u: os.rename(d + "/link", u),
    "a link inside one that comes": linked_inside,
    "a new one": lambda d, u: (os.mkdir(d + f"/modules/{u}"), write(d + f"/modules/{u}/config")),
    "a new one with hooks": lambda d, u: (os.makedirs(d + f"/modules/{u}/hooks"), write(d + f"/modules/{u}/hooks/h")),
    "a .git": lambda d, u: os.mkdir(d + "/.git"),
    "a .git in a new one": lambda d, u: (os.mkdir(d + f"/{u}"), os.mkdir(d + f"/{u}/.git"), write(d + f"/{u}/.git/config")),
    "a .git that is a link": lambda d, u: (os.mkdir(d + f"/{u}"), os.symlink(os.path.abspath(prepared(u)), d + f"/{u}/.git")),
    "a .git that is a file": lambda d, u: (os.mkdir(d + f"/{u}"), write(d + f"/{u}/.git")),
    "modules in a new one": lambda d, u: (os.makedirs(d + f"/{u}/.git/modules/x"), write(d + f"/{u}/.git/modules/x/config")),
    "a package": lambda d, u: (os.makedirs(d + "/node_modules/p"), write(d + "/node_modules/p/config")),
    "named pipe": lambda d, u: os.mkfifo(d + f"/{u}"),
    "socket": lambda d, u: bound(d + f"/{u}"),
    "by way of a package": lambda d, u: (os.mkdir("node_modules/q"), prepared("node_modules/q/r"), exchange("node_modules/q/r", d)),
    "the git directory": lambda d, u: exchange(prepared(u), ".git"),
    "all git directories": lambda d, u: exchange(prepared(u), ".git/modules"),
    "all of them moved": lambda d, u: os.rename(".git/modules", u),
}
def outcomes(control):
    home = os.getcwd()
    number = 0
    for kind, acts, places in (("file", FILES, sys.argv[3].split()), ("directory", DIRECTORIES, sys.argv[2].split())):
        for act, do in acts.items():
            for place in places:
                number += 1
                try:
                    do(place, f"new{number}")
                    told = "done"
                except OSError as error:
                    told = errno.errorcode[error.errno]
                os.chdir(home)
                yield f"{kind}: {act}: {place}", told
                if control:
                    for entry in os.listdir("."):
                        path = os.path.join(".", entry)
                        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)
                    shutil.copytree("../saved", ".", symlinks=True, dirs_exist_ok=True)
print(json.dumps(dict(outcomes(sys.argv[1] == "control"))))
"""


class Planting(support.SandboxCase):
    maxDiff = None

    def fill(self, directories):
        for place in (f"{MODULES}/{name}" for name in directories):
            for name in ("config", "hooks/pre-commit", "HEAD", "objects/ab/c", "refs/heads/main"):
                self.project.write(f"{place}/{name}", "before")
            for name in ("empty0", "empty1", "empty2", "empty3", "modules"):
                (self.project.tree / place / name).mkdir(exist_ok=True)
            (self.project.tree / place / "link").symlink_to("HEAD")
        for name in ("before/config", "before/hooks/h", "plain", "node_modules/p/x", f"{MODULES}/other/config"):
            self.project.write(name, "before")
        self.project.own()

    @staticmethod
    def words(directories):
        places = [f"{MODULES}/{name}" for name in directories]
        return (" ".join(places), " ".join(f"{place}/{name}" for place in places for name in NAMES))

    def state(self):
        """What git would go by: each such name, whatever it is, and each link and what is no file."""
        out = {}
        top = self.project.tree / MODULES
        for path, directories, files in os.walk(top):
            for name in directories + files:
                file = pathlib.Path(path, name)
                parts = [part.lower() for part in file.relative_to(top).parts]
                named = parts[-1] in ("config", "config.worktree", "commondir", "gitdir") or "hooks" in parts[:-1]
                if file.is_symlink():
                    out[str(file)] = os.readlink(file)
                elif named and not file.is_dir():
                    out[str(file)] = (file.read_text() if file.is_file() else "special", file.stat().st_mode)
        return out

    def test_nothing_is_planted_in_git_directories_of_before(self):
        saved = self.project.base / "saved"
        self.fill(["lib"])
        shutil.copytree(self.project.tree, saved, symlinks=True)
        self.project.own()
        control = json.loads(self.ran(self.project.run(PY, "-c", TRIES, "control", *self.words(["lib"]), timeout=240)).stdout)
        done = {act for act, told in control.items() if told == "done"}
        self.assertEqual({act.rsplit(":", 1)[0] for act in control}, {act.rsplit(":", 1)[0] for act in done})
        done = {act.replace(f"{MODULES}/lib", f"{MODULES}/{place}") for act in done for place in DIRECTORIES}
        self.fill(DIRECTORIES[1:])
        before = self.state()
        inside = json.loads(self.ran(self.project.sandbox(
            PY, "-c", TRIES, "inside", *self.words(DIRECTORIES), options=("--allow-cwd", "--trust-scan=none", "-q"),
            timeout=240)).stdout)
        self.assertEqual({act: told for act, told in inside.items() if told == "done"}, {})
        # Of what one act emptied the next one finds nothing: that is no refusal, and no harm.
        self.assertEqual({act: told for act, told in inside.items()
                          if act in done and told not in ("EACCES", "EEXIST", "ENOENT")}, {})
        refused = {act.rsplit(":", 1)[0] for act, told in inside.items() if told == "EACCES"}
        self.assertEqual({act.rsplit(":", 1)[0] for act in done} - refused, set())
        self.assertEqual(self.state(), before)


class Links(support.SandboxCase):
    def test_no_link_to_hooks_comes_with_a_directory(self):
        for name, link in ((".claude", "hooks"), (".codex", "rules"), (".git/modules", "l/hooks"), (".git", "hooks")):
            with self.subTest(name):
                script = f"mkdir -p evil new/{link}; rmdir new/{link}; ln -s $PWD/evil new/{link}; mv -T new p/{name}"
                for run in self.project.run, self.project.sandbox:
                    (self.project.tree / "p" / name).parent.mkdir(parents=True, exist_ok=True)
                    self.project.own()
                    done = run("sh", "-c", script)
                    self.assertEqual((self.project.tree / "p" / name / link).is_symlink(), run == self.project.run)
                    self.project.run("rm", "-rf", "p", "new", "evil")
                self.assertIn("protected-name", done.stderr)

    def test_a_project_with_such_a_link_moves(self):
        self.project.write("p/settings/x", "")
        (self.project.tree / "p/.claude").symlink_to("settings")
        self.project.own()
        self.ran(self.project.sandbox("sh", "-c", "mv p q; mkdir -p own/s; ln -s s own/.vscode; mv own other"))
        self.assertTrue((self.project.tree / "q/.claude").is_symlink())
        self.assertTrue((self.project.tree / "other/.vscode").is_symlink())


SUPERPROJECT = """
set -e
git config --global user.name U; git config --global user.email u@example.invalid
git config --global protocol.file.allow always
git init -q -b main up; cd up; echo one > a; git add a; git commit -qm first; cd ..
git init -q -b main w; cd w; git submodule --quiet add "$PWD/../up" libs/foo; git commit -qm with; cd ..
cd up; echo two > a; git commit -qam second
"""
WORK = """
set -e
cd libs/foo
git fetch -q; git checkout -q -b work; echo x > b; git add b; git commit -qm mine
echo y >> a; git stash -q; git stash pop -q; git checkout -q a
git checkout -q origin/main; git tag t; git branch -q side; git rebase -q HEAD work; git gc -q
git fsck --no-progress --no-dangling; git log --format=%s; cd ../..
git add libs/foo; git commit -qm moved; git submodule status | cut -c1,42-50
"""


@unittest.skipUnless(shutil.which("git"), "not installed")
class Work(support.SandboxCase):
    def setUp(self):
        super().setUp()
        (self.project.tree / ".git").rmdir()
        self.ran(self.project.run("sh", "-c", SUPERPROJECT))

    def inside(self, script):
        return self.project.sandbox("sh", "-c", f"cd w; {script}", options=(
            "--allow-cwd", "--read-file", str(self.project.home / ".gitconfig")))

    def test_git_works_in_a_submodule_of_before(self):
        done = self.ran(self.inside(WORK))
        self.assertEqual(done.stdout.split(), ["mine", "second", "first", "libs/foo"], done.stderr)
        self.assertNotIn("refused", done.stderr)

    def test_what_writes_its_configuration_is_refused(self):
        config = self.project.tree / "w/.git/modules/libs/foo/config"
        before = config.read_text()
        for command in ("git -C libs/foo config core.fsmonitor ./evil", "git submodule update", "git submodule sync",
                        'git submodule add "$PWD/../up" new', "git -C libs/foo worktree add ../wt"):
            done = self.inside(command)
            self.assertNotEqual(done.returncode, 0, command)
            self.assertIn("protected-name", done.stderr, command)
        self.assertEqual(config.read_text(), before)
        for name in ("config", "hooks"):
            self.assertFalse((self.project.tree / "w/.git/modules/new" / name).exists(), name)


support.both_users(globals(), Planting, Links, Work)

if __name__ == "__main__":
    support.main()
