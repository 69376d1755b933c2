"""The published schema and the program agree about profiles made at random.

An editor that goes by docs/profile.schema.json must not mark what nono takes. What nono refuses
beyond the schema is listed here: names of things that a schema cannot know, lengths in bytes,
overflow, and what a path, a host or a variable means.
"""

import copy
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest

import support

SCHEMA = json.loads((pathlib.Path(__file__).parents[2] / "docs/profile.schema.json").read_text())

# Reasons of nono's that no schema can have.
BEYOND = re.compile(
    "there is no (group|profile)|is not an absolute path|is not a host name|does not end in a port|"
    "decides what code runs|is not a duration|is not a size|command_policies|"
    "sets .*, as /")

WORDS = ["", "a", "/x", "~/x", "$HOME/a", "../x", "linux", "!macos", "macos:15", "!!linux", "A", "A*",
         "*", "A_B", "1A", "a" * 64, "a" * 65, "a" * 5000, "90s", "1h30m", "1m1h", "1h1h", "0s", "0",
         "10", "10M", "512MiB", "512mb", "8G", "01s", "500ms", "1d", "é", "none", "readwrite",
         "strict", "all", "required", "api.example.org:443", "example.org", "localhost:0",
         "file:///a", "env://A", "op://x/y", "git_config", "default", "a.json", "-a", ".a", "PATH"]
VALUES = [*WORDS, True, False, None, 0, 1, -1, 65535, 65536, 4294967295, 4294967296, [], {}, [None],
          {"a": 1}]


def is_of_type(kind, value):
    number = isinstance(value, int) and not isinstance(value, bool)
    return {"object": isinstance(value, dict), "array": isinstance(value, list),
            "string": isinstance(value, str), "boolean": isinstance(value, bool),
            "integer": number, "null": value is None}[kind]


def matches(pattern, value):
    return re.search(pattern.replace("$", "\\Z"), value) is not None


def allows(schema, value):
    """As much of JSON Schema as the schema uses; another keyword is an error of this test."""
    return all(KEYWORDS[word](wanted, value, schema) for word, wanted in schema.items())


def allows_members(schema, value):
    known, more = schema.get("properties", {}), schema.get("additionalProperties", {})
    names = schema.get("propertyNames", {})
    return all(allows(names, key) and (allows(known[key], member) if key in known
                                       else more if isinstance(more, bool) else allows(more, member))
               for key, member in value.items())


def of(kind, check):
    return lambda wanted, value, schema: not isinstance(value, kind) or check(wanted, value, schema)


def always(*_):
    return True


KEYWORDS = {
    "$schema": always, "title": always, "description": always,
    "type": lambda kind, value, _: is_of_type(kind, value),
    "oneOf": lambda either, value, _: sum(allows(one, value) for one in either) == 1,
    "not": lambda other, value, _: not allows(other, value),
    "const": lambda wanted, value, _: value is wanted,
    "enum": lambda words, value, _: value in words,
    "pattern": of(str, lambda pattern, value, _: matches(pattern, value)),
    "minLength": of(str, lambda least, value, _: len(value) >= least),
    "maxLength": of(str, lambda most, value, _: len(value) <= most),
    "minimum": of(int, lambda least, value, _: value >= least),
    "maximum": of(int, lambda most, value, _: value <= most),
    "items": of(list, lambda items, value, _: all(allows(items, each) for each in value)),
    "maxItems": of(list, lambda most, value, _: len(value) <= most),
    "required": of(dict, lambda names, value, _: all(name in value for name in names)),
    "maxProperties": of(dict, lambda most, value, _: len(value) <= most),
    "propertyNames": of(dict, lambda _, value, schema: allows_members(schema, value)),
    "properties": of(dict, lambda _, value, schema: allows_members(schema, value)),
    "additionalProperties": of(dict, lambda _, value, schema: allows_members(schema, value)),
}


