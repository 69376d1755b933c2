"""No guarded name yields bytes that were not verified: by any spelling, before and during a run."""

import json
import os
import shutil
import subprocess
import sys

import support

MARK = "UNSIGNED-MARKER"
PY = "/usr/bin/python3"
DRAFTS = "--allow-instruction-drafts"


class Gate(support.SandboxCase):
    def planted(self, code, options=("--allow-cwd", "--trust-scan=none"), **rest):
        """Runs python `code` in a sandbox over a tree that holds an unsigned CLAUDE.md, which the
        agent may move and change (drafts), and may not: of this run is what is returned."""
        self.planted_where(code, (*options, DRAFTS), **rest)
        return self.planted_where(code, options, **rest)

    def planted_where(self, code, options, **rest):
        shutil.rmtree(self.project.tree / "sub2", ignore_errors=True)
        self.project.write("CLAUDE.md", MARK)
        self.project.write("sub/AGENTS.md", MARK)
        self.project.write("notes.txt", "ordinary")
        control = self.project.run(PY, "-c", code)
        self.assertIn(MARK, control.stdout, "control: without the sandbox the bytes are there: " +
                      control.stderr)
        self.project.own()
        for name in ("CLAUDE.md", "sub/AGENTS.md"):
            self.project.write(name, MARK)
        done = self.project.sandbox(PY, "-c", code, options=options, **rest)
        self.assertNotIn(MARK, done.stdout, done.stderr)
        return done

    def test_signed_file_is_read_as_it_was_signed(self):
        self.project.write("CLAUDE.md", "be careful")
        self.project.sign("CLAUDE.md")
        self.assertEqual(self.ran(self.project.sandbox("cat", "CLAUDE.md")).stdout, "be careful")

    def test_unsigned_file_stops_the_start_and_names_what_mends_it(self):
        self.project.write("CLAUDE.md", MARK)
        done = self.ran(self.project.sandbox("echo", "started"), 1)
        self.assertNotIn("started", done.stdout)
        self.assertIn("no-bundle", done.stderr)
        self.assertIn("nono trust sign", done.stderr)

    def test_unsigned_file_deeper_down_does_not_stop_the_start_and_is_unreadable(self):
        self.project.write("node_modules/x/AGENTS.md", MARK)
        done = self.project.sandbox("sh", "-c", "echo started; cat node_modules/x/AGENTS.md")
        self.assertIn("started", done.stdout)
        self.assertNotIn(MARK, done.stdout)

    def test_plain_open_is_denied(self):
        self.planted("print(open('CLAUDE.md').read())")

    def test_absolute_path_is_denied(self):
        self.planted("import os; print(open(os.getcwd() + '//./CLAUDE.md').read())")

    def test_parent_components_are_denied(self):
        self.planted("print(open('sub/../CLAUDE.md').read())")

    def test_directory_descriptor_is_denied(self):
        self.planted("import os; d = os.open('sub', os.O_RDONLY); "
                     "print(os.read(os.open('AGENTS.md', os.O_RDONLY, dir_fd=d), 99))")

    def test_reopened_path_descriptor_is_denied(self):
        self.planted("import os; f = os.open('CLAUDE.md', os.O_PATH); "
                     "print(open(f'/proc/self/fd/{f}').read())")

    def test_proc_cwd_is_denied(self):
        self.planted("print(open('/proc/self/cwd/CLAUDE.md').read())")

    def test_symlink_to_it_is_denied(self):
        self.planted("import os; os.path.lexists('l') and os.unlink('l'); "
                     "os.symlink('CLAUDE.md', 'l'); print(open('l').read())")

    def test_guarded_name_that_links_to_ordinary_text_is_denied(self):
        self.project.write("text.txt", MARK)
        os.symlink("text.txt", self.project.tree / "GEMINI.md")
        done = self.project.sandbox("cat", "GEMINI.md", options=("--allow-cwd", "--trust-scan=none"))
        self.assertNotIn(MARK, done.stdout)

    def test_hard_link_made_before_is_denied(self):
        self.project.write("CLAUDE.md", MARK)
        os.link(self.project.tree / "CLAUDE.md", self.project.tree / "innocent.txt")
        done = self.project.sandbox("cat", "innocent.txt",
                                    options=("--allow-cwd", "--trust-scan=none"))
        self.assertNotIn(MARK, done.stdout)

    def test_hard_link_of_the_last_of_many_found_is_denied(self):
        """They reach the broker after it was started, in several messages."""
        for i in range(1100):
            directory = self.project.tree / f"d{i:04}"
            directory.mkdir()
            (directory / "CLAUDE.md").write_text(MARK)
        os.link(self.project.tree / "d1099/CLAUDE.md", self.project.tree / "innocent.txt")
        self.project.own()
        options = ("--allow-cwd", "--trust-scan=none")
        done = self.project.sandbox("cat", "innocent.txt", options=options)
        self.assertNotIn(MARK, done.stdout)
        control = self.project.sandbox("echo", "started", options=options)
        self.assertEqual(control.stdout, "started\n")

    def test_hard_link_made_inside_is_denied(self):
        self.planted("import os; os.path.exists('h') and os.unlink('h'); "
                     "os.link('CLAUDE.md', 'h'); print(open('h').read())")

    def test_renamed_file_is_denied(self):
        self.planted("import os; os.path.exists('CLAUDE.md') and os.rename('CLAUDE.md', 'r.txt'); "
                     "print(open('r.txt').read())")

    def on_overlay(self, *words):
        """Of a guarded file and one more in a guarded directory, each with a second name."""
        shutil.rmtree(self.project.tree / "lower", ignore_errors=True)
        for name, other in (("CLAUDE.md", "other"), (".claude/commands/a.md", "text")):
            self.project.write("lower/" + name, MARK)
            os.link(self.project.tree / "lower" / name, self.project.tree / "lower" / other)
        for name in ("upper", "work", "merged"):
            shutil.rmtree(self.project.tree / name, ignore_errors=True)
            (self.project.tree / name).mkdir()
        self.project.own()
        return self.mounted("mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work,redirect_dir=on merged",
                            *words)

    @support.NEEDS_MOUNTS
    def test_one_that_is_numbered_anew_is_denied(self):
        """An overlay gives a file of two names another number when it copies it up."""
        options = ("--allow-cwd", "--trust-scan=none", DRAFTS)
        for way, name in (("os.link('CLAUDE.md', 'h')", "h"), ("os.link('other', 'h')", "h"),
                          ("os.rename('CLAUDE.md', 'r')", "r"), ("os.rename('.claude/commands', 'c')", "c/a.md"),
                          ("os.chmod('other', 0o640)", "other"), ("os.utime('other')", "other"),
                          ("os.truncate('other', 99)", "other"), ("open('other', 'a')", "other")):
            script = f"import os; os.chdir('merged')\ntry: {way}\nexcept OSError: pass\nprint(open('{name}').read())"
            self.assertIn(MARK, self.on_overlay(PY, "-c", script).stdout, way)
            done = self.on_overlay(support.NONO, "run", *options, "--", PY, "-c", script)
            self.assertEqual((done.returncode, MARK in done.stdout + done.stderr), (1, False), (way, done.stderr))
            if "open" not in way:
                self.assertIn("guarded-name", done.stderr, way)
        done = self.on_overlay(support.NONO, "run", *options, "--", "sh", "-c",
                               "cd merged; chmod 640 CLAUDE.md; mkdir d; mv CLAUDE.md d; echo moved")
        self.assertEqual(self.ran(done).stdout, "moved\n")

    def test_removed_file_is_denied_by_a_descriptor_of_it(self):
        for way in ("os.open('CLAUDE.md', os.O_PATH)", "os.open('CLAUDE.md', os.O_WRONLY)"):
            for gone in ("os.unlink('r.txt')", "open('new', 'w'); os.rename('new', 'r.txt')"):
                self.planted(f"import os; fd = {way}; os.rename('CLAUDE.md', 'r.txt'); {gone}\n"
                             "print(open(f'/proc/self/fd/{fd}').read())")

    def test_renamed_directory_is_denied(self):
        self.planted("import os; os.path.exists('sub') and os.rename('sub', 'sub2'); "
                     "print(open('sub2/AGENTS.md').read())")

    def test_directory_renamed_out_of_a_guarded_path_is_denied(self):
        self.project.write(".claude/commands/x.md", MARK)
        done = self.project.sandbox(
            PY, "-c", "import os; os.rename('.claude/commands', 'plain'); "
            "print(open('plain/x.md').read())", options=("--allow-cwd", "--trust-scan=none"))
        self.assertNotIn(MARK, done.stdout)

    def test_read_write_open_is_denied(self):
        self.planted("print(open('CLAUDE.md', 'r+').read())")

    def test_memory_map_is_denied(self):
        self.planted("import mmap, os; f = os.open('CLAUDE.md', os.O_RDWR); "
                     "print(bytes(mmap.mmap(f, 0)))")

    def test_child_process_is_denied(self):
        self.planted("import subprocess; print(subprocess.run(['cat', 'CLAUDE.md'], "
                     "capture_output=True, text=True).stdout)")

    def test_case_variant_is_denied(self):
        self.project.write("claude.MD", MARK)
        done = self.project.sandbox("cat", "claude.MD",
                                    options=("--allow-cwd", "--trust-scan=none"))
        self.assertNotIn(MARK, done.stdout)

    def test_variant_that_looks_the_same_is_denied(self):
        unseen = ("\u200d", "\u2065", "\u2800", "\ufff0", "\ufffb", "\U000e0000", "\U000e0080",
                  "\U000e01f0", "\U000e0fff", "\x01", "\n", "\x7f", "\x85", "\x9b")
        names = ["CLA%sUDE.md" % each for each in unseen] + ["AGENTS%s.md" % each for each in unseen]
        for name in names:
            self.project.write(name, MARK)
        self.project.write("CLA\u2801UDE.md", "seen")  # control: this one is another name
        done = self.ran(self.project.sandbox(
            "sh", "-c", 'for name in *; do echo "$(cat "$name")"; done',
            options=("--allow-cwd", "--trust-scan=none")))
        self.assertNotIn(MARK, done.stdout)
        self.assertEqual(done.stdout.split(), ["seen"], done.stderr)

    def handed_over(self, *words, mode="r", at=0, command="run"):
        with open(self.project.tree / "CLAUDE.md", mode, encoding="utf-8") as stream:
            os.lseek(stream.fileno(), at, os.SEEK_SET)
            return subprocess.run(
                self.project.command(support.NONO, command, *words), cwd=self.project.tree,
                env=self.project.environment(), stdin=stream, capture_output=True, text=True,
                timeout=60, check=False)

    def test_standard_stream_that_is_not_verified_stops_the_start(self):
        self.project.write("CLAUDE.md", MARK)
        for mode in ("r", "r+"):
            done = self.ran(self.handed_over("--allow-cwd", "--trust-scan=none", "--", "cat",
                                             mode=mode), 1)
            self.assertNotIn(MARK, done.stdout)
            self.assertIn("no-bundle", done.stderr)
            self.assertNotIn("--trust-scan", done.stderr)
        self.assertNotIn(MARK, self.handed_over("--read", "/usr", "--trust-intercept=off", "--",
                                                "cat", command="wrap").stdout)
        self.assertIn(MARK, self.handed_over("--trust-override", "--allow-cwd", "--", "cat").stdout)

    def test_standard_stream_that_is_verified_is_read_as_it_was_judged(self):
        self.project.write("CLAUDE.md", "be careful")
        self.project.sign("CLAUDE.md")
        code = "import os; print(os.read(0, 99)); print(os.readlink('/proc/self/fd/0'))"
        done = self.ran(self.handed_over("--allow-cwd", "--", PY, "-c", code, at=3))
        self.assertEqual(done.stdout, "b'careful'\n/memfd:nono-sealed (deleted)\n")
        session = json.loads(self.project.nono("audit", "list", "--json").stdout)["sessions"][0]["id"]
        events = json.loads(self.project.nono("audit", "show", "--json", session).stdout)["events"]
        read = [event for event in events if event["type"] == "guarded_file"]
        self.assertEqual([event["outcome"] for event in read], ["allowed"], events)
        wrapped = self.handed_over("--read", "/usr", "--", "cat", command="wrap")
        self.assertIn("a standard stream is a guarded file", self.ran(wrapped, 1).stderr)

    def test_file_written_mid_run_is_unreadable_until_signed(self):
        done = self.project.sandbox("sh", "-c", f"echo {MARK} > AGENTS.md; cat AGENTS.md; echo on",
                                    options=("--allow-cwd", DRAFTS))
        self.assertNotIn(MARK, done.stdout)
        self.assertIn("on", done.stdout)
        self.assertIn("nono trust sign", done.stderr)

    def test_file_changed_outside_mid_run_is_denied(self):
        self.project.write("CLAUDE.md", "be careful")
        self.project.sign("CLAUDE.md")
        process = subprocess.Popen(
            self.project.command(support.NONO, "run", "--allow-cwd", "--", "sh", "-c",
                                 "cat CLAUDE.md; echo; read x; cat CLAUDE.md"),
            cwd=self.project.tree, env=self.project.environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), "be careful\n")
        self.project.write("CLAUDE.md", MARK)
        out, _ = process.communicate("go\n", timeout=30)
        self.assertNotIn(MARK, out)

    def test_verified_file_is_not_changed_replaced_or_removed(self):
        self.project.write("CLAUDE.md", "be careful")
        self.project.sign("CLAUDE.md")
        for attempt in ("echo x >> CLAUDE.md", "echo x > t && mv t CLAUDE.md", "rm CLAUDE.md",
                        "mv CLAUDE.md away", "truncate -s 0 CLAUDE.md",
                        "ln CLAUDE.md h && echo x >> h"):
            done = self.project.sandbox("sh", "-c", attempt)
            self.assertNotEqual(done.returncode, 0, attempt)
            self.assertEqual((self.project.tree / "CLAUDE.md").read_text(), "be careful", attempt)
        allowed = self.project.sandbox("sh", "-c", "echo x >> CLAUDE.md",
                                       options=("--allow-cwd", "--allow-instruction-edit"))
        self.ran(allowed)

    def test_served_copy_has_the_name_of_its_file(self):
        self.project.write("CLAUDE.md", "be careful")
        self.project.write("plain.txt", "plain")
        self.project.sign("CLAUDE.md")
        os.symlink("CLAUDE.md", self.project.tree / "link.md")
        code = ("import ctypes, os\n"
                "def text(path, room=4096):\n"
                "    room_for = ctypes.create_string_buffer(room)\n"
                "    got = ctypes.CDLL(None, use_errno=True).readlink(path.encode(), room_for, room)\n"
                "    return room_for.raw[:got].decode() if got >= 0 else os.strerror(ctypes.get_errno())\n"
                "for name in ('CLAUDE.md', 'sub/../link.md', 'plain.txt'):\n"
                "    fd = os.open(name, os.O_RDONLY)\n"
                "    for place in ('/proc/self/fd', '/proc/thread-self/fd', '/dev/fd', f'/proc/{os.getpid()}/fd'):\n"
                "        print(text(f'{place}/{fd}'))\n"
                "    print(os.readlink(f'/proc/self/fd/{os.dup(fd)}'))\n"
                "print(text('link.md'), text('/proc/self/fd/99'), text('plain.txt'))\n"
                "print(os.read(os.open('CLAUDE.md', os.O_RDONLY), 99).decode())\n")
        (self.project.tree / "sub").mkdir()
        self.project.own()
        control = self.project.run(PY, "-c", code)
        self.assertEqual(control.stdout.splitlines()[0], f"{self.project.tree}/CLAUDE.md")
        for options in ((), ("--block-net",)):
            done = self.ran(self.project.sandbox(PY, "-c", code, options=("--allow-cwd", *options)))
            self.assertEqual(done.stdout, control.stdout)

    def test_served_copy_is_not_taken_from_other_readers(self):
        self.project.write("CLAUDE.md", "be careful")
        self.project.sign("CLAUDE.md")
        code = ("import os, time\ntime.sleep(0.1)\nf = os.open('CLAUDE.md', os.O_RDONLY)\n"
                "for way in (lambda: os.fchmod(f, 0), lambda: os.chmod(f'/proc/self/fd/{f}', 0),\n"
                "            lambda: os.utime(f, (1, 1)), lambda: os.fchown(f, -1, os.getgid())):\n"
                "    try: way(); print('changed')\n"
                "    except OSError as error: print(error.errno)\n"
                "print(open('CLAUDE.md').read())\n"
                "own = os.memfd_create('own'); os.fchmod(own, 0o600); print(os.fstat(own).st_mode)")
        done = self.ran(self.project.sandbox(PY, "-c", code, options=("--read", ".")))
        self.assertEqual(done.stdout, "1\n" * 4 + f"be careful\n{0o100600}\n")

    def test_verified_file_is_not_replaced_by_moving_its_directory_or_removing_its_bundle(self):
        self.project.write("sub/CLAUDE.md", "be careful")
        self.project.sign("sub/CLAUDE.md")
        for attempt in ("mv sub old && mkdir sub && echo x > sub/CLAUDE.md",
                        "rm sub/CLAUDE.md.bundle && echo x > sub/CLAUDE.md",
                        "mv sub/CLAUDE.md.bundle away && echo x > sub/CLAUDE.md",
                        "echo x > sub/CLAUDE.md.bundle"):
            done = self.project.sandbox("sh", "-c", attempt)
            self.assertNotEqual(done.returncode, 0, attempt)
            self.assertEqual((self.project.tree / "sub/CLAUDE.md").read_text(), "be careful")

    def test_chain_of_links_through_a_guarded_name_is_denied(self):
        self.project.write("zz2", MARK)
        code = ("import os; os.path.lexists('nn') or (os.symlink('QWEN.md', 'nn'), "
                "os.symlink('zz2', 'QWEN.md')); print(open('nn').read())")
        self.assertIn(MARK, self.project.run(PY, "-c", code).stdout)
        done = self.project.sandbox(PY, "-c", code, options=("--allow-cwd", "--trust-scan=none"))
        self.assertNotIn(MARK, done.stdout)

    def test_chain_of_links_is_followed_as_the_kernel_does_whatever_the_spelling(self):
        make = ("import os\nos.makedirs('t/d')\nopen('t/notes.txt', 'w').write('" + MARK + "')\n"
                "for link, to in (('t/%s', 'notes.txt'), ('t/n', '%s'), ('l', 't/d'),\n"
                "                 ('abs', os.getcwd() + '/t/n'), ('up', 'l/../n'),\n"
                "                 ('through', '/proc/self/cwd/t/n')):\n"
                "    os.symlink(to.replace('%s', NAME), link.replace('%s', NAME))\n"
                "t = os.open('t', os.O_PATH)\nprint(open(SPELT).read())")
        spellings = ("'t/n'", "'l/../n'", "'/proc/self/cwd/t/n'", "'/proc/thread-self/cwd/l/../n'",
                     "os.getcwd() + '/l/../n'", "'abs'", "'up'", "'l/../../abs'", "'through'",
                     "f'/proc/self/fd/{t}/n'", "f'/dev/fd/{t}/d/../n'")
        for name, reads in (("CLAUDE.md", False), ("other.txt", True)):
            for spelt in spellings:
                code = make.replace("NAME", repr(name)).replace("SPELT", spelt)
                for run, shown in ((self.project.run, True), (self.project.sandbox, reads)):
                    self.project.run("rm", "-rf", "t", "l", "abs", "up", "through", check=True)
                    options = {} if run == self.project.run else {
                        "options": ("--allow-cwd", "--trust-scan=none")}
                    done = run(PY, "-c", code, **options)
                    self.assertEqual(MARK in done.stdout, shown, (name, spelt, done.stderr))

    def test_link_beside_its_file_is_judged_where_it_lies(self):
        """By a pattern of a policy that neither the spelling nor the file's own path matches."""
        self.project.write(".git/HEAD", "ref: refs/heads/main\n")
        self.project.write("trust-policy.json", '{"version": 1, "includes": ["rules/*.rule"],'
                           ' "publishers": [], "enforcement": "deny"}')
        links = (("b.text", "b.txt", True), ("a.rule", "a.txt", False), ("c.text", "c.rule", False),
                 ("c.rule", "c.txt", None), ("d.text", "../rules/d.txt", True), ("d.rule", "../rules/e.txt", False))
        for name in "abcde":
            self.project.write(f"rules/{name}.txt", MARK)
        os.symlink("rules", self.project.tree / "way")
        self.project.own()
        self.ran(self.project.nono("trust", "sign-policy"))
        opened = [(f"{at}way/{link}", reads) for link, _, reads in links if reads is not None
                  for at in ("", f"{self.project.tree}/")] * 2  # the way is known the second time
        code = (f"import os\nfor link, to, _ in {links!r}:\n    os.symlink(to, 'rules/' + link)\n"
                f"for name, _ in {opened!r}:\n    try: print(open(name).read())\n"
                "    except OSError as error: print(error.errno)")
        control = self.ran(self.project.run(PY, "-c", code)).stdout.split()
        self.assertEqual(control, [MARK] * len(opened))
        self.project.run("sh", "-c", "rm rules/*.text rules/*.rule", check=True)
        done = self.ran(self.project.sandbox(PY, "-c", code, options=("--allow-cwd", "--trust-scan=none", DRAFTS)))
        self.assertEqual(done.stdout.split(), [MARK if reads else "13" for _, reads in opened], done.stderr)

    def test_guarded_name_that_leads_to_a_device_is_refused(self):
        os.symlink("/dev/zero", self.project.tree / "CLAUDE.md")
        code = "print(open('CLAUDE.md', 'rb').read(3))"
        self.assertIn("x00", self.project.run(PY, "-c", code).stdout)
        done = self.project.sandbox(PY, "-c", code, options=("--allow-cwd", "--trust-scan=none"))
        self.assertNotIn("x00", done.stdout)

    def test_agent_configuration_there_before_the_start_is_warned_of_and_read(self):
        self.project.write(".envrc", "export A=1")
        done = self.ran(self.project.sandbox("cat", ".envrc"))
        self.assertIn("export A=1", done.stdout)
        self.assertIn("warning", done.stderr)

    def test_freed_inode_of_a_removed_draft_is_ordinary(self):
        self.ran(self.project.sandbox("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do echo x > AGENTS.md;"
                                      " rm AGENTS.md; echo y > n$i; cat n$i || exit 9; done"))

    def test_freed_inode_of_a_replaced_draft_is_ordinary(self):
        self.ran(self.project.sandbox(
            "sh", "-c", "echo x > AGENTS.md; for i in 1 2 3 4 5 6 7 8; do echo x > new;"
            " mv new AGENTS.md; echo y > n$i; cat n$i || exit 9; done"))

    def test_nameless_file_with_the_number_of_a_removed_draft_is_ordinary(self):
        code = ("import os, time\n"
                "for i in range(8):\n"
                "    open('AGENTS.md', 'w').close(); os.unlink('AGENTS.md')\n"
                "    time.sleep(0.02)  # times of birth are as fine as the kernel's tick\n"
                "    fd = os.open('.', os.O_TMPFILE | os.O_RDWR, 0o600); os.write(fd, b'mine')\n"
                "    assert open(f'/proc/self/fd/{fd}').read() == 'mine'; os.close(fd)\n")
        self.ran(self.project.sandbox(PY, "-c", code, options=("--allow-cwd", DRAFTS)))

    def test_number_of_a_draft_that_was_replaced_outside_is_ordinary(self):
        drafts = [self.project.write(f"d{i}/AGENTS.md", MARK) for i in range(8)]
        self.project.own()
        code = ("import sys; print('ready', flush=True); sys.stdin.readline()\n"
                "for i in range(32):\n"
                "    open(f'n{i}', 'w').write('mine')\n"
                "    assert open(f'n{i}').read() == 'mine'\n")
        process = subprocess.Popen(
            self.project.command(support.NONO, "run", "--allow-cwd", "--", PY, "-c", code),
            cwd=self.project.tree, env=self.project.environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), "ready\n")
        for draft in drafts:
            draft.with_suffix(".new").write_text(MARK)
            draft.with_suffix(".new").replace(draft)
        _, errors = process.communicate("go\n", timeout=60)
        self.assertEqual(process.returncode, 0, errors)

    def test_trust_policy_stays_what_it_is_for_the_next_run(self):
        self.project.write(".git/HEAD", "ref: refs/heads/main\n")
        self.project.write("sub/notes.txt", "ordinary")
        self.project.write("trust-policy.json", '{"version": 1, "includes": ["*.rules"],'
                           ' "publishers": [], "enforcement": "deny"}')
        self.project.write("a.rules", MARK)
        self.project.own()
        self.ran(self.project.nono("trust", "sign-policy"))
        attempts = ("rm trust-policy.json", "rm trust-policy.json.bundle", "echo > trust-policy.json",
                    "mv trust-policy.json x", "mv sub/notes.txt trust-policy.json",
                    "ln -sf sub/notes.txt trust-policy.json", "chmod 0 trust-policy.json",
                    "echo '{}' > sub/trust-policy.json", "mkdir sub/.git", "echo x > sub/.git",
                    "mkdir d; mv d sub/.git", "ln -s x sub/.git")
        for attempt in attempts:
            with self.subTest(attempt):
                done = self.project.sandbox("sh", "-c", attempt, options=(
                    "--allow-cwd", "--trust-scan=none"))
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("protected-name", done.stderr)
        free = ("--allow", self.project.tree, "--trust-scan=none")
        self.ran(self.project.sandbox("sh", "-c", "mkdir -p own/.git; echo x > own/trust-policy.json",
                                      options=free))
        control = self.project.sandbox("cat", "notes.txt", options=(*free, "--workdir", "sub"))
        self.assertEqual(control.stdout, "ordinary")
        done = self.project.sandbox("cat", "../a.rules", options=(*free, "--workdir", "sub"))
        self.assertEqual(done.stdout, "")
        self.assertIn("no-bundle", done.stderr)

    def test_override_lets_it_through_with_a_warning(self):
        self.project.write("CLAUDE.md", MARK)
        done = self.ran(self.project.sandbox("cat", "CLAUDE.md",
                                             options=("--allow-cwd", "--trust-override")))
        self.assertIn(MARK, done.stdout)
        self.assertIn("warning", done.stderr)

    def test_fifo_under_a_guarded_name_stalls_nobody(self):
        os.mkfifo(self.project.tree / "AGENTS.md")
        self.project.own()
        done = self.project.sandbox("sh", "-c", "cat AGENTS.md; echo on",
                                    options=("--allow-cwd", "--trust-scan=none"), timeout=20)
        self.assertIn("on", done.stdout)

    def test_instruction_file_is_not_executed(self):
        path = self.project.write("CLAUDE.md", "#!/bin/sh\necho ran\n")
        path.chmod(0o755)
        self.ran(self.project.run(path))
        done = self.project.sandbox("sh", "-c", "./CLAUDE.md",
                                    options=("--allow-cwd", "--trust-scan=none"))
        self.assertNotIn("ran", done.stdout)

    def test_instruction_file_is_no_interpreter(self):
        """The kernel shows the first line of an interpreter that is a script to the one it names."""
        path = self.project.write("CLAUDE.md", f"#!/bin/echo {MARK}\n")
        path.chmod(0o755)
        for name, by in (("script", path), ("of-script", self.project.tree / "script"),
                         ("link", self.project.tree / "notes"), ("relative", "CLAUDE.md")):
            self.project.write(name, f"#!{by}\n").chmod(0o755)
        (self.project.tree / "notes").symlink_to("CLAUDE.md")
        in_memory = ("import os; f = os.memfd_create('m', 0); os.write(f, b'#!CLAUDE.md\\n'); "
                     "os.execve(f, ['m'], {})")
        # One that may not be read, of the size of a program that is held back by its arguments.
        self.project.write("unread", f"#!{path}\n".ljust(os.stat("/bin/rm").st_size)).chmod(0o111)
        tries = [["./script"], ["./of-script"], ["./link"], ["./relative"], ["./unread"],
                 [PY, "-c", in_memory]]
        for words in tries:
            self.assertIn(MARK, self.project.run(*words).stdout, words)
            done = self.project.sandbox(*words, options=("--allow-cwd", "--trust-scan=none"))
            self.assertNotIn(MARK, done.stdout, words)
            self.assertIn("command" if words == ["./unread"] else "guarded-execute", done.stderr)
        self.project.write("plain", "#!/bin/echo plain\n").chmod(0o755)
        self.project.write("by-plain", "#!./plain\n").chmod(0o755)
        self.assertIn("plain", self.ran(self.project.sandbox(
            "./by-plain", options=("--allow-cwd", "--trust-scan=none"))).stdout)


