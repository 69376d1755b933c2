// tests/engine/root_update_test.cc: fetching trusted roots: what is written, and when nothing is.
#include "engine/root_update.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>

#include "attest/trusted_root.h"
#include "base/files.h"
#include "engine/tuf_repository.h"
#include "tests/tuf/repository.h"
#include "tuf/directory_store.h"

namespace nono::engine {
namespace {

namespace fs = std::filesystem;
using trustpolicy::kRootTarget;
using tuf::test::TestRepository;

constexpr std::string_view kUrl = "https://tuf.example";

// FakeHttp serves a repository at kUrl, or fails.
class FakeHttp final : public net::HttpClient {
 public:
  explicit FakeHttp(TestRepository& repository) : repository_(&repository) {}
  Result<net::HttpResponse> send(const net::HttpRequest& request) override {
    const std::scoped_lock lock(mutex_);
    urls.push_back(request.url);
    limits.push_back(request.max_bytes);
    if (offline) {
      return fail(ErrorKind::Network, request.service + " does not answer");
    }
    if (status != 200) {
      return net::HttpResponse{.status = status, .headers = {}, .body = {}};
    }
    constexpr std::string_view kTargets = "/targets/";
    const std::string path = request.url.substr(kUrl.size());
    const auto found = path.starts_with(kTargets)
                           ? repository_->target(path.substr(kTargets.size()), request.max_bytes)
                           : repository_->metadata(path.substr(1), request.max_bytes);
    NONO_CHECK(found);
    return *found ? net::HttpResponse{.status = 200, .headers = {}, .body = **found}
                  : net::HttpResponse{.status = 404, .headers = {}, .body = {}};
  }
  bool offline = false;
  int status = 200;
  std::vector<std::string> urls;
  std::vector<std::size_t> limits;

 private:
  std::mutex mutex_;
  TestRepository* repository_;
};

class FixedClock final : public Clock {
 public:
  Instant now() const override { return tuf::test::now(); }
};

class RootUpdateTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "root-update-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base = pattern;
    user = {.home = base, .config = base + "/config", .state = base + "/state"};
    repository.add_target("targets", kRootTarget, attest::embedded_root().text);
    repository.publish_all();
    write("root.json", repository.first_root());
  }
  void TearDown() override { fs::remove_all(base); }
  std::string write(const std::string& name, std::string_view text) const {
    const std::string path = base + "/" + name;
    fs::create_directories(fs::path(path).parent_path());
    EXPECT_TRUE(replace_file(path, text, 0600));
    return path;
  }
  RootInit init() const {
    return {.root_file = base + "/root.json", .metadata_url = std::string(kUrl), .targets_url = {}};
  }
  std::string error_of_init(const RootInit& init) {
    const auto done = init_root(user, init, http, clock);
    return done ? std::string() : done.error().message();
  }
  std::string error_of_update() {
    const auto done = update_root(user, http, clock);
    return done ? std::string() : done.error().message();
  }
  bool config_is_empty() const { return !fs::exists(user.config) || fs::is_empty(user.config); }
  // used is what a verifier would take.
  std::string used() const {
    const auto which = trustpolicy::which_root(policy_places(user, "/"), false);
    const auto source = trustpolicy::root_source(*which);
    const auto root = source->get();
    return root ? which->path : root.error().message();
  }
  std::optional<std::string> signing_config() const {
    const auto which = trustpolicy::which_root(policy_places(user, "/"), false);
    const auto config = refreshed_signing_config(*which);
    return config ? *config : config.error().message();
  }
  std::string packed() const { return user.state + "/tuf/private/verified.json"; }

  std::string base;
  UserDirectories user;
  TestRepository repository;
  FakeHttp http{repository};
  FixedClock clock;
};

TEST_F(RootUpdateTest, InitFetchesAndNamesAnInstance) {
  const auto done = init_root(user, init(), http, clock);
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(done->instance, "private");
  EXPECT_EQ(done->path, packed());
  EXPECT_EQ(done->tuf_root, 1);
  EXPECT_EQ(done->sha256, attest::embedded_root().digest.hex());
  EXPECT_TRUE(done->changed);
  EXPECT_FALSE(done->signing_config);
  EXPECT_EQ(format_rfc3339(done->expires), tuf::test::kExpires);
  EXPECT_EQ(used(), packed());
  EXPECT_EQ(http.urls.front(), "https://tuf.example/2.root.json");
}

