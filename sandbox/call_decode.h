// sandbox/call_decode.h: the arguments of trapped calls in one form per kind, whatever the variant.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "sandbox/filters.h"

namespace nono::sandbox {

using CallArgs = std::array<std::uint64_t, 6>;

// PathArg is a directory descriptor (or AT_FDCWD) and the address of a path; address 0 where the
// call names the descriptor itself (fchmod, …).
struct PathArg {
  int dirfd;
  std::uint64_t address;
};

struct OpenCall {
  PathArg path;
  int flags;
  mode_t mode;
};
struct TwoPathCall {  // rename*, link*: from, to; symlink*: `from.address` is the target's text
  PathArg from;
  PathArg to;
  unsigned flags;
};
struct MakeCall {
  PathArg path;
  mode_t mode;  // with the file type; S_IFDIR for mkdir
  dev_t device;
};
struct UnlinkCall {
  PathArg path;
  int flags;  // AT_REMOVEDIR
};
struct MetadataCall {
  PathArg path{};
  int flags = 0;  // AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH
  // path.dirfd is the object itself, and there is no path. AT_FDCWD is no descriptor then.
  bool by_descriptor = false;
};

OpenCall decode_open(int number, const CallArgs& args);
PathArg decode_execute(int number, const CallArgs& args, int& flags);
// decode_words is the address of the program's argument array.
std::uint64_t decode_words(int number, const CallArgs& args);
TwoPathCall decode_rename(int number, const CallArgs& args);
TwoPathCall decode_link(int number, const CallArgs& args);
TwoPathCall decode_symlink(int number, const CallArgs& args);
MakeCall decode_make(int number, const CallArgs& args);
UnlinkCall decode_unlink(int number, const CallArgs& args);
// decode_metadata covers Mode, Owner, Times and Xattr: where the object is named.
MetadataCall decode_metadata(int number, const CallArgs& args);

// operation_name is for the record of a call that was given up.
std::string_view operation_name(Trap trap);

}  // namespace nono::sandbox
