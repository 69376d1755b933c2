#include "engine/profile_defaults.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <utility>

#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "profile/schema.h"

namespace nono::engine {
namespace {

constexpr std::string_view kFileName = "profile-defaults.json";
constexpr std::string_view kLockName = ".profile-defaults.lock";
constexpr std::string_view kSchema = "nono/profile-defaults/1";
constexpr JsonLimits kLimits{.bytes = 1U << 20, .depth = 4, .values = 8192};
constexpr std::size_t kMaxDirectories = 4096;

std::string file_of(const UserDirectories& user) {
  return join_path(user.state, kFileName);
}

Result<Json> parse_defaults(const std::string& text) {
  NONO_TRY(Json document, Json::parse(text, kLimits));
  const JsonView root(document);
  NONO_CHECK(root.only({"schema", "directories"}));
  NONO_TRY(const JsonView schema, root.at("schema"));
  NONO_TRY(const std::string word, schema.string());
  if (word != kSchema) {
    return std::unexpected(schema.error("is not " + std::string(kSchema)));
  }
  NONO_TRY(const JsonView list, root.at("directories"));
  NONO_TRY(const auto directories, list.members(kMaxDirectories));
  for (const auto& [directory, name] : directories) {
    NONO_TRY(const std::string profile, name.string());
    if (!directory.starts_with('/') || !profile::is_profile_name(profile)) {
      return std::unexpected(name.error("is not the name of a profile for an absolute path"));
    }
  }
  return *document.find("directories");
}

// read_defaults returns the object of directories: empty where there is no file yet.
Result<Json> read_defaults(const std::string& path) {
  const auto text = read_file(path, kLimits.bytes);
  if (!text && text.error().kind() == ErrorKind::NotFound) {
    return Json(Json::Object{});
  }
  if (!text) {
    return std::unexpected(of_state(text.error()));
  }
  auto out = parse_defaults(*text);
  if (!out) {
    return std::unexpected(Error(ErrorKind::Usage, path + ": " + out.error().message())
                               .mend_with("remove it, then nono profile use NAME again"));
  }
  return out;
}

Result<OwnedFd> lock_state(const UserDirectories& user) {
  NONO_CHECK(make_private_directories(user.state));
  const std::string path = join_path(user.state, kLockName);
  OwnedFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock.valid()) {
    return fail_errno(errno, "opening " + path);
  }
  while (::flock(BorrowedFd(lock).raw(), LOCK_EX) != 0) {
    if (errno != EINTR) {
      return fail_errno(errno, "locking " + path);
    }
  }
  return lock;
}

}  // namespace

Result<std::optional<DefaultProfile>> default_profile_of(const UserDirectories& user,
                                                         const std::string& working_directory) {
  NONO_TRY(const Json directories, read_defaults(file_of(user)));
  if (directories.object()->empty()) {
    return std::optional<DefaultProfile>();
  }
  for (std::string directory = working_directory;;
       directory = std::string(directory_name(directory))) {
    if (const Json* name = directories.find(directory)) {
      return std::optional(DefaultProfile{directory, *name->string()});
    }
    if (directory == "/" || directory == ".") {
      return std::optional<DefaultProfile>();
    }
  }
}

Result<void> set_default_profile(const UserDirectories& user, const std::string& directory,
                                 const std::optional<std::string>& name) {
  if (!is_utf8(directory)) {
    return fail(ErrorKind::Usage,
                printable(directory) + ": a directory whose name is not UTF-8 can have no default");
  }
  NONO_TRY(const OwnedFd lock, lock_state(user));
  const std::string path = file_of(user);
  NONO_TRY(Json directories, read_defaults(path));
  std::erase_if(*directories.object(),
                [&](const JsonMember& member) { return member.first == directory; });
  if (name) {
    if (directories.object()->size() >= kMaxDirectories) {
      return fail(ErrorKind::Exhausted, path + ": " + std::to_string(kMaxDirectories) +
                                            " directories have a default already");
    }
    directories.set(directory, *name);
  }
  const Json document = Json::Object{{"schema", kSchema}, {"directories", std::move(directories)}};
  return replace_file(path, document.pretty(), 0600);
}

}  // namespace nono::engine
