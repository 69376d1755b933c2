// profile/credentials.h: values that a run puts into its variables, and where each is taken from.
//
// Only what is written, as values: nothing is read here. The source of a credential is the user's
// or a signed profile's word; the value is read outside the sandbox (engine/credentials.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nono::profile {

enum class CredentialPlace : unsigned char {
  File,      // file:///ABSOLUTE/PATH
  Variable,  // env://NAME, of the caller's environment
  Keystore,  // keystore://NAME, or NAME alone: the Secret Service
};

struct CredentialSource {
  CredentialPlace place = CredentialPlace::File;
  std::string name;  // a path, a variable or an item
  bool operator==(const CredentialSource&) const = default;
};

// Credential is one variable. `origin` is a JSON pointer, a profile with one, or an option.
struct Credential {
  std::string variable;
  CredentialSource source;
  std::string origin;
};

// parse_credential_source takes the forms above. A path is absolute and normal. Unsupported: a
// source of upstream nono's that is asked by running another program; anything else is
// InvalidInput.
Result<CredentialSource> parse_credential_source(std::string_view text);
std::string text_of(const CredentialSource& source);  // "file:///a/b"

// check_settable_variable refuses (InvalidInput) a name that is none, that decides what code runs,
// that is nono's own, or that every session sets itself.
Result<void> check_settable_variable(std::string_view name);

// variable_of_item is the variable of --env-credential: the item's name in capitals.
std::string variable_of_item(std::string_view item);

}  // namespace nono::profile
