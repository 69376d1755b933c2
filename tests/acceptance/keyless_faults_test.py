"""Services that are down, hung, slow, busy, broken or hostile: one sentence each, and nothing written.

The faults are those of real servers on loopback where they can be provoked; a server between nono
and the service changes requests and answers for the rest. Each ends within its deadline.
"""

import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request

from middle import Answer, Drip, Endless, Middle, wait_for
from sigstore_local import BASE, MEMBER, SCRIPT, KeylessCase, main

LONGEST = 60  # seconds: the deadline of the slowest service, and some for a loaded machine
JSON = {"content-type": "application/json"}


class Faults(KeylessCase):
    def between(self, service, hook=None, config="signing_config.json"):
        """Puts a server between nono and `service` of this configuration."""
        settings = self.servers.config(config)
        entry = settings[MEMBER[service]][0]
        root, slash, path = entry["url"].partition("/api")
        middle = Middle(root, hook)
        self.addCleanup(middle.close)
        entry["url"] = middle.url + slash + path
        self.keep_config(settings)
        return middle

    def fails(self, *words, env=None, within=LONGEST, name="CLAUDE.md", more=()):
        began = time.monotonic()
        done = self.sign(name, *more, env=env or self.servers.job(), code=125, timeout=within + 30)
        self.assertLess(time.monotonic() - began, within)
        for word in (*words, "mend:"):
            self.assertIn(word, done.stderr)
        self.unsigned(name)
        return done.stderr

    def signs(self):
        self.in_job("CLAUDE.md", timeout=LONGEST)
        self.assertTrue((self.project.tree / "CLAUDE.md.bundle").exists())

    def first(self, answer, then=None):
        """A hook that answers this once (or `times`), then asks the service."""
        left = [1 if then is None else then]

        def hook(request, forward):
            if left[0] > 0:
                left[0] -= 1
                return answer(request, forward) if callable(answer) else answer
            return forward(request)
        return hook

    def stop(self, name):
        pid = self.servers.pid(name)
        os.kill(pid, signal.SIGSTOP)
        self.addCleanup(os.kill, pid, signal.SIGCONT)
        return pid

    def all_between(self, config, hook=None):
        """A server between nono and each service."""
        settings = self.servers.config(config)
        middles = {}
        for service, member in MEMBER.items():
            root, slash, path = settings[member][0]["url"].partition("/api")
            middles[service] = Middle(root, hook)
            self.addCleanup(middles[service].close)
            settings[member][0]["url"] = middles[service].url + slash + path
        self.keep_config(settings)
        return middles

    # Several files
    def test_fifty_files_in_one_statement_cost_one_round(self):
        names = [f"docs/{number}.md" for number in range(50)]
        for name in names:
            self.project.write(name, name)
        middles = self.all_between("signing_config.json")
        self.in_job("--multi-subject", *names)
        self.assertEqual({service: len(middle.requests) for service, middle in middles.items()},
                         {"fulcio": 1, "tsa": 1, "rekor": 1})

    def test_several_files_wait_for_the_log_together_and_not_in_a_crowd(self):
        names = [f"docs/{number}.md" for number in range(20)]
        for name in names:
            self.project.write(name, name)
        lock, busy, most = threading.Lock(), [0], [0]

        def slow(request, forward):
            with lock:
                busy[0] += 1
                most[0] = max(most[0], busy[0])
            time.sleep(0.3)
            with lock:
                busy[0] -= 1
            return forward(request)
        middles = self.all_between("signing_config.rekor1.json", slow)
        done = self.in_job(*names)
        self.assertEqual([line.split()[1] for line in done.stdout.splitlines()], names)
        self.assertEqual({service: len(middle.requests) for service, middle in middles.items()},
                         {"fulcio": 1, "tsa": 20, "rekor": 20})
        self.assertLessEqual(most[0], 8)
        self.assertGreater(most[0], 3)

    def test_one_of_several_that_fails_leaves_all_unsigned(self):
        names = [f"docs/{number}.md" for number in range(12)]
        for name in names:
            self.project.write(name, name)
        self.between("tsa", self.first(lambda r, f: Answer(400, JSON, b"{}")))
        self.fails("timestamp authority", name=names[0], more=names[1:])
        self.assertEqual(list(self.project.tree.rglob("*.bundle")), [])

    def test_nobody_is_asked_for_a_bundle_whose_name_would_be_too_long(self):
        for length in (249, 255):
            name = "z" * length
            self.project.write("CLAUDE.md", "text")
            self.project.write(name, "text")
            middles = self.all_between("signing_config.json")
            self.fails(f"would be {length + 7} bytes long", more=(name,))
            self.assertEqual([len(middle.requests) for middle in middles.values()], [0, 0, 0])
            self.assertEqual(list(self.project.tree.rglob("*.bundle")), [])

    # Rekor
    def test_an_entry_that_rekor_v1_has_already_is_fetched(self):
        def twice(request, forward):
            if request.method == "POST":
                forward(request)
            return forward(request)
        middle = self.between("rekor", twice, "signing_config.rekor1.json")
        self.signs()
        self.assertEqual([answer.status for answer in middle.answers], [201, 409, 200])

    def test_an_entry_that_rekor_v2_has_already_is_made_anew(self):
        middle = self.between("rekor", self.first(lambda r, f: (f(r), f(r))[1]))
        self.signs()
        self.assertEqual([answer.status for answer in middle.answers], [201, 409, 201])

    def test_what_rekor_cannot_read_is_not_sent_again(self):
        def broken(request, forward):
            request.body = b"{"
            return forward(request)
        for config in ("signing_config.json", "signing_config.rekor1.json"):
            middle = self.between("rekor", broken, config)
            self.fails("Rekor at", "answered")
            self.assertEqual(len(middle.requests), 1)
            self.assertIn(middle.answers[0].status, (400, 422, 500))

    def test_a_signature_that_rekor_refuses_is_told(self):
        def other(request, forward):
            body = json.loads(request.body)
            content = body["hashedRekordRequestV002"]
            content["digest"] = content["digest"][-2::-1].rjust(43, "A") + "="
            request.body = json.dumps(body).encode()
            return forward(request)
        middle = self.between("rekor", other)
        self.fails("Rekor at", "answered 400")
        self.assertEqual(len(middle.requests), 1)

    def test_a_frozen_log_asks_for_another_configuration(self):
        frozen = Answer(405, {"content-type": "text/plain"},
                        b"This log has been frozen, please switch to the latest log.\n")
        self.between("rekor", lambda r, f: frozen)
        self.fails("answered 405", "newer signing configuration")

    def test_a_log_with_patience_is_waited_for(self):
        def slow(request, forward):
            time.sleep(8)
            return forward(request)
        self.between("rekor", slow)
        self.signs()

    def test_a_busy_service_is_asked_again_and_then_named(self):
        busy = Answer(503, {"retry-after": "0", **JSON}, b'{"code":14,"message":"pushback"}')
        for service, name in (("fulcio", "Fulcio"), ("tsa", "timestamp authority"),
                              ("rekor", "Rekor")):
            middle = self.between(service, self.first(busy, 2))
            self.signs()
            (self.project.tree / "CLAUDE.md.bundle").unlink()
            middle.hook = lambda r, f: busy
            middle.requests.clear()
            self.fails(name, "answered 503: pushback")
            self.assertEqual(len(middle.requests), 3)

    def test_a_hung_database_behind_rekor_v1_ends_at_the_deadline(self):
        def hang(request, forward):
            self.stop("trillian")
            return forward(request)
        self.between("rekor", hang, "signing_config.rekor1.json")
        self.fails("Rekor", "45")

    # Fulcio
    def test_a_hung_ct_log_is_outlived(self):
        middle = self.between("fulcio")
        pid = self.stop("trillian")  # where the CT log keeps its tree
        with concurrent.futures.ThreadPoolExecutor() as pool:
            signing = pool.submit(self.signs)
            self.assertTrue(wait_for(lambda: middle.answers, 30))
            os.kill(pid, signal.SIGCONT)
            signing.result()
        self.assertEqual([answer.status for answer in middle.answers], [500, 200])

    def test_a_ct_log_that_is_down_ends_at_the_deadline(self):
        os.kill(self.servers.pid("ct"), signal.SIGKILL)
        self.addCleanup(self.servers.up)
        self.fails("Fulcio", "30")

    def test_a_hung_issuer_does_no_harm_once_its_keys_are_known(self):
        self.signs()
        token = self.servers.token()
        self.sign("CLAUDE.md", "--identity-token", token)
        self.stop("oidc")
        self.sign("CLAUDE.md", "--identity-token", token)

    def test_a_proof_over_something_else_is_refused_by_fulcio(self):
        def other(request, forward):
            body = json.loads(request.body)
            proof = body["publicKeyRequest"]["proofOfPossession"]
            body["publicKeyRequest"]["proofOfPossession"] = proof[:40] + "AAAA" + proof[44:]
            request.body = json.dumps(body).encode()
            return forward(request)
        middle = self.between("fulcio", other)
        self.fails("Fulcio at", "answered 400")
        self.assertEqual(len(middle.requests), 1)

    def test_a_fulcio_that_knows_version_1_only_is_asked_so(self):
        """A real Fulcio, whose version 2 is hidden."""
        def hidden(request, forward):
            if "/api/v2/signingCert" in request.path:
                return Answer(404, JSON, b'{"code":5,"message":"Not Found"}')
            return forward(request)
        middle = self.between("fulcio", hidden)
        self.signs()
        self.assertEqual([request.path for request in middle.requests],
                         ["/api/v2/signingCert", "/api/v1/signingCert"])
        self.assertEqual(middle.answers[-1].status, 201)
        (self.project.tree / "CLAUDE.md.bundle").unlink()
        self.between("fulcio", lambda r, f: Answer(404, JSON, b"{}"))
        self.fails("Fulcio at", "/api/v1/signingCert answered 404")

    def test_an_issuer_that_hangs_and_was_never_seen_ends_at_the_deadline(self):
        words = ("CLAUDE.md", "--identity-token", self.servers.token(
            f"iss=http://127.0.0.1:{BASE + 1}/svc", f"sub=http://127.0.0.1:{BASE + 1}/agents/9"))
        pid = self.stop("oidc")
        began = time.monotonic()
        told = self.sign(*words, code=125, timeout=LONGEST + 30).stderr
        self.assertLess(time.monotonic() - began, LONGEST)
        self.assertIn("Fulcio", told)
        self.assertIn("30", told)
        self.unsigned()
        os.kill(pid, signal.SIGCONT)
        self.sign(*words)

    def test_clocks_that_differ_are_granted_five_minutes(self):
        script = SCRIPT.parent / "lib/oidc.py"
        def token(skew):
            return subprocess.run(
                [sys.executable, script, "token", "--dir", self.servers.path("oidc"), "--issuer",
                 f"http://127.0.0.1:{BASE + 1}", "--skew", str(skew), "sub=a",
                 "email=alice@example.test", "email_verified=true"],
                check=True, capture_output=True, text=True).stdout.strip()
        self.sign("CLAUDE.md", "--identity-token", token(65))
        done = self.sign("CLAUDE.md", "--identity-token", token(605), code=2)
        self.assertIn("is not valid before", done.stderr)

    def test_an_address_that_is_not_verified_is_refused_here(self):
        token = self.servers.token("email_verified=false")
        done = self.sign("CLAUDE.md", "--identity-token", token, code=2)
        self.assertIn("has not verified", done.stderr)
        self.unsigned()

    # Timestamp authorities
    def test_what_a_timestamp_authority_refuses_is_told(self):
        def garbage(request, forward):
            request.body = b"garbage"
            return forward(request)
        def wrong_type(request, forward):
            request.headers = {"Content-Type": "text/plain"}
            return forward(request)
        for hook, status in ((garbage, "400"), (wrong_type, "415")):
            middle = self.between("tsa", hook)
            self.fails("timestamp authority at", f"answered {status}")
            self.assertEqual(len(middle.requests), 1)

    def test_a_weak_hash_or_a_foreign_policy_is_refused_by_the_authority(self):
        """What nono asks for is the authority's to refuse: made worse on the way to it."""
        for words in (("-sha1",), ("-sha256", "-tspolicy", "1.2.3.4")):
            query = subprocess.run(["openssl", "ts", "-query", "-data", "/dev/null", "-cert", *words],
                                   check=True, capture_output=True).stdout

            def worse(request, forward, query=query):
                request.body = query
                return forward(request)
            middle = self.between("tsa", worse)
            self.fails("timestamp authority at", "answered 400")
            self.assertEqual(len(middle.requests), 1)

    def test_created_is_as_good_as_ok(self):
        def created(request, forward):
            answer = forward(request)
            answer.status = 201
            return answer
        self.between("tsa", created)
        self.signs()

    # GitHub's token endpoint
    def test_a_busy_token_endpoint_is_asked_as_it_wishes(self):
        url = f"http://127.0.0.1:{BASE + 1}/admin/gha-fail/2"
        urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=10).close()
        began = time.monotonic()
        self.signs()
        self.assertGreater(time.monotonic() - began, 2)  # Retry-After: 1, twice

    def test_a_token_endpoint_that_redirects_elsewhere_gets_nothing(self):
        elsewhere = Middle("http://127.0.0.1:9", lambda r, f: Answer(200, JSON, b"{}"))
        self.addCleanup(elsewhere.close)
        where = elsewhere.url.replace("127.0.0.1", "localhost")
        middle = Middle("http://127.0.0.1:9",
                        lambda r, f: Answer(302, {"location": f"{where}/token"}, b""))
        self.addCleanup(middle.close)
        job = self.servers.job()
        job["ACTIONS_ID_TOKEN_REQUEST_URL"] = f"{middle.url}/gha/token?api-version=2.0"
        told = self.fails("GitHub", env=job)
        self.assertNotIn(job["ACTIONS_ID_TOKEN_REQUEST_TOKEN"], told)
        self.assertEqual(elsewhere.requests, [])

    # Attacks
    def test_answers_to_another_request_are_refused(self):
        kept = {}
        for service in MEMBER:
            middle = self.between(service)
            self.signs()
            kept[service] = [answer for answer in middle.answers if answer.status in (200, 201)][-1]
            (self.project.tree / "CLAUDE.md.bundle").unlink()
        for service, words in (("fulcio", "the certificate is over another key"),
                               ("tsa", "the timestamp was made for another request"),
                               ("rekor", "the log entry does not verify")):
            self.between(service, lambda r, f, old=kept[service]: old if r.method == "POST"
                         else f(r))
            self.fails(words)

    def test_an_answer_without_end_is_cut(self):
        endless = Answer(200, JSON, Endless())
        huge = Answer(200, {**JSON, "x-padding": "a" * (1 << 20)}, b"{}")
        for service, name in (("fulcio", "Fulcio"), ("tsa", "timestamp authority"),
                              ("rekor", "Rekor")):
            for answer in (endless, huge):
                self.between(service, lambda r, f, a=answer: a)
                self.fails(name, within=30)

    def test_an_answer_that_drips_ends_at_the_deadline(self):
        """All services at once: each has its own configuration."""
        jobs = []
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for service, name in (("fulcio", "Fulcio"), ("tsa", "timestamp authority"),
                                  ("rekor", "Rekor")):
                self.between(service, lambda r, f: Answer(200, JSON, Drip()))
                config = self.project.write(f"{service}.json", (self.config /
                                            "signing_config.json").read_text())
                self.project.write(f"{service}.md", "text")
                jobs.append((name, service, time.monotonic(), pool.submit(
                    self.in_job, f"{service}.md", "--signing-config", config, code=125,
                    timeout=LONGEST + 30)))
            for name, service, began, job in jobs:
                told = job.result().stderr
                self.assertIn(name, told)
                self.assertLess(time.monotonic() - began, LONGEST)
                self.unsigned(f"{service}.md")


if __name__ == "__main__":
    main(__file__)
