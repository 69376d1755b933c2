"""Programs that are held back, by the object that is executed; trees that keep what they hold."""

import json
import os
import platform
import re
import shutil
import tempfile

import support

PY = "/usr/bin/python3"
MOUNT = "/usr/bin/mount"  # harmless with --version, and held back by default
LOADER = {"x86_64": "/lib64/ld-linux-x86-64.so.2",
          "aarch64": "/lib/ld-linux-aarch64.so.1"}.get(platform.machine())

MEMFD = (f"import os; fd = os.memfd_create('ls'); os.write(fd, open('{MOUNT}', 'rb').read())\n"
         "os.execve(fd, ['ls', '--version'], {})")
EMPTY_PATH = (f"import os; fd = os.open('{MOUNT}', os.O_PATH)\n"
              "os.execve(f'/proc/self/fd/{fd}', ['ls', '--version'], {})")

# Each way to the program; every one prints a version without the sandbox.
WAYS = {
    "by its name": "mount --version",
    "by its path": f"{MOUNT} --version",
    "under another argv[0]": "bash -c 'exec -a ls mount --version'",
    "through a link": f"ln -s {MOUNT} m; ./m --version",
    "through a chain of links": f"ln -s {MOUNT} m; ln -s m n; ./n --version",
    "a copy": f"cp {MOUNT} other; ./other --version",
    "a copy that cannot be read": f"cp {MOUNT} other; chmod 111 other; ./other --version",
    "a copy, moved": f"cp {MOUNT} a; mkdir d; mv a d/ls; d/ls --version",
    "from a memory file": f"{PY} -c \"{MEMFD}\"",
    "by a descriptor": f"{PY} -c \"{EMPTY_PATH}\"",
    "by the loader": f"{LOADER} {MOUNT} --version",
    "by the loader with options": f"{LOADER} --library-path /usr/lib {MOUNT} --version",
    "a copy by the loader": f"cp {MOUNT} other; chmod -x other; {LOADER} ./other --version",
    "by a copy of the loader": f"cp {LOADER} loader; ./loader {MOUNT} --version",
    "as an interpreter": f"printf '#!{MOUNT} --version\\n' >s; chmod +x s; ./s",
    "as an interpreter of an interpreter":
        f"printf '#!{MOUNT} --version\\n' >s; printf '#!./s\\n' >t; chmod +x s t; ./t",
    "by env": "env mount --version",
    "by env in a script": "printf '#!/usr/bin/env -S mount --version\\n' >s; chmod +x s; ./s",
    "by xargs": "echo --version | xargs mount",
    "by find": "find . -maxdepth 0 -exec mount --version ';'",
}


