"""The built-in profiles under the real programs they are for: each does its work with the profile
and nothing else, and what the profile does not give stays out of reach."""

import json
import pathlib
import shutil
import subprocess
import sys

import agents_test
import support

PATH = "/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin"
SECRET = "marker-of-a-secret"


class Profile(support.SandboxCase):
    profile = ""
    program = ""

    def setUp(self):
        super().setUp()
        if self.program and self.project.run("sh", "-c", f"command -v {self.program}",
                                             env={"PATH": PATH}).returncode != 0:
            self.skipTest(f"{self.program} is not installed for this user")
        (self.project.home / ".netrc").write_text(SECRET)
        (self.project.home / "other").mkdir()
        self.project.own()

    def under(self, *words, options=(), **rest):
        env = {"PATH": PATH, **rest.pop("env", {})}
        return self.project.sandbox(*words, options=("--profile", self.profile, *options), env=env,
                                    timeout=240, **rest)

    def shell(self, script, **rest):
        return self.under("sh", "-ec", script, **rest)

    def contained(self, **rest):
        """Neither secrets nor other directories of the home are in reach; without nono they are."""
        script = "cat $HOME/.netrc; touch $HOME/other/x"
        done = self.under("sh", "-c", script, **rest)
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        self.assertNotEqual(done.returncode, 0)
        self.assertFalse((self.project.home / "other/x").exists())
        self.assertIn(SECRET, self.project.run("sh", "-c", script).stdout)


class PythonDev(Profile):
    profile, program = "python-dev", "/usr/bin/python3"

    def test_virtual_environment(self):
        self.project.write("hello.py", "import json, sqlite3, ssl; print(json.dumps('hello'))\n")
        done = self.ran(self.shell(
            "/usr/bin/python3 -m venv --without-pip venv; venv/bin/python hello.py;"
            "venv/bin/python -m compileall -q hello.py; touch $HOME/.cache/pip/x"))
        self.assertIn('"hello"', done.stdout)

    def test_contained(self):
        self.contained()


class NodeDev(Profile):
    profile, program = "node-dev", "npm"

    def test_install_and_run(self):
        self.project.write("dep/package.json", '{"name":"dep","version":"1.0.0","main":"i.js"}')
        self.project.write("dep/i.js", "module.exports = 'hello';\n")
        self.project.write("package.json", '{"name":"p","version":"1.0.0","private":true}')
        done = self.ran(self.shell(
            "npm install --offline --no-audit --no-fund --install-links ./dep >/dev/null;"
            "node -e \"console.log(require('dep'))\""))
        self.assertIn("hello", done.stdout)

    def test_contained(self):
        self.contained()


class BroughtTool(Profile):
    """A toolchain that tools/install-agents brings."""

    def setUp(self):
        super().setUp()
        agents = agents_test.agents_directory()
        self.root = agents.with_name(agents.name + "-tools")
        self.path = f"{self.root}/node_modules/.bin:{PATH}"
        if self.project.run("test", "-x", f"{self.root}/node_modules/.bin/bun").returncode != 0:
            self.skipTest(f"{self.root} is not there for this user: run tools/install-agents")

    def with_tool(self, script):
        return self.ran(self.shell(script, options=("--read", self.root), env={"PATH": self.path}))


class BunDev(BroughtTool):
    profile = "bun-dev"

    def test_install_test_build_and_run(self):
        self.project.write("dep/package.json", '{"name":"dep","version":"1.0.0","main":"i.js"}')
        self.project.write("dep/i.js", "module.exports = 'hello';\n")
        self.project.write("package.json", '{"name":"p","private":true}')
        self.project.write("it.test.ts", 'import { expect, test } from "bun:test";\n'
                                         'test("it", () => expect(require("dep")).toBe("hello"));\n')
        self.project.write("run.ts", 'import { Database } from "bun:sqlite";\n'
                                     'new Database("x.db").run("create table t (a)");\n'
                                     'await Bun.write("out", require("dep"));\n'
                                     'Bun.spawnSync(["cat", "out"], { stdout: "inherit" });\n')
        done = self.with_tool(
            "bun add ./dep >/dev/null && bun test && bun run.ts &&"
            "bun build --compile run.ts --outfile app >/dev/null && rm x.db && ./app")
        self.assertEqual(done.stdout.count("hello"), 2, done.stdout + done.stderr)
        self.assertIn("1 pass", done.stderr)

    def test_contained(self):
        self.contained()


