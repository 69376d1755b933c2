"""At random: nothing that an agent wrote under a protected name comes where something was before.

Threads make, move, exchange, link and remove names in a project; afterwards every name in it is held
against what was there. Without the sandbox the same operations leave such files in nearly each round.
"""

import os
import pathlib
import shutil
import stat
import unittest

import support

PY = "/usr/bin/python3"
ROUNDS = 12

AGENT = r"""
import ctypes, os, random, sys, threading
libc = ctypes.CDLL(None)
FILES = ("AGENTS.md", "CLAUDE.md", "claude.MD", "x.md", ".cursorrules", ".mcp.json", "config", "plain")
PLACES = (".", "old", "empty", "notes", "a", "b", "link", ".claude", ".claude/skills", ".claude/skills/s", ".agents",
          ".agents/z", ".github", ".github/prompts", ".cursor/rules", "a/.claude", "a/b", "node_modules/p", ".git",
          ".git/hooks", "old/.git", "old/.git/hooks", "empty/.git", "empty/.git/hooks", "a/.git")

def operate(choose):
    place = lambda: choose(PLACES)
    name = lambda: os.path.join(place(), choose(FILES))
    either = lambda: choose((place, name))()
    exchange = lambda one, other: libc.renameat2(-100, one.encode(), -100, other.encode(), 2)

    def write(flags):
        with open(os.open(name(), flags | os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK, 0o644), "w") as file:
            file.write("WRITTEN")

    def nameless():
        fd = os.open(place(), os.O_TMPFILE | os.O_WRONLY)
        os.write(fd, b"WRITTEN")
        libc.linkat(-100, b"/proc/self/fd/%d" % fd, -100, name().encode(), 0x400)
        os.close(fd)

    choose((lambda: os.makedirs(place()), lambda: os.mkdir(place()), lambda: write(os.O_TRUNC),
            lambda: write(os.O_APPEND), lambda: os.rename(either(), either()), lambda: os.rename(place(), place()),
            lambda: exchange(either(), either()), lambda: exchange(place(), place()),
            lambda: os.link(name(), name()), lambda: os.unlink(either()), lambda: os.rmdir(place()), nameless,
            lambda: os.symlink(choose((place(), name(), "../a")), choose((either(), "link"))),
            lambda: os.truncate(name(), 1), lambda: os.mkfifo(name())))()

def work(seed):
    choose = random.Random(seed).choice
    for _ in range(700):
        try:
            operate(choose)
        except OSError:
            pass

seed, threads = int(sys.argv[1]), int(sys.argv[2])
workers = [threading.Thread(target=work, args=(seed * 10 + n,)) for n in range(threads)]
for each in workers: each.start()
for each in workers: each.join()
"""

BEFORE = ("CLAUDE.md", "old/AGENTS.md", "old/sub/AGENTS.md", "notes/x.md", ".cursor/rules/x.md",
          ".claude/skills/s/CLAUDE.md", "plain", "node_modules/p/t", ".git/config", ".git/hooks/h", "old/.git/config")
NAMES = {"claude.md", "agents.md", ".cursorrules"}
GUARDED = ((".claude", "skills"), (".cursor", "rules"), (".github", "prompts"), (".agents",))


def is_inner(parts):
    """Whether a Markdown file in this directory is an instruction file."""
    return any(tuple(parts[at:at + len(rule)]) == rule for at in range(len(parts)) for rule in GUARDED)


def instructs(parts):
    return parts[-1].lower() in NAMES or (parts[-1].lower().endswith(".md") and is_inner(parts[:-1]))


def root_of(parts, is_link):
    """The place that the name speaks to, or None."""
    above = list(parts[:-1])
    if ".git" in above:
        at = above.index(".git")
        rest = parts[at + 1:]
        return above[:at + 1] if rest == ["config"] or (rest[0] == "hooks" and len(rest) > 1) else None
    if parts[-1] == ".mcp.json":
        return above
    if not instructs(parts) and not (is_link and is_inner(parts)):
        return None
    while above and (above[-1].startswith(".") or is_inner(above)):
        above.pop()
    return above