TEST_F(RootUpdateTest, AnUpdateTakesWhatIsNew) {
  ASSERT_EQ(error_of_init(init()), "");
  const auto same = update_root(user, http, clock);
  ASSERT_TRUE(same) << same.error().message();
  EXPECT_FALSE(same->changed);
  std::string text(attest::embedded_root().text);
  text.insert(text.rfind('}'), " ");
  repository.add_target("targets", kRootTarget, text);
  repository.publish("root");
  repository.publish_all();
  const auto newer = update_root(user, http, clock);
  ASSERT_TRUE(newer) << newer.error().message();
  EXPECT_TRUE(newer->changed);
  EXPECT_EQ(newer->tuf_root, 2);
  EXPECT_EQ(newer->sha256, crypto::Sha256::of(text).hex());
  EXPECT_EQ(used(), packed());
}

TEST_F(RootUpdateTest, ASigningConfigurationComesAlong) {
  EXPECT_EQ(signing_config(), std::nullopt);
  ASSERT_EQ(error_of_init(init()), "");
  EXPECT_EQ(signing_config(), std::nullopt);
  repository.add_target("targets", trustpolicy::kSigningConfigTarget, "{}");
  repository.publish_all();
  ASSERT_EQ(error_of_update(), "");
  EXPECT_EQ(signing_config(), "{}");
}

TEST_F(RootUpdateTest, ASigningConfigurationThatIsKeptBackIsNotDropped) {
  repository.add_target("targets", trustpolicy::kSigningConfigTarget, "{}");
  repository.publish_all();
  ASSERT_EQ(error_of_init(init()), "");
  repository.add_target("targets", trustpolicy::kSigningConfigTarget, "{ }");
  repository.publish_all();
  std::erase_if(repository.target_files, [](const auto& file) {
    return file.first.contains(trustpolicy::kSigningConfigTarget);
  });
  EXPECT_NE(error_of_update().find("has no file"), std::string::npos);
  EXPECT_EQ(signing_config(), "{}");
}

TEST_F(RootUpdateTest, ARoleOfTheSigningConfigurationThatIsKeptBackDropsNothing) {
  repository.delegate({.name = "configurations"});
  repository.add_target("configurations", trustpolicy::kSigningConfigTarget, "{}");
  repository.publish("configurations");
  repository.publish_all();
  ASSERT_EQ(error_of_init(init()), "");
  ASSERT_EQ(signing_config(), "{}");
  repository.publish("configurations");
  repository.publish_all();
  ASSERT_GT(std::erase_if(repository.files,
                          [](const auto& file) { return file.first.contains("configurations"); }),
            0U);
  EXPECT_NE(error_of_update().find("the repository has no"), std::string::npos);
  EXPECT_EQ(signing_config(), "{}");
}

// Whatever fails, what was used goes on being used.
TEST_F(RootUpdateTest, OfflineNothingChangesAndItIsSaid) {
  ASSERT_EQ(error_of_init(init()), "");
  http.offline = true;
  const auto done = update_root(user, http, clock);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind(), ErrorKind::Network);
  EXPECT_EQ(done.error().message(),
            "the trusted root of private stays as it is: the TUF repository does not answer");
  EXPECT_NE(done.error().remedy().find("verification needs none"), std::string::npos);
  EXPECT_EQ(used(), packed());
}

TEST_F(RootUpdateTest, AHalfUpdateIsNotUsed) {
  ASSERT_EQ(error_of_init(init()), "");
  const std::string before = *read_file(packed(), 1u << 24);
  repository.signers("targets") = {tuf::test::key("stranger")};
  repository.publish_all();
  const auto done = update_root(user, http, clock);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message().find("3.targets.json"), std::string::npos);
  EXPECT_NE(done.error().remedy().find("tell whoever runs"), std::string::npos);
  // What protects the next update is kept: the timestamp and the snapshot that were verified.
  EXPECT_NE(read_file(user.state + "/tuf/private/metadata/snapshot.json", 1u << 20)
                ->find("\"version\": 3"),
            std::string::npos);
  EXPECT_EQ(*read_file(packed(), 1u << 24), before);
  EXPECT_EQ(used(), packed());
}

// What a repository answers is not a file of the caller's: it is told as a service's wrong answer.
TEST_F(RootUpdateTest, AWrongAnswerIsTheRepositorysFault) {
  ASSERT_EQ(error_of_init(init()), "");
  RootInit other = init();
  other.replace = Replace::Yes;
  other.name = "other";
  const auto is_blamed = [&](const Result<RootUpdate>& done) {
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind(), ErrorKind::Network) << done.error().message();
    EXPECT_NE(done.error().remedy().find("tell whoever runs https://tuf.example"),
              std::string::npos)
        << done.error().message();
  };
  const std::array<std::string, 3> wrong{"<html>", "", R"({"signed":{},"signatures":[]})"};
  for (const std::string& text : wrong) {
    repository.files["timestamp.json"] = text;
    is_blamed(update_root(user, http, clock));
    is_blamed(init_root(user, other, http, clock));
  }
  repository.files.erase("timestamp.json");
  is_blamed(update_root(user, http, clock));
  is_blamed(init_root(user, other, http, clock));
  repository.publish_all();
  EXPECT_EQ(error_of_update(), "");
}

