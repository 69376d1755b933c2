"""The steps of action.yml, run here on a repository of the test's own, with GitHub's token endpoint
and a whole Sigstore on loopback."""

import hashlib
import http.server
import pathlib
import ssl
import subprocess
import sys
import tarfile
import threading

try:
    import yaml
except ImportError:
    yaml = None
import support
from sigstore_local import REPOSITORY, WORKFLOW, KeylessCase, main

ROOT = pathlib.Path(__file__).resolve().parents[2]
BRANCH = "refs/heads/main"
# What somebody may call a file to have the runner or the shell do something else.
HOSTILE = ("-rf.md", "--all.md", "a b.md", "::error::x.md", "##[error]y.md", "$(touch broken).md",
           "`touch broken`.md", "a%0A::error::b,c:d.md", "'\".md", ":(top)z.md")
# Names that no statement can hold: nobody can sign these.
UNSIGNABLE = ("line\nbreak.md", "\n::error::w.md", "\x1b[31m.md", "\udcff.md")


class Action(KeylessCase):
    def setUp(self):
        super().setUp()
        (self.project.tree / ".git").rmdir()
        self.project.write("README", "of the repository")
        self.remote = self.project.base / "remote.git"
        self.git("init", "--quiet", "--bare", "--initial-branch=main", self.remote)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", self.remote)
        self.write_files()
        self.project.write(".sigstore/trusted_root.json", self.servers.text("trusted_root.json"))
        self.project.write(".sigstore/signing_config.json",  # version 1 answers at once
                           self.servers.text("signing_config.rekor1.json"))
        self.commit("first")
        self.git("push", "--quiet", "origin", "HEAD:main")

    def write_files(self):
        self.project.write("docs/AGENTS.md", "agents")

    def git(self, *words):
        return self.project.run("git", "-c", "user.name=t", "-c", "user.email=t@example.test",
                                *words, check=True).stdout

    def commit(self, message):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD").strip()

    def runner(self, event=None, **variables):
        from workflow import Runner
        return Runner(ROOT / "action.yml", self.project, {
            "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_REF": BRANCH, **self.servers.job(),
            "GITHUB_WORKFLOW_REF": f"{REPOSITORY}/{WORKFLOW}@{BRANCH}", "LC_ALL": "C.UTF-8",
            "context": {"action_repository": "acme/nono",
                        "event": {"repository": {"default_branch": "main"}, **(event or {})}},
            **variables})

    def act(self, runner=None, code=0, **inputs):
        told = {"program": support.NONO, "trusted_root": ".sigstore/trusted_root.json", **inputs}
        if told.get("mode") == "sign":
            told.setdefault("signing_config", ".sigstore/signing_config.json")
        done = (runner or self.runner()).run(**told)
        self.assertEqual(done.code, code, done.log)
        return done

    def verifies(self, code=0, **inputs):
        return self.act(code=code, publisher_workflow=WORKFLOW, **inputs)

    def told(self, done, kind="error"):
        from workflow import commands
        return [(where, words) for name, where, words in commands(done.log) if name == kind]


