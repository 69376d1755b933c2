"""Real programs do their real work in a sandbox: shells, git, compilers, package managers, tmux.

Each runs under `nono run --allow-cwd` with the least that it needs besides; what that is, and what
is refused by design, stands in docs/compatibility.md.
"""

import base64
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import unittest
import zipfile

import support

PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
GIT = "git -c user.name=Tester -c user.email=tester@example.invalid"
TERMINALS = ()
HAS_TERMINALS = "import os; os.openpty()"


def needs(*programs):
    missing = [name for name in programs if shutil.which(name, path=PATH) is None]
    return unittest.skipIf(missing, f"not installed: {', '.join(missing)}")


class Programs(support.SandboxCase):
    def script(self, text, *grants, env=None, code=0, timeout=300):
        """Runs bash `text`, which stops at its first failure, in the sandbox."""
        done = self.project.sandbox("bash", "-euc", text, options=("--allow-cwd", *grants),
                                    env={"PATH": PATH, **(env or {})}, timeout=timeout)
        return self.ran(done, code)

    def outside(self, text, env=None):
        return self.ran(self.project.run("bash", "-euc", text, env={"PATH": PATH, **(env or {})}))

    def has_terminals(self):
        done = self.project.sandbox("/usr/bin/python3", "-c", HAS_TERMINALS)
        return done.returncode == 0


class Tools(Programs):
    def test_bash_here_documents_pipes_arrays_and_jobs(self):
        done = self.script("""
            words=(one two three)
            cat <<END | tr a-z A-Z
            ${words[@]}
END
            (exit 3) & wait $! || echo "job $?"
            diff <(printf '1\\n2\\n') <(printf '1\\n2\\n') && echo same
            trap 'echo trapped' EXIT
            echo "$(< /proc/self/comm)"
            """)
        self.assertEqual(done.stdout.split(), ["ONE", "TWO", "THREE", "job", "3", "same", "bash",
                                               "trapped"])

    def test_copies_moves_and_links_keep_what_they_should(self):
        self.project.write("src/deep/file", "content\n")
        done = self.script("""
            chmod 640 src/deep/file; touch -d 2001-02-03T04:05:06Z src/deep/file
            ln -s file src/deep/soft; ln src/deep/file src/deep/hard
            cp -a src copy
            stat -c '%a %Y' copy/deep/file; readlink copy/deep/soft
            [ copy/deep/file -ef copy/deep/hard ] && echo linked
            mv copy/deep moved; cat moved/soft; [ ! -e copy/deep ] && echo gone
            install -D -m 0751 src/deep/file out/bin/tool; stat -c %a out/bin/tool
            rm -r src; rmdir copy; truncate -s 12345 sparse; stat -c %s sparse
            """)
        self.assertEqual(done.stdout.split(), ["640", "981173106", "file", "linked", "content",
                                               "gone", "751", "12345"])

    def test_find_and_xargs_over_many_files(self):
        done = self.script("""
            for i in {1..300}; do mkdir -p d$((i % 7)); echo "line $i" > d$((i % 7))/f$i; done
            find . -name 'f*' -type f -newermt 2001-01-01 | wc -l
            find . -name 'f*' -print0 | xargs -0 -P 2 -n 50 cat | sort -u | wc -l
            find d3 -delete; [ ! -e d3 ] && find . -name 'f*' -size +0 | wc -l
            """)
        self.assertEqual(done.stdout.split(), ["300", "300", "257"])

    def test_archives_come_back_as_they_were(self):
        self.script("""
            mkdir -p tree/sub; seq 1000 > tree/sub/numbers; ln -s numbers tree/sub/link
            chmod 700 tree/sub
            tar czf tree.tar.gz tree; mkdir back; tar xzf tree.tar.gz -C back
            diff -r tree back/tree; [ "$(stat -c %a back/tree/sub)" = 700 ]
            tar cf - tree | tar tvf - | grep -q 'link -> numbers'
            """)
        with tarfile.open(self.project.tree / "tree.tar.gz") as archive:
            self.assertIn("tree/sub/numbers", archive.getnames())

    def test_temporary_files_are_private_and_large_sorts_use_them(self):
        done = self.script("""
            t=$(mktemp -d); case $t in "$TMPDIR"/*) echo inside ;; esac
            stat -c %a "$t"
            seq 200000 | shuf > big; sort -n -S 1M -T "$t" big > sorted
            seq 200000 | cmp - sorted && wc -l < sorted
            """)
        self.assertEqual(done.stdout.split(), ["inside", "700", "200000"])

    def test_a_shell_that_knows_only_its_own_prefix_has_a_place_for_it(self):
        done = self.script("""
            case $TMPPREFIX in "$TMPDIR"/*) echo inside ;; esac; echo made > "$TMPPREFIX"1; cat "$TMPPREFIX"1
            """)
        self.assertEqual(done.stdout.split(), ["inside", "made"])

    @needs("zsh")
    def test_zsh_makes_here_documents(self):
        done = self.script("""
            printf '%s\\n' 'cat <<END' document END 'cat <<<word' 'cat =(echo file) <(echo pipe)' > run.zsh
            zsh -f run.zsh
            """)
        self.assertEqual(done.stdout.split(), ["document", "word", "file", "pipe"])

    @needs("rg")
    def test_ripgrep_finds_what_is_there_and_skips_what_is_ignored(self):
        self.project.write("src/a.txt", "a needle\n")
        self.project.write("src/b.txt", "hay\n")
        self.project.write("skipped/c.txt", "a needle\n")
        self.project.write(".gitignore", "skipped/\n")
        done = self.script("rg --no-heading -n needle; rg --files | sort")
        self.assertEqual(done.stdout, "src/a.txt:1:a needle\nsrc/a.txt\nsrc/b.txt\n")

    @needs("tmux")
    def test_tmux_runs_a_command_in_a_pane(self):
        # Where the kernel gives no pseudo-terminal without it, the override is what it takes.
        grants = () if self.has_terminals() else TERMINALS
        done = self.script("""
            tmux -f /dev/null -L inner new-session -d -x 80 -y 24 'echo pane says $((40 + 2)); sleep 60'
            for _ in {1..50}; do
              tmux -L inner capture-pane -p > seen; grep -q 'says 42' seen && break; sleep 0.1
            done
            cat seen; tmux -L inner kill-server
            """, *grants)
        self.assertIn("pane says 42", done.stdout)


