"""Extended attributes: in the grants as without a sandbox, outside not."""

import os
import subprocess
import unittest

import support

PY = "/usr/bin/python3"

# Prints how each way to read them ends, for the path that is given; by number, so that size,
# address and name are what the test says.
LOOK = r"""
import ctypes, errno, mmap, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *words):
    room = ctypes.create_string_buffer(b"\xee" * 5000, 5000)
    words = [room if word == "room" else word for word in words]
    got = getattr(libc, name)(*words)
    if got < 0:
        return errno.errorcode[ctypes.get_errno()]
    touched = room.raw.rstrip(b"\xee")
    return got, sorted(part for part in touched.split(b"\0") if part.startswith((b"user", b"v")))
path = sys.argv[1].encode()
held = os.open(path, os.O_PATH)
pages = mmap.mmap(-1, 8192)
start = ctypes.addressof(ctypes.c_char.from_buffer(pages))
libc.mprotect(ctypes.c_void_p(start + 4096), 4096, 0)
for name in (path, b"../" + os.path.basename(os.getcwdb()) + b"/" + path, b"link",
             b"/proc/self/fd/%d" % held):
    for prefix in ("", "l"):
        print(name[:9], prefix, call(prefix + "listxattr", name, "room", 5000),
              call(prefix + "getxattr", name, b"user.a", "room", 5000),
              call(prefix + "getxattr", name, b"user.none", "room", 5000))
print(call("getxattr", path, b"user.a", None, 0), call("listxattr", path, None, 0))
print(call("getxattr", path, b"user.long", None, 0)[0], call("getxattr", path, b"user.long", "room", 5000)[0])
print(call("getxattr", path, b"user.a", "room", 1), call("listxattr", path, "room", 3))
print(call("getxattr", path, b"user.long", ctypes.c_void_p(start + 4090), 5000),
      call("getxattr", path, b"user.a", ctypes.c_void_p(start + 4090), 6), pages[4090:4096],
      call("getxattr", path, ctypes.c_void_p(1), "room", 9))
print(call("getxattr", b"", b"user.a", "room", 9), call("getxattr", b"none", b"user.a", "room", 9),
      call("getxattr", path, b"n" * 300, "room", 9), call("getxattr", path, b"user.a", "room", 1 << 40))
print(call("getxattr", b"pipe", b"user.a", "room", 9), call("listxattr", b".", "room", 0))
"""

# The same for what lies outside, by every way to name it.
OUTSIDE = r"""
import ctypes, errno, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def told(call):
    try:
        return call()
    except OSError as error:
        return errno.errorcode[error.errno]
where = sys.argv[1]
directory = os.open(where, os.O_PATH)
file = os.open(where + "/f", os.O_PATH)
for name in (where, where + "/f", where + "/sub/../f", "link", f"/proc/self/fd/{file}",
             f"/proc/self/fd/{directory}/f", f"/dev/fd/{file}"):
    for follow in (True, False) if name.startswith(where) else (True,):
        names = told(lambda: os.listxattr(name, follow_symlinks=follow))
        print(names if names and isinstance(names, str) else "user.a" in names,
              told(lambda: os.getxattr(name, "user.a", follow_symlinks=follow)))
print(told(lambda: os.getxattr(file, "user.a")))
"""

# What a right to metadata would let through, of each path; after the word to go on.
CHANGES = r"""
import ctypes, os, sys
libc = ctypes.CDLL(None)
def tell(name, call):
    try:
        print(name, call())
    except OSError as error:
        print(name, error.strerror)
print("ready", flush=True)
sys.stdin.readline()
for path in sys.argv[1:]:
    tell("mode", lambda: os.chmod(path, 0o666))
    tell("times", lambda: os.utime(path, (1, 1)))
    tell("set", lambda: os.setxattr(path, "user.b", b"agent"))
    tell("get", lambda: os.getxattr(path, "user.a"))
    print("watch", libc.inotify_add_watch(libc.inotify_init(), os.fsencode(path), 2) > 0)
"""


