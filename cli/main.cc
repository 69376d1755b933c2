// cli/main.cc: from argv to an exit code. Nothing escapes: an exception is a bug of ours and ends
// with 70, before or after but never instead of a verdict.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include "base/caller_signals.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/generate.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/version.h"

namespace nono::cli {
namespace {

using Words = std::span<const std::string>;

Render plain_render() {
  return Render(Loudness::Normal, Colour::Never, Colour::Never);
}

int finish(Render& render, int code) {
  if (const Result<void> written = render.finish(); !written) {
    render.error(written.error());
    return kCouldNot;
  }
  return code;
}

int refuse(Render& render, const Error& error) {
  render.error(error);
  return finish(render, exit_code_of(error));
}

int print(std::string_view text, int code) {
  Render render = plain_render();
  render.raw(text);
  return finish(render, code);
}

int run_command(const Command& command, Words words, const CallerSignals& caller_signals) {
  Render plain = plain_render();
  const Result<Arguments> arguments = parse_arguments(command, words);
  if (!arguments) {
    return refuse(plain, arguments.error());
  }
  if (arguments->has("help")) {
    return print(command_help(command), kDone);
  }
  Result<Session> session = Session::make(*arguments, caller_signals);
  if (!session) {
    return refuse(plain, session.error());
  }
  const Result<int> code = command.run(*arguments, *session);
  return code ? finish(session->render(), *code) : refuse(session->render(), code.error());
}

std::string leading_words(Words words) {
  std::string joined;
  for (const std::string& word : words) {
    if (word.starts_with('-')) {
      break;
    }
    joined += (joined.empty() ? "" : " ") + word;
  }
  return joined;
}

int unknown_command(Words words) {
  const std::string said = leading_words(words);
  std::string group = said;
  while (!group.empty() && !is_group_prefix(group)) {
    const std::size_t space = group.rfind(' ');
    group.resize(space == std::string::npos ? 0 : space);
  }
  const bool wants_help = !words.empty() && (words.back() == "--help" || words.back() == "-h");
  if (group == said && (wants_help || said.empty())) {
    if (wants_help) {
      return print(group_help(group), kDone);
    }
  }
  Render render = plain_render();
  const std::string mend = "nono " + (group.empty() ? "" : group + " ") + "--help";
  std::string what =
      group == said ? "a command is missing" : "there is no command \"" + said + "\"";
  if (said.empty() && !words.empty()) {
    what = "there is no option " + words.front() + " before a command";
  }
  return refuse(render, Error(ErrorKind::Usage, std::move(what)).mend_with(mend));
}

int generate(Words words) {
  Render render = plain_render();
  if (words.size() != 2) {
    return refuse(render, Error(ErrorKind::Usage, words[0] + " takes one value"));
  }
  if (words[0] == "--generate-man") {
    const Result<void> written = write_man_pages(words[1]);
    return written ? kDone : refuse(render, Error(written.error()).while_doing(words[0]));
  }
  const Result<std::string> script = completion(words[1]);
  return script ? print(*script, kDone) : refuse(render, script.error());
}

// common_option finds the option that `word` is, of those that every command understands.
const Option* common_option(const std::string& word) {
  const std::size_t dashes = word.starts_with("--") ? 2 : 1;
  const std::string_view name = std::string_view(word).substr(std::min(dashes, word.size()));
  const std::string_view plain = dashes == 2 ? name.substr(0, name.find('=')) : name;
  const auto found = std::ranges::find_if(common_options(), [&](const Option& option) {
    return dashes == 2 ? option.name == plain
                       : word.starts_with('-') && plain.size() == 1 && option.letter == plain[0];
  });
  return found == common_options().end() ? nullptr : &*found;
}

// leading_options counts the words before the command that are such options; --help is none of
// them: alone it is about nono itself.
std::size_t leading_options(Words words) {
  std::size_t count = 0;
  while (count < words.size()) {
    const Option* option = common_option(words[count]);
    if (option == nullptr || option->name == "help") {
      break;
    }
    const bool value_follows = option->takes == Takes::OneValue && !words[count].contains('=');
    count += value_follows ? 2 : 1;
  }
  return std::min(count, words.size());
}

int dispatch(Words words, const CallerSignals& caller_signals) {
  if (!words.empty() && words[0].starts_with("--generate-")) {
    return generate(words);
  }
  if (words.size() == 1 && words[0] == "--version") {
    return print(version_text(), kDone);
  }
  const Words leading = words.first(leading_options(words));
  std::vector<std::string> asked(words.begin() + std::ssize(leading), words.end());
  if (!asked.empty() && asked[0] == "help") {
    asked.erase(asked.begin());
    asked.emplace_back("--help");
  }
  const CommandMatch match = find_command(asked);
  if (match.command == nullptr) {
    return unknown_command(asked);
  }
  std::vector<std::string> options(leading.begin(), leading.end());
  const Words rest = Words(asked).subspan(match.words);
  options.insert(options.end(), rest.begin(), rest.end());
  return run_command(*match.command, options, caller_signals);
}

// A missing standard descriptor would be given to the next file that is opened, and results written
// into it.
void occupy_standard_descriptors() {
  for (int descriptor = 0; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) < 0) {
      // The lowest free number: this one.
      static_cast<void>(::open("/dev/null", O_RDWR));
    }
  }
}

}  // namespace
}  // namespace nono::cli

int main(int argc, char** argv) {
  const nono::CallerSignals caller_signals = nono::CallerSignals::take();
  try {
    nono::cli::occupy_standard_descriptors();
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    return nono::cli::dispatch(words, caller_signals);
  } catch (const std::exception& error) {
    const std::string text = "nono: internal error: " + nono::printable(error.what()) + "\n";
    static_cast<void>(nono::write_all(nono::BorrowedFd::unowned(STDERR_FILENO), text));
  } catch (...) {
    static_cast<void>(
        nono::write_all(nono::BorrowedFd::unowned(STDERR_FILENO), "nono: internal error\n"));
  }
  return nono::cli::kInternalError;
}
