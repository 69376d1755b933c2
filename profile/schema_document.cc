// profile/schema_document.cc: docs/profile.schema.json (JSON Schema 2020-12), made of the table.
#include <algorithm>
#include <utility>

#include "profile/schema.h"

namespace nono::profile {
namespace {

constexpr std::int64_t kMaxTextLength = 4096;  // as many bytes as the parser takes

Json one_of(Json first, Json second) {
  return Json::Object{{"oneOf", Json::Array{std::move(first), std::move(second)}}};
}

Json typed(std::string_view type) {
  return Json::Object{{"type", type}};
}

// text counts characters where the parser counts bytes: it never refuses what that takes.
Json text() {
  return Json::Object{{"type", "string"}, {"maxLength", kMaxTextLength}};
}

Json matching(std::string_view pattern) {
  return Json::Object{{"type", "string"}, {"pattern", pattern}};
}

Json list_of(Json items) {
  return Json::Object{{"type", "array"},
                      {"items", std::move(items)},
                      {"maxItems", static_cast<std::int64_t>(kMaxListEntries)}};
}

Json nonempty() {
  Json out = text();
  out.set("minLength", 1);
  return out;
}

// other_than is `value` where `pattern` does not match.
Json other_than(Json value, std::string_view pattern) {
  value.set("not", matching(pattern));
  return value;
}

// platform is what when_here takes; null says nothing.
Json platform() {
  const Json one = matching("^!?(linux|macos|macos:.*)$");
  return one_of(typed("null"), one_of(one, list_of(one)));
}

// conditional is `value`, or an object that says when it holds.
Json conditional(const Json& value, std::string_view key) {
  const Json when = platform();
  return one_of(
      value, Json::Object{{"type", "object"},
                          {"additionalProperties", false},
                          {"required", Json::Array{key}},
                          {"properties", Json::Object{{std::string(key), value}, {"when", when}}}});
}

Json profile_name() {
  return other_than(matching("^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$"), "\\.(json|toml|yaml|yml)$");
}

Json group_list() {
  return list_of(conditional(matching("^[a-z0-9_]{1,64}$"), "name"));
}

Json hosts() {
  return list_of(one_of(typed("string"),
                        Json::Object{{"type", "object"}, {"required", Json::Array{"domain"}}}));
}

Json ports() {
  return list_of(Json::Object{{"type", "integer"}, {"minimum", 1}, {"maximum", 65535}});
}

Json choice(std::string_view words) {
  Json::Array list;
  while (!words.empty()) {
    const std::string_view one = words.substr(0, words.find(' '));
    list.emplace_back(one);
    words.remove_prefix(std::min(one.size() + 1, words.size()));
  }
  return Json::Object{{"enum", std::move(list)}};
}

Json settings() {
  return Json::Object{{"type", "object"},
                      {"maxProperties", static_cast<std::int64_t>(kMaxListEntries)},
                      {"propertyNames", matching("^[A-Za-z_][A-Za-z0-9_]{0,4095}$")},
                      {"additionalProperties", text()}};
}

Json credentials() {
  const Json variable = matching("^[A-Za-z_][A-Za-z0-9_]{0,255}$");
  return Json::Object{{"type", "object"},
                      {"maxProperties", static_cast<std::int64_t>(kMaxListEntries)},
                      {"propertyNames", nonempty()},
                      {"additionalProperties", conditional(variable, "env_var")}};
}

Json section(FieldType type) {
  if (type == FieldType::Credentials) {
    return credentials();
  }
  return type == FieldType::Commands ? typed("object") : Json(Json::Object{});  // Anything
}

Json object_of(std::string_view path);

Json lists(const Field& field) {
  switch (field.type) {
    case FieldType::Names:
      return one_of(profile_name(), list_of(profile_name()));
    case FieldType::Groups:
      return one_of(group_list(), object_of(field.path));
    case FieldType::GroupList:
      return group_list();
    case FieldType::Paths:
      return list_of(conditional(nonempty(), "path"));
    case FieldType::Words:
      return list_of(text());
    case FieldType::Hosts:
      return hosts();
    case FieldType::Ports:
      return ports();
    case FieldType::Variables:
      return list_of(matching("^[A-Za-z_][A-Za-z0-9_]{0,4095}\\*?$"));
    default:
      return section(field.type);
  }
}

Json value_of(const Field& field) {
  switch (field.type) {
    case FieldType::Object:
      return object_of(field.path);
    case FieldType::Text:
      return text();
    case FieldType::Name:
      return profile_name();
    case FieldType::Settings:
      return settings();
    case FieldType::Flag:
      return typed("boolean");
    case FieldType::Choice:
      return choice(field.words);
    case FieldType::Duration:
      return other_than(matching("^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"), "^[^1-9]*$");
    case FieldType::Size:
      return matching("^0*[1-9][0-9]*([KMGT](iB)?)?$");
    case FieldType::Count:
      return Json::Object{
          {"type", "integer"}, {"minimum", 1}, {"maximum", std::int64_t{4294967295}}};
    case FieldType::Always:
      return Json::Object{{"const", true}};
    default:
      return lists(field);
  }
}

// is_member: `path` is one level beneath `parent`.
bool is_member(std::string_view path, std::string_view parent) {
  if (parent.empty()) {
    return !path.contains('.');
  }
  return path.size() > parent.size() && path.starts_with(parent) && path[parent.size()] == '.' &&
         !path.substr(parent.size() + 1).contains('.');
}

std::string description(const Field& field) {
  switch (field.effect) {
    case FieldEffect::Used:
      return std::string(field.help);
    case FieldEffect::Said:
      return "No effect: " + std::string(field.help);
    case FieldEffect::Refused:
      return "Refused: " + std::string(field.help);
  }
  std::unreachable();
}

// object_of recurses as deep as the table is.
Json object_of(std::string_view path) {
  Json properties{Json::Object{}};
  for (const Field& field : profile_fields()) {
    if (is_member(field.path, path)) {
      Json value = value_of(field);
      Json either = field.type == FieldType::Anything ? std::move(value)
                                                      : one_of(typed("null"), std::move(value));
      either.set("description", description(field));
      const std::string_view name = field.path.substr(path.empty() ? 0 : path.size() + 1);
      properties.set(name, std::move(either));
    }
  }
  return Json::Object{
      {"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

}  // namespace

Json schema_document() {
  Json out = Json::Object{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                          {"title", "nono profile"}};
  Json object = object_of("");
  for (auto& [key, value] : *object.object()) {
    out.set(key, std::move(value));
  }
  return out;
}

}  // namespace nono::profile
