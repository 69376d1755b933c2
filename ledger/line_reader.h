// ledger/line_reader.h: reads a log line by line without holding it in memory.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono::ledger {

class LineReader {
 public:
  enum class Kind : unsigned char {
    Line,     // whole, without its newline
    Torn,     // the last bytes of the file, without a newline; at most kMaxLineBytes of them
    TooLong,  // no newline within kMaxLineBytes: reading stops here
    End,
  };
  struct Step {
    Kind kind;
    std::string_view text;  // lives until the next call
  };

  // `file` must be a regular file and outlive the reader. It is read from its start by pread(2).
  explicit LineReader(BorrowedFd file) : file_(file) {}
  Result<Step> next();

 private:
  Result<void> fill();
  BorrowedFd file_;
  std::string buffer_;
  std::size_t start_ = 0;  // of what was not yet handed out
  off_t offset_ = 0;
  bool at_end_ = false;
};

}  // namespace nono::ledger
