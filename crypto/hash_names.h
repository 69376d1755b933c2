// crypto/hash_names.h: what is fixed for each hash: its length and its name in documents.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "crypto/digest.h"

namespace nono::crypto {

// digest_size is in bytes.
constexpr std::size_t digest_size(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::Sha256:
      return 32;
    case HashAlgorithm::Sha384:
      return 48;
    case HashAlgorithm::Sha512:
      return 64;
  }
  std::abort();
}

// hash_named takes the name of a digest in in-toto statements and on the command line: "sha256";
// nothing for a hash that is not known.
constexpr std::optional<HashAlgorithm> hash_named(std::string_view name) {
  if (name == "sha256") {
    return HashAlgorithm::Sha256;
  }
  if (name == "sha384") {
    return HashAlgorithm::Sha384;
  }
  if (name == "sha512") {
    return HashAlgorithm::Sha512;
  }
  return std::nullopt;
}

}  // namespace nono::crypto
