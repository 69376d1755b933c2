// engine/secret_service.cc: libsecret's simple password functions, by dlopen.
//
// The declarations below restate libsecret's documented C interface (libsecret 0.18 and later), so
// that building nono needs no GLib.
#include "engine/secret_service.h"

#include <dlfcn.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/encoding.h"

namespace nono::engine {
namespace {

constexpr const char* kLibrary = "libsecret-1.so.0";
// SECRET_SEARCH_NONE: one item is enough, no keyring is unlocked for it, no secret is handed out.
constexpr int kNothingMore = 0;
constexpr std::string_view kAlternative =
    "keep the key in a file instead: leave --keyref out, or give --keyref file:///PATH";

struct GlibError {
  std::uint32_t domain;
  int code;
  char* message;
};
struct SchemaAttribute {
  const char* name;
  int type;  // 0: string
};
struct Schema {
  const char* name;
  int flags;
  std::array<SchemaAttribute, 32> attributes;
  int reserved;
  std::array<void*, 7> more;
};

constexpr Schema kSchema{.name = "sh.nono.SigningKey",
                         .flags = 0,
                         .attributes = {{{"id", 0}, {nullptr, 0}}},
                         .reserved = 0,
                         .more = {}};

// Whoever stored it gave it a schema of his own: only the attributes count (flag 2,
// SECRET_SCHEMA_DONT_MATCH_NAME).
constexpr Schema kCredentialSchema{
    .name = "sh.nono.Credential",
    .flags = 2,
    .attributes = {{{"service", 0}, {"username", 0}, {"target", 0}, {nullptr, 0}}},
    .reserved = 0,
    .more = {}};

using StoreFunction = int (*)(const Schema*, const char* collection, const char* label,
                              const char* password, void* cancellable, GlibError**, ...);
using LookupFunction = char* (*)(const Schema*, void* cancellable, GlibError**, ...);
using SearchFunction = void* (*)(const Schema*, int flags, void* cancellable, GlibError**, ...);
using FreeListFunction = void (*)(void* list, void (*free_one)(void*));
using FreeObjectFunction = void (*)(void*);
using FreeTextFunction = void (*)(char*);
using FreeErrorFunction = void (*)(GlibError*);

struct Library {
  StoreFunction store;
  LookupFunction lookup;
  SearchFunction search;         // of libsecret 0.19 and later
  FreeListFunction free_list;    // GLib's, as free_error
  FreeObjectFunction free_item;  // GObject's
  FreeTextFunction free_text;    // wipes
  FreeErrorFunction free_error;  // GLib's, found through libsecret's own dependency
};

Error unavailable(std::string why) {
  return Error(ErrorKind::Unsupported, "no Secret Service can be used: " + std::move(why))
      .mend_with(std::string(kAlternative));
}

// POSIX lets a data pointer of dlsym stand for a function.
template <typename Function>
Function symbol(void* library, const char* name) {
  return std::bit_cast<Function>(::dlsym(library, name));
}

Result<Library> load() {
  // Never unloaded: GLib registers types and threads that cannot be taken back.
  void* handle = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return std::unexpected(unavailable(std::string(kLibrary) + " is not installed"));
  }
  const Library library{
      .store = symbol<StoreFunction>(handle, "secret_password_store_sync"),
      .lookup = symbol<LookupFunction>(handle, "secret_password_lookup_sync"),
      .search = symbol<SearchFunction>(handle, "secret_password_search_sync"),
      .free_list = symbol<FreeListFunction>(handle, "g_list_free_full"),
      .free_item = symbol<FreeObjectFunction>(handle, "g_object_unref"),
      .free_text = symbol<FreeTextFunction>(handle, "secret_password_free"),
      .free_error = symbol<FreeErrorFunction>(handle, "g_error_free"),
  };
  if (library.store == nullptr || library.lookup == nullptr || library.free_text == nullptr ||
      library.free_error == nullptr) {
    return std::unexpected(unavailable(std::string(kLibrary) + " lacks a function"));
  }
  return library;
}

Error take_error(const Library& library, GlibError* error) {
  if (error == nullptr) {
    return unavailable("it gave no reason");
  }
  std::string why = error->message == nullptr ? "it gave no reason" : error->message;
  library.free_error(error);
  return unavailable(std::move(why));
}

// is_listed makes ours what a search found: whether anything did.
Result<bool> is_listed(const Library& library, void* list, GlibError* error) {
  if (error != nullptr) {
    return std::unexpected(take_error(library, error));
  }
  if (list != nullptr) {
    library.free_list(list, library.free_item);
  }
  return list != nullptr;
}

bool can_search(const Library& library) {
  return library.search != nullptr && library.free_list != nullptr && library.free_item != nullptr;
}

Result<bool> lists_key(const Library& library, const std::string& id) {
  GlibError* error = nullptr;
  void* const list = library.search(&kSchema, kNothingMore, nullptr, &error, "id", id.c_str(),
                                    static_cast<char*>(nullptr));
  return is_listed(library, list, error);
}

Result<bool> lists_credential(const Library& library, const std::string& item) {
  GlibError* error = nullptr;
  void* const list =
      library.search(&kCredentialSchema, kNothingMore, nullptr, &error, "service", "nono",
                     "username", item.c_str(), "target", "default", static_cast<char*>(nullptr));
  return is_listed(library, list, error);
}

// taken makes libsecret's answer ours; what it allocated is wiped.
Result<std::optional<crypto::Secret>> taken(const Library& library, char* found, GlibError* error) {
  if (error != nullptr) {
    return std::unexpected(take_error(library, error));
  }
  if (found == nullptr) {
    return std::optional<crypto::Secret>();
  }
  std::optional<crypto::Secret> secret = crypto::Secret::copy_of(as_bytes(std::string_view(found)));
  library.free_text(found);
  return secret;
}

// or_locked tells what is kept back from what is not there: a lookup finds neither.
Result<std::optional<crypto::Secret>> or_locked(Result<std::optional<crypto::Secret>> found,
                                                const Library& library, const std::string& name,
                                                Result<bool> (*lists)(const Library&,
                                                                      const std::string&)) {
  if (!found || *found || !can_search(library)) {
    return found;
  }
  NONO_TRY(const bool there, lists(library, name));
  if (!there) {
    return found;
  }
  return std::unexpected(
      Error(ErrorKind::PermissionDenied, "the keyring that holds keystore://" + name + " is locked")
          .mend_with("unlock it, as signing in to the desktop does, then try again"));
}

// Text is a NUL-terminated copy of a secret that is wiped.
class Text {
 public:
  explicit Text(const crypto::Secret& secret)
      : text_(secret.text(crypto::SecretAccess::i_will_not_log_or_store_this())) {}
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() { ::explicit_bzero(text_.data(), text_.size()); }
  const char* c_str() const { return text_.c_str(); }

