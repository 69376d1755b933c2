"""The fast gate: honest programs meet under it what they meet under the strict one; what hostile code
gains by it is the one thing that the documentation says."""

import contextlib
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import time

import support

MARK = "UNSIGNED-MARKER"
PY = "/usr/bin/python3"
FAST = "--trust-intercept=fast"
OPTIONS = ("--allow-cwd", "--trust-scan=none")

# Reads its arguments by fopen, open and openat with a descriptor.
READER = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static void show(const char* how, int fd) {
  char text[64];
  ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);
  if (fd < 0) printf("%s: %s\n", how, strerror(errno));
  else printf("%s: %.*s|%d|%o\n", how, got < 0 ? 0 : (int)got, text, got < 0, fcntl(fd, F_GETFD));
  if (fd >= 0) close(fd);
}
int main(int count, char** words) {
  for (int i = 1; i < count; ++i) {
    FILE* file = fopen(words[i], "r");
    show("fopen", file == NULL ? -1 : fileno(file));
    FILE* close_on_exec = fopen(words[i], "rbe");
    show("fopen-e", close_on_exec == NULL ? -1 : fileno(close_on_exec));
    show("open", open(words[i], O_RDONLY));
    show("open-e", open(words[i], O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    int here = open(".", O_RDONLY | O_DIRECTORY);
    show("openat", openat(here, words[i], O_RDONLY));
    int path = open(words[i], O_PATH);
    char again[64];
    snprintf(again, sizeof again, "/proc/self/fd/%d", path);
    show("reopened", path < 0 ? -1 : open(again, O_RDONLY));
    close(here);
    close(path);
  }
  show("null", open(NULL, O_RDONLY));
  show("empty", open("", O_RDONLY));
  show("no directory", openat(-1, "x", O_RDONLY));
  show("not a directory", open("notes.txt/x", O_RDONLY));
  return 0;
}
"""

# Opens its argument with flags of its own by the page, as hostile code would.
JUMPER = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char** words) {
  FILE* maps = fopen("/proc/self/maps", "r");
  char line[512];
  unsigned long page = 0;
  while (fgets(line, sizeof line, maps) != NULL) {
    unsigned long from = 0, to = 0;
    char mode[8];
    if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && strcmp(mode, "r-xp") == 0 &&
        to - from == 4096 && memcmp((void*)from, "\xf3\x0f\x1e\xfa\x0f\x05\xc3", 7) == 0)
      page = from;
  }
  if (page == 0) { puts("no page"); return 1; }
  long flags = strtol(words[2], NULL, 8), result = SYS_openat;
  register long r10 __asm__("r10") = 0600;
  __asm__ volatile("sub $128, %%rsp\n call *%5\n add $128, %%rsp"
                   : "+a"(result) : "D"((long)AT_FDCWD), "S"(words[1]), "d"(flags), "r"(r10),
                     "r"(page) : "rcx", "r11", "memory");
  if (result < 0) { printf("refused: %s\n", strerror(-result)); return 0; }
  char text[64];
  ssize_t got = read(result, text, sizeof text);
  printf("opened %.*s\n", got < 0 ? 0 : (int)got, text);
  return 0;
}
"""

# Opens its arguments from inside the C library, which calls no open(2) of another library for that:
# without cancellation, for a child, a directory, and to write.
INNER = r"""
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
extern char** environ;
static void spawned(const char* name, int number, int flags, char* const words[]) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, number, name, flags, 0604);
  pid_t child = 0;
  int status = 0;
  int error = posix_spawn(&child, words[0], &actions, NULL, words, environ);
  if (error == 0) waitpid(child, &status, 0);
  printf("spawn: %s, %x\n", strerror(error), status);
  fflush(stdout);
}
int main(int count, char** words) {
  char* const cat[] = {"/bin/cat", NULL};
  char* const echo[] = {"/bin/echo", "made", NULL};
  for (int i = 1; i < count; ++i) {
    for (int close_on_exec = 0; close_on_exec < 2; ++close_on_exec) {
      FILE* file = fopen(words[i], close_on_exec ? "rce" : "rc");
      char text[64] = "";
      if (file == NULL) printf("%s\n", strerror(errno));
      else printf("%s|%d\n", fgets(text, sizeof text, file), fcntl(fileno(file), F_GETFD));
      if (file != NULL) fclose(file);
    }
    DIR* directory = opendir(words[i]);
    printf("%s\n", directory == NULL ? strerror(errno) : "directory");
    if (directory != NULL) closedir(directory);
    fflush(stdout);
    spawned(words[i], 0, O_RDONLY, cat);
  }
  umask(0);
  spawned("made.txt", 1, O_WRONLY | O_CREAT | O_EXCL, echo);
  spawned("made.txt", 1, O_WRONLY | O_APPEND, echo);
  spawned(".envrc", 1, O_WRONLY | O_CREAT, echo);
  FILE* maps = fopen("/proc/self/maps", "r");
  char line[512];
  while (fgets(line, sizeof line, maps) != NULL)
    if (strstr(line, " rwx") != NULL) printf("writable code: %s", line);
  return 0;
}
"""

# Has a thread that opens from inside the C library before its program begins.
EARLY = r"""
#include <pthread.h>
#include <stdio.h>
static void* run(void* unused) {
  for (;;) {
    FILE* file = fopen("notes.txt", "rc");
    if (file != NULL) fclose(file);
  }
  return unused;
}
__attribute__((constructor)) static void begin(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, run, NULL);
}
"""

# Stands in for open(2) as users' own libraries do.
INTERPOSER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
int open(const char* path, int flags, ...) {
  static int (*next)(const char*, int, ...);
  if (next == NULL) next = (int (*)(const char*, int, ...))dlsym(RTLD_NEXT, "open");
  if (strcmp(path, "virtual.txt") == 0) path = "notes.txt";
  return next(path, flags, 0600);
}
"""


LIBC = """
import ctypes
libc = ctypes.CDLL(None)
libc.fopen.restype = libc.fgets.restype = ctypes.c_void_p
libc.fgets.argtypes = (ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)
libc.fclose.argtypes = (ctypes.c_void_p,)
text = ctypes.create_string_buffer(64)
"""


def system_link():
    """A link of the system's that says by an absolute path which file it leads to; None: there is none."""
    alternatives = pathlib.Path("/etc/alternatives")
    for link in (pathlib.Path("/usr/share/locale/locale.alias"), pathlib.Path("/etc/localtime"),
                 *(sorted(alternatives.iterdir()) if alternatives.is_dir() else ())):
        target = os.readlink(link) if link.is_symlink() and link.lstat().st_uid == 0 else ""
        if target.startswith("/") and ".." not in target and not os.path.islink(target) \
                and os.path.isfile(target):
            return link
    return None


def built(directory, name, source, *options):
    out = directory / name
    done = subprocess.run(["gcc", "-O2", "-x", "c", "-", "-o", out, *options], input=source,
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    out.chmod(0o755)
    return out


class Fast(support.SandboxCase):
    def setUp(self):
        super().setUp()
        self.project.write("notes.txt", "ordinary\n")

    def both(self, *words, options=OPTIONS, **rest):
        """Runs under both gates; returns both results, the strict one first."""
        return [self.project.sandbox(*words, options=(*options, how), **rest)
                for how in ("--trust-intercept=strict", FAST)]

    def alike(self, *words, options=OPTIONS, **rest):
        strict, fast = self.both(*words, options=options, **rest)
        self.assertEqual((strict.returncode, strict.stdout), (fast.returncode, fast.stdout),
                         strict.stderr + fast.stderr)
        self.assertEqual(self.plain(strict.stderr), self.plain(fast.stderr))
        return fast

    @staticmethod
    def plain(text):
        return re.sub(r"\b\d{2,}\b", "N", text)

    def fast(self, *words, options=OPTIONS, **rest):
        return self.project.sandbox(*words, options=(*options, FAST), **rest)

    def compiler(self):
        if shutil.which("gcc") is None:
            self.skipTest("there is no gcc")

    def recorded(self):
        listed = json.loads(self.project.nono("audit", "list", "--json").stdout)
        return [json.loads(self.project.nono("audit", "show", "--json", session["id"]).stdout)
                for session in listed["sessions"][:2]]

    def test_opens_of_ordinary_files_do_not_reach_the_broker(self):
        """They go on while it is stopped, and under the strict gate they do not."""
        own = "open('notes.txt').read()"
        inner = "libc.fgets(text, 20, libc.fopen(b'notes.txt', b'rc')) and text.value.decode()"
        rows = [(FAST, own, "ordinary\n"), (FAST, inner, "ordinary\n"),
                ("--trust-intercept=strict", own, ""), ("--trust-intercept=strict", inner, "")]
        if (link := system_link()) is not None:
            rows.append((FAST, f"open({str(link)!r}, 'rb').read(1) and 'linked'", "linked\n"))
        for how, read, expected in rows:
            code = (f"import sys\n{LIBC}\nprint('ready', flush=True)\nsys.stdin.readline()\n"
                    f"print({read}, flush=True)")
            process = subprocess.Popen(
                self.project.command(support.NONO, "run", *OPTIONS, how, "--", PY, "-c", code),
                cwd=self.project.tree, env=self.project.environment(), text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(process.stdout.readline(), "ready\n")
            children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
            broker = int(children.read_text(encoding="ascii").split()[0])
            os.kill(broker, signal.SIGSTOP)
            process.stdin.write("go\n")
            process.stdin.flush()
            os.set_blocking(process.stdout.fileno(), False)
            seen = ""
            end = time.monotonic() + (10 if expected else 1)
            while (not expected or seen.strip() != expected.strip()) and time.monotonic() < end:
                time.sleep(0.02)
                with contextlib.suppress(BlockingIOError):
                    seen += os.read(process.stdout.fileno(), 100).decode()
            os.kill(broker, signal.SIGCONT)
            os.set_blocking(process.stdout.fileno(), True)
            process.communicate(timeout=30)
            self.assertEqual(seen.strip(), expected.strip(), how)

    def test_signed_file_is_read_and_unsigned_one_refused_alike_by_every_program(self):
        self.project.write("CLAUDE.md", "be careful\n")
        self.project.write("sub/AGENTS.md", MARK)
        self.project.sign("CLAUDE.md")
        rows = [("cat", "{}"), (PY, "-c", "print(open('{}').read())"), ("sh", "-c", "cat <{}"),
                ("grep", "-rn", "", "."), ("sh", "-c", "while read l; do echo $l; done <{}"),
                ("head", "-1", "{}"), ("sed", "p", "{}"), ("awk", "{{print}}", "{}"),
                ("node", "-e", "console.log(require('fs').readFileSync('{}','utf8'))"),
                ("rg", "--sort", "path", "-uu", "e", "."), ("git", "hash-object", "{}"),
                ("perl", "-ne", "print", "{}"), ("tac", "{}"), ("cp", "{}", "copy.txt")]
        for row in rows:
            if shutil.which(row[0]) is None:
                continue
            for name in ("CLAUDE.md", "sub/AGENTS.md", "notes.txt", "missing.txt"):
                with self.subTest(program=row[0], name=name):
                    (self.project.tree / "copy.txt").unlink(missing_ok=True)
                    done = self.alike(*[word.format(name) for word in row])
                    self.assertNotIn(MARK, done.stdout + done.stderr)

    def test_c_programs_get_the_same_bytes_flags_and_errors(self):
        self.compiler()
        reader = built(self.project.tree, "reader", READER)
        self.project.write("CLAUDE.md", "be careful")
        self.project.sign("CLAUDE.md")
        self.project.write("AGENTS.md", MARK)
        os.symlink("AGENTS.md", self.project.tree / "link")
        self.project.write("text.txt", "through a guarded name")
        os.symlink("text.txt", self.project.tree / "GEMINI.md")
        os.symlink("notes.txt", self.project.tree / "plain-link")
        os.link(self.project.tree / "AGENTS.md", self.project.tree / "hard")
        self.project.own()
        names = ["notes.txt", "CLAUDE.md", "AGENTS.md", "agents.MD", "./sub/../AGENTS.md", "link",
                 "GEMINI.md", "plain-link", "hard", "missing", "/etc/hostname", "/etc/shadow",
                 "/proc/self/comm", "/dev/null", "notes.txt/", ".", "x" * 256, "y" * 600]
        control = self.project.run(reader, *names)
        self.assertIn(MARK, control.stdout)
        done = self.alike(reader, *names)
        self.assertIn("ordinary", done.stdout)
        self.assertIn("be careful", done.stdout)
        self.assertNotIn(MARK, done.stdout)

    def test_opens_from_inside_the_c_library_meet_what_the_programs_own_meet(self):
        self.compiler()
        inner = built(self.project.tree, "inner", INNER)
        early = built(self.project.tree, "libearly.so", EARLY, "-shared", "-fPIC", "-pthread")
        threads = built(self.project.tree, "threads", INNER, f"-Wl,-rpath,{early.parent}",
                        "-Wl,--no-as-needed", f"-L{early.parent}", "-learly")
        self.project.write("CLAUDE.md", "be careful\n")
        self.project.sign("CLAUDE.md")
        self.project.write("AGENTS.md", MARK)
        os.symlink("AGENTS.md", self.project.tree / "link")
        os.link(self.project.tree / "AGENTS.md", self.project.tree / "hard")
        os.symlink("notes.txt", self.project.tree / "plain-link")
        self.project.own()
        names = ["notes.txt", "CLAUDE.md", "AGENTS.md", "agents.MD", "./../" + self.project.tree.name
                 + "/AGENTS.md", "link", "hard", "plain-link", "missing", "notes.txt/", ".", "",
                 "/etc/shadow", "/proc/self/comm", "x" * 256, "y" * 600]
        made = self.project.tree / "made.txt"
        for program in (inner, threads):
            with self.subTest(program=program.name):
                control = self.project.run(program, *names)
                self.assertIn(MARK, control.stdout)
                results = []
                for how in ("--trust-intercept=strict", FAST):
                    made.unlink(missing_ok=True)
                    (self.project.tree / ".envrc").unlink(missing_ok=True)
                    done = self.project.sandbox(program, *names, options=(*OPTIONS, how))
                    results.append((done.returncode, done.stdout, self.plain(done.stderr)))
                    self.assertEqual(made.read_text(), "made\nmade\n")
                    self.assertEqual(made.stat().st_mode & 0o7777, 0o604)
                    self.assertFalse((self.project.tree / ".envrc").exists())
                self.assertEqual(*results)
                self.assertIn("ordinary", results[1][1])
                self.assertIn("be careful", results[1][1])
                self.assertNotIn(MARK, results[1][1])
                self.assertNotIn("writable code", results[1][1])

    @support.NEEDS_MOUNTS
    def test_links_among_the_systems_files_lead_to_nothing_that_strict_refuses(self):
        """The shim follows some of them: by a name that it looks at, and none that the kernel would not."""
        self.compiler()
        place = "/usr/local/share"
        reader = built(self.project.tree, "reader", READER)
        self.project.write("CLAUDE.md", "be careful")
        self.project.sign("CLAUDE.md")
        self.project.write("AGENTS.md", MARK)
        os.symlink("AGENTS.md", self.project.tree / "second")
        os.link(self.project.tree / "AGENTS.md", self.project.tree / "hard")
        (self.project.base / "outside.txt").write_text("outside")
        self.project.own()
        links = {"plain": "notes.txt", "GEMINI.md": "notes.txt", "signed": "CLAUDE.md",
                 "guarded": "AGENTS.md", "chain": "second", "known": "hard", "none": "missing",
                 "slash": "notes.txt/", "under": "notes.txt/x", "up": "../tree/notes.txt",
                 "out": "../outside.txt", "here": "."}
        made = [f"mount -t tmpfs -o mode=0755 tmpfs {place}", f"mkdir -m 1777 {place}/shared",
                f"chown 4242 {place}/shared", f"ln -s {self.project.tree}/notes.txt {place}/shared/foreign",
                f"chown -h 4343 {place}/shared/foreign", f"ln -s /proc/self/comm {place}/process",
                f"ln -s /dev/null {place}/device", f"ln -s plain {place}/relative",
                f"mkdir {place}/deep", f"echo {MARK} >{place}/deep/AGENTS.md",  # nobody looks there first
                f"ln -s {place}/deep/AGENTS.md {place}/unseen",
                *(f"ln -s {self.project.tree}/{target} {place}/{name}"
                  for name, target in links.items())]
        names = [f"{place}/{name}" for name in
                 (*links, "shared/foreign", "process", "device", "relative", "unseen", "../share/plain")]
        results = [self.mounted(" && ".join(made), support.NONO, "run", *OPTIONS, how, "--", reader, *names)
                   for how in ("--trust-intercept=strict", FAST)]
        strict, fast = [(done.returncode, done.stdout, self.plain(done.stderr)) for done in results]
        self.assertEqual(strict, fast)
        self.assertEqual(fast[0], 0, fast)
        self.assertIn("ordinary", fast[1])
        self.assertIn("be careful", fast[1])
        self.assertNotIn(MARK, fast[1])

    def test_files_of_other_processes_are_refused_wherever_their_path_begins(self):
        other = subprocess.Popen(self.project.command("sleep", "60"))
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        code = ("import os, sys\n"
                "for process in sys.argv[1], 'self':\n"
                "    held = os.open('/proc/' + process, os.O_DIRECTORY)\n"
                "    for read in (lambda: os.open('cmdline', 0, dir_fd=held),\n"
                "                 lambda: os.chdir(held) or os.open('comm', os.O_RDONLY),\n"
                "                 lambda: open('stat')):\n"
                "        try: read(); print('read')\n"
                "        except PermissionError: print('refused')\n")
        done = self.alike(PY, "-c", code, str(other.pid))
        self.assertEqual(done.stdout.split(), ["refused"] * 3 + ["read"] * 3)

    def test_static_and_stripped_environments_go_the_strict_way(self):
        self.compiler()
        reader = built(self.project.tree, "static", READER, "-static")
        self.project.write("AGENTS.md", MARK)
        self.assertNotIn(MARK, self.alike(reader, "AGENTS.md", "notes.txt").stdout)
        without = self.alike("env", "-u", "LD_PRELOAD", "cat", "AGENTS.md", "notes.txt")
        self.assertNotIn(MARK, without.stdout)
        self.assertIn("ordinary", without.stdout)

    def test_the_users_own_preloaded_library_comes_first(self):
        self.compiler()
        library = built(self.project.tree, "own.so", INTERPOSER, "-shared", "-fPIC", "-ldl")
        self.project.write("AGENTS.md", MARK)
        options = (*OPTIONS, "--env", f"LD_PRELOAD={library}")
        done = self.alike("cat", "virtual.txt", options=options)
        self.assertEqual(done.stdout, "ordinary\n")
        self.assertNotIn(MARK, self.alike("cat", "AGENTS.md", options=options).stdout)

    def test_a_name_that_becomes_guarded_and_a_guarded_file_that_is_renamed(self):
        code = ("import os\nopen('draft.txt', 'w').write('%s')\nprint(open('draft.txt').read())\n"
                "os.rename('draft.txt', 'QWEN.md')\n"
                "for name in ('QWEN.md', 'other.txt'):\n"
                "  try:\n    print(open(name).read())\n"
                "  except OSError as e:\n    print(e.errno)\n"
                "  os.path.exists('QWEN.md') and os.rename('QWEN.md', 'other.txt')\n" % "text")
        drafts = (*OPTIONS, "--allow-instruction-drafts")
        self.assertEqual(self.alike(PY, "-c", code, options=drafts).stdout, "text\n13\n13\n")

    def test_races_of_names_win_nothing(self):
        self.project.write("AGENTS.md", MARK)
        code = LIBC + """
import os, threading
stop = False
def swap():
    while not stop:
        for a, b in (('AGENTS.md', 'n.txt'), ('n.txt', 'AGENTS.md')):
            try: os.rename(a, b)
            except OSError: pass
threading.Thread(target=swap, daemon=True).start()
leaks = 0
for _ in range(4000):
    try:
        with open('n.txt') as f: leaks += 'UNSIGNED' in f.read()
    except OSError: pass
    file = libc.fopen(b'n.txt', b'rc')
    if file:
        libc.fgets(text, 20, file)
        leaks += b'UNSIGNED' in text.value
        libc.fclose(file)
stop = True
print('leaks', leaks)
"""
        for options in (OPTIONS, (*OPTIONS, "--allow-instruction-drafts")):
            self.assertEqual(self.ran(self.fast(PY, "-c", code, options=options)).stdout, "leaks 0\n")

    def test_denials_are_recorded_alike(self):
        self.project.write("AGENTS.md", MARK)
        outside = self.project.base / "outside.txt"
        outside.write_text("text")
        self.both("sh", "-c", f"cat AGENTS.md; cat {outside}; echo x >.git/config; cat notes.txt")
        fast, strict = [[(e["type"], e.get("operation"), e.get("path"), e.get("rule"),
                          e.get("outcome"), e.get("code")) for e in session["events"]
                         if e["type"] not in ("start", "end", "session")]
                        for session in self.recorded()]
        self.assertEqual(strict, fast)
        self.assertIn(str(outside), [row[2] for row in fast])

    def test_a_profile_or_policy_that_demands_strict_is_above_the_option(self):
        path = self.project.write("p.json", '{"meta": {"name": "p"}, "trust": '
                                            '{"intercept": "strict"}}')
        options = ("--allow-cwd", "--profile", path)
        self.ran(self.project.sandbox("true", options=(*options, "--trust-intercept=strict")))
        done = self.ran(self.fast("true", options=options), 2)
        self.assertIn("--trust-intercept=fast: the profile demands strict", done.stderr)
        policy = self.project.home / ".config/nono"
        policy.mkdir(parents=True)
        (policy / "trust-policy.json").write_text(
            '{"version": 1, "includes": ["CLAUDE*"], "publishers": [], "blocklist": {"digests": []}, '
            '"enforcement": "deny", "intercept": "strict"}')
        self.project.own()
        done = self.ran(self.fast("true", options=("--allow-cwd",)), 2)
        self.assertIn("the trust policy demands strict", done.stderr)

    def test_wrap_refuses_it(self):
        done = self.ran(self.project.nono("wrap", "--allow-cwd", FAST, "--", "true"), 125)
        self.assertIn("the fast gate needs a supervisor", done.stderr)

    def test_the_record_says_which_gate_it_was(self):
        self.both("true")
        texts = [json.dumps(session) for session in self.recorded()]
        self.assertIn('"trust_intercept": "fast"', texts[0])
        self.assertIn('"trust_intercept": "strict"', texts[1])

    def test_programs_make_terminals_and_use_them(self):
        code = ("import os, pty\nm, s = pty.openpty()\nos.write(s, b'to master')\n"
                "print(os.read(m, 64), os.ttyname(s)[:9], os.get_inheritable(s))\n"
                "pid, m = pty.fork()\n"
                "if pid == 0:\n  print(open('/dev/tty').fileno() > 2, os.isatty(0)); os._exit(0)\n"
                "text = b''\n"
                "try:\n  while True: text += os.read(m, 64)\n"
                "except OSError: print(text)\n")
        self.assertIn("to master", self.alike(PY, "-c", code).stdout)

    def test_hostile_code_gains_the_reading_of_guarded_files_and_nothing_else(self):
        self.compiler()
        jumper = built(self.project.tree, "jumper", JUMPER)
        self.project.write("AGENTS.md", MARK)
        self.project.write("CLAUDE.md", "be careful")
        self.project.sign("CLAUDE.md")
        outside = self.project.base / "outside.txt"
        outside.write_text(MARK)
        outside.chmod(0o644)
        no_follow = "0400000"
        self.assertIn(MARK, self.fast(jumper, "AGENTS.md", no_follow).stdout)  # as documented
        for flags in ("0", "0400001", "0400002", "0401000", "0400100", "0400102"):
            done = self.fast(jumper, "AGENTS.md", flags)
            self.assertNotIn(MARK, done.stdout, flags)
        for flags in ("0400001", "0400002", "0401001", "0401000"):
            self.assertIn("refused", self.fast(jumper, "CLAUDE.md", flags).stdout, flags)
            self.assertEqual((self.project.tree / "CLAUDE.md").read_text(), "be careful")
        self.assertIn("refused", self.fast(jumper, ".git/config", "0400101").stdout)
        self.assertIn("refused", self.fast(jumper, outside, no_follow).stdout)
        self.assertIn("refused", self.fast(jumper, "/etc/shadow", no_follow).stdout)
        strict = self.project.sandbox(jumper, "AGENTS.md", no_follow, options=OPTIONS)
        self.assertEqual(strict.stdout, "no page\n")

    def test_hostile_code_opens_no_other_terminal(self):
        self.compiler()
        jumper = built(self.project.tree, "jumper", JUMPER)
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        name = os.ttyname(slave)
        os.chown(name, self.project.uid, -1)
        os.write(master, b"typed\n")
        control = self.project.run("head", "-c", "5", name)
        self.assertEqual(control.stdout, "typed")
        os.write(master, b"typed\n")
        self.assertEqual(self.fast(jumper, name, "0404400").stdout, "refused: Permission denied\n")

    def test_a_grant_that_covers_other_terminals_is_refused(self):
        done = self.fast("true", options=("--read", "/dev", "--override-never-grant", "/dev"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/dev", done.stderr)


support.both_users(globals(), Fast)

if __name__ == "__main__":
    support.main()
