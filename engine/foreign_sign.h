// engine/foreign_sign.h: keyless signatures for others than nono (`cosign verify-blob`,
// sigstore-python and their like): over any file, or over a statement that somebody else wrote.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/keyless_author.h"

namespace nono::engine {

enum class SignedForm : unsigned char {
  Message,    // a bare signature over the file
  Statement,  // the file is an in-toto statement, which is signed byte for byte
};

// sign_foreign signs the file at `path`, verifies the new bundle as everybody will, and puts it at
// `bundle_path` atomically. Nothing is written on failure.
Result<void> sign_foreign(const KeylessAuthor& author, const std::string& path, SignedForm form,
                          const std::string& bundle_path);

}  // namespace nono::engine
