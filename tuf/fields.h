// tuf/fields.h: members that several kinds of metadata share. Internal to tuf/.
//
// Members that are not known are left alone, as the specification (4) demands; those that are known
// are read strictly. Every error names the JSON pointer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "tuf/metadata.h"

namespace nono::tuf {

inline constexpr std::size_t kMaxKeyId = 256;       // bytes; a key id is opaque
inline constexpr std::size_t kMaxKeys = 4096;       // of one file
inline constexpr std::size_t kMaxKeysOfRole = 256;  // and signatures of one file

// read_header checks _type and spec_version, and reads version and expires.
Result<Header> read_header(const JsonView& signed_part, std::string_view type);
// read_keys reads a KEYID: KEY object.
Result<Keys> read_keys(const JsonView& view);
// read_role reads keyids (each once) and threshold (1 or more).
Result<Role> read_role(const JsonView& view);
// read_digests reads `hashes`: at least one is SHA-256, SHA-384 or SHA-512; others are left out.
Result<std::vector<Digest>> read_digests(const JsonView& view);
// read_count is an integer from `least` up.
Result<std::int64_t> read_count(const JsonView& view, std::int64_t least);

}  // namespace nono::tuf
