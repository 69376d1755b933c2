"""Our keyless bundles with sigstore-python, and its bundles with ours, over a real Sigstore on loopback.

Rows: what is signed (a message, a statement, nono's own statements about one file and about several),
where it is logged (Rekor v1, v2), who signs (an e-mail address, a URI, a GitHub workflow). Each
bundle must verify for its signer and be refused for another and over another file.
"""

import base64
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import support
from sigstore_local import (BASE, CACHE, GITHUB, REPOSITORY, SCRIPT, WORKFLOW, KeylessCase, main,
                            publisher)

HERE = pathlib.Path(__file__).resolve()
PEER = pathlib.Path(os.environ.get("NONO_SIGSTORE_PYTHON", CACHE / "nono/sigstore-4.5.1/bin/python"))
ROOT = HERE.parents[2]
BUILT = pathlib.Path(support.NONO).parent / "conformance-client"
# The script of the suite's --entrypoint runs the release build.
CLIENT = [ROOT / "tools/conformance-client" if BUILT.parent == ROOT / "build/release/bin" else BUILT]
ISSUER = f"http://127.0.0.1:{BASE + 1}"
WORKFLOW_URI = f"https://github.com/{REPOSITORY}/{WORKFLOW}@refs/heads/main"
LOGS = {"1": ".rekor1", "2": ""}
SIGNERS = {"email": (ISSUER, "alice@example.test"),
           "uri": (f"{ISSUER}/svc", f"{ISSUER}/agents/7"),
           "github": (GITHUB, WORKFLOW_URI)}
# What the peer says, in one process for all: reads [[bundle, artifact, identity, issuer], …].
JUDGE = """
import hashlib, json, logging, sys
from sigstore import dsse
from sigstore.hashes import HashAlgorithm, Hashed
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy
logging.disable(logging.CRITICAL)
def verify(bundle, artifact, identity, issuer):
    digest = Hashed(algorithm=HashAlgorithm.SHA2_256,
                    digest=hashlib.sha256(open(artifact, "rb").read()).digest())
    read = Bundle.from_json(open(bundle, "rb").read())
    who = policy.Identity(identity=identity, issuer=issuer)
    if read._dsse_envelope is None:
        verifier.verify_artifact(digest, read, who)
        return
    _, payload = verifier.verify_dsse(read, who)
    if not dsse.Statement(payload)._matches_digest(digest):
        raise ValueError("no subject of this digest")
verifier = Verifier(trusted_root=TrustedRoot.from_file(sys.argv[1]))
said = []
for row in json.load(sys.stdin):
    try:
        verify(*row)
        said.append("")
    except Exception as problem:
        said.append(f"{type(problem).__name__}: {problem}"[:200] or "refused")
print(json.dumps(said))
"""

class Bundles(KeylessCase):
    """Bundles of nono's, and what must be said of each."""

    def setUp(self):
        super().setUp()
        self.keep("trust-policy.json", json.dumps(
            {"version": 1, "includes": ["*.md"], "publishers": [publisher()],
             "enforcement": "deny"}))
        self.project.write("other.md", "something else")
        (self.project.tree / "statement.json").write_bytes(self.statement("CLAUDE.md"))

    def statement(self, *names):
        """Spaces and order that no serialiser makes."""
        subjects = [{"name": name, "digest": {"sha256": hashlib.sha256(
            (self.project.tree / name).read_bytes()).hexdigest()}} for name in names]
        text = json.dumps({"subject": subjects, "predicate": {"z": 1, "a": 2},
                           "_type": "https://in-toto.io/Statement/v1",
                           "predicateType": "https://example.test/p"}, indent=3)
        return f"\n{text} ".encode()

    def token(self, signer):
        if signer == "email":
            return self.servers.token()
        script = SCRIPT.parent / "lib/oidc.py"
        words = {"uri": ["--issuer", f"{ISSUER}/svc", f"sub={ISSUER}/agents/7"],
                 "github": ["--issuer", GITHUB, "--gha"]}[signer]
        return subprocess.run([sys.executable, script, "token", "--dir", self.servers.path("oidc"),
                               *words], check=True, capture_output=True, text=True).stdout.strip()

    def path(self, name):
        return str(self.project.tree / name)

    def sign_bundle(self, name, signer, log, *words):
        out = self.path(f"{name}.{signer}.{log}.json")
        done = self.project.run(
            *CLIENT, "sign-bundle", *words, "--identity-token", self.token(signer), "--bundle", out,
            "--trusted-root", self.servers.path("trusted_root.json"), "--signing-config",
            self.servers.path(f"signing_config{LOGS[log]}.json"), name)
        self.assertEqual(done.returncode, 0, done.stderr)
        return out

    def ours_say(self, row):
        bundle, artifact, identity, issuer = row
        done = self.project.run(*CLIENT, "verify-bundle", "--bundle", bundle,
                                "--certificate-identity", identity, "--certificate-oidc-issuer",
                                issuer, "--trusted-root", self.servers.path("trusted_root.json"),
                                artifact)
        return "" if done.returncode == 0 else done.stderr.strip() or "refused"

    def rows(self, bundle, signer, artifact="CLAUDE.md"):
        """The one that must verify, and three that must not."""
        issuer, identity = SIGNERS[signer]
        stranger = "github" if signer == "email" else "email"
        good = [bundle, self.path(artifact), identity, issuer]
        return [good, [bundle, self.path("other.md"), identity, issuer],
                [bundle, self.path(artifact), SIGNERS[stranger][1], issuer],
                [bundle, self.path(artifact), identity, SIGNERS[stranger][0]]]

    def expect(self, rows, verdicts, who):
        for index, (row, verdict) in enumerate(zip(rows, verdicts, strict=True)):
            if index % 4 == 0:
                self.assertEqual(verdict, "", f"{who} refuses {row}")
            else:
                self.assertNotEqual(verdict, "", f"{who} accepts {row}")