class MiseDev(BroughtTool):
    profile = "mise-dev"

    def test_tasks_and_variables(self):
        self.project.write("mise.toml", '[env]\nWORD = "hello"\n[tasks.first]\nrun = "echo $WORD"\n'
                                        '[tasks.build]\ndepends = ["first"]\nrun = "echo made"\n')
        self.ran(self.project.run("mise", "trust", env={"PATH": self.path}))
        done = self.with_tool("mise run build; mise exec -- sh -c 'echo $WORD'")
        self.assertEqual(done.stdout.split(), ["hello", "made", "hello"], done.stderr)

    def test_contained(self):
        self.contained()


class GoDev(Profile):
    profile, program = "go-dev", "go"

    def test_build_test_and_run(self):
        self.project.write("go.mod", "module p\n\ngo 1.21\n")
        self.project.write("main.go", 'package main\n\nfunc main() { println("hello") }\n')
        self.project.write("main_test.go",
                           'package main\n\nimport "testing"\n\nfunc TestIt(t *testing.T) {}\n')
        done = self.ran(self.shell("rmdir .git; go build -o p . && ./p && go vet . && go test .",
                                   env={"GOTOOLCHAIN": "local", "GOPROXY": "off"}))
        self.assertIn("hello", done.stderr)
        self.assertIn("ok", done.stdout)
        self.assertFalse((self.project.home / "go/bin").exists())

    def test_contained(self):
        self.contained()


class RustDev(Profile):
    profile = "rust-dev"

    def setUp(self):
        super().setUp()
        rustc = shutil.which("rustc")
        found = rustc and subprocess.run([rustc, "--print", "sysroot"], capture_output=True,
                                         text=True, check=False).stdout.strip()
        self.root = found or "/nonexistent"
        if self.project.run("test", "-x", f"{self.root}/bin/cargo").returncode != 0:
            self.skipTest("cargo is not installed for this user")

    def test_build_test_and_run(self):
        self.project.write("Cargo.toml", '[package]\nname = "p"\nversion = "0.1.0"\n'
                                         'edition = "2021"\n')
        self.project.write("src/main.rs", 'fn main() { println!("hello"); }\n'
                                          "#[test]\nfn it() {}\n")
        done = self.ran(self.shell("cargo run --offline -q && cargo test --offline -q",
                                   options=() if self.root.startswith("/usr/") else
                                   ("--read", self.root),
                                   env={"PATH": f"{self.root}/bin:{PATH}"}))
        self.assertIn("hello", done.stdout)
        self.assertIn("1 passed", done.stdout)

    def test_contained(self):
        self.contained()


class JavaDev(Profile):
    profile, program = "java-dev", "javac"

    def test_compile_and_run(self):
        self.project.write("P.java", 'public class P { public static void main(String[] a) '
                                     '{ System.out.println("hello"); } }\n')
        self.assertIn("hello", self.ran(self.shell("javac P.java && java -cp . P")).stdout)

    def test_temporary_files(self):
        self.project.write("T.java", "public class T { public static void main(String[] a) throws "
                                     "Exception { System.out.println(java.nio.file.Files"
                                     ".createTempFile(null, null)); } }\n")
        done = self.ran(self.shell('echo "$TMPDIR"; java T.java'))
        directory, made = done.stdout.splitlines()[:2]
        self.assertTrue(made.startswith(directory + "/"), made)

    def test_options_of_java_that_are_named_stay(self):
        done = self.ran(self.shell('echo "$JAVA_TOOL_OPTIONS"',
                                   options=("--env", "JAVA_TOOL_OPTIONS=-Da=b")))
        self.assertEqual(done.stdout.strip(), "-Da=b")

    def test_contained(self):
        self.contained()


