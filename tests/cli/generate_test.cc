// tests/cli/generate_test.cc: man pages and completions that their own readers accept.
#include "tests/cli/support.h"

namespace nono::cli {
namespace {

using testing::Outcome;

class GenerateTest : public testing::CliTest {};

TEST_F(GenerateTest, ManPagesAreWrittenForEveryCommand) {
  EXPECT_EQ(nono({"--generate-man", tree_}).code, 0);
  for (const char* page :
       {"nono.1", "nono-trust-sign.1", "nono-trust-publisher-add.1", "nono-audit-verify.1"}) {
    EXPECT_TRUE(exists(in(page))) << page;
  }
  const std::string page = read(in("nono-trust-sign.1"));
  EXPECT_TRUE(page.starts_with(".TH NONO-TRUST-SIGN 1 ")) << page;
  EXPECT_NE(page.find("\\-\\-multi\\-subject"), std::string::npos);
  EXPECT_EQ(nono({"--generate-man", in("none")}).code, 125);
}

TEST_F(GenerateTest, ManPagesFormatWithoutWarnings) {
  if (!exists("/usr/bin/man") || !exists("/usr/bin/groff")) {
    GTEST_SKIP() << "man and groff are not installed";
  }
  ASSERT_EQ(nono({"--generate-man", tree_}).code, 0);
  const Outcome outcome =
      shell("for page in *.1; do man --warnings -l $page >/dev/null || exit 1; done");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
}

TEST_F(GenerateTest, BashCompletesCommandsAndOptions) {
  if (!exists("/bin/bash")) {
    GTEST_SKIP() << "bash is not installed";
  }
  ASSERT_EQ(shell("$NONO --generate-completion bash > c").code, 0);
  const auto complete = [&](const std::string& words, int at) {
    return run({"/bin/bash", "-c",
                "source ./c; COMP_WORDS=(" + words + "); COMP_CWORD=" + std::to_string(at) +
                    "; _nono; echo ${COMPREPLY[*]}"})
        .out;
  };
  EXPECT_NE(complete("nono tr", 1).find("trust"), std::string::npos);
  EXPECT_EQ(complete("nono trust publisher re", 3), "remove\n");
  EXPECT_EQ(complete("nono trust sign --mul", 3), "--multi-subject\n");
  EXPECT_EQ(complete("nono trust sign-policy --mul", 3), "\n");
  EXPECT_EQ(complete("nono -q trust publisher re", 4), "remove\n");
  write("only one.md", "");
  EXPECT_EQ(complete("nono trust sign only", 3), "\n");  // left to the shell, which knows blanks
}

TEST_F(GenerateTest, ZshCompletesCommandsAndOptions) {
  const std::string script = nono({"--generate-completion", "zsh"}).out;
  EXPECT_EQ(script.find("path="), std::string::npos);  // zsh's own: PATH
  EXPECT_NE(script.find(":HOST\\:PORT:'"), std::string::npos);
  if (!exists("/usr/bin/zsh")) {
    GTEST_SKIP() << "zsh is not installed";
  }
  write("c", script);
  const auto complete = [&](const std::string& words, int at) {
    return run({"/usr/bin/zsh", "-f", "-c",
                "compadd() { print -r -- add $* }; _arguments() { print -r -- options $* }; "
                "words=(" +
                    words + "); CURRENT=" + std::to_string(at) + "; source ./c"})
        .out;
  };
  EXPECT_TRUE(complete("nono tr", 2).starts_with("add -- approve"));
  EXPECT_TRUE(complete("nono -q tr", 3).starts_with("add -- approve"));
  EXPECT_EQ(complete("nono trust publisher re", 4), "add -- add list remove\n");
  EXPECT_TRUE(complete("nono trust sign --mul", 4).starts_with("options --all["));
  EXPECT_TRUE(complete("nono trust sign-policy --mul", 4).starts_with("options --key["));
}

TEST_F(GenerateTest, ZshAndFishScriptsParse) {
  for (const char* shell_name : {"zsh", "fish"}) {
    const Outcome script = nono({"--generate-completion", shell_name});
    EXPECT_EQ(script.code, 0);
    EXPECT_NE(script.out.find("multi-subject"), std::string::npos);
    const std::string interpreter = std::string("/usr/bin/") + shell_name;
    if (exists(interpreter)) {
      write("script", script.out);
      EXPECT_EQ(run({interpreter, "-n", in("script")}).code, 0) << shell_name;
    }
  }
}

}  // namespace
}  // namespace nono::cli
