// tests/sigstore/cases_valid.cc: every shape that verifies.
#include <string>

#include "tests/sigstore/cases.h"
#include "tests/sigstore/world.h"

namespace nono::factory {
namespace {

constexpr const char* kV01 = "application/vnd.dev.sigstore.bundle+json;version=0.1";
constexpr const char* kV02 = "application/vnd.dev.sigstore.bundle+json;version=0.2";
constexpr const char* kV03 = "application/vnd.dev.sigstore.bundle+json;version=0.3";
constexpr const char* kAccepted = "accepted";

void add_forms(Cases& cases) {
  cases.add("valid/message", kAccepted, [](Recipe&) {});
  cases.add_statement("valid/statement", kAccepted, [](Recipe&) {});
  cases.add("valid/v0.3-old-spelling", kAccepted, [](Recipe& r) { r.media_type = kV03; });
  for (const auto& [name, type] : {std::pair{"v0.1", kV01}, std::pair{"v0.2", kV02}}) {
    const std::string prefix = std::string("valid/") + name;
    const auto change = [type](Material material) {
      return [type, material](Recipe& r) {
        r.media_type = type;
        r.material = material;
      };
    };
    cases.add(prefix + "-chain", kAccepted, change(Material::Chain));
    cases.add(prefix + "-chain-intermediate", kAccepted, change(Material::ChainWithIntermediate));
    cases.add_statement(prefix + "-statement", kAccepted, change(Material::Chain));
  }
  cases.add("valid/no-message-digest", kAccepted, [](Recipe& r) { r.message_digest = false; });
  cases.add("valid/by-digest", kAccepted, [](Recipe& r) { r.policy.by_digest = true; });
  cases.add_statement("valid/statement-by-digest", kAccepted,
                      [](Recipe& r) { r.policy.by_digest = true; });
  cases.add_statement("valid/statement-v0.1", kAccepted,
                      [](Recipe& r) { r.statement_type = "https://in-toto.io/Statement/v0.1"; });
  cases.add_statement("valid/statement-many-subjects", kAccepted, [](Recipe& r) {
    r.subjects.insert(r.subjects.begin(), 20,
                      Subject{.name = "other", .digests = {{"sha256", std::string(64, 'a')}}});
  });
  cases.add_statement("valid/statement-intoto-entry", kAccepted, [](Recipe& r) {
    r.entries[0].kind = "intoto";
    r.entries[0].version = "0.0.2";
  });
}

// What `nono trust sign --keyless` writes in a workflow; tests/acceptance runs an agent over it.
void add_workflow(Cases& cases) {
  cases.add_statement("valid/nono-workflow", kAccepted, [](Recipe& r) {
    const std::string source = "https://github.com/acme/skills";
    const std::string subject = source + "/.github/workflows/sign.yml@refs/heads/main";
    r.predicate_type = "https://nono.sh/attestation/instruction-file/v1";
    r.subjects = {Subject{.name = "CLAUDE.md", .digests = {}}};
    r.statement_before = [](Json& statement) {
      statement.set("predicate", Json::Object{{"version", 1}});
    };
    r.leaf.names = {SubjectName{.kind = NameKind::Uri, .value = subject}};
    r.leaf.issuer = "https://token.actions.githubusercontent.com";
    r.leaf.claims = {{9, subject}, {12, source}, {14, "refs/heads/main"}, {18, subject}};
    r.policy.identity = subject;
    r.policy.issuer = r.leaf.issuer;
  });
}

void add_leaves(Cases& cases) {
  struct Row {
    const char* name;
    KeyKind key;
  };
  for (const Row& row :
       {Row{"p384", KeyKind::P384}, Row{"p521", KeyKind::P521}, Row{"rsa2048", KeyKind::Rsa2048},
        Row{"rsa3072", KeyKind::Rsa3072}, Row{"rsa4096", KeyKind::Rsa4096}}) {
    const auto change = [key = row.key](Recipe& r) { r.leaf.key = key; };
    cases.add(std::string("valid/leaf-") + row.name, kAccepted, change);
    cases.add_statement(std::string("valid/leaf-") + row.name + "-statement", kAccepted, change);
    cases.add_v2(std::string("valid/leaf-") + row.name + "-v2", kAccepted, change);
    cases.add_v2(std::string("valid/leaf-") + row.name + "-v2-statement", kAccepted,
                 [key = row.key](Recipe& r) {
                   r.leaf.key = key;
                   r.content = Content::Statement;
                 });
  }
  cases.add_v2("algorithm/ed25519ph-in-rekor-v2", "unsupported-algorithm",
               [](Recipe& r) { r.leaf.key = KeyKind::Ed25519; });
  cases.add("valid/leaf-ed25519", kAccepted, [](Recipe& r) { r.leaf.key = KeyKind::Ed25519; });
  cases.add_statement("valid/leaf-ed25519-statement", kAccepted,
                      [](Recipe& r) { r.leaf.key = KeyKind::Ed25519; });
  for (const Row& row : {Row{"p384", KeyKind::P384}, Row{"p521", KeyKind::P521}}) {
    cases.add(std::string("valid/leaf-") + row.name + "-sha256", kAccepted,
              [key = row.key](Recipe& r) {
                r.leaf.key = key;
                r.hash = Hash::Sha256;
              });
  }
}

// What Fulcio's public configuration makes of the tokens of CIs other than GitHub's.
struct Machine {
  std::string name;
  std::string issuer;
  std::string subject;
  std::vector<std::pair<unsigned, std::string>> claims;
};

std::vector<Machine> machines() {
  const std::string circle = "https://circleci.com/api/v2/projects/3-4/pipeline-definitions/5-6";
  return {{"gitlab",
           "https://gitlab.com",
           "https://gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main",
           {{9, "https://gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main"},
            {12, "https://gitlab.com/g/p"},
            {14, "refs/heads/main"},
            {18, "https://gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main"}}},
          {"codefresh",
           "https://oidc.codefresh.io",
           "https://g.codefresh.io/acme/app/sign:7/8",
           {{9, "https://g.codefresh.io/build/64f447c0"},
            {12, "https://github.com/acme/app"},
            {14, "main"},
            {18, "https://g.codefresh.io/api/pipelines/8"},
            {21, "https://g.codefresh.io/build/64f447c0"}}},
          {"circleci",
           "https://oidc.circleci.com/org/1-2",
           circle,
           {{9, circle},
            {12, "https://github.com/acme/app"},
            {14, "refs/heads/main"},
            {18, "https://circleci.com/api/v2/pipeline/7/config"}}},
          {"buildkite",
           "https://agent.buildkite.com",
           "https://buildkite.com/acme/sign",
           {{20, "webhook"}, {21, "https://buildkite.com/acme/sign/builds/1#2"}}},
          {"kubernetes",
           "https://oidc.eks.eu-west-1.amazonaws.com/id/7",
           "https://kubernetes.io/namespaces/ci/serviceaccounts/signer",
           {}},
          {"chainguard",
           "https://issuer.enforce.dev",
           "https://issuer.enforce.dev/1a/2b",
           {{24, "1a/2b"}}}};
}

void add_machines(Cases& cases) {
  for (const Machine& row : machines()) {
    cases.add("valid/machine-" + row.name, kAccepted, [row](Recipe& r) {
      r.leaf.names = {{NameKind::Uri, row.subject}};
      r.leaf.issuer = row.issuer;
      r.leaf.claims = row.claims;
      r.policy.identity = row.subject;
      r.policy.issuer = row.issuer;
    });
  }
}

void add_identities(Cases& cases) {
  const auto named = [](NameKind kind, const char* value) {
    return [kind, value](Recipe& r) {
      r.leaf.names = {{kind, value}};
      r.policy.identity = value;
    };
  };
  cases.add("valid/identity-uri", kAccepted,
            named(NameKind::Uri, "https://github.com/o/r/.github/workflows/w.yml@refs/heads/main"));
  cases.add("valid/identity-spiffe", kAccepted, named(NameKind::Uri, "spiffe://example.com/a/b"));
  cases.add("valid/identity-other-name", kAccepted, named(NameKind::Other, "alice!example.com"));
  cases.add("valid/identity-other-name-utf8", kAccepted,
            named(NameKind::Other, "\xC3\xA5sa!example.com"));
  cases.add("valid/issuer-v1-only", kAccepted, [](Recipe& r) { r.leaf.issuer_v2 = false; });
  cases.add("valid/issuer-v2-only", kAccepted, [](Recipe& r) { r.leaf.issuer_v1 = false; });
  cases.add("valid/all-claims", kAccepted, [](Recipe& r) {
    const std::string sha(40, 'a');
    const std::string source = "https://github.com/o/r";
    const std::string workflow = source + "/.github/workflows/w.yml@refs/heads/main";
    r.leaf.names = {{NameKind::Uri, workflow}};
    r.leaf.issuer = "https://token.actions.githubusercontent.com";
    r.policy.identity = workflow;
    r.policy.issuer = r.leaf.issuer;
    r.leaf.claims = {{2, "push"},
                     {3, sha},
                     {4, "release"},
                     {5, "o/r"},
                     {6, "refs/heads/main"},
                     {9, workflow},
                     {10, sha},
                     {11, "github-hosted"},
                     {12, source},
                     {13, sha},
                     {14, "refs/heads/main"},
                     {15, "1"},
                     {16, "https://github.com/o"},
                     {17, "2"},
                     {18, workflow},
                     {19, sha},
                     {20, "push"},
                     {21, source + "/actions/runs/1/attempts/1"},
                     {22, "public"},
                     {23, "production"},
                     {24, "repo:o/r:ref:refs/heads/main"}};
  });
  cases.add("valid/claim-of-tomorrow", kAccepted,
            [](Recipe& r) { r.leaf.claims.emplace_back(99, "new"); });
}

void add_authorities(Cases& cases) {
  cases.add("valid/authority-root-only", kAccepted,
            [](Recipe& r) { r.authorities[0].intermediate.reset(); });
  cases.add("valid/authority-anchor-is-intermediate", kAccepted,
            [](Recipe& r) { r.authorities[0].named = Named::WithoutRoot; });
  struct Row {
    const char* name;
    KeyKind key;
  };
  for (const Row& row : {Row{"p256", KeyKind::P256}, Row{"p521", KeyKind::P521},
                         Row{"rsa", KeyKind::Rsa2048}, Row{"ed25519", KeyKind::Ed25519}}) {
    cases.add(std::string("valid/authority-") + row.name, kAccepted, [key = row.key](Recipe& r) {
      r.authorities[0].root.key = key;
      r.authorities[0].intermediate->key = key;
    });
  }
  // Keys are rotated under one name: that a name chains and a signature does not ends no search.
  cases.add("valid/authority-of-the-same-name", kAccepted, [](Recipe& r) {
    r.authorities[0].root.name = "root";
    r.authorities[0].intermediate->name = "intermediate";
    r.authorities.push_back(r.authorities[0]);
    r.leaf.authority = 1;
  });
  cases.add("valid/authority-second-of-two", kAccepted, [](Recipe& r) {
    r.authorities.emplace_back();
    r.leaf.authority = 1;
  });
}

void add_scts(Cases& cases) {
  cases.add("valid/ct-log-rsa", kAccepted, [](Recipe& r) { r.ct_logs[0].key = KeyKind::Rsa2048; });
  cases.add("valid/ct-log-rsa-pkcs1", kAccepted, [](Recipe& r) {
    r.ct_logs[0].key = KeyKind::Rsa2048;
    r.ct_logs[0].pkcs1 = true;
  });
  cases.add("valid/sct-extensions", kAccepted, [](Recipe& r) {
    r.leaf.scts[0].extensions = joined({big_endian(0x000005, 3), big_endian(77, 5)});
  });
  cases.add("valid/sct-first-extension", kAccepted, [](Recipe& r) { r.leaf.scts_first = true; });
  cases.add("valid/sct-two", kAccepted, [](Recipe& r) {
    r.ct_logs.push_back({.base_url = "https://ctfe2.factory.example"});
    r.leaf.scts.push_back({.log = 1});
  });
  cases.add("valid/sct-beside-one-of-an-unknown-log", kAccepted, [](Recipe& r) {
    r.ct_logs.push_back({.base_url = "https://ctfe2.factory.example", .trusted = false});
    r.leaf.scts.insert(r.leaf.scts.begin(), SctRecipe{.log = 1});
  });
}

void add_logs(Cases& cases) {
  cases.add("valid/log-rsa", kAccepted, [](Recipe& r) { r.logs[0].key = KeyKind::Rsa2048; });
  cases.add("valid/log-shard", kAccepted, [](Recipe& r) { r.logs[0].first_index = 96234567; });
  struct Row {
    std::uint64_t index;
    std::uint64_t size;
  };
  for (const Row& row : {Row{0, 1}, Row{0, 2}, Row{1, 2}, Row{2, 3}, Row{7, 8}, Row{8, 9},
                         Row{0, 1000}, Row{999, 1000}, Row{1ULL << 39, (1ULL << 40) + 12345}}) {
    cases.add("valid/tree-" + std::to_string(row.index) + "-of-" + std::to_string(row.size),
              kAccepted, [row](Recipe& r) {
                r.entries[0].index = row.index;
                r.entries[0].tree_size = row.size;
              });
  }
  cases.add("valid/v1-cosigned-checkpoint", kAccepted,
            [](Recipe& r) { r.entries[0].witnesses = 2; });
  cases.add("valid/v1-proof-without-promise", kAccepted, [](Recipe& r) {
    r.entries[0].promise = false;
    r.timestampers = {TsaRecipe{}};
    r.stamps = {StampRecipe{}};
  });
  cases.add("valid/v1-and-timestamp", kAccepted, [](Recipe& r) {
    r.timestampers = {TsaRecipe{}};
    r.stamps = {StampRecipe{}};
  });
  cases.add("valid/second-entry-of-an-unknown-log", kAccepted, [](Recipe& r) {
    r.logs.push_back({.host = "other.factory.example", .trusted = false});
    r.entries.push_back({.log = 1});
  });
  cases.add_v2("valid/v2-message", kAccepted, [](Recipe&) {});
  cases.add_v2("valid/v2-statement", kAccepted, [](Recipe& r) { r.content = Content::Statement; });
  cases.add_v2("valid/v2-log-p256", kAccepted, [](Recipe& r) { r.logs[0].key = KeyKind::P256; });
  cases.add_v2("valid/v2-cosigned", kAccepted, [](Recipe& r) { r.entries[0].witnesses = 3; });
  cases.add_v2("valid/v2-cosigned-before", kAccepted, [](Recipe& r) {
    r.entries[0].witnesses = 3;
    r.entries[0].witness_first = true;
  });
  cases.add_v2("valid/v2-base-url-without-scheme", kAccepted,
               [](Recipe& r) { r.logs[0].base_url = r.logs[0].host; });
  cases.add_v2("valid/v2-checkpoint-key-id", kAccepted, [](Recipe& r) {
    r.root_media_type = "application/vnd.dev.sigstore.trustedroot.v0.2+json";
    r.logs[0].checkpoint_key_id = true;
    r.logs[0].operator_name = "factory";
  });
  cases.add_v2("valid/v2-unsigned-integrated-time-is-ignored", kAccepted, [](Recipe& r) {
    r.entries[0].entry_after = [](Json& entry) { entry.set("integratedTime", "1000000000"); };
  });
  cases.add_v2("valid/v2-checkpoint-extension-line", kAccepted, [](Recipe& r) {
    r.entries[0].checkpoint_before = [](std::string& text) { text += "Timestamp: 1\n"; };
  });
}

void add_stamps(Cases& cases) {
  struct Row {
    const char* name;
    void (*change)(Recipe&);
  };
  for (const Row& row : {
           Row{"p256", [](Recipe& r) { r.timestampers[0].leaf.key = KeyKind::P256; }},
           Row{"rsa", [](Recipe& r) { r.timestampers[0].leaf.key = KeyKind::Rsa2048; }},
           Row{"p384-sha256", [](Recipe& r) { r.stamps[0].digest = Hash::Sha256; }},
           Row{"sha384", [](Recipe& r) { r.stamps[0].imprint = Hash::Sha384; }},
           Row{"sha512", [](Recipe& r) { r.stamps[0].imprint = Hash::Sha512; }},
           Row{"no-nonce", [](Recipe& r) { r.stamps[0].nonce = false; }},
           Row{"fraction", [](Recipe& r) { r.stamps[0].fraction = ".25"; }},
           Row{"granted-with-mods", [](Recipe& r) { r.stamps[0].status = 1; }},
           Row{"not-embedded", [](Recipe& r) { r.stamps[0].embeds_certificate = false; }},
           Row{"intermediate", [](Recipe& r) { r.timestampers[0].intermediate = Certified{}; }},
           Row{"authority-named-only",
               [](Recipe& r) { r.timestampers[0].named = Named::WithoutFirst; }},
           Row{"anchor-is-intermediate",
               [](Recipe& r) {
                 r.timestampers[0].intermediate = Certified{};
                 r.timestampers[0].named = Named::WithoutRoot;
               }},
           Row{"signer-named-only", [](Recipe& r) { r.timestampers[0].named = Named::OnlyFirst; }},
           Row{"authority-of-the-same-name",
               [](Recipe& r) {
                 r.timestampers[0].root.name = "root";
                 r.timestampers[0].leaf.name = "signer";
                 r.timestampers[0].named = Named::WithoutFirst;
                 r.timestampers.push_back(r.timestampers[0]);
                 r.stamps[0].tsa = 1;
               }},
           Row{"second-authority",
               [](Recipe& r) {
                 r.timestampers.push_back({.uri = "https://tsa2.factory.example"});
                 r.stamps[0].tsa = 1;
               }},
           Row{"beside-one-of-an-unknown-authority",
               [](Recipe& r) {
                 r.timestampers.push_back({.uri = "https://tsa2", .trusted = false});
                 r.stamps.push_back({.tsa = 1});
               }},
           Row{"two",
               [](Recipe& r) {
                 r.timestampers.push_back({.uri = "https://tsa2.factory.example"});
                 r.stamps.push_back({.tsa = 1, .at = kSigned + kMinute});
               }},
           Row{"thirty-two", [](Recipe& r) { r.stamps.resize(32); }},
       }) {
    cases.add_v2(std::string("valid/timestamp-") + row.name, kAccepted, row.change);
  }
}

void add_roots(Cases& cases) {
  for (const char* version : {"v0.1", "v0.2"}) {
    cases.add(std::string("valid/root-") + version, kAccepted, [version](Recipe& r) {
      r.root_media_type =
          std::string("application/vnd.dev.sigstore.trustedroot.") + version + "+json";
    });
  }
  cases.add("valid/root-with-a-log-of-tomorrow", kAccepted, [](Recipe& r) {
    r.logs.push_back({.host = "ml-dsa.factory.example"});
    r.root_after = [](Json& root) {
      Json& key = member(root, {"tlogs", "1", "publicKey"});
      key.set("keyDetails", "ML_DSA_65");
      key.set("rawBytes", base64_encode(Bytes(1952)));
    };
  });
}

void add_keyed(Cases& cases) {
  for (const auto& [name, key] :
       {std::pair{"p256", KeyKind::P256}, {"p384", KeyKind::P384}, {"rsa", KeyKind::Rsa2048}}) {
    cases.add(std::string("keyed/message-") + name, kAccepted, [key](Recipe& r) {
      r.material = Material::PublicKey;
      r.leaf.key = key;
    });
  }
  cases.add("keyed/not-logged", kAccepted, [](Recipe& r) {
    r.material = Material::PublicKey;
    r.entries.clear();
  });
  cases.add_statement("keyed/statement", kAccepted,
                      [](Recipe& r) { r.material = Material::PublicKey; });
  cases.add_statement("keyed/statement-ed25519", kAccepted, [](Recipe& r) {
    r.material = Material::PublicKey;
    r.leaf.key = KeyKind::Ed25519;
  });
  cases.add_v2("keyed/v2", kAccepted, [](Recipe& r) { r.material = Material::PublicKey; });
}

}  // namespace

void add_valid_shapes(Cases& cases) {
  add_forms(cases);
  add_workflow(cases);
  add_leaves(cases);
  add_machines(cases);
  add_identities(cases);
  add_authorities(cases);
  add_scts(cases);
  add_logs(cases);
  add_stamps(cases);
  add_roots(cases);
  add_keyed(cases);
}

}  // namespace nono::factory
