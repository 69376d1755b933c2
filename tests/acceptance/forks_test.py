"""No thread is there when nono forks on its way to a running agent: a child would take over whatever lock such
a thread holds, and nobody who lets go of it. forks.c tells of each fork.
"""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

import support

FORKS = pathlib.Path(__file__).with_name("forks.c")


class Forks(support.SandboxCase):
    @classmethod
    def setUpClass(cls):
        compiler = shutil.which("cc")
        if compiler is None:
            raise unittest.SkipTest("no C compiler")
        cls.directory = tempfile.mkdtemp(prefix="nono-forks-", dir="/var/tmp")
        os.chmod(cls.directory, 0o755)
        cls.told = os.path.join(cls.directory, "forks.so")
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", cls.told, str(FORKS), "-ldl"], check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.directory)

    def forks(self, *options):
        """How many threads there were beside the one that forked, for each fork of a run."""
        told = self.project.write("forks", "")
        self.ran(self.project.sandbox("true", options=("--allow-cwd", "--no-banner", *options),
                                      env={"LD_PRELOAD": self.told, "NONO_TEST_FORKS": str(told)}))
        return told.read_text().split()

    def test_of_broker_and_agent(self):
        self.assertEqual(self.forks(), ["0", "0"])
        self.assertEqual(self.forks("--limit-disk", "1G", "--limit-cpu", "60s"), ["0", "0"])

    def test_of_what_tries_namespaces(self):
        off = "--mount-namespace=off"
        self.assertEqual(self.forks("--block-net", off, "--net-namespace=auto"), ["0", "0", "0"])
        self.assertEqual(self.forks("--block-net"), ["0", "0", "0"])
        self.assertEqual(self.forks("--block-net", "--net-namespace=auto"), ["0", "0", "0", "0"])

    def test_of_what_looks_names_up(self):
        try:
            socket.getaddrinfo("localhost", 9)
        except OSError:
            self.skipTest("localhost is not known here")
        self.assertEqual(self.forks("--connect", "localhost:9"), ["0", "0", "0"])

    def test_of_what_asks_the_keyring(self):
        told = self.project.write("forks", "")
        self.project.sandbox("true", options=("--env-credential", "key"), env={
            "LD_PRELOAD": self.told, "NONO_TEST_FORKS": str(told),
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"})
        self.assertEqual(told.read_text().split(), ["0"])

    def test_of_what_carries_questions(self):
        key = self.project.home / "key"
        key.write_text("k" * 32)
        key.chmod(0o600)
        self.project.own()
        self.assertEqual(self.forks("--limit-disk", "1G", "--approve", "webhook:http://127.0.0.1:9/",
                                    "--approve-key", key), ["0", "0", "0"])


support.both_users(globals(), Forks)

if __name__ == "__main__":
    sys.exit(support.main())
