// net/ca_store.cc: see ca_store.h.
#include "net/ca_store.h"

#include <array>
#include <cstdlib>

#include "base/files.h"

namespace nono::net {
namespace {

constexpr std::size_t kMaxBundle = 8u << 20;
constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";

// Debian, Fedora, SUSE, Alpine.
constexpr auto kSystemBundles = std::to_array<const char*>(
    {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
     "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"});

std::string variable(const char* name) {
  // Read once, before the first thread starts.
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

Result<std::string> read_named(const char* name, const std::string& path) {
  auto pem = read_file(path, kMaxBundle);
  if (!pem) {
    return fail(ErrorKind::Unsupported, std::string("the certificate authorities of ") + name +
                                            " cannot be read: " + pem.error().message());
  }
  if (!pem->contains(kBegin)) {
    return fail(ErrorKind::Unsupported,
                std::string("the file of ") + name + " holds no certificate in PEM");
  }
  return *std::move(pem) + "\n";
}

std::string read_system_bundle() {
  for (const char* path : kSystemBundles) {
    if (auto pem = read_file(path, kMaxBundle); pem && pem->contains(kBegin)) {
      return *std::move(pem) + "\n";
    }
  }
  return {};
}

}  // namespace

Result<CaStore> load_ca_store() {
  CaStore store;
  const std::string file = variable("SSL_CERT_FILE");
  const std::string extra = variable("NONO_EXTRA_CA");
  store.directory = variable("SSL_CERT_DIR");
  if (!file.empty()) {
    NONO_TRY(store.pem, read_named("SSL_CERT_FILE", file));
  } else if (store.directory.empty()) {
    store.pem = read_system_bundle();
  }
  if (!extra.empty()) {
    NONO_TRY(const std::string more, read_named("NONO_EXTRA_CA", extra));
    store.pem += more;
  }
  return store;
}

}  // namespace nono::net
