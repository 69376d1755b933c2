#include "engine/mend.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/files.h"
#include "base/text.h"
#include "engine/object.h"
#include "sandbox/interpreter.h"
#include "sandbox/name_rules.h"
#include "sandbox/procfs.h"

namespace nono::engine {

using profile::GrantUse;
using sandbox::Access;
using sandbox::PathKind;

namespace {

// option_for is the narrowest capability option, or two, for one path.
std::string option_for(const std::string& path, Access access, PathKind kind) {
  const std::string word = " " + shell_quote(path);
  const bool writes = access.has(Access::write());
  if (access.has(Access::execute())) {
    return writes ? (kind == PathKind::Directory ? "--allow" + word
                                                 : "--exec" + word + " --write-file" + word)
                  : "--exec" + word;
  }
  if (kind == PathKind::Directory) {
    return !writes                      ? "--data" + word
           : access.has(Access::read()) ? "--data" + word + " --write" + word
                                        : "--write" + word;
  }
  return !writes                      ? "--read-file" + word
         : access.has(Access::read()) ? "--allow-file" + word
                                      : "--write-file" + word;
}

PathKind kind_at(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) ? PathKind::Directory
                                                                       : PathKind::File;
}

// The reason begins with the name that the row is known by.
std::string command_option(const sandbox::Refusal& refusal) {
  const std::size_t end = refusal.why.find(": ");
  return end == std::string::npos ? std::string()
                                  : "--allow-command " + shell_quote(refusal.why.substr(0, end));
}

std::string port_option(const sandbox::Refusal& refusal) {
  constexpr std::string_view kPort = "TCP port ";
  const std::string option = refusal.operation == "connect" ? "--connect-port " : "--listen-port ";
  return refusal.object.starts_with(kPort) ? option + refusal.object.substr(kPort.size()) : "";
}

struct FixedMend {
  std::string_view rule;
  std::string_view mend;
};
// Rules that are not here and not handled by mend_for are opened by no option.
constexpr auto kFixed = std::to_array<FixedMend>({
    {"network-blocked", "leave out --block-net, or use --connect HOST:PORT"},
    {"listen-without-port", "bind the socket to a port that --listen-port grants"},
    {"verified-file", "--allow-instruction-edit"},
    {sandbox::kDraftRule, "--allow-instruction-drafts"},
    {"evidence", "--allow-instruction-edit"},
    {"blocked-command", "leave out --block-command, or take it out of the profile's commands.deny"},
    {"kept-tree", "leave out --keep"},
    {"stalled-mount", "see to what is mounted there (findmnt), or unmount it"},
    {"guarded-read-write", "open it for reading or for writing only"},
});

// closed_on_way is the first that no grant lets be executed, of `program` and those by which the
// kernel starts it; empty where there is none.
std::string closed_on_way(const RunPlan& plan, const std::string& program) {
  constexpr int kMaxDepth = 5;  // the kernel's
  std::string next = program;
  for (int depth = 0; depth <= kMaxDepth; ++depth) {
    const OwnedFd object(::open(next.c_str(), O_PATH | O_CLOEXEC));
    const auto real = path_of(object);
    if (!object.valid() || !real) {
      return {};
    }
    if (!plan.capabilities.access_at(*real).has(Access::execute())) {
      return depth == 0 ? *real : next;  // a link to an interpreter is to be shown by a view, too
    }
    const auto file = open_regular(BorrowedFd::unowned(AT_FDCWD), *real);
    next = file ? sandbox::interpreter_of(*file) : std::string();
    if (!next.starts_with('/')) {
      return {};
    }
  }
  return {};
}

// is_passing: of a process, whose number is another's the next time.
bool is_passing(const std::string& path) {
  return sandbox::process_at(path) > 0;
}

}  // namespace

Needed access_of(std::string_view operation) {
  struct Row {
    std::string_view operation;
    Needed needed;
  };
  static constexpr auto kRows = std::to_array<Row>({
      {"read", {Access::read(), false}},
      {"watch", {Access::read(), false}},
      {"write", {Access::write(), false}},
      {"metadata", {Access::write(), false}},
      {"read-write", {Access::read() | Access::write(), false}},
      {"execute", {Access::execute(), false}},
  });
  const auto* row = std::ranges::find(kRows, operation, &Row::operation);
  return row != kRows.end() ? row->needed : Needed{Access::write(), true};
}

