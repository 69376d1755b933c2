// sandbox/interpreter.h: by what the kernel starts a program: the first line of a script (`#!`), or
// the loader that an ELF file asks for (PT_INTERP). To tell people and to learn by: the kernel
// reads the file again, and nothing is allowed because of it.
#pragma once

#include <string>

#include "base/owned_fd.h"

namespace nono::sandbox {

// interpreter_of reads the opened `program`; empty where it names none or cannot be read. The name
// may be relative: to the working directory of who executes it.
std::string interpreter_of(BorrowedFd program);

}  // namespace nono::sandbox