class CppDev(Profile):
    profile, program = "cpp-dev", "g++"

    def test_compile_and_run(self):
        self.project.write("p.cc", '#include <iostream>\nint main() { std::cout << "hello\\n"; }\n')
        self.project.write("Makefile", "p: p.cc\n\tg++ -O1 -o $@ $<\n")
        self.assertIn("hello", self.ran(self.shell("make -s && ./p")).stdout)

    def test_compiler_cache(self):
        if not shutil.which("ccache"):
            self.skipTest("not installed")
        self.project.write("p.cc", "int main() {}\n")
        self.ran(self.shell("for each in 1 2; do ccache g++ -c p.cc; done"))
        self.assertTrue(list((self.project.home / ".cache/ccache").iterdir()))

    def test_contained(self):
        self.contained()


class AgentProfile(agents_test.Agent):
    """An agent with its profile: only the program's own directory and the stand-in are added."""

    def options(self, *more):
        return ("--profile", self.profile, "--read", str(self.agents),
                "--connect-port", str(self.llm.port), *more)

    def test_answers(self):
        self.succeeded(self.call())

    def test_signed_file_is_in_the_prompt(self):
        self.signed()
        self.succeeded(self.call())
        self.assertIn(agents_test.SIGNED, self.llm.prompts())

    def test_contained(self):
        (self.project.home / ".netrc").write_text(SECRET)
        self.project.own()
        done = self.project.sandbox("sh", "-c", "cat $HOME/.netrc", options=self.options(),
                                    env=self.variables())
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        self.assertNotEqual(done.returncode, 0)


class LoadsByPlace:
    """For an agent that loads a file of another name, `placed`, without a question.

    `text` is what the file holds around the marker, `asked` what the agent is called with, if not
    with `first`."""

    placed = text = asked = None

    def test_what_it_loads_by_its_place_is_in_the_prompt_only_where_it_is_signed(self):
        self.first = self.asked or self.first
        self.project.write(self.placed, self.text.format(agents_test.OTHER))
        done = self.ran(self.call(), 1)
        self.assertIn(self.placed, done.stderr)
        self.call("--trust-scan=none")
        self.assertNotIn(agents_test.OTHER, self.llm.prompts())
        self.llm.requests.clear()
        self.project.write(self.placed, self.text.format(agents_test.SIGNED))
        self.project.sign(self.placed)
        self.succeeded(self.call())
        self.assertIn(agents_test.SIGNED, self.llm.prompts())
        self.project.write(self.placed, self.text.format(agents_test.OTHER))
        self.succeeded(self.project.run(*self.first, env=self.variables(), timeout=120))
        self.assertIn(agents_test.OTHER, self.llm.prompts(), "outside")


class ClaudeCodeProfile(LoadsByPlace, AgentProfile, support.SandboxCase):
    profile, program, instructions = "claude-code", "claude", "CLAUDE.md"
    key, first = "ANTHROPIC_API_KEY", ("claude", "-p", "hi")
    placed = ".claude/output-styles/default.md"
    text = "---\nname: default\ndescription: d\n---\n{}\n"

    def variables(self):
        return {**super().variables(), "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
                "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{self.llm.port}"}

    def state(self):
        """Nothing: what Claude Code needs is made at the first start."""


class CodexProfile(LoadsByPlace, AgentProfile, support.SandboxCase):
    profile, program, instructions = "codex", "codex", "AGENTS.md"
    key, first = "OPENAI_API_KEY", ("codex", "exec", "hi")
    placed = ".codex/agents/a.toml"
    text = 'name = "a"\ndescription = "{}"\ndeveloper_instructions = "x"\n'

    def state(self):
        agents_test.Codex.state(self)
        with open(self.project.home / ".codex/config.toml", "a", encoding="utf-8") as settings:
            settings.write(f'[projects."{self.project.tree}"]\ntrust_level = "trusted"\n')


class MoreAgents(AgentProfile):
    """Agents of the second directory of tools/install-agents."""

    names = ()  # of the variables to pass on
    place = "-more"
    test_answers = None  # the next one shows it, too

    def directory(self):
        first = super().directory()
        return first.with_name(first.name + self.place)

    def options(self, *more):
        passed = [word for name in self.names for word in ("--env", name)]
        return (*super().options(*passed), *more)