std::string way_to_grant(const profile::NeverGrantList& never, const std::string& path,
                         Access access, PathKind kind) {
  const auto use = access.has(Access::write()) ? GrantUse::Writing : GrantUse::Reading;
  std::string option = access.has(Access::connect()) ? "--allow-unix-socket " + shell_quote(path)
                                                     : option_for(path, access, kind);
  const auto held_back = never.find(path, use);
  if (!held_back) {
    return option;
  }
  return held_back->owner == profile::NeverGrantOwner::Nono
             ? ""
             : option + " --override-never-grant " + shell_quote(held_back->entry);
}

bool mode_refuses(const std::string& path, Access access) {
  const int wanted =
      (access.has(Access::write()) ? W_OK : 0) | (access.has(Access::read()) ? R_OK : 0);
  if (wanted == 0 || access.has(Access::execute()) ||
      ::faccessat(AT_FDCWD, path.c_str(), wanted, AT_EACCESS) == 0) {
    return false;
  }
  return errno == EACCES || errno == EPERM || errno == EROFS;
}

bool owner_refuses(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && status.st_uid != ::geteuid() &&
         mode_refuses(path, Access::write());
}

std::string mend_for(const RunPlan& plan, const sandbox::Refusal& refusal) {
  const bool of_metadata = refusal.rule == "metadata-outside-grants";
  if (refusal.rule == "outside-grants" || of_metadata) {
    const Needed needed = access_of(refusal.operation);
    const std::string path =
        needed.of_directory ? std::string(directory_name(refusal.object)) : refusal.object;
    const bool hopeless = of_metadata ? owner_refuses(path) : mode_refuses(path, needed.access);
    return is_passing(path) || hopeless
               ? ""
               : way_to_grant(plan.never_grant, path, needed.access, kind_at(path));
  }
  if (refusal.rule == "address-not-granted") {
    return "--connect " + refusal.object;
  }
  if (refusal.rule == "port-not-granted") {
    return port_option(refusal);
  }
  if (refusal.rule == "unix-socket" && refusal.object.starts_with('/')) {
    return way_to_grant(plan.never_grant, refusal.object, Access::connect(), PathKind::File);
  }
  if (refusal.rule == "command") {
    return command_option(refusal);
  }
  const auto* row = std::ranges::find(kFixed, refusal.rule, &FixedMend::rule);
  return row != kFixed.end() ? std::string(row->mend) : std::string();
}

Error not_executed(const RunPlan& plan, const std::string& program, int saved_errno) {
  const std::string cannot = "'" + printable(program) + "' cannot be executed in the sandbox: ";
  const auto fail = [&cannot](const std::string& why) {
    return Error(ErrorKind::PermissionDenied, cannot + why);
  };
  if (saved_errno == ENOEXEC) {
    return fail("it is no program, and no script with #!")
        .mend_with("name its interpreter before it");
  }
  const std::string closed = closed_on_way(plan, program);
  if (!closed.empty()) {
    const bool itself = resolved_path(absolute_path(program).value_or(program)) == closed;
    return fail("no grant covers " + printable(closed) + (itself ? "" : ", by which it is started"))
        .mend_with(way_to_grant(plan.never_grant, closed, Access::execute(), PathKind::File));
  }
  if (saved_errno == ENOENT) {
    return fail("its interpreter or loader is not there")
        .mend_with("look at its first line, or at what `file` says of it");
  }
  return fail(Error::from_errno(saved_errno, "execve").message())
      .mend_with("grant its directory with --exec or --read, or check its interpreter");
}

Error not_started(const std::string& what, const sandbox::ChildFailure& failure) {
  const std::string_view doing = sandbox::describe(failure.step);
  const Error cause = failure.step == sandbox::Step::Fork
                          ? Error::from_fork(failure.saved_errno, doing)
                          : Error::from_errno(failure.saved_errno, doing);
  return Error(ErrorKind::Unsupported, what + " was not started: " + cause.message())
      .mend_with(!cause.remedy().empty()
                     ? cause.remedy()
                     : "nono setup --check-only shows what this kernel can enforce");
}

}  // namespace nono::engine
