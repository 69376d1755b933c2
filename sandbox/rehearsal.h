// sandbox/rehearsal.h: asks the kernel what it would say to a process in the sandbox, by doing what
// leaves no trace: an open without O_CREAT and O_TRUNC, a check of a program, of a directory's
// mode.
//
// A child enters the Landlock domain, without privileges, as the agent does, and makes the attempt;
// so files' modes, file systems mounted read-only and the domain itself are all in the answer. The
// filters are not installed: what they refuse has its own rules (sandbox/filters.h).
#pragma once

#include <string>

#include "base/result.h"
#include "sandbox/confinement.h"

namespace nono::sandbox {

enum class Rehearsed : unsigned char {
  Read,     // open a regular file or directory for reading
  Write,    // open a regular file for writing
  Execute,  // what execve(2) checks (Linux 6.14); older: the file's mode only
  // Landlock is not asked by these:
  ReadMode,   // the mode of anything else lets it be read
  WriteMode,  // or written
  Change,     // the mode of a directory lets its entries change
};

// rehearse returns 0 or the errno that the attempt ended with. `path` must be resolved, and for
// Read and Write a regular file or directory: an open of anything else may be noticed.
Result<int> rehearse(const Prepared& prepared, Rehearsed what, const std::string& path);

}  // namespace nono::sandbox
