"""Runs a composite action of GitHub as its runner does, as far as our action.yml goes.

What is not known here is an error, so that a test never passes because a step was passed over: an
expression is a path, a string, ==, != and &&; a step is `run` with bash, or `uses`, which is kept
in `used` and not run.
"""

import os
import pathlib
import re
import subprocess

import yaml

TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|([A-Za-z_][\w.-]*)|(==|!=|&&))")
STOP = re.compile(r"^::stop-commands::(.+)$")
COMMAND = re.compile(r"^\s*::([a-z-]+)(?: ([^:]*))?::(.*)$")


def unescaped(text):
    for code, letter in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, letter)
    return text


def commands(log):
    """The workflow commands that the runner obeys: [(name, {property: value}, words)]."""
    found, closed = [], None
    for line in log.split("\n"):
        if closed:
            closed = None if line.strip() == f"::{closed}::" else closed
            continue
        if stop := STOP.match(line.strip()):
            closed = stop.group(1)
        elif said := COMMAND.match(line):
            pairs = (pair.partition("=") for pair in (said.group(2) or "").split(",") if pair)
            found.append((said.group(1), {key: unescaped(value) for key, _, value in pairs},
                          unescaped(said.group(3))))
    return found


class Runner:
    def __init__(self, action, project, event):
        self.folder = pathlib.Path(action).parent
        self.action = yaml.safe_load(pathlib.Path(action).read_text())
        self.project = project
        self.github = {"repository": event["GITHUB_REPOSITORY"], **event.get("context", {})}
        self.event = {key: value for key, value in event.items() if key != "context"}
        self.temp = project.base / "runner"
        self.temp.mkdir(exist_ok=True)

    # Expressions
    def look_up(self, path):
        value = {"inputs": self.inputs, "github": self.github, "steps": self.steps}
        for name in path.split("."):
            value = value.get(name, "") if isinstance(value, dict) else ""
        return value

    def value_of(self, expression):
        parts, at = [], 0
        while at < len(expression.rstrip()):
            token = TOKEN.match(expression, at)
            if token is None:
                raise ValueError(f"not an expression that is known here: {expression}")
            at = token.end()
            text, path, sign = token.groups()
            parts.append(("sign", sign) if sign else
                         ("value", self.look_up(path) if path else text.replace("''", "'")))
        return self.conjunction(parts)

    @staticmethod
    def conjunction(parts):
        if len(parts) == 1:
            return parts[0][1]
        for at in range(0, len(parts), 4):
            (_, left), (_, sign), (_, right) = parts[at:at + 3]
            if (left == right) != (sign == "=="):
                return False
            if at + 3 < len(parts) and parts[at + 3] != ("sign", "&&"):
                raise ValueError(parts)
        return True

    def filled(self, text):
        return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(self.value_of(found.group(1))), str(text))

    # Steps
    def run(self, **inputs):
        unknown = {name.replace("_", "-") for name in inputs} - set(self.action["inputs"])
        if unknown:
            raise ValueError(f"no such input: {unknown}")
        self.inputs, self.steps = {}, {}
        for name, told in self.action["inputs"].items():
            self.inputs[name] = inputs.get(name.replace("-", "_"), self.filled(told["default"]))
        self.log, self.used, self.path, self.code = "", [], [], 0
        self.summary = self.temp / "summary"
        self.summary.write_text("")
        for step in self.action["runs"]["steps"]:
            if "if" not in step or self.value_of(step["if"]):
                self.step(step)
            if self.code:
                break
        self.outputs = {name: self.filled(told["value"])
                        for name, told in self.action["outputs"].items()}
        return self

    def step(self, step):
        extra = set(step) - {"name", "id", "if", "shell", "run", "env", "uses", "with"}
        if extra or "${{" in step.get("run", ""):
            raise ValueError(f"{step['name']}: {extra or 'an expression inside a script'}")
        if "uses" in step:
            self.used.append((step["uses"], {k: self.filled(v) for k, v in step["with"].items()}))
            return
        files = {name: self.temp / name for name in ("GITHUB_OUTPUT", "GITHUB_PATH")}
        for file in files.values():
            file.write_text("")
        done = self.bash(step, files)
        self.log += done.stdout
        self.code = done.returncode
        self.path += files["GITHUB_PATH"].read_text().split()
        lines = files["GITHUB_OUTPUT"].read_text().splitlines()
        self.steps[step.get("id", step["name"])] = {
            "outputs": dict(line.split("=", 1) for line in lines)}

    def bash(self, step, files):
        environment = {**self.project.environment(self.event), **{k: str(v) for k, v in files.items()},
                       **{key: self.filled(value) for key, value in step.get("env", {}).items()},
                       "GITHUB_ACTION_PATH": str(self.folder), "RUNNER_TEMP": str(self.temp),
                       "GITHUB_WORKSPACE": str(self.project.tree),
                       "GITHUB_STEP_SUMMARY": str(self.summary),
                       "PATH": os.pathsep.join([*reversed(self.path), os.environ["PATH"]])}
        if step["shell"] != "bash":
            raise ValueError(step["shell"])
        return subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                              cwd=self.project.tree, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120, check=False)
