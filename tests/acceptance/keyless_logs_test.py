"""Logs beside the usual one, real servers all: a frozen log, two logs at once, a witness that does not
answer, a second shard of Rekor v1."""

import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

from middle import Middle, wait_for
from sigstore_local import BASE, SCRIPT, KeylessCase, main, publisher


def text_of(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


def answers(url):
    try:
        return bool(text_of(url)) or True
    except OSError:
        return False


class Logs(KeylessCase):
    def setUp(self):
        super().setUp()
        self.extra = self.project.base / "servers"
        self.extra.mkdir()
        self.port = BASE + 70

    def serve(self, *words, health=None):
        log = open(self.extra / f"log.{self.port}", "w", encoding="utf-8")
        self.addCleanup(log.close)
        process = subprocess.Popen(list(map(str, words)), cwd=self.extra, stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=subprocess.STDOUT)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        if health and not wait_for(lambda: answers(health), 20):
            log.flush()
            self.fail(f"{words[0]} does not answer: {open(log.name, encoding='utf-8').read()[-2000:]}")
        return process

    def rekor2(self, origin, key, storage, *more):
        """A log of version 2; returns its URL."""
        port = self.port
        self.port += 3
        self.serve(os.environ["SL_BIN"] + "/rekor-server-posix", "serve", "--http-port", port,
                   "--grpc-port", port + 1, "--http-metrics-port", port + 2, "--hostname", origin,
                   "--storage-dir", storage, "--signer-filepath", key, "--checkpoint-interval", "500ms",
                   "--batch-max-age", "100ms", *more, health=f"http://127.0.0.1:{port}/healthz")
        return f"http://127.0.0.1:{port}"

    def new_key(self, name):
        path = self.extra / name
        subprocess.run(["openssl", "genpkey", "-algorithm", "ED25519", "-out", path], check=True,
                       capture_output=True)
        return path, self.public(path)

    @staticmethod
    def public(path):
        return subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"],
                              check=True, capture_output=True).stdout

    def believe(self, origin, der):
        """Adds a log of version 2 to the trusted root (C2SP signed-note key id)."""
        root = json.loads(self.servers.text("trusted_root.json"))
        log = json.loads(json.dumps(root["tlogs"][-1]))
        log["baseUrl"] = f"http://{origin}"
        log["publicKey"].update(rawBytes=base64.b64encode(der).decode(), keyDetails="PKIX_ED25519")
        key_id = hashlib.sha256(origin.encode() + b"\n\x01" + der[12:]).digest()
        log["logId"] = {"keyId": base64.b64encode(key_id).decode()}
        root["tlogs"].append(log)
        self.keep("trusted_root.json", json.dumps(root))

    def use(self, *urls, choice=None):
        """Has these logs in the signing configuration, of an operator each."""
        config = self.servers.config()
        usual = config["rekorTlogUrls"][0]
        config["rekorTlogUrls"] = [{**usual, "url": url, "operator": f"operator {number}"}
                                   for number, url in enumerate(urls)]
        config["rekorTlogConfig"] = choice or {"selector": "ANY"}
        self.keep_config(config)

    def usual(self):
        return self.servers.config()["rekorTlogUrls"][0]["url"]

    def entries(self):
        bundle = json.loads((self.project.tree / "CLAUDE.md.bundle").read_text())
        return bundle["verificationMaterial"]["tlogEntries"]

    def test_a_frozen_log_asks_for_another_configuration(self):
        storage = self.extra / "frozen"
        shutil.copytree(self.servers.path("rekor2"), storage)
        frozen = self.rekor2("rekor2.sigstore-local.test", self.servers.path("keys/rekor2.key"),
                             storage, "--read-only")
        self.use(frozen)
        done = self.in_job("CLAUDE.md", code=125)
        self.assertIn(f"Rekor at {frozen}", done.stderr)
        self.assertIn("answered 405", done.stderr)
        self.assertIn("newer signing configuration", done.stderr)
        self.unsigned()
        self.use(self.usual())
        self.in_job("CLAUDE.md")

    def test_exactly_two_logs_make_two_entries_and_both_must_be_believed(self):
        key, der = self.new_key("second.key")
        second = self.rekor2("second.sigstore-local.test", key, self.extra / "second")
        exact = {"selector": "EXACT", "count": 2}
        self.use(self.usual(), second, choice=exact)
        done = self.in_job("CLAUDE.md", code=125)  # the root does not know the second
        self.assertIn(f"Rekor at {second}", done.stderr)
        self.unsigned()
        self.believe("second.sigstore-local.test", der)
        self.trust(publisher())
        self.in_job("CLAUDE.md")
        self.assertEqual(len({entry["logId"]["keyId"] for entry in self.entries()}), 2)
        self.assertIn("VERIFIED", self.verdict())
        self.use(self.usual(), choice=exact)
        self.assertIn("transparency log", self.in_job("CLAUDE.md", code=125).stderr)

    def test_a_witness_that_does_not_answer_is_not_waited_for(self):
        """The log publishes without it, and nono asks for no cosignature."""
        key, der = self.new_key("witnessed.key")
        self.believe("witnessed.sigstore-local.test", der)
        witness = self.serve(sys.executable, SCRIPT.parent / "lib/witness.py", self.extra / "w",
                             self.port, "witness.sigstore-local.test")
        logged = self.extra / f"log.{self.port}"
        self.assertTrue(wait_for(lambda: "+" in logged.read_text(), 10))
        policy = self.extra / "policy"
        policy.write_text(f"witness w {logged.read_text().split()[0]} http://127.0.0.1:{self.port}\n"
                          "quorum w\n")
        self.port += 1
        self.use(self.rekor2("witnessed.sigstore-local.test", key, self.extra / "tiles",
                             "--witness-policy-path", policy))
        self.in_job("CLAUDE.md")
        self.assertEqual(self.signatures(), 2)
        os.kill(witness.pid, signal.SIGSTOP)
        began = time.monotonic()
        self.in_job("CLAUDE.md", timeout=60)
        self.assertLess(time.monotonic() - began, 45)
        self.assertEqual(self.signatures(), 1)

    def signatures(self):
        note = self.entries()[0]["inclusionProof"]["checkpoint"]["envelope"]
        return note.split("\n\n", 1)[1].count("\u2014 ")

    def test_the_same_entry_in_a_newer_shard_is_another_entry(self):
        """Rekor v1 knows duplicates within a shard only: the new shard takes the entry, and counts on."""
        self.trust(publisher())
        self.keep("signing_config.json", self.servers.text("signing_config.rekor1.json"))
        self.in_job("CLAUDE.md")
        newer = self.newer_shard()
        config = self.servers.config("signing_config.rekor1.json")
        seen = []

        def both(request, forward):
            seen.append(forward(request).status)
            middle.target = middle.target._replace(netloc=newer)
            answer = forward(request)
            seen.append(answer.status)
            return answer
        middle = Middle(config["rekorTlogUrls"][0]["url"], both)
        self.addCleanup(middle.close)
        config["rekorTlogUrls"][0]["url"] = middle.url
        self.keep_config(config)
        self.in_job("CLAUDE.md")
        self.assertEqual(seen, [201, 201])
        entry, = self.entries()
        self.assertEqual(entry["inclusionProof"]["logIndex"], "0")
        self.assertGreater(int(entry["logIndex"]), 0)
        self.assertIn("VERIFIED", self.verdict())

    def newer_shard(self):
        """A Rekor v1 whose active tree is new, before it the tree of the usual one."""
        trees = dict(line.split("=") for line in self.servers.text("trees").split())
        size = json.loads(text_of(f"http://127.0.0.1:{BASE + 30}/api/v1/log"))["treeSize"]
        shards = self.extra / "shards.yaml"
        shards.write_text(f"- treeID: {trees['rekor']}\n  treeLength: {size}\n")
        key, port = self.servers.path("keys/rekor1.key"), self.port
        self.serve(os.environ["SL_BIN"] + "/rekor-server", "serve", "--rekor_server.address",
                   "127.0.0.1", "--port", port, "--rekor_server.hostname", "rekor1.sigstore-local.test",
                   "--rekor_server.signer", key, "--trillian_log_server.address", "127.0.0.1",
                   "--trillian_log_server.port", BASE + 20, "--trillian_log_server.tlog_id",
                   trees["rekorb"], "--trillian_log_server.sharding_config", shards,
                   "--enable_retrieve_api=false", health=f"http://127.0.0.1:{port}/api/v1/log")
        return f"127.0.0.1:{port}"


if __name__ == "__main__":
    main(__file__)
