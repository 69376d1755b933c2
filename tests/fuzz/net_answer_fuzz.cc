// tests/fuzz/net_answer_fuzz.cc: heads of answers, and URLs. The first line of the input is a URL
// or a redirect's target, the rest a head. A URL that is allowed means the same when it is read
// again.
#include <algorithm>

#include "net/answer_rules.h"
#include "net/frame.h"
#include "net/request_rules.h"
#include "net/url.h"
#include "tests/fuzz/expect.h"

namespace {

using nono::fuzz::expect;
using nono::net::Url;

constexpr std::size_t kCap = 1000;

void expect_stable(const Url& url) {
  const auto again = nono::net::parse_url(url.text());
  expect(again && again->text() == url.text() && again->loopback == url.loopback);
  expect(url.loopback || url.scheme == nono::net::Scheme::Https);
  expect(!url.authority().contains('@') && url.target.starts_with('/'));
}

void try_url(std::string_view text) {
  if (const auto url = nono::net::parse_url(text)) {
    expect_stable(*url);
  }
  static const Url kBase = *nono::net::parse_url("https://host/a/b?c");
  if (const auto target = nono::net::resolve_reference(kBase, text)) {
    expect_stable(*target);
  }
}

void try_head(std::string_view text) {
  nono::net::AnswerHead head(kCap);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (!head.take(text.substr(0, end))) {
      return;
    }
    text.remove_prefix(end);
  }
  if (!head.begin_body()) {
    return;
  }
  const auto response = std::move(head).response();
  // nono takes from nono-net whatever nono-net takes from a server.
  expect(nono::net::decode_answer(nono::net::encode_answer(response), kCap).has_value());
  expect(std::ranges::count(response.headers, "content-length",
                            [](const auto& field) { return field.first; }) <= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = nono::fuzz::text_of(data, size);
  const std::size_t end = std::min(input.find('\n'), input.size());
  try_url(input.substr(0, end));
  try_head(input.substr(std::min(end + 1, input.size())));
  return 0;
}
