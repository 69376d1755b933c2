// cli/run_request.h: from options to engine::RunRequest, for every command that composes a sandbox:
// `run` starts one, `why` asks one, `learn` looks for the smallest.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/result.h"
#include "cli/command.h"
#include "cli/session.h"
#include "engine/run.h"

namespace nono::cli {

// kCapabilityOptions say what an agent may do; they mean the same in each of those commands.
inline constexpr auto kCapabilityOptions = std::to_array<Option>({
    {"allow-cwd", 0, "", "read, write and execute in the working directory"},
    {"read-cwd", 0, "", "read and execute in the working directory"},
    {"allow", 'a', "DIR", "read, write and execute in a directory", Takes::Values,
     Completes::Directories},
    {"read", 'r', "DIR", "read and execute in a directory", Takes::Values, Completes::Directories},
    {"write", 'w', "DIR", "write in a directory, without reading", Takes::Values,
     Completes::Directories},
    {"data", 0, "PATH", "read without executing", Takes::Values, Completes::Files},
    {"exec", 0, "PATH", "execute and read without writing", Takes::Values, Completes::Files},
    {"allow-file", 0, "FILE", "read and write one file", Takes::Values, Completes::Files},
    {"read-file", 0, "FILE", "read one file", Takes::Values, Completes::Files},
    {"write-file", 0, "FILE", "write one file", Takes::Values, Completes::Files},
    {"workdir", 0, "DIR", "start there instead of in the working directory", Takes::OneValue,
     Completes::Directories},
    {"block-net", 0, "", "no network"},
    {"net-namespace", 0, "WHEN",
     "block it by an empty network of its own, too: off (default), auto or on", Takes::OneValue},
    {"mount-namespace", 0, "WHEN",
     "hide what is not granted by mounts of its own: off, auto or on (default: auto with "
     "--block-net, else off)",
     Takes::OneValue},
    {"allow-net", 0, "", "the whole network (the default)"},
    {"connect", 0, "HOST:PORT", "only TCP, to this host; names are resolved at the start",
     Takes::Values},
    {"connect-port", 0, "PORT", "only TCP, to this port of any address", Takes::Values},
    {"allow-unix-socket", 0, "SOCKET", "connect to a socket in the file system", Takes::Values,
     Completes::Files},
    {"listen-port", 0, "PORT", "only TCP, listening on this port", Takes::Values},
    {"block-command", 0, "NAME", "hold a program back, by its name or path", Takes::Values},
    {"allow-command", 0, "NAME", "let a program through that is held back by default",
     Takes::Values},
    {"keep", 0, "DIR", "nothing that is there now is removed from it or moved out of it",
     Takes::Values, Completes::Directories},
    {"env", 0, "NAME", "pass on a variable that is dropped by default, or set NAME=VALUE",
     Takes::Values},
    {"env-allow", 0, "GLOB", "pass on variables by pattern", Takes::Values},
    {"env-credential", 0, "NAME[,...]",
     "set NAME, in capitals, to what the Secret Service keeps for nono as NAME", Takes::Values},
    {"env-credential-map", 0, "SOURCE VARIABLE",
     "set a variable from file:///PATH, env://NAME or keystore://NAME", Takes::Pair},
    {"policy", 0, "FILE", "use this trust policy in place of the project's", Takes::OneValue,
     Completes::Files},
    {"trust-scan", 0, "WHICH",
     "what stops the start: autoloaded (default; of wrap all), all or none", Takes::OneValue},
    {"trust-intercept", 0, "HOW",
     "how opens are judged: strict (default), fast; off, of wrap only: not at all",
     Takes::OneValue},
    {"trust-override", 0, "", "denials of guarded files become warnings; the blocklist stays"},
    {"allow-instruction-drafts", 0, "",
     "instruction files may be written; unreadable until somebody signs them"},
    {"allow-instruction-edit", 0, "", "verified instruction files may be changed, too"},
    {"profile", 'p', "NAME", "a profile by name, or a file: grants, network, environment",
     Takes::OneValue, Completes::Files},
    {"no-profile", 0, "", "neither the directory's default profile nor the project's"},
    {"override-never-grant", 0, "PATH", "allow a grant that is never given otherwise",
     Takes::Values, Completes::Files},
});

// joined is one table of options after another, at compile time.
template <std::size_t N, std::size_t M>
constexpr std::array<Option, N + M> joined(const std::array<Option, N>& first,
                                           const std::array<Option, M>& second) {
  std::array<Option, N + M> out{};
  std::ranges::copy(first, out.begin());
  std::ranges::copy(second, out.begin() + N);
  return out;
}

// run_request_from reads the options above and those of `run`; what a command does not offer is not
// given. The working directory is the session's, or that of --workdir.
Result<engine::RunRequest> run_request_from(const Arguments& arguments, const Session& session);

}  // namespace nono::cli