RACE = """
import ctypes, os, sys, threading
sys.setswitchinterval(0.00001)  # else a call waits 5 ms for the other thread's turn to end
libc = ctypes.CDLL(None)
path = ctypes.create_string_buffer(b'CLAUDE.mx')
open('CLAUDE.mx', 'w').write('benign')
stop = False
def flip():
    while not stop:
        path[8] = b'd'
        path[8] = b'x'
threading.Thread(target=flip, daemon=True).start()
leaks = 0
for _ in range(%d):
    fd = libc.open(path, 0)
    if fd >= 0:
        if b'UNSIGNED' in os.read(fd, 64):
            leaks += 1
        os.close(fd)
print('leaks', leaks)
stop = True
"""

SWAP = """
import os, sys, threading
sys.setswitchinterval(0.00001)
open('benign.txt', 'w').write('benign')
stop = False
def swap():
    while not stop:
        for target in ('CLAUDE.md', 'benign.txt'):
            try:
                os.symlink(target, 'l.new'); os.rename('l.new', 'l')
            except OSError:
                pass
threading.Thread(target=swap, daemon=True).start()
leaks = 0
for _ in range(%d):
    try:
        with open('l') as f:
            if 'UNSIGNED' in f.read():
                leaks += 1
    except OSError:
        pass
print('leaks', leaks)
stop = True
"""


class Races(support.SandboxCase):
    OPENS = 20000

    def test_pointer_flip_wins_nothing(self):
        self.project.write("CLAUDE.md", MARK)
        done = self.project.sandbox(PY, "-c", RACE % self.OPENS, timeout=110,
                                    options=("--allow-cwd", "--trust-scan=none"))
        self.assertIn("leaks 0", done.stdout, done.stderr)

    def test_symlink_swap_wins_nothing(self):
        self.project.write("CLAUDE.md", MARK)
        done = self.project.sandbox(PY, "-c", SWAP % self.OPENS, timeout=110,
                                    options=("--allow-cwd", "--trust-scan=none"))
        self.assertIn("leaks 0", done.stdout, done.stderr)


support.both_users(globals(), Gate)

if __name__ == "__main__":
    sys.exit(support.main())