class Sign(Action):
    def test_unsigned_files_are_signed_verified_and_handed_on(self):
        done = self.act(mode="sign")
        self.assertEqual(done.outputs["signed"], "2")
        (uses, told), = done.used
        self.assertRegex(uses, r"^actions/upload-artifact@[0-9a-f]{40}$")
        with tarfile.open(told["path"]) as archive:
            self.assertEqual(sorted(archive.getnames()),
                             ["./CLAUDE.md.bundle", "./docs/AGENTS.md.bundle"])
        self.assertEqual(self.verifies().outputs["denied"], "0")

    def test_only_what_changed_is_signed_again(self):
        self.act(mode="sign")
        before = (self.project.tree / "CLAUDE.md.bundle").read_text()
        self.project.write("docs/AGENTS.md", "other agents")
        done = self.act(mode="sign", publish="none")
        self.assertEqual(done.outputs["signed"], "1")
        self.assertEqual(done.used, [])
        self.assertEqual((self.project.tree / "CLAUDE.md.bundle").read_text(), before)
        self.verifies()
        done = self.act(mode="sign")
        self.assertEqual((done.outputs["signed"], done.outputs["archive"]), ("0", ""))

    def test_one_bundle_for_all(self):
        self.act(mode="sign", bundles="together")
        self.assertTrue((self.project.tree / ".nono-trust.bundle").exists())
        self.assertFalse((self.project.tree / "CLAUDE.md.bundle").exists())
        self.verifies()

    def test_bundles_are_committed_and_nothing_else(self):
        self.project.write("stray", "not to be committed")
        self.act(mode="sign", publish="commit", commit_message="Sign; $(touch broken)")
        self.assertEqual(self.git("log", "-1", "--format=%s", "origin/main").strip(),
                         "Sign; $(touch broken)")
        names = self.git("--git-dir", self.remote, "show", "--format=", "--name-only", "main")
        self.assertEqual(names.split(), ["CLAUDE.md.bundle", "docs/AGENTS.md.bundle"])
        self.assertFalse((self.project.tree / "broken").exists())
        self.assertEqual(self.act(mode="sign", publish="commit").outputs["signed"], "0")

    def test_a_job_without_the_permission_fails_and_says_which(self):
        runner = self.runner()
        del runner.event["ACTIONS_ID_TOKEN_REQUEST_URL"]
        done = self.act(runner, mode="sign", code=125)
        self.assertIn("id-token: write", done.log)
        self.assertTrue(self.told(done))
        self.unsigned()

    def test_a_certificate_of_another_workflow_is_not_handed_on(self):
        runner = self.runner(GITHUB_WORKFLOW_REF=f"{REPOSITORY}/.github/workflows/o.yml@{BRANCH}")
        done = self.act(runner, mode="sign", code=1)
        self.assertEqual(done.used, [])
        self.assertIn("does not verify as", self.told(done)[-1][1])

    def test_wrong_inputs_are_named(self):
        for inputs, words in (({"mode": "check"}, "mode:"), ({"bundles": "all"}, "bundles:"),
                              ({"publish": "push"}, "publish:"), ({"program": "/nowhere"}, "program:"),
                              ({"trusted_root": "no.json"}, "there is no file no.json"),
                              ({"directory": "none"}, "no directory none")):
            done = self.act(**{"mode": "sign", "code": 2, **inputs})
            self.assertIn(words, self.told(done)[0][1])
            self.unsigned()
        tag = self.runner(GITHUB_REF="refs/tags/v1")
        self.assertIn("publish:", self.told(self.act(tag, mode="sign", publish="commit", code=2))[0][1])


