// crypto/head_start.h: what a verification will ask of the library, worked out beside it.
//
// The signature of a Fulcio certificate takes as long as the rest of a verification, and depends on
// nothing that the rest finds out. A second thread makes the library ready while the first one
// reads files, and then checks that signature. It decides nothing: its answers stay in the
// certificate and its authority (CertificateAuthority::ask_ahead), where the one path of
// verification finds them or, where they are not there, works them out itself, in its own order.
// Where no thread can be had there is none.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <functional>
#include <mutex>

namespace nono::crypto {

// HeadStart is for one verification after the other, by one thread, and longer-lived than they. A
// process that has one does not fork.
class HeadStart {
 public:
  HeadStart() = default;
  HeadStart(const HeadStart&) = delete;
  HeadStart& operator=(const HeadStart&) = delete;
  ~HeadStart() { finish(); }

  // begin starts the thread: a certificate will be verified. It waits for ask.
  void begin();
  // ask begins, unless somebody did, and has the thread call `question`, whose only effect is what
  // ask_ahead keeps. It may be dropped unasked; what it borrows lives until finish.
  using Question = std::function<void()>;
  void ask(Question question);
  // finish waits for the end of the thread; what it was not asked yet it is not asked any more.
  void finish();

 private:
  static void* work(void* self);
  bool is_asked();
  Question next();

  pthread_t thread_{};
  bool running_ = false;
  bool asked_ = false;  // the running thread has its question
  std::mutex mutex_;
  std::condition_variable changed_;
  Question question_;
  bool over_ = false;
};

}  // namespace nono::crypto
