// cli/policy.cc: policy groups, policy show.
#include <array>
#include <utility>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/session.h"
#include "profile/groups.h"

namespace nono::cli {
namespace {

std::string_view text_of(profile::GroupPlatform platform) {
  switch (platform) {
    case profile::GroupPlatform::Any:
      return "any";
    case profile::GroupPlatform::Linux:
      return "linux";
    case profile::GroupPlatform::MacOs:
      return "macos";
  }
  std::unreachable();
}

Json rows_json(const profile::Group& group) {
  Json::Array rows;
  for (const profile::GroupRow& row : group.rows) {
    rows.push_back(Json::Object{
        {"path", row.path}, {"access", profile::text_of(row.access)}, {"why", row.why}});
  }
  return {std::move(rows)};
}

Json group_json(const profile::Group& group) {
  return Json::Object{{"name", group.name},
                      {"platform", text_of(group.platform)},
                      {"description", group.description},
                      {"enforced", group.enforced},
                      {"instead", text_or_null(group.instead)},
                      {"paths", rows_json(group)}};
}

Result<int> show_group(Session& session, const std::string& name) {
  const profile::Group* group = profile::find_group(name);
  if (group == nullptr) {
    return std::unexpected(Error(ErrorKind::Usage, "there is no group " + printable(name))
                               .mend_with("nono policy groups lists them"));
  }
  if (session.wants_json()) {
    Json json = document("policy-show");
    json.set("group", group_json(*group));
    session.render().json(json);
    return kDone;
  }
  session.render().result(std::string(group->name) + "  (" + std::string(text_of(group->platform)) +
                          ")  " + std::string(group->description));
  if (!group->instead.empty()) {
    session.render().detail(group->enforced ? "instead" : "not enforced", group->instead);
  }
  for (const profile::GroupRow& row : group->rows) {
    session.render().detail(profile::text_of(row.access),
                            std::string(row.path) + "  (" + std::string(row.why) + ")");
  }
  return kDone;
}

Result<int> run_groups(const Arguments& arguments, Session& session) {
  if (!arguments.operands().empty()) {
    return show_group(session, arguments.operands().front());
  }
  Json::Array list;
  for (const profile::Group& group : profile::all_groups()) {
    list.push_back(group_json(group));
    if (!session.wants_json()) {
      session.render().result(
          std::string(group.name) + "  (" + std::string(text_of(group.platform)) + ")  " +
          std::string(group.description) + (group.enforced ? "" : "  [not enforced]"));
    }
  }
  if (session.wants_json()) {
    Json json = document("policy-groups");
    json.set("groups", Json(std::move(list)));
    session.render().json(json);
  }
  return kDone;
}

Result<int> run_show(const Arguments& arguments, Session& session) {
  return show_group(session, arguments.operands().front());
}

constexpr auto kGroupsExamples = std::to_array<Example>({
    {"nono policy groups", "the names that a profile's `groups` takes"},
});
constexpr auto kShowExamples = std::to_array<Example>({
    {"nono policy show rust_runtime", "its paths, each with the reason"},
});

}  // namespace

const Command kPolicyGroups{
    .name = "policy groups",
    .summary = "the groups of paths that profiles name",
    .description =
        "A group is what a toolchain or an agent keeps where, with the reason for each "
        "path. Groups of another platform grant nothing here.",
    .operands = {.shown = "GROUP", .most = 1},
    .options = {},
    .examples = kGroupsExamples,
    .json = JsonOutput::Offered,
    .run = run_groups,
};

const Command kPolicyShow{
    .name = "policy show",
    .summary = "one group, path by path",
    .description = "Each path with what is granted or denied there, and why.",
    .operands = {.shown = "GROUP", .least = 1, .most = 1},
    .options = {},
    .examples = kShowExamples,
    .json = JsonOutput::Offered,
    .run = run_show,
};

}  // namespace nono::cli
