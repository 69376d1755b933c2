#include "engine/approvals.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include "engine/token_bucket.h"
#include "ledger/audit_reader.h"
#include "tests/engine/support.h"
#include "tests/engine/waiting_caller.h"

namespace nono::engine {
namespace {

using namespace std::chrono_literals;
using sandbox::Expansion;
using sandbox::ExpansionKind;
using testing::must;
using testing::WaitingCaller;

TEST(TokenBucketTest, ABurstThenTheRate) {
  const TokenBucket::Time start{};
  TokenBucket bucket(10, 5, start);
  int taken = 0;
  for (int i = 0; i < 20; ++i) {
    taken += bucket.take(start) ? 1 : 0;
  }
  EXPECT_EQ(taken, 5);
  EXPECT_FALSE(bucket.take(start + 99ms));
  EXPECT_TRUE(bucket.take(start + 101ms));
  EXPECT_FALSE(bucket.take(start + 150ms));
}

TEST(TokenBucketTest, ALongWaitFillsItToTheBurstAndNoFurther) {
  TokenBucket bucket(10, 5, TokenBucket::Time{});
  const TokenBucket::Time later = TokenBucket::Time{} + 24h;
  int taken = 0;
  while (bucket.take(later)) {
    ++taken;
  }
  EXPECT_EQ(taken, 5);
}

TEST(TokenBucketTest, AClockThatGoesBackAddsNothing) {
  const TokenBucket::Time start = TokenBucket::Time{} + 1h;
  TokenBucket bucket(10, 1, start);
  EXPECT_TRUE(bucket.take(start));
  EXPECT_FALSE(bucket.take(TokenBucket::Time{}));
  EXPECT_FALSE(bucket.take(start + 50ms));
}

// Somebody is a backend that says what a test wants it to say.
struct Somebody final : ApprovalBackend {
  std::string_view name() const override { return "somebody"; }
  Taken put(const ApprovalQuestion& question) override {
    asked.push_back(question);
    return taken;
  }
  void withdraw(std::uint64_t question) override { withdrawn.push_back(question); }
  int watched() const override { return BorrowedFd(wake).raw(); }
  std::vector<ApprovalReply> turn() override { return std::exchange(replies, {}); }
  void conclude(std::uint64_t, const std::string& why_not) override {
    concluded.push_back(why_not);
  }

  OwnedFd wake{::eventfd(0, EFD_CLOEXEC)};
  Taken taken = Taken::Waits;
  std::vector<ApprovalQuestion> asked;
  std::vector<std::uint64_t> withdrawn;
  std::vector<ApprovalReply> replies;
  std::vector<std::string> concluded;
};

class ApprovalsTest : public testing::EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    make_directory(base_ + "/outside");
    file_ = make("file", "outside");
    never_.emplace(must(profile::NeverGrantList::for_places({.home = user_.home,
                                                             .config_home = "",
                                                             .data_home = "",
                                                             .state_home = "",
                                                             .runtime_directory = ""})));
    log_.emplace(must(ledger::AuditLog::create(
        base_ + "/audit", {.id = kId, .name = "", .details = Json(Json::Object{})}, clock_)));
    if (!caller_.works()) {
      GTEST_SKIP() << "no seccomp listener can be had here";
    }
  }
  std::string make(const std::string& name, std::string_view text) const {
    std::string path = base_ + "/outside/" + name;
    must(replace_file(path, text, 0644));
    return path;
  }
  // start has all questions put to somebody_.
  Approvals& start(ApprovalBounds bounds) {
    auto somebody = std::make_unique<Somebody>();
    somebody_ = somebody.get();
    Approvals::Backends backends;
    backends.push_back(std::move(somebody));
    bounds.never = &*never_;
    approvals_ = must(Approvals::make(std::move(bounds), std::move(backends), *log_));
    return *approvals_;
  }
  Approvals& start(ApprovalLimits limits = {}, std::vector<profile::ComposedDenial> denials = {}) {
    return start(ApprovalBounds{nullptr, std::move(denials), limits});
  }
  Expansion reading(const std::string& path) const {
    Expansion out;
    out.cookie = caller_.cookie();
    out.requested = path;
    out.object = OwnedFd(::open(path.c_str(), O_PATH | O_CLOEXEC));
    out.listener = caller_.listener();
    EXPECT_TRUE(out.object.valid()) << path;
    return out;
  }
  Expansion creating(const std::string& name) const {
    Expansion out = reading(base_ + "/outside");
    out.kind = ExpansionKind::Create;
    out.flags = O_WRONLY;
    out.mode = 0600;
    out.name = name;
    return out;
  }
  void say(Approval approval, ApprovalScope scope = ApprovalScope::Once) {
    somebody_->replies.push_back(
        {.question = somebody_->asked.back().id, .approval = approval, .scope = scope, .uid = 7});
    approvals_->turn();
  }
  // code is that of the one answer that there must be now.
  int code() {
    last_ = approvals_->take_answers();
    EXPECT_EQ(last_.size(), 1U);
    return last_.empty() ? -1 : last_.front().code;
  }
  int unanswered() {
    return approvals_->take_answers().empty() ? static_cast<int>(approvals_->pending()) : -1;
  }
  std::vector<Json> lines() const {
    std::vector<Json> out;
    const std::string text = must(read_file(base_ + "/audit/" + kId + "/events.ndjson", 1u << 20));
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
      Json line = must(Json::parse(text.substr(at, text.find('\n', at) - at), kAuditLineLimits));
      if (line.find("type")->string()->starts_with("approval")) {
        out.push_back(std::move(line));
      }
    }
    return out;
  }
  static std::string text(const Json& line, std::string_view key) {
    const Json* found = line.find(key);
    return found == nullptr || found->string() == nullptr ? "" : *found->string();
  }

  static constexpr const char* kId = "0123456789abcdef";
  WaitingCaller caller_;
  SystemClock clock_;
  std::string file_;
  std::optional<profile::NeverGrantList> never_;
  std::optional<ledger::AuditLog> log_;
  std::unique_ptr<Approvals> approvals_;
  Somebody* somebody_ = nullptr;
  std::vector<sandbox::Expanded> last_;
};