class Maker:
    """Makes values that fit a schema, mostly."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, schema):
        if self.random.random() < 0.08:
            return copy.deepcopy(self.random.choice(VALUES))
        if "oneOf" in schema:
            return self.value(self.random.choice(schema["oneOf"]))
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        makers = {"object": self.members, "array": self.entries, "string": self.word,
                  "boolean": lambda _: self.random.random() < 0.5, "null": lambda _: None,
                  "integer": lambda _: self.random.choice([0, 1, 80, 65535, 65536])}
        return makers.get(schema.get("type"), lambda _: self.random.choice(VALUES))(schema)

    def word(self, schema):
        fitting = [word for word in WORDS if allows(schema, word)]
        return self.random.choice(fitting if fitting and self.random.random() < 0.8 else WORDS)

    def entries(self, schema):
        return [self.value(schema["items"]) for _ in range(self.random.randrange(3))]

    def members(self, schema):
        known, more = schema.get("properties", {}), schema.get("additionalProperties")
        out = {key: self.value(each) for key, each in known.items()
               if key in schema.get("required", []) or self.random.random() < 0.3}
        if isinstance(more, dict):
            for key in self.random.sample(["A", "1A", "file:///a", "env://B", "PATH", "", "op://a"], 2):
                out[key] = self.value(more)
        return out

    def profile(self):
        """A profile of a few fields."""
        out = {}
        for key in self.random.sample(sorted(SCHEMA["properties"]), 3):
            out[key] = self.value(SCHEMA["properties"][key])
        if self.random.random() < 0.03:
            out["bogus"] = 1
        return out


class ProfileSchema(unittest.TestCase):
    def setUp(self):
        self.base = tempfile.TemporaryDirectory(prefix="nono-acceptance-", dir="/var/tmp")
        self.addCleanup(self.base.cleanup)

    def said(self, profiles):
        """What nono says of each: VALID, REFUSED or INVALID, and why."""
        files = []
        for number, profile in enumerate(profiles):
            file = pathlib.Path(self.base.name) / f"p{number}.json"
            file.write_text(json.dumps(profile))
            files.append(str(file))
        done = subprocess.run([support.NONO, "profile", "validate", "--json", *files], check=False,
                              capture_output=True, text=True, timeout=60,
                              env={"HOME": self.base.name, "PATH": "/usr/bin:/bin"})
        return [(row["status"], " ".join(row["details"]))
                for row in json.loads(done.stdout)["profiles"]]

    def compare(self, profiles):
        for profile, (status, why) in zip(profiles, self.said(profiles)):
            fits = allows(SCHEMA, profile)
            with self.subTest(profile=profile):
                if status != "INVALID":
                    self.assertTrue(fits, "nono takes what the schema does not")
                elif fits:
                    self.assertRegex(why, BEYOND)

    def test_profiles_made_at_random(self):
        maker = Maker(20)
        self.compare([maker.profile() for _ in range(600)])

    def test_what_only_one_of_them_took(self):
        def conditional(when):
            return {"filesystem": {"read": [{"path": "/usr", "when": when}]}}
        for profile, taken in (
                (conditional(None), True), (conditional("!linux"), True), (conditional([]), True),
                (conditional("macos:15"), True), (conditional("!!linux"), False),
                (conditional("debian"), False), ({"extends": "a.toml"}, False),
                ({"meta": {"name": "a.json"}}, False), ({"limits": {"time": "1h1h"}}, False),
                ({"limits": {"time": "1m1h"}}, False), ({"limits": {"cpu": "0s"}}, False),
                ({"limits": {"time": "0h1m"}}, True), ({"limits": {"memory": "0K"}}, False),
                ({"limits": {"memory": "08GiB"}}, True), ({"binary": "a" * 4097}, False),
                ({"environment": {"set_vars": {"1A": "x"}}}, False),
                ({"env_credentials": {"": "A"}}, False)):
            with self.subTest(profile=profile):
                self.assertEqual(allows(SCHEMA, profile), taken)
                self.assertEqual(self.said([profile])[0][0] != "INVALID", taken)


if __name__ == "__main__":
    sys.exit(support.main())
