// tests/fuzz/signing_config_fuzz.cc: signing configurations, and the choice of services: what is
// chosen is valid now, of one version, and of as many operators as services.
#include <array>
#include <chrono>
#include <set>
#include <string>

#include "attest/signing_config.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace nono;

constexpr std::array<std::uint32_t, 2> kSupported{1, 2};
constexpr attest::Time kNow{std::chrono::seconds{1'770'000'000}};  // 2026-02-02

void check_choice(std::span<const attest::Service> services, const attest::ServiceChoice& choice) {
  const auto chosen = attest::select_services(services, choice, kSupported, kNow);
  if (!chosen) {
    fuzz::expect(chosen.error().kind() == ErrorKind::NotFound);
    return;
  }
  fuzz::expect(!chosen->empty() && chosen->size() <= services.size());
  std::set<std::string> operators;
  for (const attest::Service& service : *chosen) {
    fuzz::expect(service.window.contains(kNow));
    fuzz::expect(service.major_api_version == chosen->front().major_api_version);
    fuzz::expect(operators.insert(service.operator_name).second);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = attest::SigningConfig::parse(fuzz::text_of(data, size));
  if (!config) {
    const ErrorKind kind = config.error().kind();
    fuzz::expect(kind == ErrorKind::InvalidInput || kind == ErrorKind::Unsupported ||
                 kind == ErrorKind::Exhausted);
    return 0;
  }
  fuzz::expect(config->logs().size() <= attest::SigningConfig::kMaxServices);
  check_choice(config->logs(), config->log_choice());
  check_choice(config->timestampers(), config->timestamper_choice());
  check_choice(config->authorities(), {});
  return 0;
}
