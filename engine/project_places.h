// engine/project_places.h: what protected names of a project mean elsewhere.
//
// A repository can lie where its `.git` says (`gitdir: ./.bare`, the repository beside its
// worktrees), and settings where links lead. Both are the user's own as they are at the start.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sandbox/protected_names.h"

namespace nono::engine {

// project_places is where git directories and links of the projects lead in which `directories`
// (absolute, resolved) lie: a project is the nearest directory at or above with a `.git`, else the
// first of `directories` itself. Directories called `.git` are left out: their names are protected
// anyhow. What cannot be read leads nowhere.
std::vector<sandbox::HomePlace> project_places(std::span<const std::string> directories);

}  // namespace nono::engine
