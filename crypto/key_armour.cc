// crypto/key_armour.cc: PEM (RFC 7468) and upstream's one line of base64 around the DER of keys,
// and PEM around a certificate.
#include <openssl/crypto.h>

#include <optional>
#include <utility>

#include "crypto/key_formats.h"

namespace nono::crypto {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::size_t kMaxText = 16u << 10;
constexpr std::size_t kMaxCertificateText = 96u << 10;  // kMaxCertificateBytes as base64
constexpr std::size_t kPemColumns = 64;

// Wiped holds the base64 of a key while its armour is taken off.
class Wiped {
 public:
  explicit Wiped(std::size_t room) { text_.reserve(room); }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { OPENSSL_cleanse(text_.data(), text_.size()); }
  std::string& text() { return text_; }

 private:
  std::string text_;
};

struct Block {
  std::string_view label;
  std::string_view body;  // lines of base64
};

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_space(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

bool consume(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

// read_block takes the only PEM block of `text`; nothing may stand before or after it.
std::optional<Block> read_block(std::string_view text) {
  if (!consume(text, kBegin)) {
    return std::nullopt;
  }
  const std::size_t label_end = text.find(kDashes);
  if (label_end == std::string_view::npos) {
    return std::nullopt;
  }
  Block block{.label = text.substr(0, label_end), .body = {}};
  text.remove_prefix(label_end + kDashes.size());
  const std::size_t body_end = text.find('-');
  if (body_end == std::string_view::npos) {
    return std::nullopt;
  }
  block.body = text.substr(0, body_end);
  text.remove_prefix(body_end);
  const bool closed = consume(text, kEnd) && consume(text, block.label) && consume(text, kDashes);
  return closed && text.empty() ? std::optional(block) : std::nullopt;
}

// join_lines appends the lines of a block without their ends; false on any other white space.
bool join_lines(std::string_view body, std::string& out) {
  if (body.empty() || (body.front() != '\n' && body.front() != '\r') || body.back() != '\n') {
    return false;
  }
  for (std::size_t i = 0; i < body.size(); ++i) {
    const bool carriage_return = body[i] == '\r';
    if (carriage_return && (i + 1 == body.size() || body[i + 1] != '\n')) {
      return false;
    }
    if (!carriage_return && body[i] != '\n') {
      out += body[i];
    }
  }
  return true;
}

std::string_view label_of(std::string_view text) {
  return consume(text, kBegin) ? text.substr(0, text.find(kDashes)) : std::string_view();
}

std::unexpected<Error> bad(std::string_view what, std::string_view why, std::string remedy = {}) {
  Error error(ErrorKind::InvalidInput, std::string(what) + ": " + std::string(why));
  return std::unexpected(std::move(error).mend_with(std::move(remedy)));
}

std::unexpected<Error> wrong_public_label(std::string_view label) {
  constexpr std::string_view kWhat = "public key";
  if (label.ends_with("PRIVATE KEY")) {
    return bad(kWhat, "this is a private key; its public half is wanted here",
               "openssl pkey -in KEY -pubout");
  }
  if (label.ends_with("CERTIFICATE")) {
    return bad(kWhat, "this is a certificate, not a key", "openssl x509 -in CERT -noout -pubkey");
  }
  return bad(kWhat, "the PEM block is not a \"PUBLIC KEY\" (SubjectPublicKeyInfo)",
             "openssl pkey -pubin -in KEY -pubout");
}

std::unexpected<Error> wrong_private_label(std::string_view label) {
  constexpr std::string_view kWhat = "private key";
  if (label == "ENCRYPTED PRIVATE KEY") {
    return std::unexpected(
        Error(ErrorKind::Unsupported, "private key: it is encrypted")
            .mend_with("decrypt it first: openssl pkcs8 -in KEY -out KEY.plain"));
  }
  // What could be converted and would not sign then, or cannot be by openssl.
  if (label == "RSA PRIVATE KEY") {
    return fail(ErrorKind::Unsupported, "private key: RSA keys verify here, they do not sign");
  }
  if (label == "OPENSSH PRIVATE KEY") {
    return bad(kWhat, "it is in OpenSSH's form, not in PKCS#8");
  }
  if (label.ends_with("PRIVATE KEY") || label == "EC PARAMETERS") {
    return bad(kWhat, "it is in its algorithm's own form, not in PKCS#8",
               "convert it: openssl pkcs8 -topk8 -nocrypt -in KEY -out KEY.p8");
  }
  return bad(kWhat, "the PEM block is not a \"PRIVATE KEY\" (PKCS#8)");
}

using WrongLabel = std::unexpected<Error> (*)(std::string_view label);

// base64_inside writes the base64 of the one key in `text` to `out`.
Result<void> base64_inside(std::string_view text, std::string_view wanted_label,
                           std::string_view what, WrongLabel wrong_label, std::string& out) {
  text = trimmed(text);
  if (text.size() > kMaxText) {
    return bad(what, "is longer than 16 KiB");
  }
  if (text.empty()) {
    return bad(what, "there is nothing in it");
  }
  if (!text.starts_with(kBegin)) {
    out += text;
    return {};
  }
  if (label_of(text) != wanted_label) {
    return wrong_label(label_of(text));
  }
  const auto block = read_block(text);
  if (!block || !join_lines(block->body, out)) {
    return bad(what, "the PEM block is malformed, or something stands after it");
  }
  return {};
}

std::unexpected<Error> not_base64(std::string_view what) {
  return bad(what, "is neither one PEM block nor one line of base64");
}

}  // namespace

Result<Bytes> unarmour_public(std::string_view text) {
  constexpr std::string_view kWhat = "public key";
  std::string base64;
  NONO_CHECK(base64_inside(text, "PUBLIC KEY", kWhat, wrong_public_label, base64));
  auto der = base64_decode(base64, Base64::Strict);
  if (!der) {
    return not_base64(kWhat);
  }
  return *std::move(der);
}

Result<Secret> unarmour_private(const Secret& text) {
  constexpr std::string_view kWhat = "private key";
  const auto inside = text.text(SecretAccess::i_will_not_log_or_store_this());
  Wiped base64(inside.size());
  NONO_CHECK(base64_inside(inside, "PRIVATE KEY", kWhat, wrong_private_label, base64.text()));
  auto der = base64_decode(base64.text(), Base64::Strict);
  if (!der) {
    return not_base64(kWhat);
  }
  Secret secret = Secret::copy_of(*der);
  OPENSSL_cleanse(der->data(), der->size());
  return secret;
}

Result<Bytes> unarmour_certificate(std::string_view text) {
  constexpr std::string_view kWhat = "certificate";
  text = trimmed(text);
  if (text.size() > kMaxCertificateText) {
    return bad(kWhat, "is longer than 96 KiB");
  }
  const auto block = read_block(text);
  std::string base64;
  if (!block || block->label != "CERTIFICATE" || !join_lines(block->body, base64)) {
    return bad(kWhat, "is not exactly one PEM block \"CERTIFICATE\"");
  }
  auto der = base64_decode(base64, Base64::Strict);
  if (!der) {
    return bad(kWhat, "the PEM block is not base64");
  }
  return *std::move(der);
}

std::string pem_of(std::string_view label, std::span<const std::byte> der) {
  std::string base64 = base64_encode(der);
  std::string out;
  // Room for all of it at once: a reallocation would leave a copy of a secret behind.
  out.reserve(base64.size() + base64.size() / kPemColumns + 2 * label.size() + 64);
  ((out += kBegin) += label) += kDashes;
  out += '\n';
  for (std::size_t at = 0; at < base64.size(); at += kPemColumns) {
    out += std::string_view(base64).substr(at, kPemColumns);
    out += '\n';
  }
  ((out += kEnd) += label) += kDashes;
  out += '\n';
  OPENSSL_cleanse(base64.data(), base64.size());
  return out;
}

}  // namespace nono::crypto
