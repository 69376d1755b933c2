#!/usr/bin/env python3
"""tools/action/report.py WHAT [WORD…]: what the steps of action.yml read out of nono's JSON (stdin).

  unverified           paths of the files that are not verified, each ended by a NUL
  bundles DIRECTORY    bundles of a `trust sign`, below DIRECTORY, each ended by a NUL
  count, denied        how many files a `trust sign` signed; how many of a `trust verify` are not verified
  failures             a line for each file that is not verified; exit 1 if there is one
  annotate DIRECTORY LEVEL   workflow commands that annotate them; LEVEL: deny or warn
"""
import base64
import json
import os
import sys

MOST = 50  # annotations; GitHub shows ten of a step


def path_of(entry, name):
    """A path that is not UTF-8 stands beside its shown form, in base64."""
    coded = entry.get(f"{name}_base64")
    return base64.b64decode(coded) if coded else os.fsencode(entry[name])


def unverified(document):
    return [entry for entry in document["files"] if entry["status"] != "VERIFIED"]


def data(text):
    """The words of a workflow command: nothing in them ends the line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def value(text):
    """A property of one: nothing in it ends the property either."""
    return data(text).replace(":", "%3A").replace(",", "%2C")


def sentence(entry):
    words = f"{entry['status']}: {entry['detail'] or 'no trusted signature'}"
    return words + (f"\nmend: {entry['mend']}" if entry["mend"] else "")


def annotation(entry, directory, level):
    path = os.path.relpath(path_of(entry, "path"), os.fsencode(os.path.realpath(directory)))
    shown = path.decode("utf-8", "backslashreplace")
    kind = "error" if level == "deny" else "warning"
    title = f"nono: {entry['reason'] or entry['status']}"
    return f"::{kind} file={value(shown)},line=1,title={value(title)}::{data(sentence(entry))}"


def annotate(document, directory, level):
    wrong = unverified(document)
    for entry in wrong[:MOST]:
        print(annotation(entry, directory, level))
    if len(wrong) > MOST:
        print(f"::warning title=nono::{len(wrong) - MOST} more files are not verified: see the summary")
    verified = len(document["files"]) - len(wrong)
    print(f"{verified} verified, {len(wrong)} not")


def bundles(document, directory):
    found = {os.path.relpath(path_of(entry, "bundle"), os.fsencode(os.path.realpath(directory)))
             for entry in document["signed"]}
    for path in sorted(found):
        sys.stdout.buffer.write(b"./" + path + b"\0")


def failures(document):
    wrong = unverified(document)
    for entry in wrong:
        print(json.dumps(entry["path"]), sentence(entry).replace("\n", "; "))
    return 1 if wrong else 0


def main():
    what, words = sys.argv[1], sys.argv[2:]
    document = json.load(sys.stdin)
    if what == "unverified":
        for entry in unverified(document):
            sys.stdout.buffer.write(path_of(entry, "path") + b"\0")
    elif what == "bundles":
        bundles(document, *words)
    elif what == "count":
        print(len(document["signed"]))
    elif what == "denied":
        print(len(unverified(document)))
    elif what == "failures":
        return failures(document)
    elif what == "annotate":
        annotate(document, *words)
    else:
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
