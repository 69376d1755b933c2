// crypto/openssl_handles.cc: the library context, the fetched digests and the error queue.
#include "crypto/openssl_handles.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace nono::crypto {
namespace {

// Raw pointers on purpose: the objects stay until the process ends, so there is no destructor that
// an exit handler would have to run.
struct Library {
  OSSL_LIB_CTX* context;
  EVP_MD* sha256;
};

// The tables of ciphers and digests by name, from before OpenSSL 3, cost two thirds of the start
// and serve nothing here. Code that needs a digest in them (certificates do) adds it:
// EVP_add_digest. The texts of all errors cost a fifth of what is left; errors are told by number.
constexpr std::uint64_t kHowToStart =
    OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
    OPENSSL_INIT_NO_ADD_ALL_DIGESTS | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS;

Library open_library() {
  // Must come before any other call, which would initialise with the defaults.
  stop_unless(OPENSSL_init_crypto(kHowToStart, nullptr) == 1, "OpenSSL does not initialise");
  OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
  stop_unless(context != nullptr, "OpenSSL gives no library context");
  // Arithmetic on curves blinds its points. The usual generator (AES-256 in counter mode) takes
  // longer to set up than the signatures of a verdict take; Hash_DRBG of SP 800-90A is as good and
  // needs nothing but the digest below.
  stop_unless(RAND_set_DRBG_type(context, "HASH-DRBG", nullptr, nullptr, "SHA256") == 1,
              "OpenSSL takes no choice of random generator");
  EVP_MD* const sha256 = EVP_MD_fetch(context, "SHA2-256", nullptr);
  stop_unless(sha256 != nullptr, "OpenSSL has no SHA-256");
  return {.context = context, .sha256 = sha256};
}

const Library& library() {
  static const Library instance = open_library();
  return instance;
}

EVP_MD* fetched(const char* name) {
  EVP_MD* const method = EVP_MD_fetch(library_context(), name, nullptr);
  stop_unless(method != nullptr, "OpenSSL lacks a SHA-2 digest");
  return method;
}

}  // namespace

OSSL_LIB_CTX* library_context() {
  return library().context;
}

const EVP_MD* digest_method(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::Sha256:
      return library().sha256;
    case HashAlgorithm::Sha384: {
      static const EVP_MD* const sha384 = fetched("SHA2-384");
      return sha384;
    }
    case HashAlgorithm::Sha512: {
      static const EVP_MD* const sha512 = fetched("SHA2-512");
      return sha512;
    }
  }
  std::abort();
}

// The library must be up before its queue is touched: the first touch initialises it.
ErrorQueue::ErrorQueue() {
  library_context();
  ERR_clear_error();
}
ErrorQueue::~ErrorQueue() {
  ERR_clear_error();
}

Error ErrorQueue::error(ErrorKind kind, std::string_view what) const {
  std::string message(what);
  const unsigned long code = ERR_peek_last_error();
  if (code != 0) {
    std::array<char, 2 * sizeof code> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), code, 16).ptr;
    message += " (openssl errstr " + std::string(digits.begin(), end) + " says why)";
  }
  return {kind, std::move(message)};
}

void stop_unless(bool holds, std::string_view what) {
  if (holds) {
    return;
  }
  std::string line("nono: ");
  line += what;
  line += '\n';
  // Nothing can be done about a failure to say why.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  std::abort();
}

}  // namespace nono::crypto
