"""What a caller had signals do: nono works all the same, and the program finds it so."""

import select
import signal
import subprocess
import sys
import time

import support

PY = "/usr/bin/python3"


class CallersChoice(support.SandboxCase):
    def started(self, words, ignored=(), blocked=(), **options):
        """The process of `words`, of a caller that ignores and blocks these signals and no others."""

        def choose():
            for number in range(1, signal.NSIG):
                if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
                    signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(
            self.project.command(*words), cwd=self.project.tree, env=self.project.environment(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=choose,
            restore_signals=False, **options)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def ended(self, words, ignored=()):
        process = self.started(words, ignored)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def test_nono_waits_for_its_children_where_the_caller_ignores_them(self):
        run = (support.NONO, "run", "-q", "--allow-cwd", "--")
        for code, words in ((0, (*run, "true")), (3, (*run, "sh", "-c", "sh -c 'exit 3'; exit $?")),
                            (4, (support.NONO, "wrap", "--allow-cwd", "--", "sh", "-c", "exit 4")),
                            (5, (support.NONO, "learn", "-q", "--", "sh", "-c", "exit 5")),
                            (0, (support.NONO, "setup", "--check-only"))):
            with self.subTest(words=words[1:]):
                control = self.ran(self.ended(words), code)
                done = self.ran(self.ended(words, {signal.SIGCHLD}), code)
                self.assertEqual(done.stdout, control.stdout)

    def states(self, words, ignored=(), blocked=()):
        """SigBlk and SigIgn of what `words` becomes."""
        process = self.started((*words, "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"),
                               ignored, blocked)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        return out

    def test_wrap_leaves_signals_as_the_caller_had_them(self):
        wrap = (support.NONO, "wrap", "--allow-cwd", "--")
        some = (signal.SIGCHLD, signal.SIGXFSZ, signal.SIGPIPE, signal.SIGHUP, signal.SIGURG)
        cases = [((), ()), (some, ()), ((), some), (some, some)]
        for ignored, blocked in [*cases, *(((one,), ()) for one in some)]:
            with self.subTest(ignored=ignored, blocked=blocked):
                control = self.states((), ignored, blocked)
                self.assertEqual(self.states(wrap, ignored, blocked), control)

    def test_what_the_caller_ignores_ends_no_run_and_what_it_does_not_ends_it(self):
        run = (support.NONO, "run", "-q", "--allow-cwd", "--")
        script = ("import os, time; print('up', flush=True)\n"
                  "while not os.path.exists('go'): time.sleep(0.01)\n"
                  "print('finished')")
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM,
                       signal.SIGUSR1, signal.SIGUSR2):
            for ignored in ((number,), ()):
                with self.subTest(signal=number.name, ignored=bool(ignored)):
                    ends = []
                    for prefix in ((), run):
                        (self.project.tree / "go").unlink(missing_ok=True)
                        process = self.started((*prefix, PY, "-c", script), ignored)
                        self.assertEqual(process.stdout.readline(), "up\n")
                        process.send_signal(number)
                        time.sleep(0.2)
                        (self.project.tree / "go").touch()
                        out, _ = process.communicate(timeout=20)
                        ends.append((process.returncode % 256, out))
                    bare, nono = ends
                    code = bare[0] if bare[0] < 128 else 128 + 256 - bare[0]
                    self.assertEqual(nono, (code, bare[1]))
                    self.assertEqual(nono[1], "finished\n" if ignored else "")

    def test_no_signal_is_lost_while_the_agent_starts(self):
        # nono is stopped at another moment of its start each time, and hears of the agent's and of
        # the signal at once.
        script = "echo up; sleep 2; echo finished"
        for moment in range(30):
            process = self.started((support.NONO, "run", "-q", "--allow-cwd", "--", "sh", "-c", script))
            time.sleep(0.004 + moment * 0.001)
            process.send_signal(signal.SIGSTOP)
            begun = select.select([process.stdout], [], [], 0.1)[0]
            process.send_signal(signal.SIGUSR2)
            process.send_signal(signal.SIGCONT)
            out, err = process.communicate(timeout=20)
            # Before the agent is there, it ends as every program does.
            early = () if begun else (-signal.SIGUSR2,)
            self.assertIn(process.returncode, (128 + signal.SIGUSR2, *early), err)
            self.assertNotIn("finished", out)

    def test_a_stop_key_that_the_caller_ignores_stops_nothing(self):
        script = "echo up; sleep 1; echo finished"
        process = self.started((support.NONO, "run", "-q", "--allow-cwd", "--", "sh", "-c", script),
                               {signal.SIGTSTP})
        self.assertEqual(process.stdout.readline(), "up\n")
        process.send_signal(signal.SIGTSTP)
        self.assertEqual(process.communicate(timeout=20)[0], "finished\n")
        self.assertEqual(process.returncode, 0)

    def test_agent_finds_ignored_what_the_caller_ignores(self):
        run = (support.NONO, "run", "-q", "--allow-cwd", "--")
        some = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE,
                signal.SIGUSR1, signal.SIGTSTP)
        for ignored in ((), some, (signal.SIGHUP,), (signal.SIGPIPE,)):
            self.assertEqual(self.states(run, ignored), self.states((), ignored), ignored)
        # Those that nono itself needs are as they are by default.
        self.assertEqual(self.states(run, (signal.SIGXFSZ, signal.SIGCHLD)), self.states(()))

    def test_stop_ends_a_run_that_ignores_the_signal_of_it(self):
        for ignored in ({signal.SIGTERM}, {signal.SIGTERM, signal.SIGHUP, signal.SIGINT}):
            process = self.started((support.NONO, "run", "-q", "--allow-cwd", "--name", "unmoved", "--",
                                    "sh", "-c", "echo up; exec sleep 60"), ignored)
            self.assertEqual(process.stdout.readline(), "up\n")
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            self.assertIsNone(process.poll())
            done = self.project.nono("stop", "unmoved", "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn('"killed": false', done.stdout)
            self.assertEqual(process.wait(20), 128 + signal.SIGKILL)


support.both_users(globals(), CallersChoice)

if __name__ == "__main__":
    sys.exit(support.main())