TEST_F(RootUpdateTest, ATrustedRootThatThisBuildCannotReadIsNotTaken) {
  ASSERT_EQ(error_of_init(init()), "");
  repository.add_target("targets", kRootTarget, R"({"mediaType":"tomorrow"})");
  repository.publish_all();
  EXPECT_NE(error_of_update().find("trusted_root.json: "), std::string::npos);
  EXPECT_EQ(used(), packed());
}

TEST_F(RootUpdateTest, WhatNoVerifierCouldReadIsNotTaken) {
  ASSERT_TRUE(init_root(user, init(), http, clock));
  repository.add_target("targets", trustpolicy::kSigningConfigTarget, std::string(13u << 20, 'x'));
  repository.publish_all();
  const std::string error = error_of_update();
  EXPECT_NE(error.find("what was fetched: document: "), std::string::npos) << error;
  EXPECT_EQ(used(), packed());
}

TEST_F(RootUpdateTest, ARepositoryWithoutATrustedRootIsRefused) {
  repository.signed_part("targets").set("targets", Json(Json::Object{}));
  repository.publish_all();
  EXPECT_EQ(error_of_init(init()), "the repository has no target trusted_root.json");
  EXPECT_TRUE(config_is_empty());
}

TEST_F(RootUpdateTest, AnotherStatusIsAnErrorThatNamesTheUrl) {
  http.status = 500;
  EXPECT_EQ(error_of_init(init()),
            "the TUF repository answered https://tuf.example/2.root.json with status 500");
  http.status = 403;  // there is none
  EXPECT_EQ(error_of_init(init()), "the repository has no timestamp.json");
  EXPECT_TRUE(config_is_empty());
}

TEST_F(RootUpdateTest, EachFileIsAskedForWithItsLimit) {
  ASSERT_EQ(error_of_init(init()), "");
  EXPECT_EQ(http.limits[0], tuf::kMaxRootBytes);
  EXPECT_EQ(http.limits[1], tuf::kMaxTimestampBytes);
  EXPECT_EQ(http.limits[2], tuf::kMaxSnapshotBytes);
  EXPECT_EQ(http.limits[3], tuf::kMaxTargetsBytes);
  EXPECT_EQ(http.limits[4], attest::embedded_root().text.size());
}

TEST_F(RootUpdateTest, AnUpdateHasABudgetOfTime) {
  HttpTufRepository late(http, "https://a", "https://b", std::chrono::milliseconds(0));
  const auto answer = late.metadata("timestamp.json", 10);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind(), ErrorKind::Network);
  EXPECT_TRUE(http.urls.empty());
}

struct WrongInit {
  std::string_view name;
  void (*change)(RootInit&);
  std::string_view error;
};

class RootInitFault : public RootUpdateTest, public testing::WithParamInterface<WrongInit> {};

TEST_P(RootInitFault, IsRefusedAndNothingIsWritten) {
  write("bad.json", "{}");
  RootInit wrong = init();
  GetParam().change(wrong);
  const std::string error = error_of_init(wrong);
  EXPECT_NE(error.find(GetParam().error), std::string::npos) << error;
  EXPECT_TRUE(http.urls.empty());
  EXPECT_TRUE(config_is_empty());
}

