// cli/sign_in_desk.cc: see sign_in_desk.h.
#include "cli/sign_in_desk.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/text.h"
#include "engine/child_output.h"

namespace nono::cli {

namespace {

constexpr std::size_t kMaxCode = 4096;
constexpr std::string_view kUrlMark = "%s";

// Each line is printed as foreign text.
void say(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += printable(line) + "\n";
  }
  // Where nobody can read it, the sign-in ends at its deadline.
  (void)write_all(BorrowedFd::unowned(STDERR_FILENO), text);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) {
      parts.emplace_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::vector<std::string> command_of(const std::string& browser, const std::string& url) {
  std::vector<std::string> words = split(browser, ' ');
  bool placed = false;
  for (std::string& word : words) {
    if (const std::size_t at = word.find(kUrlMark); at != std::string::npos) {
      word.replace(at, kUrlMark.size(), url);
      placed = true;
    }
  }
  if (!placed) {
    words.push_back(url);
  }
  return words;
}

// One line, without its end; what is longer than any code is cut.
std::string read_line() {
  std::string line;
  char byte = 0;
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0 || byte == '\n' || line.size() >= kMaxCode) {
      return line;
    }
    line.push_back(byte);
  }
}

}  // namespace

bool Desk::has_terminal() const {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

void Desk::open(const std::string& url) {
  const auto chosen = environment_("BROWSER");
  const std::vector<std::string> browsers =
      chosen ? split(*chosen, ':') : std::vector<std::string>{"xdg-open"};
  const bool opened = std::ranges::any_of(browsers, [&](const std::string& browser) {
    return engine::start_detached(command_of(browser, url));
  });
  say({opened ? "Sign in in the browser that opens. If none does, open this there:"
              : "Open this in a browser on this machine, and sign in:",
       "  " + url});
}

Result<std::string> Desk::typed_code(const std::string& url) {
  say({"Open this in any browser, and sign in:", "  " + url});
  (void)write_all(BorrowedFd::unowned(STDERR_FILENO), "Type the code that is shown then: ");
  std::string code = read_line();
  std::erase_if(code, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
  if (code.empty()) {
    return std::unexpected(
        Error(ErrorKind::NotFound, "no code was typed").mend_with("sign again, and type it"));
  }
  return code;
}

void Desk::show_device(const engine::DeviceCode& code) {
  const bool whole = !code.complete_url.empty();
  say({"Open this in any browser, and sign in:", "  " + (whole ? code.complete_url : code.url),
       whole ? "It must show this code:" : "It asks for this code:", "  " + code.user_code});
}

}  // namespace nono::cli
