// cli/upstream_options.h: option names of upstream nono that are not ours.
//
// A name that means the same as one of ours is taken for it; one that we do not have is refused
// with what there is instead. docs/compat-upstream.md lists both, and a test compares.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "cli/options.h"

namespace nono::cli {

struct UpstreamOption {
  std::string_view name;     // without the dashes
  std::string_view ours;     // the option that means the same; empty: there is none
  std::string_view instead;  // where there is none: why, or what to use
};
std::span<const UpstreamOption> upstream_options();
// upstream_option is null for a name that upstream does not have, or that is ours too.
const UpstreamOption* upstream_option(std::string_view name);

// refuse_upstream_environment is Usage where a variable is set that closes upstream's network: nono
// does not read it, and an open network where one counts on a closed one is
// the worse mistake. --block-net answers all of them.
Result<void> refuse_upstream_environment(const Arguments& arguments);

}  // namespace nono::cli
