// engine/child_output.h: what a helper program prints.
//
// The program is the user's, found on PATH, and gets the user's whole environment. It is given
// nothing to read; its errors go nowhere, because nobody knows what they hold.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono::engine {

struct ChildLimits {
  std::chrono::milliseconds deadline{30'000};
  std::size_t max_bytes = 64u << 10;
};

// output_of runs `words` and returns its standard output. NotFound: there is no such program.
// System: it ended otherwise than with 0, printed more than may be, or was ended with all of its
// process group at the deadline. No error says anything of what it printed.
Result<std::string> output_of(const std::vector<std::string>& words, const ChildLimits& limits);

// read_until_end is that for a pipe to which a child of this process writes; who reads ends it.
Result<std::string> read_until_end(BorrowedFd pipe, const ChildLimits& limits);

// start_detached starts `words` in a session of its own, with no input and no output, and leaves
// it; false where there is no such program.
bool start_detached(const std::vector<std::string>& words);

}  // namespace nono::engine