class Gemini(LoadsByPlace, MoreAgents, support.SandboxCase):
    profile, program, instructions = "gemini", "gemini", "GEMINI.md"
    key, first = "GEMINI_API_KEY", ("gemini", "-m", "gemini-2.5-flash", "-p", "hi")
    names = ("GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GEMINI_CLI_TRUST_WORKSPACE")
    asked = ("gemini", "-m", "gemini-2.5-flash", "-p", "/command")
    placed, text = ".gemini/commands/command.toml", 'prompt = "{}"\n'

    def variables(self):
        return {**super().variables(), "GEMINI_CLI_TRUST_WORKSPACE": "true",
                "GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{self.llm.port}"}

    def state(self):
        (self.project.home / ".gemini").mkdir()
        (self.project.home / ".gemini/settings.json").write_text(json.dumps({
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "privacy": {"usageStatisticsEnabled": False}}))


class OpenCode(LoadsByPlace, MoreAgents, support.SandboxCase):
    profile, program, instructions = "opencode", "opencode", "AGENTS.md"
    key, first = "ANTHROPIC_API_KEY", ("opencode", "run", "hi")
    names = ("ANTHROPIC_API_KEY",)
    placed, text = ".opencode/agent/build.md", "---\nmode: primary\n---\n{}\n"

    def state(self):
        directory = self.project.home / ".config/opencode"
        directory.mkdir(parents=True)
        provider = {"options": {"baseURL": f"http://127.0.0.1:{self.llm.port}/v1"}}
        model = "anthropic/claude-sonnet-4-5"
        (directory / "opencode.json").write_text(json.dumps({
            "autoupdate": False, "provider": {"anthropic": provider}, "model": model,
            "small_model": model}))

    def test_an_agent_of_the_home_is_in_the_prompt_only_outside(self):
        agent = self.project.home / ".config/opencode/agent/build.md"
        self.succeeded(self.call())
        agent.parent.mkdir()
        agent.write_text(self.text.format(agents_test.OTHER))
        self.project.own()
        self.assertIn("opencode/agent/build.md", self.ran(self.call(), 1).stderr)
        self.call("--trust-scan=none")
        self.assertNotIn(agents_test.OTHER, self.llm.prompts())
        self.succeeded(self.project.run(*self.first, env=self.variables(), timeout=120))
        self.assertIn(agents_test.OTHER, self.llm.prompts(), "outside")


class Aider(MoreAgents, support.SandboxCase):
    profile, program, instructions = "aider", "aider", "CONVENTIONS.md"
    key, names = "OPENAI_API_KEY", ("OPENAI_API_KEY", "OPENAI_API_BASE")
    first = ("aider", "--model", "openai/test", "--no-show-model-warnings", "--no-check-update",
             "--analytics-disable", "--yes-always", "--no-gitignore", "--read", "CONVENTIONS.md",
             "-m", "hi")

    def setUp(self):
        super().setUp()
        if not pathlib.Path(self.project.tree / self.instructions).exists():
            self.project.write(self.instructions, "none yet")
            self.project.sign(self.instructions)
        # Without a name it writes one into .git/config, which an agent may not.
        self.ran(self.project.run("sh", "-c", "git config user.name A; git config user.email a@b.c"))

    def variables(self):
        return {**super().variables(), "OPENAI_API_BASE": f"http://127.0.0.1:{self.llm.port}/v1"}

    def state(self):
        """Nothing: aider keeps its own in the project."""


