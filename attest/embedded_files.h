// attest/embedded_files.h: the files of attest/embedded as they are compiled in
// (cmake/NonoEmbed.cmake generates the source). Internal to attest/.
#pragma once

#include <string_view>

namespace nono::attest::embedded {

extern constinit const std::string_view kTrustedRoot;    // trusted_root.json
extern constinit const std::string_view kTufRoot;        // root.json
extern constinit const std::string_view kSigningConfig;  // signing_config.json
extern constinit const std::string_view kPackage;        // package.txt: name and version; date

}  // namespace nono::attest::embedded
