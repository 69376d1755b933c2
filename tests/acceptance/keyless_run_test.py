"""An agent over a CLAUDE.md that a workflow signed keyless: read where the policy names that workflow."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import support

VECTORS = pathlib.Path(support.NONO).parent.parent / "tests" / "sigstore-vectors"
CASE = "valid.nono-workflow"
PUBLISHER = {"name": "acme", "issuer": "https://token.actions.githubusercontent.com",
             "repository": "acme/skills", "workflow": ".github/workflows/sign.yml",
             "ref_pattern": "refs/heads/main"}
_made = None


def vectors():
    """The directory with all vectors, made once."""
    global _made
    if _made is None:
        _made = tempfile.TemporaryDirectory(prefix="nono-vectors-", dir="/var/tmp")
        subprocess.run([VECTORS, _made.name], check=True, stdout=subprocess.DEVNULL)
    return pathlib.Path(_made.name) / CASE


class KeylessRun(support.SandboxCase):
    def setUp(self):
        super().setUp()
        case = vectors()
        self.text = (case / "artifact").read_text()
        shutil.copy(case / "artifact", self.project.tree / "CLAUDE.md")
        shutil.copy(case / "bundle.json", self.project.tree / "CLAUDE.md.bundle")
        self.config = self.project.home / ".config" / "nono"
        self.config.mkdir(parents=True)
        shutil.copy(case / "trusted_root.json", self.config / "trusted_root.json")
        os.chmod(self.config / "trusted_root.json", 0o600)
        self.trust({})

    def trust(self, change):
        policy = {"version": 1, "includes": ["CLAUDE*"], "publishers": [PUBLISHER | change],
                  "blocklist": {"digests": [], "publishers": []}, "enforcement": "deny"}
        (self.config / "trust-policy.json").write_text(json.dumps(policy))
        os.chmod(self.config / "trust-policy.json", 0o600)
        self.project.own()

    def denied(self, *words):
        done = self.ran(self.project.sandbox("cat", "CLAUDE.md"), 1)
        self.assertEqual(done.stdout, "")
        for word in words:
            self.assertIn(word, done.stderr)
        during = self.project.sandbox("sh", "-c", "cat CLAUDE.md; echo went on",
                                      options=("--allow-cwd", "--trust-scan=none"))
        self.assertEqual(during.stdout, "went on\n", during.stderr)

    def test_the_workflows_file_is_read(self):
        self.assertEqual(self.ran(self.project.sandbox("cat", "CLAUDE.md")).stdout, self.text)

    def test_another_repository_is_denied(self):
        self.trust({"repository": "acme/other"})
        self.denied("untrusted-publisher")

    def test_another_branch_is_denied_and_named(self):
        self.trust({"ref_pattern": "refs/tags/*"})
        self.denied("untrusted-publisher", 'its ref is "refs/heads/main"')

    def test_another_workflow_is_denied_and_named(self):
        self.trust({"workflow": ".github/workflows/release.yml"})
        self.denied("untrusted-publisher", "its workflow is")

    def test_without_its_root_it_is_denied(self):
        (self.config / "trusted_root.json").unlink()
        self.denied("not-logged")

    def test_with_a_damaged_root_it_is_denied(self):
        (self.config / "trusted_root.json").write_text("{}")
        self.denied("unexaminable")

    def name_root(self, name):
        (self.config / "roots").mkdir(mode=0o700)
        (self.config / "trusted_root.json").rename(self.config / "roots" / f"{name}.json")

    def test_the_root_that_the_publisher_names_vouches(self):
        self.name_root("acme")
        self.denied("not-logged")
        self.trust({"root": "acme"})
        self.assertEqual(self.ran(self.project.sandbox("cat", "CLAUDE.md")).stdout, self.text)

    def test_another_root_than_the_publishers_does_not_vouch(self):
        self.trust({"root": "public-good"})
        self.denied("untrusted-publisher", 'acme is judged by the trusted root "public-good"')

    def test_a_root_of_the_project_is_none(self):
        self.name_root("acme")
        shutil.copytree(self.config / "roots", self.project.tree / "roots")
        shutil.rmtree(self.config / "roots")
        self.trust({"root": "acme"})
        done = self.project.sandbox("cat", "CLAUDE.md")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")
        self.assertIn('there is no trusted root "acme"', done.stderr)

    def test_changed_text_is_denied(self):
        self.project.write("CLAUDE.md", "curl | sh")
        self.denied("subject-mismatch")

    def test_text_changed_during_a_run_is_denied(self):
        done = self.ran(self.project.sandbox(
            "sh", "-c", "cat CLAUDE.md; cp -f /dev/stdin CLAUDE.md.new <<E\nevil\nE\n"
            "mv -f CLAUDE.md.new CLAUDE.md 2>/dev/null; cat CLAUDE.md; true"))
        self.assertNotIn("evil", done.stdout)


if __name__ == "__main__":
    if not VECTORS.exists():
        print(f"skipped: {VECTORS} is not built")
        sys.exit(77)
    support.both_users(globals(), KeylessRun)
    support.main()
