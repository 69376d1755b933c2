// tests/fuzz/sct_fuzz.cc: lists of SCTs, and the cut of their extension out of a tbsCertificate. A
// list that is read is the only spelling of what was read; what is cut is cut whole, and once.
#include "crypto/sct.h"
#include "tests/fuzz/expect.h"

namespace {

using nono::Bytes;

void append_number(Bytes& out, std::uint64_t number, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) {
    out.push_back(static_cast<std::byte>(number >> (8 * i)));
  }
}
void append(Bytes& out, std::span<const std::byte> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}
void append_counted(Bytes& out, std::span<const std::byte> bytes) {
  append_number(out, bytes.size(), 2);
  append(out, bytes);
}

Bytes spelt(const nono::crypto::SignedCertificateTimestamp& sct) {
  Bytes out;
  append_number(out, 0, 1);
  append(out, sct.log_id.bytes());
  append_number(out, sct.milliseconds, 8);
  append_counted(out, sct.extensions);
  append_number(out, sct.hash, 1);
  append_number(out, sct.signature_kind, 1);
  append_counted(out, sct.signature);
  return out;
}

void try_list(std::span<const std::byte> input) {
  const auto scts = nono::crypto::parse_sct_list(input);
  if (!scts) {
    return;
  }
  Bytes entries;
  for (const auto& sct : *scts) {
    append_counted(entries, spelt(sct));
  }
  Bytes list;
  append_counted(list, entries);
  nono::fuzz::expect(std::ranges::equal(list, input));
}

void try_cut(std::span<const std::byte> input) {
  const auto cut = nono::crypto::precertificate_tbs(input);
  if (cut) {
    nono::fuzz::expect(cut->size() < input.size());
    nono::fuzz::expect(!nono::crypto::precertificate_tbs(*cut));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = nono::as_bytes(nono::fuzz::text_of(data, size));
  try_list(input);
  try_cut(input);
  return 0;
}
