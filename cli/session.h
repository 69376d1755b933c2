// cli/session.h: what one invocation of nono works with: composed once, by main.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/caller_signals.h"
#include "base/clock.h"
#include "base/result.h"
#include "cli/options.h"
#include "cli/render.h"
#include "engine/directories.h"
#include "engine/gate.h"

namespace nono::cli {

class Session {
 public:
  // make reads the common options, the environment's NO_COLOR and which descriptors are terminals.
  static Result<Session> make(const Arguments& arguments, const CallerSignals& caller_signals);

  Render& render() { return render_; }
  bool wants_json() const { return wants_json_; }
  const Clock& clock() const { return clock_; }
  const CallerSignals& caller_signals() const { return caller_signals_; }
  // user and working_directory are looked up when they are needed, and may then be missing.
  Result<engine::UserDirectories> user() const { return engine::find_user_directories(); }
  Result<std::string> working_directory() const;
  // open_gate discovers the policies of the working directory; `policy_file` stands in place of the
  // project's.
  Result<engine::Gate> open_gate(const std::optional<std::string>& policy_file) const;
  // confirm asks on the terminal; Usage where there is none, with the option that says yes.
  Result<bool> confirm(const std::string& question) const;

 private:
  Session(Render render, bool wants_json, const CallerSignals& caller_signals)
      : render_(std::move(render)), wants_json_(wants_json), caller_signals_(caller_signals) {}
  Render render_;
  bool wants_json_;
  CallerSignals caller_signals_;
  SystemClock clock_;
};

// exit_code_of says what the shell is told of an error.
int exit_code_of(const Error& error);
// scan_progress shows the number of entries on a terminal.
engine::Progress scan_progress(Render& render);

}  // namespace nono::cli