TEST_F(ApprovalsTest, AnAllowedOpenGetsTheObjectAndALineBeforeIt) {
  start().consider(reading(file_));
  EXPECT_EQ(unanswered(), 1);
  ASSERT_EQ(somebody_->asked.size(), 1U);
  EXPECT_EQ(somebody_->asked[0].object, file_);
  EXPECT_EQ(somebody_->asked[0].operation, "read");
  EXPECT_EQ(lines().size(), 1U);
  say(Approval::Allowed);
  EXPECT_EQ(code(), 0);
  EXPECT_EQ(last_.front().cookie, caller_.cookie());
  char buffer[8] = {};
  EXPECT_EQ(::read(BorrowedFd(last_.front().fd).raw(), buffer, sizeof buffer), 7);
  EXPECT_STREQ(buffer, "outside");
  const auto record = lines();
  ASSERT_EQ(record.size(), 2U);
  EXPECT_EQ(text(record[1], "outcome"), "allowed");
  EXPECT_EQ(text(record[1], "by"), "somebody");
  EXPECT_EQ(*record[1].find("uid")->integer(), 7);
  EXPECT_EQ(somebody_->withdrawn, std::vector<std::uint64_t>{1});
}

class ConnectApprovalsTest : public ApprovalsTest {
 protected:
  void SetUp() override {
    ApprovalsTest::SetUp();
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    void* raw = &name;
    auto* address = static_cast<sockaddr*>(raw);
    ASSERT_EQ(::bind(BorrowedFd(server_).raw(), address, size), 0);
    ASSERT_EQ(::listen(BorrowedFd(server_).raw(), 5), 0);
    ASSERT_EQ(::getsockname(BorrowedFd(server_).raw(), address, &size), 0);
    to_ = sandbox::Endpoint{loopback(), ntohs(name.sin_port)};
  }
  static std::array<std::uint8_t, 16> loopback() {
    return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};
  }
  Expansion connecting() const {
    Expansion out;
    out.cookie = caller_.cookie();
    out.kind = ExpansionKind::Connect;
    out.requested = "as the agent says";
    out.socket = OwnedFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    out.to = to_;
    out.family = AF_INET;
    out.listener = caller_.listener();
    return out;
  }
  // came reports whether somebody connected.
  bool came() const {
    pollfd watched{BorrowedFd(server_).raw(), POLLIN, 0};
    if (::poll(&watched, 1, 0) != 1) {
      return false;
    }
    const OwnedFd client(::accept4(BorrowedFd(server_).raw(), nullptr, nullptr, SOCK_CLOEXEC));
    return client.valid();
  }
  // answer waits for the kernel's.
  int answer() {
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (std::chrono::steady_clock::now() < until) {
      if (auto answers = approvals_->take_answers(); !answers.empty()) {
        return answers.front().code;
      }
      pollfd watched{approvals_->watched(), POLLIN, 0};
      ::poll(&watched, 1, 1000);
      approvals_->turn();
    }
    return -1;
  }
  OwnedFd server_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sandbox::Endpoint to_;
};

