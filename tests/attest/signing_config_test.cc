// tests/attest/signing_config_test.cc: signing configurations, and the choice of services.
#include "attest/signing_config.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "support.h"
#include "trust_support.h"

namespace nono::attest::test {
namespace {

Time time_of(std::string_view text) {
  return std::chrono::floor<std::chrono::seconds>(*parse_rfc3339(text));
}

std::string refusal(const Json& config) {
  return error_of(SigningConfig::parse(config.compact()));
}

TEST(SigningConfigTest, SoundOneIsReadWhole) {
  const auto config = SigningConfig::parse(sound_signing_config().pretty());
  ASSERT_TRUE(config.has_value()) << config.error().message();
  ASSERT_EQ(config->authorities().size(), 1u);
  EXPECT_EQ(config->authorities()[0].url, "https://fulcio.example");
  EXPECT_EQ(config->identity_providers()[0].url, "https://oidc.example/auth");
  ASSERT_EQ(config->logs().size(), 2u);
  EXPECT_EQ(config->logs()[1].major_api_version, 2u);
  EXPECT_EQ(config->logs()[1].operator_name, "b.example");
  EXPECT_EQ(config->logs()[1].window.start, time_of(kStart));
  EXPECT_EQ(config->timestampers()[0].url, "https://tsa.example/api/v1/timestamp");
  EXPECT_EQ(config->log_choice().selector, ServiceSelector::Any);
  EXPECT_EQ(config->timestamper_choice().selector, ServiceSelector::Exact);
  EXPECT_EQ(config->timestamper_choice().count, 1u);
}

TEST(SigningConfigTest, ProtoSpellingsNumbersAndStringsAreRead) {
  Json json = sound_signing_config();
  at(json, {"rekorTlogConfig", "selector"}) = 1;
  at(json, {"tsaConfig", "count"}) = "1";
  at(json, {"caUrls", "0", "majorApiVersion"}) = "1";
  const auto config = SigningConfig::parse(in_snake_case(json).compact());
  ASSERT_TRUE(config.has_value()) << config.error().message();
  EXPECT_EQ(config->log_choice().selector, ServiceSelector::All);
  EXPECT_EQ(config->authorities()[0].major_api_version, 1u);
}

TEST(SigningConfigTest, ListsWithoutServicesNeedNoChoice) {
  Json json = sound_signing_config();
  for (const std::string_view name : {"rekorTlogUrls", "rekorTlogConfig", "tsaUrls", "tsaConfig"}) {
    drop(json, name);
  }
  EXPECT_EQ(refusal(json), "");
}

class SigningConfigFault : public ::testing::TestWithParam<Fault> {};

TEST_P(SigningConfigFault, NamesThePlace) {
  Json config = sound_signing_config();
  GetParam().change(config);
  EXPECT_EQ(refusal(config), GetParam().error);
}

constexpr std::string_view kNoUrl =
    "invalid: /caUrls/0: its url must be http:// or https:// with a host";

INSTANTIATE_TEST_SUITE_P(
    Faults, SigningConfigFault,
    ::testing::Values(
        Fault{"Version01",
              put({"mediaType"}, "application/vnd.dev.sigstore.signingconfig.v0.1+json"),
              "unsupported: /mediaType: this version does not read "
              "\"application/vnd.dev.sigstore.signingconfig.v0.1+json\"; it reads Sigstore "
              "signing configurations 0.2; no service publishes 0.1 any more"},
        Fault{"Version01WithItsMembers",
              [](Json& config) {
                config = Json();
                config.set("mediaType", "application/vnd.dev.sigstore.signingconfig.v0.1+json");
                config.set("caUrl", "https://fulcio.example");
              },
              "unsupported: /mediaType: this version does not read "
              "\"application/vnd.dev.sigstore.signingconfig.v0.1+json\"; it reads Sigstore "
              "signing configurations 0.2; no service publishes 0.1 any more"},
        Fault{"NoMediaType", remove({}, "mediaType"), "invalid: /mediaType: is missing"},
        Fault{"UnknownMember", add({}, "caUrl", "x"), "invalid: /caUrl: is not a known member"},
        Fault{"BothSpellings", add({}, "ca_urls", Json::Array{}),
              "invalid: /ca_urls: is there twice, in two spellings"},
        Fault{"TooManyServices",
              put({"caUrls"}, Json::Array(65, service("https://a.example", "a"))),
              "invalid: /caUrls: has 65 elements, at most 64 are allowed"},
        Fault{"UnknownMemberOfService", add({"caUrls", "0"}, "name", "x"),
              "invalid: /caUrls/0/name: is not a known member"},
        Fault{"NoUrl", remove({"caUrls", "0"}, "url"), "invalid: /caUrls/0/url: is missing"},
        Fault{"EmptyUrl", put({"caUrls", "0", "url"}, ""),
              "invalid: /caUrls/0/url: must not be empty"},
        Fault{"UrlWithoutScheme", put({"caUrls", "0", "url"}, "fulcio.example"), kNoUrl},
        Fault{"UrlOfAnotherScheme", put({"caUrls", "0", "url"}, "file:///etc/passwd"), kNoUrl},
        Fault{"UrlWithoutHost", put({"caUrls", "0", "url"}, "https:///path"), kNoUrl},
        Fault{"UrlOfAPortAlone", put({"caUrls", "0", "url"}, "https://:443/"), kNoUrl},
        Fault{"UrlOfNothing", put({"caUrls", "0", "url"}, "https://"), kNoUrl},
        Fault{"UrlWithSpace", put({"caUrls", "0", "url"}, "https://a b"), kNoUrl},
        Fault{"UrlWithLineFeed", put({"caUrls", "0", "url"}, "https://a\r\nX: y"),
              "invalid: /caUrls/0/url: must not contain control characters"},
        Fault{"NoOperator", remove({"caUrls", "0"}, "operator"),
              "invalid: /caUrls/0/operator: is missing"},
        Fault{"NoWindow", remove({"caUrls", "0"}, "validFor"),
              "invalid: /caUrls/0/validFor: is missing"},
        Fault{"NoStart", remove({"caUrls", "0", "validFor"}, "start"),
              "invalid: /caUrls/0/validFor/start: is missing"},
        Fault{"VersionBeyond32Bits", put({"caUrls", "0", "majorApiVersion"}, 4294967296),
              "invalid: /caUrls/0/majorApiVersion: is beyond 32 bits"},
        Fault{"NegativeVersion", put({"caUrls", "0", "majorApiVersion"}, -1),
              "invalid: /caUrls/0/majorApiVersion: must not be negative"},
        Fault{"NoChoiceAmongLogs", remove({}, "rekorTlogConfig"),
              "invalid: /rekorTlogConfig: is missing"},
        Fault{"NoChoiceAmongTimestampers", remove({}, "tsaConfig"),
              "invalid: /tsaConfig: is missing"},
        Fault{"NoSelector", remove({"rekorTlogConfig"}, "selector"),
              "invalid: /rekorTlogConfig/selector: is missing"},
        Fault{"UndefinedSelector",
              put({"rekorTlogConfig", "selector"}, "SERVICE_SELECTOR_UNDEFINED"),
              "invalid: /rekorTlogConfig/selector: must be ALL, ANY or EXACT"},
        Fault{"SelectorZero", put({"rekorTlogConfig", "selector"}, 0),
              "invalid: /rekorTlogConfig/selector: must be ALL, ANY or EXACT"},
        Fault{"UnknownSelector", put({"rekorTlogConfig", "selector"}, "SOME"),
              "invalid: /rekorTlogConfig/selector: must be ALL, ANY or EXACT"},
        Fault{"ExactlyNone", put({"tsaConfig", "count"}, 0),
              "invalid: /tsaConfig: EXACT must have a count above 0"},
        Fault{"ExactlyWithoutCount", remove({"tsaConfig"}, "count"),
              "invalid: /tsaConfig: EXACT must have a count above 0"}),
    CaseName{});

// The choice. Names of services are "operator version start[..end]".
constexpr std::string_view kNow = "2026-01-01T00:00:00Z";

Service offer(std::string_view url, std::string_view operator_name, std::uint32_t version,
              std::string_view start, std::string_view end = "") {
  Service service{.url = std::string(url),
                  .major_api_version = version,
                  .window = {.start = time_of(start), .end = std::nullopt},
                  .operator_name = std::string(operator_name)};
  if (!end.empty()) {
    service.window.end = time_of(end);
  }
  return service;
}

// chosen is the URLs in their order, or the error.
std::string chosen(const std::vector<Service>& services, ServiceChoice choice,
                   const std::vector<std::uint32_t>& supported = {1, 2}) {
  const auto selected = select_services(services, choice, supported, time_of(kNow));
  if (!selected) {
    return error_text(selected.error());
  }
  std::string urls;
  for (const Service& service : *selected) {
    urls += (urls.empty() ? "" : " ") + service.url;
  }
  return urls;
}

constexpr ServiceChoice kAll{.selector = ServiceSelector::All, .count = 0};
constexpr ServiceChoice kAny{.selector = ServiceSelector::Any, .count = 0};
constexpr ServiceChoice exactly(std::uint32_t count) {
  return {.selector = ServiceSelector::Exact, .count = count};
}
std::string too_few(int wanted, int left, int all) {
  return "not found: the signing configuration demands " + std::to_string(wanted) +
         " service(s) of different operators; " + std::to_string(left) + " of " +
         std::to_string(all) + " are valid now and of a known version";
}

TEST(SelectServicesTest, WindowsAreInclusive) {
  EXPECT_EQ(chosen({offer("a", "a", 1, kNow)}, kAll), "a");
  EXPECT_EQ(chosen({offer("a", "a", 1, "2025-01-01T00:00:00Z", kNow)}, kAll), "a");
  EXPECT_EQ(chosen({offer("a", "a", 1, "2026-01-01T00:00:01Z")}, kAll), too_few(1, 0, 1));
  EXPECT_EQ(chosen({offer("a", "a", 1, kStart, "2025-12-31T23:59:59Z")}, kAll), too_few(1, 0, 1));
}

TEST(SelectServicesTest, VersionsThatAreNotSupportedAreDropped) {
  EXPECT_EQ(chosen({offer("a", "a", 3, kStart), offer("b", "b", 1, kStart)}, kAll), "b");
  EXPECT_EQ(chosen({offer("a", "a", 0, kStart)}, kAny), too_few(1, 0, 1));
  EXPECT_EQ(chosen({offer("a", "a", 2, kStart)}, kAny, {1}), too_few(1, 0, 1));
  EXPECT_EQ(chosen({offer("a", "a", 1, kStart)}, kAny, {}), too_few(1, 0, 1));
}

TEST(SelectServicesTest, OnlyTheHighestVersionOfThoseThatAreValidIsTaken) {
  EXPECT_EQ(
      chosen({offer("a", "a", 1, kStart), offer("b", "b", 2, kStart), offer("c", "c", 1, kStart)},
             kAll),
      "b");
  EXPECT_EQ(chosen({offer("a", "a", 1, kStart), offer("b", "b", 2, "2026-06-01T00:00:00Z")}, kAll),
            "a");
  EXPECT_EQ(chosen({offer("a", "a", 1, kStart), offer("b", "b", 2, kStart)}, exactly(2)),
            too_few(2, 1, 2));
}

TEST(SelectServicesTest, NewestStartComesFirstAndOfEqualsTheFirstListed) {
  EXPECT_EQ(chosen({offer("a", "a", 1, "2025-01-01T00:00:00Z"),
                    offer("b", "b", 1, "2025-03-01T00:00:00Z"),
                    offer("c", "c", 1, "2025-02-01T00:00:00Z")},
                   kAll),
            "b c a");
  EXPECT_EQ(chosen({offer("a", "a", 1, kStart), offer("b", "b", 1, kStart)}, kAll), "a b");
  EXPECT_EQ(chosen({offer("a", "a", 1, kStart), offer("b", "b", 1, kStart)}, kAny), "a");
}

TEST(SelectServicesTest, EachOperatorHasOneService) {
  const std::vector<Service> services{offer("a1", "a", 1, "2025-01-01T00:00:00Z"),
                                      offer("a2", "a", 1, "2025-02-01T00:00:00Z"),
                                      offer("b1", "b", 1, "2025-01-15T00:00:00Z")};
  EXPECT_EQ(chosen(services, kAll), "a2 b1");
  EXPECT_EQ(chosen(services, exactly(2)), "a2 b1");
  EXPECT_EQ(chosen(services, exactly(1)), "a2");
  EXPECT_EQ(chosen(services, exactly(3)), too_few(3, 2, 3));
}

TEST(SelectServicesTest, NothingToChooseFromIsAnErrorForEverySelector) {
  EXPECT_EQ(chosen({}, kAll), too_few(1, 0, 0));
  EXPECT_EQ(chosen({}, kAny), too_few(1, 0, 0));
  EXPECT_EQ(chosen({}, exactly(1)), too_few(1, 0, 0));
  EXPECT_EQ(chosen({offer("a", "a", 1, kStart)}, exactly(0)), too_few(0, 1, 1));
}

TEST(SelectServicesTest, SingleServiceIsTheNewestOfTheHighestVersion) {
  const std::vector<Service> services{offer("old", "a", 2, "2025-01-01T00:00:00Z"),
                                      offer("new", "b", 2, "2025-02-01T00:00:00Z"),
                                      offer("one", "c", 1, "2025-03-01T00:00:00Z")};
  const std::array<std::uint32_t, 2> supported{1, 2};
  const auto service = select_service(services, supported, time_of(kNow));
  ASSERT_TRUE(service.has_value());
  EXPECT_EQ(service->url, "new");
  EXPECT_FALSE(select_service({}, supported, time_of(kNow)).has_value());
}

}  // namespace
}  // namespace nono::attest::test
