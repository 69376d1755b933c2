// trustpolicy/fields.cc: the small readers that the parts of a policy document share.
#include "trustpolicy/fields.h"

#include "trustpolicy/refreshed_root.h"

namespace nono::trustpolicy {
namespace {

constexpr std::size_t kMaxMembers = 64;

Result<Glob> placed(const JsonView& field, Result<Glob> glob) {
  if (!glob) {
    return std::unexpected(field.error("pattern " + glob.error().message()));
  }
  return glob;
}

}  // namespace

Result<void> no_nulls(const JsonView& object) {
  NONO_TRY(const auto members, object.members(kMaxMembers));
  for (const auto& [key, member] : members) {
    if (member.json().is_null()) {
      return std::unexpected(member.error("must not be null"));
    }
  }
  return {};
}

Result<bool> optional_flag(const JsonView& object, std::string_view key) {
  NONO_TRY(const auto field, object.maybe(key));
  return field ? field->boolean() : Result<bool>(false);
}

Result<std::string> optional_text(const JsonView& object, std::string_view key) {
  NONO_TRY(const auto field, object.maybe(key));
  return field ? field->string() : Result<std::string>(std::string());
}

Result<std::string> optional_root_name(const JsonView& object) {
  NONO_TRY(const auto field, object.maybe("root"));
  if (!field) {
    return std::string();
  }
  NONO_TRY(std::string name, field->string());
  if (!is_instance_name(name)) {
    return std::unexpected(
        field->error("must be the name of a trusted root: 1 to 64 of A-Z a-z 0-9 . _ - and no dot "
                     "in front"));
  }
  return name;
}

Result<Glob> parse_path_glob(const JsonView& field) {
  NONO_TRY(const std::string pattern, field.string());
  return placed(field, Glob::parse(pattern));
}

Result<Glob> parse_flat_glob(const JsonView& field) {
  NONO_TRY(const std::string pattern, field.string());
  return placed(field, Glob::parse_flat(pattern));
}

}  // namespace nono::trustpolicy
