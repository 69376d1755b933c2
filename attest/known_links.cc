// attest/known_links.cc: see known_links.h. tests/attest/embedded_root_test.cc prints the list that
// a new root needs.
#include "attest/known_links.h"

#include <array>
#include <string_view>

namespace nono::attest {

namespace {

constexpr std::string_view kFulcio =
    "cf5f49145cc815a8dfe06f9eee5e464e15497852d92cd994192b983f234e3bf6";
constexpr std::string_view kTimestamps =
    "ab0cf070e217c96aae5642a3f58f23620e874c74745dd20d83aee416c197789f";
// The staging instance's.
constexpr std::string_view kStagingFulcio =
    "1a945df7c681d2d5caf5bbf08212874674b6e9c63c3e9074b2fe5efcfe924bab";
constexpr std::string_view kStagingTimestamps =
    "a220e5040f76ead579ae545184bb0d2ce2cb0a6e1318bfa93f657395befa5e1f";

}  // namespace

std::span<const crypto::KnownLink> known_links() {
  static const std::array links{crypto::Sha256::parse_hex(kFulcio).value(),
                                crypto::Sha256::parse_hex(kTimestamps).value(),
                                crypto::Sha256::parse_hex(kStagingFulcio).value(),
                                crypto::Sha256::parse_hex(kStagingTimestamps).value()};
  return links;
}

}  // namespace nono::attest
