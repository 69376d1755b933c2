// tests/profile/hostile_profiles_test.cc: the shared collection of hostile profiles, each with one
// fault, and the upstream profiles that must load.
#include <dirent.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "profile/compose.h"
#include "profile/never_grant.h"
#include "profile/schema.h"

namespace nono::profile {
namespace {

using Files = std::map<std::string, std::string>;

Variables user() {
  const std::vector<const char*> none;
  return variables_from(none, "/home/u", "/work/p");
}

// would_run does all that is done before the file system is asked: parse, compose, never-grant
// list.
Result<void> would_run(const Files& files, const std::string& name) {
  const FindProfile find = [&](const std::string& wanted) -> Result<Profile> {
    const auto file = files.find(wanted + ".json");
    if (file == files.end()) {
      return fail(ErrorKind::Usage, "there is no profile " + wanted);
    }
    return parse_profile(file->second, ProfileFormat::Json, wanted);
  };
  NONO_TRY(const Profile top, find(name));
  NONO_TRY(const Composed composed, compose(top, name, user(), find));
  if (const auto refused = refusals(composed); !refused.empty()) {
    return fail(ErrorKind::Unsupported, refused.front().origin + ": " + refused.front().why);
  }
  UserPlaces places;
  places.home = "/home/u";
  NONO_TRY(const NeverGrantList never, NeverGrantList::for_places(places));
  for (const ComposedGrant& grant : composed.grants) {
    const bool writes = grant.access.has(sandbox::Access::write());
    NONO_CHECK(never.check(grant.path, writes ? GrantUse::Writing : GrantUse::Reading));
  }
  return {};
}

// files_of is the one file, or those of a recipe; the first name is the one to be run.
std::pair<Files, std::string> files_of(const std::string& text, const std::string& file) {
  const auto json = Json::parse(text, kPolicyLimits);
  const Json* recipe = json ? json->find("files") : nullptr;
  Files out;
  if (recipe == nullptr) {
    out["p.json"] = text;
    return {out, "p"};
  }
  std::string first;
  for (const auto& [name, content] : *recipe->object()) {
    first = first.empty() ? name.substr(0, name.find('.')) : first;
    out[name] = content.string() != nullptr ? *content.string() : content.compact();
  }
  EXPECT_FALSE(first.empty()) << file;
  return {out, first};
}

TEST(HostileProfilesTest, EachIsRefused) {
  const std::string directory = std::string(NONO_SHARED_DIR) + "/fixtures/hostile";
  const auto index = read_file(directory + "/index.json", 4U << 20);
  if (!index) {
    GTEST_SKIP() << "the shared collection of hostile inputs is not on this machine";
  }
  // Accepted, and the path left out at the start, which needs a file system: tests/cli.
  const std::vector<std::string> at_the_start = {"profile.fs-4", "profile.fs-5"};
  const auto rows = Json::parse(*index, kBundleLimits);
  ASSERT_TRUE(rows) << rows.error().message();
  const Json* list = rows->array() != nullptr ? &*rows : rows->find("cases");
  ASSERT_NE(list, nullptr);
  std::size_t seen = 0;
  for (const Json& row : *list->array()) {
    const std::string id = *row.find("id")->string();
    if (!id.starts_with("profile.") || std::ranges::find(at_the_start, id) != at_the_start.end()) {
      continue;
    }
    ++seen;
    const auto text = read_file(directory + "/" + *row.find("file")->string(), 4U << 20);
    ASSERT_TRUE(text) << id;
    const auto [files, name] = files_of(*text, id);
    const auto outcome = would_run(files, name);
    EXPECT_EQ(outcome.has_value(), *row.find("expect")->string() == "accept")
        << id << ": " << (outcome ? "accepted" : outcome.error().message());
  }
  EXPECT_GT(seen, 40U);
}

// A profile as upstream's users write them, of upstream's fields and groups.
constexpr const char* kUpstream = R"({
  "$schema": "https://nono.sh/schemas/nono-profile.schema.json",
  "meta": {"name": "agent", "version": "1.0.0", "description": "An agent", "author": "somebody"},
  "extends": "default",
  "groups": {"include": ["node_runtime", "nix_runtime", "user_caches_linux", "linux_sysfs_read",
                         "system_read_linux_core", "system_write_linux", "unlink_protection"]},
  "security": {"signal_mode": "isolated", "process_info_mode": "isolated",
               "capability_elevation": false},
  "filesystem": {"allow": ["$HOME/.agent", "~/.local/share/agent"],
                 "read_file": [{"path": "$HOME/.agentrc", "when": "!macos"}],
                 "write": []},
  "network": {"block": false},
  "workdir": {"access": "readwrite"},
  "undo": {"exclude_patterns": ["node_modules"]},
  "interactive": true
})";

