// attest/trusted_root.cc: from trusted_root.json to values.
#include "attest/trusted_root.h"

#include <array>
#include <utility>

#include "attest/bundle_json.h"
#include "attest/known_links.h"
#include "attest/proto_object.h"
#include "attest/trusted_log.h"
#include "crypto/certificate.h"

namespace nono::attest {

namespace {

constexpr std::array<std::string_view, 3> kMediaTypes{
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
};

// Authority is what certificate and timestamp authorities have in common.
struct Authority {
  std::string uri;
  std::string operator_name;
  Window window;
  std::vector<crypto::Certificate> chain;
};

// The certificates carry their names: the message's copy is checked for shape and not used.
Result<void> check_subject(const ProtoObject& authority) {
  if (const JsonView* view = authority.maybe("subject")) {
    NONO_TRY(const ProtoObject subject, ProtoObject::read(*view, {"organization", "commonName"}));
    NONO_CHECK(subject.text("organization"));
    NONO_CHECK(subject.text("commonName"));
  }
  return {};
}

Result<crypto::Certificate> read_certificate(const JsonView& view) {
  NONO_TRY(const ProtoObject message, ProtoObject::read(view, {"rawBytes"}));
  NONO_TRY(const JsonView raw, message.at("rawBytes"));
  NONO_TRY(const Bytes der, read_base64(raw));
  Result<crypto::Certificate> certificate = crypto::Certificate::parse_der(der);
  if (!certificate) {
    return std::unexpected(std::move(certificate).error().while_doing(raw.pointer()));
  }
  return certificate;
}

Result<std::vector<crypto::Certificate>> read_chain(const ProtoObject& authority) {
  NONO_TRY(const JsonView view, authority.at("certChain"));
  NONO_TRY(const ProtoObject chain, ProtoObject::read(view, {"certificates"}));
  NONO_TRY(const auto elements, chain.list("certificates", TrustedRoot::kMaxChain));
  if (elements.empty()) {
    return std::unexpected(view.error("must hold a certificate"));
  }
  std::vector<crypto::Certificate> certificates;
  for (const JsonView& element : elements) {
    NONO_TRY(crypto::Certificate certificate, read_certificate(element));
    certificates.push_back(std::move(certificate));
  }
  return certificates;
}

Result<Authority> read_authority(const JsonView& view) {
  NONO_TRY(const ProtoObject object,
           ProtoObject::read(view, {"subject", "uri", "certChain", "validFor", "operator"}));
  NONO_CHECK(check_subject(object));
  NONO_TRY(std::string uri, object.text("uri"));
  NONO_TRY(std::string operator_name, object.text("operator"));
  NONO_TRY(const JsonView range, object.at("validFor"));
  NONO_TRY(const Window window, read_window(range));
  NONO_TRY(std::vector<crypto::Certificate> chain, read_chain(object));
  return Authority{std::move(uri), std::move(operator_name), window, std::move(chain)};
}

Result<TrustedAuthority> read_issuer(const JsonView& view) {
  NONO_TRY(Authority read, read_authority(view));
  NONO_TRY(crypto::CertificateAuthority authority,
           crypto::CertificateAuthority::make(std::move(read.chain), known_links()));
  return TrustedAuthority{.uri = std::move(read.uri),
                          .operator_name = std::move(read.operator_name),
                          .window = read.window,
                          .authority = std::move(authority)};
}

Result<TrustedTimestamper> read_timestamper(const JsonView& view) {
  NONO_TRY(Authority read, read_authority(view));
  NONO_TRY(crypto::TimestampSigner signer,
           crypto::TimestampSigner::make(std::move(read.chain), known_links()));
  return TrustedTimestamper{.uri = std::move(read.uri),
                            .operator_name = std::move(read.operator_name),
                            .window = read.window,
                            .signer = std::move(signer)};
}

Result<TrustedCtLog> read_ct_log(const JsonView& view) {
  NONO_TRY(LogInstance read, read_log(view, LogKind::Certificate));
  rekor::Log& log = read.log;
  return TrustedCtLog{.base_url = std::move(log.base_url),
                      .operator_name = std::move(log.operator_name),
                      .log_id = log.log_id,
                      .key = log.key,
                      .window = read.window};
}

Result<rekor::Log> read_transparency_log(const JsonView& view) {
  NONO_TRY(LogInstance read, read_log(view, LogKind::Transparency));
  return std::move(read.log);
}

// Errors of the certificates' own reader do not know where in the document they are.
Error located(Error error, const JsonView& element) {
  const bool knows = error.message().starts_with(element.pointer());
  return knows ? std::move(error) : std::move(error).while_doing(element.pointer());
}

// read_each reads a list; what is Unsupported is left out with a warning, all else that is wrong
// refuses the root.
template <typename T>
Result<std::vector<T>> read_each(const ProtoObject& root, std::string_view name,
                                 Result<T> (*read)(const JsonView&),
                                 std::vector<std::string>& warnings) {
  NONO_TRY(const auto elements, root.list(name, TrustedRoot::kMaxInstances));
  std::vector<T> instances;
  for (const JsonView& element : elements) {
    Result<T> instance = read(element);
    if (instance) {
      instances.push_back(*std::move(instance));
    } else if (instance.error().kind() == ErrorKind::Unsupported) {
      warnings.push_back(element.pointer() + " is left out: " + instance.error().message());
    } else {
      return std::unexpected(located(std::move(instance).error(), element));
    }
  }
  return instances;
}

}  // namespace

// TrustedRootReader fills a root; it is a class because only it may.
class TrustedRootReader {
 public:
  static Result<TrustedRoot> read(const JsonView& view) {
    TrustedRoot root;
    std::vector<std::string>& warnings = root.warnings_;
    NONO_TRY(root.media_type_,
             read_media_type(view, kMediaTypes, "Sigstore trusted roots 0.1 and 0.2"));
    NONO_TRY(const ProtoObject object,
             ProtoObject::read(view, {"mediaType", "tlogs", "certificateAuthorities", "ctlogs",
                                      "timestampAuthorities"}));
    NONO_TRY(std::vector<rekor::Log> logs,
             read_each(object, "tlogs", read_transparency_log, warnings));
    for (rekor::Log& log : logs) {
      root.logs_.add(std::move(log));
    }
    NONO_TRY(root.authorities_, read_each(object, "certificateAuthorities", read_issuer, warnings));
    NONO_TRY(root.ct_logs_, read_each(object, "ctlogs", read_ct_log, warnings));
    NONO_TRY(root.timestampers_,
             read_each(object, "timestampAuthorities", read_timestamper, warnings));
    return root;
  }
};

Result<TrustedRoot> TrustedRoot::parse(const JsonView& view) {
  return TrustedRootReader::read(view);
}

Result<TrustedRoot> TrustedRoot::parse(std::string_view text) {
  NONO_TRY(const Json document, Json::parse(text, kTrustFileLimits));
  return parse(JsonView(document));
}

void TrustedRoot::ask_ahead() const {
  for (const TrustedAuthority& each : authorities_) {
    each.authority.ask_ahead();
  }
  for (const TrustedTimestamper& each : timestampers_) {
    each.signer.ask_ahead();
  }
}

}  // namespace nono::attest
