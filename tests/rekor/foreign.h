// tests/rekor/foreign.h: bundles and trusted roots that others made, read as far as logs need it.
// attest/ reads them strictly; here whatever has the parts is taken.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "rekor/log_entry.h"
#include "rekor/log_keyring.h"

namespace nono::rekor::test {

// shared returns a file of the fixtures, or nothing.
std::optional<std::string> shared(std::string_view path);

// read_logs returns the logs of a trusted_root.json; those with a part missing are left out.
LogKeyring read_logs(const Json& trusted_root);

// ForeignBundle is what a bundle submitted, and its entries.
class ForeignBundle {
 public:
  // read takes "sha256:HEX" or the path of a file as `artifact`, and a key in PEM for bundles
  // without a certificate. Nothing where a part is missing or malformed.
  static std::optional<ForeignBundle> read(const Json& bundle, std::string_view artifact,
                                           std::string_view key_pem);

  const std::vector<LogEntry>& entries() const { return entries_; }
  Submission submission() const;
  // outcomes lists what becomes of each entry, parted by spaces: "logged" or a fault's name.
  std::string outcomes(const LogKeyring& logs) const;

 private:
  ForeignBundle(crypto::PublicKey key, SignedDigests digests)
      : key_(std::move(key)), digests_(std::move(digests)) {}
  bool read_entries(const Json::Array& list);
  crypto::PublicKey key_;
  SignedDigests digests_;
  Bytes certificate_;
  Bytes signature_;
  std::optional<EnvelopeParts> envelope_;
  std::vector<LogEntry> entries_;
};

}  // namespace nono::rekor::test