class Verify(Action):
    def test_a_tampered_file_is_annotated_and_fails_the_job(self):
        self.act(mode="sign")
        self.project.write("docs/AGENTS.md", "other agents")
        done = self.verifies(code=1)
        self.assertEqual(done.outputs["denied"], "1")
        (where, words), = self.told(done)
        self.assertEqual((where["file"], where["title"]),
                         ("docs/AGENTS.md", "nono: subject-mismatch"))
        self.assertIn("FAILED", words)
        self.assertIn("mend:", words)
        self.assertIn("FAILED", done.summary.read_text())

    def test_a_warning_does_not_fail_the_job(self):
        done = self.verifies(enforce="warn")
        self.assertEqual(done.outputs["denied"], "2")
        self.assertEqual(self.told(done), [])
        self.assertEqual([where["file"] for where, _ in self.told(done, "warning")],
                         ["CLAUDE.md", "docs/AGENTS.md"])

    def test_another_repository_or_branch_is_denied(self):
        self.act(mode="sign")
        self.verifies(code=1, publisher_repository="acme/other")
        self.verifies(code=1, publisher_ref="refs/heads/other")
        self.act(code=1, publisher_workflow=".github/workflows/other.yml")

    def test_it_must_be_said_whose_signatures_count(self):
        self.assertIn("whose signatures count", self.told(self.act(code=2))[0][1])

    def test_a_pull_request_is_judged_by_the_policy_of_its_base(self):
        """The one who opens it writes a policy and a root that would admit the change."""
        policy = (f'{{"version":1,"includes":["*.md"],"enforcement":"deny","publishers":[{{"name":"ci",'
                  f'"issuer":"https://token.actions.githubusercontent.com","repository":"{REPOSITORY}",'
                  f'"workflow":"{WORKFLOW}","ref_pattern":"%s"}}]}}')
        self.project.write(".sigstore/policy.json", policy % "refs/tags/v*")
        base = self.commit("a policy")
        self.git("push", "--quiet", "origin", "HEAD:main")
        self.act(mode="sign")
        self.project.write(".sigstore/policy.json", policy % "refs/heads/main")
        self.act(policy=".sigstore/policy.json")
        request = self.runner({"pull_request": {"base": {"sha": base}}})
        done = self.act(request, code=1, policy=".sigstore/policy.json")
        self.assertEqual(done.outputs["denied"], "2")
        self.project.write(".sigstore/new.json", policy % "refs/heads/main")
        done = self.act(request, code=2, policy=".sigstore/new.json")
        self.assertIn("no file .sigstore/new.json in the base", self.told(done)[0][1])

    def test_the_base_is_fetched_where_the_checkout_is_shallow(self):
        self.act(mode="sign")
        base = self.git("rev-parse", "HEAD").strip()
        self.project.write("more", "text")
        self.commit("second")
        self.git("push", "--quiet", "origin", "HEAD:main")
        self.git("--git-dir", self.remote, "config", "uploadpack.allowAnySHA1InWant", "true")
        self.git("clone", "--quiet", "--depth=1", f"file://{self.remote}", self.project.base / "shallow")
        full, self.project.tree = self.project.tree, self.project.base / "shallow"
        request = self.runner({"pull_request": {"base": {"sha": base}}})
        done = self.act(request, publisher_workflow=WORKFLOW)
        self.assertEqual(done.outputs["denied"], "0")
        request = self.runner({"pull_request": {"base": {"sha": "0" * 40}}})
        self.assertIn("cannot be fetched", self.act(request, code=125, policy="p").log)
        self.project.tree = full

    def test_a_policy_that_cannot_be_read_is_no_verdict(self):
        self.project.write("policy.json", "{")
        done = self.act(code=2, policy="policy.json")
        self.assertIn("cannot be judged", self.told(done)[-1][1])


class HostileNames(Action):
    def write_files(self):
        self.project.write("trust-policy.json", '{"version":1,"includes":["*.md"],"publishers":[],'
                           '"enforcement":"deny"}')
        for name in HOSTILE:
            self.project.write(f"docs/{name}", name)

    def nothing_obeyed(self, done):
        self.assertFalse(list(self.project.tree.rglob("broken")))
        outside = done.log.split("::stop-commands::")[0]
        self.assertNotIn("##[error]", outside)

    def annotates(self, done, names):
        self.assertEqual(sorted(where["file"] for where, _ in self.told(done)),
                         sorted(f"docs/{name}" for name in names))
        self.nothing_obeyed(done)

    def test_names_are_names(self):
        done = self.act(mode="sign", publish="commit")
        self.assertEqual(done.outputs["signed"], str(len(HOSTILE) + 1))
        self.assertEqual(self.told(done), [])
        self.nothing_obeyed(done)
        self.assertEqual(len(self.git("ls-files", "-z", "*.bundle").split("\0")) - 1, len(HOSTILE) + 1)
        self.verifies()
        for bundle in self.project.tree.glob("docs/*.bundle"):
            bundle.unlink()
        self.annotates(self.verifies(code=1), HOSTILE)

    def test_what_nobody_can_sign_is_denied_and_named(self):
        self.act(mode="sign", publish="none")
        for name in UNSIGNABLE:
            self.project.write(f"docs/{name}", name)
        shown = [name.replace("\udcff", "\\xff") for name in UNSIGNABLE]
        self.annotates(self.verifies(code=1), shown)
        done = self.act(mode="sign", code=2)
        self.assertEqual(len(self.told(done)), 1)
        self.nothing_obeyed(done)


