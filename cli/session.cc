// cli/session.cc: terminals, environment, policies.
#include "cli/session.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "engine/scan.h"
#include "trustpolicy/discover.h"

namespace nono::cli {
namespace {

bool no_color_is_set() {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (text.starts_with("NO_COLOR=") && text.size() > std::string_view("NO_COLOR=").size()) {
      return true;
    }
  }
  return false;
}

Result<std::string> colour_word(const Arguments& arguments) {
  std::string when = arguments.value("color").value_or("auto");
  if (when != "auto" && when != "always" && when != "never") {
    return std::unexpected(Error(ErrorKind::Usage, "--color \"" + when + "\" is not known")
                               .mend_with("use auto, always or never"));
  }
  return when;
}

Colour colour_of(std::string_view when, int descriptor) {
  if (when == "always") {
    return Colour::Always;
  }
  const bool plain = when == "never" || no_color_is_set() || ::isatty(descriptor) != 1;
  return plain ? Colour::Never : Colour::Always;
}

Loudness loudness_of(const Arguments& arguments) {
  if (arguments.has("silent")) {
    return Loudness::Silent;
  }
  if (arguments.has("quiet")) {
    return Loudness::Quiet;
  }
  return arguments.has("verbose") ? Loudness::Verbose : Loudness::Normal;
}

// One line of the terminal, without the newline; nothing at the end of input.
std::string read_line(int descriptor) {
  std::string line;
  char byte = 0;
  while (true) {
    const ssize_t got = ::read(descriptor, &byte, 1);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0 || byte == '\n' || line.size() >= 64) {
      return line;
    }
    line.push_back(byte);
  }
}

}  // namespace

Result<Session> Session::make(const Arguments& arguments, const CallerSignals& caller_signals) {
  NONO_TRY(const std::string when, colour_word(arguments));
  return Session(Render(loudness_of(arguments), colour_of(when, STDOUT_FILENO),
                        colour_of(when, STDERR_FILENO)),
                 arguments.has("json"), caller_signals);
}

Result<std::string> Session::working_directory() const {
  return absolute_path(".");
}

Result<engine::Gate> Session::open_gate(const std::optional<std::string>& policy_file) const {
  NONO_TRY(const engine::UserDirectories directories, user());
  NONO_TRY(const std::string here, working_directory());
  trustpolicy::Places places = engine::policy_places(directories, here);
  places.explicit_policy = policy_file;
  NONO_TRY(trustpolicy::Policy policy, trustpolicy::discover(places));
  return engine::Gate(std::make_shared<const trustpolicy::Policy>(std::move(policy)),
                      trustpolicy::Override::No);
}

Result<bool> Session::confirm(const std::string& question) const {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) {
    return std::unexpected(Error(ErrorKind::Usage, "this needs a yes, and there is no terminal")
                               .mend_with("check what is shown above, then add --yes"));
  }
  NONO_CHECK(write_all(BorrowedFd::unowned(STDERR_FILENO), printable(question) + " [y/N] "));
  const std::string answer = ascii_lower(read_line(STDIN_FILENO));
  return answer == "y" || answer == "yes";
}

int exit_code_of(const Error& error) {
  if (error.kind() == ErrorKind::Exhausted && error.code() == EFBIG) {
    return kWrongUsage;  // a file that is not what it should be: over a limit
  }
  switch (error.kind()) {
    case ErrorKind::InvalidInput:
    case ErrorKind::Usage:
      return kWrongUsage;
    case ErrorKind::NotFound:
    case ErrorKind::PermissionDenied:
    case ErrorKind::Unsupported:
    case ErrorKind::Exhausted:
    case ErrorKind::System:
    case ErrorKind::Network:
      return kCouldNot;
    case ErrorKind::Internal:
      return kInternalError;
  }
  std::unreachable();
}

engine::Progress scan_progress(Render& render) {
  return [&render](std::uint64_t entries) {
    render.progress("looking at names: " + std::to_string(entries));
  };
}

}  // namespace nono::cli
