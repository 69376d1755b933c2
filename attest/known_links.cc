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

}  // namespace

std::span<const crypto::KnownLink> known_links() {
  static const std::array links{crypto::Sha256::parse_hex(kFulcio).value(),
                                crypto::Sha256::parse_hex(kTimestamps).value()};
  return links;
}

}  // namespace nono::attest
