// profile/variables.h: the variables that expand in the paths of profiles and groups.
//
// $HOME (also ~), $CWD, $XDG_CONFIG_HOME, $XDG_DATA_HOME, $XDG_STATE_HOME, $XDG_CACHE_HOME as the
// first component; $TMPDIR and $XDG_RUNTIME_DIR there too, which are directories of the session
// that the agent has anyway; $USER and $UID anywhere. Values are never expanded again. Everything
// else is literal: nothing is taken from the environment by another name, no pattern, no command.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nono::profile {

struct Variables {
  std::string home;  // empty where there is none
  std::string working_directory;
  std::string config_home;
  std::string data_home;
  std::string state_home;
  std::string cache_home;
  std::string user;
  std::string uid;
};

// variables_from takes them from environ(7), with the XDG specification's defaults beneath `home`,
// which the caller looked up. A value that is not an absolute path is ignored.
Variables variables_from(std::span<const char* const> environment, const std::string& home,
                         const std::string& working_directory);

// expand_path returns an absolute normal path; nothing for one in a directory of the session.
// InvalidInput: not absolute, `..`, a variable without a value, over 4096 bytes.
Result<std::optional<std::string>> expand_path(std::string_view written,
                                               const Variables& variables);

}  // namespace nono::profile