TEST_F(ConnectApprovalsTest, AnAllowedConnectIsMadeAfterItsLine) {
  start().consider(connecting());
  ASSERT_EQ(somebody_->asked.size(), 1U);
  EXPECT_EQ(somebody_->asked[0].operation, "connect");
  EXPECT_EQ(somebody_->asked[0].object, to_.text());
  EXPECT_EQ(somebody_->asked[0].requested, to_.text());
  EXPECT_FALSE(came());
  say(Approval::Allowed);
  EXPECT_EQ(text(lines().back(), "outcome"), "allowed");
  EXPECT_EQ(text(lines().back(), "address"), to_.text());
  EXPECT_EQ(answer(), 0);
  EXPECT_TRUE(came());
}

TEST_F(ConnectApprovalsTest, ADeniedOneIsNotMade) {
  start().consider(connecting());
  say(Approval::Denied);
  EXPECT_EQ(answer(), EACCES);
  EXPECT_FALSE(came());
}

TEST_F(ConnectApprovalsTest, ACallerThatIsGoneIsNotConnected) {
  start().consider(connecting());
  caller_.die();
  say(Approval::Allowed);
  EXPECT_EQ(answer(), EACCES);
  EXPECT_FALSE(came());
}

TEST_F(ConnectApprovalsTest, TheSessionRemembersTheAddressWithItsPort) {
  start().consider(connecting());
  say(Approval::Allowed, ApprovalScope::Session);
  EXPECT_EQ(answer(), 0);
  approvals_->consider(connecting());
  EXPECT_EQ(answer(), 0);
  EXPECT_EQ(somebody_->asked.size(), 1U);
  to_.port = static_cast<std::uint16_t>(to_.port + 1);
  approvals_->consider(connecting());
  EXPECT_EQ(somebody_->asked.size(), 2U);
}

TEST_F(ConnectApprovalsTest, AnAddressThatIsNeverReachedIsNotAskedAbout) {
  to_ = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 169, 254, 169, 254}, 80};
  start().consider(connecting());
  EXPECT_EQ(answer(), EACCES);
  EXPECT_TRUE(somebody_->asked.empty());
  EXPECT_EQ(text(lines().back(), "by"), "never-grant");
}

TEST_F(ConnectApprovalsTest, TheNameIsTheGrantsAndNotTheAgents) {
  ApprovalBounds bounds;
  bounds.hosts = {{must(sandbox::parse_host_port("db.example:9")), {{loopback(), 9}}}};
  start(std::move(bounds)).consider(connecting());
  ASSERT_EQ(somebody_->asked.size(), 1U);
  EXPECT_EQ(somebody_->asked[0].requested, "db.example:" + std::to_string(to_.port));
}

TEST_F(ApprovalsTest, ADeniedOpenGetsEacces) {
  start().consider(reading(file_));
  say(Approval::Denied);
  EXPECT_EQ(code(), EACCES);
  EXPECT_FALSE(last_.front().fd.valid());
}

TEST_F(ApprovalsTest, NobodyToAskIsADenial) {
  start();
  somebody_->taken = ApprovalBackend::Taken::NoOpinion;
  approvals_->consider(reading(file_));
  EXPECT_EQ(code(), EACCES);
  EXPECT_EQ(text(lines().back(), "by"), "nobody");
}

TEST_F(ApprovalsTest, WhatNobodyAnswersInTimeIsDenied) {
  start({.patience = 300ms}).consider(reading(file_));
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (approvals_->pending() > 0 && std::chrono::steady_clock::now() < until) {
    pollfd watched{approvals_->watched(), POLLIN, 0};
    ::poll(&watched, 1, 1000);
    approvals_->turn();
  }
  EXPECT_EQ(code(), EACCES);
  EXPECT_EQ(text(lines().back(), "why"), "nobody answered in time");
  EXPECT_EQ(somebody_->withdrawn.size(), 1U);
}

