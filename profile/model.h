// profile/model.h: one profile as it is written: a value, not yet composed with what it extends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "profile/credentials.h"
#include "profile/schema.h"
#include "profile/tool_sandbox.h"
#include "profile/tree.h"
#include "sandbox/endpoint.h"
#include "sandbox/limits.h"

namespace nono::profile {

enum class PathRight : unsigned char {
  Allow,
  Read,
  Write,
  Exec,
  AllowFile,
  ReadFile,
  WriteFile,
  UnixSocket
};
std::string_view text_of(PathRight right);  // "allow_file"

struct WrittenPath {
  std::string text;     // as written, variables and all
  std::string pointer;  // "/filesystem/allow/0"
};
struct WrittenGrant {
  PathRight right = PathRight::Read;
  WrittenPath path;
};

enum class WorkdirAccess : unsigned char { None, Read, Write, ReadWrite };
std::string_view text_of(WorkdirAccess access);  // "readwrite"

struct NetworkPart {
  bool block = false;  // network.block, or an empty allow_domain
  std::vector<std::uint16_t> connect;
  std::vector<std::uint16_t> listen;
  std::vector<sandbox::HostPort> connect_to;
};

struct EnvironmentPart {
  std::optional<std::vector<std::string>> allow;  // only these, where given
  std::vector<std::string> deny;
  std::vector<std::string> pass;  // names, not patterns
  std::vector<std::pair<std::string, std::string>> set;
};

// CommandsPart names programs (sandbox/commands.h).
struct CommandsPart {
  std::vector<std::string> allow;  // not held back
  std::vector<std::string> deny;   // held back
};

// Profile is immutable by use: parse_profile makes it, compose reads it.
struct Profile {
  std::string name;  // meta.name; empty where there is none
  std::string version;
  std::string description;
  std::string author;
  std::vector<std::string> extends;
  std::vector<std::string> groups;
  std::vector<std::string> left_out_groups;
  std::vector<WrittenGrant> grants;
  std::vector<WrittenPath> denials;
  NetworkPart network;
  EnvironmentPart environment;
  std::vector<Credential> credentials;
  std::optional<ToolSandbox> tool;
  CommandsPart commands;
  bool scan_all = false;          // trust.scan is "all"
  bool strict_intercept = false;  // trust.intercept is "strict"
  bool audit_required = false;    // trust.audit is "required"
  sandbox::Limits limits;
  std::optional<WorkdirAccess> workdir;
  std::vector<Finding> findings;
  Json document;
};

// parse_profile reads a profile in one language. `shown_as` (a file or a name) begins each error.
// Everything that was not understood is an error; what was understood and cannot be enforced is in
// `findings`.
Result<Profile> parse_profile(std::string_view text, ProfileFormat format,
                              const std::string& shown_as);

}  // namespace nono::profile
