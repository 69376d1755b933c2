"""Opens outside the grants that are asked about: who may answer, what no answer opens, attacks."""

import hashlib
import hmac
import http.server
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import support

PY = "/usr/bin/python3"


class Approvals(support.AskingCase):
    def setUp(self):
        super().setUp()
        self.outside = self.project.base / "outside"
        self.outside.mkdir()
        (self.outside / "file").write_text("outside\n")
        (self.outside / "other").write_text("other\n")
        self.own_outside()

    def own_outside(self):
        subprocess.run(["chown", "-R", f"{self.project.uid}:{self.project.uid}", self.outside],
                       check=True)

    def sessions_directory(self):
        return self.project.home / ".local/state/nono/sessions"

    def rules(self, *rules):
        path = self.project.base / "rules.json"
        path.write_text(json.dumps({"schema": "nono/approval-rules/1", "rules": list(rules)}))
        return f"rules:{path}"

    def with_rules(self, script, *rules, more=()):
        return self.project.sandbox("sh", "-c", script, options=(
            "--allow-cwd", "--approve", self.rules(*rules), *more))

    def allow(self, path, operations=None, scope="once"):
        rule = {"path": str(path), "approval": "allow", "scope": scope}
        return {**rule, "operations": operations} if operations else rule

    # -- who is asked, and what an answer does

    def test_nobody_is_asked_by_default(self):
        done = self.project.sandbox("cat", self.outside / "file")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(self.events("approval_asked") + self.events("approval"), [])
        process = self.begin("sleep", "20", options=("--allow-cwd",))
        time.sleep(0.5)
        self.assertEqual(list(self.sessions_directory().glob("*.sock")), [])
        self.assertEqual(self.project.nono("approve", "--list").returncode, 125)
        process.send_signal(signal.SIGTERM)

    def test_allowed_once_is_read_and_asked_about_again(self):
        process = self.begin("sh", "-c", f"cat {self.outside}/file; cat {self.outside}/file")
        question = self.asked()[0]
        self.assertEqual((question["operation"], question["object"]),
                         ("read", str(self.outside / "file")))
        self.ran(self.answer("allow", question))
        second = self.asked()[0]
        self.assertNotEqual(question["id"], second["id"])
        self.ran(self.answer("deny", second))
        done = self.ended(process)
        self.assertEqual(done.stdout, "outside\n")
        self.assertIn("Permission denied", done.stderr)
        answers = self.events("approval")
        self.assertEqual([(e["outcome"], e["by"], e["uid"]) for e in answers],
                         [("allowed", "socket", self.project.uid if os.geteuid() else e["uid"])
                          for e in answers[:1]] + [("denied", "socket", answers[1]["uid"])])
        self.assertEqual(len(self.events("approval_asked")), 2)
        self.assertEqual(self.events("session_ended")[0]["exit_code"], 1)

    def test_a_stop_that_is_taken_back_before_the_answer_stops_nothing(self):
        # The agent could stop only when its call is over.
        process = self.begin("cat", self.outside / "file")
        question = self.asked()[0]
        for sent in (signal.SIGTSTP, signal.SIGCONT):
            process.send_signal(sent)
            time.sleep(0.3)
        self.ran(self.answer("allow", question))
        self.assertEqual(self.ran(self.ended(process)).stdout, "outside\n")

    def test_allowed_for_the_session_is_not_asked_about_again(self):
        os.symlink(self.outside / "file", self.project.tree / "link")
        process = self.begin("sh", "-c", f"cat {self.outside}/file link {self.outside}/file")
        self.ran(self.answer("allow", self.asked()[0], "session"))
        done = self.ran(self.ended(process))
        self.assertEqual(done.stdout, "outside\n" * 3)
        self.assertEqual(len(self.events("approval_asked")), 1)
        self.assertEqual([e["by"] for e in self.events("approval")],
                         ["socket", "session", "session"])

    def test_denied_for_the_session_is_not_asked_about_again(self):
        process = self.begin("sh", "-c", f"cat {self.outside}/file; cat {self.outside}/file")
        self.ran(self.answer("deny", self.asked()[0], "session"))
        self.assertEqual(self.ended(process).stdout, "")
        self.assertEqual(len(self.events("approval_asked")), 1)

    def test_an_answer_for_reading_is_none_for_writing(self):
        process = self.begin("sh", "-c", f"cat {self.outside}/file; echo x > {self.outside}/file")
        self.ran(self.answer("allow", self.asked()[0], "session"))
        question = self.asked()[0]
        self.assertEqual(question["operation"], "write")
        self.ran(self.answer("deny", question))
        self.ended(process)
        self.assertEqual((self.outside / "file").read_text(), "outside\n")

    def test_files_are_made_written_and_emptied(self):
        allow = self.allow(self.outside / "*", scope="session")
        new = self.outside / "new"
        self.ran(self.with_rules(
            f"umask 027; echo one > {new}; echo two >> {new}; cat {new}; : > {self.outside}/file",
            allow))
        self.assertEqual(new.read_text(), "one\ntwo\n")
        self.assertEqual((new.stat().st_mode & 0o7777, new.stat().st_uid), (0o640, self.project.uid))
        self.assertEqual((self.outside / "file").read_text(), "")

    def test_one_file_that_two_make_is_opened_by_the_second(self):
        new = self.outside / "new"
        process = self.begin("sh", "-c", f"echo one >> {new} & echo two >> {new} & wait")
        first = self.asked(2)[0]
        self.assertEqual(first["operation"], "create")
        self.ran(self.answer("allow", first, "session"))
        self.assertEqual(self.ended(process).stderr, "")
        self.assertEqual(sorted(new.read_text().split()), ["one", "two"])
        process = self.begin("sh", "-c", f"set -C; echo one > {new}2 & echo two > {new}2 & wait")
        self.ran(self.answer("allow", self.asked(2)[0], "session"))
        self.assertIn("exists", self.ended(process).stderr)

    def test_flags_of_the_open_are_kept(self):
        code = ("import os,fcntl,sys; p=sys.argv[1]; f=os.open(p, os.O_RDWR|os.O_APPEND|os.O_CLOEXEC);"
                "os.write(f,b'end'); print(fcntl.fcntl(f,3)&os.O_APPEND>0, fcntl.fcntl(f,3)&os.O_NONBLOCK,"
                "fcntl.fcntl(f,1), os.pread(f,99,0))")
        done = self.ran(self.with_rules(f"{PY} -c {shlex.quote(code)} {self.outside}/file",
                                        self.allow(self.outside / "*")))
        self.assertEqual(done.stdout, "True 0 1 b'outside\\nend'\n")

    def test_other_opens_go_on_while_one_waits(self):
        self.project.write("inside", "inside\n")
        script = f"cat {self.outside}/file & for i in $(seq 100); do cat inside; done; wait"
        process = self.begin("sh", "-c", script)
        question = self.asked()[0]
        deadline = time.monotonic() + 10
        lines = [process.stdout.readline() for _ in range(100)]
        self.assertLess(time.monotonic(), deadline)
        self.assertEqual(set(lines), {"inside\n"})
        self.ran(self.answer("allow", question))
        self.assertEqual(self.ended(process).stdout, "outside\n")

    def test_programs_outside_are_not_opened_by_an_approval(self):
        shutil.copy("/bin/true", self.outside / "program")
        self.own_outside()
        done = self.with_rules(f"{self.outside}/program", self.allow(self.outside / "*"))
        self.assertEqual(done.returncode, 126)
        self.assertEqual(self.events("approval_asked"), [])

    # -- rules

    def test_rules_decide_in_their_order_and_leave_the_rest_to_others(self):
        deny = {"path": f"{self.outside}/o*", "approval": "deny"}
        allow = self.allow(self.outside / "*", ["read"])
        script = f"cat {self.outside}/file; cat {self.outside}/other; echo x > {self.outside}/file"
        done = self.with_rules(script, deny, allow)
        self.assertEqual(done.stdout, "outside\n")
        self.assertEqual([(e["outcome"], e["by"]) for e in self.events("approval")],
                         [("allowed", "rules"), ("denied", "rules"), ("denied", "nobody")])
        self.assertEqual((self.outside / "file").read_text(), "outside\n")

    def test_bad_rules_stop_the_start(self):
        path = self.project.base / "rules.json"
        good = {"path": "/srv/data/**", "approval": "allow"}
        for rule in ({**good, "path": "srv/*"}, {**good, "path": "/srv"}, {**good, "approval": "yes"},
                     {**good, "operations": ["exec"]}, {**good, "operations": []},
                     {**good, "scope": "ever"}, {**good, "else": 1}, {**good, "path": "/a/!b{c}"}):
            done = self.with_rules("echo started", rule)
            self.assertEqual((done.returncode, done.stdout), (2, ""), rule)
            self.assertIn("/rules/0", done.stderr)
        path.write_text("{")
        self.assertEqual(self.project.sandbox("true", options=(
            "--allow-cwd", "--approve", f"rules:{path}")).returncode, 2)

    def test_rules_that_the_agent_could_write_are_refused(self):
        self.project.write("rules.json", '{"schema":"nono/approval-rules/1","rules":[]}')
        done = self.project.sandbox("true", options=("--allow-cwd", "--approve", "rules:rules.json"))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("the agent may write", done.stderr)

    def test_wrong_words_are_usage(self):
        for how in ("somebody", "", "rules:", "SOCKET"):
            self.ran(self.project.sandbox("true", options=("--allow-cwd", "--approve", how)), 2)
        process = self.begin("sleep", "20")
        time.sleep(0.3)
        for words in (("--allow", "x"), ("--allow", "-1"), ("--allow", "1", "--deny", "1"),
                      ("--allow", "1", "--scope", "ever"), ("--list", "--allow", "1"),
                      ("--list", "--deny", "1"), ("--list", "--scope", "once"),
                      ("--scope", "session")):
            self.ran(self.project.nono("approve", *words), 2)
        self.ran(self.project.nono("approve", "--allow", "7"), 1)
        self.ran(self.project.nono("approve"), 2)  # no terminal
        process.send_signal(signal.SIGTERM)

    # -- a service

    KEY = "0123456789abcdef0123456789abcdef"

    def serve(self, answer):
        """A service on this machine; `answer` makes a status and a body of a request."""
        case = self
        case.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                case.requests.append((body, self.headers["nono-signature"]))
                status, text = answer(body)
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"webhook:http://127.0.0.1:{server.server_port}/approve"

    def mac(self, text, key=None):
        return hmac.new((key or self.KEY).encode(), text, hashlib.sha256).hexdigest()

    def decision(self, body, decision="allow", scope="once", expires=None, key=None):
        about = hashlib.sha256(body).hexdigest()
        expires = expires or json.loads(body)["expires"]
        said = "\n".join(("nono/approval-decision/1", about, decision, scope, expires))
        return json.dumps({"schema": "nono/approval-decision/1", "request": about,
                           "decision": decision, "scope": scope, "expires": expires,
                           "mac": self.mac(said.encode(), key)}).encode()

    def by_webhook(self, answer, script=None, mode=0o600):
        key = self.project.base / "key"
        key.write_text(self.KEY + "\n")
        os.chown(key, self.project.uid, -1)
        key.chmod(mode)
        return self.project.sandbox("sh", "-c", script or f"cat {self.outside}/file", options=(
            "--allow-cwd", "--approve", self.serve(answer), "--approve-key", key))

    def test_a_service_allows_by_a_signed_decision(self):
        done = self.ran(self.by_webhook(lambda body: (200, self.decision(body, scope="session")),
                                        f"cat {self.outside}/file {self.outside}/file"))
        self.assertEqual(done.stdout, "outside\n" * 2)
        self.assertEqual(len(self.requests), 1)
        body, signature = self.requests[0]
        self.assertEqual(signature, self.mac(b"nono/approval-request/1\n" + body))
        self.assertEqual(json.loads(body)["object"], str(self.outside / "file"))
        self.assertEqual([e["by"] for e in self.events("approval")], ["webhook", "session"])

    def test_whatever_else_a_service_says_is_a_denial(self):
        kept = []

        def replayed(body):
            kept.append(self.decision(body))
            return (200, kept[0])
        answers = {
            "deny": lambda b: (200, self.decision(b, "deny")),
            "another key": lambda b: (200, self.decision(b, key="x" * 32)),
            "expired": lambda b: (200, self.decision(b, expires="2020-01-01T00:00:00Z")),
            "another request": lambda b: (200, self.decision(b + b" ")),
            "unsigned": lambda b: (200, b'{"decision":"allow"}'),
            "another status": lambda b: (201, self.decision(b)),
            "an error": lambda b: (500, self.decision(b)),
            "a redirect": lambda b: (307, b""),
            "nothing": lambda b: (200, b""),
            "too much": lambda b: (200, self.decision(b) + b" " * 10000),
        }
        for name, answer in answers.items():
            with self.subTest(name=name):
                done = self.by_webhook(answer)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertEqual(self.events("approval")[0]["by"], "webhook")
        done = self.by_webhook(replayed, f"cat {self.outside}/file; cat {self.outside}/file")
        self.assertEqual(done.stdout, "outside\n")

    def test_a_key_that_others_can_read_stops_the_start(self):
        done = self.by_webhook(lambda b: (200, b""), mode=0o644)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("others can read", done.stderr)
        key = self.project.write("key", self.KEY)
        key.chmod(0o600)
        for options in (("--approve", "webhook:https://127.0.0.1/", "--approve-key", key),
                        ("--approve", "webhook:https://127.0.0.1/"), ("--approve-key", key),
                        ("--approve", "webhook:http://192.0.2.1/", "--approve-key", key)):
            done = self.project.sandbox("echo", "started", options=("--allow-cwd", *options))
            self.assertEqual((done.returncode, done.stdout), (2, ""), options)

    # -- what no answer opens

    def secret(self):
        ssh = self.project.home / ".ssh"
        ssh.mkdir(mode=0o700)
        (ssh / "id_ed25519").write_text("secret key\n")
        (ssh / "known_hosts").write_text("a host\n")
        self.project.own()
        return ssh / "id_ed25519"

    def test_never_granted_is_not_asked_about_under_any_name(self):
        key = self.secret()
        os.symlink(key, self.project.tree / "by-link")
        os.symlink(key.parent, self.project.tree / "by-directory")
        os.link(key, self.outside / "by-hard-link")
        os.link(key, self.project.home / "second")
        everything = self.allow("/**/*")
        names = [key, "by-link", "by-directory/id_ed25519", f"{self.outside}/by-hard-link",
                 f"{self.project.home}/second", f"{self.outside}/../home/.ssh/id_ed25519",
                 f"/proc/self/root{key}", self.project.home / ".local/state/nono/sessions/x"]
        done = self.with_rules("cat " + " ".join(map(str, names)) + f"; echo x > {key};"
                               f"echo x > {key.parent}/new; cat {self.outside}/file", everything)
        self.assertEqual(done.stdout, "outside\n")
        self.assertEqual(key.read_text(), "secret key\n")
        self.assertFalse((key.parent / "new").exists())
        self.assertEqual({e["by"] for e in self.events("approval")}, {"never-grant", "rules"})
        self.assertEqual(len(self.events("approval_asked")), 1)
        # The control: what the list leaves readable beneath an entry is asked about.
        done = self.ran(self.with_rules(f"cat {key.parent}/known_hosts", everything))
        self.assertEqual(done.stdout, "a host\n")

    @support.NEEDS_MOUNTS
    def test_never_granted_is_not_opened_through_a_bind_mount(self):
        key = self.secret()
        (key.parent / "deep").mkdir()
        (key.parent / "deep" / "key").write_text("secret deep\n")
        self.project.own()
        for name in ("ssh", "deep", "home"):
            (self.outside / name).mkdir()
        (self.outside / "key").write_text("")
        rules = self.rules(self.allow("/**/*"))
        mounts = (f"mount --bind {key.parent} {self.outside}/ssh && "
                  f"mount --bind {key.parent}/deep {self.outside}/deep && "
                  f"mount --bind {self.project.home} {self.outside}/home && "
                  f"mount --bind {key} {self.outside}/key")
        done = self.mounted(
            mounts, support.NONO, "run", "--allow-cwd", "--approve", rules, "--", "sh", "-c",
            f"cat {self.outside}/ssh/id_ed25519 {self.outside}/deep/key "
            f"{self.outside}/home/.ssh/id_ed25519 {self.outside}/key; cat {self.outside}/file")
        self.assertEqual(done.stdout, "outside\n", done.stderr)

    @support.NEEDS_MOUNTS
    def test_rules_that_the_agent_may_write_through_a_bind_mount_are_refused(self):
        vault, door = self.project.base / "vault", self.project.base / "door"
        vault.mkdir()
        door.mkdir()
        rules = vault / "rules.json"
        rules.write_text(json.dumps({"schema": "nono/approval-rules/1", "rules": []}))
        subprocess.run(["chown", "-R", f"{self.project.uid}:{self.project.uid}", vault, door],
                       check=True)
        for option, code in (("--read", 0), ("--allow", 2)):  # the first is the control
            done = self.mounted(f"mount --bind {vault} {door}", support.NONO, "run", "--allow-cwd",
                                option, door, "--approve", f"rules:{rules}", "--", "true")
            self.ran(done, code)
            self.assertEqual("the agent may write that file" in done.stderr, code == 2)

    def test_a_denial_of_the_profile_is_not_asked_about(self):
        profile = self.project.base / "p.json"
        profile.write_text(json.dumps({"meta": {"name": "p"}, "filesystem": {
            "allow": [str(self.project.tree)], "deny": [str(self.outside)]}}))
        done = self.project.sandbox("cat", self.outside / "file", options=(
            "--profile", profile, "--approve", self.rules(self.allow("/**/*"))))
        self.assertEqual(done.stdout, "", done.stderr)
        self.assertEqual([e["by"] for e in self.events("approval")], ["never-grant"])

    def test_a_denial_by_a_link_holds_for_what_it_leads_to(self):
        link = self.project.base / "link"
        link.symlink_to(self.outside)
        profile = self.project.base / "p.json"
        for deny in (link, link / "file"):
            profile.write_text(json.dumps({"meta": {"name": "p"}, "filesystem": {
                "allow": [str(self.project.tree)], "deny": [str(deny)]}}))
            done = self.project.sandbox("cat", self.outside / "file", options=(
                "--profile", profile, "--approve", self.rules(self.allow("/**/*"))))
            self.assertEqual(done.stdout, "", done.stderr)
            self.assertEqual([e["by"] for e in self.events("approval")], ["never-grant"])

    def test_guarded_files_are_read_by_their_verdict_only(self):
        (self.outside / "CLAUDE.md").write_text("unsigned\n")
        os.symlink(self.outside / "CLAUDE.md", self.project.tree / "notes")
        self.own_outside()
        everything = self.allow("/**/*")
        done = self.with_rules(f"cat {self.outside}/CLAUDE.md notes; cat {self.outside}/file;"
                               f"echo x > {self.outside}/CLAUDE.md", everything)
        self.assertEqual(done.stdout, "outside\n", done.stderr)
        self.assertEqual((self.outside / "CLAUDE.md").read_text(), "unsigned\n")
        self.ran(self.project.nono("trust", "sign", self.outside / "CLAUDE.md"))
        done = self.ran(self.with_rules(f"cat {self.outside}/CLAUDE.md", everything))
        self.assertEqual(done.stdout, "unsigned\n")

    def test_protected_names_are_not_written(self):
        hooks = self.outside / ".git" / "hooks"
        hooks.mkdir(parents=True)
        (hooks / "pre-commit").write_text("old\n")
        self.own_outside()
        self.with_rules(f"echo x > {hooks}/pre-commit; echo x > {hooks}/post-commit;"
                        f"echo x > {self.outside}/.envrc", self.allow("/**/*"))
        self.assertEqual((hooks / "pre-commit").read_text(), "old\n")
        self.assertFalse((hooks / "post-commit").exists() or (self.outside / ".envrc").exists())
        self.assertEqual(self.events("approval_asked"), [])

    def test_what_the_files_own_mode_refuses_is_not_opened(self):
        (self.outside / "file").chmod(0)
        done = self.with_rules(f"cat {self.outside}/file", self.allow("/**/*"))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(self.events("approval_asked"), [])

    def test_only_regular_files_are_asked_about(self):
        os.mkfifo(self.outside / "fifo")
        code = (f"import os\nfor p in ('/dev/kmsg', '{self.outside}/fifo', '{self.outside}', "
                f"'/proc/1/environ', '/dev/pts/ptmx'):\n"
                f"  try: os.open(p, os.O_RDONLY|os.O_NONBLOCK); print('opened', p)\n"
                f"  except OSError as e: pass\n")
        done = self.with_rules(f"{PY} -c {shlex.quote(code)}", self.allow("/**/*"))
        self.assertNotIn("outside", done.stdout)
        self.assertNotIn("kmsg", done.stdout)
        self.assertNotIn("environ", done.stdout)
        self.assertEqual(self.events("approval_asked"), [])

    # -- attacks

    def test_a_hostile_name_is_shown_escaped(self):
        name = "a\n\x1b[31m\u202eb"
        (self.outside / name).write_text("x")
        self.own_outside()
        process = self.begin("cat", str(self.outside / name))
        question = self.asked()[0]
        listed = self.project.nono("approve", "--list").stdout
        for text in (question["object"], listed):
            self.assertNotIn("\x1b", text)
            self.assertNotIn("\u202e", text)
            self.assertIn("a\\n\\e[31m\\u{202e}b", text)
        self.assertEqual(listed.count("\n"), 1)
        self.ran(self.answer("deny", question))
        self.ended(process)

    def test_the_agent_reaches_no_socket_and_answers_nothing(self):
        code = ("import os,socket,sys\nd=sys.argv[1]\n"
                "for n in sys.argv[2:]:\n"
                "  s=socket.socket(socket.AF_UNIX)\n"
                "  try: s.connect(d+'/'+n); print('connected')\n"
                "  except OSError as e: print('no', e.errno)\n"
                "  try: os.chdir(d); s.connect(n); print('connected')\n"
                "  except OSError as e: print('no', e.errno)\n")
        self.project.write("try.py", code)
        directory = self.sessions_directory()
        process = self.begin("sh", "-c", f"(cat {self.outside}/file &) ; while [ ! -e go ]; do sleep "
                                         f"0.05; done; {PY} try.py {directory} $(cat go); "
                                         f"{support.NONO} approve --allow 1; ls {directory}")
        question = self.asked()[0]
        sock = next(directory.glob("*.sock"))
        self.assertEqual(sock.stat().st_mode & 0o7777, 0o600)
        self.project.write("go.tmp", sock.name)
        os.rename(self.project.tree / "go.tmp", self.project.tree / "go")
        done = self.ended(process)
        self.assertEqual(done.stdout.count("no 13"), 2, done.stdout + done.stderr)
        self.assertNotIn("connected", done.stdout)
        self.assertNotIn("outside", done.stdout)
        self.assertNotIn(".sock", done.stdout)
        self.assertFalse(sock.exists())
        self.assertNotIn("allowed", [e["outcome"] for e in self.events("approval")])
        self.assertEqual(question["operation"], "read")

    def test_a_flood_of_questions_is_held_to_the_rate(self):
        for i in range(60):
            (self.outside / f"f{i}").write_text("x")
        self.own_outside()
        code = ("import threading,os\n"
                f"def go(i):\n  try: os.open('{self.outside}/f%d'%i, 0); os.write(1, b'opened\\n')\n"
                "  except OSError as e: os.write(1, b'%d\\n' % e.errno)\n"
                "t=[threading.Thread(target=go,args=(i,),daemon=True) for i in range(60)]\n"
                "[x.start() for x in t]\nimport time; time.sleep(1.0); print('end', flush=True)\n"
                "os._exit(0)\n")
        started = time.monotonic()
        process = self.begin(PY, "-u", "-c", code)
        done = self.ended(process)
        took = time.monotonic() - started
        asked = self.events("approval_asked")
        self.assertLessEqual(len(asked), 5 + 10 * took + 1)
        self.assertGreaterEqual(len(asked), 5)
        self.assertGreaterEqual(done.stdout.count("13\n"), 60 - len(asked))
        self.assertNotIn("opened", done.stdout)
        limited = [e for e in self.events("approval") if e["by"] == "rate-limit"]
        self.assertGreaterEqual(len(limited), 1)

    def test_a_full_table_refuses_and_the_rest_goes_on(self):
        for i in range(50):
            (self.outside / f"f{i}").write_text("x")
        self.own_outside()
        script = (f"for i in $(seq 0 49); do (cat {self.outside}/f$i 2>/dev/null; echo $? >> codes) & "
                  "sleep 0.11; done; sleep 0.5; wc -l < codes; cat inside; kill 0")
        self.project.write("inside", "inside\n")
        process = self.begin("sh", "-c", script)
        self.assertEqual(process.stdout.readline().strip(), str(50 - 32))
        self.assertEqual(process.stdout.readline(), "inside\n")
        self.ended(process)
        self.assertEqual(len(self.events("approval_asked")), 32)

    def test_a_caller_that_died_is_not_answered(self):
        process = self.begin("sh", "-c", f"cat {self.outside}/file & until [ -e asked ]; do sleep 0.05;"
                                         "done; kill -9 $!; echo killed; sleep 30")
        question = self.asked()[0]
        self.project.write("asked", "")
        self.assertEqual(process.stdout.readline(), "killed\n")
        late = self.answer("allow", question)  # at once, before the look for dead callers
        deadline = time.monotonic() + 5
        while self.questions() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.questions(), [])
        process.send_signal(signal.SIGTERM)
        self.ended(process)
        self.assertIn(late.returncode, (0, 1))
        # Where the answer came before the kernel had ended the caller, it is recorded as given.
        outcomes = [(e["outcome"], e.get("why")) for e in self.events("approval")]
        self.assertEqual(len(outcomes), 1)
        if outcomes[0][0] != "allowed":
            self.assertEqual(outcomes, [("denied", "the call was interrupted")])

    def test_nothing_survives_the_supervisor_while_a_question_is_open(self):
        process = self.begin("sh", "-c", f"sleep 77.7 & cat {self.outside}/file; echo went on")
        self.asked()
        process.kill()
        process.wait()
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and self.processes("77.7"):
            time.sleep(0.02)
        self.assertEqual(self.processes("77.7"), [])
        self.assertEqual(process.stdout.read(), "")
        self.ran(self.project.nono("ps"))
        self.assertEqual(list(self.sessions_directory().glob("*.sock")), [])

    def processes(self, argument):
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if argument.encode() in entry.read_bytes().split(b"\0"):
                    found.append(entry.parent.name)
            except OSError:
                pass
        return found

    def test_a_hostile_client_harms_nobody(self):
        process = self.begin("cat", str(self.outside / "file"))
        question = self.asked()[0]
        path = str(next(self.sessions_directory().glob("*.sock")))
        valid = json.dumps({"do": "answer", "question": question["id"], "approval": "allow",
                            "scope": "once"}).encode()
        hostile = (b"", b"\0", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\1\0\1" + b"x" * 100,
                   b"\0\0\0\2{}", b"\0\0\0\2[]", b"\0\0\0\5hello", struct.pack(">I", 65537),
                   struct.pack(">I", 65536) + b"[" * 65536, struct.pack(">I", 4) + b"null",
                   struct.pack(">I", len(valid)) + valid[:-1],
                   struct.pack(">I", 37) + b'{"do":"list","after":0,"do":"answer"}',
                   struct.pack(">I", 24) + b'{"do":"list","after":-1}',
                   b"".join(struct.pack(">I", 23) + b'{"do":"list","after":0}' for _ in range(99)))
        for bad in hostile:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                client.connect(path)
                client.sendall(bad)
                client.shutdown(socket.SHUT_WR)
                try:
                    while client.recv(65536):
                        pass
                except ConnectionResetError:
                    pass
            self.assertEqual([q["id"] for q in self.questions()], [question["id"]], bad[:40])
        idle = []
        for _ in range(40):  # more than are let in, and none says anything
            client = socket.socket(socket.AF_UNIX)
            client.connect(path)
            idle.append(client)
        for client in idle:
            client.close()
        half = socket.socket(socket.AF_UNIX)  # an approver that dies in the middle of its answer
        half.connect(path)
        half.sendall(struct.pack(">I", len(valid)) + valid[:20])
        half.close()
        self.ran(self.answer("allow", question))
        self.assertEqual(self.ended(process).stdout, "outside\n")

    def test_a_racing_link_yields_no_byte_of_another_object(self):
        (self.outside / "good").write_text("good")
        (self.outside / "evil").write_text("evil")
        self.own_outside()
        code = f"""
import os, threading, time
g, e = '{self.outside}/good', '{self.outside}/evil'
stop = False
def swap():
    i = 0
    while not stop:
        i += 1
        os.symlink((g, e)[i % 2], 't%d' % i); os.rename('t%d' % i, 'link')
os.symlink(g, 'link')
threading.Thread(target=swap).start()
seen = {{}}
end = time.monotonic() + 8
n = 0
while n < 20000 and time.monotonic() < end:
    n += 1
    try:
        f = os.open('link', os.O_RDONLY); what = os.read(f, 9); os.close(f)
    except OSError as error:
        what = error.errno
    seen[what] = seen.get(what, 0) + 1
stop = True
print(seen.get(b'good', 0), seen.get(13, 0), seen.get(b'evil', 0), sorted(map(str, seen)), n)
"""
        rules = (self.allow(self.outside / "good", scope="session"),
                 {"path": f"{self.outside}/evil", "approval": "deny", "scope": "session"})
        done = self.ran(self.with_rules(f"{PY} -c {shlex.quote(code)}", *rules))
        good, refused, evil = map(int, done.stdout.split()[:3])
        self.assertEqual(evil, 0, done.stdout)
        self.assertGreater(good, 100, done.stdout)
        self.assertGreater(refused, 100, done.stdout)

    def test_an_object_that_moved_while_the_question_stood_is_not_opened(self):
        process = self.begin("cat", str(self.outside / "file"))
        question = self.asked()[0]
        os.rename(self.outside / "file", self.outside / "elsewhere")
        (self.outside / "file").write_text("another\n")
        self.ran(self.answer("allow", question))
        self.assertEqual(self.ended(process).stdout, "")
        self.assertEqual(self.events("approval")[0]["why"], "it was moved while the question stood")

    def test_the_record_is_whole(self):
        process = self.begin("cat", str(self.outside / "file"))
        self.ran(self.answer("allow", self.asked()[0]))
        self.ran(self.ended(process))
        listed = json.loads(self.project.nono("audit", "list", "--json").stdout)["sessions"]
        done = self.ran(self.project.nono("audit", "verify", listed[0]["id"], "--json"))
        self.assertEqual(json.loads(done.stdout)["state"], "sealed")
        asked, answered = self.events("approval_asked")[0], self.events("approval")[0]
        self.assertEqual(asked["question"], answered["question"])
        self.assertLess(asked["sequence"], answered["sequence"])
        status = (self.outside / "file").stat()
        self.assertEqual((answered["path"], answered["device"], answered["inode"]),
                         (str(self.outside / "file"), status.st_dev, status.st_ino))


support.both_users(globals(), Approvals)

if __name__ == "__main__":
    sys.exit(support.main())
