// attest/signing_config.cc: see signing_config.h.
#include "attest/signing_config.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "attest/bundle_json.h"
#include "attest/proto_object.h"

namespace nono::attest {

namespace {

constexpr std::array<std::string_view, 1> kMediaTypes{
    "application/vnd.dev.sigstore.signingconfig.v0.2+json"};

struct SelectorName {
  std::string_view name;
  ServiceSelector selector;
};
constexpr std::array kSelectors{
    SelectorName{"ALL", ServiceSelector::All},
    SelectorName{"ANY", ServiceSelector::Any},
    SelectorName{"EXACT", ServiceSelector::Exact},
};

bool is_url_of_a_server(std::string_view url) {
  std::size_t scheme = 0;
  if (url.starts_with("https://")) {
    scheme = 8;
  } else if (url.starts_with("http://")) {
    scheme = 7;
  }
  const std::string_view rest = url.substr(scheme);
  return scheme != 0 && !rest.empty() && !std::string_view("/?#:@").contains(rest.front()) &&
         !url.contains(' ');
}

Result<std::uint32_t> read_uint32(const JsonView& view) {
  NONO_TRY(const std::int64_t value, read_int64(view));
  if (value > std::numeric_limits<std::uint32_t>::max()) {
    return std::unexpected(view.error("is beyond 32 bits"));
  }
  return static_cast<std::uint32_t>(value);
}

Result<Service> read_service(const JsonView& view) {
  NONO_TRY(const ProtoObject object,
           ProtoObject::read(view, {"url", "majorApiVersion", "validFor", "operator"}));
  NONO_TRY(std::string url, object.nonempty_text("url"));
  if (!is_url_of_a_server(url)) {
    return std::unexpected(view.error("its url must be http:// or https:// with a host"));
  }
  Service service;
  service.url = std::move(url);
  // proto3 writers may leave a 0 out.
  if (const JsonView* version = object.maybe("majorApiVersion")) {
    NONO_TRY(service.major_api_version, read_uint32(*version));
  }
  NONO_TRY(const JsonView range, object.at("validFor"));
  NONO_TRY(service.window, read_window(range));
  NONO_TRY(service.operator_name, object.nonempty_text("operator"));
  return service;
}

Result<std::vector<Service>> read_services(const ProtoObject& config, std::string_view name) {
  NONO_TRY(const auto elements, config.list(name, SigningConfig::kMaxServices));
  std::vector<Service> services;
  for (const JsonView& element : elements) {
    NONO_TRY(Service service, read_service(element));
    services.push_back(std::move(service));
  }
  return services;
}

Result<ServiceSelector> read_selector(const JsonView& view) {
  NONO_TRY(const ProtoEnum value, read_enum(view));
  for (const SelectorName& known : kSelectors) {
    if (value.is(known.name, std::to_underlying(known.selector))) {
      return known.selector;
    }
  }
  return std::unexpected(view.error("must be ALL, ANY or EXACT"));
}

Result<ServiceChoice> read_choice(const JsonView& view) {
  NONO_TRY(const ProtoObject object, ProtoObject::read(view, {"selector", "count"}));
  NONO_TRY(const JsonView selector, object.at("selector"));
  ServiceChoice choice;
  NONO_TRY(choice.selector, read_selector(selector));
  if (const JsonView* count = object.maybe("count")) {
    NONO_TRY(choice.count, read_uint32(*count));
  }
  if (choice.selector == ServiceSelector::Exact && choice.count == 0) {
    return std::unexpected(view.error("EXACT must have a count above 0"));
  }
  return choice;
}

// A list without services needs no choice among them.
Result<ServiceChoice> read_choice_among(const ProtoObject& config, std::string_view name,
                                        std::span<const Service> services) {
  if (services.empty() && config.maybe(name) == nullptr) {
    return ServiceChoice{};
  }
  NONO_TRY(const JsonView view, config.at(name));
  return read_choice(view);
}

bool is_usable(const Service& service, std::span<const std::uint32_t> supported, Time now) {
  return service.window.contains(now) &&
         std::ranges::find(supported, service.major_api_version) != supported.end();
}

// ranked is what select_services chooses from: at most one of each operator, newest first.
std::vector<Service> ranked(std::span<const Service> services,
                            std::span<const std::uint32_t> supported, Time now) {
  std::vector<Service> usable;
  for (const Service& service : services) {
    if (is_usable(service, supported, now)) {
      usable.push_back(service);
    }
  }
  if (usable.empty()) {
    return usable;
  }
  const std::uint32_t highest =
      std::ranges::max_element(usable, {}, &Service::major_api_version)->major_api_version;
  std::erase_if(usable, [highest](const Service& s) { return s.major_api_version != highest; });
  std::ranges::stable_sort(usable, std::ranges::greater{},
                           [](const Service& s) { return s.window.start; });
  std::vector<Service> best;
  for (Service& service : usable) {
    if (std::ranges::find(best, service.operator_name, &Service::operator_name) == best.end()) {
      best.push_back(std::move(service));
    }
  }
  return best;
}

}  // namespace

Result<SigningConfig> SigningConfig::parse(const JsonView& view) {
  NONO_CHECK(read_media_type(view, kMediaTypes,
                             "Sigstore signing configurations 0.2; no service publishes 0.1 any "
                             "more"));
  NONO_TRY(const ProtoObject object,
           ProtoObject::read(view, {"mediaType", "caUrls", "oidcUrls", "rekorTlogUrls",
                                    "rekorTlogConfig", "tsaUrls", "tsaConfig"}));
  SigningConfig config;
  NONO_TRY(config.authorities_, read_services(object, "caUrls"));
  NONO_TRY(config.identity_providers_, read_services(object, "oidcUrls"));
  NONO_TRY(config.logs_, read_services(object, "rekorTlogUrls"));
  NONO_TRY(config.log_choice_, read_choice_among(object, "rekorTlogConfig", config.logs_));
  NONO_TRY(config.timestampers_, read_services(object, "tsaUrls"));
  NONO_TRY(config.timestamper_choice_,
           read_choice_among(object, "tsaConfig", config.timestampers_));
  return config;
}

Result<SigningConfig> SigningConfig::parse(std::string_view text) {
  NONO_TRY(const Json document, Json::parse(text, kTrustFileLimits));
  return parse(JsonView(document));
}

Result<std::vector<Service>> select_services(std::span<const Service> services,
                                             const ServiceChoice& choice,
                                             std::span<const std::uint32_t> supported, Time now) {
  std::vector<Service> best = ranked(services, supported, now);
  const std::size_t wanted = choice.selector == ServiceSelector::Exact ? choice.count : 1;
  if (best.size() < wanted || wanted == 0) {
    return fail(ErrorKind::NotFound,
                "the signing configuration demands " + std::to_string(wanted) +
                    " service(s) of different operators; " + std::to_string(best.size()) + " of " +
                    std::to_string(services.size()) + " are valid now and of a known version");
  }
  if (choice.selector != ServiceSelector::All) {
    best.resize(wanted);
  }
  return best;
}

Result<Service> select_service(std::span<const Service> services,
                               std::span<const std::uint32_t> supported, Time now) {
  NONO_TRY(std::vector<Service> best, select_services(services, {}, supported, now));
  return std::move(best.front());
}

}  // namespace nono::attest
