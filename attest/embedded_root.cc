// attest/embedded_root.cc: the trusted root of the public-good instance that this build carries.
//
// It is trusted as the program itself is: whoever can change it can change the verifier. What it is
// and how it was checked when it was taken: attest/embedded/README.md.
#include "attest/embedded_files.h"
#include "attest/trusted_root.h"

namespace nono::attest {

namespace {

// line returns a line of package.txt without its end.
std::string_view line(std::string_view text, std::size_t number) {
  for (; number > 0; --number) {
    text.remove_prefix(text.find('\n') + 1);
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace

const EmbeddedRoot& embedded_root() {
  static const EmbeddedRoot root{.text = embedded::kTrustedRoot,
                                 .package = line(embedded::kPackage, 0),
                                 .date = line(embedded::kPackage, 1),
                                 .digest = crypto::Sha256::of(embedded::kTrustedRoot),
                                 .tuf_root = embedded::kTufRoot,
                                 .signing_config = embedded::kSigningConfig};
  return root;
}

}  // namespace nono::attest
