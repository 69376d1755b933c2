// trustpolicy/fields.h: the small readers that the parts of a policy document share.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "trustpolicy/glob.h"

namespace nono::trustpolicy {

// no_nulls refuses an object with a null member: absent and null are not two ways to say the same.
Result<void> no_nulls(const JsonView& object);
// optional_flag is false where the field is absent.
Result<bool> optional_flag(const JsonView& object, std::string_view key);
// optional_text is empty where the field is absent.
Result<std::string> optional_text(const JsonView& object, std::string_view key);
// optional_root_name reads the member "root": the name of a trusted root; empty where it is absent.
// A name is looked up where system and user keep theirs (discover.h): it is no path.
Result<std::string> optional_root_name(const JsonView& object);
// The glob readers put the field's JSON pointer before the reason.
Result<Glob> parse_path_glob(const JsonView& field);
Result<Glob> parse_flat_glob(const JsonView& field);

}  // namespace nono::trustpolicy
