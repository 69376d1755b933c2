// sandbox/protected_names.h: names that no agent writes inside its grants, present or not.
//
// What runs code later, outside the sandbox, under the user's hand: git hooks and configuration,
// editor tasks, agent settings, shell start-up files. The list is data (docs/sandbox.md);
// the check is on resolved paths, component by component, folded (sandbox/folded_path.h).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sandbox/folded_path.h"

namespace nono::sandbox {

struct ProtectedName {
  // components; "*" is any one of them and, at the end, anything beneath; "*.x" one that ends in
  // ".x"; "**" none or more of them; "~/" is a home of the user (HomePlace)
  std::string_view pattern;
  std::string_view why;
};
std::span<const ProtectedName> protected_names();

enum class Protection : unsigned char {
  None,
  Inside,   // where such names may be at any depth: files are free, directories may be made and
            // removed, but none moves or comes, and nothing is made a link
  Node,     // a directory whose content is protected: may not be renamed away, replaced or linked,
            // but may be made as a directory where it does not exist
  Content,  // may not be created, written, replaced, renamed or removed
};

struct ProtectedMatch {
  Protection protection = Protection::None;
  std::string_view pattern;  // of the row that decides
  std::string_view why;
  // root is the directory in which the pattern starts (the project, the home). What an agent makes
  // in a directory that it made itself during the session is its own: a clone has settings and
  // hooks. Empty at places elsewhere (HomePlace): nothing there is.
  std::string root;
  std::string git_directory;  // the `.git` directory concerned; empty for other patterns
  std::string worktree;       // the directory of one worktree in it; empty for other patterns
};

// HomePlace is what patterns of a home mean, wherever it lies: the home itself, a directory or file
// of it that a variable or a link puts elsewhere.
struct HomePlace {
  std::string path;                  // absolute, resolved
  std::string_view stands_for = "";  // of the home: "" all of it, ".config/", ".bashrc"
  std::string folded = folded_path(path);
};

// pattern_at is the rest of a row's pattern at a place of the home; empty where the place is a file
// that the row means, nothing where the row means nothing there.
std::optional<std::string_view> pattern_at(const ProtectedName& row, const HomePlace& home);

// protection_of judges an absolute, resolved path. `homes` may be empty; directories that lead to a
// place elsewhere (stands_for is not empty) do not move either. Beneath node_modules/ and
// site-packages/ no names begin but those of the home: packages ship files like the others, and
// nobody opens them as a project. The packages in a protected tree (.claude/hooks/node_modules/)
// belong to it: what lies there runs with it. So do those of .git/modules, whose directories are
// called as submodules are.
ProtectedMatch protection_of(std::string_view resolved_path, std::span<const HomePlace> homes);

// above_packages is what holds the first node_modules/ or site-packages/ that the path leads into;
// all of the path where there is none.
std::string_view above_packages(std::string_view path);

}  // namespace nono::sandbox
