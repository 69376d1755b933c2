// tests/profile/environment_rules_test.cc
#include "profile/environment_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace nono::profile {
namespace {

using enum EnvironmentClass;

std::string example_of(std::string_view pattern) {
  std::string name(pattern);
  for (std::size_t at = 0; (at = name.find('*', at)) != std::string::npos;) {
    name.replace(at, 1, "X9");
  }
  return name;
}

std::string test_name(std::string_view pattern) {
  std::string name;
  for (const char c : pattern) {
    if (c == '*') {
      name += "Any";
    } else {
      name += c;
    }
  }
  return name;
}

class NameRuleTest : public testing::TestWithParam<NameRule> {};

TEST_P(NameRuleTest, DropsItsNamesAndNotThoseThatOnlyEndLikeThem) {
  const NameRule& rule = GetParam();
  const std::string name = example_of(rule.pattern);
  EXPECT_EQ(why_dropped(name, "value"), rule.why);
  EXPECT_FALSE(why_dropped("Q" + name, "value")) << name;
}

std::vector<NameRule> rules_without_secret_words() {
  std::vector<NameRule> rules;
  for (const NameRule& rule : name_rules()) {
    if (!is_secret_name("Q" + example_of(rule.pattern))) {
      rules.push_back(rule);
    }
  }
  return rules;
}

INSTANTIATE_TEST_SUITE_P(Table, NameRuleTest, testing::ValuesIn(rules_without_secret_words()),
                         [](const auto& param) { return test_name(param.param.pattern); });

TEST(EnvironmentRulesTest, RulesWithSecretWordsDropTooAndForTheirReason) {
  int checked = 0;
  for (const NameRule& rule : name_rules()) {
    if (is_secret_name("Q" + example_of(rule.pattern))) {
      EXPECT_EQ(why_dropped(example_of(rule.pattern), "value"), rule.why) << rule.pattern;
      ++checked;
    }
  }
  EXPECT_EQ(checked, 1);  // SSH_AUTH_SOCK
}

TEST(EnvironmentRulesTest, HarmlessNamesAreKept) {
  for (const std::string_view name : harmless_names()) {
    EXPECT_FALSE(why_dropped(name, "value")) << name;
  }
}

TEST(EnvironmentRulesTest, OrdinaryVariablesAreKept) {
  struct Ordinary {
    const char* name;
    const char* value;
  };
  constexpr Ordinary kOrdinary[] = {
      {"PATH", "/usr/local/bin:/usr/bin:/bin"},
      {"HOME", "/home/user"},
      {"PWD", "/home/user/Project2"},
      {"SHELL", "/bin/bash"},
      {"TERM", "xterm-256color"},
      {"COLORTERM", "truecolor"},
      {"LANG", "C.UTF-8"},
      {"LC_ALL", "en_GB.UTF-8"},
      {"EDITOR", "vim"},
      {"PAGER", "less -FRX"},
      {"TZ", "Europe/Berlin"},
      {"http_proxy", "http://proxy.example:3128"},
      {"NO_PROXY", "localhost,127.0.0.1"},
      {"SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"},
      {"NODE_EXTRA_CA_CERTS", "/etc/ssl/certs/ca-certificates.crt"},
      {"CARGO_HOME", "/home/user/.cargo"},
      {"GOPATH", "/home/user/go"},
      {"JAVA_HOME", "/usr/lib/jvm/java-17"},
      {"npm_config_cache", "/home/user/.npm"},
      {"TOKENIZERS_PARALLELISM", "false"},
      {"CLAUDE_CODE_MAX_OUTPUT_TOKENS", "32000"},
      {"DISABLE_AUTOUPDATER", "1"},
      {"AUTHOR", "A. U. Thor"},
      {"KEYBOARD", "us"},
      {"KEYMAP", "de"},
      {"MONKEY", "banana"},
      {"COMPASS", "north"},
      {"PATTERN", "a*b"},
      {"GITHUB_SHA", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
      {"INVOCATION_ID", "0123456789abcdef0123456789abcdef"},
      {"DIGEST", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"UUID", "123E4567-e89b-12d3-a456-426614174000"},
      {"LS_COLORS", "rs=0:di=01;34:ln=01;36:mh=00:pi=40;33:so=01;35:do=01;35"},
      {"NIX_PROFILES", "/nix/var/nix/profiles/default /home/user/.nix-profile"},
      {"HOMEPAGE", "https://example.org/a:b@c"},
      {"SENTENCE", "sk- is how a token may start, and this one is none"},
      {"EMPTY", ""},
      {"lower_case_name", "x"},
  };
  for (const Ordinary& each : kOrdinary) {
    const auto why = why_dropped(each.name, each.value);
    EXPECT_FALSE(why) << each.name << ": " << (why ? text_of(*why) : "");
  }
}

TEST(EnvironmentRulesTest, SecretNamesAreDroppedInAnyCase) {
  for (const char* name : {"GITHUB_TOKEN",
                           "ANTHROPIC_API_KEY",
                           "OPENAI_API_KEY",
                           "AWS_SECRET_ACCESS_KEY",
                           "AWS_ACCESS_KEY_ID",
                           "AWS_SESSION_TOKEN",
                           "DB_PASSWORD",
                           "MYSQL_PWD",
                           "PGPASSWORD",
                           "SUDO_PASS",
                           "SIGNING_KEY",
                           "SESSION_KEY",
                           "GPG_PASSPHRASE",
                           "GOOGLE_APPLICATION_CREDENTIALS",
                           "NPM_AUTH",
                           "npm_config__auth",
                           "github_token",
                           "Api_Key",
                           "STRIPE_APIKEY",
                           "GITHUB_PAT",
                           "AUTH_HEADER",
                           "CI_JWT",
                           "COOKIE",
                           "KEY",
                           "AZURE_STORAGE_CONNECTION_STRING",
                           "SSH_PRIVATE_KEY",
                           "HTTP_COOKIES"}) {
    EXPECT_EQ(why_dropped(name, "some-value"), SecretName) << name;
  }
}

TEST(EnvironmentRulesTest, PlainSettingsAreNoSecretsWhateverTheirName) {
  for (const char* value : {"0", "1", "4096", "true", "False", "yes", "no", "on", "OFF", ""}) {
    EXPECT_FALSE(why_dropped("MAX_TOKENS", value)) << value;
  }
  EXPECT_EQ(why_dropped("MAX_TOKENS", "123456789"), SecretName);
}

// Made up for this test; none was ever valid.
TEST(EnvironmentRulesTest, SecretShapesAreDroppedUnderAnyName) {
  const std::string filler = "AbCdEf0123456789AbCdEf0123456789AbCdEf01";
  const std::string secrets[] = {
      "ghp_" + filler,
      "gho_" + filler,
      "ghu_" + filler,
      "ghs_" + filler,
      "ghr_" + filler,
      "github_pat_" + filler,
      "glpat-" + filler,
      "gldt-" + filler,
      "sk-ant-api03-" + filler,
      "sk-proj-" + filler,
      "sk_live_" + filler,
      "sk_test_" + filler,
      "rk_live_" + filler,
      "xoxb-1234567890-" + filler,
      "xoxp-1234567890-" + filler,
      "xoxa-1234567890-" + filler,
      "xoxe.xoxp-1-" + filler,
      "xoxs-1234567890-" + filler,
      "xapp-1-" + filler,
      "AKIAIOSFODNN7EXAMPLE",
      "ASIAIOSFODNN7EXAMPLE",
      "AIza" + filler,
      "ya29." + filler,
      "npm_" + filler,
      "pypi-" + filler,
      "hf_" + filler,
      "dop_v1_" + filler,
      "shpat_" + filler,
      "SG." + filler + "." + filler,
      "AGE-SECRET-KEY-1" + filler,
      "hvs." + filler,
      "dckr_pat_" + filler,
      "lin_api_" + filler,
      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
      "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
      "-----BEGIN OPENSSH PRIVATE KEY-----",
      "postgres://user:password@db.example/base",
      "https://user:password@proxy.example:3128",
      "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=b==",
      "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12",
      "dGhpcyBpcyBhIGxvbmcgcmFuZG9tIHN0cmluZyE5Nzg=",
  };
  for (const std::string& secret : secrets) {
    EXPECT_EQ(why_dropped("INNOCENT", secret), SecretValue) << secret;
  }
}

TEST(EnvironmentRulesTest, AddressOfAUnixSocketIsDropped) {
  EXPECT_EQ(why_dropped("SOME_SERVER", "unix:/run/user/1000/some.sock"), AgentSocket);
  EXPECT_EQ(why_dropped("SOME_SERVER", "unix:///run/some.sock"), AgentSocket);
}

TEST(EnvironmentRulesTest, ExportedShellFunctionsAreDropped) {
  EXPECT_EQ(why_dropped("BASH_FUNC_ls%%", "() {  rm -rf /; }"), LoadsCode);
}

TEST(EnvironmentRulesTest, EmptyNameIsMalformed) {
  EXPECT_EQ(why_dropped("", "x"), Malformed);
}

TEST(EnvironmentRulesTest, EveryClassHasItsText) {
  for (const EnvironmentClass each :
       {LoadsCode, AgentSocket, SecretName, SecretValue, OwnState, Malformed}) {
    EXPECT_FALSE(text_of(each).empty());
  }
}

TEST(EnvironmentRulesTest, PatternsMatchWholeNames) {
  EXPECT_TRUE(fits_pattern("LD_*", "LD_"));
  EXPECT_TRUE(fits_pattern("LD_*", "LD_PRELOAD"));
  EXPECT_FALSE(fits_pattern("LD_*", "OLD_"));
  EXPECT_FALSE(fits_pattern("ENV", "ENVIRONMENT"));
  EXPECT_TRUE(fits_pattern("A*B*C", "A--B--BC"));
  EXPECT_FALSE(fits_pattern("A*B*C", "A--B--B"));
  EXPECT_TRUE(fits_pattern("A?C", "ABC"));
  EXPECT_FALSE(fits_pattern("A?C", "AC"));
  EXPECT_TRUE(fits_pattern("*", ""));
  EXPECT_TRUE(fits_pattern("", ""));
  EXPECT_FALSE(fits_pattern("", "A"));
  EXPECT_FALSE(fits_pattern("a", "A"));
  const std::string stars(2000, '*');
  EXPECT_FALSE(fits_pattern(stars + "b", std::string(20'000, 'a')));
}

}  // namespace
}  // namespace nono::profile
