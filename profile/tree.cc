#include "profile/tree.h"

#include <string>
#include <utility>

#include "base/text.h"

namespace nono::profile {

Result<ProfileFormat> format_of(std::string_view file_name) {
  if (file_name.ends_with(".json")) {
    return ProfileFormat::Json;
  }
  if (file_name.ends_with(".toml")) {
    return ProfileFormat::Toml;
  }
  if (file_name.ends_with(".yaml") || file_name.ends_with(".yml")) {
    return ProfileFormat::Yaml;
  }
  return std::unexpected(
      Error(ErrorKind::InvalidInput,
            printable(file_name) + ": the ending does not say what language the profile is in")
          .mend_with("name it .json, .toml or .yaml"));
}

std::string_view name_of(ProfileFormat format) {
  switch (format) {
    case ProfileFormat::Json:
      return "JSON";
    case ProfileFormat::Toml:
      return "TOML";
    case ProfileFormat::Yaml:
      return "YAML";
  }
  std::unreachable();
}

Result<Json> read_tree(std::string_view text, ProfileFormat format) {
  if (text.size() > kProfileLimits.bytes) {
    return fail(ErrorKind::Exhausted, "document: has " + std::to_string(text.size()) +
                                          " bytes, at most " +
                                          std::to_string(kProfileLimits.bytes) + " are allowed");
  }
  if (format == ProfileFormat::Json) {
    return Json::parse(text, kProfileLimits);
  }
  if (!is_utf8(text) || text.contains('\0')) {
    return fail(ErrorKind::InvalidInput, "document: is not text in UTF-8");
  }
  return format == ProfileFormat::Toml ? read_toml(text) : read_yaml(text);
}

}  // namespace nono::profile
