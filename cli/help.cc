// cli/help.cc: layout of help texts.
#include "cli/help.h"

#include <algorithm>
#include <array>

#include "cli/commands.h"
#include "cli/options.h"

namespace nono::cli {
namespace {

constexpr std::size_t kWidth = 96;
constexpr std::size_t kOptionColumn = 28;
constexpr std::size_t kCommandColumn = 26;

// Puts `text` into the column, on a line of its own where `head` is too long.
std::string row(std::string head, std::string_view text, std::size_t column) {
  if (head.size() + 2 > column) {
    head += "\n" + std::string(column, ' ');
  } else {
    head.append(column - head.size(), ' ');
  }
  const std::string body = wrapped(text, column, kWidth);
  return head + body.substr(column);
}

constexpr auto kOwnOptions = std::to_array<Option>({
    {"version", 0, "", "which nono this is, and what this kernel has"},
    {"generate-completion", 0, "SHELL", "print the completions for bash, zsh or fish",
     Takes::OneValue},
    {"generate-man", 0, "DIR", "write the manual's pages into a directory", Takes::OneValue},
    {"quiet", 'q', "", "before a command, too; so may -s, -v and --color stand there"},
    {"help", 'h', "", "show this help; with a command, the command's"},
});

std::string options_text(std::span<const Option> options) {
  std::string text = "\nOptions:\n";
  for (const Option& option : options) {
    text += row("  " + option_head(option), option.help, kOptionColumn);
  }
  return text;
}

std::string examples_text(const Command& command) {
  std::string text = command.examples.empty() ? "" : "\nExamples:\n";
  for (const Example& example : command.examples) {
    text += "  " + std::string(example.command) + "\n      " + std::string(example.says) + "\n";
  }
  return text;
}

bool in_group(const Command& command, std::string_view group) {
  return group.empty() || (command.name.starts_with(group) && command.name.size() > group.size() &&
                           command.name[group.size()] == ' ');
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string result;
  std::string line(indent, ' ');
  const auto end_line = [&] {
    result += line.size() > indent ? line + "\n" : "";
    line.assign(indent, ' ');
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    if (line.size() > indent && line.size() + 1 + word.size() > width) {
      end_line();
    }
    line += (line.size() > indent ? " " : "") + std::string(word);
    text.remove_prefix(end);
    if (text.starts_with("\n\n")) {
      end_line();
      result += "\n";
    }
    text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
  }
  end_line();
  return result;
}

std::span<const Option> own_options() {
  return kOwnOptions;
}

std::string option_head(const Option& option) {
  std::string head = option.letter == 0 ? "    " : std::string("-") + option.letter + ", ";
  head += "--" + std::string(option.name);
  return option.value.empty() ? head : head + " " + std::string(option.value);
}

std::string usage_line(const Command& command) {
  std::string line = "nono " + std::string(command.name) + " [OPTION...]";
  if (!command.operands.shown.empty()) {
    const std::string shown(command.operands.shown);
    line += command.operands.least == 0 ? " [" + shown + "]" : " " + shown;
  }
  return command.tail == Tail::Required ? line + " -- PROGRAM [ARGUMENT...]" : line;
}

std::string command_help(const Command& command) {
  std::string text = "Usage: " + usage_line(command) + "\n\n";
  text += wrapped(command.description, 0, kWidth);
  text += options_text(options_of(command));
  return text + examples_text(command);
}

std::string group_help(std::string_view group) {
  std::string text = "Usage: nono " + (group.empty() ? "" : std::string(group) + " ") +
                     "COMMAND [OPTION...]\n\nCommands:\n";
  for (const Command* command : all_commands()) {
    if (in_group(*command, group)) {
      text += row("  " + std::string(command->name), command->summary, kCommandColumn);
    }
  }
  text += group.empty() ? options_text(own_options()) : "";
  return text +
         "\nnono COMMAND --help tells more of each. Exit codes: 0 done, 1 a verdict against, "
         "2 wrong\nusage, 125 nono could not do its part.\n";
}

}  // namespace nono::cli
