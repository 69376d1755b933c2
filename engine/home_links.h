// engine/home_links.h: where links of a home or project lead that nobody may write.
//
// Those who keep their settings in a repository have links in the home (`~/.bashrc ->
// dotfiles/bashrc`): what a shell runs lies where a project does then. The links are the user's own
// and are trusted as they are at the start; what an agent changes later, it changes within rules.
#pragma once

#include <string>
#include <vector>

#include "sandbox/protected_names.h"

namespace nono::engine {

enum class NamesOf : unsigned char { Home, Project };

// linked_places is where links of a home or project (absolute) lead whose names are protected, or
// directories on the way to such names, present or not. In directories that are protected whole
// only files of well-known names are looked at. Devices and the like are left out: a link to
// /dev/null is none.
std::vector<sandbox::HomePlace> linked_places(const std::string& directory,
                                              NamesOf names = NamesOf::Home);

}  // namespace nono::engine