TEST_F(ApprovalsTest, AnAnswerForACallerThatIsGoneOpensNothing) {
  start().consider(creating("new"));
  caller_.die();
  say(Approval::Allowed);
  EXPECT_EQ(code(), EACCES);
  EXPECT_NE(::access((base_ + "/outside/new").c_str(), F_OK), 0);
  EXPECT_EQ(text(lines().back(), "why"), "the call was interrupted");
}

TEST_F(ApprovalsTest, AQuestionGoesWithItsCaller) {
  start().consider(reading(file_));
  caller_.die();
  pollfd watched{approvals_->watched(), POLLIN, 0};
  ASSERT_EQ(::poll(&watched, 1, 5000), 1);
  approvals_->turn();
  EXPECT_EQ(approvals_->pending(), 0U);
  EXPECT_EQ(somebody_->withdrawn.size(), 1U);
}

TEST_F(ApprovalsTest, ASecondAnswerAndOneToNoQuestionAreNotHeard) {
  start().consider(reading(file_));
  somebody_->replies = {{.question = 1, .approval = Approval::Denied},
                        {.question = 1, .approval = Approval::Allowed},
                        {.question = 9, .approval = Approval::Allowed}};
  approvals_->turn();
  EXPECT_EQ(code(), EACCES);
  EXPECT_EQ(lines().size(), 2U);
}

TEST_F(ApprovalsTest, AnObjectThatMovedIsNotOpened) {
  start().consider(reading(file_));
  ASSERT_EQ(::rename(file_.c_str(), (base_ + "/outside/b").c_str()), 0);
  make("file", "another");
  say(Approval::Allowed);
  EXPECT_EQ(code(), EACCES);
}

TEST_F(ApprovalsTest, WhatBecameNeverGrantedMeanwhileIsNotOpened) {
  make_directory(user_.home + "/.ssh");
  start().consider(reading(file_));
  ASSERT_EQ(::link(file_.c_str(), (user_.home + "/.ssh/id").c_str()), 0);
  say(Approval::Allowed, ApprovalScope::Session);
  EXPECT_EQ(code(), EACCES);
  EXPECT_TRUE(text(lines().back(), "why").starts_with("never granted"));
}

TEST_F(ApprovalsTest, AnAnswerForTheSessionCountsForThisObjectAndOperationOnly) {
  const std::string other = make("other", "x");
  start().consider(reading(file_));
  say(Approval::Allowed, ApprovalScope::Session);
  EXPECT_EQ(code(), 0);
  approvals_->consider(reading(file_));
  EXPECT_EQ(code(), 0);
  EXPECT_EQ(text(lines().back(), "by"), "session");
  Expansion writing = reading(file_);
  writing.kind = ExpansionKind::Write;
  writing.flags = O_WRONLY;
  approvals_->consider(std::move(writing));
  EXPECT_EQ(unanswered(), 1);
  approvals_->consider(reading(other));
  EXPECT_EQ(unanswered(), 2);
  // The same name, and another object: asked again.
  ASSERT_EQ(::rename(other.c_str(), file_.c_str()), 0);
  approvals_->consider(reading(file_));
  EXPECT_EQ(unanswered(), 3);
}

TEST_F(ApprovalsTest, AnAnswerForTheSessionSettlesWhatIsOpenAboutTheSame) {
  start().consider(reading(file_));
  approvals_->consider(reading(file_));
  approvals_->consider(reading(make("other", "x")));
  Expansion writing = reading(file_);
  writing.kind = ExpansionKind::Write;
  writing.flags = O_WRONLY;
  approvals_->consider(std::move(writing));
  ASSERT_EQ(somebody_->asked.size(), 4U);
  somebody_->replies = {
      {.question = 2, .approval = Approval::Allowed, .scope = ApprovalScope::Session, .uid = 7},
      {.question = 1, .approval = Approval::Denied}};  // too late
  approvals_->turn();
  const auto answers = approvals_->take_answers();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_TRUE(answers[0].code == 0 && answers[0].fd.valid());
  EXPECT_TRUE(answers[1].code == 0 && answers[1].fd.valid());
  EXPECT_EQ(approvals_->pending(), 2U);
  EXPECT_EQ(somebody_->withdrawn, (std::vector<std::uint64_t>{2, 1}));
  const auto record = lines();
  ASSERT_EQ(record.size(), 6U);
  EXPECT_EQ(*record[5].find("question")->integer(), 1);
  EXPECT_EQ(text(record[5], "outcome"), "allowed");
  EXPECT_EQ(text(record[5], "by"), "session");
  EXPECT_EQ(text(record[5], "why"), "answered with question 2");
}

