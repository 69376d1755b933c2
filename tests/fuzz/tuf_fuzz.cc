// tests/fuzz/tuf_fuzz.cc: TUF metadata. What is accepted has a canonical form that is read again as
// the same; nothing opens without its signatures, and a root never follows itself.
#include <string>

#include "tests/fuzz/expect.h"
#include "tuf/canonical.h"
#include "tuf/packed_store.h"
#include "tuf/trusted_set.h"

namespace {

using namespace nono;

void check_kind(const Error& error) {
  fuzz::expect(error.kind() == ErrorKind::InvalidInput || error.kind() == ErrorKind::Unsupported ||
               error.kind() == ErrorKind::Exhausted);
}

// Canonical form escapes no control characters, so only what has none can be read again.
void check_canonical(const JsonView& view) {
  const auto once = tuf::canonical_json(view.json());
  fuzz::expect(once.has_value());
  const auto again = Json::parse(*once, tuf::kMetadataLimits);
  if (again) {
    const auto twice = tuf::canonical_json(*again);
    fuzz::expect(twice.has_value() && *twice == *once);
  }
}

void check_parts(const tuf::Envelope& envelope) {
  const JsonView view = envelope.unverified();
  check_canonical(view);
  if (const auto targets = tuf::Targets::parse(view)) {
    for (const tuf::Delegation& delegation : targets->delegations) {
      const bool covered = delegation.covers("dir/trusted_root.json");
      fuzz::expect(!covered || !delegation.paths.empty() || !delegation.hash_prefixes.empty());
      const auto opened = envelope.opened_by(delegation.role, {});
      fuzz::expect(!opened);
    }
  }
  if (const auto snapshot = tuf::Snapshot::parse(view)) {
    fuzz::expect(snapshot->files.contains("targets"));
  }
  if (const auto timestamp = tuf::Timestamp::parse(view)) {
    fuzz::expect(timestamp->snapshot.version > 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto packed = tuf::PackedStore::parse(text)) {
    const auto again = tuf::PackedStore::parse(packed->text());
    fuzz::expect(again && again->text() == packed->text());
  }
  const auto envelope = tuf::Envelope::parse(text);
  if (!envelope) {
    check_kind(envelope.error());
    return 0;
  }
  check_parts(*envelope);
  auto trusted = tuf::TrustedSet::start(text);
  if (!trusted) {
    check_kind(trusted.error());
    return 0;
  }
  fuzz::expect(trusted->root().root.threshold > 0);
  fuzz::expect(!trusted->next_root(text));
  return 0;
}
