// tests/profile/credentials_test.cc
#include "profile/credentials.h"

#include <gtest/gtest.h>

#include <string>

#include "profile/compose.h"

namespace nono::profile {
namespace {

struct Form {
  const char* text;
  CredentialPlace place;
  const char* name;
};
class SourceTest : public testing::TestWithParam<Form> {};

TEST_P(SourceTest, IsTaken) {
  const auto source = parse_credential_source(GetParam().text);
  ASSERT_TRUE(source) << source.error().message();
  EXPECT_EQ(source->place, GetParam().place);
  EXPECT_EQ(source->name, GetParam().name);
  EXPECT_EQ(parse_credential_source(text_of(*source)), *source) << "it is shown as it is read";
}

INSTANTIATE_TEST_SUITE_P(
    Forms, SourceTest,
    testing::Values(Form{"file:///a/b c", CredentialPlace::File, "/a/b c"},
                    Form{"env://API_KEY", CredentialPlace::Variable, "API_KEY"},
                    Form{"keystore://api.key-1", CredentialPlace::Keystore, "api.key-1"},
                    Form{"openai_api_key", CredentialPlace::Keystore, "openai_api_key"}));

struct WrongForm {
  std::string text;
  ErrorKind kind = ErrorKind::InvalidInput;
};
class WrongSourceTest : public testing::TestWithParam<WrongForm> {};

TEST_P(WrongSourceTest, IsRefused) {
  const auto source = parse_credential_source(GetParam().text);
  ASSERT_FALSE(source) << GetParam().text;
  EXPECT_EQ(source.error().kind(), GetParam().kind);
  EXPECT_TRUE(source.error().remedy().contains("file:///ABSOLUTE/PATH"));
}

INSTANTIATE_TEST_SUITE_P(
    Forms, WrongSourceTest,
    testing::Values(WrongForm{""}, WrongForm{"file://"}, WrongForm{"file:///"},
                    WrongForm{"file://a/b"}, WrongForm{"file:///a/../b"}, WrongForm{"file:///a//b"},
                    WrongForm{"file:///a/"}, WrongForm{std::string("file:///a\0b", 11)},
                    WrongForm{"file:///" + std::string(5000, 'a')}, WrongForm{"FILE:///a"},
                    WrongForm{"env://"}, WrongForm{"env://A=B"}, WrongForm{"env://1A"},
                    WrongForm{"env://NONO_TRUST_OVERRIDE"}, WrongForm{"env://A*"},
                    WrongForm{"keystore://"}, WrongForm{"keystore://a/b"},
                    WrongForm{"keystore://" + std::string(129, 'a')}, WrongForm{"-a"},
                    WrongForm{"a b"}, WrongForm{"a,b"}, WrongForm{"https://a.example/"},
                    WrongForm{"op://vault/item/field", ErrorKind::Unsupported},
                    WrongForm{"bw://id", ErrorKind::Unsupported},
                    WrongForm{"keyring://service/account", ErrorKind::Unsupported},
                    WrongForm{"apple-password://a/b", ErrorKind::Unsupported},
                    WrongForm{"cmd://x", ErrorKind::Unsupported}));

TEST(CredentialVariableTest, NamesThatMayBeSet) {
  for (const char* name : {"API_KEY", "_x", "OPENAI_API_KEY", "AWS_SESSION_TOKEN"}) {
    EXPECT_TRUE(check_settable_variable(name)) << name;
  }
  for (const char* name : {"",
                           "1A",
                           "A-B",
                           "A=B",
                           "A B",
                           "A*",
                           "PATH",
                           "LD_PRELOAD",
                           "LD_LIBRARY_PATH",
                           "NODE_OPTIONS",
                           "PYTHONPATH",
                           "BASH_ENV",
                           "GIT_SSH_COMMAND",
                           "PERL5OPT",
                           "RUBYOPT",
                           "NONO_TRUST_OVERRIDE",
                           "TMPDIR",
                           "TMP",
                           "TEMP",
                           "TMUX_TMPDIR",
                           "XDG_RUNTIME_DIR",
                           "TMPPREFIX"}) {
    EXPECT_FALSE(check_settable_variable(name)) << name;
  }
  EXPECT_FALSE(check_settable_variable(std::string("A\0B", 3)));
  EXPECT_EQ(variable_of_item("openai_api_key"), "OPENAI_API_KEY");
}

Result<Profile> parsed(const std::string& json) {
  return parse_profile(json, ProfileFormat::Json, "p");
}

Result<Composed> composed(const std::string& child, const std::string& parent = "{}") {
  NONO_TRY(const Profile top, parsed(child));
  const Variables variables{.home = "/home/u",
                            .working_directory = "/w",
                            .config_home = "",
                            .data_home = "",
                            .state_home = "",
                            .cache_home = "",
                            .user = "u",
                            .uid = "1"};
  return compose(top, "child", variables, [&](const std::string&) { return parsed(parent); });
}

TEST(ProfileCredentialsTest, AreReadInBothForms) {
  const auto done = composed(R"({"env_credentials":{"file:///s":"A",
    "env://B":{"env_var":"C","when":"linux"},"item":{"env_var":"D","when":"macos"}}})");
  ASSERT_TRUE(done) << done.error().message();
  ASSERT_EQ(done->credentials.size(), 2u) << "the third is of another platform";
  EXPECT_EQ(done->credentials[0].variable, "A");
  EXPECT_EQ(done->credentials[0].origin, "profile child: /env_credentials/file:~1~1~1s");
  EXPECT_EQ(text_of(done->credentials[1].source), "env://B");
  EXPECT_EQ(done->credentials[1].variable, "C");
}

