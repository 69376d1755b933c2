#!/usr/bin/env python3
"""tests/differential/sigstore_python.py VECTORS [--out FILE]: what sigstore-python says of every vector.

VECTORS is a directory written by sigstore-vectors. Offline: the trusted root of the case is the only
one. Prints one line per case (verdict, case, first words of the refusal) and writes them as JSON
with --out. Keyed bundles and thresholds are outside of what sigstore-python offers: "unable".

Needs the package `sigstore` (PyPI) on the path; exits 77 without it.
"""
import argparse
import hashlib
import json
import logging
import os
import sys

try:
    from sigstore import dsse
    from sigstore.hashes import HashAlgorithm, Hashed
    from sigstore.models import Bundle, TrustedRoot
    from sigstore.verify import Verifier, policy
except ImportError:
    print("sigstore_python.py: the package sigstore is not installed", file=sys.stderr)
    sys.exit(77)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def hashed(case, artifact):
    digest = case["digest"]
    value = bytes.fromhex(digest.removeprefix("sha256:")) if digest else hashlib.sha256(artifact).digest()
    return Hashed(algorithm=HashAlgorithm.SHA2_256, digest=value)


def verify(directory, case):
    """Raises where sigstore-python refuses."""
    folder = os.path.join(directory, case["directory"])
    artifact = hashed(case, read(os.path.join(folder, "artifact")))
    bundle = Bundle.from_json(read(os.path.join(folder, "bundle.json")))
    verifier = Verifier(trusted_root=TrustedRoot.from_file(os.path.join(folder, "trusted_root.json")))
    who = policy.Identity(identity=case["identity"], issuer=case["issuer"])
    if case["content"] == "message":
        verifier.verify_artifact(artifact, bundle, who)
        return
    # As its command line does for a statement.
    kind, payload = verifier.verify_dsse(bundle, who)
    if kind != dsse.Envelope._TYPE:
        raise ValueError(f"JSON-DSSE payload of a type that is not known: {kind}")
    if not dsse.Statement(payload)._matches_digest(artifact):
        raise ValueError("in-toto statement has no subject for this digest")


def judge(directory, case):
    if case["kind"] == "keyed" or any(count != "1" for count in case["thresholds"].values()):
        return "unable", "no keyed bundles, no thresholds"
    try:
        verify(directory, case)
    except Exception as problem:  # a crash of the parser is a refusal, too
        words = " ".join(str(problem).split())
        return "refused", f"{type(problem).__name__}: {words}"[:160]
    return "accepted", ""


logging.disable(logging.CRITICAL)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("vectors")
    parser.add_argument("--out")
    arguments = parser.parse_args()
    with open(os.path.join(arguments.vectors, "index.json"), encoding="utf-8") as file:
        cases = json.load(file)
    verdicts = {}
    for case in cases:
        verdict, why = judge(arguments.vectors, case)
        verdicts[case["case"]] = {"expected": case["expected"], "verdict": verdict, "why": why}
        print(f"{verdict:9} {case['case']}  [{case['expected']}]  {why}")
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as file:
            json.dump(verdicts, file, indent=2, ensure_ascii=False)
            file.write("\n")


if __name__ == "__main__":
    main()
