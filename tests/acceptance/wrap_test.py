"""wrap: the sandbox without a supervisor: what is the program's own, and what is refused."""

import os
import signal
import subprocess
import sys
import unittest

import support

PY = "/usr/bin/python3"


class Wrap(support.SandboxCase):
    def wrap(self, *words, options=("--allow-cwd",), **rest):
        return self.project.nono("wrap", *options, "--", *words, **rest)

    def test_exit_code_is_the_programs(self):
        for code in (0, 1, 7, 255):
            self.ran(self.wrap("sh", "-c", f"exit {code}"), code)

    def test_a_signal_ends_it_as_without_nono(self):
        done = self.wrap("sh", "-c", "kill -TERM $$")
        self.assertEqual(done.returncode, -signal.SIGTERM)

    def test_pipes_are_the_programs(self):
        done = self.project.run("sh", "-c", f"echo through | {support.NONO} wrap --allow-cwd -- "
                                "sh -c 'cat; echo err >&2' | tr a-z A-Z")
        self.assertEqual((done.stdout, done.stderr), ("THROUGH\n", "err\n"))

    def test_nothing_of_nono_stays(self):
        code = ("import os; print(os.getpid(), os.getppid());"
                "print([n for n in os.listdir('/proc/self/fd') if int(n) > 3])")
        words = self.project.command(support.NONO, "wrap", "--allow-cwd", "--", PY, "-c", code)
        started = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, cwd=self.project.tree,
                                   env=self.project.environment())
        out, err = started.communicate(timeout=60)
        self.assertEqual(started.returncode, 0, err)
        ids, descriptors = out.splitlines()
        self.assertEqual(descriptors, "[]")
        self.assertEqual([int(number) for number in ids.split()], [started.pid, os.getpid()])

    def test_files_outside_the_grants_are_closed(self):
        outside = self.project.home / "secret.txt"
        outside.write_text("secret")
        self.project.own()
        self.ran(self.project.run("cat", str(outside)))
        done = self.wrap("cat", str(outside))
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("secret\n", done.stdout)
        self.ran(self.wrap("sh", "-c", "echo x >made && cat made"))
        self.assertNotEqual(self.wrap("sh", "-c", f"echo x >{self.project.home}/made").returncode, 0)

    def test_what_a_broker_would_decide_is_refused_by_the_call(self):
        attempts = {
            "chmod": "os.chmod('f', 0o600)",
            "fchmod": "os.fchmod(os.open('f', os.O_RDONLY), 0o600)",
            "chown": "os.chown('f', os.getuid(), os.getgid())",
            "utime": "os.utime('f')",
            "setxattr": "os.setxattr('f', 'user.x', b'1')",
            "unix": "socket.socket(socket.AF_UNIX)",
            "watch": "c = ctypes.CDLL(None, use_errno=True); "
                     "r = c.inotify_add_watch(c.inotify_init1(0), b'.', 2); "
                     "r >= 0 or sys.exit(13)",
        }
        for name, attempt in attempts.items():
            code = ("import ctypes, os, socket, sys\nopen('f', 'w').close()\n"
                    f"try:\n  {attempt}\nexcept PermissionError: sys.exit(13)\n"
                    "except OSError as e: sys.exit(95 if e.errno == 95 else 1)\n")
            self.assertIn(self.project.run(PY, "-c", code).returncode, (0, 95), name)
            self.assertEqual(self.wrap(PY, "-c", code).returncode, 13, name)

    def test_the_network_is_blocked(self):
        code = "import socket; socket.socket(socket.AF_INET)"
        self.ran(self.project.run(PY, "-c", code))
        done = self.wrap(PY, "-c", code, options=("--allow-cwd", "--block-net"))
        self.assertIn("PermissionError", done.stderr)

    def test_a_guarded_file_in_reach_needs_the_supervisor(self):
        self.project.write("CLAUDE.md", "do this")
        done = self.wrap("true")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nono run", done.stderr)
        self.project.sign("CLAUDE.md")
        done = self.wrap("true")
        self.assertEqual(done.returncode, 1, "verified files, too, can be replaced afterwards")
        self.assertIn("--trust-intercept=off", done.stderr)

    def test_the_users_word_starts_it_over_verified_files_only(self):
        self.project.write("CLAUDE.md", "do this")
        off = ("--allow-cwd", "--trust-intercept=off")
        self.assertEqual(self.wrap("true", options=off).returncode, 1)
        self.project.sign("CLAUDE.md")
        self.assertEqual(self.ran(self.wrap("cat", "CLAUDE.md", options=off)).stdout, "do this")

    def test_unverified_files_that_no_agent_loads_by_itself_stop_it_too(self):
        self.project.write("deep/er/SKILLS.md", "do this")
        off = ("--allow-cwd", "--trust-intercept=off")
        self.ran(self.project.sandbox("true"))
        self.assertEqual(self.wrap("true", options=off).returncode, 1)
        done = self.wrap("cat", "deep/er/SKILLS.md", options=(*off, "--trust-scan=none"))
        self.assertEqual(done.returncode, 125)
        self.assertIn("--trust-scan=none", done.stderr)

    def test_an_address_is_not_made_a_port(self):
        done = self.wrap("true", options=("--allow-cwd", "--connect", "127.0.0.1:80"))
        self.assertEqual(done.returncode, 125)
        self.assertIn("--connect", done.stderr)

    def test_a_port_to_listen_on_is_not_dropped(self):
        """Nobody could tell a bound socket from one that gets any port: listen(2) would be refused."""
        done = self.wrap("true", options=("--allow-cwd", "--listen-port", "40123"))
        self.assertEqual((done.returncode, done.stdout), (125, ""))
        self.assertIn("--listen-port", done.stderr)
        self.assertIn("nono run", done.stderr)

    def test_a_network_of_its_own(self):
        count = "import os; print(os.readlink('/proc/self/ns/net'))"
        options = ("--allow-cwd", "--block-net", "--net-namespace=on")
        inside = self.ran(self.wrap(PY, "-c", count, options=options)).stdout
        without = self.ran(self.wrap(PY, "-c", count, options=options[:2])).stdout
        self.assertNotEqual(inside, without)

    def test_run_has_no_such_word(self):
        done = self.project.sandbox("true", options=("--allow-cwd", "--trust-intercept=off"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("nono wrap", done.stderr)

    def test_what_needs_a_supervisor_is_not_dropped(self):
        self.project.write("p.json", '{"limits":{"memory":"1G"},"workdir":{"access":"readwrite"}}')
        done = self.wrap("true", options=("--profile", "./p.json"))
        self.assertEqual(done.returncode, 125)
        self.assertIn("a limit", done.stderr)

    def test_a_profile_that_demands_strict_is_not_overruled(self):
        document = '{"workdir":{"access":"readwrite"}%s}'
        self.project.write("p.json", document % "")
        off = ("--profile", "./p.json", "--trust-intercept=off")
        self.ran(self.wrap("true", options=off))
        self.project.write("p.json", document % ',"trust":{"intercept":"strict"}')
        for options in (off, off[:2]):
            done = self.ran(self.wrap("true", options=options), 1)
            self.assertIn("the profile demands that every open is judged", done.stderr)
            self.assertNotIn("--trust-intercept=off", done.stderr)

    def test_programs_that_are_not_there_or_cannot_run(self):
        self.ran(self.wrap("no-such-program"), 127)
        self.project.write("plain", "text")
        self.ran(self.wrap("./plain"), 126)

    def test_the_start_is_recorded(self):
        self.ran(self.wrap("true"))
        listed = self.ran(self.project.nono("audit", "list", "--json")).stdout
        self.assertIn('"true"', listed)
        session = listed.split('"id":')[1].split('"')[1]
        shown = self.ran(self.project.nono("audit", "verify", session)).stdout
        self.assertIn("the chain and its seal hold", shown)


support.both_users(globals(), Wrap)

if __name__ == "__main__":
    support.main()
