// tests/cli/options_test.cc: the table of options, read from words.
#include "cli/options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/help.h"

namespace nono::cli {
namespace {

constexpr std::array<Option, 3> kOptions = {{
    {"flag", 'f', "", "a flag"},
    {"one", 'o', "X", "one value", Takes::OneValue},
    {"many", 0, "X", "values", Takes::Values},
}};
const Command kPlain{.name = "plain",
                     .summary = "s",
                     .description = "d",
                     .operands = {"FILE...", 0, kAnyNumber},
                     .options = kOptions,
                     .examples = {}};
const Command kRunner{.name = "runner",
                      .summary = "s",
                      .description = "d",
                      .operands = {},
                      .options = kOptions,
                      .examples = {},
                      .tail = Tail::Required};

using Words = std::vector<std::string>;

TEST(OptionsTest, FlagsValuesAndOperandsInAnyOrder) {
  const auto parsed =
      parse_arguments(kPlain, Words{"a", "-f", "--one=1", "b", "--many", "x", "--many=y", "-v"});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
  EXPECT_TRUE(parsed->has("flag"));
  EXPECT_EQ(parsed->value("one"), "1");
  EXPECT_EQ(parsed->values("many"), (Words{"x", "y"}));
  EXPECT_EQ(parsed->operands(), (Words{"a", "b"}));
  EXPECT_TRUE(parsed->has("verbose"));
  EXPECT_FALSE(parsed->value("two").has_value());
}

TEST(OptionsTest, ShortFormsStickAndTakeValues) {
  const auto parsed = parse_arguments(kPlain, Words{"-fo1", "-q"});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
  EXPECT_TRUE(parsed->has("flag"));
  EXPECT_EQ(parsed->value("one"), "1");
  EXPECT_TRUE(parsed->has("quiet"));
}

TEST(OptionsTest, NothingIsGuessed) {
  for (const Words& words : std::vector<Words>{
           {"--fla"}, {"--flag=1"}, {"-x"}, {"--One", "1"}, {"--one"}, {"--json"}, {"-one"}}) {
    const auto parsed = parse_arguments(kPlain, words);
    if (words.front() == "-one") {
      // -o takes what sticks to it.
      ASSERT_TRUE(parsed.has_value());
      EXPECT_EQ(parsed->value("one"), "ne");
      continue;
    }
    ASSERT_FALSE(parsed.has_value()) << words.front();
    EXPECT_EQ(parsed.error().kind(), ErrorKind::Usage);
    EXPECT_EQ(parsed.error().remedy(), "nono plain --help");
  }
}

TEST(OptionsTest, BytesArePassedOn) {
  const auto parsed = parse_arguments(kPlain, Words{"caf\xe9", "--one", "\x01\x7f", "a=b", "-"});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
  EXPECT_EQ(parsed->operands(), (Words{"caf\xe9", "a=b", "-"}));
  EXPECT_EQ(parsed->value("one"), "\x01\x7f");
}

TEST(OptionsTest, WhatFollowsTheDashesIsTheProgram) {
  const auto parsed =
      parse_arguments(kRunner, Words{"--one", "1", "--", "prog", "--flag", "--", "-x", ""});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
  EXPECT_EQ(parsed->program(), (Words{"prog", "--flag", "--", "-x", ""}));
  EXPECT_FALSE(parsed->has("flag"));
  EXPECT_FALSE(parse_arguments(kRunner, Words{"prog"}).has_value());
  EXPECT_FALSE(parse_arguments(kRunner, Words{"--"}).has_value());
}

TEST(OptionsTest, HelpNeedsNothingElse) {
  EXPECT_TRUE(parse_arguments(kRunner, Words{"--help"}).has_value());
}

constexpr auto kPairOptions = std::to_array<Option>(
    {{"pair", 0, "A B", "two words", Takes::Pair}, {"one", 0, "X", "one word", Takes::OneValue}});
constexpr Command kPairs{.name = "pairs",
                         .summary = "x",
                         .description = "x",
                         .operands = {"WORD", 0, kAnyNumber},
                         .options = kPairOptions,
                         .examples = {}};

TEST(OptionsTest, APairTakesTwoWords) {
  const auto given = parse_arguments(
      kPairs, Words{"--pair", "a", "b", "w", "--pair=c", "d", "--one", "x", "--", "--pair"});
  ASSERT_TRUE(given) << given.error().message();
  EXPECT_EQ(given->values("pair"), (Words{"a", "b", "c", "d"}));
  EXPECT_EQ(given->operands(), (Words{"w", "--pair"}));
  EXPECT_EQ(given->value("one"), "x");
  for (const Words& wrong : {Words{"--pair"}, Words{"--pair", "a"}, Words{"--pair=a"},
                             Words{"--pair", "a", "--"}, Words{"--pair", "a", ""}}) {
    EXPECT_FALSE(parse_arguments(kPairs, wrong)) << wrong.size();
  }
}

// The table itself: what Boost, the man pages and the shells rely on.
TEST(CommandTableTest, EveryRowIsWhole) {
  std::set<std::string_view> names;
  for (const Command* command : all_commands()) {
    EXPECT_TRUE(names.insert(command->name).second) << command->name;
    EXPECT_NE(command->run, nullptr) << command->name;
    EXPECT_FALSE(command->summary.empty()) << command->name;
    EXPECT_FALSE(command->description.empty()) << command->name;
    EXPECT_FALSE(command->examples.empty()) << command->name;
    std::set<std::string_view> long_names;
    std::set<char> letters;
    for (const Option& option : options_of(*command)) {
      EXPECT_TRUE(long_names.insert(option.name).second) << command->name << " " << option.name;
      EXPECT_TRUE(option.letter == 0 || letters.insert(option.letter).second)
          << command->name << " -" << option.letter;
      EXPECT_FALSE(option.help.empty() || option.help.ends_with('.')) << option.name;
      EXPECT_EQ(option.value.empty(), option.takes == Takes::Nothing) << option.name;
    }
  }
}

TEST(CommandTableTest, EveryRowParsesItsOwnHelp) {
  for (const Command* command : all_commands()) {
    EXPECT_TRUE(parse_arguments(*command, Words{"--help"}).has_value()) << command->name;
    const std::string help = command_help(*command);
    EXPECT_NE(help.find("nono " + std::string(command->name)), std::string::npos);
    for (const Option& option : options_of(*command)) {
      EXPECT_NE(help.find("--" + std::string(option.name)), std::string::npos) << command->name;
    }
  }
}

TEST(CommandTableTest, LongestNameWins) {
  const auto words = [](Words list) { return list; };
  EXPECT_EQ(find_command(words({"trust", "sign-policy", "x"})).command, &kTrustSignPolicy);
  EXPECT_EQ(find_command(words({"trust", "sign", "x"})).command, &kTrustSign);
  EXPECT_EQ(find_command(words({"trust", "publisher", "add"})).words, 3u);
  EXPECT_EQ(find_command(words({"trust", "publisher"})).command, nullptr);
  EXPECT_EQ(find_command(words({"trustsign"})).command, nullptr);
  EXPECT_EQ(find_command(words({})).command, nullptr);
}

TEST(WrappedTest, LinesAreBrokenAndParagraphsKept) {
  EXPECT_EQ(wrapped("aa bb cc", 0, 5), "aa bb\ncc\n");
  EXPECT_EQ(wrapped("aa\n\nbb", 2, 80), "  aa\n\n  bb\n");
  EXPECT_EQ(wrapped("longerthanall x", 1, 4), " longerthanall\n x\n");
  EXPECT_EQ(wrapped("", 3, 80), "");
}

// The page is read by those who look for an option that they saw in a script.
TEST(OptionsTest, EveryCommandAndOptionIsInThePageOfTheCommandLine) {
  const auto page = read_file(NONO_SOURCE_DIR "/docs/cli.md", 1U << 20);
  ASSERT_TRUE(page);
  const auto says = [&](const std::string& word) {
    for (std::size_t at = page->find(word); at != std::string::npos;
         at = page->find(word, at + 1)) {
      const char after = (*page)[std::min(at + word.size(), page->size() - 1)];
      if (after != '-' && (after < 'a' || after > 'z')) {
        return true;
      }
    }
    return false;
  };
  for (const Command* command : all_commands()) {
    const std::string_view name = command->name;
    EXPECT_TRUE(says(std::string(name.substr(name.rfind(' ') + 1)))) << name;
    for (const Option& option : options_of(*command)) {
      EXPECT_TRUE(says("--" + std::string(option.name))) << name << " --" << option.name;
    }
  }
}

using Names = std::set<std::string>;

Names names_of(const Command& command) {
  Names out;
  for (const Option& option : command.options) {
    out.emplace(option.name);
  }
  return out;
}

// options_in yields the options that the first cell of a row of a table names.
Names options_in(std::string_view row) {
  Names out;
  const std::string_view cell = row.substr(0, row.find('|', 1));
  for (std::size_t at = cell.find("`--"); at != std::string_view::npos;
       at = cell.find("`--", at + 1)) {
    const std::string_view name = cell.substr(at + 3);
    out.emplace(name.substr(0, name.find_first_of(" `")));
  }
  return out;
}

Names with(Names names, std::initializer_list<std::string_view> more) {
  names.insert(more.begin(), more.end());
  return names;
}

TEST(OptionsTest, PageSaysWhichOptionsOfRunOtherCommandsTake) {
  const auto page = read_file(NONO_SOURCE_DIR "/docs/cli.md", 1U << 20);
  ASSERT_TRUE(page);
  const std::string_view start = "| options | about |\n| --- | --- |\n";
  std::string_view rows(*page);
  ASSERT_NE(rows.find(start), std::string_view::npos);
  rows.remove_prefix(rows.find(start) + start.size());
  Names all;
  Names composing;  // those of the rows down to --no-profile
  while (rows.starts_with('|')) {
    all.merge(options_in(rows.substr(0, rows.find('\n'))));
    rows.remove_prefix(rows.find('\n') + 1);
    composing = composing.contains("no-profile") ? composing : all;
  }
  EXPECT_EQ(names_of(kRun), all);
  EXPECT_EQ(names_of(kShell), with(all, {"shell"}));
  EXPECT_EQ(names_of(kWrap), with(composing, {"no-banner"}));
  EXPECT_EQ(names_of(kPolicySeatbelt), composing);
  EXPECT_EQ(names_of(kWhy), with(composing, {"path", "op", "port", "host", "variable", "self"}));
  EXPECT_EQ(names_of(kLearn), (Names{"profile", "no-profile", "workdir", "env", "env-allow",
                                     "policy", "trust-scan", "as", "output", "force"}));
}

}  // namespace
}  // namespace nono::cli
