// sandbox/place.h: what a path of the agent leads to.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/owned_fd.h"

namespace nono::sandbox {

enum class LastLink : unsigned char { Follow, Keep };
enum class MissingLast : unsigned char { Refuse, Allow };

// NamedPlace is a directory and a name in it: what operations on names work on.
struct NamedPlace {
  OwnedFd directory;
  std::string name;              // one component; never empty
  std::string canonical;         // the kernel's path of the directory + "/" + name
  bool wants_directory = false;  // the agent wrote a trailing slash
};

// Touched is an object or name that a call concerns, as the rules want to see it.
struct Touched {
  std::string resolved;   // canonical path
  std::string requested;  // absolute form of the agent's own spelling; may equal `resolved`
};

// Seen is an object (O_PATH) and what it was when it was opened.
struct Seen {
  OwnedFd object;
  struct stat status;
};

// Opened is what was opened: the kernel's path of it, and what it is.
struct Opened {
  const std::string& resolved;
  const struct stat& status;
};

// Walked is where a walk ended: at an object, or at a name that does not exist yet.
struct Walked {
  OwnedFd object;    // O_PATH; not valid where the last component is missing
  NamedPlace place;  // set where it is missing
};

}  // namespace nono::sandbox
