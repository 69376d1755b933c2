// cli/options.h: from the words of a command line to checked arguments. The only user of
// Boost.Program_options. Words are bytes as the shell gave them; nothing is expanded or guessed.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace nono::cli {

// common_options are understood by every command; `--json` only by those that report.
std::span<const Option> common_options();
// options_of lists a command's own options and those that it shares.
std::vector<Option> options_of(const Command& command);

class Arguments {
 public:
  bool has(std::string_view option) const { return values_.contains(std::string(option)); }
  // value is that of an option given at most once.
  std::optional<std::string> value(std::string_view option) const;
  std::vector<std::string> values(std::string_view option) const;
  const std::vector<std::string>& operands() const { return operands_; }
  const std::vector<std::string>& program() const { return program_; }  // after `--`

 private:
  friend Result<Arguments> parse_arguments(const Command& command,
                                           std::span<const std::string> words);
  void take(const std::string& option, const std::vector<std::string>& given,
            std::span<const Option> options);
  std::map<std::string, std::vector<std::string>> values_;
  std::vector<std::string> operands_;
  std::vector<std::string> program_;
};

// parse_arguments checks options, their values and the number of operands against the table. The
// error is Usage, names the word, and points at the command's --help. With --help nothing else is
// checked.
Result<Arguments> parse_arguments(const Command& command, std::span<const std::string> words);

}  // namespace nono::cli