class Attributes(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.project.write("f", "text")
        (self.project.tree / "link").symlink_to("f")
        os.mkfifo(self.project.tree / "pipe", 0o644)
        try:
            self.mark(self.project.tree / "f")
        except OSError as error:
            self.skipTest(f"this file system has no attributes of users: {error}")

    def mark(self, path):
        os.setxattr(path, "user.a", b"value")
        os.setxattr(path, "user.long", b"v" * 3000)

    def test_in_a_grant_they_are_read_as_without_a_sandbox(self):
        outside = self.ran(self.project.run(PY, "-c", LOOK, "f")).stdout
        self.assertIn("(5, [b'value'])", outside)
        for word in ("ENODATA", "ERANGE", "EFAULT", "ENOENT", "(17, "):
            self.assertIn(word, outside)
        inside = self.ran(self.project.sandbox(PY, "-c", LOOK, "f"))
        self.assertEqual(inside.stdout, outside)

    def test_outside_there_are_none(self):
        elsewhere = self.project.base / "elsewhere"
        (elsewhere / "sub").mkdir(parents=True)
        (elsewhere / "f").write_text("text")
        for path in (elsewhere, elsewhere / "f"):
            self.mark(path)
        (self.project.tree / "link").unlink()
        (self.project.tree / "link").symlink_to(elsewhere / "f")
        outside = self.ran(self.project.run(PY, "-c", OUTSIDE, elsewhere)).stdout.splitlines()
        self.assertEqual(outside, ["True b'value'"] * 10 + ["EBADF"])
        inside = self.ran(self.project.sandbox(PY, "-c", OUTSIDE, elsewhere))
        self.assertEqual(inside.stdout.splitlines(), ["EACCES ENODATA"] * 10 + ["EBADF"])
        done = self.ran(self.project.sandbox(PY, "-c", OUTSIDE, elsewhere, options=(
            "--allow-cwd", "--read", elsewhere)))
        self.assertEqual(done.stdout.splitlines(), outside)

    def test_what_took_the_place_of_a_granted_object_is_not_granted(self):
        """Whoever is outside saves a file by renaming, or makes a directory anew."""
        granted = self.project.base / "granted"
        file, inner = granted / "file", granted / "directory/inner"
        inner.parent.mkdir(parents=True)
        refused = (["mode Permission denied", "times Permission denied", "set Permission denied",
                    "get No data available", "watch False"])
        free = ["mode None", "times None", "set None", "get b'value'", "watch True"]
        for replaced, expected in (False, free), (True, refused):
            for path in file, inner:
                path.write_text("granted")
                self.mark(path)
            subprocess.run(["chown", "-R", f"{self.project.uid}:{self.project.uid}", granted], check=True)
            process = subprocess.Popen(
                self.project.command(support.NONO, "run", "--allow-cwd", "--allow-file", file, "--allow",
                                     inner.parent, "--", PY, "-c", CHANGES, file, inner),
                cwd=self.project.tree, env=self.project.environment(), stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual(process.stdout.readline(), "ready\n")
            if replaced:
                inner.parent.rename(granted / "moved")
                inner.parent.mkdir()
                for path in file, inner:
                    new = granted / "new"
                    new.write_text("not granted")
                    new.chmod(0o600)
                    self.mark(new)
                    os.chown(new, self.project.uid, self.project.uid)
                    new.rename(path)
            out, said = process.communicate("go\n", timeout=60)
            self.assertEqual(out.splitlines(), expected * 2, said)
            for path in file, inner:
                status = path.stat()
                self.assertEqual((status.st_mode & 0o777, status.st_mtime == 1), (0o600, False) if replaced else (0o666, True))

    @support.NEEDS_MOUNTS
    def test_a_granted_file_that_an_overlay_copies_up_stays_granted(self):
        """Its number is another then, where the layers lie on two file systems."""
        base = self.project.base
        for name in "low", "high", "m":
            (base / name).mkdir()
        (base / "low/file").write_text("text")
        (base / "low/second").hardlink_to(base / "low/file")  # else it may keep the number
        subprocess.run(["chown", "-R", f"{self.project.uid}:{self.project.uid}", base / "low"], check=True)
        code = ("import os, sys\n"
                "before = os.stat(sys.argv[1])\n"
                "open(sys.argv[1], 'a').write('more')\n"
                "after = os.stat(sys.argv[1])\n"
                "print((before.st_dev, before.st_ino) == (after.st_dev, after.st_ino), os.chmod(sys.argv[1], 0o600))\n")
        mounts = (f"mount -t tmpfs none {base}/high && mkdir {base}/high/up {base}/high/work && chmod 777 {base}/high/up && "
                  f"mount -t overlay none -o index=off,lowerdir={base}/low,upperdir={base}/high/up,workdir={base}/high/work {base}/m")
        done = self.mounted(mounts, support.NONO, "run", "--allow-cwd", "--allow-file", base / "m/file",
                            "--", PY, "-c", code, base / "m/file")
        self.assertEqual(self.ran(done).stdout, "False None\n")

    def test_no_descriptor_is_had_without_a_right(self):
        """Access mode 3: neither reading nor writing, so that Landlock lets it open every file."""
        elsewhere = self.project.base / "elsewhere"
        elsewhere.write_text("text")
        self.mark(elsewhere)
        self.project.own()
        os.chown(elsewhere, self.project.uid, self.project.uid)
        code = ("import errno, os, sys\n"
                "for path in 'f', sys.argv[1], '/dev/null':\n"
                "    for flags in 3, 3 | os.O_NONBLOCK, 3 | os.O_TRUNC, 3 | os.O_CREAT:\n"
                "        try: print(len(os.listxattr(os.open(path, flags))))\n"
                "        except OSError as error: print(errno.errorcode[error.errno])\n"
                "print(os.close(os.open(sys.argv[1], 3 | os.O_PATH)))\n")
        self.assertIn("2\n2\n", self.ran(self.project.run(PY, "-c", code, elsewhere)).stdout)
        for command in "run", "wrap":
            done = self.ran(self.project.nono(command, "--allow-cwd", "--", PY, "-c", code, elsewhere))
            self.assertEqual(done.stdout.split(), ["EINVAL"] * 12 + ["None"])

    def test_programs_that_ask_for_them_find_no_fault(self):
        for words in (("ls", "-ld", "/", "/root", self.project.base, "f", "link"), ("cp", "-a", "f", "g"),
                      (PY, "-c", "import shutil; shutil.copy2('f', 'h')")):
            done = self.ran(self.project.sandbox(*words))
            self.assertEqual(done.stderr.count("denied"), 0, done.stderr)
        for name in ("g", "h"):
            self.assertEqual(os.getxattr(self.project.tree / name, "user.a"), b"value")


support.both_users(globals(), Attributes)

if __name__ == "__main__":
    support.main()
