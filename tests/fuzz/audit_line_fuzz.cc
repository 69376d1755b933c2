// tests/fuzz/audit_line_fuzz.cc: lines of the audit log. A line that is taken is exactly what was
// authenticated and its mac: no byte stands outside both.
#include <string>

#include "ledger/audit_line.h"
#include "tests/fuzz/expect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nono;
  const std::string_view input = fuzz::text_of(data, size);
  const auto line = ledger::parse_audit_line(input);
  if (!line) {
    return 0;
  }
  std::string whole(line->authenticated);
  ledger::finish_line(whole, line->mac);
  fuzz::expect(whole == input);
  return 0;
}