TEST_F(ApprovalsTest, ADenialForTheSessionSettlesWhatIsOpen) {
  start().consider(reading(file_));
  approvals_->consider(reading(file_));
  say(Approval::Denied, ApprovalScope::Session);
  const auto answers = approvals_->take_answers();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_TRUE(answers[0].code == EACCES && answers[1].code == EACCES);
  EXPECT_EQ(approvals_->pending(), 0U);
}

TEST_F(ApprovalsTest, AnAnswerForOneCallLeavesTheOthersOpen) {
  start().consider(reading(file_));
  approvals_->consider(reading(file_));
  say(Approval::Allowed);
  EXPECT_EQ(code(), 0);
  EXPECT_EQ(approvals_->pending(), 1U);
}

TEST_F(ApprovalsTest, WhatTheAnswerNoLongerFitsIsDeniedAllTheSame) {
  WaitingCaller gone;
  Expansion first = reading(file_);
  first.listener = gone.listener();
  first.cookie = gone.cookie();
  start().consider(std::move(first));
  approvals_->consider(reading(file_));
  gone.die();
  say(Approval::Allowed, ApprovalScope::Session);
  const auto answers = approvals_->take_answers();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].code, 0);
  EXPECT_EQ(answers[1].code, EACCES);
  EXPECT_EQ(text(lines().back(), "why"), "the call was interrupted");
}

TEST_F(ApprovalsTest, ADenialForTheSessionIsNotAskedAgain) {
  start().consider(reading(file_));
  say(Approval::Denied, ApprovalScope::Session);
  EXPECT_EQ(code(), EACCES);
  approvals_->consider(reading(file_));
  EXPECT_EQ(code(), EACCES);
  EXPECT_EQ(somebody_->asked.size(), 1U);
}

TEST_F(ApprovalsTest, AFileThatWasMadeForTheSessionIsReadAndWritten) {
  start().consider(creating("new"));
  say(Approval::Allowed, ApprovalScope::Session);
  EXPECT_EQ(code(), 0);
  Expansion again = reading(base_ + "/outside/new");
  again.kind = ExpansionKind::ReadWrite;
  again.flags = O_RDWR;
  approvals_->consider(std::move(again));
  EXPECT_EQ(code(), 0);
  EXPECT_EQ(somebody_->asked.size(), 1U);
}

TEST_F(ApprovalsTest, WhatIsNeverGrantedOrDeniedByTheProfileIsNotAsked) {
  make_directory(user_.home + "/.ssh");
  must(replace_file(user_.home + "/.ssh/id_rsa", "key", 0600));
  start({}, {{base_ + "/outside", "profile p"}});
  approvals_->consider(reading(user_.home + "/.ssh/id_rsa"));
  EXPECT_EQ(code(), EACCES);
  approvals_->consider(reading(file_));
  EXPECT_EQ(code(), EACCES);
  EXPECT_TRUE(somebody_->asked.empty());
  EXPECT_EQ(lines().size(), 2U);
  approvals_->consider(reading(file_));  // told once
  EXPECT_EQ(lines().size(), 2U);
}

TEST_F(ApprovalsTest, ANameThatIsTooLongToBeShownIsNotAsked) {
  std::string path = base_ + "/outside";
  for (int i = 0; i < 12; ++i) {
    path += "/" + std::string(200, '\x01');
    make_directory(path);
  }
  must(replace_file(path + "/f", "x", 0600));
  start().consider(reading(path + "/f"));
  EXPECT_EQ(code(), EACCES);
  EXPECT_EQ(text(lines().back(), "by"), "unshowable");
}