class Interop(Bundles):
    def peer_says(self, rows):
        done = subprocess.run([PEER, "-c", JUDGE, self.servers.path("trusted_root.json")],
                              input=json.dumps(rows), text=True, capture_output=True, check=False,
                              timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def our_bundles(self):
        rows = []
        for signer in SIGNERS:
            for log in LOGS:
                rows += self.rows(self.sign_bundle("CLAUDE.md", signer, log), signer)
                rows += self.rows(self.sign_bundle("statement.json", signer, log, "--in-toto"),
                                  signer)
        return rows

    def test_our_bundles_verify_here_and_with_sigstore_python(self):
        rows = self.our_bundles()
        self.expect(rows, [self.ours_say(row) for row in rows], "nono")
        self.expect(rows, self.peer_says(rows), "sigstore-python")

    def test_what_nono_writes_for_itself_verifies_with_sigstore_python(self):
        self.project.write("docs/AGENTS.md", "more")
        rows = []
        for log, suffix in LOGS.items():
            self.keep("signing_config.json", self.servers.text(f"signing_config{suffix}.json"))
            self.in_job("CLAUDE.md")
            self.in_job("--multi-subject", "CLAUDE.md", "docs/AGENTS.md")
            for name, artifact in (("CLAUDE.md.bundle", "CLAUDE.md"),
                                   (".nono-trust.bundle", "CLAUDE.md"),
                                   (".nono-trust.bundle", "docs/AGENTS.md")):
                kept = f"{log}.{artifact.replace('/', '-')}.{name.strip('.')}.json"
                shutil.copy(self.path(name), self.path(kept))
                rows += self.rows(self.path(kept), "github", artifact)
        self.expect(rows, self.peer_says(rows), "sigstore-python")
        self.expect(rows, [self.ours_say(row) for row in rows], "nono")

    def peer_signs(self, name, signer, log, *words):
        out = self.path(f"peer.{pathlib.Path(name).name}.{signer}.{log}.json")
        trust = self.servers.path(f"trust_config{LOGS[log]}.json")
        subprocess.run([PEER.parent / "sigstore", "--trust-config", trust, *words,
                        "--identity-token", self.token(signer), "--bundle", out, self.path(name)],
                       check=True, capture_output=True, text=True, timeout=120)
        return out

    def test_bundles_of_sigstore_python_verify_here(self):
        self.project.write("predicate.json", json.dumps({
            "buildDefinition": {"buildType": "https://example.test/b", "externalParameters": {}},
            "runDetails": {"builder": {"id": "https://example.test/r"}}}))
        attest = ("attest", "--predicate", self.path("predicate.json"), "--predicate-type",
                  "https://slsa.dev/provenance/v1")
        rows = self.rows(self.peer_signs("CLAUDE.md", "uri", "2", "sign"), "uri")
        for log in LOGS:
            rows += self.rows(self.peer_signs("CLAUDE.md", "email", log, "sign"), "email")
            rows += self.rows(self.peer_signs("CLAUDE.md", "github", log, *attest), "github")
        self.expect(rows, [self.ours_say(row) for row in rows], "nono")

    def test_a_raw_client_with_entries_in_both_logs_verifies_here(self):
        mint = SCRIPT.parent / "lib/mint.py"
        for kind in ("dsse", "msg"):
            out = self.path(f"mint.{kind}.json")
            subprocess.run([sys.executable, mint, "--state", self.servers.path(""), "--out", out,
                            "--rekor", "12", "--kind", kind, "--token", self.token("email"),
                            self.path("CLAUDE.md")], check=True, capture_output=True)
            rows = self.rows(out, "email")
            self.expect(rows, [self.ours_say(row) for row in rows], "nono")

    def test_the_assertions_of_the_conformance_suite(self):
        bundle = json.loads(pathlib.Path(self.sign_bundle("CLAUDE.md", "email", "2")).read_text())
        self.assertEqual(bundle["mediaType"], "application/vnd.dev.sigstore.bundle.v0.3+json")
        self.assertNotIn("dsseEnvelope", bundle)
        material = bundle["verificationMaterial"]
        self.assertNotIn("x509CertificateChain", material)
        self.assertEqual(material["tlogEntries"][0]["kindVersion"],
                         {"kind": "hashedrekord", "version": "0.0.2"})
        self.assertEqual(len(material["timestampVerificationData"]["rfc3161Timestamps"]), 1)
        statement = (self.project.tree / "statement.json").read_bytes()
        for log in LOGS:
            out = self.sign_bundle("statement.json", "email", log, "--in-toto")
            payload = json.loads(pathlib.Path(out).read_text())["dsseEnvelope"]["payload"]
            self.assertEqual(base64.b64decode(payload, validate=True), statement)

if __name__ == "__main__":
    main(__file__, None if os.access(PEER, os.X_OK) else
         f"sigstore-python is not at {PEER}: .ci/run peers installs it")
