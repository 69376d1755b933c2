// tests/sigstore/cases_log.cc: transparency logs that do not prove what they must.
#include <string>

#include "tests/sigstore/cases.h"
#include "tests/sigstore/der.h"
#include "tests/sigstore/world.h"

namespace nono::factory {
namespace {

constexpr const char* kOther = "b3RoZXI=";

using ChangeEntry = void (*)(EntryRecipe&);
struct Row {
  const char* name;
  ChangeEntry change;
};

void add_rows(Cases& cases, const char* group, const char* expected,
              std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    const std::string name = std::string(group) + "/" + row.name;
    cases.add(name, expected, [change = row.change](Recipe& r) { change(r.entries[0]); });
  }
}

void add_rows_v2(Cases& cases, const char* group, const char* expected,
                 std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    const std::string name = std::string(group) + "/v2-" + row.name;
    cases.add_v2(name, expected, [change = row.change](Recipe& r) { change(r.entries[0]); });
  }
}

Json& proof(Json& entry) {
  return member(entry, {"inclusionProof"});
}

void add_lookups(Cases& cases) {
  constexpr const char* kNotLogged = "not-logged";
  cases.add("log/no-entry", kNotLogged, [](Recipe& r) {
    r.entries.clear();
    r.timestampers = {TsaRecipe{}};
    r.stamps = {StampRecipe{}};
  });
  cases.add("log/unknown", kNotLogged, [](Recipe& r) {
    r.logs.push_back({.host = "other.factory.example"});
    r.logs[0].trusted = false;
  });
  cases.add_v2("log/v2-unknown", kNotLogged, [](Recipe& r) {
    r.logs.push_back({.api = 2, .key = KeyKind::Ed25519, .host = "log2025.factory.example"});
    r.logs[0].trusted = false;
  });
  cases.add("log/same-entry-twice", "log-entry-mismatch",
            [](Recipe& r) { r.entries.push_back(r.entries[0]); });
  cases.add("log/good-entry-and-a-forged-one", "set-invalid", [](Recipe& r) {
    r.logs.push_back({.host = "other.factory.example"});
    r.entries.push_back({.log = 1});
    r.entries[1].promise_after = flip_last;
  });
}

