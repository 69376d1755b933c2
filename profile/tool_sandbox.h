// profile/tool_sandbox.h: `command_policies`, where it describes one sandbox.
//
// Upstream nono gives each command of a run a sandbox of its own. A run here has one: so what is
// read is an `entrypoint`, the command that the run starts, with its `executable` and `sandbox`,
// and that sandbox is the run's. What would take a second one, or a rule by caller or argument, is
// known and refused.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "profile/schema.h"

namespace nono::profile {

enum class ToolRight : unsigned char { Read, Write, ReadFile, WriteFile };

struct ToolPath {
  ToolRight right = ToolRight::Read;
  std::string text;     // as written
  std::string pointer;  // JSON pointer
};

struct ToolSandbox {
  std::string command;  // the entrypoint
  std::string executable;
  std::string pointer;          // of the executable
  std::vector<ToolPath> paths;  // with the raw-file credentials that it uses
  // No environment: the usual few (tool_variables).
  std::optional<std::vector<std::string>> allow_vars;
  std::vector<std::pair<std::string, std::string>> set_vars;
};

// tool_variables are those that a command gets which names none.
std::vector<std::string> tool_variables();

struct ToolPart {
  std::vector<Finding> refused;     // what it asks for and no run keeps
  std::optional<ToolSandbox> tool;  // nothing where something is refused, or nothing asked for
};

// read_tool_sandbox reads command_policies. InvalidInput where a member is of another type, or a
// name leads nowhere.
Result<ToolPart> read_tool_sandbox(const JsonView& view);

}  // namespace nono::profile