@needs("git")
class Git(Programs):
    def test_clone_commit_branch_stash_and_worktree(self):
        done = self.script(f"""
            git init -q -b main up; cd up; echo one > a; git add a; {GIT} commit -qm first; cd ..
            git clone -q up down; cd down
            git switch -q -c work; echo two >> a; {GIT} commit -qam second
            git log --format=%s; git branch --format='%(refname:short)'
            echo three >> a; git status --short; {GIT} stash -q; git status --short
            git stash pop -q; tail -n 1 a; git checkout -q a
            git worktree add -q ../side main; cat ../side/a
            git worktree remove ../side; git worktree list | wc -l; [ ! -e ../side ]
            git switch -q main; git merge -q work; git rev-list --count HEAD
            git fsck --no-progress --no-dangling; git gc -q; git push -q origin work
            git -C ../up log --format=%s work
            """)
        self.assertEqual(done.stdout.split(), [
            "second", "first", "main", "work", "M", "a", "three", "one", "1", "2", "second",
            "first"])

    def existing_repository(self):
        self.outside(f"""
            rmdir .git; git init -q -b main .; git config --global user.name 'The User'
            git config --global user.email user@example.invalid
            echo one > a; git add a; git commit -qm first; git branch other""")

    def test_existing_repository_takes_commits_and_knows_the_user(self):
        self.existing_repository()
        self.script("""
            echo two >> a; git commit -qam second; git switch -q other; git switch -q main
            git tag v1; git stash list; git worktree add -q wt other; git worktree remove wt
            """, "--read-file", str(self.project.home / ".gitconfig"))
        done = self.outside("git log --format='%s %an'; git status --short; git fsck")
        self.assertEqual(done.stdout, "second The User\nfirst The User\n")

    def test_existing_repository_keeps_its_configuration_and_hooks(self):
        self.existing_repository()
        before = (self.project.tree / ".git/config").read_bytes()
        for attempt in ("git remote add r /nowhere", "git config core.fsmonitor ./evil",
                        "git branch -m other another", "echo x > .git/hooks/pre-commit"):
            done = self.project.sandbox("bash", "-c", attempt, options=(
                "--allow-cwd", "--read-file", str(self.project.home / ".gitconfig")))
            self.assertNotEqual(done.returncode, 0, attempt)
            self.assertIn("protected-name", done.stderr, attempt)
        self.assertEqual((self.project.tree / ".git/config").read_bytes(), before)
        self.assertFalse((self.project.tree / ".git/hooks/pre-commit").exists())


