#!/usr/bin/env python3
"""tests/differential/tuf_python.py CLIENT: a TUF repository made by python-tuf, served over HTTP on
loopback, against CLIENT with the command line of the TUF conformance suite.

What python-tuf writes and signs must be read, in every key type; what it would refuse must be. One
line per case; exit 1 where one fails. Needs the package `tuf` (PyPI) with `cryptography`; exits 77
without it. Cases at another time need the program `faketime`, and are skipped without it.
"""
import copy
import datetime
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse

try:
    from securesystemslib.signer import CryptoSigner
    from tuf.api.metadata import (DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, TargetFile,
                                  Targets, Timestamp)
except ImportError:
    print("tuf_python.py: the package tuf is not installed", file=sys.stderr)
    sys.exit(77)

TOP = ("root", "timestamp", "snapshot", "targets")
CLIENT = sys.argv[1]


def days(number):
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    return now + datetime.timedelta(days=number)


class Repository:
    def __init__(self):
        kinds = {"root": Root, "timestamp": Timestamp, "snapshot": Snapshot, "targets": Targets}
        self.signed = {role: kinds[role](expires=days(30)) for role in TOP}
        self.signers = {role: [CryptoSigner.generate_ecdsa()] for role in TOP}
        self.files, self.artifacts, self.asked, self.digests = {}, {}, [], False
        for role in TOP:
            self.signed["root"].add_key(self.signers[role][0].public_key, role)
        self.publish("targets", "snapshot", "timestamp", "root", bump=False)

    def publish(self, *roles, bump=True):
        for role in roles:
            signed = self.signed[role]
            if bump:
                signed.version += 1
            metadata = Metadata(copy.deepcopy(signed))
            for signer in self.signers[role]:
                metadata.sign(signer, append=True)
            self.put(role, metadata.to_bytes())

    def put(self, role, data):
        signed = self.signed[role]
        quoted = urllib.parse.quote(role, "")
        name = "timestamp.json" if role == "timestamp" else f"{signed.version}.{quoted}.json"
        self.files[name] = data
        meta = MetaFile(signed.version)
        if self.digests:
            meta = MetaFile.from_data(signed.version, data, ["sha256"])
        if role == "snapshot":
            self.signed["timestamp"].snapshot_meta = meta
        elif role not in ("root", "timestamp"):
            self.signed["snapshot"].meta[f"{role}.json"] = meta

    def publish_all(self):
        self.publish("targets", "snapshot", "timestamp")

    def trust(self, role, signer):
        self.signed["root"].add_key(signer.public_key, role)
        self.signers[role].append(signer)

    def replace_keys(self, role):
        for key_id in list(self.signed["root"].roles[role].keyids):
            self.signed["root"].revoke_key(key_id, role)
        self.signers[role].clear()
        self.trust(role, CryptoSigner.generate_ed25519())

    def add(self, role, path, data):
        target = TargetFile.from_data(path, data, ["sha256", "sha512"])
        self.signed[role].targets[path] = target
        folder, _, base = path.rpartition("/")
        for digest in target.hashes.values():
            self.artifacts[f"{folder}/{digest}.{base}".lstrip("/")] = data

    def delegate(self, parent, name, paths=("*",), terminating=False):
        signer = CryptoSigner.generate_ed25519()
        delegator = self.signed[parent]
        delegator.delegations = delegator.delegations or Delegations({}, roles={})
        delegator.delegations.roles[name] = DelegatedRole(name, [], 1, terminating, list(paths))
        delegator.add_key(signer.public_key, name)
        self.signed[name] = Targets(expires=days(30))
        self.signers[name] = [signer]
        self.publish(name, bump=False)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        repository = self.server.repository
        kind, _, name = self.path.lstrip("/").partition("/")
        repository.asked.append(name)
        if kind == "metadata":
            data = repository.files.get(name)
        else:
            data = repository.artifacts.get(urllib.parse.unquote(name))
        if data is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Bench:
    """A repository and a client's directories; every call runs the client."""

    def __init__(self):
        self.repository = Repository()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.repository = self.repository
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.home = tempfile.mkdtemp(prefix="nono-tuf-")
        self.init(self.repository.files["1.root.json"])

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.home)

    def run(self, *words, before=()):
        command = [*before, CLIENT, "--metadata-dir", f"{self.home}/metadata", *words]
        return subprocess.run(command, capture_output=True, timeout=60).returncode == 0

    def init(self, root):
        with open(f"{self.home}/initial.json", "wb") as file:
            file.write(root)
        return self.run("init", f"{self.home}/initial.json")

    def refresh(self, in_days=None):
        before = ("faketime", "-f", f"+{in_days}d") if in_days else ()
        return self.run("--metadata-url", f"{self.url}/metadata/", "refresh", before=before)

    def download(self, *names):
        chosen = [word for name in names for word in ("--target-name", name)]
        return self.run("--metadata-url", f"{self.url}/metadata/", "--target-dir", f"{self.home}/targets",
                        "--target-base-url", f"{self.url}/targets/", *chosen, "download")

    def version(self, role):
        try:
            with open(f"{self.home}/metadata/{urllib.parse.quote(role, '')}.json", "rb") as file:
                return json.load(file)["signed"]["version"]
        except FileNotFoundError:
            return None

    def versions(self):
        return tuple(self.version(role) for role in TOP)

    def downloads(self):
        folder = f"{self.home}/targets"
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        return [open(f"{folder}/{name}", "rb").read() for name in names]