class Places(support.SandboxCase):
    def fill(self):
        for entry in self.project.tree.iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        for name in BEFORE:
            self.project.write(name, f"before {name}")
        (self.project.tree / "empty").mkdir()
        self.project.own()
        return {os.path.relpath(path, self.project.tree) for path, _, _ in os.walk(self.project.tree)}

    def planted(self, before):
        """Names under which something new lies at a place that was there before."""
        out = []
        for path, directories, files in os.walk(self.project.tree):
            for name in directories + files:
                file = pathlib.Path(path, name)
                parts = file.relative_to(self.project.tree).parts
                status = file.lstat()
                if stat.S_ISDIR(status.st_mode) or "node_modules" in parts[:-1]:
                    continue
                root = root_of(parts, stat.S_ISLNK(status.st_mode))
                text = file.read_text(errors="replace") if stat.S_ISREG(status.st_mode) else ""
                moved = text.startswith("before ") and "WRITTEN" not in text
                if root is not None and ("/".join(root) or ".") in before and not moved:
                    out.append(("/".join(parts), text))
        return out

    def test_nothing_is_planted(self):
        for seed in range(ROUNDS):
            with self.subTest(seed):
                before = self.fill()
                self.ran(self.project.sandbox(PY, "-c", AGENT, str(seed), str(1 + seed % 3 * (seed % 2)),
                                              options=("--allow-cwd", "--trust-scan=none", "-q")))
                self.assertEqual(self.planted(before), [])
                texts = [path.read_text() for path in self.project.tree.rglob("*")
                         if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK)]
                for name in ("CLAUDE.md", "old/AGENTS.md", ".git/config"):
                    self.assertIn(f"before {name}", texts)

    def test_without_the_sandbox_it_is(self):
        planted = 0
        for seed in range(ROUNDS):
            before = self.fill()
            self.ran(self.project.run(PY, "-c", AGENT, str(seed), "1"))
            planted += bool(self.planted(before))
        self.assertGreaterEqual(planted, ROUNDS // 2)


# What the user makes anew has the numbers of what the agent made and the user took away.
OWN = r"""
import os, socket
for name in "abcd":
    os.mkdir(name)
listener = socket.socket(socket.AF_UNIX)
listener.bind("s")
listener.close()
print(*[os.lstat(name).st_ino for name in "abcds"])
for fifo in ("made", "go"):
    open(fifo, "w" if fifo == "made" else "r").close()
print(*[os.lstat(name).st_ino for name in ("moved", "emptied", "clone", "clone/.git", "t")])

def write(name):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    open(name, "w").close()

def told(*calls):
    try:
        for call, words in calls:
            call(*words)
        print("done")
    except ConnectionRefusedError:
        print("connected")
    except PermissionError:
        print("refused")

told((os.rename, ("moved", "away")), (write, ("moved/.vscode/tasks.json",)))
told((os.rmdir, ("emptied",)), (write, ("emptied/.vscode/tasks.json",)))
told((write, ("clone/.git/config",)))
told((socket.socket(socket.AF_UNIX).connect, ("t",)))
told((os.mkdir, ("own",)), (write, ("own/.vscode/tasks.json",)), (write, ("own/.git/config",)))
os.rename("own", "renamed")
told((write, ("renamed/.git/hooks/pre-commit",)))
"""
USER = r"""
cd "$1" && mkdir .git && mkfifo made go || exit
timeout 30 "$2" run --allow-cwd -q -- "$3" -c "$4" &
agent=$!
: <made
rm -r a b c d s
mkdir moved emptied clone clone/.git
"$3" -c 'import socket; socket.socket(socket.AF_UNIX).bind("t")'
: >go
wait $agent
"""


@unittest.skipUnless(shutil.which("mkfs.ext4"), "no mkfs.ext4")
@support.NEEDS_MOUNTS
class Numbers(support.SandboxCase):
    def on(self, inode_size, overlay):
        user = f"chown {self.uid}:{self.uid}"
        mounts = (f"rm -rf image disk && truncate -s 64M image && mkdir disk && "
                  f"mkfs.ext4 -q -F -I {inode_size} image >mkfs 2>&1 && mount -o loop image disk && mkdir disk/in && {user} disk/in")
        if overlay:
            mounts += (f" && cd disk/in && mkdir low up work over && {user} low up work over && "
                       "mount -t overlay none -o lowerdir=low,upperdir=up,workdir=work over && cd ../..")
        done = self.mounted(mounts, "sh", "-c", USER, "sh", "disk/in/over" if overlay else "disk/in", support.NONO, PY, OWN)
        first, then, *told = self.ran(done).stdout.splitlines()
        if first != then:
            self.skipTest(f"numbers are not given again here: {[first, then]}")
        return told

    def test_what_has_a_number_of_the_agents_is_not_the_agents(self):
        """Also where no time of birth is told: ext4 keeps none in inodes of 128 bytes."""
        for inode_size in (256, 128):
            for overlay in (False, True):
                with self.subTest(inode_size=inode_size, overlay=overlay):
                    self.assertEqual(self.on(inode_size, overlay), ["refused"] * 4 + ["done"] * 2)


# The kernel's path of what lies on a mount that was taken away begins at the mount's own root.
TAKEN_AWAY = r"""
import errno, os, sys, time
os.chdir(".claude")
directory = os.open("commands", os.O_PATH)
open("../ready", "w").close()
while not os.path.exists(sys.argv[1] + "/gone"):
    time.sleep(0.01)
file = os.open("commands/new.md", os.O_PATH)
for call, *words in ((open, "settings.json", "w"), (open, "commands/a.md", "w"), (open, "commands/new.md"),
                     (os.open, "new.md", os.O_RDONLY, 0o777, directory), (open, f"/proc/self/fd/{file}"),
                     (open, "/proc/self/cwd/commands/new.md"), (os.chmod, "commands", 0o700),
                     (os.truncate, "commands/new.md", 0), (os.mkdir, "hooks"), (os.rename, "commands", "c")):
    try:
        print(call(*words) if call is not os.open else os.read(os.open(words[0], words[1], dir_fd=directory), 99))
    except OSError as error:
        print(errno.errorcode[error.errno])
os.chdir(sys.argv[1])
open("free", "w").close()
print("goes on")
"""


@support.NEEDS_MOUNTS
class TakenAway(support.SandboxCase):
    def test_nothing_is_read_or_planted_on_a_mount_that_was_taken_away(self):
        volume = self.project.home / "volume"
        (volume / "commands").mkdir(parents=True)
        (self.project.tree / ".claude").mkdir()
        self.project.own()
        mounts = ("mount --bind ../home/volume .claude && { { until [ -e ready ]; do sleep 0.01; done; "
                  "umount -l .claude; echo evil >../home/volume/commands/new.md; : >gone; } & }")
        done = self.mounted(mounts, "timeout", "40", support.NONO, "run", "-q", "--allow-cwd", "--allow", ".claude",
                            "--mount-namespace=off", "--", PY, "-u", "-c", TAKEN_AWAY, self.project.tree)
        self.assertEqual(self.ran(done).stdout.split("\n"), ["EACCES"] * 10 + ["goes on", ""])
        self.assertEqual([path.name for path in sorted(volume.rglob("*"))], ["commands", "new.md"])


# A project and a part of it can be mounted elsewhere, too: what is made by one name is there by the other.
TWO_NAMES = r"""
import os

def told(*calls):
    try:
        for call, words in calls:
            call(*words)
        print("done")
    except PermissionError:
        print("refused")

def write(name):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    open(name, "w").close()

told((os.rename, ("one/sub", "one/away")), (write, ("two/sub/.vscode/tasks.json",)))
told((os.rmdir, ("one/empty",)), (write, ("two/empty/.vscode/tasks.json",)))
told((os.rmdir, ("two/other",)), (write, ("one/other/AGENTS.md",)))
told((os.rename, ("one/deep/sub", "one/gone")), (os.rename, ("one/deep", "one/deeper")),
     (write, ("one/deeper/sub/.vscode/tasks.json",)))
told((write, ("two/new/.vscode/tasks.json",)), (os.rename, ("two/new", "two/newer")), (write, ("one/newer/AGENTS.md",)))
told((os.rmdir, ("one/tree/sub",)), (os.rmdir, ("one/tree",)), (write, ("two/tree/new/AGENTS.md",)))
"""


@support.NEEDS_MOUNTS
class TwoNames(support.SandboxCase):
    def test_a_place_of_before_is_one_by_every_name(self):
        for name in ("sub/code", "deep/sub/code"):
            self.project.write(f"one/{name}", "code")
        for name in ("one/empty", "one/other", "one/tree/sub", "two", "three"):
            (self.project.tree / name).mkdir(parents=True)
        self.project.own()
        done = self.mounted("mount --bind one two && mount --bind one/deep three", support.NONO, "run", "-q", "--allow-cwd",
                            "--", PY, "-c", TWO_NAMES)
        self.assertEqual(self.ran(done).stdout.split(), ["refused"] * 4 + ["done"] * 2)


support.both_users(globals(), Places, Numbers, TakenAway, TwoNames)

if __name__ == "__main__":
    support.main()