TEST(ProfileCredentialsTest, AChildsWordReplacesItsParents) {
  const auto done = composed(R"({"extends":"parent","env_credentials":{"env://B":"A"}})",
                             R"({"env_credentials":{"env://C":"A","env://E":"D"}})");
  ASSERT_TRUE(done) << done.error().message();
  ASSERT_EQ(done->credentials.size(), 2u);
  EXPECT_EQ(done->credentials[0].variable, "D");
  EXPECT_EQ(text_of(done->credentials[1].source), "env://B");
}

TEST(ProfileCredentialsTest, AllowVarsAreOfTheCallersVariables) {
  const auto done = composed(
      R"({"environment":{"allow_vars":["PATH"],"pass_vars":["A"]},"env_credentials":{"x":"A"}})");
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(done->credentials.size(), 1u);
}

TEST(ProfileCredentialsTest, WhatAnotherProgramKeepsIsKnownAndRefused) {
  const auto done = composed(R"({"env_credentials":{"op://v/i/f":"A"}})");
  ASSERT_TRUE(done) << done.error().message();
  ASSERT_EQ(refusals(*done).size(), 1u);
  EXPECT_EQ(refusals(*done)[0].origin, "profile child: /env_credentials/op:~1~1v~1i~1f");
  EXPECT_TRUE(done->credentials.empty());
}

struct WrongProfile {
  const char* json;
  const char* says;
};
class WrongProfileTest : public testing::TestWithParam<WrongProfile> {};

TEST_P(WrongProfileTest, IsRefused) {
  const auto done = composed(GetParam().json);
  ASSERT_FALSE(done) << GetParam().json;
  EXPECT_EQ(done.error().kind(), ErrorKind::Usage);
  EXPECT_TRUE(done.error().message().contains(GetParam().says)) << done.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Profiles, WrongProfileTest,
    testing::Values(
        WrongProfile{R"({"env_credentials":["file:///s"]})", "/env_credentials: "},
        WrongProfile{R"({"env_credentials":{"file:///s":1}})", "/env_credentials/file:~1~1~1s: "},
        WrongProfile{R"({"env_credentials":{"file:///s":"LD_PRELOAD"}})", "decides what code runs"},
        WrongProfile{R"({"env_credentials":{"file:///s":"TMPDIR"}})", "set by every session"},
        WrongProfile{R"({"env_credentials":{"file:///s":{"env_var":"NODE_OPTIONS"}}})",
                     "/env_var: NODE_OPTIONS: cannot be set"},
        WrongProfile{R"({"env_credentials":{"file:///s":{"when":"linux"}}})", "env_var"},
        WrongProfile{R"({"env_credentials":{"file:///s":{"env_var":"A","when":"bsd"}}})",
                     "/when: "},
        WrongProfile{R"({"env_credentials":{"file:///s":{"env_var":"A","mode":1}}})", "/mode: "},
        WrongProfile{R"({"env_credentials":{"file://s":"A"}})", "is not an absolute path"},
        WrongProfile{R"({"env_credentials":{"env://NONO_X":"A"}})", "one of nono's own"},
        WrongProfile{R"({"env_credentials":{"file:///s":"A","env://B":"A"}})", "sets A, as "},
        WrongProfile{R"({"environment":{"set_vars":{"A":"1"}},"env_credentials":{"env://B":"A"}})",
                     "A is in set_vars, too"},
        WrongProfile{R"({"environment":{"deny_vars":["A*"]},"env_credentials":{"env://B":"AB"}})",
                     "AB is in deny_vars"},
        WrongProfile{R"({"filesystem":{"deny":["/s"]},"env_credentials":{"file:///s/t":"A"}})",
                     "lies in what is denied"}));

}  // namespace
}  // namespace nono::profile
