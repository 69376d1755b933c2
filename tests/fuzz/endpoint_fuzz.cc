// tests/fuzz/endpoint_fuzz.cc: a socket address of an agent, and what a person names. What is
// written for the kernel from an endpoint means that endpoint, in either family; a name or address
// that was read is read as the same again, and names a host.
#include "sandbox/endpoint.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace nono;

void check_address(std::string_view bytes) {
  const auto endpoint = sandbox::endpoint_from(bytes);
  if (!endpoint) {
    return;
  }
  fuzz::expect(sandbox::class_of(*endpoint) != sandbox::AddressClass::Unspecified ||
               endpoint->is_ipv4() || endpoint->host().starts_with("64:ff9b::"));
  for (const sa_family_t family : std::array<sa_family_t, 2>{AF_INET, AF_INET6}) {
    const sandbox::SocketName name = sandbox::socket_name(*endpoint, family);
    const void* raw = &name.storage;
    const auto again = sandbox::endpoint_from({static_cast<const char*>(raw), name.size});
    fuzz::expect(again && *again == *endpoint);
  }
}

void check_text(std::string_view text) {
  const auto named = sandbox::parse_host_port(text);
  if (!named) {
    fuzz::expect(!named.error().remedy().empty());
    return;
  }
  const auto again = sandbox::parse_host_port(named->text());
  fuzz::expect(again && *again == *named && named->port != 0 && !named->host.empty());
  fuzz::expect(named->host.find('\0') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = nono::fuzz::text_of(data, size);
  check_address(input);
  check_text(input);
  return 0;
}
