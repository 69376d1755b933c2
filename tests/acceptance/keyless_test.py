"""Keyless signing against a real Sigstore on loopback."""

import json
import os
import pathlib
import pty
import shutil
import subprocess

import support
from sigstore_local import BASE, REPOSITORY, WORKFLOW, KeylessCase, main, publisher

# Bundles of the public-good instance, as the Sigstore conformance suite has them.
SHARED = os.environ.get("NONO_SHARED_DIR", pathlib.Path(__file__).resolve().parents[3] / "shared")
PUBLIC = pathlib.Path(SHARED) / "fixtures/sigstore/conformance"
BEACON = {"name": "beacon", "issuer": "https://token.actions.githubusercontent.com",
          "subject": "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon"
                     "/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main",
          "predicate_types": ["message-signature"]}


class Keyless(KeylessCase):
    def test_what_a_job_signed_is_verified_by_who_trusts_the_workflow(self):
        self.trust(publisher())
        for config in ("signing_config.json", "signing_config.rekor1.json"):
            self.keep("signing_config.json", self.servers.text(config))
            self.assertIn("SIGNED", self.in_job("CLAUDE.md").stdout)
            self.assertIn("VERIFIED", self.verdict())

    def test_another_repository_branch_workflow_or_issuer_is_denied(self):
        self.in_job("CLAUDE.md")
        for changes in ({"repository": "acme/other"}, {"repository": "evil/agent-skills"},
                        {"ref_pattern": "refs/tags/v*"}, {"ref_pattern": "refs/heads/mai"},
                        {"workflow": ".github/workflows/other.yml"},
                        {"issuer": "https://gitlab.com"}):
            self.trust(publisher(**changes))
            self.assertIn("FAILED", self.verdict(code=1), changes)

    def test_a_changed_file_is_denied(self):
        self.trust(publisher())
        self.in_job("CLAUDE.md")
        self.project.write("CLAUDE.md", "be careless")
        self.assertIn("subject-mismatch", self.verdict(code=1))

    def test_another_instances_root_denies(self):
        self.trust(publisher())
        self.in_job("CLAUDE.md")
        (self.config / "trusted_root.json").unlink()
        self.assertIn("FAILED", self.verdict(code=1))

    def name_root(self, name):
        (self.config / "roots").mkdir(mode=0o700, exist_ok=True)
        (self.config / "trusted_root.json").rename(self.config / "roots" / f"{name}.json")

    def test_a_publisher_is_judged_by_the_root_that_it_names(self):
        self.in_job("CLAUDE.md")
        self.name_root("acme")
        self.trust(publisher())
        self.assertIn("not-logged", self.verdict(code=1))
        self.trust(publisher(root="public-good"))
        self.assertIn("not-logged", self.verdict(code=1))
        self.trust(publisher(root="acme"))
        self.assertIn("VERIFIED", self.verdict())
        self.trust(publisher(), publisher(name="other", repository="acme/other", root="acme"))
        self.assertIn("untrusted-publisher", self.verdict(code=1))

    def test_the_public_good_instance_and_ones_own_are_kept_apart(self):
        if not PUBLIC.exists():
            self.skipTest(f"no bundle of the public-good instance in {PUBLIC}")
        self.in_job("CLAUDE.md")
        self.name_root("acme")
        shutil.copy(PUBLIC / "a.txt", self.project.tree / "PUBLIC.md")
        shutil.copy(PUBLIC / "happy-path-v0.3-new-mediaType/bundle.sigstore.json",
                    self.project.tree / "PUBLIC.md.bundle")
        own = publisher(root="acme")
        for root in ({}, {"root": "public-good"}):
            self.trust(own, BEACON | root)
            self.assertIn("VERIFIED", self.verdict())
            self.assertIn("VERIFIED", self.verdict("PUBLIC.md"))
        self.trust(own, BEACON | {"root": "acme"})
        self.assertIn("untrusted-publisher", self.verdict("PUBLIC.md", code=1))

    def test_a_publisher_is_added_with_the_root_that_vouches(self):
        self.in_job("CLAUDE.md")
        self.name_root("acme")
        add = ("trust", "publisher", "add", "--from", "CLAUDE.md", "--name", "ci", "--yes")
        self.assertNotEqual(self.project.nono(*add).returncode, 0)
        done = self.project.nono(*add, "--root", "acme")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("VERIFIED", self.verdict())
        listed = json.loads(self.project.nono("trust", "publisher", "list", "--json").stdout)
        self.assertEqual([one["root"] for one in listed["publishers"]], ["acme"])
        shown = self.project.nono("trust", "root", "show", "--name", "acme").stdout
        self.assertIn(str(self.config / "roots/acme.json"), shown)
        told = self.project.nono("trust", "explain", "CLAUDE.md").stdout
        self.assertIn('the trusted root "acme"', told)

    def test_verification_asks_nobody(self):
        self.trust(publisher())
        self.in_job("CLAUDE.md")
        done = self.project.run("unshare", "-rn", support.NONO, "trust", "verify", "CLAUDE.md")
        if "unshare" in done.stderr:
            self.skipTest("no network namespace can be made here")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_several_files_under_one_certificate(self):
        self.trust(publisher())
        names = ["CLAUDE.md", "docs/AGENTS.md", "GEMINI.md"]
        for name in names:
            self.project.write(name, f"text of {name}")
        self.in_job(*names)
        serials = set()
        for name in names:
            self.assertIn("VERIFIED", self.verdict(name))
            shown = self.project.nono("trust", "inspect", f"{name}.bundle").stdout
            serials.add(next(line for line in shown.splitlines() if "certificate" in line))
        self.assertEqual(len(serials), 1)

    def test_progress_is_shown_on_a_terminal_and_in_no_pipe(self):
        names = [f"{number}.md" for number in range(12)]
        for name in names:
            self.project.write(name, name)
        self.keep("signing_config.json", self.servers.text("signing_config.rekor1.json"))
        self.assertEqual(self.in_job(*names).stderr, "")
        leader, follower = pty.openpty()
        with os.fdopen(leader, "rb", buffering=0) as shown:
            done = subprocess.run([support.NONO, "trust", "sign", "--keyless", *names], check=False,
                                  cwd=self.project.tree, stderr=follower, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, timeout=60,
                                  env=self.project.environment(self.servers.job()))
            os.close(follower)
            text = shown.read(65536).decode()
        self.assertEqual(done.returncode, 0, text)
        for number in range(1, 13):
            self.assertIn(f"signing: {number} of 12 files", text)

    def test_one_statement_about_several_files(self):
        self.trust(publisher())
        self.project.write("docs/AGENTS.md", "more")
        self.in_job("--multi-subject", "CLAUDE.md", "docs/AGENTS.md")
        for name in ("CLAUDE.md", "docs/AGENTS.md"):
            self.assertIn("VERIFIED", self.verdict(name))

    def test_a_person_signs_with_a_token_from_anywhere(self):
        self.trust({"name": "alice", "issuer": f"http://127.0.0.1:{BASE + 1}",
                    "subject": "alice@example.test"})
        token = self.servers.token()
        self.project.write("token", token + "\n")
        for words, env in ((("--identity-token", token), {}),
                           (("--identity-token", "@token"), {}),
                           ((), {"SIGSTORE_ID_TOKEN": token})):
            done = self.sign("CLAUDE.md", *words, env=env)
            self.assertIn("as alice@example.test of", done.stdout)
            self.assertNotIn(token, done.stdout + done.stderr)
            self.assertIn("VERIFIED", self.verdict())
            (self.project.tree / "CLAUDE.md.bundle").unlink()

    def test_who_is_named_otherwise_than_by_the_token_signs(self):
        """A provider that passes other providers' people on, a cluster, a GitHub server of one's own."""
        oidc = f"http://127.0.0.1:{BASE + 1}"
        github = "https://github.com/login/oauth"
        pod = "https://kubernetes.io/namespaces/ci/serviceaccounts/signer"
        self.trust({"name": "alice", "issuer": github, "subject": "alice@example.test"},
                   {"name": "cluster", "issuer": f"{oidc}/pods", "subject": pod},
                   {"name": "server", "issuer": f"{oidc}/gha", "subject":
                    f"https://github.com/{REPOSITORY}/{WORKFLOW}@refs/heads/main"})
        for claims, words, who in (
                ({"federated_claims": {"connector_id": github, "user_id": "7"}},
                 (f"iss={oidc}/dex",), "alice"),
                ({"kubernetes.io": {"namespace": "ci", "serviceaccount": {"name": "signer"}}},
                 (f"iss={oidc}/pods", "sub=system:serviceaccount:ci:signer"), "cluster"),
                ({}, (f"iss={oidc}/gha", "--gha"), "server")):
            path = self.project.write("claims.json", json.dumps(claims))
            token = self.servers.token(*words, "--claims", path)
            self.sign("CLAUDE.md", "--identity-token", token)
            self.assertIn(who, self.verdict())
            (self.project.tree / "CLAUDE.md.bundle").unlink()

    def test_json_tells_who_signed(self):
        told = json.loads(self.in_job("--json", "CLAUDE.md").stdout)
        self.assertEqual(told["schema"], "nono/trust-sign/1")
        self.assertEqual(told["certificate"]["repository"], REPOSITORY)
        self.assertEqual(told["certificate"]["workflow"], WORKFLOW)
        self.assertNotIn("key", told)

    def test_a_token_that_fulcio_would_refuse_is_named_here(self):
        for claims, words in ((("--ttl", "-60"), "expired at"),
                              (("--aud", "https://github.com/acme"), "is not for Sigstore")):
            token = self.servers.token(*claims)
            done = self.sign("CLAUDE.md", "--identity-token", token, code=2)
            self.assertIn(words, done.stderr)
            self.assertNotIn(token[:60], done.stderr)
            self.unsigned()

    def test_what_fulcio_refuses_is_told(self):
        token = self.servers.token("iss=http://127.0.0.1:1/unknown")
        done = self.sign("CLAUDE.md", "--identity-token", token, code=125)
        self.assertIn("Fulcio at", done.stderr)
        self.assertIn("mend:", done.stderr)
        self.unsigned()

    def test_a_job_without_the_permission_is_told_which(self):
        done = self.sign("CLAUDE.md", env={"GITHUB_ACTIONS": "true"}, code=125)
        self.assertIn("id-token: write", done.stderr)
        job = self.servers.job()
        job["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = "wrong"
        done = self.sign("CLAUDE.md", env=job, code=125)
        self.assertIn("answered 401", done.stderr)
        self.unsigned()

    def test_a_service_that_is_down_is_named_and_nothing_is_written(self):
        for member, name in (("caUrls", "Fulcio"), ("tsaUrls", "timestamp authority"),
                             ("rekorTlogUrls", "Rekor")):
            config = json.loads(self.servers.text("signing_config.json"))
            config[member][0]["url"] = "http://127.0.0.1:9"
            self.keep("signing_config.json", json.dumps(config))
            done = self.in_job("CLAUDE.md", code=125)
            self.assertIn(name, done.stderr)
            self.unsigned()

    def test_without_a_signing_configuration_it_is_told_where_one_goes(self):
        (self.config / "signing_config.json").unlink()
        done = self.in_job("CLAUDE.md", code=125)
        self.assertIn("--signing-config", done.stderr)
        self.assertIn("signing_config.json", done.stderr)

    def test_one_file_says_services_and_root(self):
        self.trust(publisher())
        (self.config / "signing_config.json").unlink()
        (self.config / "trusted_root.json").unlink()
        both = self.servers.path("trust_config.json")
        self.in_job("CLAUDE.md", "--trust-config", both)
        self.keep("trusted_root.json", self.servers.text("trusted_root.json"))
        self.assertIn("VERIFIED", self.verdict())
        for other in ("--signing-config", "--trusted-root"):
            done = self.in_job("CLAUDE.md", "--trust-config", both, other, both, code=2)
            self.assertIn("both say which instance", done.stderr)
        wrong = self.servers.path("signing_config.json")
        self.assertIn(str(wrong), self.in_job("CLAUDE.md", "--trust-config", wrong, code=125).stderr)

    def test_options_that_do_not_go_together_are_refused(self):
        for words in (("--key", "default"), ("--keyref", "keystore://a")):
            self.assertIn("--keyless", self.in_job("CLAUDE.md", *words, code=2).stderr)
        done = self.project.nono("trust", "sign", "CLAUDE.md", "--identity-token", "a.b.c")
        self.assertEqual(done.returncode, 2)
        self.assertIn("belongs to --keyless", done.stderr)


if __name__ == "__main__":
    main(__file__)
