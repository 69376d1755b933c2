"""Signing as a person: every way to sign in, at the loopback identity provider, and what may go wrong;
tokens that machines have."""

import errno
import http.server
import json
import os
import pathlib
import pty
import re
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import support
from sigstore_local import BASE, KeylessCase, main

ISSUER = f"http://127.0.0.1:{BASE + 1}"
# A browser that shows nothing: it follows the provider's answer back to nono.
BROWSER = """#!/usr/bin/env python3
import sys, urllib.request
with open(sys.argv[0] + ".saw", "a") as saw:
    try:
        with urllib.request.urlopen(sys.argv[-1], timeout=20) as answer:
            saw.write(f"{answer.status} {answer.read().decode()}")
    except OSError as problem:
        saw.write(f"{problem}\\n")
"""


class SignIn(KeylessCase):
    def setUp(self):
        super().setUp()
        self.flow()
        self.browser = self.project.base / "browser"
        self.browser.write_text(BROWSER)
        self.browser.chmod(0o755)

    def post(self, path, body=None):
        request = urllib.request.Request(ISSUER + path, method="POST",
                                         data=json.dumps(body or {}).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def flow(self, **wrong):
        self.post("/admin/flow", wrong)

    def asked(self):
        with urllib.request.urlopen(ISSUER + "/admin/flow", timeout=10) as answer:
            return json.load(answer)

    def by(self, way, code=0, env=None, **options):
        return self.sign("CLAUDE.md", "--oidc-flow", way, code=code,
                         env={"BROWSER": str(self.browser), **(env or {})}, **options)

    def signed_by_alice(self):
        shown = self.project.nono("trust", "inspect", "CLAUDE.md.bundle").stdout
        self.assertIn("alice@example.test", shown)

    def refused(self, way, *words, code=125, **rest):
        done = self.by(way, code=code, **rest)
        for word in (*words, "mend:"):
            self.assertIn(word, done.stderr)
        self.unsigned()
        return done


class ByBrowser(SignIn):
    def test_a_browser_brings_the_code(self):
        done = self.by("browser")
        self.assertIn("SIGNED", done.stdout)
        self.signed_by_alice()
        self.assertIn("You can close this page", self.saw())
        auth, token = self.asked()
        self.assertEqual((auth["client_id"], auth["scope"], token["grant_type"]),
                         ("sigstore", "openid email", "authorization_code"))
        self.assertRegex(auth["redirect_uri"], r"^http://localhost:\d+/auth/callback$")
        self.assertNotIn("eyJ", done.stdout + done.stderr)

    def saw(self):
        """What the browser was shown: it may end after nono."""
        shown = pathlib.Path(f"{self.browser}.saw")
        until = time.monotonic() + 30
        while not (shown.exists() and shown.read_text()) and time.monotonic() < until:
            time.sleep(0.02)
        return shown.read_text()

    def test_each_sign_in_has_its_own_state_nonce_and_proof_key(self):
        self.by("browser")
        self.by("browser")
        first, _, second, _ = self.asked()
        for name in ("state", "nonce", "code_challenge"):
            self.assertNotEqual(first[name], second[name])
            self.assertGreaterEqual(len(first[name]), 43)

    def test_an_answer_that_is_not_to_this_sign_in_is_refused(self):
        for wrong, words in (({"nonce": "another"}, "made for another sign-in (nonce)"),
                             ({"nonce": None}, "made for another sign-in (nonce)"),
                             ({"iss": "http://127.0.0.1:1"}, "comes from another issuer (iss)"),
                             ({"iss": None}, "does not say which issuer"),
                             ({"token_issuer": ISSUER + "/svc"}, "names another issuer"),
                             ({"deny": True}, "access_denied: the person said no")):
            self.flow(**wrong)
            self.refused("browser", words)

    def test_a_wrong_state_ends_nothing(self):
        """A page that guesses the port is told no; the sign-in goes on waiting for the right one."""
        watcher = self.project.base / "watcher"
        watcher.write_text(f"""#!/usr/bin/env python3
import subprocess, sys, urllib.error, urllib.parse, urllib.request
query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(sys.argv[-1]).query))
where = query["redirect_uri"]
def tried(url, **headers):
    try:
        urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10)
        return 200
    except urllib.error.HTTPError as problem:
        return problem.code
state = query["state"]
codes = [tried(where + "?code=evil&state=guess"), tried(where + "?code=evil"),
         tried(where + f"?code=evil&state={{state}}&state={{state}}"), tried(where.replace("/auth", "")),
         tried(where + f"?code=evil&state={{state}}", Host="evil.example:80")]
open(sys.argv[0] + ".codes", "w").write(repr(codes))
subprocess.run([{str(self.browser)!r}, sys.argv[-1]])
""")
        watcher.chmod(0o755)
        self.by("browser", env={"BROWSER": str(watcher)})
        self.signed_by_alice()
        self.assertEqual(pathlib.Path(f"{watcher}.codes").read_text(), "[400, 400, 404, 404, 404]")

    def test_connections_that_say_nothing_keep_nobody_waiting(self):
        idle = self.project.base / "idle"
        idle.write_text(f"""#!/usr/bin/env python3
import socket, subprocess, sys, urllib.parse
query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(sys.argv[-1]).query))
port = urllib.parse.urlsplit(query["redirect_uri"]).port
kept = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
kept[-1].sendall(b"GET /" + b"a" * 20000)
subprocess.run([{str(self.browser)!r}, sys.argv[-1]])
""")
        idle.chmod(0o755)
        began = time.monotonic()
        self.by("browser")
        alone = time.monotonic() - began
        began = time.monotonic()
        self.by("browser", env={"BROWSER": f"/nonexistent/browser:{idle}"})
        # The first of them would be let go after ten seconds: not even that is waited for.
        self.assertLess(time.monotonic() - began, alone + 9)

    def test_a_url_is_shown_where_no_browser_can_be_started(self):
        command = [support.NONO, "trust", "sign", "--keyless", "--oidc-flow", "browser", "CLAUDE.md"]
        with subprocess.Popen(command, cwd=self.project.tree, stderr=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              env=self.project.environment({"BROWSER": "/nonexistent"})) as process:
            self.assertIn("Open this in a browser on this machine", process.stderr.readline())
            urllib.request.urlopen(process.stderr.readline().strip(), timeout=20).close()
            self.assertEqual(process.wait(30), 0)
        self.signed_by_alice()

    def test_another_client_is_another_audience(self):
        done = self.sign("CLAUDE.md", "--oidc-flow", "browser", "--oidc-client-id", "acme-cli",
                         env={"BROWSER": str(self.browser)}, code=125)
        self.assertIn("Fulcio at", done.stderr)  # which takes only `sigstore`
        self.assertEqual(self.asked()[0]["client_id"], "acme-cli")
        self.unsigned()


class ByCode(SignIn):
    def typed(self, answer, code=0):
        """nono on a terminal; `answer` gets the URL and returns what is typed."""
        leader, follower = pty.openpty()
        command = [support.NONO, "trust", "sign", "--keyless", "--oidc-flow", "code", "CLAUDE.md"]
        with subprocess.Popen(command, cwd=self.project.tree, stdin=follower, stderr=follower,
                              stdout=subprocess.PIPE, text=True,
                              env=self.project.environment()) as process:
            os.close(follower)
            shown = ""
            while "shown then: " not in shown:
                shown += os.read(leader, 4096).decode()
            url = re.search(r"(http://\S+)", shown).group(1)
            os.write(leader, (answer(url) + "\n").encode())
            self.assertEqual(process.wait(30), code)
            told = process.stdout.read()
            shown += self.rest(leader)
        os.close(leader)
        return told, shown

    def rest(self, leader):
        """What a terminal still has to show; it ends with EIO once nobody writes."""
        shown = b""
        try:
            while piece := os.read(leader, 65536):
                shown += piece
        except OSError as problem:
            self.assertEqual(problem.errno, errno.EIO)
        return shown.decode()

    def test_a_code_is_typed(self):
        def answer(url):
            self.assertIn(urllib.parse.quote("urn:ietf:wg:oauth:2.0:oob", safe=""), url)
            with urllib.request.urlopen(url, timeout=10) as page:
                return " " + json.load(page) + " "
        told, _ = self.typed(answer)
        self.assertIn("SIGNED", told)
        self.signed_by_alice()

    def test_a_wrong_code_and_none_are_refused(self):
        _, shown = self.typed(lambda url: "wrong", code=125)
        self.assertIn("invalid_grant", shown)
        _, shown = self.typed(lambda url: "", code=125)
        self.assertIn("no code was typed", shown)
        self.unsigned()


class ByDevice(SignIn):
    def start(self, *words, env=None):
        command = [support.NONO, "trust", "sign", "--keyless", *words, "CLAUDE.md"]
        process = subprocess.Popen(command, cwd=self.project.tree, stderr=subprocess.PIPE, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   env=self.project.environment(env))
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def approve(self, process):
        lines = [process.stderr.readline() for _ in range(4)]
        self.assertIn("/device?user_code=", lines[1])
        self.post(f"/admin/device/{lines[3].strip()}")

    def test_a_code_is_approved_anywhere(self):
        """Without a terminal and without a browser it is the way that is taken."""
        process = self.start()
        self.approve(process)
        self.assertEqual(process.wait(30), 0)
        self.signed_by_alice()
        self.assertEqual([one["endpoint"] for one in self.asked()][:2], ["device", "token"])

    def test_the_provider_says_how_fast_and_is_obeyed(self):
        self.flow(device=["authorization_pending", "slow_down"], interval=1)
        began = time.monotonic()
        process = self.start("--oidc-flow", "device")
        self.approve(process)
        self.assertEqual(process.wait(60), 0)
        self.assertGreater(time.monotonic() - began, 1 + 1 + 6)  # it adds five seconds once
        self.assertEqual(len([one for one in self.asked() if one["endpoint"] == "token"]), 3)

    def test_what_ends_a_device_code_is_told(self):
        for wrong, words in (({"device": ["access_denied"]}, "access_denied"),
                             ({"device": ["expired_token"]}, "expired_token"),
                             ({"expires_in": 2}, "expired_token"),
                             ({"expires_in": 0}, "must be above 0")):
            self.flow(**wrong)
            self.refused("device", words)

    def test_a_ci_asks_nobody(self):
        for env in ({"CI": "true"}, {"GITLAB_CI": "true"}, {"BUILDKITE": "true"}):
            done = self.sign("CLAUDE.md", env=env, code=125)
            self.assertIn("mend:", done.stderr)
        self.assertEqual(self.asked(), [])

    def test_options_that_make_no_sense_are_refused(self):
        self.assertIn("browser, code or device", self.by("phone", code=2).stderr)
        done = self.sign("CLAUDE.md", "--oidc-flow", "device", "--identity-token", "a.b.c", code=2)
        self.assertIn("needs no sign-in", done.stderr)
        done = self.sign("CLAUDE.md", "--oidc-flow", "device", "--oidc-issuer",
                         "http://127.0.0.1:9", code=125)
        self.assertIn("the identity provider", done.stderr)
        done = self.sign("CLAUDE.md", "--oidc-flow", "device", "--oidc-issuer",
                         f"http://localhost:{BASE + 1}", code=125)
        self.assertIn("answered 404", done.stderr)


class Machines(SignIn):
    """Buildkite's agent and Google's metadata server, stood in for."""

    def agent(self, script):
        program = self.project.base / "bin/buildkite-agent"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return {"BUILDKITE": "true", "PATH": f"{program.parent}:{os.environ['PATH']}"}

    def test_buildkites_agent_is_asked_for_the_audience(self):
        token = self.servers.token()
        env = self.agent(f'[ "$*" = "oidc request-token --audience sigstore" ] && echo {token}')
        self.sign("CLAUDE.md", env=env)
        self.signed_by_alice()

    def test_an_agent_that_fails_is_told_without_its_words(self):
        done = self.sign("CLAUDE.md", env=self.agent("echo s3cret; echo s3cret >&2; exit 3"), code=125)
        self.assertIn("ended with exit code 3", done.stderr)
        self.assertIn("buildkite-agent oidc request-token", done.stderr)
        self.assertNotIn("s3cret", done.stderr)
        self.unsigned()

    def google(self, answers):
        asked = []

        class Metadata(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                asked.append((self.path, self.headers.get("Metadata-Flavor")))
                status, body = answers(self.path)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return {"GCE_METADATA_HOST": f"127.0.0.1:{server.server_address[1]}"}, asked

    def test_googles_metadata_server_is_asked_for_the_audience(self):
        token = self.servers.token()
        env, asked = self.google(lambda path: (200, token))
        self.sign("CLAUDE.md", env=env)
        self.signed_by_alice()
        self.assertEqual(asked, [("/computeMetadata/v1/instance/service-accounts/default/identity"
                                  "?audience=sigstore&format=full", "Google")])

    def test_a_machine_without_a_service_account_is_told(self):
        env, _ = self.google(lambda path: (404, "no such account"))
        done = self.sign("CLAUDE.md", env=env, code=125)
        self.assertIn("answered 404: no such account", done.stderr)
        self.assertIn("service account", done.stderr)


if __name__ == "__main__":
    main(__file__)
