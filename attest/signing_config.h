// attest/signing_config.h: which services a signer should use (protobuf-specs
// sigstore_trustroot.proto, SigningConfig v0.2), and the choice among them.
//
// It decides where requests go, never what is believed: what the services answer is verified
// against the trusted root. Reading is as strict as for the trusted root; nothing is left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/trusted_root.h"
#include "base/json.h"
#include "base/result.h"

namespace nono::attest {

// Service is one server. `url` is http or https with a host, without control characters and
// spaces; `operator_name` is not empty.
struct Service {
  std::string url;
  std::uint32_t major_api_version = 0;  // 0: not yet released, so no client supports it
  Window window;
  std::string operator_name;
};

enum class ServiceSelector : unsigned char { All = 1, Any = 2, Exact = 3 };  // numbers of the proto
struct ServiceChoice {
  ServiceSelector selector = ServiceSelector::Any;
  std::uint32_t count = 0;  // of Exact; above 0 there
};

class SigningConfig {
 public:
  static constexpr std::size_t kMaxServices = 64;  // of each of the four lists

  // parse names the JSON pointer of what is wrong: InvalidInput; another media type, v0.1 too, is
  // Unsupported.
  static Result<SigningConfig> parse(std::string_view text);
  static Result<SigningConfig> parse(const JsonView& view);  // as a member of a ClientTrustConfig

  std::span<const Service> authorities() const { return authorities_; }                // base URLs
  std::span<const Service> identity_providers() const { return identity_providers_; }  // base URLs
  std::span<const Service> logs() const { return logs_; }                              // base URLs
  std::span<const Service> timestampers() const { return timestampers_; }  // complete URLs
  const ServiceChoice& log_choice() const { return log_choice_; }
  const ServiceChoice& timestamper_choice() const { return timestamper_choice_; }

 private:
  SigningConfig() = default;
  std::vector<Service> authorities_;
  std::vector<Service> identity_providers_;
  std::vector<Service> logs_;
  std::vector<Service> timestampers_;
  ServiceChoice log_choice_;
  ServiceChoice timestamper_choice_;
};

// select_services drops what is not valid at `now` or not of `supported` versions, keeps only the
// highest version that is left, and takes one service of each operator: the one that became valid
// last, of equals the first listed. Then all of them, the newest, or exactly `count`, newest first.
// NotFound: none is left, or fewer than `count`.
Result<std::vector<Service>> select_services(std::span<const Service> services,
                                             const ServiceChoice& choice,
                                             std::span<const std::uint32_t> supported, Time now);
// select_service is the single best one, for authorities and identity providers.
Result<Service> select_service(std::span<const Service> services,
                               std::span<const std::uint32_t> supported, Time now);

}  // namespace nono::attest
