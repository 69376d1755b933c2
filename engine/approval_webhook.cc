#include "engine/approval_webhook.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"
#include "net/nono_net_client.h"
#include "net/url.h"
#include "sandbox/wire.h"

namespace nono::engine {
namespace {

constexpr std::string_view kRequestSchema = "nono/approval-request/1";
constexpr std::string_view kDecisionSchema = "nono/approval-decision/1";
constexpr std::size_t kMaxDecision = 8192;
constexpr std::size_t kMaxFailure = 1024;
// Of object and spelling together: the request must fit into one message to its carrier.
constexpr std::size_t kMaxNames = 2000;
constexpr std::size_t kNonceBytes = 16;
constexpr std::chrono::milliseconds kDeadline{20'000};
constexpr int kOk = 200;
constexpr int kCarrierFd = 3;

std::string mac_of(const crypto::Secret& key, const std::string& text) {
  return hex_encode(crypto::hmac_sha256(key, as_bytes(text)));
}

bool same_mac(const std::string& one, const std::string& other) {
  return crypto::Secret::copy_of(as_bytes(one)).equals(crypto::Secret::copy_of(as_bytes(other)));
}

Result<std::string> text_at(const JsonView& view, std::string_view key) {
  NONO_TRY(const JsonView member, view.at(key));
  return member.nonempty_string();
}

// Decision is an answer by its form; nothing of it is believed yet.
struct Decision {
  std::string schema;
  std::string request;
  std::string decision;
  std::string scope;
  std::string expires;
  std::string mac;

  std::string signed_text() const {
    return std::string(kDecisionSchema) + "\n" + request + "\n" + decision + "\n" + scope + "\n" +
           expires;
  }
};

Result<Decision> decision_in(const JsonView& view) {
  NONO_CHECK(view.only({"schema", "request", "decision", "scope", "expires", "mac"}));
  Decision out;
  for (const auto& [name, into] :
       {std::pair("schema", &out.schema), std::pair("request", &out.request),
        std::pair("decision", &out.decision), std::pair("scope", &out.scope),
        std::pair("expires", &out.expires), std::pair("mac", &out.mac)}) {
    NONO_TRY(*into, text_at(view, name));
  }
  return out;
}

// carry runs in the carrier: one request after the other, until the session is over.
[[noreturn]] void carry(int channel_fd, const std::string& url) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();
  const int null_fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const int kept = ::fcntl(channel_fd, F_DUPFD_CLOEXEC, kCarrierFd + 1);
  if (null_fd < 0 || kept < 0) {
    ::_exit(1);
  }
  for (const int stream : {0, 1, 2}) {
    ::dup2(null_fd, stream);
  }
  ::dup3(kept, kCarrierFd, O_CLOEXEC);
  ::syscall(SYS_close_range, kCarrierFd + 1, ~0U, 0);
  const BorrowedFd channel = BorrowedFd::unowned(kCarrierFd);
  net::NonoNetClient client;
  for (;;) {
    const auto message = sandbox::wire_receive(channel);
    if (!message) {
      ::_exit(0);
    }
    sandbox::WireReader reader(message->text);
    const std::uint64_t question = reader.number();
    net::HttpRequest request;
    request.service = "the approval service";
    request.method = net::Method::Post;
    request.url = url;
    request.headers = {{"content-type", "application/json"}, {"nono-signature", reader.text()}};
    request.body = reader.text();
    request.deadline = kDeadline;
    request.max_bytes = kMaxDecision;
    const auto answer = client.send(request);
    sandbox::WireWriter out;
    out.number(question).number(answer ? static_cast<std::uint64_t>(answer->status) : 0);
    out.text(answer ? answer->body : answer.error().message().substr(0, kMaxFailure));
    static_cast<void>(sandbox::wire_send(channel, out.bytes(), {}));
  }
}

}  // namespace

SignedQuestion sign_question(const ApprovalQuestion& question, const QuestionContext& context,
                             const crypto::Secret& key) {
  const Json body{Json::Object{{"schema", kRequestSchema},
                               {"session", context.session},
                               {"question", question.id},
                               {"operation", question.operation},
                               {"object", question.object},
                               {"requested", question.requested},
                               {"nonce", context.nonce},
                               {"expires", format_rfc3339(context.expires)}}};
  SignedQuestion out{body.compact(), {}};
  out.signature = mac_of(key, std::string(kRequestSchema) + "\n" + out.body);
  return out;
}

Result<ApprovalReply> read_decision(std::string_view body, const crypto::Sha256& request,
                                    const crypto::Secret& key, Instant now) {
  NONO_TRY(const Json json, Json::parse(body, kMessageLimits));
  const JsonView view(json);
  NONO_TRY(const Decision said, decision_in(view));
  if (said.schema != kDecisionSchema || !same_mac(said.mac, mac_of(key, said.signed_text()))) {
    return std::unexpected(view.error("is not signed by the key that was agreed on"));
  }
  if (said.request != request.hex()) {
    return std::unexpected(view.error("is about another request"));
  }
  const auto until = parse_rfc3339(said.expires);
  if (!until || *until <= now) {
    return std::unexpected(view.error("has expired"));
  }
  const auto scope = scope_named(said.scope);
  if (!scope || (said.decision != "allow" && said.decision != "deny")) {
    return std::unexpected(view.error("must be allow or deny, for once or session"));
  }
  if (*scope == ApprovalScope::Profile) {
    return std::unexpected(view.error("must be for once or session: only a person saves"));
  }
  ApprovalReply out;
  out.approval = said.decision == "allow" ? Approval::Allowed : Approval::Denied;
  out.scope = *scope;
  return out;
}

Result<std::unique_ptr<WebhookBackend>> WebhookBackend::make(const std::string& url,
                                                             const std::string& session,
                                                             const Clock& clock) {
  NONO_TRY(const net::Url allowed, net::parse_url(url));
  NONO_TRY(auto channel, sandbox::wire_pair());
  const int carriers = BorrowedFd(channel.second).raw();
  const std::string target = allowed.text();
  const pid_t carrier = ::fork();
  if (carrier == 0) {
    carry(carriers, target);
  }
  OwnedFd process(carrier < 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_open, carrier, 0)));
  if (!process.valid() || ::fcntl(BorrowedFd(channel.first).raw(), F_SETFL, O_NONBLOCK) != 0) {
    return fail_fork(errno, "starting what carries questions to the approval service");
  }
  return std::unique_ptr<WebhookBackend>(
      new WebhookBackend(session, clock, std::move(channel.first), std::move(process), carrier));
}

