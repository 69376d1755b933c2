// tests/session/stage.h: a terminal emulator (the test), a supervisor with a relay (a child) and an
// agent on a pty of its own (a grandchild).
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <functional>
#include <string>
#include <string_view>

#include "base/owned_fd.h"

namespace nono::session {

struct StageOptions {
  // agent runs in the grandchild; what it returns is its exit code.
  std::function<int()> agent;
  enum class Output : unsigned char { Terminal, Pipe };
  Output output = Output::Terminal;
  enum class Place : unsigned char { Foreground, Background };
  Place place = Place::Foreground;
  enum class Ending : unsigned char { Finish, DropTheRelay };
  Ending ending = Ending::Finish;
  std::string message = {};  // shown by the supervisor at its start
};

// shell is an agent that runs a script.
std::function<int()> shell(std::string script);

class Stage {
 public:
  explicit Stage(StageOptions options);
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage();  // kills what still runs

  // type writes all of `text`, reading meanwhile what the terminal shows.
  void type(std::string_view text);
  // until reads what is shown until `marker` is there; all that was shown so far. Fails the test
  // after ten seconds.
  const std::string& until(std::string_view marker);
  // rest reads until the supervisor has ended and nothing is left.
  const std::string& rest();
  // piped reads the agent's stdout, where that is a pipe, to its end.
  std::string piped();
  // read_some reads at most `size` bytes, 0 at the end or after a second without any.
  std::size_t read_some(char* buffer, std::size_t size);

  struct termios modes() const;
  void set_modes(const struct termios& modes);
  bool is_raw() const;
  void wait_until_raw();
  void wait_until_cooked();
  void resize(unsigned short rows, unsigned short columns);
  void signal_supervisor(int signal) const;
  void hang_up() { master_.reset(); }
  const OwnedFd& keyboard() const { return slave_; }  // another program on the same terminal
  pid_t supervisor() const { return supervisor_; }

  // exit_code waits for the supervisor, which passes the agent's on.
  int exit_code();
  struct termios first_modes() const { return first_modes_; }

 private:
  void read_available(int timeout_ms);
  [[noreturn]] void supervise(const StageOptions& options);
  OwnedFd master_;
  OwnedFd slave_;
  OwnedFd pipe_read_;
  OwnedFd pipe_write_;
  struct termios first_modes_{};
  std::string shown_;
  pid_t supervisor_ = -1;
  int status_ = -1;
};

}  // namespace nono::session
