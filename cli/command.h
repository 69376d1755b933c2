// cli/command.h: what a command is: a constant table row from which parsing, --help, the man pages
// and the shell completions are all made.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"

namespace nono::cli {

class Arguments;
class Session;

// Exit codes (docs/cli.md). An agent's own code is passed on by `run`.
inline constexpr int kDone = 0;
inline constexpr int kVerdict = 1;     // rejected, denied, not signed, differs
inline constexpr int kWrongUsage = 2;  // also a bad policy or profile file
inline constexpr int kInternalError = 70;
inline constexpr int kCouldNot = 125;  // nono could not do its part

// Completes says what a shell offers for a value or operand.
enum class Completes : unsigned char { Nothing, Files, Directories, Keys, Sessions };
// Pair: two words each time; Arguments::values has them one after the other.
enum class Takes : unsigned char { Nothing, OneValue, Values, Pair };

struct Option {
  std::string_view name;   // without the dashes
  char letter;             // 0: none
  std::string_view value;  // "FILE"; empty where it takes nothing
  std::string_view help;   // one sentence without a full stop
  Takes takes = Takes::Nothing;
  Completes completes = Completes::Nothing;
};

struct Example {
  std::string_view command;
  std::string_view says;
};

struct Operands {
  std::string_view shown;  // "FILE..."; empty where there are none
  std::size_t least = 0;
  std::size_t most = 0;
  Completes completes = Completes::Nothing;
};
inline constexpr std::size_t kAnyNumber = static_cast<std::size_t>(-1);

// OfDryRun: else stdout is the agent's.
enum class JsonOutput : unsigned char { None, Offered, OfDryRun };
// Tail says whether a program follows `--`.
enum class Tail : unsigned char { None, Required };

struct Command {
  std::string_view name;         // "trust verify"
  std::string_view summary;      // one line
  std::string_view description;  // for --help and the man page; paragraphs parted by empty lines
  Operands operands;
  std::span<const Option> options;
  std::span<const Example> examples;
  JsonOutput json = JsonOutput::None;
  Tail tail = Tail::None;
  Result<int> (*run)(const Arguments& arguments, Session& session) = nullptr;
};

}  // namespace nono::cli
