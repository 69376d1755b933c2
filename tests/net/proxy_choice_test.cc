// Whether a proxy stands between: net/proxy_choice.h.
#include "net/proxy_choice.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace nono::net {
namespace {

Result<std::optional<Proxy>> choose(std::string proxy, std::string no_proxy,
                                    std::string_view url = "https://api.example.com/x") {
  return choose_proxy({.proxy = std::move(proxy), .no_proxy = std::move(no_proxy)},
                      *parse_url(url));
}

TEST(ProxyChoiceTest, WithoutAVariableThereIsNone) {
  EXPECT_FALSE(choose("", "")->has_value());
}

TEST(ProxyChoiceTest, EverySpellingOfAProxy) {
  struct Case {
    const char* given;
    const char* url;
    const char* user;
  };
  for (const Case& each : std::initializer_list<Case>{
           {"proxy.corp:3128", "http://proxy.corp:3128", ""},
           {"proxy.corp", "http://proxy.corp:80", ""},
           {"http://Proxy.corp:3128/", "http://proxy.corp:3128", ""},
           {"https://proxy.corp", "https://proxy.corp:443", ""},
           {"http://proxy.corp:443", "http://proxy.corp:443", ""},
           {"http://user:p%40ss@proxy.corp:1", "http://proxy.corp:1", "user:p%40ss"},
           {"http://a@b@proxy.corp:1", "http://proxy.corp:1", "a@b"},
           {"http://[::1]:8080", "http://[::1]:8080", ""},
           {"http://127.0.0.1:8080", "http://127.0.0.1:8080", ""},
       }) {
    const auto proxy = choose(each.given, "");
    ASSERT_TRUE(proxy) << each.given << ": " << proxy.error().message();
    ASSERT_TRUE(proxy->has_value()) << each.given;
    EXPECT_EQ((*proxy)->url, each.url);
    EXPECT_EQ((*proxy)->user, each.user);
    EXPECT_FALSE((*proxy)->shown_as.contains('@'));
  }
}

TEST(ProxyChoiceTest, AProxyThatCannotBeUsedIsAnErrorThatHidesItsPassword) {
  for (const auto* proxy : {"socks5://user:secret@proxy", "ftp://proxy", "http://", "http://a b/",
                            "http://user:secret@:80", "http://user:secret@proxy:0"}) {
    const auto chosen = choose(proxy, "");
    ASSERT_FALSE(chosen) << proxy;
    EXPECT_EQ(chosen.error().kind(), ErrorKind::Usage);
    EXPECT_TRUE(chosen.error().message().contains("HTTPS_PROXY"));
    EXPECT_FALSE(chosen.error().message().contains("secret"));
  }
}

TEST(ProxyChoiceTest, TheMachineItselfIsReachedDirectly) {
  for (const auto* url : {"http://127.0.0.1/", "https://127.1.2.3/", "http://localhost:1/",
                          "https://[::1]/", "https://169.254.169.254/"}) {
    EXPECT_FALSE(choose("proxy:1", "", url)->has_value()) << url;
  }
}

TEST(ProxyChoiceTest, NoProxyCoversWholeLabels) {
  for (const auto* list :
       {"*", "example.com", ".example.com", "*.example.com", "EXAMPLE.com", "api.example.com",
        "other, example.com", "x,,api.example.com:443", "com"}) {
    EXPECT_FALSE(choose("proxy:1", list)->has_value()) << list;
  }
  for (const auto* list :
       {"", ",", "ple.com", "xample.com", "api.example.com.evil", "api", "api.example.com:444",
        "example.org", "www.api.example.com", ".", "*."}) {
    EXPECT_TRUE(choose("proxy:1", list)->has_value()) << list;
  }
}

TEST(ProxyChoiceTest, NoProxyTakesAddresses) {
  EXPECT_FALSE(choose("proxy:1", "192.0.2.1", "https://192.0.2.1/")->has_value());
  EXPECT_FALSE(choose("proxy:1", "192.0.2.1:8443", "https://192.0.2.1:8443/")->has_value());
  EXPECT_TRUE(choose("proxy:1", "0.2.1", "https://192.0.2.1/")->has_value());
  EXPECT_FALSE(choose("proxy:1", "2001:db8::1", "https://[2001:db8::1]/")->has_value());
  EXPECT_FALSE(choose("proxy:1", "[2001:db8::1]:443", "https://[2001:db8::1]/")->has_value());
  EXPECT_TRUE(choose("proxy:1", "[2001:db8::1]:444", "https://[2001:db8::1]/")->has_value());
}

TEST(ProxyChoiceTest, TheLowerCaseVariableWins) {
  ::setenv("https_proxy", "lower:1", 1);
  ::setenv("HTTPS_PROXY", "upper:1", 1);
  ::setenv("NO_PROXY", "a", 1);
  ::unsetenv("no_proxy");
  const auto environment = ProxyEnvironment::from_environment();
  ::unsetenv("https_proxy");
  EXPECT_EQ(environment.proxy, "lower:1");
  EXPECT_EQ(environment.no_proxy, "a");
  EXPECT_EQ(ProxyEnvironment::from_environment().proxy, "upper:1");
  ::unsetenv("HTTPS_PROXY");
  ::unsetenv("NO_PROXY");
}

}  // namespace
}  // namespace nono::net
