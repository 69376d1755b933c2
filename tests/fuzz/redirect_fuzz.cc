// tests/fuzz/redirect_fuzz.cc: requests to the listener of a sign-in, and forms.
#include <cstdint>

#include "engine/redirect_request.h"
#include "tests/fuzz/expect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nono::engine;
  using nono::fuzz::expect;
  const std::string_view text = nono::fuzz::text_of(data, size);
  if (const auto request = read_redirect(text, "4711")) {
    expect(text.starts_with("GET /auth/callback?"));
    expect(request->fields.size() <= kMaxFormFields);
    expect(read_form(form(request->fields)) == request->fields);
  }
  if (const auto fields = read_form(text)) {
    expect(read_form(form(*fields)) == *fields);
  }
  (void)is_whole(text);
  return 0;
}
