// tests/fuzz/net_frame_fuzz.cc: what nono and nono-net read from each other. What is read is the
// only spelling of itself, and within its caps.
#include "net/frame.h"
#include "net/request_rules.h"
#include "tests/fuzz/expect.h"

namespace {

constexpr std::size_t kCap = 64;

void try_answer(std::string_view payload) {
  const auto answer = nono::net::decode_answer(payload, kCap);
  if (!answer) {
    return;
  }
  nono::fuzz::expect(nono::net::encode_answer(*answer) == payload);
  if (const auto* response = std::get_if<nono::net::HttpResponse>(&*answer); response != nullptr) {
    nono::fuzz::expect(response->status >= 200 && response->status < 600);
    nono::fuzz::expect(response->body.size() <= kCap);
    for (const auto& [name, value] : response->headers) {
      nono::fuzz::expect(nono::net::is_field_name(name) && nono::net::is_field_value(value));
    }
  }
}

void try_request(std::string_view payload) {
  const auto request = nono::net::decode_request(payload);
  if (request) {
    nono::fuzz::expect(nono::net::encode_request(*request) == payload);
    const auto url = nono::net::check_request(*request);
    nono::fuzz::expect(!url || url->loopback || url->scheme == nono::net::Scheme::Https);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = nono::fuzz::text_of(data, size);
  try_answer(input);
  try_request(input);
  return 0;
}
