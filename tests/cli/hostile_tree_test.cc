// tests/cli/hostile_tree_test.cc: the hostile trees through `nono trust verify --all`: what must
// not be accepted is denied or reported, in bounded time, without a byte that a terminal obeys.
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "tests/cli/support.h"

namespace nono::cli {
namespace {

using testing::Outcome;

constexpr const char* kHostile = NONO_SHARED_DIR "/fixtures/hostile";

struct TreeCase {
  std::string id;
  std::string file;
  std::string expect;
};

std::vector<TreeCase> tree_cases() {
  std::vector<TreeCase> cases;
  const auto text = read_file(std::string(kHostile) + "/index.json", 4u << 20);
  const auto index = text ? Json::parse(*text, kBundleLimits) : Result<Json>(Json());
  const Json* list = index ? index->find("cases") : nullptr;
  if (list == nullptr || list->array() == nullptr) {
    return cases;
  }
  for (const Json& one : *list->array()) {
    if (*one.find("category")->string() == "tree") {
      cases.push_back(
          {*one.find("id")->string(), *one.find("file")->string(), *one.find("expect")->string()});
    }
  }
  return cases;
}

// A control character other than the newline that ends a line, or a byte that is no UTF-8.
bool terminal_obeys(const std::string& text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n') || byte == 0x7f;
  });
}

class HostileTreeTest : public testing::CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    ASSERT_EQ(nono({"trust", "keygen"}).code, 0);
    ASSERT_EQ(
        nono({"trust", "init", "--user", "--include", "CLAUDE*", "--include", "SKILLS*"}).code, 0);
  }
  // materialise builds the recipe into the project; false where it cannot be built here.
  bool materialise(const TreeCase& one) const {
    const std::string recipe = std::string(kHostile) + "/" + one.file;
    const std::string script = std::string(kHostile) + "/gen/materialise.py";
    return run({"/usr/bin/python3", script, recipe, tree_, program(), "trust", "sign"}).code == 0;
  }
  void clear_tree() const {
    ASSERT_EQ(shell("chmod -R u+rwx . ; find . -mindepth 1 -delete; mkdir .git").code, 0);
  }
};

TEST_F(HostileTreeTest, EveryTreeGetsItsVerdict) {
  const std::vector<TreeCase> cases = tree_cases();
  if (cases.empty()) {
    GTEST_SKIP() << "the shared hostile fixtures are not here";
  }
  // Root may read what its modes forbid: the tree then holds nothing that cannot be examined, but
  // an unsigned file all the same.
  std::size_t seen = 0;
  for (const TreeCase& one : cases) {
    ASSERT_TRUE(materialise(one)) << one.id;
    const auto start = std::chrono::steady_clock::now();
    const Outcome outcome = nono({"trust", "verify", "--all"});
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_LT(took, std::chrono::seconds(20)) << one.id;
    EXPECT_FALSE(terminal_obeys(outcome.out)) << one.id << ": " << outcome.out;
    EXPECT_FALSE(terminal_obeys(outcome.err)) << one.id << ": " << outcome.err;
    if (one.expect == "reject") {
      EXPECT_EQ(outcome.code, 1) << one.id << ": " << outcome.out << outcome.err;
    } else if (one.expect == "accept") {
      EXPECT_EQ(outcome.code, 0) << one.id << ": " << outcome.out << outcome.err;
    } else {
      EXPECT_TRUE(outcome.code == 0 || outcome.code == 1) << one.id << ": " << outcome.err;
    }
    ++seen;
    clear_tree();
  }
  EXPECT_GE(seen, 40u);
}

// Names that other systems fold to a guarded one count as guarded here too.
TEST_F(HostileTreeTest, FoldedNamesAreGuarded) {
  for (const char* name :
       {"claude.md", "Claude.MD", "CLAUDE.md ", "CLAUDE.md.", " CLAUDE.md", "CLAUDE.md\n",
        "CL\xd0\x90UDE.md", "\xef\xbc\xa3LAUDE.md", "AGENTS\xe2\x80\xa4md"}) {
    write(name, "UNSIGNED-MARKER\n");
    const Outcome outcome = nono({"trust", "verify", "--all"});
    EXPECT_EQ(outcome.code, 1) << name;
    EXPECT_EQ(std::ranges::count(outcome.out, '\n'), 2) << outcome.out;
    clear_tree();
  }
}

