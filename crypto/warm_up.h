// crypto/warm_up.h: the cryptographic library made ready beside other work.
//
// OpenSSL's context, its methods for SHA-256, HMAC and P-256 and the memory that they touch take as
// long to come up as everything that they then compute for a verdict. A start has that time on
// another processor while it reads what it is to do.
#pragma once

#include <pthread.h>

namespace nono::crypto {

// WarmUp works in a thread of its own until it is done. Where no thread can be had, the first use
// of the library does the work. What it verifies is made up and nobody hears of it.
class WarmUp {
 public:
  WarmUp();
  WarmUp(const WarmUp&) = delete;
  WarmUp& operator=(const WarmUp&) = delete;
  ~WarmUp() { finish(); }
  // finish waits for its end: a process that forks has one thread.
  void finish();

 private:
  pthread_t thread_{};
  bool running_ = false;
};

}  // namespace nono::crypto
