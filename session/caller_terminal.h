// session/caller_terminal.h: the terminal that nono was started on: its modes, and non-blocking
// reading and writing without changing the descriptors that other programs share.
#pragma once

#include <termios.h>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono::session {

// same_modes leaves out the settings of the line (c_cflag), which a pty does not take as they are.
bool same_modes(const struct termios& one, const struct termios& other);

class CallerTerminal {
 public:
  // open takes the first of the descriptors 0 to 2 that is a terminal according to `is_terminal`
  // for each direction. It opens them anew, so that O_NONBLOCK stays its own; where that is
  // forbidden (a terminal of another user after su) it uses the descriptors as they are.
  static Result<CallerTerminal> open(const std::array<bool, 3>& is_terminal);
  CallerTerminal(CallerTerminal&&) noexcept = default;
  CallerTerminal& operator=(CallerTerminal&&) = delete;
  ~CallerTerminal();

  BorrowedFd input() const { return input_; }    // may be none: raw() is -1
  BorrowedFd output() const { return output_; }  // likewise

  // is_foreground: this process may read from and change the terminal. True where the terminal is
  // not the controlling one: then nobody else is stopped by it.
  bool is_foreground() const;
  bool is_raw() const { return raw_; }
  bool is_canonical() const;
  const struct termios& first_modes() const { return first_; }  // when it was opened
  // is_untouched: the modes are as this object last saw or set them.
  bool is_untouched() const;

  void enter_raw();  // in the foreground only
  void restore();    // only what enter_raw did, and only where nobody changed the modes since

  enum class Outcome : unsigned char { Done, Later, EndOfFile, Gone };
  // read reads once into `buffer`; `got` is how much.
  Outcome read(std::span<char> buffer, std::size_t& got) const;
  // write writes once from `text`; `taken` is how much.
  Outcome write(std::string_view text, std::size_t& taken) const;

 private:
  struct Opened {
    OwnedFd fd;
    bool blocks = false;
  };
  CallerTerminal(Opened input, Opened output);
  static Opened open_again(int descriptor, int access);
  BorrowedFd any() const { return input_.valid() ? input_ : output_; }
  void set_modes(const struct termios& modes) const;

  OwnedFd input_;
  OwnedFd output_;
  bool output_blocks_ = false;
  bool raw_ = false;
  struct termios saved_{};
  struct termios seen_{};
  struct termios first_{};
};

}  // namespace nono::session