TEST(UpstreamProfileTest, Loads) {
  Files files;
  files["agent.json"] = kUpstream;
  files["default.json"] = R"({"groups":{"include":["deny_credentials","dangerous_commands"]}})";
  const auto outcome = would_run(files, "agent");
  EXPECT_TRUE(outcome) << outcome.error().message();
}

// Fields that came to upstream's profiles up to 0.81: what takes nothing away is said, the rest
// refused by name. No member is unknown.
TEST(UpstreamProfileTest, EveryFieldIsKnownByName) {
  const std::vector<std::pair<std::string, FieldEffect>> rows = {
      {R"({"filesystem":{"unix_socket_subtree":["/run/x"]}})", FieldEffect::Refused},
      {R"({"filesystem":{"unix_socket_subtree_bind":["/run/x"]}})", FieldEffect::Refused},
      {R"({"network":{"open_port_range":[[3000,3010]]}})", FieldEffect::Refused},
      {R"({"network":{"listen_port_range":[[3000,3010]]}})", FieldEffect::Refused},
      {R"({"network":{"deny_domain":["*.example.org"]}})", FieldEffect::Refused},
      {R"({"network":{"approval_backends":{"a":{"type":"terminal"}}}})", FieldEffect::Refused},
      {R"({"network":{"approval_defaults":{"backend":"a"}}})", FieldEffect::Said},
      {R"({"network":{"no_proxy":["localhost"]}})", FieldEffect::Said},
      {R"({"network":{"allow_http2":true}})", FieldEffect::Said},
      {R"({"environment":{"case_insensitive_vars":true}})", FieldEffect::Refused},
      {R"({"security":{"approval_backends":{"a":{"type":"terminal"}}}})", FieldEffect::Said},
      {R"({"security":{"approval_defaults":{"backend":"a"}}})", FieldEffect::Said},
      {R"({"linux":{"sandbox_policy":"landlock"}})", FieldEffect::Said},
      {R"({"linux":{"isolate":{"network":true}}})", FieldEffect::Refused},
      {R"({"linux":{"isolate":{"ipc":true}}})", FieldEffect::Refused},
      {R"({"credential_providers":{"a":{}}})", FieldEffect::Refused},
      {R"({"credential_routes":[{}]})", FieldEffect::Refused},
      {R"({"platform_overrides":{"linux":{"network":{"block":true}}}})", FieldEffect::Refused},
      {R"({"allow_parent_of_protected":true})", FieldEffect::Said},
      {R"({"skipdirs":["target"]})", FieldEffect::Said},
      {R"({"binary":"agent"})", FieldEffect::Said},
  };
  for (const auto& [text, effect] : rows) {
    const auto document = Json::parse(text, kPolicyLimits);
    ASSERT_TRUE(document) << text;
    const auto findings = check_fields(*document);
    ASSERT_TRUE(findings) << text << ": " << findings.error().message();
    ASSERT_EQ(findings->size(), 1U) << text;
    EXPECT_EQ(findings->front().effect, effect) << text;
  }
  const auto asks_nothing = Json::parse(
      R"({"linux":{"isolate":{"network":false}},"network":{"deny_domain":[]}})", kPolicyLimits);
  const auto findings = check_fields(*asks_nothing);
  ASSERT_TRUE(findings) << findings.error().message();
  EXPECT_TRUE(findings->empty());
}

}  // namespace
}  // namespace nono::profile