class Install(Action):
    """A release, served over https with a certificate of the test's authority."""

    def setUp(self):
        super().setUp()
        self.files = self.project.base / "release"
        self.files.mkdir()
        for package in ("nono", "nono-net"):
            self.package(package)
        self.sums()
        directory = str(self.files)

        class Quiet(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *words, **rest):
                super().__init__(*words, directory=directory, **rest)

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.servers.path("oidc/tls.pem"), self.servers.path("oidc/tls.key"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"https://127.0.0.1:{server.server_address[1]}"

    def package(self, name):
        folder = self.project.base / f"deb-{name}"
        program = folder / "usr/bin" / name
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nexec "{pathlib.Path(support.NONO).parent}/{name}" "$@"\n')
        program.chmod(0o755)
        (folder / "DEBIAN").mkdir()
        (folder / "DEBIAN/control").write_text(
            f"Package: {name}\nVersion: 1.2.3\nArchitecture: all\nMaintainer: t <t@example.test>\n"
            "Description: test\n")
        arch = subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True,
                              text=True).stdout.strip()
        self.debs = getattr(self, "debs", []) + [self.files / f"{name}_1.2.3_{arch}.deb"]
        subprocess.run(["dpkg-deb", "--build", "--root-owner-group", folder, self.debs[-1]],
                       check=True, capture_output=True)

    def sums(self):
        lines = [f"{hashlib.sha256(deb.read_bytes()).hexdigest()}  {deb.name}\n" for deb in self.debs]
        (self.files / "SHA256SUMS").write_text("".join(lines))
        self.digest = hashlib.sha256("".join(lines).encode()).hexdigest()

    def install(self, code=0, **inputs):
        runner = self.runner(CURL_CA_BUNDLE=str(self.servers.path("oidc/tls-ca.pem")))
        done = self.act(runner, code, **{"program": "", "version": "v1.2.3", "sha256": self.digest,
                                         "release_url": self.url, "enforce": "warn",
                                         "publisher_workflow": WORKFLOW, **inputs})
        return done.log if code == 0 else self.told(done)[-1][1]

    def test_a_release_whose_digest_was_given_is_installed(self):
        self.assertIn("nono ", self.install())

    def test_a_release_is_not_installed_without_its_digest(self):
        for digest in ("", "A" * 64, "0" * 63):
            self.assertIn("sha256:", self.install(2, sha256=digest))
        self.assertIn("not the one that was given", self.install(1, sha256="0" * 64))

    def test_a_package_that_is_not_what_the_list_says_is_not_installed(self):
        with open(self.debs[1], "ab") as deb:
            deb.write(b"\n")
        self.assertIn("is not what SHA256SUMS says", self.install(1))

    def test_a_release_without_a_package_of_this_machine_is_told(self):
        self.debs.pop()
        self.sums()
        self.assertIn("has no nono-net_1.2.3", self.install(125))

    def test_only_https_is_asked_and_a_version_is_one(self):
        self.assertIn("cannot be fetched", self.install(125, release_url="http://127.0.0.1:9"))
        self.assertIn("cannot be fetched", self.install(125, release_url="file:///etc"))
        self.assertIn("is no version", self.install(2, version="1/../../x"))
        self.assertIn("of which version", self.install(2, version=""))


if __name__ == "__main__":
    main(__file__, None if yaml else f"{sys.executable} has no yaml (python3-yaml)")
