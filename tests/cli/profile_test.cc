// tests/cli/profile_test.cc: profiles from outside: looking at them, choosing them, what a run
// gets.
#include <sys/stat.h>

#include "tests/cli/support.h"

namespace nono::cli::testing {
namespace {

class ProfileTest : public CliTest {
 protected:
  // own writes a profile of the user's.
  std::string own(const std::string& file, const std::string& text) const {
    const std::string directory = home_ + "/.config/nono/profiles";
    EXPECT_EQ(std::system(("mkdir -p " + directory).c_str()), 0);
    const OwnedFd opened(
        ::open((directory + "/" + file).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    EXPECT_TRUE(write_all(opened, text).has_value());
    return directory + "/" + file;
  }
  std::string directory(const std::string& path) const {
    EXPECT_EQ(std::system(("mkdir -p " + path).c_str()), 0);
    return path;
  }
  // plan is the document of a dry run; empty where it did not come to one.
  Json plan(std::vector<std::string> options) const {
    options.insert(options.begin(), {"run", "--dry-run", "--json"});
    options.insert(options.end(), {"--", "true"});
    const Outcome done = nono(options);
    EXPECT_EQ(done.code, 0) << done.err;
    return done.code == 0 ? parse(done.out) : Json();
  }
  Outcome dry(std::vector<std::string> options) const {
    options.insert(options.begin(), {"run", "--dry-run"});
    options.insert(options.end(), {"--", "true"});
    return nono(options);
  }
  // access is what a plan grants at exactly this path; empty where it grants nothing.
  static std::string access(const Json& plan, const std::string& path) {
    for (const Json& row : *at(plan, {"capabilities"}).array()) {
      if (*row.find("path")->string() == path) {
        return *row.find("access")->string();
      }
    }
    return "";
  }
};

TEST_F(ProfileTest, ListHasWhatComesWithNonoAndTheUsersOwn) {
  own("mine.toml", "extends = 'default'\n[meta]\ndescription = 'my own'\n");
  own("broken.json", "{");
  const Outcome done = nono({"profile", "list"});
  EXPECT_EQ(done.code, 0) << done.err;
  for (const char* name : {"default", "claude-code", "codex", "opencode", "openclaw", "swival",
                           "gemini", "crush", "bun-dev", "mise-dev", "linux-host-compat", "aider",
                           "python-dev", "node-dev", "go-dev", "rust-dev", "java-dev", "cpp-dev"}) {
    EXPECT_TRUE(done.out.contains(std::string(name) + "  (built in)")) << name;
  }
  EXPECT_TRUE(done.out.contains("mine  (yours)  my own"));
  EXPECT_TRUE(done.out.contains("broken  (yours)  not valid"));
}

TEST_F(ProfileTest, ShowComposes) {
  const Json shown = parse(nono({"profile", "show", "--json", "go-dev"}).out);
  EXPECT_EQ(text_at(shown, {"schema"}), "nono/profile-show/1");
  EXPECT_EQ(text_at(shown, {"composed", "lineage", "0"}), "default");
  EXPECT_EQ(text_at(shown, {"composed", "workdir"}), "readwrite");
  EXPECT_EQ(nono({"profile", "show", "nowhere"}).code, 2);
  EXPECT_TRUE(nono({"profile", "show", "--source", "go-dev"}).out.contains("\"extends\""));
  EXPECT_EQ(nono({"profile", "show", "--schema"}).out,
            read(std::string(NONO_SOURCE_DIR) + "/docs/profile.schema.json"));
}

TEST_F(ProfileTest, ValidateTellsThreeThingsApart) {
  own("good.json", R"({"extends":"default"})");
  own("not_enforced.json", R"({"command_policies":{"rm":{}}})");
  own("never.json", R"({"filesystem":{"read":["$HOME/.ssh"]}})");
  own("wrong.json", R"({"filesytem":{}})");
  EXPECT_EQ(nono({"profile", "validate", "good"}).code, 0);
  const Outcome refused = nono({"profile", "validate", "good", "not_enforced"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(refused.out.contains("/command_policies")) << refused.out;
  EXPECT_EQ(nono({"profile", "validate", "never"}).code, 1);
  own("no_directory.json", R"({"filesystem":{"read":["/nowhere/x","/etc/passwd"]}})");
  const Outcome file = nono({"profile", "validate", "no_directory"});
  EXPECT_EQ(file.code, 1);
  EXPECT_TRUE(file.out.contains("/read/1: \"/etc/passwd\" is not a directory")) << file.out;
  own("dots.json", R"({"filesystem":{"read":["/srv/../etc"]}})");
  const Outcome dots = nono({"profile", "validate", "dots"});
  EXPECT_EQ(dots.code, 2);
  EXPECT_TRUE(dots.out.contains("mend: write where it leads to")) << dots.out;
  const Outcome wrong = nono({"profile", "validate", "wrong", "good"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_TRUE(wrong.out.contains("/filesytem")) << wrong.out;
}

TEST_F(ProfileTest, DiffShowsWhatIsAdded) {
  own("mine.json", R"({"extends":"default","filesystem":{"read":["/srv"]}})");
  const Outcome done = nono({"profile", "diff", "default", "mine"});
  EXPECT_EQ(done.code, 1);
  EXPECT_EQ(done.out, "+ r-x        /srv\n");
  EXPECT_EQ(nono({"profile", "diff", "mine", "mine"}).code, 0);
}

TEST_F(ProfileTest, DiffTellsFilesFromDirectoriesAndWhatIsMade) {
  own("tree.json", R"({"filesystem":{"write":["/srv/x"]}})");
  own("file.json", R"({"filesystem":{"write_file":["/srv/x"]}})");
  const Outcome done = nono({"profile", "diff", "tree", "file"});
  EXPECT_EQ(done.code, 1);
  EXPECT_EQ(done.out, "- -w-        /srv/x\n+ -w-        /srv/x  (a file only)\n");
  EXPECT_TRUE(nono({"profile", "show", "claude-code"}).out.contains("(made where it is missing)"));
}

TEST_F(ProfileTest, DiffShowsProgramsAndDemands) {
  own("plain.json", "{}");
  own("mine.json", R"({"commands":{"allow":["sudo"],"deny":["curl"]},
                       "trust":{"intercept":"strict","audit":"required"}})");
  const Outcome done = nono({"profile", "diff", "plain", "mine"});
  EXPECT_EQ(done.code, 1);
  EXPECT_EQ(done.out,
            "+ trust      no fast gate: every open is judged outside the program\n"
            "+ audit      required: no run without a record\n"
            "+ program    curl  held back\n"
            "+ program    sudo  not held back by the built-in rows\n");
  const Json shown = parse(nono({"profile", "show", "--json", "mine"}).out);
  EXPECT_EQ(at(shown, {"composed", "commands"}).compact(), R"({"allow":["sudo"],"deny":["curl"]})");
  EXPECT_EQ(at(shown, {"composed", "demands_audit"}).compact(), "true");
}

TEST_F(ProfileTest, PlanTellsWhatItsPageSays) {
  const std::string odd = home_ + "/odd\xe9\n";
  ASSERT_EQ(::mkdir(odd.c_str(), 0755), 0);
  ASSERT_TRUE(replace_file(odd + "/CLAUDE.md", "obey", 0644));
  const Json told = plan({"--read", odd});
  const Json& row = at(told, {"guarded_files", "0"});
  EXPECT_EQ(text_at(row, {"reason"}), "no-bundle");
  EXPECT_EQ(at(row, {"publisher"}).compact(), "null");
  EXPECT_NE(row.find("path_base64"), nullptr);
  const std::string plain = home_ + "/two\nlines";
  ASSERT_EQ(::mkdir(plain.c_str(), 0755), 0);
  EXPECT_EQ(access(plan({"--read", plain}), plain), "r-x");
}

TEST_F(ProfileTest, InitWritesWhatValidateAccepts) {
  for (const char* format : {"json", "toml", "yaml"}) {
    const std::string name = std::string("mine-") + format;
    EXPECT_EQ(nono({"profile", "init", name, "--format", format, "--extends", "codex"}).code, 0);
    const Outcome done = nono({"profile", "validate", name});
    EXPECT_EQ(done.code, 0) << done.out;
    EXPECT_EQ(nono({"profile", "init", name, "--format", format}).code, 125);
  }
  const testing::Outcome second = nono({"profile", "init", "x.json5", "--format", "yaml"});
  EXPECT_EQ(second.code, 0);
  const testing::Outcome twin = nono({"profile", "init", "x.json5", "--force"});
  EXPECT_EQ(twin.code, 2);
  EXPECT_NE(twin.err.find("two profiles of one name"), std::string::npos) << twin.err;
  EXPECT_EQ(nono({"profile", "init", "../x"}).code, 2);
  for (const char* file : {"x.json", "x.toml", "x.yaml", "x.yml"}) {
    EXPECT_EQ(nono({"profile", "init", file}).code, 2) << file;
  }
  EXPECT_EQ(nono({"profile", "init", "y.json5"}).code, 0);
  EXPECT_EQ(nono({"profile", "init", "x", "--extends", "nowhere"}).code, 2);
}

TEST_F(ProfileTest, PolicyShowsGroupsWithReasons) {
  const Json groups = parse(nono({"policy", "groups", "--json"}).out);
  EXPECT_GE(at(groups, {"groups"}).array()->size(), 40U);
  const Outcome one = nono({"policy", "show", "rust_runtime"});
  EXPECT_TRUE(one.out.contains("$HOME/.rustup  (toolchains)")) << one.out;
  EXPECT_EQ(nono({"policy", "show", "nowhere"}).code, 2);
}

TEST_F(ProfileTest, RunGetsWhatTheProfileGrants) {
  directory(home_ + "/data");
  own("mine.json", R"({"extends":"default","filesystem":{"read":["$HOME/data","$HOME/not-there"]},
      "network":{"block":true},"workdir":{"access":"read"}})");
  const Json done = plan({"--profile", "mine"});
  EXPECT_EQ(access(done, home_ + "/data"), "r-x");
  EXPECT_EQ(access(done, tree_), "r-x");
  EXPECT_TRUE(text_at(done, {"network"}).contains("blocked"));
  EXPECT_TRUE(dry({"--profile", "mine"}).out.contains("/not-there is not there and was left out"));
}

TEST_F(ProfileTest, OptionsComposeWithTheProfile) {
  directory(home_ + "/data");
  own("mine.json", R"({"network":{"block":true},"workdir":{"access":"read"}})");
  const Json done = plan({"--profile", "mine", "--allow-cwd", "--read", home_ + "/data"});
  EXPECT_EQ(access(done, tree_), "r-x");  // lowered by the profile
  EXPECT_EQ(access(done, home_ + "/data"), "r-x");
  EXPECT_TRUE(text_at(plan({"--profile", "mine", "--allow-net"}), {"network"}).contains("open"));
  own("none.json", R"({"workdir":{"access":"none"}})");
  EXPECT_EQ(dry({"--profile", "none", "--allow-cwd"}).code, 2);
}

TEST_F(ProfileTest, WhatCannotBeEnforcedStartsNothing) {
  own("mine.json", R"({"network":{"allow_domain":["api.example.com"]}})");
  const Outcome done = dry({"--profile", "mine"});
  EXPECT_EQ(done.code, 125);
  EXPECT_TRUE(done.err.contains("/network/allow_domain")) << done.err;
}

TEST_F(ProfileTest, NeverGrantedStaysSo) {
  own("mine.json", R"({"filesystem":{"read":["$HOME/.ssh"]}})");
  EXPECT_NE(dry({"--profile", "mine"}).code, 0);
  own("state.json", R"({"filesystem":{"allow":["$XDG_STATE_HOME"]}})");
  directory(home_ + "/.local/state");
  EXPECT_NE(dry({"--profile", "state"}).code, 0);
}

TEST_F(ProfileTest, DenialMeetsTheGrantOfAnOption) {
  directory(home_ + "/data/secret");
  own("mine.json", R"({"filesystem":{"deny":["$HOME/data/secret"]}})");
  EXPECT_EQ(dry({"--profile", "mine"}).code, 0);
  for (const char* granted : {"/data", "/data/secret"}) {
    const Outcome done = dry({"--profile", "mine", "--read", home_ + granted});
    EXPECT_EQ(done.code, 2);
    EXPECT_TRUE(done.err.contains("is denied, and meets the grant")) << done.err;
  }
  ASSERT_EQ(::symlink((home_ + "/data/secret").c_str(), (home_ + "/link").c_str()), 0);
  EXPECT_EQ(dry({"--profile", "mine", "--read", home_ + "/link"}).code, 2);
}

TEST_F(ProfileTest, LimitsOfTheProfileAreThoseOfTheRunUnlessAnOptionIsTighter) {
  own("tight.json", R"({"limits":{"memory":"1G","pids":50,"file":"1M","time":"10m"}})");
  const auto amounts = [this](const std::vector<std::string>& options) {
    std::vector<std::string> words = {"--profile", "tight"};
    words.insert(words.end(), options.begin(), options.end());
    std::string out;
    const Json json = plan(words);
    for (const Json& limit : *at(json, {"limits"}).array()) {
      out += *at(limit, {"limit"}).string() + "=" + *at(limit, {"amount"}).string() + " ";
    }
    return out;
  };
  EXPECT_EQ(amounts({}), "memory=1 GiB pids=50 time=600s file=1 MiB ");
  EXPECT_EQ(amounts({"--memory", "512M", "--limit-pids", "20", "--timeout", "1h"}),
            "memory=512 MiB pids=20 time=600s file=1 MiB ");
  EXPECT_EQ(amounts({"--limit-cpu", "1m"}), "memory=1 GiB pids=50 cpu=60s time=600s file=1 MiB ");
}

TEST_F(ProfileTest, DirectoryWhereAFileIsNamedIsRefused) {
  own("mine.json", R"({"filesystem":{"read_file":["/usr/share"]}})");
  EXPECT_EQ(dry({"--profile", "mine"}).code, 2);
}

TEST_F(ProfileTest, VariablesFollowTheProfile) {
  environment_["EDITOR"] = "vi";
  environment_["MY_TOKEN"] = "t";
  own("mine.json", R"({"environment":{"deny_vars":["EDITOR"],"pass_vars":["MY_TOKEN"]}})");
  const std::string dropped =
      at(plan({"--profile", "mine"}), {"variables_not_passed_on"}).compact();
  EXPECT_EQ(dropped, R"(["EDITOR"])");
  EXPECT_TRUE(dry({"--profile", "mine"}).out.contains("passes on: MY_TOKEN"));
}

TEST_F(ProfileTest, ABuiltInOneSaysHowItsAgentIsToBeCalled) {
  const std::string advice = "profile codex: call it as codex --no-daemon --sandbox danger-full";
  EXPECT_TRUE(dry({"--profile", "codex"}).out.contains(advice));
  EXPECT_FALSE(dry({"--profile", "go-dev"}).out.contains("call it as"));
  own("codex.json", "{}");
  EXPECT_FALSE(dry({"--profile", "codex"}).out.contains("call it as"));
}

TEST_F(ProfileTest, UseSetsTheDefaultInTheUsersState) {
  EXPECT_EQ(nono({"profile", "use", "nowhere"}).code, 2);
  EXPECT_EQ(nono({"profile", "use", "go-dev"}).code, 0);
  const std::string file = home_ + "/.local/state/nono/profile-defaults.json";
  struct stat status{};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(access(plan({}), tree_), "rwx");
  EXPECT_EQ(access(plan({"--no-profile"}), tree_), "");
  EXPECT_TRUE(dry({}).out.contains("profile go-dev: built in, the default of " + tree_));
  EXPECT_EQ(dry({"--profile", "go-dev", "--no-profile"}).code, 2);
  // Beneath the directory, too.
  directory(tree_ + "/sub");
  EXPECT_TRUE(dry({"--workdir", tree_ + "/sub"}).out.contains("the default of " + tree_));
  EXPECT_EQ(nono({"profile", "use", "--none"}).code, 0);
  EXPECT_EQ(access(plan({}), tree_), "");
}

TEST_F(ProfileTest, DefaultThatIsGoneIsNamedAsOne) {
  const std::string file = own("mine.json", "{}");
  EXPECT_EQ(nono({"profile", "use", "mine"}).code, 0);
  ASSERT_EQ(::unlink(file.c_str()), 0);
  const Outcome done = dry({});
  EXPECT_EQ(done.code, 2);
  EXPECT_TRUE(done.err.contains("the default of " + tree_)) << done.err;
  EXPECT_TRUE(done.err.contains("profile use")) << done.err;
}

TEST_F(ProfileTest, BrokenStateIsNotPassedOver) {
  EXPECT_EQ(nono({"profile", "use", "go-dev"}).code, 0);
  const std::string file = home_ + "/.local/state/nono/profile-defaults.json";
  for (const char* text : {"{", "{}", R"({"schema":"nono/profile-defaults/2","directories":{}})",
                           R"({"schema":"nono/profile-defaults/1","directories":{"/":"../x"}})"}) {
    const OwnedFd opened(::open(file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    ASSERT_TRUE(write_all(opened, text).has_value());
    const Outcome done = dry({});
    EXPECT_EQ(done.code, 2) << text;
    EXPECT_TRUE(done.err.contains("profile-defaults.json")) << done.err;
  }
}

TEST_F(ProfileTest, FileThatIsNamedIsTheUsersWord) {
  const std::string file = write("some.yaml", "workdir: {access: read}\n");
  EXPECT_EQ(access(plan({"--profile", file}), tree_), "r-x");
  EXPECT_EQ(dry({"--profile", in("missing.json")}).code, 2);
  EXPECT_EQ(dry({"--profile", write("some.conf", "{}")}).code, 2);
}

TEST_F(ProfileTest, ProjectsProfileCountsOnlyWhereItIsSigned) {
  const std::string file = write(".nono/profile.json", R"({"workdir":{"access":"readwrite"}})");
  const Outcome unsigned_run = dry({});
  EXPECT_EQ(unsigned_run.code, 0);
  EXPECT_TRUE(unsigned_run.err.contains("is not used")) << unsigned_run.err;
  EXPECT_EQ(access(plan({}), tree_), "");
  EXPECT_NE(dry({"--profile", file}).code, 0);  // nor by its name

  ASSERT_EQ(nono({"trust", "sign", file}).code, 0);
  EXPECT_EQ(access(plan({}), tree_), "rwx");
  EXPECT_EQ(access(plan({"--profile", file}), tree_), "rwx");
  EXPECT_EQ(access(plan({"--no-profile"}), tree_), "");

  write(".nono/profile.json", R"({"workdir":{"access":"readwrite"},"meta":{"name":"x"}})");
  EXPECT_EQ(access(plan({}), tree_), "");
}

// A link in the project, or other letters, would make a file that the user named of it.
TEST_F(ProfileTest, ProjectsProfileIsNoOtherFileBehindALink) {
  const std::string elsewhere = write("other.json", R"({"workdir":{"access":"readwrite"}})");
  ASSERT_EQ(::mkdir(in(".nono").c_str(), 0755), 0);
  ASSERT_EQ(::symlink("../other.json", in(".nono/profile.json").c_str()), 0);
  EXPECT_EQ(dry({"--profile", ".nono/profile.json"}).code, 125);
  EXPECT_EQ(dry({"--profile", in(".nono/../.nono/profile.json")}).code, 125);
  EXPECT_EQ(access(plan({"--profile", elsewhere}), tree_), "rwx") << "the user's word";
  ASSERT_EQ(::rename(in(".nono").c_str(), in("moved").c_str()), 0);
  ASSERT_EQ(::symlink("moved", in(".nono").c_str()), 0);
  EXPECT_EQ(dry({"--profile", ".nono/profile.json"}).code, 125);
  EXPECT_EQ(dry({"--profile", write(".NONO/Profile.json", "{}")}).code, 125);

  ASSERT_EQ(nono({"trust", "sign", elsewhere}).code, 0);
  EXPECT_EQ(access(plan({"--profile", ".nono/profile.json"}), tree_), "rwx");
}

TEST_F(ProfileTest, ToleranceDoesNotMakeAProjectsProfileCount) {
  write(".nono/profile.json", R"({"workdir":{"access":"readwrite"}})");
  EXPECT_EQ(access(plan({"--trust-override"}), tree_), "");
}

TEST_F(ProfileTest, SignedProfileMustBeValid) {
  const std::string file = write(".nono/profile.json", R"({"worrkdir":{}})");
  ASSERT_EQ(nono({"trust", "sign", file}).code, 0);
  const Outcome done = dry({});
  EXPECT_EQ(done.code, 2);
  EXPECT_TRUE(done.err.contains("/worrkdir")) << done.err;
}

TEST_F(ProfileTest, TwoOfOneNameAreRefused) {
  own("mine.json", "{}");
  own("mine.toml", "");
  EXPECT_TRUE(dry({"--profile", "mine"}).err.contains("two profiles of one name"));
  write(".nono/profile.json", "{}");
  write(".nono/profile.yaml", "");
  EXPECT_EQ(dry({}).code, 2);
}

TEST_F(ProfileTest, UsersOwnStandsBeforeTheBuiltIn) {
  own("go-dev.json", R"({"workdir":{"access":"read"}})");
  EXPECT_EQ(access(plan({"--profile", "go-dev"}), tree_), "r-x");
}

TEST_F(ProfileTest, WhatAnAgentNeedsIsMadeAtTheStartOnly) {
  plan({"--profile", "codex"});
  EXPECT_FALSE(exists(home_ + "/.codex"));
  const Outcome done = nono({"run", "--profile", "codex", "--", "/bin/sh", "-c",
                             "touch \"$HOME/.codex/x\" && ! touch \"$HOME/y\""});
  if (done.code == 125) {
    GTEST_SKIP() << "no agent can be started here: " << done.err;
  }
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_TRUE(exists(home_ + "/.codex/x"));
  struct stat status{};
  ASSERT_EQ(::stat((home_ + "/.codex").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

}  // namespace
}  // namespace nono::cli::testing
