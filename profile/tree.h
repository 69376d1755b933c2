// profile/tree.h: the bytes of a profile as a tree of values, whatever language it is written in.
//
// Nothing read here is trusted. JSON is base/json.h. Of TOML and YAML only what JSON can say is
// read: what two readers could take for different things is refused (duplicate keys, anchors,
// aliases, tags, merge keys, several documents, dates, yes/no and their like without quotes), and
// what would make small bytes a large tree is, too. Errors name the place: a JSON pointer or a
// line.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace nono::profile {

enum class ProfileFormat : unsigned char { Json, Toml, Yaml };
inline constexpr std::string_view kProfileEndings[] = {".json", ".toml", ".yaml", ".yml"};

// format_of goes by the ending of a file name: InvalidInput where it is none of kProfileEndings.
Result<ProfileFormat> format_of(std::string_view file_name);
std::string_view name_of(ProfileFormat format);  // "JSON"

inline constexpr std::size_t kMaxProfileDepth = 16;
inline constexpr JsonLimits kProfileLimits{.bytes = 64u << 10,
                                           .depth = kMaxProfileDepth,
                                           .values = 16'384,
                                           .string = 32u << 10,
                                           .number = 64};

// read_tree reads one whole document within kProfileLimits. An empty TOML or YAML document is an
// empty object. What is malformed or ambiguous is InvalidInput, what is over a limit is Exhausted.
Result<Json> read_tree(std::string_view text, ProfileFormat format);

// The readers of one language each; the size is checked by read_tree.
Result<Json> read_toml(std::string_view text);
Result<Json> read_yaml(std::string_view text);

// yaml_scalar says what a scalar without quotes is: null, a boolean, an integer or a string;
// InvalidInput with the words for it where YAML 1.1 and 1.2 disagree.
Result<Json> yaml_scalar(std::string_view word);

}  // namespace nono::profile