void add_promises(Cases& cases) {
  add_rows(
      cases, "promise", "set-invalid",
      {
          {"bad-signature", [](EntryRecipe& e) { e.promise_after = flip_last; }},
          {"other-body",
           [](EntryRecipe& e) {
             e.promise_before = [](std::string& t) {
               replace_once(t, R"({"body":")", R"({"body":"A)");
             };
           }},
          {"other-time",
           [](EntryRecipe& e) {
             e.promise_before = [](std::string& t) {
               replace_once(t, "\"integratedTime\":1768478400", "\"integratedTime\":1768478401");
             };
           }},
          {"other-index",
           [](EntryRecipe& e) {
             e.promise_before = [](std::string& t) {
               replace_once(t, "\"logIndex\":4}", "\"logIndex\":5}");
             };
           }},
          {"other-log",
           [](EntryRecipe& e) {
             e.promise_before = [](std::string& t) {
               replace_once(t, R"("logID":")", R"("logID":"00)");
             };
           }},
          {"with-spaces",
           [](EntryRecipe& e) {
             e.promise_before = [](std::string& t) { replace_once(t, ",", ", "); };
           }},
          {"time-changed",
           [](EntryRecipe& e) {
             e.entry_after = [](Json& entry) { entry.set("integratedTime", "1768478401"); };
           }},
          {"index-changed",
           [](EntryRecipe& e) { e.entry_after = [](Json& entry) { entry.set("logIndex", "5"); }; }},
          {"bytes-after-signature",
           [](EntryRecipe& e) {
             e.promise_after = [](Bytes& signature) { signature.push_back(std::byte{0}); };
           }},
      });
  // A shard's local index is not what the promise is about.
  cases.add("promise/local-index", "set-invalid", [](Recipe& r) {
    r.logs[0].first_index = 1000;
    r.entries[0].entry_after = [](Json& entry) { entry.set("logIndex", "4"); };
  });
}

constexpr std::initializer_list<Row> kProofs{
    {"other-root",
     [](EntryRecipe& e) {
       e.entry_after = [](Json& entry) { proof(entry).set("rootHash", base64_encode(Bytes(32))); };
     }},
    {"other-index",
     [](EntryRecipe& e) {
       e.entry_after = [](Json& entry) { proof(entry).set("logIndex", "5"); };
     }},
    {"other-size",
     [](EntryRecipe& e) {
       e.entry_after = [](Json& entry) { proof(entry).set("treeSize", "8"); };
     }},
    {"size-of-the-same-shape",
     [](EntryRecipe& e) {
       e.index = 0;
       e.tree_size = 5;
       e.entry_after = [](Json& entry) { proof(entry).set("treeSize", "6"); };
     }},
    {"hash-missing",
     [](EntryRecipe& e) {
       e.entry_after = [](Json& entry) { member(proof(entry), {"hashes"}).array()->pop_back(); };
     }},
    {"hash-too-many",
     [](EntryRecipe& e) {
       e.entry_after = [](Json& entry) {
         Json::Array& hashes = *member(proof(entry), {"hashes"}).array();
         hashes.push_back(hashes.front());
       };
     }},
    {"hashes-swapped",
     [](EntryRecipe& e) {
       e.entry_after = [](Json& entry) {
         Json::Array& hashes = *member(proof(entry), {"hashes"}).array();
         std::swap(hashes[0], hashes[1]);
       };
     }},
    {"no-hashes",
     [](EntryRecipe& e) {
       e.entry_after = [](Json& entry) { member(proof(entry), {"hashes"}).array()->clear(); };
     }},
};

void add_proofs(Cases& cases) {
  constexpr const char* kInvalid = "inclusion-proof-invalid";
  add_rows(cases, "proof", kInvalid, kProofs);
  add_rows_v2(cases, "proof", kInvalid, kProofs);
  cases.add_v2("proof/v2-top-level-index", kInvalid, [](Recipe& r) {
    r.entries[0].entry_after = [](Json& entry) { entry.set("logIndex", "5"); };
  });
  cases.add("log/promise-without-proof", "not-logged", [](Recipe& r) {
    r.media_type = "application/vnd.dev.sigstore.bundle+json;version=0.1";
    r.material = Material::Chain;
    r.entries[0].proof = false;
  });
  cases.add("proof/checkpoint-of-another-size", kInvalid, [](Recipe& r) {
    r.entries[0].checkpoint_before = [](std::string& t) { replace_once(t, "\n7\n", "\n8\n"); };
  });
  cases.add("proof/checkpoint-of-another-root", kInvalid, [](Recipe& r) {
    r.entries[0].checkpoint_before = [](std::string& t) {
      t = t.substr(0, t.find("\n7\n") + 3) + base64_encode(Bytes(32)) + "\n";
    };
  });
}

constexpr std::initializer_list<Row> kCheckpoints{
    {"bad-signature",
     [](EntryRecipe& e) {
       e.checkpoint_after = [](std::string& note) {
         const std::size_t at = note.size() - 8;
         note[at] = note[at] == 'A' ? 'B' : 'A';
       };
     }},
    {"text-changed",
     [](EntryRecipe& e) {
       e.checkpoint_after = [](std::string& note) { replace_once(note, "\n\n", "\nmore\n\n"); };
     }},
    {"other-origin",
     [](EntryRecipe& e) {
       e.checkpoint_before = [](std::string& text) { text.insert(0, "evil."); };
     }},
    {"other-signer-name",
     [](EntryRecipe& e) {
       e.checkpoint_after = [](std::string& note) {
         replace_once(note, "\xE2\x80\x94 ", "\xE2\x80\x94 evil.");
       };
     }},
    {"own-line-good-and-bad",
     [](EntryRecipe& e) {
       e.checkpoint_after = [](std::string& note) {
         std::string line = note.substr(note.find("\n\n") + 2);
         const std::size_t at = line.size() - 8;
         line[at] = line[at] == 'A' ? 'B' : 'A';
         note += line;
       };
     }},
    {"unsigned",
     [](EntryRecipe& e) {
       e.checkpoint_after = [](std::string& note) { note.resize(note.find("\n\n") + 2); };
     }},
    {"witnesses-only",
     [](EntryRecipe& e) {
       e.witnesses = 1;
       e.checkpoint_after = [](std::string& note) {
         const std::size_t at = note.find("\n\n") + 2;
         note.erase(at, note.find('\n', at) - at + 1);
       };
     }},
    {"no-last-line-feed",
     [](EntryRecipe& e) { e.checkpoint_after = [](std::string& note) { note.pop_back(); }; }},
    {"garbage-line",
     [](EntryRecipe& e) { e.checkpoint_after = [](std::string& note) { note += "garbage\n"; }; }},
    {"blank-line-after",
     [](EntryRecipe& e) { e.checkpoint_after = [](std::string& note) { note += "\n"; }; }},
    {"hyphen-for-dash",
     [](EntryRecipe& e) {
       e.checkpoint_after = [](std::string& note) { replace_once(note, "\xE2\x80\x94 ", "- "); };
     }},
    {"size-with-leading-zero",
     [](EntryRecipe& e) {
       e.checkpoint_before = [](std::string& text) { replace_once(text, "\n7\n", "\n07\n"); };
     }},
    {"size-negative",
     [](EntryRecipe& e) {
       e.checkpoint_before = [](std::string& text) { replace_once(text, "\n7\n", "\n-7\n"); };
     }},
    {"root-too-short",
     [](EntryRecipe& e) {
       e.checkpoint_before = [](std::string& text) {
         text = text.substr(0, text.find("\n7\n") + 3) + base64_encode(Bytes(31)) + "\n";
       };
     }},
    {"carriage-returns",
     [](EntryRecipe& e) {
       e.checkpoint_before = [](std::string& text) { replace_once(text, "\n7\n", "\r\n7\r\n"); };
     }},
    {"too-many-signatures", [](EntryRecipe& e) { e.witnesses = 100; }},
};

void add_checkpoints(Cases& cases) {
  constexpr const char* kInvalid = "checkpoint-invalid";
  add_rows(cases, "checkpoint", kInvalid, kCheckpoints);
  add_rows_v2(cases, "checkpoint", kInvalid, kCheckpoints);
  // The id of a P-256 key says nothing of the name: the root is sound, and of another log.
  cases.add_v2("checkpoint/v2-host-of-another-base-url", kInvalid, [](Recipe& r) {
    r.logs[0].key = KeyKind::P256;
    r.logs[0].base_url = "https://evil.factory.example";
  });
  cases.add("checkpoint/host-of-another-base-url", kInvalid,
            [](Recipe& r) { r.logs[0].base_url = "https://evil.factory.example"; });
  cases.add("checkpoint/ninety-nine-witnesses", "accepted",
            [](Recipe& r) { r.entries[0].witnesses = 99; });
  cases.add("checkpoint/of-another-trusted-log", kInvalid, [](Recipe& r) {
    r.logs.push_back({.host = "other.factory.example"});
    r.entries[0].entry_after = [](Json& entry) {
      Recipe other;
      other.logs.push_back({.host = "other.factory.example"});
      other.entries[0].log = 1;
      Json foreign = *Json::parse(bundle(make_world(other)), kBundleLimits);
      const Json& note = member(
          foreign, {"verificationMaterial", "tlogEntries", "0", "inclusionProof", "checkpoint"});
      proof(entry).set("checkpoint", note);
    };
  });
}

// The body is well logged: only what it is about differs from the bundle.
constexpr std::initializer_list<Row> kBodies{
    {"other-digest",
     [](EntryRecipe& e) {
       e.body_before = [](Json& b) {
         member(b, {"spec", "data", "hash"}).set("value", std::string(64, 'a'));
       };
     }},
    {"other-hash-algorithm",
     [](EntryRecipe& e) {
       e.body_before = [](Json& b) {
         member(b, {"spec", "data", "hash"}).set("algorithm", "sha384");
       };
     }},
    {"other-signature",
     [](EntryRecipe& e) {
       e.body_before = [](Json& b) { member(b, {"spec", "signature"}).set("content", kOther); };
     }},
    {"other-certificate",
     [](EntryRecipe& e) {
       e.body_before = [](Json& b) {
         const World other = make_world(Recipe());
         member(b, {"spec", "signature", "publicKey"})
             .set("content", base64_encode(as_bytes(pem("CERTIFICATE", other.leaf.der))));
       };
     }},
    {"key-for-certificate",
     [](EntryRecipe& e) {
       e.body_before = [](Json& b) {
         const std::string key = Key::of(KeyKind::P256, "leaf").spki_pem();
         member(b, {"spec", "signature", "publicKey"}).set("content", base64_encode(as_bytes(key)));
       };
     }},
    {"two-certificates",
     [](EntryRecipe& e) {
       e.body_before = [](Json& b) {
         Json& content = member(b, {"spec", "signature", "publicKey", "content"});
         const Bytes text = *base64_decode(*content.string(), Base64::Strict);
         const World other = make_world(Recipe());
         content =
             Json(base64_encode(joined({text, bytes_of(pem("CERTIFICATE", other.leaf.der))})));
       };
     }},
    {"not-json", [](EntryRecipe& e) { e.body_text_before = [](std::string& t) { t = "{"; }; }},
    {"key-twice",
     [](EntryRecipe& e) {
       e.body_text_before = [](std::string& t) {
         replace_once(t, "{", R"({"kind":"hashedrekord",)");
       };
     }},
    {"kind-inside-differs",
     [](EntryRecipe& e) { e.body_before = [](Json& b) { b.set("kind", "dsse"); }; }},
    {"version-inside-differs",
     [](EntryRecipe& e) { e.body_before = [](Json& b) { b.set("apiVersion", "0.0.2"); }; }},
    {"kind-of-the-entry-differs",
     [](EntryRecipe& e) {
       e.entry_after = [](Json& entry) { member(entry, {"kindVersion"}).set("kind", "dsse"); };
     }},
    {"version-of-the-entry-differs",
     [](EntryRecipe& e) {
       e.entry_after = [](Json& entry) { member(entry, {"kindVersion"}).set("version", "0.0.2"); };
     }},
};

constexpr std::initializer_list<Row> kBodiesV2{
    {"other-digest",
     [](EntryRecipe& e) {
       e.body_before = [](Json& b) {
         member(b, {"spec", "hashedRekordV002", "data"}).set("digest", base64_encode(Bytes(32)));
       };
     }},
    {"other-signature",
     [](EntryRecipe& e) {
       e.body_before = [](Json& b) {
         member(b, {"spec", "hashedRekordV002", "signature"}).set("content", kOther);
       };
     }},
    {"other-key-details",
     [](EntryRecipe& e) {
       e.body_before = [](Json& b) {
         member(b, {"spec", "hashedRekordV002", "signature", "verifier"})
             .set("keyDetails", "PKIX_ECDSA_P384_SHA_384");
       };
     }},
    {"other-certificate",
     [](EntryRecipe& e) {
       e.body_before = [](Json& b) {
         member(b, {"spec", "hashedRekordV002", "signature", "verifier", "x509Certificate"})
             .set("rawBytes", kOther);
       };
     }},
    {"not-canonical",
     [](EntryRecipe& e) {
       e.body_text_before = [](std::string& t) { replace_once(t, ",", ", "); };
     }},
    {"line-feed-after",
     [](EntryRecipe& e) { e.body_text_before = [](std::string& t) { t += "\n"; }; }},
    {"member-too-many",
     [](EntryRecipe& e) { e.body_before = [](Json& b) { member(b, {"spec"}).set("more", 1); }; }},
};

void add_bodies(Cases& cases) {
  add_rows(cases, "body", "log-entry-mismatch", kBodies);
  add_rows_v2(cases, "body", "log-entry-mismatch", kBodiesV2);
}

void add_statement_bodies(Cases& cases) {
  constexpr const char* kMismatch = "log-entry-mismatch";
  const auto add = [&](const char* name, ChangeJson change) {
    cases.add_statement(std::string("body/statement-") + name, kMismatch,
                        [change](Recipe& r) { r.entries[0].body_before = change; });
  };
  add("other-payload",
      [](Json& b) { member(b, {"spec", "payloadHash"}).set("value", std::string(64, 'a')); });
  add("other-signature",
      [](Json& b) { member(b, {"spec", "signatures", "0"}).set("signature", kOther); });
  add("other-verifier", [](Json& b) {
    const std::string key = Key::of(KeyKind::P256, "stranger").spki_pem();
    member(b, {"spec", "signatures", "0"}).set("verifier", base64_encode(as_bytes(key)));
  });
  add("two-signatures", [](Json& b) {
    Json::Array& all = *member(b, {"spec", "signatures"}).array();
    all.push_back(all.front());
  });
  add("no-signature", [](Json& b) { member(b, {"spec", "signatures"}).array()->clear(); });
  cases.add_statement("body/statement-logged-as-message", kMismatch, [](Recipe& r) {
    r.entries[0].kind = "hashedrekord";
    r.entries[0].version = "0.0.1";
  });
  cases.add("body/message-logged-as-statement", kMismatch, [](Recipe& r) {
    r.entries[0].kind = "dsse";
    r.entries[0].version = "0.0.1";
  });
  cases.add_statement("body/intoto-other-payload", kMismatch, [](Recipe& r) {
    r.entries[0].kind = "intoto";
    r.entries[0].version = "0.0.2";
    r.entries[0].body_before = [](Json& b) {
      member(b, {"spec", "content", "payloadHash"}).set("value", std::string(64, 'a'));
    };
  });
  cases.add_statement("body/intoto-other-signature", kMismatch, [](Recipe& r) {
    r.entries[0].kind = "intoto";
    r.entries[0].version = "0.0.2";
    r.entries[0].body_before = [](Json& b) {
      member(b, {"spec", "content", "envelope", "signatures", "0"})
          .set("sig", base64_encode(as_bytes(kOther)));
    };
  });
}

}  // namespace

void add_log_faults(Cases& cases) {
  add_lookups(cases);
  add_promises(cases);
  add_proofs(cases);
  add_checkpoints(cases);
  add_bodies(cases);
  add_statement_bodies(cases);
}

}  // namespace nono::factory
