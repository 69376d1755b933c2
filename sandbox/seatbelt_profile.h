// sandbox/seatbelt_profile.h: the sandbox of a run in the profile language of macOS.
//
// A pure function of the CapabilitySet that Landlock gets on Linux, and of what the gate found. The
// last rule that matches wins, so the text goes from grants to what no grant gives.
//
// What is weaker than on Linux: nothing judges an open while the agent runs. Guarded names are
// therefore closed as names, and only files that were verified before the start are readable; who
// replaces one of these from outside the sandbox is not noticed. A link is judged by where it
// leads. Names are compared by bytes and ASCII case, not by look-alikes. Ports are ports of any
// address.
#pragma once

#include <string>
#include <vector>

#include "sandbox/capability_set.h"
#include "sandbox/protected_names.h"

namespace nono::sandbox {

// GuardedPattern is a class of guarded names, as a regular expression on absolute paths.
struct GuardedPattern {
  std::string regex;
  bool but_bundles = false;  // names that end in .bundle are evidence, and stay readable
  bool instructs = false;    // of instruction files, which the agent does not write (`drafts`)
};

// SeatbeltRules are the denials below the grants. Paths are absolute and resolved.
struct SeatbeltRules {
  std::vector<GuardedPattern> guarded;
  std::vector<std::string> admitted;      // guarded by name and readable all the same
  std::vector<std::string> not_admitted;  // never readable, whatever their name
  std::vector<std::string> unchangeable;  // verified files and their evidence
  bool drafts = false;                    // the agent may write instruction files
  std::vector<HomePlace> homes;           // of the write-deny names; may be empty
};

// seatbelt_profile writes the whole profile, comments with the origin of each grant included.
std::string seatbelt_profile(const CapabilitySet& capabilities, const SeatbeltRules& rules);

}  // namespace nono::sandbox
