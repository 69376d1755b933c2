#include "engine/approval_webhook.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <string>

#include "base/encoding.h"
#include "base/json.h"

namespace nono::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kKey = "0123456789abcdef0123456789abcdef";
const Instant kNow = *parse_rfc3339("2026-01-02T03:04:05Z");

crypto::Secret key() {
  return crypto::Secret::copy_of(as_bytes(kKey));
}

std::string mac(std::string_view with, const std::string& text) {
  return hex_encode(crypto::hmac_sha256(crypto::Secret::copy_of(as_bytes(with)), as_bytes(text)));
}

// Said is a decision as a service would write it; a test changes one thing.
struct Said {
  std::string schema = "nono/approval-decision/1";
  std::string request = crypto::Sha256::of("the request").hex();
  std::string decision = "allow";
  std::string scope = "session";
  std::string expires = "2026-01-02T03:05:00Z";
  std::string mac_schema = "nono/approval-decision/1";
  std::string_view with = kKey;

  Json json() const {
    const std::string text =
        mac_schema + "\n" + request + "\n" + decision + "\n" + scope + "\n" + expires;
    return Json::Object{{"schema", schema}, {"request", request}, {"decision", decision},
                        {"scope", scope},   {"expires", expires}, {"mac", mac(with, text)}};
  }
};

Result<ApprovalReply> read(const Json& json) {
  return read_decision(json.compact(), crypto::Sha256::of("the request"), key(), kNow);
}

TEST(WebhookTest, ASignedDecisionIsHeard) {
  const auto allowed = read(Said{}.json());
  ASSERT_TRUE(allowed) << allowed.error().message();
  EXPECT_EQ(allowed->approval, Approval::Allowed);
  EXPECT_EQ(allowed->scope, ApprovalScope::Session);
  const auto denied = read(Said{.decision = "deny", .scope = "once"}.json());
  ASSERT_TRUE(denied);
  EXPECT_EQ(denied->approval, Approval::Denied);
  EXPECT_EQ(denied->scope, ApprovalScope::Once);
}

TEST(WebhookTest, AnythingElseIsNot) {
  const std::string other = crypto::Sha256::of("another request").hex();
  struct Case {
    const char* name;
    Said said;
  };
  const std::vector<Case> cases = {
      {"another schema", {.schema = "nono/approval-decision/2"}},
      {"a decision about another request", {.request = other}},
      {"a digest that is none", {.request = "abc"}},
      {"neither yes nor no", {.decision = "maybe"}},
      {"upper case", {.decision = "Allow"}},
      {"another scope", {.scope = "ever"}},
      {"a person's scope", {.scope = "profile"}},
      {"expired", {.expires = "2026-01-02T03:04:04Z"}},
      {"expiring now", {.expires = "2026-01-02T03:04:05Z"}},
      {"a time that is none", {.expires = "tomorrow"}},
      {"another key", {.with = "another key, as long as the first"}},
      {"a MAC of another kind of text", {.mac_schema = "nono/approval-request/1"}},
  };
  for (const Case& each : cases) {
    EXPECT_FALSE(read(each.said.json())) << each.name;
  }
}

TEST(WebhookTest, NoMemberCanBeChangedAfterwards) {
  const Json denied = Said{.decision = "deny"}.json();
  for (const auto& [name, value] :
       {std::pair("schema", "nono/approval-decision/3"), std::pair("request", "0"),
        std::pair("decision", "allow"), std::pair("scope", "once"),
        std::pair("expires", "2027-01-02T03:05:00Z"), std::pair("mac", "00")}) {
    Json changed = denied;
    changed.set(name, value);
    EXPECT_FALSE(read(changed)) << name;
  }
  EXPECT_TRUE(read(denied));
}

TEST(WebhookTest, NoMemberCanBeLeftOut) {
  const Json whole = Said{}.json();
  for (const auto& [name, value] : *whole.object()) {
    Json missing{Json::Object{}};
    for (const auto& [other, text] : *whole.object()) {
      if (other != name) {
        missing.set(other, text);
      }
    }
    EXPECT_FALSE(read(missing)) << name;
  }
}

TEST(WebhookTest, MembersThatAreNotKnownAreRefused) {
  Json more = Said{}.json();
  more.set("note", "x");
  EXPECT_FALSE(read(more));
  for (const char* text : {"", "null", "[]", "\"allow\"", "{}", "<html>"}) {
    EXPECT_FALSE(read_decision(text, crypto::Sha256::of("the request"), key(), kNow)) << text;
  }
}

TEST(WebhookTest, AQuestionIsSignedWithItsKind) {
  ApprovalQuestion question;
  question.id = 3;
  question.operation = "read";
  question.object = "/srv/a";
  question.requested = "/srv/a";
  const SignedQuestion asked =
      sign_question(question, {.session = "s", .nonce = "n", .expires = kNow}, key());
  EXPECT_EQ(asked.signature, mac(kKey, "nono/approval-request/1\n" + asked.body));
  EXPECT_EQ(
      asked.body,
      R"({"schema":"nono/approval-request/1","session":"s","question":3,"operation":"read",)"
      R"("object":"/srv/a","requested":"/srv/a","nonce":"n","expires":"2026-01-02T03:04:05Z"})");
}

TEST(WebhookTest, AUrlThatIsNotAllowedStopsTheStart) {
  const SystemClock clock;
  for (const char* url : {"", "http://example.org/", "ftp://example.org/",
                          "https://u:p@example.org/", "file:///etc/passwd"}) {
    EXPECT_FALSE(WebhookBackend::make(url, "s", clock)) << url;
  }
}

TEST(WebhookTest, AServiceThatIsNotThereIsADenialAndSoIsACarrierThatIsGone) {
  const SystemClock clock;
  auto backend = WebhookBackend::make("http://127.0.0.1:1/approve", "s", clock);
  ASSERT_TRUE(backend);
  (*backend)->use_key(key());
  ApprovalQuestion question;
  question.id = 1;
  question.until = std::chrono::steady_clock::now() + 60s;
  ASSERT_EQ((*backend)->put(question), ApprovalBackend::Taken::Waits);
  std::vector<ApprovalReply> replies;
  const auto until = std::chrono::steady_clock::now() + 25s;
  while (replies.empty() && std::chrono::steady_clock::now() < until) {
    pollfd watched{(*backend)->watched(), POLLIN, 0};
    ::poll(&watched, 1, 1000);
    replies = (*backend)->turn();
  }
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].approval, Approval::Denied);
  EXPECT_FALSE(replies[0].why.empty());
}

}  // namespace
}  // namespace nono::engine
