#include "engine/run_tool.h"

#include <sys/stat.h>

#include <string_view>

#include "base/files.h"
#include "base/text.h"
#include "engine/object.h"
#include "engine/reach.h"
#include "sandbox/confinement.h"

namespace nono::engine {

using sandbox::Access;

namespace {

std::string absolute_program(const RunRequest& request, const std::string& program) {
  return normal_path(program.starts_with('/') ? program
                                              : join_path(request.working_directory, program));
}

// is_command: a program that does other things under another name is another command.
bool is_command(const profile::ComposedTool& tool, const std::string& program,
                const std::string& resolved) {
  const std::string_view name = base_name(program);
  struct stat bound{};
  struct stat found{};
  return (name == tool.command || name == base_name(tool.executable)) &&
         ::stat(tool.executable.c_str(), &bound) == 0 && ::stat(resolved.c_str(), &found) == 0 &&
         bound.st_dev == found.st_dev && bound.st_ino == found.st_ino && S_ISREG(bound.st_mode);
}

}  // namespace

Result<void> check_tool(const RunPlan& plan, const RunRequest& request,
                        const std::string& program) {
  if (!request.tool) {
    return {};
  }
  const std::string& executable = request.tool->executable;
  const std::string started = resolved_path(absolute_program(request, program));
  if (!is_command(*request.tool, program, started)) {
    return std::unexpected(Error(ErrorKind::Usage, request.tool->origin + ": the program " +
                                                       printable(program) + " is not the command " +
                                                       printable(request.tool->command) + ", " +
                                                       printable(executable))
                               .mend_with("run " + shell_quote(executable)));
  }
  for (const std::string& path : {resolved_path(executable), started}) {
    if (access_by_place(plan.capabilities, path).has(Access::write())) {
      return std::unexpected(Error(ErrorKind::Usage, request.tool->origin + ": " + printable(path) +
                                                         " can be changed in its own sandbox")
                                 .mend_with("take what covers it out of fs_write"));
    }
  }
  return {};
}

Result<void> bind_tool(const RunPlan& plan, const RunRequest& request) {
  if (!request.tool) {
    return {};
  }
  if (request.recorder != nullptr) {
    return std::unexpected(Error(ErrorKind::Usage, request.tool->origin +
                                                       ": learning is not bound to the sandbox of "
                                                       "one command")
                               .mend_with("learn with another profile"));
  }
  if (request.command.empty()) {
    return {};
  }
  NONO_TRY(const sandbox::ExecPlan exec,
           sandbox::ExecPlan::build(request.command, plan.environment, request.working_directory));
  return check_tool(plan, request, exec.program());
}

}  // namespace nono::engine
