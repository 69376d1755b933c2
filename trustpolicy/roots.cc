// trustpolicy/roots.cc: which trusted roots judge, and reading them.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "trustpolicy/discover.h"
#include "trustpolicy/named_roots.h"
#include "trustpolicy/trusted_file.h"

namespace nono::trustpolicy {
namespace {

bool is_there(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 || errno != ENOENT;
}

// The public-good root that was fetched, unless this build knows a later TUF root.
Result<WhichRoot> public_good_root(const Places& places) {
  if (places.tuf_directory.empty()) {
    return WhichRoot{};
  }
  Instance instance = Instance::public_good();
  std::string path = packed_path(places.tuf_directory, instance.name);
  if (!is_there(path)) {
    return WhichRoot{};
  }
  NONO_TRY(const bool older, is_older_than_anchor(instance, path));
  return older ? WhichRoot{} : WhichRoot{.path = std::move(path), .refreshed = std::move(instance)};
}

// The instance that the user named by `trust root init`.
Result<std::optional<WhichRoot>> instance_root(const Places& places) {
  const std::string path = join_path(places.user_directory, kInstanceFileName);
  if (places.tuf_directory.empty() || !is_there(path)) {
    return std::nullopt;
  }
  NONO_TRY(Instance instance, read_instance(path));
  std::string packed = packed_path(places.tuf_directory, instance.name);
  return WhichRoot{.path = std::move(packed), .refreshed = std::move(instance)};
}

WhichRoot root_file(std::string path, LayerKind owner) {
  return WhichRoot{.path = std::move(path),
                   .owned_by_root_only = owner == LayerKind::System,
                   .refreshed = std::nullopt,
                   .named = true};
}

Result<WhichRoot> users_named_root(const Places& places, std::string_view name,
                                   const std::string& file) {
  std::string path = join_path(join_path(places.user_directory, kRootsDirectory), file);
  if (is_there(path)) {
    return root_file(std::move(path), LayerKind::User);
  }
  NONO_TRY(std::optional<WhichRoot> instance, instance_root(places));
  if (instance && instance->refreshed && instance->refreshed->name == name) {
    return *std::move(instance);
  }
  return std::unexpected(
      Error(ErrorKind::NotFound, "there is no trusted root \"" + printable(name) + "\"")
          .mend_with("put it into " + shell_quote(path)));
}

Result<attest::TrustedRoot> load_root(const WhichRoot& which) {
  if (which.refreshed) {
    NONO_TRY(const std::string text, load_refreshed(*which.refreshed, which.path, kRootTarget));
    return attest::TrustedRoot::parse(text);
  }
  const Keeper keeper{.owner = which.owned_by_root_only ? 0 : ::geteuid()};
  NONO_TRY(const std::optional<TrustedFile> file,
           read_trusted(which.path, keeper, kPolicyLimits.bytes));
  if (file && which.named) {
    // Whoever can write above the directory of roots can put another in its place.
    NONO_CHECK(
        check_trusted_directory(std::string(directory_name(directory_name(which.path))), keeper));
  }
  if (!file) {
    return fail(ErrorKind::NotFound, which.path + ": the trusted root has gone");
  }
  auto root = attest::TrustedRoot::parse(file->text);
  if (!root) {
    return std::unexpected(std::move(root).error().while_doing(which.path));
  }
  return root;
}

}  // namespace

Result<Instance> read_instance(const std::string& path) {
  NONO_TRY(const std::optional<TrustedFile> file,
           read_trusted(path, Keeper{.owner = ::geteuid()}, kPolicyLimits.bytes));
  if (!file) {
    return fail(ErrorKind::NotFound, path + ": there is no TUF instance");
  }
  Result<Instance> instance = Instance::parse(file->text);
  if (!instance) {
    return std::unexpected(std::move(instance).error().while_doing(path).mend_with(
        "name it anew: nono trust root init --force"));
  }
  return instance;
}

Result<WhichRoot> which_root(const Places& places, bool locked) {
  if (!places.system_root.empty() && is_there(places.system_root)) {
    return WhichRoot{.path = places.system_root, .owned_by_root_only = true};
  }
  if (places.user_directory.empty() || locked) {
    return public_good_root(places);
  }
  std::string path = join_path(places.user_directory, kTrustedRootName);
  if (is_there(path)) {
    return WhichRoot{.path = std::move(path)};
  }
  NONO_TRY(std::optional<WhichRoot> named, instance_root(places));
  return named ? *std::move(named) : public_good_root(places);
}

Result<WhichRoot> named_root(const Places& places, std::string_view name, LayerKind asking) {
  if (name == Instance::public_good().name) {
    return public_good_root(places);
  }
  if (!is_instance_name(name)) {
    return fail(ErrorKind::InvalidInput, "\"" + printable(name) + "\" is no name of a root");
  }
  const std::string file = std::string(name) + ".json";
  std::string path = join_path(places.system_roots, file);
  if (!places.system_roots.empty() && is_there(path)) {
    return root_file(std::move(path), LayerKind::System);
  }
  if (asking != LayerKind::System && !places.user_directory.empty()) {
    return users_named_root(places, name, file);
  }
  return std::unexpected(Error(ErrorKind::NotFound,
                               "there is no trusted root \"" + printable(name) + "\" of the system")
                             .mend_with("put it into " + shell_quote(path)));
}

std::shared_ptr<const attest::RootSource> root_source(WhichRoot which) {
  if (which.path.empty()) {
    return std::make_shared<const attest::RootSource>(
        [] { return attest::TrustedRoot::parse(attest::embedded_root().text); });
  }
  return std::make_shared<const attest::RootSource>(
      [which = std::move(which)] { return load_root(which); });
}

Result<void> NamedRoots::add_of(const Layer& layer) {
  for (const Publisher& publisher : layer.document.publishers) {
    const auto* keyless = std::get_if<KeylessPublisher>(&publisher.who);
    if (keyless == nullptr) {
      continue;
    }
    const std::string& name = keyless->root.empty() ? layer.document.root : keyless->root;
    if (auto added = name.empty() ? Result<void>() : add(name, layer.kind); !added) {
      return std::unexpected(std::move(added).error().while_doing(
          printable(layer.path) + ": its publisher \"" + printable(publisher.name) + "\""));
    }
  }
  return {};
}

// The name is looked up for each layer anew: what the user has of that name is nothing to the
// system's publishers.
Result<void> NamedRoots::add(const std::string& name, LayerKind asking) {
  NONO_TRY(WhichRoot which, named_root(*places_, name, asking));
  if (std::ranges::find(found_, name, &attest::NamedRoot::name) != found_.end()) {
    return {};
  }
  if (found_.size() == kMaxNamedRoots) {
    return fail(ErrorKind::InvalidInput,
                "more than " + std::to_string(kMaxNamedRoots) + " trusted roots are named");
  }
  found_.push_back({.name = name, .source = root_source(std::move(which))});
  return {};
}

}  // namespace nono::trustpolicy
