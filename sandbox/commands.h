// sandbox/commands.h: programs that are held back although their directory may be executed.
//
// A guard rail for an honest agent that is about to do harm, and no boundary against a hostile one:
// an interpreter makes the same system calls, and a program that differs by one byte is another
// program. What a program may reach is bounded by the grants. docs/commands.md says what is judged.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/capability_set.h"
#include "sandbox/protected_names.h"

namespace nono::sandbox {

enum class CommandWhen : unsigned char {
  Always,
  // Recursive, and an operand is in no writable grant, or is the home directory or holds it; for rm
  // a granted directory itself counts as outside.
  RecursiveOutside,
  OutputOutside,  // of=FILE is in no writable grant
};

// CommandRow is a program that is held back by default.
struct CommandRow {
  std::string_view name;  // of the file; a trailing '*' stands for anything
  CommandWhen when;
  std::string_view why;
};
std::span<const CommandRow> dangerous_commands();

// HeldCommand is a row of one run.
struct HeldCommand {
  std::string name;  // as CommandRow's; a name with a slash is the path of one file
  CommandWhen when = CommandWhen::Always;
  std::string why;
  // Asked for by name, it is held back wherever it lies; a built-in one in the system's
  // directories and as a copy of what is there.
  bool anywhere = false;
};

// held_commands is what a run holds back: the built-in rows but for the names in `allowed`, and
// what `blocked` names. A command that is in both is held back.
std::vector<HeldCommand> held_commands(std::span<const std::string> blocked,
                                       std::span<const std::string> allowed);

// in_system_directory reports whether an absolute, resolved path lies where distributions install
// programs. What an agent may write there is its own all the same.
bool in_system_directory(std::string_view path);

// held_by_name is the row for a program's file name, or null.
const HeldCommand* held_by_name(std::span<const HeldCommand> held, std::string_view name);

// Invocation is what a program is called with, as the agent's memory says at one moment.
struct Invocation {
  std::vector<std::string> words;  // from argv[0] on
  std::string directory;           // absolute; empty where it is not known
  std::span<const HomePlace> homes;
};
// is_held reports whether the row's condition holds. Operands are compared as spelt, from the
// directory on: what links lead to is Landlock's to judge.
bool is_held(const HeldCommand& held, const Invocation& call, const CapabilitySet& capabilities);

// Programs that are many programs, or run another one.
enum class ProgramKind : unsigned char { Plain, Multicall, Loader };
ProgramKind kind_of_program(std::string_view name);
// applet_of is the program that a multicall program becomes; empty where the words name none.
std::string applet_of(std::string_view own_name, std::span<const std::string> words);

// Shebang is the first line of a script.
struct Shebang {
  std::string interpreter;
  std::string argument;  // empty where there is none
};
// shebang_of reads the beginning of a file, of which the kernel looks at 256 bytes; an empty
// interpreter where it is no script.
Shebang shebang_of(std::string_view beginning);

}  // namespace nono::sandbox
