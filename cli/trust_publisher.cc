// cli/trust_publisher.cc: trust publisher add, remove, list.
#include <algorithm>
#include <array>
#include <utility>

#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/session.h"
#include "engine/publishers.h"
#include "trustpolicy/discover.h"

namespace nono::cli {
namespace {

void show_identity(Render& render, const trustpolicy::KeylessPublisher& who) {
  render.note("issuer       " + who.issuer);
  if (who.subject) {
    render.note("subject      " + *who.subject);
  }
  const std::array<std::pair<std::string_view, const std::optional<trustpolicy::Glob>*>, 4> ci = {
      {{"repository   ", &who.repository},
       {"workflow     ", &who.workflow},
       {"ref          ", &who.ref_pattern},
       {"signed by    ", &who.build_signer_uri}}};
  for (const auto& [label, glob] : ci) {
    if (*glob) {
      render.note(std::string(label).append((*glob)->text()));
    }
  }
  if (!who.root.empty()) {
    render.note("root         " + who.root);
  }
}

void show(Render& render, const engine::Introduction& introduced) {
  render.note("publisher    " + introduced.publisher.name);
  if (introduced.fingerprint) {
    render.note("fingerprint  SHA256:" + introduced.fingerprint->hex());
    render.note("key from     " + introduced.key_source);
  } else {
    show_identity(render, std::get<trustpolicy::KeylessPublisher>(introduced.publisher.who));
  }
  if (!introduced.verified_file.empty()) {
    render.note("verifies     " + introduced.verified_file);
  }
  if (introduced.publisher.delegates) {
    render.note("delegates    yes: project policies that it signs may add publishers");
  }
}

Json publisher_fields(const trustpolicy::Publisher& publisher) {
  Json json(Json::Object{{"name", json_text(publisher.name)}});
  const auto* keyed = std::get_if<trustpolicy::KeyedPublisher>(&publisher.who);
  json.set("kind", keyed != nullptr ? "keyed" : "keyless");
  json.set("identity", json_text(engine::identity_text(publisher)));
  json.set("fingerprint", keyed != nullptr ? Json(keyed->key.fingerprint().hex()) : Json());
  const auto* keyless = std::get_if<trustpolicy::KeylessPublisher>(&publisher.who);
  const bool rooted = keyless != nullptr && !keyless->root.empty();
  json.set("root", rooted ? Json(keyless->root) : Json());
  json.set("delegates", publisher.delegates);
  return json;
}

Result<bool> agreed(const Arguments& arguments, Session& session,
                    const engine::Introduction& introduced) {
  show(session.render(), introduced);
  if (arguments.has("yes")) {
    return true;
  }
  const std::string question =
      introduced.fingerprint ? "Did you compare the fingerprint with the publisher's own word? Add "
                             : "Is this the identity that the publisher signs with? Add ";
  return session.confirm(question + introduced.publisher.name + " to your policy?");
}

void tell_edit(Session& session, std::string_view schema, std::string_view done,
               const trustpolicy::Publisher& publisher, engine::Edited edited) {
  if (session.wants_json()) {
    Json json = document(schema);
    json.set("publisher", publisher_fields(publisher));
    json.set("changed", edited == engine::Edited::Changed);
    session.render().json(json);
    return;
  }
  session.render().result(std::string(done) + " " + publisher.name + " (" +
                          engine::identity_text(publisher) + ")");
}

Result<std::optional<attest::NamedRoot>> root_asked_for(const Arguments& arguments,
                                                        const engine::UserDirectories& user) {
  const auto name = arguments.value("root");
  if (!name) {
    return std::nullopt;
  }
  NONO_TRY(trustpolicy::WhichRoot which,
           trustpolicy::named_root(engine::policy_places(user, "/"), *name,
                                   trustpolicy::LayerKind::User));
  return attest::NamedRoot{.name = *name, .source = trustpolicy::root_source(std::move(which))};
}

Result<int> run_add(const Arguments& arguments, Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(engine::Gate gate, session.open_gate(std::nullopt));
  NONO_TRY(std::optional<attest::NamedRoot> root, root_asked_for(arguments, user));
  const engine::IntroductionRequest request{.name = arguments.value("name").value_or(""),
                                            .from_file = arguments.value("from"),
                                            .key_file = arguments.value("key"),
                                            .github = arguments.value("github"),
                                            .workflow = arguments.value("workflow"),
                                            .ref = arguments.value("ref"),
                                            .issuer = arguments.value("issuer"),
                                            .subject = arguments.value("subject"),
                                            .root = std::move(root)};
  NONO_TRY(engine::Introduction introduced, engine::introduce(gate, request));
  introduced.publisher.delegates = arguments.has("delegates");
  introduced.publisher.predicate_types = arguments.values("predicate-type");
  NONO_TRY(const bool yes, agreed(arguments, session, introduced));
  if (!yes) {
    session.render().note("nothing was changed");
    return kVerdict;
  }
  NONO_TRY(const engine::Edited edited, engine::add_publisher(user, introduced.publisher));
  tell_edit(session, "trust-publisher-add",
            edited == engine::Edited::Changed ? "added" : "was there already:",
            introduced.publisher, edited);
  return kDone;
}

Result<int> run_remove(const Arguments& arguments, Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(const engine::Gate gate, session.open_gate(std::nullopt));
  NONO_TRY(const trustpolicy::Publisher removed,
           engine::remove_publisher(user, gate.policy(), arguments.operands().front()));
  tell_edit(session, "trust-publisher-remove", "removed", removed, engine::Edited::Changed);
  return kDone;
}

Result<int> run_list(const Arguments&, Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(const engine::Gate gate, session.open_gate(std::nullopt));
  Json::Array list;
  for (const engine::ListedPublisher& entry : engine::list_publishers(gate.policy(), user)) {
    Json json = publisher_fields(*entry.publisher);
    json.set("layer", entry.layer);
    set_path(json, "policy", entry.path);
    json.set("counts", entry.counts);
    list.push_back(std::move(json));
    if (!session.wants_json()) {
      session.render().result(entry.publisher->name + "  " +
                              engine::identity_text(*entry.publisher) + "  " + entry.layer + ": " +
                              entry.path + (entry.counts ? "" : "  (does not count)"));
    }
  }
  if (session.wants_json()) {
    Json json = document("trust-publisher-list");
    json.set("publishers", Json(std::move(list)));
    session.render().json(json);
  } else if (list.empty()) {
    session.render().note(
        "no publisher is trusted yet: nono trust sign makes your own key, nono "
        "trust publisher add adds others");
  }
  return kDone;
}

constexpr std::array<Option, 12> kAddOptions = {{
    {"from", 0, "FILE", "a file that the publisher signed: its signature is verified first",
     Takes::OneValue, Completes::Files},
    {"key", 'k', "PUBFILE", "the publisher's public key (PEM, or one line of base64)",
     Takes::OneValue, Completes::Files},
    {"github", 0, "OWNER/NAME", "a GitHub repository whose workflow signs (keyless)",
     Takes::OneValue},
    {"workflow", 0, "PATH", "that workflow, such as .github/workflows/sign.yml; or a pattern",
     Takes::OneValue},
    {"ref", 0, "REF", "the ref that it runs on, such as refs/heads/main; or a pattern",
     Takes::OneValue},
    {"issuer", 0, "URL", "the issuer of a certificate's identity, with --subject (keyless)",
     Takes::OneValue},
    {"subject", 0, "NAME", "the identity's subject: an e-mail address or URI", Takes::OneValue},
    {"root", 0, "NAME", "the trusted root that must vouch for its certificates", Takes::OneValue},
    {"name", 'n', "NAME", "what you call the publisher", Takes::OneValue},
    {"delegates", 0, "", "project policies that it signs may add publishers"},
    {"predicate-type", 0, "TYPE", "accept statements of this type from it too (may be repeated)",
     Takes::Values},
    {"yes", 'y', "", "do not ask: the fingerprint was compared"},
}};
constexpr std::array<Example, 3> kAddExamples = {{
    {"nono trust publisher add --from CLAUDE.md", "the signer of a project that you cloned"},
    {"nono trust publisher add --key alice.pub --name alice", "somebody whose key you were given"},
    {"nono trust publisher add --github acme/skills --workflow .github/workflows/sign.yml --ref "
     "refs/heads/main",
     "a workflow that signs keyless"},
}};
constexpr std::array<Example, 1> kRemoveExamples = {{
    {"nono trust publisher remove alice", "what alice signed is no longer let through"},
}};
constexpr std::array<Example, 1> kListExamples = {{
    {"nono trust publisher list", "everybody, with the policy that says so"},
}};

}  // namespace

constinit const Command kTrustPublisherAdd{
    .name = "trust publisher add",
    .summary = "trust a publisher, after seeing who it is",
    .description =
        "Shows the key's fingerprint and, with --from, verifies that the key signed that file; "
        "then asks, and adds the publisher to your policy. A bundle does not carry its key: give "
        "it with --key, or let it be taken from the project's own policy, whose word proves "
        "nothing until you have compared the fingerprint with the publisher's.",
    .operands = {},
    .options = kAddOptions,
    .examples = kAddExamples,
    .json = JsonOutput::Offered,
    .run = run_add};

constinit const Command kTrustPublisherRemove{
    .name = "trust publisher remove",
    .summary = "no longer trust a publisher",
    .description = "Takes the publisher of that name, key_id or fingerprint out of your policy.",
    .operands = {"NAME", 1, 1},
    .options = {},
    .examples = kRemoveExamples,
    .json = JsonOutput::Offered,
    .run = run_remove};

constinit const Command kTrustPublisherList{
    .name = "trust publisher list",
    .summary = "list the publishers of every policy, and which of them count",
    .description =
        "Lists your own keys (`self`) and the publishers of the system's, your own and "
        "the project's policy.",
    .operands = {},
    .options = {},
    .examples = kListExamples,
    .json = JsonOutput::Offered,
    .run = run_list};

}  // namespace nono::cli