TEST_F(HostileTreeTest, NamesCannotForgeLines) {
  write("CLAUDE\nVERIFIED  x.md", "UNSIGNED-MARKER\n");
  write("CLAUDE\x1b[2K\x1b[1A.md", "UNSIGNED-MARKER\n");
  write(
      "CLAUDE-\xe2\x80\xae"
      "evil.md",
      "UNSIGNED-MARKER\n");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"trust", "verify", "--all", "-v"},
                                             {"trust", "list"},
                                             {"trust", "sign", "--all", "-v"},
                                             {"trust", "explain", "CLAUDE\x1b[2K\x1b[1A.md"}}) {
    const Outcome outcome = nono(words);
    EXPECT_FALSE(terminal_obeys(outcome.out)) << outcome.out;
    EXPECT_FALSE(terminal_obeys(outcome.err)) << outcome.err;
    EXPECT_EQ(outcome.out.find("\xe2\x80\xae"), std::string::npos);
    EXPECT_FALSE(outcome.out.starts_with("VERIFIED  x.md"));
    EXPECT_EQ(outcome.out.find("\nVERIFIED  x.md"), std::string::npos);
  }
}

TEST_F(HostileTreeTest, ErrorsCannotForgeLinesEither) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"trust", "sign", "a\nnono: fine"},
                                             {"trust", "x\x1b[2K"},
                                             {"trust", "verify", "--policy", "p\x1b[2K", "x"},
                                             {"trust", "keygen", "--id", "\x1b]0;x\x07"},
                                             {"trust", "publisher", "remove", "\x1b[2K"},
                                             {"audit", "show", "\x1b[2K"}}) {
    const Outcome outcome = nono(words);
    EXPECT_NE(outcome.code, 0);
    EXPECT_FALSE(terminal_obeys(outcome.err)) << outcome.err;
    EXPECT_LE(std::ranges::count(outcome.err, '\n'), 2) << outcome.err;
  }
}

TEST_F(HostileTreeTest, BundleThatIsNoFileFailsWithoutBlocking) {
  write("SKILLS.md", "text");
  ASSERT_EQ(::mkfifo(in("SKILLS.md.bundle").c_str(), 0600), 0);
  EXPECT_EQ(nono({"trust", "verify", "SKILLS.md"}).code, 1);
  ASSERT_EQ(::unlink(in("SKILLS.md.bundle").c_str()), 0);
  ASSERT_EQ(::mkdir(in("SKILLS.md.bundle").c_str(), 0700), 0);
  const Outcome outcome = nono({"trust", "verify", "SKILLS.md"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("unexaminable"), std::string::npos) << outcome.out;
  EXPECT_EQ(nono({"trust", "sign", "SKILLS.md"}).code, 125) << "a directory is not replaced";
}

TEST_F(HostileTreeTest, TenThousandFilesAreSaidInOneSummary) {
  ASSERT_EQ(shell("mkdir d && cd d && seq 10000 | sed 's/.*/CLAUDE-&.md/' | xargs touch").code, 0);
  const Outcome outcome = nono({"trust", "verify", "--all"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "10000 files: 0 verified, 10000 unsigned, 0 failed\n");
}

TEST_F(HostileTreeTest, HundredThousandNamesAreWalkedInBoundedTime) {
  ASSERT_EQ(
      shell("for i in $(seq 100); do mkdir d$i; (cd d$i && seq 1000 | xargs touch); done").code, 0);
  write("d50/CLAUDE.md", "text");
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome = nono({"trust", "verify", "--all"});
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("d50/CLAUDE.md"), std::string::npos);
  // The target is 2 s for a release build on a quiet machine.
  EXPECT_LT(took, std::chrono::seconds(20));
}

}  // namespace
}  // namespace nono::cli
