#!/usr/bin/env python3
"""tests/differential/differential.py --vectors PROGRAM [--nono PROGRAM]: nono and others over every vector.

PROGRAM is sigstore-vectors, which makes them anew; --nono takes conformance-client. sigstore-python
is asked where the package is installed. Fails where nono says other than the vector, where a peer's
difference is not in differences.json, and where a line there is no longer true. Exits 77 where there
is neither.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def known_differences(peer):
    """{case: verdict of the peer}"""
    with open(os.path.join(HERE, "differences.json"), encoding="utf-8") as file:
        rows = [row for row in json.load(file) if row["peer"] == peer]
    return {case: row["says"] for row in rows for case in row["cases"]}


def offered(case):
    """The conformance protocol has no thresholds."""
    return all(count == "1" for count in case["thresholds"].values())


def ask_nono(program, directory, case):
    folder = os.path.join(directory, case["directory"])
    who = ["--certificate-identity", case["identity"], "--certificate-oidc-issuer", case["issuer"]]
    if case["kind"] == "keyed":
        who = ["--key", os.path.join(folder, "key.pem")]
    command = [program, "verify-bundle", "--bundle", os.path.join(folder, "bundle.json"), *who,
               "--trusted-root", os.path.join(folder, "trusted_root.json"),
               case["digest"] or os.path.join(folder, "artifact")]
    if any("\0" in word for word in command):
        return "refused", "no argument holds a NUL"
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return "accepted" if done.returncode == 0 else "refused", done.stderr.strip()


def check_nono(program, directory, cases):
    faults, asked = [], 0
    for case in filter(offered, cases):
        verdict, why = ask_nono(program, directory, case)
        asked += 1
        wanted = case["expected"]
        if (verdict == "accepted") != (wanted == "accepted"):
            faults.append(f"nono: {case['case']}: {verdict}, not {wanted}: {why}")
    print(f"nono: {asked} asked, {len(faults)} wrong")
    return faults


def check_peer(peer, judge, directory, cases):
    faults, asked, differing = [], 0, 0
    known = known_differences(peer)
    for case in cases:
        verdict, why = judge(directory, case)
        if verdict == "unable":
            continue
        asked += 1
        differs = (verdict == "accepted") != (case["expected"] == "accepted")
        differing += differs
        if differs and known.pop(case["case"], None) != verdict:
            faults.append(f"{peer}: {case['case']}: {verdict}, not {case['expected']}, and not in the list: {why}")
    faults += [f"{peer}: {case}: no longer {verdict}" for case, verdict in known.items()]
    print(f"{peer}: {asked} asked, {differing} differ, {len(faults)} not as listed")
    return faults


def python_peer():
    try:
        import sigstore  # pylint: disable=import-outside-toplevel,unused-import
    except ImportError:
        return None
    sys.path.insert(0, HERE)
    import sigstore_python  # pylint: disable=import-outside-toplevel
    return sigstore_python.judge


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vectors", required=True)
    parser.add_argument("--nono")
    arguments = parser.parse_args()
    judge = python_peer()
    if judge is None and not arguments.nono:
        print("differential: neither --nono nor the package sigstore is here")
        return 77
    faults = []
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([arguments.vectors, directory], check=True)
        with open(os.path.join(directory, "index.json"), encoding="utf-8") as file:
            cases = json.load(file)
        if arguments.nono:
            faults += check_nono(arguments.nono, directory, cases)
        if judge:
            faults += check_peer("sigstore-python", judge, directory, cases)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