INSTANTIATE_TEST_SUITE_P(
    Faults, RootInitFault,
    testing::Values(
        WrongInit{"NameThatLeadsOut", [](RootInit& i) { i.name = "../x"; }, "--name: takes"},
        WrongInit{"NameOfThePublicGood", [](RootInit& i) { i.name = "public-good"; },
                  "--name: takes"},
        WrongInit{"PlainHttp", [](RootInit& i) { i.metadata_url = "http://tuf.example"; },
                  "--url: "},
        WrongInit{"NoUrl", [](RootInit& i) { i.metadata_url = "tuf.example"; }, "--url: "},
        WrongInit{"WrongTargetsUrl", [](RootInit& i) { i.targets_url = "ftp://a"; },
                  "--targets-url: "},
        WrongInit{"NoFile", [](RootInit& i) { i.root_file += ".missing"; }, "root.json.missing"},
        WrongInit{"NoRoot",
                  [](RootInit& i) { i.root_file.replace(i.root_file.rfind('/'), 10, "/bad.json"); },
                  "bad.json: /signed: is missing"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(RootUpdateTest, InitDoesNotReplaceUnlessTold) {
  ASSERT_EQ(error_of_init(init()), "");
  EXPECT_NE(error_of_init(init()).find("tuf-instance.json is there already"), std::string::npos);
  RootInit again = init();
  again.name = "other";
  again.replace = Replace::Yes;
  EXPECT_EQ(error_of_init(again), "");
  EXPECT_EQ(used(), user.state + "/tuf/other/verified.json");
}

TEST_F(RootUpdateTest, InitDoesNotHideBehindAFile) {
  write("config/trusted_root.json", "{}");
  RootInit forced = init();
  forced.replace = Replace::Yes;
  EXPECT_NE(error_of_init(forced).find("trusted_root.json is there already"), std::string::npos);
}

TEST_F(RootUpdateTest, AFailedReplacementLeavesTheOldInstance) {
  ASSERT_EQ(error_of_init(init()), "");
  http.offline = true;
  RootInit again = init();
  again.name = "other";
  again.replace = Replace::Yes;
  EXPECT_NE(error_of_init(again), "");
  EXPECT_EQ(used(), packed());
}

// Two updates at once and a reader: each update is whole, and the reader never meets half of one.
TEST_F(RootUpdateTest, UpdatesAtOnceDoNotDisturbAReader) {
  ASSERT_EQ(error_of_init(init()), "");
  std::atomic<bool> done = false;
  std::atomic<int> failures = 0;
  std::jthread reader([&] {
    while (!done) {
      failures += used() == packed() ? 0 : 1;
    }
  });
  for (int round = 0; round < 5; ++round) {
    repository.publish("root");
    repository.publish_all();
    std::jthread first([&] { failures += error_of_update().empty() ? 0 : 1; });
    std::jthread second([&] { failures += error_of_update().empty() ? 0 : 1; });
  }
  done = true;
  reader.join();
  EXPECT_EQ(failures, 0);
}

TEST_F(RootUpdateTest, NothingIsWrittenWhereTheDirectoryCannotBe) {
  write("state", "a file where a directory should be");
  EXPECT_NE(error_of_init(init()), "");
  EXPECT_TRUE(config_is_empty());
}

TEST_F(RootUpdateTest, WhatIsInTheWayIsToldWithWhatTakesItAway) {
  ASSERT_EQ(error_of_init(init()), "");
  const std::string kept = user.state + "/tuf/private/metadata/timestamp.json";
  for (const std::string& path : {kept, packed()}) {
    fs::remove(path);
    fs::create_directories(path + "/in the way");
    const auto done = update_root(user, http, clock);
    ASSERT_FALSE(done) << path;
    EXPECT_EQ(done.error().remedy(), "see what is there, then remove it: rm -r " + path);
    fs::remove_all(path);
  }
  EXPECT_EQ(error_of_update(), "");
}

// ClientTrustConfig.
std::string trust_config(std::string_view root) {
  return R"({"mediaType":"application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",)"
         R"("trustedRoot":)" +
         std::string(root) +
         R"(,"signingConfig":{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json",)"
         R"("caUrls":[],"oidcUrls":[],"rekorTlogUrls":[],"tsaUrls":[],)"
         R"("rekorTlogConfig":{"selector":"ANY"},"tsaConfig":{"selector":"ANY"}}})";
}

TEST_F(RootUpdateTest, AClientTrustConfigIsTakenApart) {
  const std::string file = write("config.json", trust_config(attest::embedded_root().text));
  const auto done = init_from_trust_config(user, file, Replace::No);
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(used(), user.config + "/trusted_root.json");
  EXPECT_TRUE(fs::exists(done->signing_config_path));
  EXPECT_FALSE(init_from_trust_config(user, file, Replace::No));
  EXPECT_TRUE(init_from_trust_config(user, file, Replace::Yes));
}

TEST_F(RootUpdateTest, AClientTrustConfigThatIsWrongWritesNothing) {
  for (const std::string& text : {std::string("{}"), trust_config("{}"), std::string("[")}) {
    EXPECT_FALSE(init_from_trust_config(user, write("config.json", text), Replace::No));
    EXPECT_TRUE(config_is_empty());
  }
}

// The services of one instance with the root of another would be asked, and not believed.
TEST_F(RootUpdateTest, AClientTrustConfigIsTakenWholeOrNotAtAll) {
  const std::string services = write("config/signing_config.json", "of the instance before");
  fs::create_directories(user.config + "/trusted_root.json");
  const std::string file = write("config.json", trust_config(attest::embedded_root().text));
  EXPECT_FALSE(init_from_trust_config(user, file, Replace::Yes));
  EXPECT_EQ(*read_file(services, 1u << 20), "of the instance before");
}

}  // namespace
}  // namespace nono::engine