WebhookBackend::~WebhookBackend() {
  // Whoever reaped it before: the descriptor is this process's, and no other's.
  ::syscall(SYS_pidfd_send_signal, BorrowedFd(process_).raw(), SIGKILL, nullptr, 0);
  ::waitpid(carrier_, nullptr, 0);
}

ApprovalBackend::Taken WebhookBackend::put(const ApprovalQuestion& question) {
  const auto nonce = crypto::random_hex(kNonceBytes);
  if (!channel_.valid() || !nonce ||
      question.object.size() + question.requested.size() > kMaxNames) {
    return Taken::NoOpinion;
  }
  const auto left = question.until - std::chrono::steady_clock::now();
  const QuestionContext context{session_, *nonce, clock_.now() + left};
  const SignedQuestion request = sign_question(question, context, key_);
  sandbox::WireWriter message;
  message.number(question.id).text(request.signature).text(request.body);
  if (!sandbox::wire_send(channel_, message.bytes(), {})) {
    return Taken::NoOpinion;
  }
  asked_.emplace(question.id, crypto::Sha256::of(request.body));
  return Taken::Waits;
}

ApprovalReply WebhookBackend::judge(std::uint64_t question, const crypto::Sha256& digest,
                                    std::uint64_t status, const std::string& body) const {
  ApprovalReply out;
  out.question = question;
  if (status != kOk) {
    out.why =
        status == 0 ? body : "the approval service answered with status " + std::to_string(status);
    return out;
  }
  auto decision = read_decision(body, digest, key_, clock_.now());
  if (!decision) {
    out.why = "the decision of the approval service: " + decision.error().message();
    return out;
  }
  decision->question = question;
  return *std::move(decision);
}

std::vector<ApprovalReply> WebhookBackend::turn() {
  std::vector<ApprovalReply> out;
  while (channel_.valid()) {
    auto message = sandbox::wire_receive(channel_);
    if (!message) {
      if (message.error().code() != EAGAIN) {
        channel_.reset();  // the carrier is gone: what it was to ask is denied
      }
      break;
    }
    sandbox::WireReader reader(message->text);
    const std::uint64_t question = reader.number();
    const std::uint64_t status = reader.number();
    const std::string body = reader.text();
    const auto asked = asked_.find(question);
    if (reader.good() && asked != asked_.end()) {
      out.push_back(judge(question, asked->second, status, body));
      asked_.erase(asked);
    }
  }
  for (auto left = channel_.valid() ? asked_.end() : asked_.begin(); left != asked_.end();) {
    ApprovalReply reply;
    reply.question = left->first;
    reply.why = "nothing carries questions to the approval service any more";
    out.push_back(std::move(reply));
    left = asked_.erase(left);
  }
  return out;
}

}  // namespace nono::engine