def every_key_type(bench):
    makers = (CryptoSigner.generate_ecdsa, CryptoSigner.generate_ed25519, CryptoSigner.generate_rsa,
              lambda: CryptoSigner.generate_rsa(scheme="rsa-pkcs1v15-sha256"))
    for number, make in enumerate(makers, 2):
        bench.repository.trust("root", make())
        bench.repository.signed["root"].roles["root"].threshold = number
        bench.repository.publish("root")
        assert bench.refresh() and bench.version("root") == number
        bench.repository.signers["root"][-1], kept = bench.repository.signers["root"][0], bench.repository.signers["root"][-1]
        bench.repository.publish("root")
        assert not bench.refresh() and bench.version("root") == number
        bench.repository.signers["root"][-1] = kept
        bench.repository.signed["root"].version -= 1
        del bench.repository.files[f"{number + 1}.root.json"]


def first_refresh(bench):
    assert bench.refresh() and bench.versions() == (1, 1, 1, 1)
    assert bench.repository.asked == ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]
    for role, name in zip(TOP[1:], ("timestamp", "1.snapshot", "1.targets")):
        with open(f"{bench.home}/metadata/{role}.json", "rb") as file:
            assert file.read() == bench.repository.files[f"{name}.json"]


def initial_root_must_be_sound(bench):
    root = json.loads(bench.repository.files["1.root.json"])
    shutil.rmtree(f"{bench.home}/metadata")
    del root["signed"]["version"]
    assert not bench.init(json.dumps(root).encode()) and not bench.refresh()
    assert bench.repository.asked == []


def custom_fields(bench):
    signer = CryptoSigner.generate_ed25519()
    signer.public_key.unrecognized_fields["extra"] = {"a": [1, None, True], "b": "\u00e4\"\\\n"}
    bench.repository.trust("root", signer)
    bench.repository.signed["root"].unrecognized_fields["more"] = {"z": 1, "a": {}}
    bench.repository.publish("root")
    assert bench.refresh() and bench.version("root") == 2


def each_role_must_be_signed(bench):
    for role, expected in (("targets", (1, 2, 2, 1)), ("snapshot", (1, 3, 2, 1)), ("timestamp", (1, 3, 2, 1))):
        assert role != "targets" or bench.refresh()
        bench.repository.signers[role] = [CryptoSigner.generate_ed25519()]
        bench.repository.publish_all()
        assert not bench.refresh() and bench.versions() == expected, bench.versions()


def missing_files(bench):
    assert bench.refresh()
    bench.repository.signed["timestamp"].snapshot_meta = MetaFile(2)
    bench.repository.publish("timestamp")
    assert not bench.refresh() and bench.versions() == (1, 2, 1, 1)
    assert bench.repository.asked[-1] == "2.snapshot.json"


def rollbacks(bench):
    bench.repository.publish_all()
    assert bench.refresh() and bench.versions() == (1, 2, 2, 2)
    bench.repository.signed["timestamp"].version = 1
    bench.repository.publish("timestamp", bump=False)
    assert not bench.refresh() and bench.versions() == (1, 2, 2, 2)
    bench.repository.signed["timestamp"].version = 2
    bench.repository.signed["targets"].version = 0
    bench.repository.publish_all()
    assert not bench.refresh() and bench.versions() == (1, 3, 2, 2)


def fast_forward_recovery(bench):
    for role in ("timestamp", "snapshot"):
        bench.repository.signed[role].version = 99999
    bench.repository.publish("snapshot", "timestamp", bump=False)
    assert bench.refresh() and bench.versions() == (1, 99999, 99999, 1)
    for role in ("timestamp", "snapshot"):
        bench.repository.replace_keys(role)
        bench.repository.signed[role].version = 1
    bench.repository.publish("root")
    bench.repository.publish("snapshot", "timestamp", bump=False)
    assert bench.refresh() and bench.versions() == (2, 1, 1, 1)


def digests_of_metadata(bench):
    bench.repository.digests = True
    bench.repository.publish_all()
    assert bench.refresh() and bench.versions() == (1, 2, 2, 2)
    bench.repository.publish("targets")
    bench.repository.signed["snapshot"].meta["targets.json"].hashes["sha256"] = "0" * 64
    bench.repository.publish("snapshot", "timestamp")
    assert not bench.refresh() and bench.versions() == (1, 3, 3, 2)


