// engine/approval_webhook.h: answers of a service that the user names, over HTTPS.
//
// The request is signed by a key that both sides have; a decision counts only if it names the
// digest of exactly this request, has not expired and carries a MAC by the same key. Whatever else
// comes back is a denial. A process of its own carries the requests, one at a time, by nono-net: it
// holds neither the key nor the record, and what it says is checked here.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/owned_fd.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "engine/approval.h"

namespace nono::engine {

// SignedQuestion is a request as it goes out (docs/approvals.md).
struct SignedQuestion {
  std::string body;
  std::string signature;  // hexadecimal
};
struct QuestionContext {
  std::string session;
  std::string nonce;
  Instant expires;
};
SignedQuestion sign_question(const ApprovalQuestion& question, const QuestionContext& context,
                             const crypto::Secret& key);

// read_decision is InvalidInput for anything but a decision about the request of this digest that
// is signed by `key` and valid at `now`. The reply's question is not set.
Result<ApprovalReply> read_decision(std::string_view body, const crypto::Sha256& request,
                                    const crypto::Secret& key, Instant now);

class WebhookBackend final : public ApprovalBackend {
 public:
  static constexpr std::size_t kLeastKey = 32;  // bytes

  // make forks the process that carries the requests: while this one has one thread, and before it
  // has read the key. Usage for a URL that is not https, nor http to this machine. `clock` must
  // outlive the backend.
  static Result<std::unique_ptr<WebhookBackend>> make(const std::string& url,
                                                      const std::string& session,
                                                      const Clock& clock);
  // use_key comes before the first question.
  void use_key(crypto::Secret key) { key_ = std::move(key); }
  WebhookBackend(const WebhookBackend&) = delete;
  WebhookBackend& operator=(const WebhookBackend&) = delete;
  ~WebhookBackend() override;

  std::string_view name() const override { return "webhook"; }
  Taken put(const ApprovalQuestion& question) override;
  void withdraw(std::uint64_t question) override { asked_.erase(question); }
  int watched() const override { return BorrowedFd(channel_).raw(); }
  std::vector<ApprovalReply> turn() override;

 private:
  WebhookBackend(std::string session, const Clock& clock, OwnedFd channel, OwnedFd process,
                 pid_t carrier)
      : session_(std::move(session)),
        clock_(clock),
        channel_(std::move(channel)),
        process_(std::move(process)),
        carrier_(carrier) {}
  ApprovalReply judge(std::uint64_t question, const crypto::Sha256& digest, std::uint64_t status,
                      const std::string& body) const;

  std::string session_;
  crypto::Secret key_;
  const Clock& clock_;
  OwnedFd channel_;
  OwnedFd process_;  // a pidfd of the carrier
  pid_t carrier_;
  std::map<std::uint64_t, crypto::Sha256> asked_;
};

}  // namespace nono::engine
