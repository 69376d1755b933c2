// trustpolicy/self_keys.cc: reading the user's own public keys.
#include "trustpolicy/self_keys.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "trustpolicy/publisher.h"

namespace nono::trustpolicy {
namespace {

constexpr std::string_view kSuffix = ".pub";
constexpr std::size_t kMaxKeyBytes = 64U << 10U;
constexpr std::size_t kMaxKeys = 1000;

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

bool is_key_name(std::string_view name) {
  return name.size() > kSuffix.size() && name.ends_with(kSuffix) && !name.starts_with('.');
}

Result<std::vector<std::string>> key_names(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, DirectoryCloser> stream(::opendir(directory.c_str()));
  if (!stream && errno == ENOENT) {
    return names;
  }
  if (!stream) {
    return fail_errno(errno, "list " + printable(directory));
  }
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());  // NOLINT(concurrency-mt-unsafe): own stream
    if (entry == nullptr) {
      break;
    }
    if (is_key_name(entry->d_name)) {
      names.emplace_back(entry->d_name);
    }
  }
  if (errno != 0) {
    return fail_errno(errno, "list " + printable(directory));
  }
  if (names.size() > kMaxKeys) {
    return fail(ErrorKind::Exhausted, printable(directory) + ": holds more than 1000 keys");
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

Result<std::vector<attest::KeyringEntry>> read_self_keys(const std::string& directory,
                                                         const Keeper& keeper) {
  std::vector<attest::KeyringEntry> keys;
  NONO_TRY(const std::vector<std::string> names, key_names(directory));
  for (const std::string& name : names) {
    const std::string path = join_path(directory, name);
    NONO_TRY(const auto file, read_trusted(path, keeper, kMaxKeyBytes));
    if (!file) {
      continue;  // removed since it was listed
    }
    auto key = crypto::PublicKey::parse_text(file->text);
    if (!key) {
      return std::unexpected(fault_of_file(std::move(key).error())
                                 .while_doing("read the public key " + printable(path)));
    }
    keys.push_back({*std::move(key),
                    std::string(kSelfName),
                    name.substr(0, name.size() - kSuffix.size()),
                    {}});
  }
  return keys;
}

}  // namespace nono::trustpolicy
