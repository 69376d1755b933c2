"""Our keyless bundles with cosign, and its bundles with ours, over a real Sigstore on loopback."""

import concurrent.futures
import os
import pathlib
import subprocess

from interop_test import LOGS, SIGNERS, Bundles
from sigstore_local import main, missing

PREDICATE = "https://example.test/p"
WHO = ("email", "github")


def cosign():
    return pathlib.Path(os.environ.get("NONO_COSIGN", f"{os.environ['SL_BIN']}/cosign"))


class Cosign(Bundles):
    def cosign(self, *words):
        # Nothing of the user's: no cache, no configuration, no answer to a prompt.
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.project.home)}
        return subprocess.run([cosign(), *map(str, words)], env=environment, timeout=120, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def says(self, row, *command):
        bundle, artifact, identity, issuer = row
        done = self.cosign(*command, "--trusted-root", self.servers.path("trusted_root.json"),
                           "--bundle", bundle, "--certificate-identity", identity,
                           "--certificate-oidc-issuer", issuer, artifact)
        return "" if done.returncode == 0 else done.stderr.strip() or "refused"

    def all_say(self, rows, *command):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda row: self.says(row, *command), rows))

    def test_our_messages_and_statements_verify_with_cosign(self):
        messages, statements = [], []
        for signer in WHO:
            for log in LOGS:
                messages += self.rows(self.sign_bundle("CLAUDE.md", signer, log), signer)
                statements += self.rows(
                    self.sign_bundle("statement.json", signer, log, "--in-toto"), signer)
        self.expect(messages, self.all_say(messages, "verify-blob"), "cosign")
        self.expect(statements, self.all_say(statements, "verify-blob-attestation", "--type",
                                             PREDICATE), "cosign")

    def test_what_nono_writes_for_itself_verifies_with_cosign(self):
        for suffix in LOGS.values():
            self.keep("signing_config.json", self.servers.text(f"signing_config{suffix}.json"))
            self.in_job("CLAUDE.md")
            rows = self.rows(self.path("CLAUDE.md.bundle"), "github")
            kind = self.predicate_type("CLAUDE.md.bundle")
            self.expect(rows, self.all_say(rows, "verify-blob-attestation", "--type", kind), "cosign")

    def predicate_type(self, bundle):
        shown = self.project.nono("trust", "inspect", bundle).stdout
        return next(word for word in shown.split() if word.startswith("https://nono"))

    def made_by_cosign(self, command, name, signer, log, *words):
        out = self.path(f"cosign.{name}.{signer}.{log}.json")
        done = self.cosign(command, "--yes", "--signing-config",
                           self.servers.path(f"signing_config{LOGS[log]}.json"), "--trusted-root",
                           self.servers.path("trusted_root.json"), "--identity-token",
                           self.token(signer), "--bundle", out, *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return out

    def test_bundles_of_cosign_verify_here(self):
        rows = []
        for signer in SIGNERS:
            for log in LOGS:
                rows += self.rows(self.made_by_cosign("sign-blob", "CLAUDE.md", signer, log,
                                                      self.path("CLAUDE.md")), signer)
        for log in LOGS:
            rows += self.rows(self.made_by_cosign("attest-blob", "st", "github", log, "--statement",
                                                  self.path("statement.json"),
                                                  self.path("CLAUDE.md")), "github")
        self.expect(rows, [self.ours_say(row) for row in rows], "nono")


if __name__ == "__main__":
    why = missing()
    if not why and not os.access(cosign(), os.X_OK):
        why = f"no cosign at {cosign()}: tools/sigstore-local/sigstore-local.sh install-cosign builds it"
    main(__file__, why)