TEST_F(ApprovalsTest, OverTheRateIsDeniedUnaskedAndCounted) {
  start({.per_second = 0.001, .burst = 2});
  for (int i = 0; i < 6; ++i) {
    approvals_->consider(reading(make("f" + std::to_string(i), "x")));
  }
  EXPECT_EQ(approvals_->take_answers().size(), 4U);
  EXPECT_EQ(somebody_->asked.size(), 2U);
  EXPECT_EQ(lines().size(), 3U);  // two questions, and one line for the flood
  EXPECT_EQ(text(lines().back(), "by"), "rate-limit");
}

TEST_F(ApprovalsTest, AtMostSoManyQuestionsAreOpen) {
  start({.per_second = 1e6, .burst = 1e6});
  for (std::size_t i = 0; i < sandbox::Expander::kMaxPending + 3; ++i) {
    approvals_->consider(reading(make("f" + std::to_string(i), "x")));
  }
  EXPECT_EQ(approvals_->pending(), sandbox::Expander::kMaxPending);
  EXPECT_EQ(approvals_->take_answers().size(), 3U);
}

TEST_F(ApprovalsTest, WhatCannotBeRecordedIsDenied) {
  start().consider(reading(file_));
  static_cast<void>(log_->close(Json(Json::Object{})));  // every later line is an error
  say(Approval::Allowed);
  EXPECT_EQ(code(), EACCES);
  approvals_->consider(reading(file_));
  EXPECT_EQ(code(), EACCES);
  EXPECT_EQ(somebody_->asked.size(), 1U);
}

TEST_F(ApprovalsTest, FirstAnswerOfSeveralCounts) {
  auto one = std::make_unique<Somebody>();
  auto other = std::make_unique<Somebody>();
  somebody_ = one.get();
  Somebody* second = other.get();
  Approvals::Backends backends;
  backends.push_back(std::move(one));
  backends.push_back(std::move(other));
  approvals_ = must(Approvals::make({&*never_, {}, {}}, std::move(backends), *log_));
  approvals_->consider(reading(file_));
  EXPECT_EQ(second->asked.size(), 1U);
  second->replies.push_back({.question = 1, .approval = Approval::Allowed});
  say(Approval::Denied);
  EXPECT_EQ(code(), EACCES);
  EXPECT_EQ(second->withdrawn.size(), 1U);
}

TEST_F(ApprovalsTest, ABackendThatAnswersAtOnceLeavesTheOthersAlone) {
  auto one = std::make_unique<Somebody>();
  auto other = std::make_unique<Somebody>();
  one->taken = ApprovalBackend::Taken::Answered;
  one->replies.push_back({.question = 1, .approval = Approval::Allowed});
  Somebody* second = other.get();
  Approvals::Backends backends;
  backends.push_back(std::move(one));
  backends.push_back(std::move(other));
  approvals_ = must(Approvals::make({&*never_, {}, {}}, std::move(backends), *log_));
  approvals_->consider(reading(file_));
  EXPECT_EQ(code(), 0);
  EXPECT_TRUE(second->asked.empty());
}

// ProfileScopeTest is a run by a profile of the user's own.
class ProfileScopeTest : public ApprovalsTest {
 protected:
  void SetUp() override {
    ApprovalsTest::SetUp();
    must(make_private_directories(profile_directory(user_)));
    profile_ = profile_directory(user_) + "/mine.json";
    must(replace_file(profile_, kText, 0600));
    ApprovalBounds bounds;
    bounds.saver = std::make_unique<ProfileSaver>(
        ProfileSaver::Run{.profile = AppliedProfile{"mine", profile_, ProfileOrigin::User, true},
                          .user = user_,
                          .working_directory = tree_,
                          .capabilities = &capabilities_,
                          .policy = nullptr});
    bounds.tell = [this](const std::string& line) { told_.push_back(line); };
    start(std::move(bounds));
  }
  std::string saved() const { return must(read_file(profile_, 1u << 20)); }
  void expect_not_saved(const std::string& why) const {
    EXPECT_EQ(saved(), kText);
    ASSERT_EQ(somebody_->concluded.size(), 1U);
    EXPECT_NE(somebody_->concluded[0].find(why), std::string::npos) << somebody_->concluded[0];
  }
  static constexpr const char* kText = "{}";
  std::string profile_;
  sandbox::CapabilitySet capabilities_;
  std::vector<std::string> told_;
};