class Commands(support.SandboxCase):
    def refusals(self, done):
        # Programs write to the same stderr, and not always whole lines.
        return re.findall(r"refused: execute .*", done.stderr)

    def script(self, text, *options):
        return self.project.sandbox("bash", "-c", text, options=("--allow-cwd", *options))

    def test_each_way_to_a_held_program(self):
        for label, text in WAYS.items():
            if "None" in text:
                continue
            with self.subTest(label):
                self.setUp()
                free = self.project.run("bash", "-c", text)
                self.assertIn("util-linux", free.stdout, free.stderr)
                self.setUp()
                done = self.script(text)
                self.assertNotIn("util-linux", done.stdout)
                self.assertTrue(any("mount: it changes what is mounted" in line
                                    for line in self.refusals(done)), done.stderr)
                self.assertIn("mend: --allow-command mount", done.stderr)
                if label == "a copy that cannot be read":
                    continue  # the kernel hides such a process, so that its opens cannot be judged
                self.setUp()
                allowed = self.script(text, "--allow-command", "mount")
                self.assertIn("util-linux", allowed.stdout, allowed.stderr)

    def test_what_may_be_executed_and_not_read_is_refused(self):
        text = f"printf '#!{MOUNT} --version\\n' >s; chmod 111 s; ./s"
        self.assertIn("util-linux", self.project.run("bash", "-c", text).stdout)
        self.setUp()
        done = self.script(text)
        self.assertNotIn("util-linux", done.stdout)
        self.assertIn("cannot be read", self.refusals(done)[0])
        self.setUp()
        readable = self.script("printf '#!/bin/echo ran\\n' >s; chmod 555 s; ./s")
        self.assertTrue(self.ran(readable).stdout.startswith("ran "))

    def test_what_the_agent_may_write_is_no_system_directory(self):
        if os.geteuid() != 0:
            self.skipTest("only root makes a directory in /usr")
        place = tempfile.mkdtemp(dir="/usr/local", prefix="nono-commands-")
        self.addCleanup(shutil.rmtree, place)
        os.chown(place, self.uid, -1)
        text = f"cp {MOUNT} {place}/other; {place}/other --version"
        self.assertIn("util-linux", self.project.run("bash", "-c", text).stdout)
        done = self.script(text, "--allow", place)
        self.assertNotIn("util-linux", done.stdout)
        self.assertEqual(len(self.refusals(done)), 1, done.stderr)
        # Only called so: what runs, why says to be allowed.
        own = f"cp /bin/true {place}/mount; {place}/mount"
        self.ran(self.script(own, "--allow", place))
        self.ran(self.project.nono("why", "--allow-cwd", "--allow", place, "--path",
                                   f"{place}/mount", "--op", "exec"))

    def test_a_multicall_program_is_judged_by_what_it_becomes(self):
        busybox = shutil.which("busybox", path="/bin:/usr/bin")
        if busybox is None:
            self.skipTest("busybox is not installed")
        for text in (f"{busybox} mount --help", f"ln -s {busybox} mount; ./mount --help",
                     f"cp {busybox} busybox2; ./busybox2 mount --help", f"cp {busybox} mount; ./mount --help"):
            with self.subTest(text):
                self.setUp()
                self.assertIn("mount", self.project.run("bash", "-c", text).stderr)
                self.setUp()
                self.assertEqual(len(self.refusals(self.script(text))), 1)
        done = self.ran(self.script(f"{busybox} echo free"))
        self.assertEqual(done.stdout, "free\n")

    def test_a_recursive_removal_outside_is_held_back_and_one_inside_is_not(self):
        outside = self.project.base / "tmp" / "outside"
        outside.mkdir()
        self.project.own()
        options = ("--allow", str(outside))
        self.project.write("a/b/c", "x")
        self.ran(self.script("rm -rf a && chmod -R u+w . && test ! -e a", *options))
        for text in (f"rm -rf {outside}", "rm -rf .", "rm -r /etc", "chmod -R 700 /etc",
                     "dd if=/dev/null of=/etc/x status=none"):
            with self.subTest(text):
                done = self.script(text, *options)
                self.assertNotEqual(done.returncode, 0)
                self.assertEqual(len(self.refusals(done)), 1, done.stderr)
        self.assertTrue(outside.exists())
        # The control: with the row lifted, the very call does it.
        self.script(f"rm -rf {outside}/../outside/*", *options)
        (outside / "f").write_text("x")
        self.ran(self.script(f"rm -rf {outside}/f", *options))
        self.assertFalse((outside / "f").exists())

    def test_blocked_by_name_and_by_path(self):
        tool = self.project.write("tool", "#!/bin/sh\necho ran\n")
        tool.chmod(0o755)
        self.assertEqual(self.ran(self.script("./tool; true")).stdout, "ran\n")
        for option in ("tool", "./tool", str(tool)):
            with self.subTest(option):
                done = self.script("./tool; cp tool other; ./other; ln tool hard; ./hard; true",
                                   "--block-command", option)
                lines = self.refusals(done)
                self.assertIn("blocked-command", lines[0])
                self.assertEqual(done.stdout, "ran\n" * 2 if option == "tool" else "")
                for name in ("other", "hard"):
                    (self.project.tree / name).unlink()
        done = self.script("ls /; cp /usr/bin/ls l; ./l /; true", "--block-command", "/usr/bin/ls")
        self.assertEqual((done.stdout, len(self.refusals(done))), ("", 2), done.stderr)
        bad = self.script("true", "--block-command", "./nothing")
        self.ran(bad, 2)
        self.assertIn("there is no such file", bad.stderr)

    def test_a_profile_blocks_and_allows(self):
        profile = self.project.write("p.json", json.dumps({
            "meta": {"name": "p"}, "workdir": {"access": "readwrite"},
            "commands": {"deny": ["ls"], "allow": ["mount"]}}))
        done = self.project.nono("run", "--profile", profile, "--", "bash", "-c",
                                 "mount --version; ls; true")
        self.assertIn("util-linux", done.stdout)
        self.assertEqual(len(self.refusals(done)), 1)

    def test_a_program_that_does_not_start_says_what_mends_it(self):
        tree = self.project.tree
        (tree / "empty").write_text("")
        (tree / "no-interpreter").write_text("#!/nowhere/sh\n")
        for name in ("empty", "no-interpreter"):
            (tree / name).chmod(0o755)
        self.project.own()
        for words, says in ((["/usr/bin/mount"], "mend: --allow-command mount"),
                            (["rm", "-r", "/"], "mend: --allow-command rm"),
                            ([support.NONO, "--version"], f"mend: --exec {support.NONO}"),
                            (["./empty"], "mend: name its interpreter before it"),
                            (["./no-interpreter"], "its interpreter or loader is not there")):
            with self.subTest(words=words):
                done = self.project.sandbox(*words, options=("--allow-cwd", "-q"))
                self.assertEqual(done.returncode, 126)
                self.assertIn(says, done.stderr)
                self.assertNotIn("grant its directory", done.stderr)

    def test_a_script_whose_interpreter_is_not_granted_names_it(self):
        place = self.project.base / "interpreters"
        place.mkdir()
        shutil.copy("/bin/sh", place / "sh")
        (place / "between").write_text(f"#!{place}/sh\n. \"$1\"\n")
        (place / "between").chmod(0o755)
        for name, by in (("one", "sh"), ("two", "between")):
            self.project.write(name, f"#!{place}/{by}\necho ran\n")
            (self.project.tree / name).chmod(0o755)
            for way in (["run", "--mount-namespace=off"], ["run", "--mount-namespace=on"]):
                with self.subTest(name=name, way=way):
                    words = [*way, "--block-net", "--allow-cwd", "--", f"./{name}"]
                    done = self.ran(self.project.nono(*words), 126)
                    self.assertIn(f"no grant covers {place}/{by}, by which it is started",
                                  done.stderr)
                    self.assertIn(f"mend: --exec {place}/{by}\n", done.stderr)
                    given = words[:len(way)] + ["--exec", place / "sh", "--exec", place / "between"]
                    self.assertIn("ran", self.ran(
                        self.project.nono(*given, *words[len(way):])).stdout)

    def test_why_says_the_same(self):
        asked = self.project.nono("why", "--allow-cwd", "--path", MOUNT, "--op", "exec", "--json")
        self.ran(asked, 1)
        self.assertIn("--allow-command mount", asked.stdout)
        self.ran(self.project.nono("why", "--allow-cwd", "--allow-command", "mount", "--path",
                                   MOUNT, "--op", "exec"))

    def test_it_is_in_the_audit_log(self):
        self.script("mount --version")
        listed = json.loads(self.project.nono("audit", "list", "--json").stdout)
        events = json.loads(self.project.nono(
            "audit", "show", "--json", listed["sessions"][0]["id"]).stdout)["events"]
        mine = [e for e in events if e["type"] == "refused"]
        self.assertEqual([(e["operation"], e["path"], e["rule"]) for e in mine],
                         [("execute", MOUNT, "command")])


