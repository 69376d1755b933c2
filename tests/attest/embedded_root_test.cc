// tests/attest/embedded_root_test.cc: the trusted root that the program carries. Changing it is
// changing whom the program trusts: what it is stands here once more, in digests and in words.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "attest/known_links.h"
#include "attest/signing_config.h"
#include "attest/trusted_root.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/json.h"
#include "support.h"

namespace nono::attest::test {
namespace {

std::string line_of(std::string_view what, std::string_view name, const Window& window) {
  std::string line(what);
  line += " ";
  line += name;
  line += " " + format_rfc3339(window.start) + "..";
  return window.end ? line + format_rfc3339(*window.end) : line;
}

std::vector<std::string> listing(const TrustedRoot& root) {
  std::vector<std::string> lines;
  for (const rekor::Log& log : root.logs().logs()) {
    const Window window{.start = log.valid_from, .end = log.valid_until};
    lines.push_back(line_of("log", log.base_url, window) + " " + log.log_id.short_form());
  }
  for (const TrustedAuthority& authority : root.authorities()) {
    lines.push_back(line_of("authority", authority.uri, authority.window) + " " +
                    std::to_string(authority.authority.chain().size()));
  }
  for (const TrustedCtLog& log : root.ct_logs()) {
    lines.push_back(line_of("ct", log.base_url, log.window) + " " + log.log_id.short_form());
  }
  for (const TrustedTimestamper& timestamper : root.timestampers()) {
    lines.push_back(line_of("tsa", timestamper.uri, timestamper.window));
  }
  return lines;
}

TEST(EmbeddedRootTest, IsTheOneThatWasTaken) {
  const EmbeddedRoot& root = embedded_root();
  EXPECT_EQ(root.digest.hex(), "6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66");
  EXPECT_EQ(root.digest, crypto::Sha256::of(root.text));
  EXPECT_EQ(crypto::Sha256::of(root.tuf_root).hex(),
            "27aea7e372aa7864065174f0661784fcf8b0e28b1dbfebeada31a0f1fb19167f");
  EXPECT_EQ(root.package, "npm @sigstore/tuf 5.0.1");
  EXPECT_EQ(root.date, "2026-11-05");
}

TEST(EmbeddedRootTest, IsTheFileOfTheSource) {
  const std::string folder = std::string(NONO_SOURCE_DIR) + "/attest/embedded/";
  EXPECT_EQ(embedded_root().text, read_text(folder + "trusted_root.json"));
  EXPECT_EQ(embedded_root().tuf_root, read_text(folder + "root.json"));
  EXPECT_EQ(embedded_root().signing_config, read_text(folder + "signing_config.json"));
}

TEST(EmbeddedRootTest, NamesThePublicGoodInstance) {
  const auto root = TrustedRoot::parse(embedded_root().text);
  ASSERT_TRUE(root.has_value()) << root.error().message();
  EXPECT_TRUE(root->warnings().empty());
  const std::vector<std::string> expected{
      "log https://rekor.sigstore.dev 2021-01-12T11:53:27Z.. SHA256:c0d23d6ad406973f",
      "log https://log2025-1.rekor.sigstore.dev 2025-09-23T00:00:00Z.. SHA256:cf1199155bddd051",
      "authority https://fulcio.sigstore.dev 2021-03-07T03:20:29Z..2022-12-31T23:59:59Z 1",
      "authority https://fulcio.sigstore.dev 2022-04-13T20:06:15Z.. 2",
      "ct https://ctfe.sigstore.dev/test 2021-03-14T00:00:00Z..2022-10-31T23:59:59Z "
      "SHA256:086092f02852ff68",
      "ct https://ctfe.sigstore.dev/2022 2022-10-20T00:00:00Z.. SHA256:dd3d306ac6c71132",
      "tsa https://timestamp.sigstore.dev/api/v1/timestamp 2025-07-04T00:00:00Z..",
  };
  EXPECT_EQ(listing(*root), expected);
}

struct Link {
  crypto::Certificate issuer;
  crypto::Certificate subject;
};

std::vector<Link> links_of(const std::vector<crypto::Certificate>& chain) {
  std::vector<Link> links;
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    links.push_back({.issuer = chain[i + 1], .subject = chain[i]});
  }
  return links;
}

std::vector<Link> links_of(const TrustedRoot& root) {
  std::vector<std::vector<crypto::Certificate>> chains;
  for (const TrustedAuthority& each : root.authorities()) {
    chains.emplace_back(each.authority.chain().begin(), each.authority.chain().end());
  }
  for (const TrustedTimestamper& each : root.timestampers()) {
    std::vector<crypto::Certificate>& chain = chains.emplace_back();
    if (each.signer.leaf()) {
      chain.push_back(*each.signer.leaf());
    }
    if (each.signer.authority()) {
      const auto above = each.signer.authority()->chain();
      chain.insert(chain.end(), above.begin(), above.end());
    }
  }
  std::vector<Link> links;
  for (const std::vector<crypto::Certificate>& chain : chains) {
    std::ranges::copy(links_of(chain), std::back_inserter(links));
  }
  return links;
}

// links_in reads a chain of certificates, issuer after subject.
std::vector<Link> links_in(const std::string& file) {
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----\n";
  const auto text =
      read_file(std::string(NONO_SOURCE_DIR) + "/tests/attest/testdata/links/" + file, 1u << 20);
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  std::vector<crypto::Certificate> chain;
  while (!rest.empty()) {
    const std::size_t size = std::min(rest.find(kEnd), rest.size() - kEnd.size()) + kEnd.size();
    chain.push_back(crypto::Certificate::parse_pem(rest.substr(0, size)).value());
    rest.remove_prefix(size);
  }
  return links_of(chain);
}

// The list is what spares a verification these signatures: here is where they are checked.
TEST(EmbeddedRootTest, ItsLinksAndThoseOfStagingAreKnownAndHold) {
  const auto root = TrustedRoot::parse(embedded_root().text);
  ASSERT_TRUE(root.has_value()) << root.error().message();
  std::vector<Link> links = links_of(*root);
  std::ranges::copy(links_in("staging_fulcio.pem"), std::back_inserter(links));
  std::ranges::copy(links_in("staging_timestamps.pem"), std::back_inserter(links));
  std::vector<std::string> expected;
  for (const Link& link : links) {
    EXPECT_TRUE(crypto::issued(link.issuer, link.subject)) << link.subject.subject_text();
    expected.push_back(crypto::link_of(link.issuer, link.subject).hex());
  }
  std::vector<std::string> known;
  std::ranges::transform(known_links(), std::back_inserter(known), &crypto::Sha256::hex);
  EXPECT_EQ(known, expected);
}

TEST(EmbeddedRootTest, CarriesTheServicesThatItNames) {
  EXPECT_EQ(crypto::Sha256::of(embedded_root().signing_config).hex(),
            "9711a6d5375706957a4859af31c5866a4474f81f0544f9f4b76c9c4f4c8a539c");
  const auto root = TrustedRoot::parse(embedded_root().text);
  ASSERT_TRUE(root.has_value()) << root.error().message();
  const auto config = SigningConfig::parse(embedded_root().signing_config);
  ASSERT_TRUE(config.has_value()) << config.error().message();
  const Time taken = std::chrono::floor<std::chrono::seconds>(
      *parse_rfc3339(std::string(embedded_root().date) + "T00:00:00Z"));

  const auto authority = select_service(config->authorities(), std::array{1u}, taken);
  ASSERT_TRUE(authority.has_value()) << authority.error().message();
  EXPECT_TRUE(std::ranges::any_of(root->authorities(), [&](const TrustedAuthority& each) {
    return each.uri == authority->url && each.window.contains(taken);
  }));
  const auto logs =
      select_services(config->logs(), config->log_choice(), std::array{2u, 1u}, taken);
  ASSERT_TRUE(logs.has_value()) << logs.error().message();
  for (const Service& log : *logs) {
    EXPECT_TRUE(std::ranges::any_of(root->logs().logs(), [&](const rekor::Log& each) {
      return each.base_url == log.url;
    })) << log.url;
  }
  const auto timestampers =
      select_services(config->timestampers(), config->timestamper_choice(), std::array{1u}, taken);
  ASSERT_TRUE(timestampers.has_value()) << timestampers.error().message();
  for (const Service& timestamper : *timestampers) {
    EXPECT_TRUE(std::ranges::any_of(root->timestampers(), [&](const TrustedTimestamper& each) {
      return each.uri == timestamper.url && each.window.contains(taken);
    })) << timestamper.url;
  }
}

TEST(EmbeddedRootTest, CarriesATufRootToStartFrom) {
  const auto document = Json::parse(embedded_root().tuf_root, kTrustFileLimits);
  ASSERT_TRUE(document.has_value()) << document.error().message();
  const Json* body = document->find("signed");
  ASSERT_NE(body, nullptr);
  EXPECT_EQ(*body->find("_type")->string(), "root");
  EXPECT_EQ(*body->find("version")->integer(), 16);
}

}  // namespace
}  // namespace nono::attest::test