 private:
  std::string text_;
};

}  // namespace

Result<void> store_in_secret_service(const std::string& id, const crypto::Secret& secret) {
  NONO_TRY(const Library library, load());
  const Text text(secret);
  const std::string label = "nono signing key " + id;
  GlibError* error = nullptr;
  const int stored = library.store(&kSchema, nullptr, label.c_str(), text.c_str(), nullptr, &error,
                                   "id", id.c_str(), static_cast<char*>(nullptr));
  if (stored == 0) {
    return std::unexpected(take_error(library, error));
  }
  return {};
}

Result<std::optional<crypto::Secret>> find_in_secret_service(const std::string& id) {
  NONO_TRY(const Library library, load());
  GlibError* error = nullptr;
  char* found =
      library.lookup(&kSchema, nullptr, &error, "id", id.c_str(), static_cast<char*>(nullptr));
  return or_locked(taken(library, found, error), library, id, lists_key);
}

Result<bool> is_in_secret_service(const std::string& id) {
  NONO_TRY(const Library library, load());
  if (can_search(library)) {
    return lists_key(library, id);
  }
  NONO_TRY(const std::optional<crypto::Secret> found, find_in_secret_service(id));
  return found.has_value();
}

Result<std::optional<crypto::Secret>> find_credential_in_secret_service(const std::string& item) {
  NONO_TRY(const Library library, load());
  GlibError* error = nullptr;
  char* found = library.lookup(&kCredentialSchema, nullptr, &error, "service", "nono", "username",
                               item.c_str(), "target", "default", static_cast<char*>(nullptr));
  return or_locked(taken(library, found, error), library, item, lists_credential);
}

}  // namespace nono::engine
