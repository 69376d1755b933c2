// tests/profile/edit_test.cc
#include "profile/edit.h"

#include <gtest/gtest.h>

#include <string>

#include "base/json.h"
#include "profile/tree.h"

namespace nono::profile {
namespace {

constexpr EntryPlace kReadFile{"filesystem", "read_file"};

std::string edited(std::string_view text, std::string_view entry = "/srv/a",
                   const EntryPlace& place = kReadFile) {
  const auto out = with_entry(text, place, entry);
  EXPECT_TRUE(out) << text << ": " << (out ? "" : out.error().message());
  return out ? *out : std::string();
}

TEST(WithEntryTest, TheRestStaysByteForByte) {
  struct Case {
    const char* before;
    const char* after;
  };
  for (const Case& each : {
           Case{"{}", R"({"filesystem": {"read_file": ["/srv/a"]}})"},
           Case{" { } \n", " {\"filesystem\": {\"read_file\": [\"/srv/a\"]}} \n"},
           Case{R"({"extends":"default"})",
                R"({"extends":"default", "filesystem": {"read_file": ["/srv/a"]}})"},
           Case{"{\n  \"extends\": \"default\"\n}\n",
                "{\n  \"extends\": \"default\",\n  \"filesystem\": {\"read_file\": "
                "[\"/srv/a\"]}\n}\n"},
           Case{R"({"filesystem": {}, "groups": []})",
                R"({"filesystem": {"read_file": ["/srv/a"]}, "groups": []})"},
           Case{R"({"filesystem": null})", R"({"filesystem": {"read_file": ["/srv/a"]}})"},
           Case{R"({"filesystem": {"read_file": null}})",
                R"({"filesystem": {"read_file": ["/srv/a"]}})"},
           Case{R"({"filesystem": {"read_file": []}})",
                R"({"filesystem": {"read_file": ["/srv/a"]}})"},
           Case{"{\"filesystem\": {\"read_file\": [\n    \"/b\"\n  ]}}",
                "{\"filesystem\": {\"read_file\": [\n    \"/b\",\n    \"/srv/a\"\n  ]}}"},
           Case{R"({"filesystem":{"read_file":["/b","/c"]}})",
                R"({"filesystem":{"read_file":["/b","/c", "/srv/a"]}})"},
           Case{R"({"filesystem":{"read_file":[ {"path":"/b","when":"linux"} ]}})",
                R"({"filesystem":{"read_file":[ {"path":"/b","when":"linux"}, "/srv/a" ]}})"},
           Case{
               R"({"meta":{"description":"}] \" {[, filesystem\\"},"filesystem":{"allow":["/]"]}})",
               R"({"meta":{"description":"}] \" {[, filesystem\\"},)"
               R"("filesystem":{"allow":["/]"], "read_file": ["/srv/a"]}})"},
           Case{
               R"({"environment":{"set_vars":{"read_file":"x"}},"filesystem" : {"read_file" :[]}})",
               R"({"environment":{"set_vars":{"read_file":"x"}},)"
               R"("filesystem" : {"read_file" :["/srv/a"]}})"},
           Case{R"({"file\u0073ystem": {"read_file": []}})",
                R"({"file\u0073ystem": {"read_file": ["/srv/a"]}})"},
           Case{R"({"limits": {"pids": 7}, "network": {"block": true}})",
                R"({"limits": {"pids": 7}, "network": {"block": true}, )"
                R"("filesystem": {"read_file": ["/srv/a"]}})"},
       }) {
    EXPECT_EQ(edited(each.before), each.after);
  }
}

TEST(WithEntryTest, WhatANameHoldsIsEscaped) {
  const std::string out = edited("{}", "/srv/\"],\"allow\":[\"/\n\\");
  const auto json = Json::parse(out, kProfileLimits);
  ASSERT_TRUE(json);
  const Json* section = json->find("filesystem");
  ASSERT_EQ(section->object()->size(), 1U);
  EXPECT_EQ(*section->find("read_file")->array()->front().string(), "/srv/\"],\"allow\":[\"/\n\\");
}

TEST(WithEntryTest, OneEntryAfterAnotherIsOneListInTheirOrder) {
  std::string text = "{}";
  for (const char* entry : {"/a", "/b", "/c"}) {
    text = edited(text, entry);
  }
  EXPECT_EQ(text, R"({"filesystem": {"read_file": ["/a", "/b", "/c"]}})");
  EXPECT_EQ(edited(text, "192.0.2.1:443", {"network", "connect"}),
            R"({"filesystem": {"read_file": ["/a", "/b", "/c"]}, )"
            R"("network": {"connect": ["192.0.2.1:443"]}})");
}

TEST(WithEntryTest, WhatIsNotToBeEditedIsRefused) {
  struct Case {
    const char* text;
    const char* why;
  };
  for (const Case& each :
       {Case{"", "not JSON"}, Case{"{", "not JSON"}, Case{"[]", "must be an object"},
        Case{"null", "must be an object"},
        Case{R"({"filesystem": []})", "/filesystem: must be an object"},
        Case{R"({"filesystem": {"read_file": "/srv"}})", "must be a list"},
        Case{R"({"filesystem": {"read_file": ["/srv/a"]}})", "already"},
        Case{R"({"filesystem": {}, "filesystem": {}})", "the key is there twice"}}) {
    const auto out = with_entry(each.text, kReadFile, "/srv/a");
    ASSERT_FALSE(out) << each.text;
    EXPECT_NE(out.error().message().find(each.why), std::string::npos) << out.error().message();
  }
}

TEST(UnifiedDiffTest, IsOneHunkWithThreeLinesAround) {
  EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\nx\ny\n7\n8\n9\n", "/p"),
            "--- /p\n+++ /p\n@@ -3,7 +3,8 @@\n 3\n 4\n 5\n-6\n+x\n+y\n 7\n 8\n 9\n");
  EXPECT_EQ(unified_diff("a\nb\n", "a\nc\nb\n", "/p"),
            "--- /p\n+++ /p\n@@ -1,2 +1,3 @@\n a\n+c\n b\n");
  EXPECT_EQ(unified_diff("a\na\n", "a\na\na\n", "/p"),
            "--- /p\n+++ /p\n@@ -1,2 +1,3 @@\n a\n a\n+a\n");
}

TEST(UnifiedDiffTest, TheEndsOfFilesAreTold) {
  EXPECT_EQ(unified_diff("{}", "{1}", "/p"),
            "--- /p\n+++ /p\n@@ -1 +1 @@\n-{}\n\\ No newline at end of file\n+{1}\n"
            "\\ No newline at end of file\n");
  EXPECT_EQ(unified_diff("", "a\n", "/p"), "--- /p\n+++ /p\n@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(unified_diff("a\n", "", "/p"), "--- /p\n+++ /p\n@@ -1 +0,0 @@\n-a\n");
  EXPECT_EQ(unified_diff("a\n", "a\n", "/p"), "");
}

TEST(UnifiedDiffTest, NothingInItReachesTheTerminal) {
  const std::string out = unified_diff("a\n", "\x1b[2J\xe2\x80\xae\r\n", "/p\n/q");
  EXPECT_EQ(out, "--- /p\\n/q\n+++ /p\\n/q\n@@ -1 +1 @@\n-a\n+\\e[2J\\u{202e}\\x0d\n");
}

}  // namespace
}  // namespace nono::profile
