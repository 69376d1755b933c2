// profile/builtin_profiles.h: the profiles that nono brings, written as anybody's are.
#pragma once

#include <span>
#include <string_view>

namespace nono::profile {

struct BuiltinProfile {
  std::string_view name;
  std::string_view json;
  std::string_view advice = "";  // how to call its agent in there; told before the start
};
std::span<const BuiltinProfile> builtin_profiles();  // by name
const BuiltinProfile* find_builtin_profile(std::string_view name);

}  // namespace nono::profile
