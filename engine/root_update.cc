// engine/root_update.cc: see root_update.h.
#include "engine/root_update.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "attest/client_trust_config.h"
#include "attest/trusted_root.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "engine/tuf_repository.h"
#include "net/url.h"
#include "tuf/directory_store.h"
#include "tuf/packed_store.h"

namespace nono::engine {
namespace {

using trustpolicy::Instance;

// An update that another process does is waited for as long as it may take.
constexpr std::chrono::milliseconds kLockPatience = HttpTufRepository::kBudget;
constexpr mode_t kMode = 0600;
constexpr std::string_view kSigningConfigName = "signing_config.json";

std::string trimmed(std::string url) {
  while (url.ends_with('/')) {
    url.pop_back();
  }
  return url;
}

bool is_there(const std::string& path) {
  const auto found = read_file(path, 0);
  return found || found.error().kind() != ErrorKind::NotFound;
}

// fetch_targets returns the paths that were fetched: the trusted root, which must be one that this
// build reads, and the signing configuration where there is one.
Result<std::vector<std::string>> fetch_targets(tuf::Client& client, RootUpdate& update) {
  std::vector<std::string> paths{std::string(trustpolicy::kRootTarget)};
  NONO_TRY(const std::string root, client.target(trustpolicy::kRootTarget));
  const auto parsed = attest::TrustedRoot::parse(root);
  if (!parsed) {
    return std::unexpected(Error(parsed.error()).while_doing(paths.front()));
  }
  update.sha256 = crypto::Sha256::of(root).hex();
  const auto config = client.target(trustpolicy::kSigningConfigTarget);
  if (!config && config.error().kind() != ErrorKind::NotFound) {
    return std::unexpected(config.error());
  }
  if (config) {
    update.signing_config = true;
    paths.emplace_back(trustpolicy::kSigningConfigTarget);
  }
  return paths;
}

Result<void> write_packed(const tuf::PackedStore& packed, RootUpdate& update) {
  const std::string text = packed.text();
  // What no verifier reads does not take the place of what it does.
  if (auto readable = tuf::PackedStore::parse(text); !readable) {
    return std::unexpected(std::move(readable).error().while_doing("what was fetched"));
  }
  const auto before = read_file(update.path, tuf::kPackedLimits.bytes);
  update.changed = !before || *before != text;
  if (!update.changed) {
    return {};
  }
  Result<void> written = replace_file(update.path, text, kMode);
  if (!written && written.error().code() == EISDIR) {
    return std::unexpected(std::move(written).error().mend_with(
        "see what is there, then remove it: rm -r " + shell_quote(update.path)));
  }
  return written;
}

Result<RootUpdate> update_instance(const Instance& instance, const std::string& tuf_directory,
                                   net::HttpClient& http, const Clock& clock) {
  RootUpdate update{.instance = instance.name,
                    .path = trustpolicy::packed_path(tuf_directory, instance.name)};
  const std::string directory = join_path(tuf_directory, instance.name);
  tuf::DirectoryStore store(join_path(directory, "metadata"), join_path(directory, "targets"));
  NONO_TRY(const OwnedFd lock, store.lock(kLockPatience));
  HttpTufRepository repository(http, instance.metadata_url, instance.targets_url);
  tuf::Client client(repository, store, clock.now());
  NONO_CHECK(client.refresh(instance.anchor));
  NONO_TRY(const std::vector<std::string> paths, fetch_targets(client, update));
  NONO_TRY(const tuf::PackedStore packed, tuf::PackedStore::pack(store, instance.anchor, paths));
  NONO_CHECK(write_packed(packed, update));
  update.tuf_root = client.trusted()->root().header.version;
  update.expires = client.trusted()->timestamp()->header.expires;
  return update;
}

// What lies here has a remedy of its own, or an errno; EFBIG is a document's, too.
bool came_from_the_repository(const Error& error) {
  const ErrorKind kind = error.kind();
  return error.remedy().empty() && (error.code() == 0 || error.code() == EFBIG) &&
         kind != ErrorKind::System && kind != ErrorKind::Usage && kind != ErrorKind::Internal;
}

// blame_repository: that it did not answer, or answered wrongly, is not the caller's fault:
// Network. `stays` says what is as it was.
Error blame_repository(Error error, const Instance& instance, const std::string& stays) {
  if (error.kind() == ErrorKind::Network) {
    return std::move(error).mend_with("try again with a connection to " + instance.metadata_url +
                                      "; verification needs none");
  }
  if (!came_from_the_repository(error)) {
    return error;
  }
  return Error(ErrorKind::Network, error.message())
      .mend_with("if this machine's clock is right, tell whoever runs " + instance.metadata_url +
                 "; " + stays);
}

Result<Instance> instance_in_use(const UserDirectories& user) {
  const std::string path = join_path(user.config, trustpolicy::kInstanceFileName);
  return is_there(path) ? trustpolicy::read_instance(path) : Instance::public_good();
}

Result<std::string> checked_url(std::string_view option, const std::string& url) {
  const auto parsed = net::parse_url(url);
  if (!parsed) {
    return fail(ErrorKind::Usage, std::string(option) + ": " + parsed.error().message());
  }
  return trimmed(url);
}

Result<Instance> named_instance(const RootInit& init) {
  Instance instance{.name = init.name};
  if (!trustpolicy::is_instance_name(init.name) || instance.is_public_good()) {
    return fail(ErrorKind::Usage,
                "--name: takes 1 to 64 of A-Z a-z 0-9 . _ -, no dot in front, and not the name "
                "of the public-good instance");
  }
  NONO_TRY(instance.metadata_url, checked_url("--url", init.metadata_url));
  NONO_TRY(
      instance.targets_url,
      checked_url("--targets-url", init.targets_url.value_or(instance.metadata_url + "/targets")));
  NONO_TRY(instance.anchor, read_file(init.root_file, tuf::kMaxRootBytes));
  const auto anchor = tuf::TrustedSet::start(instance.anchor);
  if (!anchor) {
    return std::unexpected(Error(anchor.error())
                               .while_doing(init.root_file)
                               .mend_with("give the repository's root.json, from whoever runs it"));
  }
  return instance;
}

Result<void> check_free(const std::string& path, Replace replace) {
  if (replace == Replace::No && is_there(path)) {
    return std::unexpected(Error(ErrorKind::Usage, path + " is there already")
                               .mend_with("look at it by `nono trust root show`; --force replaces "
                                          "it"));
  }
  return {};
}

struct ConfigParts {
  std::string root;
  std::string signing_config;
};

// The part of a ClientTrustConfig under its name in either spelling.
Result<std::string> part_of(const Json& document, std::string_view camel, std::string_view snake) {
  const Json* const found =
      document.find(camel) != nullptr ? document.find(camel) : document.find(snake);
  if (found == nullptr) {
    return fail(ErrorKind::InvalidInput, "/" + std::string(camel) + ": is missing");
  }
  return found->pretty();
}

Result<ConfigParts> read_parts(const std::string& file) {
  NONO_TRY(const std::string text, read_file(file, attest::kTrustFileLimits.bytes));
  if (const auto config = attest::ClientTrustConfig::parse(text); !config) {
    return std::unexpected(Error(config.error()).while_doing(file));
  }
  NONO_TRY(const Json document, Json::parse(text, attest::kTrustFileLimits));
  ConfigParts parts;
  NONO_TRY(parts.root, part_of(document, "trustedRoot", "trusted_root"));
  NONO_TRY(parts.signing_config, part_of(document, "signingConfig", "signing_config"));
  return parts;
}

}  // namespace

Result<RootUpdate> update_root(const UserDirectories& user, net::HttpClient& client,
                               const Clock& clock) {
  NONO_TRY(const Instance instance, instance_in_use(user));
  Result<RootUpdate> update = update_instance(instance, tuf_directory(user), client, clock);
  if (!update) {
    return std::unexpected(
        blame_repository(std::move(update).error().while_doing("the trusted root of " +
                                                               instance.name + " stays as it is"),
                         instance, "verification goes on as before"));
  }
  return update;
}

Result<RootUpdate> init_root(const UserDirectories& user, const RootInit& init,
                             net::HttpClient& client, const Clock& clock) {
  const std::string path = join_path(user.config, trustpolicy::kInstanceFileName);
  NONO_CHECK(check_free(path, init.replace));
  // A file comes before an instance, and would silently go on being the one.
  NONO_CHECK(check_free(join_path(user.config, trustpolicy::kTrustedRootName), Replace::No));
  NONO_TRY(const Instance instance, named_instance(init));
  Result<RootUpdate> update = update_instance(instance, tuf_directory(user), client, clock);
  if (!update) {
    return std::unexpected(
        blame_repository(std::move(update).error(), instance, "nothing was initialized"));
  }
  NONO_CHECK(make_private_directories(user.config));
  NONO_CHECK(replace_file(path, instance.to_json().pretty(), kMode));
  return update;
}

Result<ConfigInit> init_from_trust_config(const UserDirectories& user, const std::string& file,
                                          Replace replace) {
  ConfigInit paths{.root_path = join_path(user.config, trustpolicy::kTrustedRootName),
                   .signing_config_path = join_path(user.config, kSigningConfigName)};
  NONO_CHECK(check_free(paths.root_path, replace));
  NONO_CHECK(check_free(paths.signing_config_path, replace));
  NONO_TRY(ConfigParts parts, read_parts(file));
  NONO_CHECK(make_private_directories(user.config));
  const std::array<NewFile, 2> files{
      NewFile{paths.signing_config_path, std::move(parts.signing_config), kMode},
      NewFile{paths.root_path, std::move(parts.root), kMode}};
  NONO_CHECK(replace_files(files, [](std::size_t) {}));
  return paths;
}

Result<std::optional<std::string>> refreshed_signing_config(const trustpolicy::WhichRoot& root) {
  if (!root.refreshed || !is_there(root.path)) {
    return std::nullopt;
  }
  Result<std::string> config =
      trustpolicy::load_refreshed(*root.refreshed, root.path, trustpolicy::kSigningConfigTarget);
  if (!config && config.error().kind() == ErrorKind::NotFound) {
    return std::nullopt;
  }
  NONO_CHECK(config);
  return *std::move(config);
}

}  // namespace nono::engine
