"""--no-audit: nothing of the session stays, and everything that a record is for holds all the same."""

import json
import sys

import support


class NoAudit(support.SandboxCase):
    def recorded(self):
        return json.loads(self.project.nono("audit", "list", "--json").stdout)["sessions"]

    def left(self):
        directory = self.project.home / ".local/state/nono/audit"
        return [path for path in directory.rglob("*") if path.is_file()] if directory.exists() else []

    def test_nothing_is_recorded_and_the_banner_says_so(self):
        done = self.project.sandbox("sh", "-c", "cat /nowhere; exit 7",
                                    options=("--allow-cwd", "--no-audit", "-v"))
        self.assertEqual(done.returncode, 7)
        self.assertIn("nothing of this session is recorded (--no-audit)", done.stderr)
        self.assertIn(", not recorded", done.stderr)
        self.assertEqual((self.recorded(), self.left()), ([], []))
        self.ran(self.project.sandbox("true"))  # the control
        self.assertEqual(len(self.recorded()), 1)

    def test_a_profile_that_requires_a_record_refuses_it(self):
        profile = self.project.base / "p.json"
        profile.write_text(json.dumps({"meta": {"name": "p"}, "trust": {"audit": "required"},
                                       "filesystem": {"allow": [str(self.project.tree)]}}))
        child = self.project.base / "c.json"
        child.write_text(json.dumps({"meta": {"name": "c"}, "trust": {"audit": "sometimes"}}))
        options = ("--profile", profile)
        done = self.project.sandbox("echo", "started", options=(*options, "--no-audit"))
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("/trust/audit", done.stderr)
        self.assertEqual(self.ran(self.project.sandbox("echo", "started", options=options)).stdout,
                         "started\n")
        done = self.project.sandbox("true", options=("--profile", child))
        self.assertEqual(done.returncode, 2)
        self.assertIn("/trust/audit", done.stderr)

    def test_gate_and_approvals_hold_without_a_record(self):
        outside = self.project.base / "outside"
        outside.mkdir(mode=0o755)
        (outside / "file").write_text("outside\n")
        (outside / "file").chmod(0o644)
        rules = self.project.base / "rules.json"
        rules.write_text(json.dumps({"schema": "nono/approval-rules/1", "rules": [
            {"path": str(outside / "file"), "approval": "allow"}]}))
        self.project.write("CLAUDE.md", "unsigned\n")
        self.project.write("AGENTS.md", "signed\n")
        self.project.sign("AGENTS.md")
        done = self.project.sandbox("sh", "-c", f"cat {outside}/file AGENTS.md; cat CLAUDE.md", options=(
            "--allow-cwd", "--no-audit", "--trust-scan=none", "--approve", f"rules:{rules}"))
        self.assertEqual(done.stdout, "outside\nsigned\n", done.stderr)
        self.assertEqual(self.recorded(), [])


support.both_users(globals(), NoAudit)

if __name__ == "__main__":
    sys.exit(support.main())
