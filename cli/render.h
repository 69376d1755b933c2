// cli/render.h: what nono prints: results to stdout, everything that it says to stderr.
//
// Text from files, names and signatures is foreign. Every function here passes what it is given
// through printable() before it reaches a terminal; colours are added afterwards.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "engine/verify.h"

namespace nono::cli {

enum class Loudness : unsigned char { Silent, Quiet, Normal, Verbose };
enum class Colour : unsigned char { Never, Always };

class Render {
 public:
  Render(Loudness loudness, Colour stdout_colour, Colour stderr_colour)
      : loudness_(loudness), stdout_colour_(stdout_colour), stderr_colour_(stderr_colour) {}

  bool verbose() const { return loudness_ == Loudness::Verbose; }

  // result writes one line to stdout, unless silent. `text` is foreign.
  void result(std::string_view text);
  // word_line writes "VERIFIED  <text>" with the word padded to a column and coloured.
  void word_line(std::string_view word, std::string_view text);
  // detail writes an indented "<label>: <text>" line to stdout, unless silent.
  void detail(std::string_view label, std::string_view text);
  // raw writes text of ours (help, generated scripts, a key) as it is.
  void raw(std::string_view text);
  // json writes the document and a newline; also when silent or quiet: it was asked for. What
  // printable() would spell out stands in its strings as \uXXXX.
  void json(const Json& document);
  // note tells the user something on stderr, unless quiet.
  void note(std::string_view text);
  // note_meanwhile is note while an agent has the terminal: its relay has made that raw, so that a
  // line ends with CR, too. Where another program shares the terminal, the CR is to spare. Who does
  // not read stderr must not keep the agent from being ended: what finds no room within a second,
  // and what comes after it until there is some, is counted in place of being told.
  void note_meanwhile(std::string_view text);
  // error writes "nono: <message>" and, where there is one, "  mend: <remedy>" to stderr.
  void error(const Error& error);
  // progress overwrites one line of a terminal on stderr; elsewhere it does nothing.
  void progress(std::string_view text);
  void end_progress();
  // finish writes what is still buffered: an Error where stdout did not take it.
  Result<void> finish();

 private:
  void out(std::string_view text);
  void flush();
  Loudness loudness_;
  Colour stdout_colour_;
  Colour stderr_colour_;
  std::string buffer_;
  int failed_errno_ = 0;
  bool progress_shown_ = false;
  std::uint64_t left_out_ = 0;  // messages, since the last that note_meanwhile told
};

// report writes a file's verdict: `VERIFIED  CLAUDE.md  by self (SHA256:…)`, or the reason and what
// mends it.
void report(Render& render, const engine::FileReport& file);
// counted is "1 file", "2 files".
std::string counted(std::uint64_t number, std::string_view noun);

}  // namespace nono::cli
