// sandbox/broker_execute.h: execve and execveat, judged by the broker and then done by the kernel.
//
// What is judged is the program object and what it would run: the interpreter of a script, the
// program that the dynamic loader is given, the applet of a multicall program, a copy of a held
// program. The kernel reads path and words again when it goes on: a process that changes them in
// between is not held to the verdict (docs/known-leaks.md).
#pragma once

#include <sys/stat.h>

#include <span>
#include <string>
#include <vector>

#include "base/owned_fd.h"
#include "sandbox/broker_rules.h"
#include "sandbox/commands.h"
#include "sandbox/resolve.h"

namespace nono::sandbox {

// ProgramFile is what execve(2) is given, looked at once.
struct ProgramFile {
  OwnedFd object;  // O_PATH
  struct stat status;
  std::string resolved;
};

// HeldObjects are the held programs that are installed, to know their copies by. They are looked
// for when first asked: most agents run nothing but the system's own programs. It borrows both.
class HeldObjects {
 public:
  HeldObjects(std::span<const HeldCommand> commands, const CapabilitySet* capabilities)
      : commands_(commands), capabilities_(capabilities) {}
  struct Named {
    std::string name;
    const HeldCommand* row;
    bool unknown;  // to the rows, so that only what it would run is left to judge
  };
  // named is under which name the rows know the program: its own where it is the system's own, and
  // elsewhere that of the installed program whose bytes it has.
  Named named(const ProgramFile& program);
  // is_systems_own: it lies in one of the system's directories, and the agent may not write there.
  bool is_systems_own(const ProgramFile& program) const;

 private:
  // name_of is the file name of the installed program that has the same bytes; empty where there is
  // none. An object of a held program's size that cannot be read counts as that program.
  std::string name_of(BorrowedFd object, const struct stat& status);
  struct Known {
    std::string name;
    OwnedFd fd;
    struct stat status;
  };
  void look();
  void look_in(const std::string& directory);
  void add(const std::string& path, const std::string& name);

  std::span<const HeldCommand> commands_;
  const CapabilitySet* capabilities_;
  bool looked_ = false;
  std::vector<Known> known_;
};

class Executor {
 public:
  Executor(const Resolver& resolver, BrokerRules& rules)
      : resolver_(resolver),
        rules_(rules),
        objects_(rules.config().commands, rules.config().capabilities) {}
  Outcome serve(const Call& call);

 private:
  using Program = ProgramFile;
  // Judged is one call on its way through interpreters and loaders.
  struct Judged {
    const Call& call;
    Invocation invocation;
    bool words_read = false;
    int depth = 0;
  };
  Answer<Program> program_at(const Call& call, int dirfd, const std::string& path,
                             LastLink last) const;
  // held is the row that holds the program back, or null.
  Answer<const HeldCommand*> held(Judged& judged, const Program& program);
  // held_by is `row` where it holds back what is called so; it may be null.
  Answer<const HeldCommand*> held_by(Judged& judged, const HeldCommand* row) const;
  Answer<const HeldCommand*> held_script(Judged& judged, const Program& program);
  Answer<const HeldCommand*> held_argument(Judged& judged);
  Answer<void> read_words(Judged& judged) const;
  bool is_instruction(const Program& program, const std::string& spelt) const;
  Answer<std::string> started_by(const Call& call, const Program& program) const;
  Answer<void> may_start(const Call& call, const Program& program);
  void record(const Call& call, const Program& program);
  std::string without_grant(const Call& call, const Program& program) const;
  void tell_unread(const Call& call, const Program& program);

  const Resolver& resolver_;
  BrokerRules& rules_;
  HeldObjects objects_;
};

}  // namespace nono::sandbox
