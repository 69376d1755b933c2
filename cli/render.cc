// cli/render.cc: lines, words, colours.
#include "cli/render.h"

#include <limits.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "base/utf8.h"
#include "engine/explain.h"

namespace nono::cli {
namespace {

constexpr std::size_t kFlushAt = 32u << 10;
constexpr std::size_t kWordColumn = 10;
constexpr std::string_view kGreen = "\033[32m";
constexpr std::string_view kRed = "\033[31m";
constexpr std::string_view kYellow = "\033[33m";
constexpr std::string_view kPlain = "\033[0m";

std::string_view colour_of(std::string_view word) {
  if (word == "VERIFIED" || word == "SIGNED" || word == "ALLOWED") {
    return kGreen;
  }
  return word == "UNSIGNED" ? kYellow : kRed;
}

void append_unit(std::string& out, char32_t unit) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) {
    out += kHexDigits[(unit >> shift) & 0xfU];
  }
}

// append_escape writes UTF-16 as JSON does (RFC 8259, 7).
void append_escape(std::string& out, char32_t value) {
  if (value < 0x10000) {
    append_unit(out, value);
    return;
  }
  append_unit(out, 0xd800 + ((value - 0x10000) >> 10U));
  append_unit(out, 0xdc00 + ((value - 0x10000) & 0x3ffU));
}

void to_stderr(std::string_view text) {
  // Nowhere is left to complain to where this fails.
  static_cast<void>(write_all(BorrowedFd::unowned(STDERR_FILENO), text));
}

// end_of_line is what begins the next line on stderr: an agent that took the terminal's output raw
// may have left it so.
std::string_view end_of_line() {
  termios modes{};
  if (::tcgetattr(STDERR_FILENO, &modes) != 0) {
    return "\n";
  }
  constexpr tcflag_t kCooked = OPOST | ONLCR;
  return (modes.c_oflag & kCooked) == kCooked ? "\n" : "\r\n";
}

// to_stderr_within is false where `patience` (milliseconds) went by without room for a piece: what
// poll calls writable takes PIPE_BUF bytes at once.
bool to_stderr_within(int patience, std::string_view text) {
  while (!text.empty()) {
    pollfd room{STDERR_FILENO, POLLOUT, 0};
    const int ready = ::poll(&room, 1, patience);
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    if (ready == 0) {
      return false;
    }
    to_stderr(text.substr(0, PIPE_BUF));
    text.remove_prefix(std::min<std::size_t>(text.size(), PIPE_BUF));
  }
  return true;
}

std::string signed_by(const engine::FileReport& file) {
  const engine::Judgement& judgement = file.judgement;
  std::string text = "by " + judgement.publisher();
  if (judgement.signer) {
    text += " (" + engine::signer_text(*judgement.signer) + ")";
  }
  return text;
}

void report_details(Render& render, const engine::Judgement& judgement) {
  render.detail("path", judgement.path);
  render.detail("class", name_of(judgement.guard_class));
  if (judgement.digest) {
    render.detail("sha256", judgement.digest->hex());
  }
  if (!judgement.bundle_path.empty()) {
    render.detail("bundle", judgement.bundle_path);
  }
  if (judgement.binding) {
    render.detail("name", engine::binding_text(*judgement.binding));
  }
}

// for_terminals spells out, in a document's strings, what a terminal would act on: outside of them
// JSON is printable ASCII, and `\u` means the same value to whoever parses it.
std::string for_terminals(std::string_view document) {
  std::string safe;
  safe.reserve(document.size());
  while (!document.empty()) {
    const CodePoint next = first_code_point(document);
    const std::string_view bytes = document.substr(0, std::max<std::size_t>(next.bytes, 1));
    if (next.value < 0x7f || printable(bytes) == bytes) {
      safe += bytes;
    } else {
      append_escape(safe, next.value);
    }
    document.remove_prefix(bytes.size());
  }
  return safe;
}

}  // namespace

void Render::result(std::string_view text) {
  if (loudness_ != Loudness::Silent) {
    out(printable(text) + "\n");
  }
}

void Render::word_line(std::string_view word, std::string_view text) {
  if (loudness_ == Loudness::Silent) {
    return;
  }
  std::string line;
  if (stdout_colour_ == Colour::Always) {
    line.append(colour_of(word)).append(word).append(kPlain);
  } else {
    line.append(word);
  }
  line.append(word.size() < kWordColumn ? kWordColumn - word.size() : 1, ' ');
  out(line + printable(text) + "\n");
}

void Render::detail(std::string_view label, std::string_view text) {
  result(std::string(kWordColumn, ' ') + std::string(label) + ": " + std::string(text));
}

void Render::raw(std::string_view text) {
  out(text);
}

void Render::json(const Json& document) {
  out(for_terminals(document.pretty()));
}

void Render::note(std::string_view text) {
  if (loudness_ >= Loudness::Normal) {
    end_progress();
    to_stderr(printable(text) + "\n");
  }
}

void Render::note_meanwhile(std::string_view text) {
  if (loudness_ >= Loudness::Normal) {
    end_progress();
    constexpr int kPatience = 1000;
    const std::string_view end = end_of_line();
    std::string lines;
    if (left_out_ > 0) {
      lines.append("(messages left out: ")
          .append(std::to_string(left_out_))
          .append(")")
          .append(end);
    }
    lines.append(printable(text)).append(end);
    left_out_ = to_stderr_within(left_out_ > 0 ? 0 : kPatience, lines) ? 0 : left_out_ + 1;
  }
}

void Render::error(const Error& error) {
  end_progress();
  flush();
  const bool coloured = stderr_colour_ == Colour::Always;
  std::string text = coloured ? std::string(kRed) + "nono:" + std::string(kPlain) + " " : "nono: ";
  text += printable(error.message()) + "\n";
  if (!error.remedy().empty()) {
    text += "  mend: " + printable(error.remedy()) + "\n";
  }
  to_stderr(text);
}

void Render::progress(std::string_view text) {
  if (loudness_ >= Loudness::Normal && ::isatty(STDERR_FILENO) == 1) {
    progress_shown_ = true;
    to_stderr("\r\033[K" + printable(text));
  }
}

void Render::end_progress() {
  if (std::exchange(progress_shown_, false)) {
    to_stderr("\r\033[K");
  }
}

Result<void> Render::finish() {
  end_progress();
  flush();
  if (failed_errno_ != 0) {
    return fail_errno(failed_errno_, "writing the result to stdout");
  }
  return {};
}

void Render::out(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kFlushAt) {
    flush();
  }
}

void Render::flush() {
  const Result<void> written = write_all(BorrowedFd::unowned(STDOUT_FILENO), buffer_);
  if (!written && failed_errno_ == 0) {
    failed_errno_ = written.error().code() != 0 ? written.error().code() : EIO;
  }
  buffer_.clear();
}

void report(Render& render, const engine::FileReport& file) {
  const engine::Judgement& judgement = file.judgement;
  if (file.status == engine::Status::Verified) {
    render.word_line(word_for(file.status), file.shown + "  " + signed_by(file));
  } else {
    std::string line = file.shown + "  " + judgement.finding_code;
    if (!judgement.reason().empty()) {
      line += ": " + judgement.reason();
    }
    line += judgement.admitted() ? "; let through by the policy's enforcement" : "";
    render.word_line(word_for(file.status), line);
    if (!judgement.remedy.empty()) {
      render.detail("mend", judgement.remedy);
    }
  }
  if (render.verbose()) {
    report_details(render, judgement);
  }
}

std::string counted(std::uint64_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

}  // namespace nono::cli
