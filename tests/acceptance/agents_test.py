"""Real agents read what was signed and nothing else: claude-code and codex, without a network.

A stand-in for the model's API records each prompt; an instruction file counts as read when its
marker word is in there. tools/install-agents installs the agents.
"""

import os
import pathlib
import sys
import threading

import fake_llm
import support

SIGNED, OTHER = "marker-of-what-was-signed", "marker-of-something-else"
PATH = "/usr/local/bin:/usr/bin:/bin"


def agents_directory():
    """Where tools/install-agents puts them."""
    if os.environ.get("NONO_AGENTS_DIR"):
        return pathlib.Path(os.environ["NONO_AGENTS_DIR"])
    if os.geteuid() == 0:
        return pathlib.Path("/var/cache/nono-agents")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(cache) / "nono" / "agents"


class Agent:
    """What holds for each agent; the subclasses say how it is called."""

    program = ""
    instructions = ""
    key = ""
    first = ()
    again = ()

    def setUp(self):
        super().setUp()
        self.agents = self.directory()
        self.binary = self.agents / "node_modules/.bin" / self.program
        if self.project.run("test", "-x", self.binary).returncode != 0:
            self.skipTest(f"{self.binary} is not there for this user: run tools/install-agents")
        self.llm = fake_llm.FakeLlm()
        self.addCleanup(self.llm.close)
        self.state()
        self.project.own()
        self.ran(self.project.run("sh", "-c", "rmdir .git && git init -q ."))

    def directory(self):
        return agents_directory()

    def state(self):
        """Makes the agent's own files in the home directory."""

    def grants(self):
        """What it needs besides the project and its program."""

    def variables(self):
        return {"PATH": f"{self.binary.parent}:{PATH}", self.key: "sk-ant-test"}

    def options(self, *more):
        return ("--allow-cwd", "--read", str(self.agents), "--connect-port", str(self.llm.port),
                "--env", self.key, *self.grants(), *more)

    def call(self, *more):
        return self.project.sandbox(*self.first, options=self.options(*more), env=self.variables(),
                                    timeout=120)

    def succeeded(self, done):
        """The agent asked the model, had its answer, and said so."""
        self.ran(done)
        self.assertIn(fake_llm.ANSWER, done.stdout, done.stderr)
        self.assertGreater(len(self.llm.requests), 0)
        return done

    def signed(self):
        self.project.write(self.instructions, SIGNED)
        self.project.sign(self.instructions)

    def test_signed_file_is_in_the_prompt(self):
        self.signed()
        self.succeeded(self.call())
        self.assertIn(SIGNED, self.llm.prompts())

    def test_unsigned_file_stops_the_start(self):
        self.project.write(self.instructions, OTHER)
        done = self.ran(self.call(), 1)
        self.assertIn("no-bundle", done.stderr)
        self.assertIn(self.instructions, done.stderr)
        self.assertEqual(self.llm.requests, [])

    def test_unsigned_file_is_not_in_the_prompt_and_the_agent_goes_on(self):
        self.project.write(self.instructions, OTHER)
        done = self.succeeded(self.call("--trust-scan=none"))
        self.assertNotIn(OTHER, self.llm.prompts())
        self.assertIn("denied", done.stderr)

    def test_file_changed_after_signing_is_not_in_the_prompt(self):
        self.signed()
        self.project.write(self.instructions, OTHER)
        self.succeeded(self.call("--trust-scan=none"))
        self.assertNotIn(OTHER, self.llm.prompts())

    def two_turns(self, prefix):
        """Two turns in one session; the file is replaced while the first waits for its answer.

        Returns what the session printed, and the prompts of the first and of the second turn."""
        turns = f'{" ".join(self.first)} && echo turned && {" ".join(self.again)}'
        self.llm.hold()
        done = []
        runner = threading.Thread(target=lambda: done.append(self.project.run(
            *prefix, "sh", "-c", turns, env=self.variables(), timeout=200)))
        runner.start()
        try:
            self.assertTrue(self.llm.arrived.wait(100), "the agent asked nothing")
            self.project.write(self.instructions, OTHER)
            asked = len(self.llm.requests)
        finally:
            self.llm.release()
            runner.join()
        self.succeeded(done[0])
        self.assertIn("turned", done[0].stdout)
        self.assertGreater(len(self.llm.requests), asked, "the second turn asked nothing")
        return done[0], self.llm.requests[:asked], self.llm.requests[asked:]

    def test_control_without_the_sandbox_the_changed_file_is_in_the_second_prompt(self):
        self.project.write(self.instructions, SIGNED)
        _, before, after = self.two_turns(())
        self.assertIn(SIGNED, "".join(before))
        self.assertIn(OTHER, "".join(after))

    def test_file_changed_mid_run_is_not_in_the_second_prompt(self):
        self.signed()
        done, before, after = self.two_turns((support.NONO, "run", *self.options(), "--"))
        self.assertIn(SIGNED, "".join(before))
        self.assertNotIn(OTHER, "".join(after))
        self.assertIn("subject-mismatch", done.stderr)

    def test_file_planted_mid_run_is_not_in_the_second_prompt(self):
        done, _, after = self.two_turns((support.NONO, "run", *self.options(), "--"))
        self.assertNotIn(OTHER, "".join(after))
        self.assertIn("no-bundle", done.stderr)


class ClaudeCode(Agent, support.SandboxCase):
    program = "claude"
    instructions = "CLAUDE.md"
    key = "ANTHROPIC_API_KEY"
    first = ("claude", "-p", "hi")
    again = ("claude", "-c", "-p", "more")

    def state(self):
        (self.project.home / ".claude").mkdir()
        (self.project.home / ".claude.json").write_text("{}\n")

    def grants(self):
        return ("--allow", str(self.project.home / ".claude"),
                "--allow-file", str(self.project.home / ".claude.json"))

    def variables(self):
        return {**super().variables(), "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
                "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{self.llm.port}"}

    def test_its_tool_reads_what_was_verified_and_nothing_else(self):
        self.signed()
        for name, text in (("plain.txt", "ordinary text"), ("sub/AGENTS.md", OTHER)):
            self.project.write(name, text)
        for name, found in (("CLAUDE.md", SIGNED), ("plain.txt", "ordinary text"),
                            ("sub/AGENTS.md", None)):
            self.llm.requests.clear()
            self.llm.use("Read", file_path=str(self.project.tree / name))
            self.succeeded(self.call())
            results = "".join(self.llm.results())
            self.assertNotIn(OTHER, self.llm.prompts())
            if found:
                self.assertIn(found, results)
            else:
                self.assertNotEqual(results, "")


class Codex(Agent, support.SandboxCase):
    program = "codex"
    instructions = "AGENTS.md"
    key = "OPENAI_API_KEY"
    first = ("codex", "exec", "hi")
    again = ("codex", "exec", "more")

    def state(self):
        (self.project.home / ".codex").mkdir()
        (self.project.home / ".codex/config.toml").write_text(f"""
model = "test"
model_provider = "stand-in"
[model_providers.stand-in]
name = "stand-in"
base_url = "http://127.0.0.1:{self.llm.port}/v1"
env_key = "{self.key}"
wire_api = "responses"
""")

    def grants(self):
        return ("--allow", str(self.project.home / ".codex"))


support.both_users(globals(), ClaudeCode, Codex)

if __name__ == "__main__":
    sys.exit(support.main())
