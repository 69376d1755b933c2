#include "engine/why_inside.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "base/files.h"
#include "engine/directories.h"
#include "engine/why_place.h"
#include "sandbox/name_rules.h"
#include "trustpolicy/guard.h"

namespace nono::engine {
namespace {

constexpr int kHarmless = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

int opened(const std::string& path, int mode) {
  const OwnedFd fd(::open(path.c_str(), mode | kHarmless));
  return fd.valid() ? 0 : errno;
}

int checked(const std::string& path) {
  constexpr int kExecveCheck = 0x10000;  // AT_EXECVE_CHECK; EINVAL before Linux 6.14
  std::array<const char*, 2> argv{path.c_str(), nullptr};
  std::array<const char*, 1> envp{nullptr};
  const long result =
      ::syscall(SYS_execveat, AT_FDCWD, path.c_str(), argv.data(), envp.data(), kExecveCheck);
  return result == 0 ? 0 : errno;
}

Answer not_known(const std::string& because) {
  Answer out;
  out.rule = "not-known-here";
  out.because = because;
  out.mend = "ask outside of the sandbox, with the options of the session: nono why";
  return out;
}

// named says which rule refused, where the name tells.
Answer named(Operation operation, const NamedThing& thing) {
  Answer out;
  const auto user = find_user_directories();
  const auto match = sandbox::protection_of(
      thing.canonical, user ? home_places(*user) : std::vector<sandbox::HomePlace>());
  if (operation == Operation::Write && sandbox::refuses_name(match, thing.canonical, 0)) {
    out.rule = "protected-name";
    out.entry = match.pattern;
    out.because = match.why;
  } else if (trustpolicy::Guard().classify(thing.canonical) != trustpolicy::GuardClass::None) {
    out.rule = "guarded-file";
    out.because = "a guarded file: the trust policy, or the grants, refuse it";
    out.mend = "ask outside of the sandbox: nono trust explain";
  } else {
    out.rule = "refused";
    out.because = "the grants of this session or the file's own mode refuse it";
    out.mend = "ask outside of the sandbox, with the options of the session: nono why";
  }
  return out;
}

int tried(Operation operation, const NamedThing& thing) {
  switch (operation) {
    case Operation::Read:
      return opened(thing.requested, O_RDONLY);
    case Operation::Write:
      return opened(thing.requested, O_WRONLY);
    default:
      return checked(thing.requested);
  }
}

}  // namespace

bool inside_sandbox() {
  if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return false;
  }
  const bool kept = ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1;
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  return kept;
}

Result<Answer> why_inside(const Question& question) {
  const bool tryable = question.operation == Operation::Read ||
                       question.operation == Operation::Write ||
                       question.operation == Operation::Execute;
  NONO_TRY(const std::string directory, absolute_path("."));
  const NamedThing thing = look_up(directory, question.path, LastName::Follow);
  Answer out;
  const bool simple = S_ISREG(thing.status.st_mode) || S_ISDIR(thing.status.st_mode);
  if (!tryable || (thing.exists && !simple)) {
    out = not_known("inside a sandbox only opening files and programs can be tried");
  } else if (!thing.exists) {
    out.rule = "missing";
    out.because = "there is no such file";
  } else if (const int code = tried(question.operation, thing); code == 0) {
    out.allowed = true;
    out.rule = "tried";
    out.because = "this session allows it";
  } else if (code == EINVAL) {
    out = not_known("this kernel cannot check a program without executing it (Linux 6.14)");
  } else {
    out = named(question.operation, thing);
    out.because += " (" + Error::from_errno(code, "tried").message() + ")";
  }
  out.object = question.path.empty() ? "" : thing.requested;
  return out;
}

}  // namespace nono::engine