class Swival(MoreAgents, support.SandboxCase):
    profile, program, instructions = "swival", "swival", "AGENTS.md"
    key, names, place = "OPENAI_API_KEY", ("OPENAI_API_KEY",), "-last"

    @property
    def first(self):
        return ("swival", "--provider", "generic", "--base-url",
                f"http://127.0.0.1:{self.llm.port}", "--model", "test", "hi")

    def state(self):
        """Its settings, which name a program that it runs on each answer."""
        directory = self.project.home / ".config/swival"
        directory.mkdir(parents=True)
        (directory / "config.toml").write_text("top_p = 0.125\n")

    def test_signed_file_is_in_the_prompt(self):
        super().test_signed_file_is_in_the_prompt()
        self.assertIn("0.125", self.llm.prompts())

    def test_file_changed_after_signing_is_not_in_the_prompt(self):
        agents_test.Agent.test_file_changed_after_signing_is_not_in_the_prompt(self)

    def test_unsigned_file_is_not_in_the_prompt(self):
        agents_test.Agent.test_unsigned_file_is_not_in_the_prompt_and_the_agent_goes_on(self)

    def test_its_settings_are_not_its_to_write(self):
        script = "echo 'reviewer = \"touch x\"' >$HOME/.config/swival/config.toml"
        done = self.project.sandbox("sh", "-c", script, options=self.options(),
                                    env=self.variables())
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual((self.project.home / ".config/swival/config.toml").read_text(),
                         "top_p = 0.125\n")


