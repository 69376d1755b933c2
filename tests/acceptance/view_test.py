"""A file system of the sandbox's own: what is not granted cannot be looked at, and all else goes on."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

import support

PY = "/usr/bin/python3"
ON = ("--allow-cwd", "--mount-namespace=on")
OFF = ("--allow-cwd", "--mount-namespace=off")

# Ways to learn of a path without opening it.
LOOK = """
import errno, os, sys
def told(call, *words):
    try:
        call(*words)
        return "seen"
    except OSError as error:
        return errno.errorcode[error.errno]
path, link = sys.argv[1:3]
print(told(os.stat, path), told(os.lstat, path), told(os.access, path, 0) and os.access(path, 0),
      told(os.readlink, link), told(os.statvfs, path), told(os.chdir, os.path.dirname(path)),
      told(os.stat, "/proc/self/root" + path), told(os.stat, "/proc/%d/root%s" % (os.getppid(), path)),
      told(os.open, path, os.O_PATH), told(os.open, path, os.O_RDONLY))
"""

# What must go on in a view as without one.
WORK = """
set -e
echo text >a; mv a b; mkdir -p d/e; mv b d/; ln d/b d/e/c; ln -s d/e/c l; cat l
chmod 600 d/b; touch -d @0 d/b; stat -c %Y d/b; test -O d/b; pwd
mkfifo p; (echo late >p &); cat p
git init -q r; cd r; git -c user.name=a -c user.email=b@c commit -q --allow-empty -m first
git log --format=%s; cd ..
cat >m.c <<'C'
int main(void) { return 0; }
C
cc m.c -o m && ./m && echo built
/usr/bin/python3 -c 'import tempfile; print(len(tempfile.mkdtemp()) > 0)'
script -qec 'test -t 0 && tty | grep -c /dev/pts' /dev/null </dev/null | tr -d '\\r'
ls -l /dev/fd/0 /bin/sh >/dev/null; echo x >/dev/null; head -c 3 /dev/zero | wc -c
"""
# Refuses the system call argv[1] with EPERM, as a container's filter would, and goes on with argv[2:].
REFUSE = """
import ctypes, os, struct, sys
rules = [(0x20, 0, 0, 0), (0x15, 0, 1, int(sys.argv[1])), (0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
program = struct.pack("HxxxxxxQ", len(rules), ctypes.addressof(code))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
os.execv(sys.argv[2], sys.argv[2:])
"""
DONE = ("text\n0\n{tree}\nlate\nfirst\nbuilt\nTrue\n1\n3\n")


def view_possible(case):
    done = case.project.nono("setup", "--check-only", "--json")
    return '"mount_namespace":"yes"' in done.stdout.replace(" ", "").replace("\n", "")


class View(support.SandboxCase):
    def setUp(self):
        super().setUp()
        if not view_possible(self):
            self.skipTest("no mount namespace can be made here")
        self.outside = self.project.home / "outside"
        self.outside.mkdir()
        (self.outside / "file").write_text("of mine")
        (self.outside / "link").symlink_to("file")
        self.project.own()

    def look(self, options):
        done = self.project.sandbox(PY, "-c", LOOK, self.outside / "file", self.outside / "link",
                                    options=options)
        return self.ran(done).stdout.split()

    def test_what_is_not_granted_cannot_be_looked_at(self):
        self.assertEqual(self.look(OFF), ["seen", "seen", "True", "seen", "seen", "seen", "seen",
                                          "EACCES", "seen", "EACCES"])
        self.assertEqual(self.look(ON), ["ENOENT", "ENOENT", "False", "ENOENT", "ENOENT", "ENOENT",
                                         "ENOENT", "EACCES", "ENOENT", "ENOENT"])

    def test_a_directory_as_a_standard_stream_is_no_way_out(self):
        script = "exec 5<&0 </dev/null; cat /proc/self/fd/5/../home/outside/file; ls -d /proc/self/fd/5/..{}"
        for words in (("run",), ("wrap", "--trust-intercept=off")):
            for stream in ("<.", "</"):
                done = self.project.run("sh", "-c", '"$@" ' + stream, "sh", support.NONO, *words, *ON, "--",
                                        "sh", "-c", script.format(self.outside))
                self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                self.assertEqual(done.stderr.count("No such file"), 2, done.stderr)

    def test_a_grant_shows_it_again(self):
        told = self.look((*ON, "--read", str(self.outside)))
        self.assertEqual(set(told[:7] + told[8:]), {"seen", "True"})

    def test_it_is_there_wherever_the_network_is_blocked(self):
        self.assertEqual(set(self.look(("--allow-cwd", "--block-net"))), {"ENOENT", "EACCES", "False"})
        self.assertIn("seen", self.look(("--allow-cwd",)))
        self.assertIn("seen", self.look(("--allow-cwd", "--block-net", "--mount-namespace=off")))

    def test_work_goes_on(self):
        self.project.write("CLAUDE.md", "be careful")
        self.project.sign("CLAUDE.md")
        for options in (OFF, ON, ("--allow-cwd", "--block-net", "--net-namespace=on")):
            done = self.project.sandbox("bash", "-c", WORK, options=options)
            self.assertEqual(self.ran(done).stdout, DONE.format(tree=self.project.tree), options)
            self.ran(self.project.run("sh", "-c", "rm -rf d l p r m m.c"))

    def test_guarded_files_are_judged_as_without(self):
        self.project.write("CLAUDE.md", "be careful")
        self.project.sign("CLAUDE.md")
        self.project.write("sub/AGENTS.md", "do evil")
        script = "cat CLAUDE.md; cat ./sub/../CLAUDE.md; cat sub/AGENTS.md; cd sub; cat AGENTS.md; ln AGENTS.md x; cat x"
        for options in (OFF, ON):
            done = self.project.sandbox("bash", "-c", script, options=options)
            self.assertEqual(done.stdout, "be carefulbe careful", done.stderr)
            self.assertIn("AGENTS.md", done.stderr)

    def test_one_planted_later_is_judged(self):
        self.project.write("CLAUDE.md", "be careful")
        self.project.sign("CLAUDE.md")
        done = self.project.sandbox("sh", "-c", "echo evil >s; mv s CLAUDE.md; cat CLAUDE.md; "
                                    "mkdir n; echo evil >n/AGENTS.md; cat n/AGENTS.md; ls n; "
                                    "echo evil >GEMINI.md; cat GEMINI.md; ls GEMINI.md",
                                    options=(*ON, "--allow-instruction-drafts"))
        self.assertEqual(done.stdout, "be carefulAGENTS.md\nGEMINI.md\n", done.stderr)

    def test_hidden_paths_are_told_of_where_there_are_any(self):
        done = self.project.sandbox("cat", self.outside / "file", self.outside / "none", options=ON)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"read {self.outside}/file: outside-grants; mend: --read-file", done.stderr)
        self.assertNotIn(f"read {self.outside}/none", done.stderr)
        log = json.loads(self.project.nono("audit", "list", "--json").stdout)["sessions"][0]["id"]
        events = json.loads(self.project.nono("audit", "show", "--json", log).stdout)["events"]
        refused = [event for event in events if event["type"] == "denied" or "rule" in event.get("data", {})]
        self.assertIn(str(self.outside / "file"), json.dumps(refused or events))

    def test_so_is_what_would_have_been_changed(self):
        for script, line in (("echo x >{}/file", "write {}/file"), ("echo x >{}/new", "create {}/new"),
                             ("mkdir {}/new", "create {}/new"), ("rm -f {}/file", "remove {}/file"),
                             ("ln -s x {}/new", "symlink {}/new"), ("touch a; mv a {}/new", "rename {}/new"),
                             ("truncate -s 1 {}/file", "write {}/file")):
            done = self.project.sandbox("sh", "-c", script.format(self.outside), options=ON)
            self.assertIn("  " + line.format(self.outside) + ": outside-grants; mend: ", done.stderr)
            gone = self.project.sandbox("sh", "-c", script.format(self.outside / "none"), options=ON)
            self.assertNotIn("outside-grants", gone.stderr)
        self.assertEqual((self.outside / "file").read_text(), "of mine")

    def test_a_program_outside_is_not_executed_and_named(self):
        self.ran(self.project.run("cp", "/bin/true", self.outside / "tool"))
        for words in ((str(self.outside / "tool"),), ("sh", "-c", str(self.outside / "tool"))):
            done = self.project.sandbox(*words, options=ON)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f"--exec {self.outside}/tool", done.stderr)

    def test_so_is_one_behind_a_link(self):
        self.ran(self.project.run("cp", "/bin/true", self.outside / "tool"))
        self.ran(self.project.run("ln", "-s", self.outside / "tool", "tool"))
        done = self.project.sandbox("./tool", options=ON)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"mend: --exec {self.outside}/tool", done.stderr)
        self.ran(self.project.sandbox("./tool", options=(*ON, "--exec", self.outside / "tool")))

    def test_the_program_is_found_over_links_of_its_path(self):
        (self.outside / "file").chmod(0o755)
        for name, leads in (("first", "second"), ("second", "/bin/echo"), ("away", self.outside / "file")):
            (self.outside / name).symlink_to(leads)
        for way in (self.outside / "first", "../home/outside/first"):
            for words in (("run",), ("wrap", "--trust-intercept=off")):
                done = self.project.nono(*words, *ON, "--", way, "ran")
                self.assertEqual(self.ran(done).stdout, "ran\n")
        done = self.project.run("sh", "-c", 'PATH=$1:$PATH; shift; exec "$@"', "sh", self.outside, support.NONO, "run", *ON,
                                "--", "first", "ran")
        self.assertEqual(self.ran(done).stdout, "ran\n")
        done = self.project.sandbox(self.outside / "away", options=ON)
        self.assertIn(f"mend: --exec {self.outside}/file", done.stderr)

    def test_links_lead_where_they_led(self):
        self.ran(self.project.run("ln", "-s", self.outside, "into"))
        self.ran(self.project.run("ln", "-s", self.project.tree, self.outside / "way"))
        way = self.outside / "way"
        done = self.project.sandbox("sh", "-c", f"cd {way} && echo x >f && cat {way}/f; cat into/file",
                                    options=("--allow", str(way), "--mount-namespace=on"))
        self.assertEqual(done.stdout, "x\n", done.stderr)
        self.assertIn("into/file: No such file", done.stderr)

    def test_each_name_of_what_is_granted_twice_is_there(self):
        base = self.project.base
        for name in ("apart", "elsewhere"):
            (base / name).mkdir()
        (base / "apart/file").write_text("text\n")
        (base / "elsewhere/link").symlink_to("../apart/file")
        self.project.own()
        paths = [base / "apart/file", base / "elsewhere/link"]
        for order in (paths, paths[::-1]):
            options = [word for path in order for word in ("--read-file", path)]
            done = self.ran(self.project.sandbox("cat", *paths, options=(*options, "--block-net")))
            self.assertEqual(done.stdout, "text\ntext\n")

    def test_a_working_directory_without_a_grant_is_empty(self):
        done = self.project.sandbox("sh", "-c", "pwd; cat f; echo x >g", options=("--mount-namespace=on",))
        self.assertEqual(done.stdout, f"{self.project.tree}\n")
        self.assertIn("g: Permission denied", done.stderr)
        self.assertFalse((self.project.tree / "g").exists())

    @support.NEEDS_MOUNTS
    def test_beside_what_is_granted_in_a_directory_of_devices_is_nothing(self):
        mounts = ("mount -t tmpfs none /dev/shm && mkdir -m 777 /dev/shm/there /dev/shm/beside && "
                  "echo text >/dev/shm/there/file")
        script = "cat /dev/shm/there/file; ls -d /dev/shm/beside; test -c /dev/null -a -d /dev/pts; echo $?"
        for options, where, want in ((("--read", "/dev/shm/there"), ".", "text\n0\n"), ((), "/dev/shm/there", "0\n"),
                                     (("--allow-cwd",), "/dev/shm/there", "text\n0\n")):
            done = self.mounted(mounts, "sh", "-c", f'cd {where} && exec "$@"', "sh", support.NONO, "run",
                                "--mount-namespace=on", *options, "--", "sh", "-c", script)
            self.assertEqual(self.ran(done).stdout, want, options)
            self.assertIn("'/dev/shm/beside': No such file", done.stderr)

    def test_odd_names(self):
        for name in ("a b", "a\nb", "-x", "ä", "a'b\"c", "x" * 255):
            directory = self.project.home / name
            directory.mkdir()
            (directory / "f").write_text("in")
            self.project.own()
            done = self.project.sandbox("cat", directory / "f",
                                        options=(*ON, "--read", str(directory)))
            self.assertEqual(self.ran(done).stdout, "in", name)

    def test_what_is_renamed_outside_meanwhile_stays(self):
        script = ("read go; cat {0}/file; ls {0}; echo made >{0}/new"
                  .format(self.outside))
        process = subprocess.Popen(
            self.project.command(support.NONO, "run", *ON, "--allow", self.outside, "--", "sh", "-c",
                                 "echo ready; " + script),
            cwd=self.project.tree, env=self.project.environment(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(process.stdout.readline(), "ready\n")
        self.outside.rename(self.project.home / "elsewhere")
        out, _ = process.communicate("go\n", timeout=60)
        self.assertEqual(out, "of minefile\nlink\n")
        self.assertEqual((self.project.home / "elsewhere/new").read_text(), "made\n")

    def test_a_guarded_file_that_is_replaced_outside_stays_guarded(self):
        file, other = self.project.tree / "in/CLAUDE.md", self.project.home / "other"
        work = self.project.home / "work"
        work.mkdir()
        (work / "plain").symlink_to(file)
        for text, script, told in (("be careful", "echo evil >>plain; cat plain", "be careful"),
                                   ("do evil", "cat plain; cat plain", "")):
            other.unlink(missing_ok=True)
            self.project.write("in/CLAUDE.md", "be careful")
            self.project.sign("in/CLAUDE.md")
            other.hardlink_to(file)  # the text lives on, without the name
            self.project.own()
            process = subprocess.Popen(
                self.project.command(support.NONO, "run", "--mount-namespace=on", "--allow", work,
                                     "--allow-file", file, "--", "sh", "-c",
                                     f"echo ready; read go; cd {work}; {script}"),
                cwd=self.project.tree, env=self.project.environment(), stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual(process.stdout.readline(), "ready\n")
            other.write_text(text)
            self.project.write("in/new", "new")
            (file.parent / "new").rename(file)
            out, said = process.communicate("go\n", timeout=60)
            self.assertEqual((out, other.read_text()), (told, text), said)

    def test_it_is_said(self):
        def plan(*options):
            done = self.project.sandbox("true", options=("--allow-cwd", "--dry-run", "--json", *options))
            return json.loads(self.ran(done).stdout)["mount_namespace"]
        self.assertEqual([plan(), plan("--block-net"), plan("--block-net", "--mount-namespace=off"),
                          plan("--mount-namespace=auto"), plan("--mount-namespace=on")],
                         [False, True, False, True, True])
        done = self.ran(self.project.sandbox("true", options=(*ON, "--dry-run")))
        self.assertIn("view  only what is granted", done.stdout)

    def test_words_that_contradict_it(self):
        for options in ((*ON, "--approve", "socket"), ("--allow-cwd", "--mount-namespace=perhaps")):
            done = self.project.sandbox("true", options=options)
            self.assertEqual(done.returncode, 2, options)
            self.assertIn("--mount-namespace", done.stderr)
        done = self.project.sandbox("ls", self.outside, options=(
            "--allow-cwd", "--mount-namespace=auto", "--approve", "socket"))
        self.assertIn("Permission denied", done.stderr)

    def test_wrap_has_it_too(self):
        look = (PY, "-c", LOOK, str(self.outside / "file"), str(self.outside / "link"))
        for options, expected in ((OFF, "seen"), (ON, "ENOENT")):
            done = self.project.nono("wrap", *options, "--", *look)
            self.assertEqual(self.ran(done).stdout.split()[0], expected)
            done = self.project.nono("wrap", *options, "--", "sh", "-c", "/bin/pwd; echo x >f; cat f")
            self.assertEqual(self.ran(done).stdout, f"{self.project.tree}\nx\n")

    def test_nothing_is_mounted_outside_and_nothing_stays(self):
        table = pathlib.Path("/proc/self/mountinfo")
        before = table.read_text()
        self.ran(self.project.sandbox("true", options=ON))
        self.assertEqual(table.read_text(), before)

    def test_no_mount_can_be_made_or_taken_away_inside(self):
        code = ("import ctypes, os; c = ctypes.CDLL(None, use_errno=True)\n"
                "for call in ((165, b'none', b'/opt', b'tmpfs', 0, 0), (166, b'/usr', 2), (155, b'/', b'/'),\n"
                "             (161, b'/'), (428, -100, b'/', 1), (272, 0x20000)):\n"
                "    r = c.syscall(*call); print(r, ctypes.get_errno() in (1, 38))\n")
        done = self.project.sandbox(PY, "-c", code, options=ON)
        self.assertEqual(self.ran(done).stdout, "-1 True\n" * 6)

    def test_where_there_are_no_namespaces(self):
        def ran(*words):
            script = 'echo 0 >/proc/sys/user/max_mnt_namespaces && "$@"'
            return self.project.run("unshare", "-U", "-r", "sh", "-c", script, "sh", *words)
        if ran("true").returncode != 0:
            self.skipTest("no limit can be set here")
        done = ran(support.NONO, "run", *ON, "--", "echo", "in")
        self.assertEqual((done.returncode, done.stdout), (125, ""), done.stderr)
        self.assertIn("no mount namespace can be made", done.stderr)
        for when in ("--mount-namespace=auto", "--block-net"):
            done = ran(support.NONO, "run", "--allow-cwd", when, "--", "ls", self.outside / "none")
            self.assertIn("No such file", done.stderr)
            done = ran(support.NONO, "run", "--allow-cwd", when, "--", "ls", self.outside)
            self.assertIn("Permission denied", done.stderr)

    def test_where_a_part_of_it_is_refused(self):
        calls = {"mount": 165, "umount2": 166, "pivot_root": 155, "open_tree": 428, "move_mount": 429,
                 "fsopen": 430, "unshare": 272}
        for name, number in calls.items():
            def ran(*options):
                return self.project.run(PY, "-c", REFUSE, str(number), support.NONO, "run", "--allow-cwd",
                                        *options, "--", "ls", self.outside)
            done = ran("--mount-namespace=on")
            self.assertEqual((done.returncode, done.stdout), (125, ""), done.stderr)
            self.assertIn("no mount namespace can be made", done.stderr, name)
            self.assertIn("Permission denied", ran("--block-net").stderr, name)


support.both_users(globals(), View)

if __name__ == "__main__":
    sys.exit(support.main())
