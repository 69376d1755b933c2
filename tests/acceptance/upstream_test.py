"""Files that nono signs with upstream nono (Rust), and those that it signs with ours.

tools/install-upstream fetches it. It reads a policy by its `predicate` since 0.81.
"""

import json
import os
import pathlib
import subprocess
import unittest

import support

VERSION = "0.81.0"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
UPSTREAM = pathlib.Path(os.environ.get("NONO_UPSTREAM", CACHE / f"nono/upstream-{VERSION}/bin/nono"))
FILES = ("CLAUDE.md", "AGENTS.md", "docs/SKILLS.md")


@unittest.skipUnless(os.access(UPSTREAM, os.X_OK), "upstream nono is not installed: tools/install-upstream")
class Upstream(support.SandboxCase):
    def setUp(self):
        super().setUp()
        for name in FILES:
            self.project.write(name, f"what {name} says\n")

    def upstream(self, *words):
        return subprocess.run([UPSTREAM, *map(str, words)], cwd=self.project.tree, check=False,
                              env=self.project.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)

    def ours(self, *words, code=0):
        return self.ran(self.project.nono("trust", *words), code)

    def policy_naming(self, key_id, public_key):
        """A policy as upstream reads it, beside the tree: in it, it would be ours to judge too."""
        path = self.project.base / "policy.json"
        path.write_text(json.dumps({
            "predicate": "https://nono.sh/attestation/trust-policy/v1", "includes": ["*.md"],
            "publishers": [{"name": "us", "key_id": key_id, "public_key": public_key}],
            "blocklist": {"digests": [], "publishers": []}, "enforcement": "deny"}))
        return path

    def our_key(self):
        """What a policy of upstream's calls our key by: the hint of the bundle, and the key."""
        self.ours("sign", *FILES)
        bundle = json.loads((self.project.tree / "CLAUDE.md.bundle").read_text())
        return (bundle["verificationMaterial"]["publicKey"]["hint"],
                self.ours("export-key").stdout.strip())

    def test_what_we_sign_verifies_with_upstream(self):
        key_id, key = self.our_key()
        policy = self.policy_naming(key_id, key)
        done = self.ran(self.upstream("trust", "verify", "--policy", policy, *FILES))
        self.assertIn("Verified 3 file(s)", done.stderr)
        self.project.write("CLAUDE.md", "something else\n")
        done = self.ran(self.upstream("trust", "verify", "--policy", policy, *FILES), 1)
        self.assertIn("digest does not match", done.stderr)

    def test_upstream_refuses_what_another_key_of_ours_signed(self):
        key_id, key = self.our_key()
        self.ours("keygen", "--id", "other")
        self.ours("sign", "--key", "other", "CLAUDE.md")
        policy = self.policy_naming(key_id, key)
        done = self.ran(self.upstream("trust", "verify", "--policy", policy, "CLAUDE.md"), 1)
        self.assertIn("not in trusted publishers", done.stderr)

    def test_a_bundle_of_several_files_verifies_with_upstream(self):
        key_id, key = self.our_key()
        for name in FILES:
            (self.project.tree / f"{name}.bundle").unlink()
        self.ours("sign", "--multi-subject", *FILES)
        policy = self.policy_naming(key_id, key)
        done = self.ran(self.upstream("trust", "verify", "--policy", policy, ".nono-trust.bundle"))
        self.assertIn("Verified 3 file(s)", done.stderr)
        self.project.write("docs/SKILLS.md", "something else\n")
        self.ran(self.upstream("trust", "verify", "--policy", policy, ".nono-trust.bundle"), 1)

    def test_a_policy_that_we_begin_is_one_for_upstream(self):
        self.ours("init")
        key = f"file://{self.project.home}/key.pem"
        self.ran(self.upstream("trust", "keygen", "--keyref", key))
        self.ran(self.upstream("trust", "sign-policy", "--keyref", key))

    def signed_by_upstream(self, *how):
        key = f"file://{self.project.home}/key.pem"
        self.ran(self.upstream("trust", "keygen", "--keyref", key))
        self.ran(self.upstream("trust", "init", "--include", *FILES, "--keyref", key))
        self.ran(self.upstream("trust", "sign-policy", "--keyref", key))
        self.ran(self.upstream("trust", "sign", *how, "--keyref", key, *FILES))

    def test_what_upstream_signs_verifies_with_ours_once_its_signer_is_trusted(self):
        self.signed_by_upstream()
        done = self.ours("verify", *FILES, code=1)
        self.assertEqual(done.stdout.count("untrusted-publisher"), 3, done.stdout)
        self.ours("publisher", "add", "--from", "CLAUDE.md", "--yes", "--name", "friend")
        self.assertEqual(self.ours("verify", *FILES).stdout.count("by friend"), 3)
        self.project.write("CLAUDE.md", "something else\n")
        self.assertIn("signed with other contents", self.ours("verify", *FILES, code=1).stdout)

    def test_a_bundle_of_several_files_of_upstream_verifies_with_ours(self):
        self.signed_by_upstream("--multi-subject")
        self.ours("publisher", "add", "--key", self.project.home / "key.pem.pub", "--yes",
                  "--name", "friend")
        self.assertEqual(self.ours("verify", *FILES).stdout.count("by friend"), 3)


if __name__ == "__main__":
    support.main()
