// crypto/openssl_handles.h: OpenSSL's objects with owners. Internal to crypto/.
//
// The library runs in a context of its own: no configuration file, no environment, no exit handler,
// no thread, nothing before the first use. Algorithms that every command needs are fetched once.
// What fails here for want of memory ends the process: a digest has no other way to say no.
#pragma once

#include <openssl/evp.h>
#include <openssl/types.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>

#include "base/result.h"
#include "crypto/digest.h"

namespace nono::crypto {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using X509Handle = std::unique_ptr<X509, FreeWith<X509_free>>;
using Pkey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

// library_context is the context that every OpenSSL call of ours names; made at the first call,
// kept until the process ends. Safe from several threads.
OSSL_LIB_CTX* library_context();

// digest_method is the fetched method of `algorithm`; it lives as long as the process.
const EVP_MD* digest_method(HashAlgorithm algorithm);

// ErrorQueue brackets an entry into OpenSSL: whatever the queue of this thread held is dropped at
// the start, and whatever the entry left is dropped at the end.
class ErrorQueue {
 public:
  ErrorQueue();
  ErrorQueue(const ErrorQueue&) = delete;
  ErrorQueue& operator=(const ErrorQueue&) = delete;
  ~ErrorQueue();

  // error makes an Error of `what` and the number of the error that OpenSSL queued last, if any.
  Error error(ErrorKind kind, std::string_view what) const;
};

// stop_unless ends the process (SIGABRT) with a line on stderr where `holds` is false: used only
// where OpenSSL can fail for lack of memory alone.
void stop_unless(bool holds, std::string_view what);

}  // namespace nono::crypto
