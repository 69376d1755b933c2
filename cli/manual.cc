// cli/manual.cc: man pages in man(7) macros.
#include <algorithm>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/generate.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/version.h"

namespace nono::cli {
namespace {

// Escapes what roff would interpret: backslashes, minus signs, a dot or quote that starts a line.
std::string roff(std::string_view text) {
  std::string escaped;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) {
      escaped += "\\&";
    }
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
    line_start = c == '\n';
  }
  return escaped;
}

std::string page_name(std::string_view command_name) {
  std::string name = "nono-" + std::string(command_name);
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::string heading(const std::string& name, std::string_view summary) {
  return ".TH " + upper(name) + " 1 \"\" \"nono " + std::string(kVersion) +
         "\" \"nono manual\"\n.SH NAME\n" + name + " \\- " + roff(summary) + "\n";
}

std::string paragraphs(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    result += roff(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 2, text.size()));
    result += text.empty() ? "" : ".PP\n";
  }
  return result;
}

std::string options_section(std::span<const Option> options) {
  std::string text = ".SH OPTIONS\n";
  for (const Option& option : options) {
    std::string head = option_head(option);
    head.erase(0, head.find_first_not_of(' '));
    text += ".TP\n.B " + roff(head) + "\n" + roff(option.help) + ".\n";
  }
  return text;
}

std::string examples_section(const Command& command) {
  std::string text = command.examples.empty() ? "" : ".SH EXAMPLES\n";
  for (const Example& example : command.examples) {
    text += ".TP\n.B " + roff(example.command) + "\n" + roff(example.says) + ".\n";
  }
  return text;
}

constexpr std::string_view kExitStatus =
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\nDone; verified.\n"
    ".TP\n.B 1\nA verdict: rejected, denied, not signed, differs.\n"
    ".TP\n.B 2\nWrong usage, or a bad policy or profile file, named with its JSON pointer.\n"
    ".TP\n.B 125\nnono could not do its part.\n"
    ".TP\n.B 124, 126, 127\nOf run, shell, wrap and learn, which pass on the program's own: a "
    "limit of time, processor time or disk ended it; it cannot be executed; it was not found.\n"
    ".TP\n.B 70\nA bug in nono.\n";

std::string files_section() {
  return ".SH FILES\n"
         ".TP\n.I ~/.config/nono/trust\nYour keys.\n"
         ".TP\n.I ~/.config/nono/trust\\-policy.json\nYour trust policy.\n"
         ".TP\n.I /etc/nono/trust\\-policy.json\nThe system's trust policy.\n"
         ".TP\n.I ~/.local/state/nono/audit\nThe record of each session.\n";
}

std::string overview() {
  std::string text = heading("nono", "signs and verifies instruction files of AI agents");
  text += ".SH SYNOPSIS\n.B nono\n.I COMMAND\n[\\fIOPTION\\fR...]\n.SH COMMANDS\n";
  for (const Command* command : all_commands()) {
    text +=
        ".TP\n.BR " + roff(page_name(command->name)) + " (1)\n" + roff(command->summary) + ".\n";
  }
  text += options_section(own_options());
  return text + std::string(kExitStatus) + files_section();
}

}  // namespace

std::string man_page(const Command* command) {
  if (command == nullptr) {
    return overview();
  }
  std::string text = heading(page_name(command->name), command->summary);
  text += ".SH SYNOPSIS\n.B " + roff(usage_line(*command)) + "\n.SH DESCRIPTION\n";
  text += paragraphs(command->description) + options_section(options_of(*command));
  text += examples_section(*command);
  return text + std::string(kExitStatus) + ".SH SEE ALSO\n.BR nono (1)\n";
}

Result<void> write_man_pages(const std::string& directory) {
  NONO_CHECK(replace_file(join_path(directory, "nono.1"), man_page(nullptr), 0644));
  for (const Command* command : all_commands()) {
    const std::string file = page_name(command->name) + ".1";
    NONO_CHECK(replace_file(join_path(directory, file), man_page(command), 0644));
  }
  return {};
}

}  // namespace nono::cli