class Kept(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.project.write("kept/old", "text\n")
        self.project.write("kept/sub/old", "text\n")
        self.project.write("free/old", "text\n")

    def script(self, text, *options):
        return self.project.sandbox("bash", "-c", text,
                                    options=("--allow-cwd", "--keep", "kept", *options))

    def test_what_was_there_stays(self):
        for text in ("rm kept/old", "rm -r kept/sub", "rmdir kept/sub", "mv kept/old .",
                     "mv kept away", "mv kept/sub free", "mv kept/sub/old free/",
                     "cd kept/sub; rm old", "mkdir kept/n; mv kept/old kept/n; mv kept/n .",
                     f"{PY} -c \"import os; os.unlink('kept/old')\""):
            with self.subTest(text):
                self.setUp()
                done = self.script(text)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("kept-tree", done.stderr)
                found = sorted(p.name for p in (self.project.tree / "kept").rglob("old"))
                self.assertEqual(found, ["old", "old"])
                self.setUp()
                free = self.project.sandbox("bash", "-c", text.replace("rmdir kept/sub", "true"))
                self.ran(free)

    def test_what_is_new_goes_and_what_stays_inside_moves(self):
        self.ran(self.script(
            "echo x >kept/new; rm kept/new; mkdir -p kept/d/e; rm -r kept/d;"
            "mv kept/old kept/sub/older; echo y >kept/t; mv kept/t kept/sub/older;"
            "rm free/old; echo z >>kept/sub/old"))
        self.assertEqual((self.project.tree / "kept/sub/older").read_text(), "y\n")

    @support.NEEDS_MOUNTS
    def test_what_an_overlay_copies_up_is_as_old_as_it_was(self):
        for name in ("upper", "work", "merged"):
            (self.project.tree / name).mkdir()
        self.project.own()
        done = self.mounted(
            "mount -t overlay none -o lowerdir=kept,upperdir=upper,workdir=work merged",
            support.NONO, "run", "--allow-cwd", "--keep", "merged", "--", "sh", "-c",
            "sleep 0.05; chmod 640 merged/old; echo x >>merged/old; rm merged/old",
            then='; echo "$? $(cat merged/old)"')
        self.assertEqual(done.stdout.split(), ["1", "text", "x"], done.stderr)
        self.assertIn("kept-tree", done.stderr)

    def test_a_tree_that_is_not_there(self):
        done = self.project.sandbox("true", options=("--allow-cwd", "--keep", "nothing"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nothing", done.stderr)


support.both_users(globals(), Commands, Kept)
if __name__ == "__main__":
    support.main()
