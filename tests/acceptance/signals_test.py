"""What a caller had signals do: nono works all the same, and the program finds it so."""

import signal
import subprocess
import sys

import support


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


support.both_users(globals(), CallersChoice)

if __name__ == "__main__":
    sys.exit(support.main())