class Compilers(Programs):
    @needs("gcc", "make")
    def test_make_builds_many_small_files_in_parallel(self):
        for number in range(40):
            path = self.project.tree / f"f{number}.c"
            path.write_text(f"#include <stdio.h>\nint f{number}(void) {{ return {number}; }}\n")
        calls = "+".join(f"f{number}()" for number in range(40))
        names = "".join(f"int f{number}(void);" for number in range(40))
        (self.project.tree / "main.c").write_text(
            f'#include <stdio.h>\n{names}\nint main(void) {{ printf("%d\\n", {calls}); }}\n')
        self.project.write("Makefile", "prog: $(patsubst %.c,%.o,$(wildcard *.c))\n"
                                       "\tgcc -o $@ $^\n%.o: %.c\n\tgcc -c -o $@ $<\n")
        done = self.script("make -s -j2; ./prog; make -q prog && echo settled")
        self.assertEqual(done.stdout.split(), [str(sum(range(40))), "settled"])

    @needs("cmake", "gcc", "make")
    def test_cmake_configures_builds_and_installs(self):
        self.project.write("CMakeLists.txt", "cmake_minimum_required(VERSION 3.16)\n"
                                             "project(tiny C)\nadd_executable(tiny tiny.c)\n"
                                             "install(TARGETS tiny)\n")
        self.project.write("tiny.c", '#include <stdio.h>\nint main(void) { puts("built"); }\n')
        done = self.script("cmake -S . -B b >log; cmake --build b >>log; "
                           "cmake --install b --prefix out >>log; out/bin/tiny")
        self.assertEqual(done.stdout, "built\n")

    def toolchain(self, *command):
        """The directory that `command` names, if this user can reach it."""
        rustup = shutil.which(command[0])
        if rustup is None:
            self.skipTest(f"not installed: {command[0]}")
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
        root = asked.stdout.strip()
        if asked.returncode != 0 or not root:
            self.skipTest(f"{command[0]} names no toolchain")
        if self.project.run("test", "-r", f"{root}/bin").returncode != 0:
            self.skipTest(f"this user cannot read the toolchain that {command[0]} names")
        return pathlib.Path(root)

    def test_cargo_builds_offline(self):
        root = self.toolchain("rustc", "--print", "sysroot")
        done = self.script("""
            cargo init -q --vcs none --name tiny .
            echo 'fn main() { println!("{}", (1..=9).sum::<u32>()); }' > src/main.rs
            cargo build -q --offline; target/debug/tiny
            """, "--read", str(root),
            env={"PATH": f"{root}/bin:{PATH}", "CARGO_HOME": f"{self.project.tree}/.cargo-home"})
        self.assertEqual(done.stdout, "45\n")


class Packages(Programs):
    def wheel(self):
        """A wheel made here: module `tiny`, and a program of the same name."""
        info = "tiny-1.0.dist-info"
        files = {"tiny.py": "def main():\n    print('from the wheel')\n",
                 f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
                 f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
                                  "Tag: py3-none-any\n",
                 f"{info}/entry_points.txt": "[console_scripts]\ntiny = tiny:main\n"}
        record = ""
        for name, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
            record += f"{name},sha256={digest.decode().rstrip('=')},{len(text)}\n"
        files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
        with zipfile.ZipFile(self.project.tree / "tiny-1.0-py3-none-any.whl", "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        self.project.own()

    def test_python_makes_an_environment_and_installs_a_wheel(self):
        if subprocess.run(["/usr/bin/python3", "-c", "import venv, ensurepip"], check=False,
                          stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("this system's python3 has no venv")
        self.wheel()
        done = self.script("/usr/bin/python3 -m venv env; "
                           "env/bin/pip install -q --no-index --disable-pip-version-check *.whl; "
                           "env/bin/tiny; env/bin/python -c 'import sys, tiny; print(sys.prefix)'")
        self.assertEqual(done.stdout.splitlines(),
                         ["from the wheel", str(self.project.tree / "env")])

    @needs("node")
    def test_node_reads_writes_spawns_and_serves(self):
        self.project.write("script.js", """
            const fs = require('fs'), http = require('http'), child = require('child_process');
            fs.writeFileSync('out.json', JSON.stringify({n: 42}));
            console.log(JSON.parse(fs.readFileSync('out.json')).n);
            console.log(child.execFileSync('echo', ['spawned']).toString().trim());
            const server = http.createServer((_, reply) => reply.end('served'));
            server.listen(0, '127.0.0.1', async () => {
              const answer = await fetch(`http://127.0.0.1:${server.address().port}/`);
              console.log(await answer.text(), (await fs.promises.readdir('.')).includes('out.json'));
              server.close();
            });
            """)
        done = self.script("node script.js")
        self.assertEqual(done.stdout.split(), ["42", "spawned", "served", "true"])

    @needs("npm")
    def test_npm_installs_a_local_tarball_offline(self):
        self.project.write("tiny/package.json", '{"name":"tiny","version":"1.0.0","main":"i.js",'
                                                '"bin":{"tiny":"cli.js"}}')
        self.project.write("tiny/i.js", "module.exports = 41;\n")
        self.project.write("tiny/cli.js", "#!/usr/bin/env node\nconsole.log('bin runs');\n")
        self.project.write("app/package.json", '{"name":"app","version":"1.0.0","scripts":'
                                               '{"go":"tiny"}}')
        (self.project.home / ".npm").mkdir()
        self.project.own()
        done = self.script("""
            (cd tiny; npm pack -s --offline >/dev/null); cd app
            npm install -s --offline --no-audit --no-fund ../tiny/tiny-1.0.0.tgz
            node -e 'console.log(require("tiny") + 1)'; npm run -s go
            """, "--allow", str(self.project.home / ".npm"),
            env={"npm_config_update_notifier": "false"})
        self.assertEqual(done.stdout.split(), ["42", "bin", "runs"])


support.both_users(globals(), Tools, Git, Compilers, Packages)

if __name__ == "__main__":
    sys.exit(support.main())