TEST_F(ProfileScopeTest, WhatWasShownIsRecordedThenWrittenThenConcluded) {
  approvals_->consider(reading(file_));
  const ProfileOffer offer = somebody_->asked.at(0).offer;
  EXPECT_EQ(offer.profile, profile_);
  EXPECT_NE(offer.diff.find(file_), std::string::npos);
  EXPECT_EQ(saved(), kText);
  say(Approval::Allowed, ApprovalScope::Profile);
  EXPECT_EQ(code(), 0);
  EXPECT_EQ(saved(), R"({"filesystem": {"read_file": [")" + file_ + R"("]}})");
  const auto record = lines();
  ASSERT_EQ(record.size(), 3U);
  EXPECT_EQ(text(record[1], "scope"), "profile");
  EXPECT_EQ(text(record[1], "sha256_before"), crypto::Sha256::of(std::string_view(kText)).hex());
  EXPECT_EQ(text(record[2], "type"), "approval_saved");
  EXPECT_EQ(text(record[2], "outcome"), "saved");
  EXPECT_EQ(text(record[2], "sha256_after"), crypto::Sha256::of(saved()).hex());
  EXPECT_EQ(somebody_->concluded, std::vector<std::string>{""});
  EXPECT_EQ(told_.size(), 1U);
  approvals_->consider(reading(file_));
  EXPECT_EQ(code(), 0);
  EXPECT_EQ(somebody_->asked.size(), 1U);
}

TEST_F(ProfileScopeTest, WhoIsNoPersonSavesNothing) {
  approvals_->consider(reading(file_));
  somebody_->replies.push_back(
      {.question = 1, .approval = Approval::Allowed, .scope = ApprovalScope::Profile});
  approvals_->turn();
  EXPECT_EQ(code(), EACCES);
  expect_not_saved("a person was shown");
}

TEST_F(ProfileScopeTest, WithoutAChangeThatWasShownNothingIsAllowed) {
  ASSERT_EQ(::unlink(profile_.c_str()), 0);
  approvals_->consider(reading(file_));
  EXPECT_FALSE(somebody_->asked.at(0).offer.possible());
  must(replace_file(profile_, kText, 0600));
  say(Approval::Allowed, ApprovalScope::Profile);
  EXPECT_EQ(code(), EACCES);
  expect_not_saved("a person was shown");
}

TEST_F(ProfileScopeTest, WhatCannotBeRecordedIsNotSaved) {
  approvals_->consider(reading(file_));
  static_cast<void>(log_->close(Json(Json::Object{})));
  say(Approval::Allowed, ApprovalScope::Profile);
  EXPECT_EQ(code(), EACCES);
  expect_not_saved("the audit log failed");
}

TEST_F(ProfileScopeTest, WhatIsDeniedAfterAllIsNotSaved) {
  approvals_->consider(reading(file_));
  ASSERT_EQ(::rename(file_.c_str(), (base_ + "/outside/b").c_str()), 0);
  say(Approval::Allowed, ApprovalScope::Profile);
  EXPECT_EQ(code(), EACCES);
  expect_not_saved("it was moved");
  EXPECT_EQ(lines().size(), 2U);
}

TEST_F(ProfileScopeTest, WhatCannotBeWrittenCountsForTheSession) {
  approvals_->consider(reading(file_));
  must(replace_file(profile_, "{ }", 0600));
  say(Approval::Allowed, ApprovalScope::Profile);
  EXPECT_EQ(code(), 0);
  EXPECT_EQ(saved(), "{ }");
  EXPECT_EQ(text(lines().back(), "outcome"), "not-saved");
  EXPECT_NE(text(lines().back(), "why").find("was changed meanwhile"), std::string::npos);
  EXPECT_NE(told_.at(0).find("it counts for this session"), std::string::npos);
  approvals_->consider(reading(file_));
  EXPECT_EQ(code(), 0);
}

TEST_F(ProfileScopeTest, TheUsersOwnProfilesAreNotAskedAbout) {
  Expansion writing = reading(profile_);
  writing.kind = ExpansionKind::Write;
  writing.flags = O_WRONLY;
  approvals_->consider(std::move(writing));
  EXPECT_EQ(code(), EACCES);
  EXPECT_TRUE(somebody_->asked.empty());
}

}  // namespace
}  // namespace nono::engine
