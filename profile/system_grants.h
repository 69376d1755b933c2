// profile/system_grants.h: what every agent gets so that ordinary programs run.
//
// Programs and libraries, the configuration that they read, harmless devices, facts about the
// machine: data (system_grant_rows), each with its reason. Not granted, and why:
//   /tmp, /run, /dev/shm  shared with programs outside: sockets, predictable names, shared memory.
//                         The session has its own temporary directory. Python's multiprocessing and
//                         browsers need `--allow /dev/shm --override-never-grant /dev/shm`.
//   /dev/pts              your other terminals. engine/ grants it for reading and writing where the
//                         broker judges every open: a process opens its own terminal only.
//   /var, home, /root     data. Tools that need a part of them get it from a profile or an option.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "profile/never_grant.h"
#include "sandbox/capability_set.h"

namespace nono::profile {

enum class SystemAccess : unsigned char {
  Programs,  // read and execute
  Facts,     // read
  Device,    // read and write
};
struct SystemGrantRow {
  std::string_view path;
  SystemAccess access;
  std::string_view why;
};
std::span<const SystemGrantRow> system_grant_rows();
// configuration_names are the entries of /etc that programs need, as patterns of names.
std::span<const std::string_view> configuration_names();

struct SystemGrantOptions {
  std::string private_tmp = {};   // PrivateTmp::path(): read, write, execute; empty: none
  std::string own_terminal = {};  // /dev/pts/N of the agent's pseudo-terminal; empty: none
  std::string etc = "/etc";       // where configuration lies
};

// add_system_grants adds them all. A path of the table that this system does not have, or that this
// user cannot reach, is skipped; one of the options is not: its error is returned.
//
// /etc is granted as a whole for reading where nothing in it that `never` holds back is readable to
// this process anyway; else (root) the entries that programs need (configuration_names) are granted
// one by one, without what is held back in them.
Result<void> add_system_grants(sandbox::CapabilitySet& capabilities, const NeverGrantList& never,
                               const SystemGrantOptions& options);

}  // namespace nono::profile
