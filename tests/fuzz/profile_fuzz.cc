// tests/fuzz/profile_fuzz.cc: profiles; the first byte says in which language. What was accepted is
// the same when its tree is written as JSON and read again, and composes or is refused. An entry
// can be put into each text in JSON.
#include "profile/compose.h"
#include "profile/edit.h"
#include "tests/fuzz/expect.h"

namespace {

void try_entries(std::string_view text) {
  using namespace nono;
  for (const profile::EntryPlace place : {profile::EntryPlace{"filesystem", "read_file"},
                                          profile::EntryPlace{"network", "connect"}}) {
    const auto more = profile::with_entry(text, place, "/srv/a");
    fuzz::expect(more || more.error().kind() == ErrorKind::Exhausted ||
                 more.error().kind() == ErrorKind::Usage);
    if (more) {
      fuzz::expect(!profile::unified_diff(text, *more, "fuzzed").empty());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nono;
  using profile::ProfileFormat;
  if (size == 0) {
    return 0;
  }
  const ProfileFormat format = data[0] == 't'   ? ProfileFormat::Toml
                               : data[0] == 'y' ? ProfileFormat::Yaml
                                                : ProfileFormat::Json;
  const auto read = profile::parse_profile(fuzz::text_of(data + 1, size - 1), format, "fuzzed");
  if (!read) {
    return 0;
  }
  if (format == ProfileFormat::Json) {
    try_entries(fuzz::text_of(data + 1, size - 1));
  }
  const std::string written = read->document.compact();
  const auto again = profile::parse_profile(written, ProfileFormat::Json, "written");
  fuzz::expect(written.size() > profile::kProfileLimits.bytes ||
               (again && again->document == read->document));
  profile::Variables variables;
  variables.home = "/home/u";
  const auto composed = profile::compose(*read, "fuzzed", variables,
                                         [](const std::string&) -> Result<profile::Profile> {
                                           return fail(ErrorKind::Usage, "no other profile");
                                         });
  fuzz::expect(!composed || composed->grants.size() <= profile::kMaxComposedPaths);
  for (std::size_t i = 0; composed && i < composed->grants.size(); ++i) {
    fuzz::expect(composed->grants[i].path.starts_with('/'));
  }
  return 0;
}
