#include "sandbox/seatbelt_apply.h"

#include <sandbox.h>

#include "base/text.h"

namespace nono::sandbox {

Result<void> enter_seatbelt(const std::string& profile) {
  // Deprecated for programs of the App Store, and without a successor for confining other programs;
  // the system's own services enter their sandboxes so.
  char* words = nullptr;
  if (::sandbox_init(profile.c_str(), 0, &words) == 0) {
    return {};
  }
  const std::string why = words == nullptr ? "no reason given" : printable(words);
  ::sandbox_free_error(words);
  return fail(ErrorKind::Unsupported, "the system does not take the sandbox's profile: " + why);
}

}  // namespace nono::sandbox
