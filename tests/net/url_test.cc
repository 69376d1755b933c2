// Which URLs are allowed, and how a redirect's target is read: net/url.h.
#include "net/url.h"

#include <gtest/gtest.h>

namespace nono::net {
namespace {

TEST(UrlTest, AnAllowedUrlIsSpeltAgainFromItsParts) {
  struct Case {
    const char* given;
    const char* spelt;
    bool loopback;
  };
  for (const Case& each : std::initializer_list<Case>{
           {"https://fulcio.sigstore.dev", "https://fulcio.sigstore.dev:443/", false},
           {"HTTPS://Fulcio.Sigstore.DEV/Api?x=Y", "https://fulcio.sigstore.dev:443/Api?x=Y",
            false},
           {"https://host?x", "https://host:443/?x", false},
           {"https://host:8443/a/../b", "https://host:8443/a/../b", false},
           {"https://xn--bcher-kva.example/", "https://xn--bcher-kva.example:443/", false},
           {"https://a_b.example/", "https://a_b.example:443/", false},
           {"https://192.0.2.1/", "https://192.0.2.1:443/", false},
           {"https://[2001:DB8:0:0::1]:1/", "https://[2001:db8::1]:1/", false},
           {"https://host/%00%zz~!$&'()*+,;=:@", "https://host:443/%00%zz~!$&'()*+,;=:@", false},
           {"http://127.0.0.1", "http://127.0.0.1:80/", true},
           {"http://127.255.1.2:65535/", "http://127.255.1.2:65535/", true},
           {"http://LOCALHOST:3000/x", "http://localhost:3000/x", true},
           {"http://[::1]:80/", "http://[::1]:80/", true},
           {"http://[0:0:0:0:0:0:0:1]/", "http://[::1]:80/", true},
           {"https://localhost/", "https://localhost:443/", true},
       }) {
    const auto url = parse_url(each.given);
    ASSERT_TRUE(url) << each.given << ": " << url.error().message();
    EXPECT_EQ(url->text(), each.spelt);
    EXPECT_EQ(url->loopback, each.loopback) << each.given;
    EXPECT_EQ(parse_url(url->text())->text(), each.spelt);
  }
}

struct Refused {
  const char* url;
  const char* why;
};

class RefusedUrlTest : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedUrlTest, IsUsageWithItsReason) {
  const auto url = parse_url(GetParam().url);
  ASSERT_FALSE(url) << url->text();
  EXPECT_EQ(url.error().kind(), ErrorKind::Usage);
  EXPECT_TRUE(url.error().message().contains(GetParam().why)) << url.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Schemes, RefusedUrlTest,
    ::testing::Values(Refused{"", "start with https"}, Refused{"host", "start with https"},
                      Refused{"https:host", "start with https"},
                      Refused{"//host/", "start with https"},
                      Refused{"ftp://host/", "neither https nor http"},
                      Refused{"file:///etc/passwd", "neither https nor http"},
                      Refused{"ws://host/", "neither https nor http"},
                      Refused{" https://host/", "neither https nor http"},
                      Refused{"gopher://127.0.0.1:6379/", "neither https nor http"},
                      Refused{"http://host/", "http is for this machine only"},
                      Refused{"http://169.254.169.254/", "http is for this machine only"},
                      Refused{"http://128.0.0.1/", "http is for this machine only"},
                      Refused{"http://[::2]/", "in disguise"},
                      Refused{"http://[2001:db8::1]/", "http is for this machine only"},
                      Refused{"http://localhost.localdomain/", "http is for this machine only"},
                      Refused{"http://127.0.0.1.nip.io/", "http is for this machine only"}));

INSTANTIATE_TEST_SUITE_P(
    Hosts, RefusedUrlTest,
    ::testing::Values(
        Refused{"https:///x", "is missing"}, Refused{"https://:443/", "is missing"},
        Refused{"https://host./", "not a name"}, Refused{"https://a..b/", "not a name"},
        Refused{"https://.a/", "not a name"}, Refused{"https://-a/", "not a name"},
        Refused{"https://xn--api-.example/", "not a name"}, Refused{"https://a b/", "not a name"},
        Refused{"https://b\xc3\xbc"
                "cher.example/",
                "not a name"},
        Refused{"https://127\xe3\x80\x82"
                "0.0.1/",
                "not a name"},
        Refused{"https://a%2eb/", "not a name"}, Refused{"https://a\\b/", "not a name"},
        Refused{"https://a\tb/", "not a name"}, Refused{"https://a*/", "not a name"},
        Refused{"https://user@host/", "user information"},
        Refused{"https://user:password@host/", "user information"},
        Refused{"https://good.example\\@evil.example/", "user information"},
        Refused{"https://@host/", "user information"}, Refused{"https://[::1/", "bracket"},
        Refused{"https://[host]/", "no IPv6 address"},
        Refused{"https://[::1%25lo]/", "no IPv6 address"}, Refused{"https://[]/", "no IPv6"},
        Refused{"https://[::1]x/", "no port"}, Refused{"https://[::]/", "in disguise"},
        Refused{"https://[::ffff:127.0.0.1]/", "in disguise"},
        Refused{"https://[::127.0.0.1]/", "in disguise"},
        Refused{"https://0.0.0.0/", "unspecified"}, Refused{"https://0.1.2.3/", "unspecified"}));

// Spellings of addresses that some resolvers take and others do not.
INSTANTIATE_TEST_SUITE_P(Numbers, RefusedUrlTest,
                         ::testing::Values(Refused{"http://127.1/", "usual spelling"},
                                           Refused{"http://0/", "usual spell"},
                                           Refused{"http://2130706433/", "usual spelling"},
                                           Refused{"http://0x7f.1/", "usual spelling"},
                                           Refused{"http://0x7f000001/", "usual spelling"},
                                           Refused{"http://017700000001/", "usual spelling"},
                                           Refused{"http://0177.0.0.1/", "usual spelling"},
                                           Refused{"http://127.0.0.01/", "usual spelling"},
                                           Refused{"http://127.0.0.256/", "usual spelling"},
                                           Refused{"http://1.2.3.4.5/", "usual spelling"},
                                           Refused{"https://host.1/", "usual spelling"},
                                           Refused{"https://host.0x7f/", "usual spelling"}));

INSTANTIATE_TEST_SUITE_P(Ports, RefusedUrlTest,
                         ::testing::Values(Refused{"https://host:/", "the port"},
                                           Refused{"https://host:0/", "the port"},
                                           Refused{"https://host:65536/", "the port"},
                                           Refused{"https://host:00443/", "the port"},
                                           Refused{"https://host:443x/", "the port"},
                                           Refused{"https://host:+443/", "the port"},
                                           Refused{"https://host:-1/", "the port"},
                                           Refused{"https://host:99999999999999/", "the port"},
                                           Refused{"https://host:443:443/", "the port"},
                                           Refused{"https://[::1]:/", "the port"}));

INSTANTIATE_TEST_SUITE_P(Targets, RefusedUrlTest,
                         ::testing::Values(Refused{"https://host/#x", "fragment"},
                                           Refused{"https://host#x", "fragment"},
                                           Refused{"https://host/a b", "does not belong"},
                                           Refused{"https://host/a\r\nX: y", "does not belong"},
                                           Refused{"https://host/\\evil", "does not belong"},
                                           Refused{"https://host/\xc3\xa9", "does not belong"},
                                           Refused{"https://host/\x7f", "does not belong"},
                                           Refused{"https://host/<x>", "does not belong"},
                                           Refused{"https://host/?\"", "does not belong"},
                                           Refused{"https://host#@127.0.0.1/", "fragment"}));

TEST(UrlTest, ANulEndsNothing) {
  EXPECT_FALSE(parse_url(std::string_view("https://host\0.evil/", 19)));
  EXPECT_FALSE(parse_url(std::string_view("https://host/\0", 14)));
}

TEST(UrlTest, LengthsAreCapped) {
  const std::string label(63, 'a');
  EXPECT_TRUE(parse_url("https://" + label + "/"));
  EXPECT_FALSE(parse_url("https://" + label + "a/"));
  std::string name = label + "." + label + "." + label + "." + std::string(61, 'b');
  EXPECT_TRUE(parse_url("https://" + name));
  EXPECT_FALSE(parse_url("https://" + name + "b"));
  const std::string head = "https://host/";
  EXPECT_TRUE(parse_url(head + std::string(Url::kMaxBytes - head.size(), 'x')));
  EXPECT_FALSE(parse_url(head + std::string(Url::kMaxBytes - head.size() + 1, 'x')));
}

TEST(UrlTest, AnErrorDoesNotRepeatTheQuery) {
  for (const auto* url : {"http://host/?secret", "https://host/?secret#", "https://a:secret@b/"}) {
    EXPECT_FALSE(parse_url(url).error().message().contains("secret"));
  }
}

TEST(ReferenceTest, IsResolvedAgainstWhereItCameFrom) {
  struct Case {
    const char* location;
    const char* target;
  };
  const Url base = *parse_url("https://host:8443/a/b/c?query");
  for (const Case& each : std::initializer_list<Case>{
           {"https://other/x", "https://other:443/x"},
           {"//other/x", "https://other:443/x"},
           {"/x?y", "https://host:8443/x?y"},
           {"x", "https://host:8443/a/b/x"},
           {"../x", "https://host:8443/a/b/../x"},
           {"?new", "https://host:8443/a/b/c?new"},
           {"x?u=http://z", "https://host:8443/a/b/x?u=http://z"},
           {"/x#fragment", "https://host:8443/x"},
       }) {
    const auto target = resolve_reference(base, each.location);
    ASSERT_TRUE(target) << each.location << ": " << target.error().message();
    EXPECT_EQ(target->text(), each.target);
  }
}

TEST(ReferenceTest, IsHeldToTheSameRules) {
  const Url base = *parse_url("https://host/a");
  for (const auto* location : {"", "#x", "http://host/", "//user@host/", "javascript:alert(1)",
                               "data:text/plain,x", "/a b", "//", "\\\\evil.example\\x"}) {
    EXPECT_FALSE(resolve_reference(base, location)) << location;
  }
}

TEST(UrlTest, AnOriginIsSchemeHostAndPort) {
  const Url url = *parse_url("https://host:443/a");
  EXPECT_TRUE(url.same_origin(*parse_url("https://HOST/b?c")));
  EXPECT_FALSE(url.same_origin(*parse_url("https://host:444/a")));
  EXPECT_FALSE(url.same_origin(*parse_url("https://www.host/a")));
  EXPECT_FALSE(parse_url("http://localhost:443/")->same_origin(*parse_url("https://localhost/")));
}

}  // namespace
}  // namespace nono::net
