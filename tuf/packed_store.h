// tuf/packed_store.h: a store in memory that is read from and written as one text.
//
// A directory of metadata is between two states while an update writes it. What others read is
// therefore packed: one file, replaced whole, that holds everything from the anchor's first
// successor to the targets. It is not trusted for being there: Client::offline verifies it.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>

#include "base/result.h"
#include "tuf/client.h"

namespace nono::tuf {

class PackedStore final : public Store {
 public:
  // pack verifies what `from` holds, from `anchor` to the targets at `paths`, and copies just that;
  // errors as Client's.
  static Result<PackedStore> pack(Store& from, std::string_view anchor,
                                  std::span<const std::string> paths);
  // parse reads what text() wrote: docs/format-tuf-cache.md. Strict: InvalidInput, Exhausted.
  static Result<PackedStore> parse(std::string_view text);
  std::string text() const;
  // newest_root is the version of the root under which the rest was packed.
  std::int64_t newest_root() const { return newest_root_; }

  Result<std::optional<std::string>> metadata(std::string_view role) const override;
  Result<std::optional<std::string>> root(std::int64_t version) const override;
  Result<std::optional<std::string>> target(std::string_view path) const override;
  Result<void> write_metadata(std::string_view role, std::string_view text) override;
  Result<void> write_root(std::int64_t version, std::string_view text) override;
  Result<void> write_target(std::string_view path, std::string_view bytes) override;
  Result<void> forget_metadata(std::string_view role) override;

 private:
  std::int64_t newest_root_ = 1;
  std::map<std::string, std::string, std::less<>> metadata_;
  std::map<std::int64_t, std::string> roots_;
  std::map<std::string, std::string, std::less<>> targets_;
};

// Packed files are read up to this size.
inline constexpr JsonLimits kPackedLimits{.bytes = 16u << 20, .string = 12u << 20};

}  // namespace nono::tuf