class AgentSettings(support.SandboxCase):
    """What names programs that an agent starts outside is not its to write, there or not yet."""

    # By profile: what is kept, and what stays the agent's; beneath the home or the project.
    rows = {
        "aider": (("~/.aider.conf.yml", "~/.aider/oauth-keys.env", ".aider.conf.yml"),
                  ("~/.aider/caches/x",)),
        "claude-code": (("~/.claude.json", "~/.claude/settings.json",
                         "~/.claude/settings.local.json", "~/.claude/hooks/x",
                         "~/.claude/workflows/x.js", "~/.claude/launch.json",
                         "~/.claude/statusline.sh", "~/.claude/statusline-command.sh",
                         "~/.claude/daemon.json", "~/.claude/remote-settings.json",
                         "~/.claude/plugins/x/hooks.json", "~/.claude/cowork_plugins/x",
                         "~/.claude/local/node_modules/x/cli.js", "~/.local/share/claude/x",
                         ".claude/settings.json", ".claude/hooks/x", ".claude/launch.json",
                         ".mcp.json"),
                        ("~/.claude/projects/x", "~/.claude/.credentials.json")),
        "codex": (("~/.codex/config.toml", "~/.codex/work.config.toml", "~/.codex/hooks.json",
                   "~/.codex/hooks/x", "~/.codex/rules/default.rules", "~/.codex/agents/x.toml",
                   "~/.codex/environments.toml", "~/.codex/.env", "~/.codex/plugins/cache/x",
                   "~/.codex/.tmp/plugins/x", "~/.codex/.tmp/marketplaces/x",
                   "~/.codex/packages/standalone/codex", ".codex/config.toml",
                   ".codex/hooks.json", ".codex/agents/x.toml"),
                  ("~/.codex/sessions/x", "~/.codex/auth.json")),
        "crush": (("~/.config/crush/crush.json", "~/.local/share/crush/crush.json",
                   "~/.local/share/crush/providers.json", "crush.json", ".crush.json",
                   "crush.project.json", ".crush/crush.json"), (".crush/crush.db",)),
        "gemini": (("~/.gemini/settings.json", "~/.gemini/policies/x.toml",
                    "~/.gemini/agents/x.md", "~/.gemini/extensions/x/gemini-extension.json",
                    "~/.gemini/.env", "~/.gemini/bin/x", "~/.gemini/tmp/bin/rg",
                    ".gemini/settings.json", ".gemini/.env", ".gemini/extensions/x/y"),
                   ("~/.gemini/tmp/x/logs.json", "~/.gemini/oauth_creds.json")),
        "openclaw": (("~/.openclaw/openclaw.json", "~/.openclaw/exec-approvals.json",
                      "~/.openclaw/extensions/x/i.js", "~/.openclaw/hooks/x", "~/.openclaw/.env",
                      "~/.openclaw/plugins/x", "~/.openclaw/git/x",
                      "~/.openclaw/npm/projects/x/node_modules/x/i.js",
                      "~/.openclaw/npm-runtime/x", "~/.openclaw/bin/x", "~/.openclaw/tools/x",
                      "~/.config/openclaw/x"),
                     ("~/.openclaw/agents/x", "~/.openclaw/workspace/x")),
        "opencode": (("~/.config/opencode/opencode.json", "~/.config/opencode/plugin/x.ts",
                      "~/.config/opencode/tool/x.ts", "~/.cache/opencode/bin/rg",
                      "~/.cache/opencode/packages/x/i.js", "opencode.json", "opencode.jsonc",
                      "tui.json", "tui.jsonc", ".opencode/opencode.json",
                      ".opencode/plugin/x.ts", ".opencode/plugins/x.ts", ".opencode/tool/x.ts",
                      ".opencode/tools/x.ts"),
                     ("~/.local/share/opencode/x", ".opencode/plans/x.md")),
        "swival": (("~/.config/swival/config.toml", "swival.toml"), (".swival/HISTORY.md",)),
    }
    write = 'for f; do mkdir -p "$(dirname "$f")"; echo bad >>"$f"; done; true'
    replace = ('for f; do echo bad >"$TMPDIR/bad"; mv "$TMPDIR/bad" "$f"; echo bad >bad.tmp;'
               ' ln -f bad.tmp "$f"; ln -sf bad.tmp "$f"; mv bad.tmp "$f"; rm -f "$f"; done; true')

    def places(self, names):
        return [self.project.home / name[2:] if name.startswith("~/") else self.project.tree / name
                for name in names]

    def under(self, profile, script, paths):
        return self.ran(self.project.sandbox("sh", "-c", script, "sh", *map(str, paths), options=(
            "--profile", profile, "--trust-scan=none")))

    def test_every_agent_has_a_row(self):
        listed = self.ran(self.project.run(support.NONO, "profile", "list", "--json")).stdout
        shown = json.loads(listed)
        agents = {each["name"] for each in shown["profiles"]}
        others = {name for name in agents if name.endswith("-dev")} | {"default",
                                                                      "linux-host-compat"}
        self.assertEqual(agents - others, set(self.rows))

    def test_plugins_of_the_home_are_written_with_no_grant(self):
        config = self.project.home / ".config/opencode"
        config.mkdir(parents=True)
        self.project.own()
        write = "for f in other/x plugin/x.ts plugins/x.ts tool/x.ts tools/x.ts; do mkdir -p ${f%/*}; echo x >$f; done"
        self.project.sandbox("sh", "-c", f"cd {config} && {write}", options=("--allow-cwd", "--allow", config))
        self.assertEqual([path.name for path in config.rglob("*") if path.is_file()], ["x"])

    def test_what_is_not_there_is_not_made(self):
        for profile, (kept, own) in self.rows.items():
            with self.subTest(profile=profile):
                self.project.own()
                self.under(profile, self.write, self.places(kept) + self.places(own))
                for path in self.places(kept):
                    self.assertFalse(path.exists(), path)
                for path in self.places(own):
                    self.assertTrue(path.exists(), path)

    def test_what_is_there_stays_as_it_is(self):
        for profile, (kept, _) in self.rows.items():
            with self.subTest(profile=profile):
                for path in self.places(kept):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text("{}")
                self.project.own()
                self.under(profile, self.write + ";" + self.replace, self.places(kept))
                for path in self.places(kept):
                    self.assertFalse(path.is_symlink(), path)
                    self.assertEqual(path.read_text(), "{}", path)

    def test_without_nono_they_are_written(self):
        paths = [path for kept, _ in self.rows.values() for path in self.places(kept)]
        self.ran(self.project.run("sh", "-c", self.write, "sh", *map(str, paths)))
        self.assertEqual([path for path in paths if not path.exists()], [])


# What agents_test.py shows of every agent is not shown again.
for name in dir(agents_test.Agent):
    if name.startswith("test_") and name not in vars(AgentProfile):
        setattr(AgentProfile, name, None)

support.both_users(globals(), PythonDev, NodeDev, BunDev, MiseDev, GoDev, RustDev, JavaDev,
                   CppDev, ClaudeCodeProfile, CodexProfile, Gemini, OpenCode, Aider, Swival,
                   AgentSettings)
del Profile, BroughtTool, AgentProfile, MoreAgents

if __name__ == "__main__":
    sys.exit(support.main())