def expired_metadata(bench):
    assert bench.refresh()
    for role, expected in (("targets", (1, 2, 2, 1)), ("snapshot", (1, 3, 2, 1)), ("timestamp", (1, 3, 2, 1))):
        bench.repository.signed[role].expires = days(-5)
        bench.repository.publish_all()
        assert not bench.refresh() and bench.versions() == expected, bench.versions()
    bench.repository.signed["root"].expires = days(-5)
    bench.repository.publish("root")
    assert not bench.refresh() and bench.version("root") == 2


def later_on(bench):
    if not shutil.which("faketime"):
        return "skipped: faketime is not installed"
    bench.repository.signed["timestamp"].expires = days(7)
    bench.repository.publish("timestamp")
    assert bench.refresh() and not bench.refresh(in_days=8)
    bench.repository.signed["timestamp"].expires = days(21)
    bench.repository.publish_all()
    assert bench.refresh(in_days=18) and bench.versions() == (1, 3, 2, 2)
    return None


def duplicate_key_ids(bench):
    data = json.loads(bench.repository.files["1.snapshot.json"])
    data["signatures"].append(data["signatures"][0])
    bench.repository.files["1.snapshot.json"] = json.dumps(data).encode()
    assert not bench.refresh() and bench.version("snapshot") is None


def targets(bench):
    bench.repository.add("targets", "file.txt", b"content")
    bench.repository.add("targets", "path/to/a/file.txt", b"deeper")
    bench.repository.publish_all()
    assert bench.download("file.txt", "path/to/a/file.txt")
    assert bench.downloads() == [b"content", b"deeper"]
    assert not bench.download("missing")
    for name in bench.repository.artifacts:
        bench.repository.artifacts[name] = b"malware"
    bench.repository.add("targets", "other", b"other")
    bench.repository.artifacts = {name: b"malware" for name in bench.repository.artifacts}
    bench.repository.publish_all()
    assert bench.download("file.txt") and not bench.download("other")
    assert bench.downloads() == [b"content", b"deeper"]


def delegations(bench):
    repository = bench.repository
    repository.delegate("targets", "A", ["*.doc"])
    repository.delegate("targets", "B", ["releases/*/*"])
    repository.delegate("B", "C", ["releases/x/*"])
    repository.delegate("B", "D", ["releases/y/*.zip"])
    repository.add("C", "releases/x/v1", b"x")
    repository.add("D", "releases/z/z.zip", b"z")
    repository.publish("C", "D", "B", "targets", "snapshot", "timestamp")
    assert bench.download("releases/x/v1") and bench.downloads() == [b"x"]
    assert not bench.download("releases/z/z.zip")
    assert bench.repository.asked.count("2.D.json") == 0


def odd_role_names(bench):
    roles = ("?", "#", "/role", "../role", "r\u00f6le", "a b", "%2e")
    for role in roles:
        bench.repository.delegate("targets", role)
    bench.repository.publish_all()
    assert not bench.download("missing")
    for role in roles:
        assert f"1.{urllib.parse.quote(role, '')}.json" in bench.repository.asked, role
    kept = [name for name in os.listdir(f"{bench.home}/metadata") if name.endswith(".json")]
    assert len(kept) == len(TOP) + len(roles), kept
    assert sorted(os.listdir(bench.home)) == ["initial.json", "metadata"]


def stale_delegation(bench):
    bench.repository.delegate("targets", "A")
    bench.repository.add("A", "file", b"by A")
    bench.repository.publish("A", "targets", "snapshot", "timestamp")
    assert bench.download("file")
    parent = bench.repository.signed["targets"]
    parent.revoke_key(bench.repository.signers["A"][0].public_key.keyid, "A")
    parent.add_key(CryptoSigner.generate_ed25519().public_key, "A")
    bench.repository.publish_all()
    assert not bench.download("file")


CASES = (first_refresh, initial_root_must_be_sound, every_key_type, custom_fields, each_role_must_be_signed,
         missing_files, rollbacks, fast_forward_recovery, digests_of_metadata, expired_metadata, later_on,
         duplicate_key_ids, targets, delegations, odd_role_names, stale_delegation)


def main():
    failed = 0
    for case in CASES:
        bench = Bench()
        try:
            print(f"{case.__name__}: {case(bench) or 'ok'}")
        except AssertionError as error:
            failed += 1
            line = error.__traceback__.tb_next.tb_lineno if error.__traceback__.tb_next else 0
            print(f"{case.__name__}: FAILED at line {line} {error}")
        finally:
            bench.close()
    print(f"{len(CASES) - failed} of {len(CASES)} cases")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
