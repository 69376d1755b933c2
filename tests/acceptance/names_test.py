"""Names that the broker makes, moves and removes for the agent: as the kernel would."""

import support


class Moves(support.SandboxCase):
    def few_descriptors(self, script):
        how = (f"--trust-intercept={support.INTERCEPT}",) if support.INTERCEPT else ()
        return self.project.run("sh", "-c", 'ulimit -Sn 1024; exec "$@"', "sh", support.NONO, "run",
                                "--allow-cwd", *how, "--", "sh", "-c", script)

    def test_a_directory_of_more_directories_than_descriptors_moves(self):
        wide = self.project.tree / "wide"
        for number in range(1500):
            (wide / str(number)).mkdir(parents=True)
        self.project.own()
        self.ran(self.few_descriptors("mv wide wide2"))
        self.assertEqual(len(list((self.project.tree / "wide2").iterdir())), 1500)

    def test_a_deep_tree_moves(self):
        make = "for i in $(seq 1000); do mkdir d e; cd d; done; touch end"
        self.project.run("sh", "-c", f"mkdir deep && cd deep; {make}", check=True)
        self.ran(self.few_descriptors("mv deep deep2"))
        there = self.project.run("sh", "-c", "ls $(printf 'deep2/'; yes d/ | head -1000 | tr -d '\\n')")
        self.assertEqual(there.stdout.strip(), "end")
        self.project.run("rm", "-rf", "deep2")

    def test_what_is_protected_is_found_at_the_end_of_a_wide_directory(self):
        for number in range(1500):
            (self.project.tree / "wide" / str(number)).mkdir(parents=True)
        self.project.write("wide/777/.husky/pre-commit", "x")
        self.project.write("wide/777/.vscode/tasks.json", "x")
        done = self.few_descriptors("mv wide node_modules")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("protected-name", done.stderr)


support.both_users(globals(), Moves)

if __name__ == "__main__":
    support.main()
