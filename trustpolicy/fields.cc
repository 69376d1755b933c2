// trustpolicy/fields.cc: the small readers that the parts of a policy document share.
#include "trustpolicy/fields.h"

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

Result<Glob> parse_path_glob(const JsonView& field) {
  NONO_TRY(const std::string pattern, field.string());
  return placed(field, Glob::parse(pattern));
}

Result<Glob> parse_flat_glob(const JsonView& field) {
  NONO_TRY(const std::string pattern, field.string());
  return placed(field, Glob::parse_flat(pattern));
}

}  // namespace nono::trustpolicy
