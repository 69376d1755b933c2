// tests/sigstore/cases_sct.cc: signed certificate timestamps that are missing or wrong.
#include <string>

#include "tests/sigstore/cases.h"
#include "tests/sigstore/der.h"
#include "tests/sigstore/world.h"

namespace nono::factory {

namespace {

struct SctRow {
  const char* name;
  void (*change)(SctRecipe&);
};
const SctRow kSctFaults[] = {
    SctRow{"bad-signature", [](SctRecipe& s) { s.encoded_after = flip_last; }},
    SctRow{"other-certificate",
           [](SctRecipe& s) { s.signed_before = [](Bytes& blob) { blob[60] ^= std::byte{1}; }; }},
    SctRow{"other-time",
           [](SctRecipe& s) { s.signed_before = [](Bytes& blob) { blob[9] ^= std::byte{1}; }; }},
    SctRow{"other-issuer",
           [](SctRecipe& s) { s.signed_before = [](Bytes& blob) { blob[12] ^= std::byte{1}; }; }},
    SctRow{"as-final-certificate",
           [](SctRecipe& s) { s.signed_before = [](Bytes& blob) { blob[11] = std::byte{0}; }; }},
    SctRow{"as-tree-head",
           [](SctRecipe& s) { s.signed_before = [](Bytes& blob) { blob[1] = std::byte{1}; }; }},
    SctRow{"extensions-unsigned",
           [](SctRecipe& s) {
             s.extensions = big_endian(7, 4);
             s.signed_before = [](Bytes& blob) {
               blob.erase(blob.end() - 6, blob.end());
               blob.insert(blob.end(), 2, std::byte{0});
             };
           }},
    SctRow{"version-2", [](SctRecipe& s) { s.version = 1; }},
    SctRow{"labelled-sha1", [](SctRecipe& s) { s.hash = 2; }},
    SctRow{"labelled-no-hash", [](SctRecipe& s) { s.hash = 0; }},
    SctRow{"labelled-rsa", [](SctRecipe& s) { s.signature_kind = 1; }},
    SctRow{"labelled-anonymous", [](SctRecipe& s) { s.signature_kind = 0; }},
    SctRow{"bytes-after",
           [](SctRecipe& s) { s.encoded_after = [](Bytes& sct) { sct.push_back(std::byte{0}); }; }},
    SctRow{"cut", [](SctRecipe& s) { s.encoded_after = [](Bytes& sct) { sct.pop_back(); }; }},
    SctRow{"empty-item", [](SctRecipe& s) { s.encoded_after = [](Bytes& sct) { sct.clear(); }; }},
};

}  // namespace

void add_sct_faults(Cases& cases) {
  constexpr const char* kMissing = "sct-missing";
  constexpr const char* kInvalid = "sct-invalid";
  cases.add("sct/none", kMissing, [](Recipe& r) { r.leaf.scts.clear(); });
  cases.add("sct/empty-list", kInvalid, [](Recipe& r) {
    r.leaf.scts.clear();
    r.leaf.sct_list_before = [](Bytes&) {};
  });
  cases.add("sct/unknown-log", kInvalid, [](Recipe& r) {
    r.ct_logs.push_back({.base_url = "https://ctfe2.factory.example"});
    r.ct_logs[0].trusted = false;
  });
  for (const SctRow& row : kSctFaults) {
    cases.add(std::string("sct/") + row.name, kInvalid,
              [change = row.change](Recipe& r) { change(r.leaf.scts[0]); });
  }
  cases.add("sct/list-with-bytes-after", kInvalid, [](Recipe& r) {
    r.leaf.sct_list_before = [](Bytes& list) { list.push_back(std::byte{0}); };
  });
  cases.add("sct/list-shorter-than-it-says", kInvalid, [](Recipe& r) {
    r.leaf.sct_list_before = [](Bytes& list) { list[1] ^= std::byte{1}; };
  });
  cases.add("sct/two-hundred", kInvalid, [](Recipe& r) { r.leaf.scts.resize(200); });
  cases.add("sct/sixty-four", "accepted", [](Recipe& r) { r.leaf.scts.resize(64); });
  cases.add("sct/thirty-two", "accepted", [](Recipe& r) { r.leaf.scts.resize(32); });
  cases.add("sct/good-beside-a-bad-one", kInvalid, [](Recipe& r) {
    r.ct_logs.push_back({.base_url = "https://ctfe2.factory.example"});
    r.leaf.scts.push_back({.log = 1});
    r.leaf.scts[0].encoded_after = flip_last;
  });
}

}  // namespace nono::factory
