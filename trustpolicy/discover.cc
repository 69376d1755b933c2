// trustpolicy/discover.cc: from places to layers.
#include "trustpolicy/discover.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "attest/evidence.h"
#include "attest/verifier.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "trustpolicy/named_roots.h"
#include "trustpolicy/publisher.h"
#include "trustpolicy/self_keys.h"
#include "trustpolicy/trusted_file.h"

namespace nono::trustpolicy {
namespace {

constexpr std::string_view kOnlyTightens = ": only its tightening is used";

BorrowedFd working_directory_fd() {
  return BorrowedFd::unowned(AT_FDCWD);
}

Result<std::string> resolved_directory(const std::string& path) {
  NONO_TRY(const OwnedFd directory, open_directory(working_directory_fd(), path));
  return path_of(directory);
}

// Guarded paths are compared with resolved ones, so the directory part is resolved where it is
// there. Both forms are kept: what is missing now can be made later.
void add_resolved(std::vector<std::string>& files, std::string path) {
  if (const auto directory = resolved_directory(std::string(directory_name(path)))) {
    std::string resolved = join_path(*directory, base_name(path));
    if (resolved != path) {
      files.push_back(std::move(resolved));
    }
  }
  files.push_back(std::move(path));
}

void settle_files(Document& document, const std::string& directory, const std::string& home) {
  std::vector<std::string> settled;
  for (const std::string& file : document.files) {
    if (file.starts_with("~/")) {
      add_resolved(settled, join_path(home, file.substr(2)));
    } else {
      add_resolved(settled, file.starts_with('/') ? file : join_path(directory, file));
    }
  }
  document.files = std::move(settled);
}

// A layer that is believed for its owner and mode.
Result<std::optional<Layer>> kept_layer(const std::string& path, const Keeper& keeper,
                                        LayerKind kind, const Places& places) {
  NONO_TRY(const auto file, read_trusted(path, keeper, kPolicyLimits.bytes));
  if (!file) {
    return std::nullopt;
  }
  NONO_TRY(Document document, Document::parse(file->text, path));
  NONO_TRY(const std::string absolute, absolute_path(path));
  settle_files(document, std::string(directory_name(absolute)), places.home);
  return Layer{.kind = kind,
               .path = absolute,
               .document = std::move(document),
               .may_add_publishers = true,
               .may_loosen = true,
               .standing = {}};
}

Result<std::optional<Layer>> system_layer(const Places& places) {
  if (places.system_policy.empty()) {
    return std::nullopt;
  }
  NONO_TRY(auto layer,
           kept_layer(places.system_policy, Keeper{.owner = 0}, LayerKind::System, places));
  if (layer) {
    layer->standing = layer->document.lock ? "owned by root; locked: no layer below adds publishers"
                                           : "owned by root";
  }
  return layer;
}

Result<std::optional<Layer>> user_layer(const Places& places) {
  if (places.user_directory.empty()) {
    return std::nullopt;
  }
  NONO_TRY(auto layer, kept_layer(join_path(places.user_directory, kPolicyFileName),
                                  Keeper{.owner = ::geteuid()}, LayerKind::User, places));
  if (layer) {
    layer->standing = "your own";
  }
  return layer;
}

// What --policy names is the user's word wherever it lies; that others cannot write it is asked
// all the same.
Result<Layer> explicit_layer(const std::string& path, const Places& places) {
  const Keeper keeper{.owner = ::geteuid(), .root_too = true, .check_directory = false};
  NONO_TRY(auto layer, kept_layer(path, keeper, LayerKind::User, places));
  if (!layer) {
    return fail(ErrorKind::NotFound, printable(path) + ": there is no such policy");
  }
  layer->standing = "named on the command line";
  return *std::move(layer);
}

bool has_entry(const std::string& path) {
  struct stat status{};
  return ::fstatat(AT_FDCWD, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

// project_policies are those from the repository root down to the working directory, in this order;
// outside a repository that of the working directory alone, because further up the directories may
// be anybody's. The nearest does not stand for all: an unsigned one would take a signed one above
// it out of force.
Result<std::vector<std::string>> project_policies(const std::string& directory) {
  const std::string root = attest::place_of(join_path(directory, kPolicyFileName)).repository_root;
  std::vector<std::string> found;
  std::string here = directory;
  while (true) {
    std::string candidate = join_path(here, kPolicyFileName);
    if (has_entry(candidate)) {
      found.push_back(std::move(candidate));
    }
    if (root.empty() || here == root || here == "/") {
      break;
    }
    here = std::string(directory_name(here));
  }
  if (found.size() > kMaxProjectPolicies) {
    return std::unexpected(
        Error(ErrorKind::InvalidInput, printable(directory) + ": " + std::to_string(found.size()) +
                                           " trust policies lie on the way to it from the "
                                           "repository root, over the limit of " +
                                           std::to_string(kMaxProjectPolicies))
            .mend_with("join them in fewer files"));
  }
  std::ranges::reverse(found);
  return found;
}

struct Standing {
  std::string words;
  bool delegated = false;
};

Standing standing_of_denied(const Denied& denied) {
  switch (denied.rule()) {
    case DenyRule::UntrustedPublisher:
      return {denied.reason() + std::string(kOnlyTightens)};
    case DenyRule::BlockedDigest:
    case DenyRule::BlockedPublisher:
      return {"blocked, " + denied.reason() + std::string(kOnlyTightens)};
    case DenyRule::Unproven:
    case DenyRule::Unexaminable:
      break;
  }
  if (denied.code() == attest::code(attest::Reason::NoBundle)) {
    return {"unsigned" + std::string(kOnlyTightens)};
  }
  return {"badly signed (" + denied.code() + ", " + denied.reason() + ")" +
          std::string(kOnlyTightens)};
}

Standing standing_of_signer(const Policy& above, const std::string& name) {
  const auto publishers = above.publishers();
  const bool delegated = std::ranges::any_of(publishers, [&](const Publisher* publisher) {
    return publisher->name == name && publisher->delegates;
  });
  return {"signed by " + printable(name) +
              (delegated ? ": its publishers count" : ", who does not delegate: no publishers"),
          delegated};
}

// standing_of judges the signature on a project policy by the layers above it, and strictly: their
// enforcement says what becomes of files, not of policies.
Result<Standing> standing_of(SealedFile file, const std::string& path, const Policy& above) {
  const attest::Place place = attest::place_of(path);
  const auto evidence = attest::find_evidence(place);
  if (!evidence) {
    return standing_of_denied(Denied::because_of(evidence.error()));
  }
  const attest::Verifier verifier = above.verifier();
  NONO_TRY(auto examined,
           verifier.examine(std::move(file), place, *evidence, attest::Purpose::TrustPolicy));
  const auto judged = above.judge(examined);
  if (!judged) {
    return standing_of_denied(judged.error());
  }
  return standing_of_signer(above, *judged);
}

Result<Layer> project_layer(const std::string& path, const Places& places, const Policy& above) {
  NONO_TRY(const OwnedFd opened, open_regular(working_directory_fd(), path, FollowLinks::No));
  Result<SealedFile> file = SealedFile::capture(opened, path, kPolicyLimits.bytes);
  if (!file) {
    return std::unexpected(fault_of_file(std::move(file).error()));
  }
  NONO_TRY(const Bytes bytes, file->contents());
  NONO_TRY(Document document, Document::parse(as_text(bytes), path));
  NONO_TRY(const Standing standing, standing_of(*std::move(file), path, above));
  settle_files(document, std::string(directory_name(path)), places.home);
  return Layer{.kind = LayerKind::Project,
               .path = path,
               .document = std::move(document),
               .may_add_publishers = standing.delegated,
               .may_loosen = false,
               .standing = standing.words};
}

// Two signers under one name: whoever reads "signed by alice" could not know which.
Result<void> check_names(std::span<const Layer> layers) {
  std::vector<std::pair<const Publisher*, const Layer*>> seen;
  for (const Layer& layer : layers) {
    if (!layer.may_add_publishers) {
      continue;
    }
    for (const Publisher& publisher : layer.document.publishers) {
      seen.emplace_back(&publisher, &layer);
    }
  }
  std::ranges::stable_sort(seen, {}, [](const auto& entry) { return entry.first->name; });
  for (std::size_t i = 1; i < seen.size(); ++i) {
    const auto& [one, above] = seen[i - 1];
    const auto& [other, layer] = seen[i];
    if (one->name == other->name && !same_signers(*one, *other)) {
      return std::unexpected(
          Error(ErrorKind::InvalidInput, printable(layer->path) + ": its publisher \"" +
                                             printable(other->name) +
                                             "\" is another than that of " + printable(above->path))
              .mend_with("rename one of the two"));
    }
  }
  return {};
}

struct Loaded {
  std::vector<Layer> layers;
  std::vector<attest::KeyringEntry> self_keys;
};

Result<Loaded> load_kept(const Places& places) {
  Loaded loaded;
  NONO_TRY(auto system, system_layer(places));
  NONO_TRY(auto user, user_layer(places));
  for (std::optional<Layer>* layer : {&system, &user}) {
    if (layer->has_value()) {
      loaded.layers.push_back(std::move(**layer));
    }
  }
  if (places.explicit_policy) {
    NONO_TRY(Layer layer, explicit_layer(*places.explicit_policy, places));
    loaded.layers.push_back(std::move(layer));
  }
  if (!places.user_directory.empty()) {
    NONO_TRY(loaded.self_keys, read_self_keys(join_path(places.user_directory, "trust"),
                                              Keeper{.owner = ::geteuid()}));
  }
  return loaded;
}

bool is_locked_out(std::span<const Layer> layers, const Layer& layer) {
  return std::ranges::any_of(
      layers, [&](const Layer& above) { return above.kind < layer.kind && above.document.lock; });
}

void say_who_is_locked_out(std::vector<Layer>& layers) {
  for (Layer& layer : layers) {
    if (is_locked_out(layers, layer) && layer.may_add_publishers) {
      layer.standing += "; a lock above it keeps its publishers out";
    }
  }
}

bool system_locks(std::span<const Layer> layers) {
  return std::ranges::any_of(layers, [](const Layer& layer) {
    return layer.kind == LayerKind::System && layer.document.lock;
  });
}

Result<void> add_roots(NamedRoots& roots, std::span<const Layer> layers) {
  for (const Layer& layer : layers) {
    if (layer.may_add_publishers && !is_locked_out(layers, layer)) {
      NONO_CHECK(roots.add_of(layer));
    }
  }
  return {};
}

// add_project adds the project's layers, judged by the system's and the user's, and the roots that
// they name. All of them tighten, so that none takes another out of force; the nearest alone names
// publishers, so that a part of a project may trust fewer people than the whole.
Result<void> add_project(const Places& places,
                         const std::shared_ptr<const attest::RootSource>& root, Loaded& loaded,
                         NamedRoots& named) {
  if (places.working_directory.empty()) {
    return {};
  }
  NONO_TRY(const std::string directory, resolved_directory(places.working_directory));
  NONO_TRY(const std::vector<std::string> paths, project_policies(directory));
  if (paths.empty()) {
    return {};
  }
  const Policy above = Policy::merge(loaded.layers, loaded.self_keys, root, named.found());
  for (const std::string& path : paths) {
    NONO_TRY(Layer layer, project_layer(path, places, above));
    if (path != paths.back() && layer.may_add_publishers) {
      layer.may_add_publishers = false;
      layer.standing += "; but a nearer policy names them: only its tightening is used";
    }
    loaded.layers.push_back(std::move(layer));
  }
  return add_roots(named, loaded.layers);
}

}  // namespace

Result<WhichRoot> root_in_use(const Places& places) {
  NONO_TRY(const auto system, system_layer(places));
  return which_root(places, system && system->document.lock);
}

Result<Policy> discover(const Places& places) {
  NONO_TRY(Loaded loaded, load_kept(places));
  NONO_TRY(WhichRoot which, which_root(places, system_locks(loaded.layers)));
  const auto root = root_source(std::move(which));
  NamedRoots named(places);
  NONO_CHECK(add_roots(named, loaded.layers));
  if (!places.explicit_policy) {
    NONO_CHECK(add_project(places, root, loaded, named));
  }
  say_who_is_locked_out(loaded.layers);
  Policy policy =
      Policy::merge(std::move(loaded.layers), std::move(loaded.self_keys), root, named.found());
  NONO_CHECK(check_names(policy.layers()));
  return policy;
}

}  // namespace nono::trustpolicy
