// cli/trust_root_update.cc: trust root update and trust root init.
#include <array>
#include <utility>

#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/session.h"
#include "engine/root_update.h"
#include "net/nono_net_client.h"
#include "trustpolicy/discover.h"

namespace nono::cli {
namespace {

Json update_json(std::string_view schema, const engine::RootUpdate& update) {
  Json json = document(schema);
  json.set("instance", update.instance);
  set_path(json, "path", update.path);
  json.set("sha256", update.sha256);
  json.set("changed", update.changed);
  json.set("tuf_root", update.tuf_root);
  json.set("expires", format_rfc3339(update.expires));
  json.set("signing_config", update.signing_config);
  return json;
}

// A root that stands above what was fetched goes on being the one.
Result<void> say_what_is_used(Session& session, const engine::UserDirectories& user,
                              const engine::RootUpdate& update) {
  NONO_TRY(const trustpolicy::WhichRoot which,
           trustpolicy::root_in_use(engine::policy_places(user, "/")));
  if (which.path != update.path) {
    session.render().note("certificates go on being judged by " +
                          (which.path.empty() ? "the root that nono carries" : which.path));
  }
  return {};
}

Result<int> show_update(Session& session, const engine::UserDirectories& user,
                        std::string_view schema, const engine::RootUpdate& update) {
  Render& render = session.render();
  if (session.wants_json()) {
    render.json(update_json(schema, update));
  } else {
    render.word_line(update.changed ? "UPDATED" : "CURRENT",
                     "the trusted root of " + update.instance);
    render.detail("sha256", update.sha256);
    render.detail("tuf root", std::to_string(update.tuf_root));
    render.detail("update before", format_rfc3339(update.expires));
    render.detail("file", update.path);
  }
  NONO_CHECK(say_what_is_used(session, user, update));
  return kDone;
}

Result<int> run_update(const Arguments& /*arguments*/, Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  net::NonoNetClient client;
  NONO_TRY(const engine::RootUpdate update, engine::update_root(user, client, session.clock()));
  return show_update(session, user, "trust-root-update", update);
}

engine::Replace replace_of(const Arguments& arguments) {
  return arguments.has("force") ? engine::Replace::Yes : engine::Replace::No;
}

Result<int> init_from_config(const Arguments& arguments, Session& session,
                             const std::string& file) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(const engine::ConfigInit init,
           engine::init_from_trust_config(user, file, replace_of(arguments)));
  if (session.wants_json()) {
    Json json = document("trust-root-init");
    set_path(json, "trusted_root", init.root_path);
    set_path(json, "signing_config", init.signing_config_path);
    session.render().json(json);
  } else {
    session.render().result(init.root_path);
    session.render().result(init.signing_config_path);
  }
  return kDone;
}

std::unexpected<Error> wrong_options() {
  return std::unexpected(
      Error(ErrorKind::Usage, "trust root init takes --root and --url, or --trust-config alone")
          .mend_with("see nono trust root init --help"));
}

Result<int> run_init(const Arguments& arguments, Session& session) {
  const auto root = arguments.value("root");
  const auto url = arguments.value("url");
  const auto config = arguments.value("trust-config");
  if (config) {
    const bool more = root || url || arguments.value("targets-url") || arguments.value("name");
    return more ? wrong_options() : init_from_config(arguments, session, *config);
  }
  if (!root || !url) {
    return wrong_options();
  }
  NONO_TRY(const engine::UserDirectories user, session.user());
  engine::RootInit init{.root_file = *root,
                        .metadata_url = *url,
                        .targets_url = arguments.value("targets-url"),
                        .replace = replace_of(arguments)};
  if (const auto name = arguments.value("name")) {
    init.name = *name;
  }
  net::NonoNetClient client;
  NONO_TRY(const engine::RootUpdate update, engine::init_root(user, init, client, session.clock()));
  return show_update(session, user, "trust-root-init", update);
}

constexpr std::array<Option, 6> kInitOptions = {{
    {"root", 0, "FILE", "the instance's TUF root, which you have from somewhere that you trust",
     Takes::OneValue, Completes::Files},
    {"url", 0, "URL", "where the instance's TUF metadata lies", Takes::OneValue},
    {"targets-url", 0, "URL", "where its targets lie: by default below --url, at /targets",
     Takes::OneValue},
    {"name", 0, "NAME", "what to call the instance (default: private)", Takes::OneValue},
    {"trust-config", 0, "FILE",
     "take root and signing configuration out of a ClientTrustConfig, without TUF", Takes::OneValue,
     Completes::Files},
    {"force", 0, "", "replace what is there already"},
}};
constexpr std::array<Example, 2> kInitExamples = {{
    {"nono trust root init --root root.json --url https://tuf.example.com --name example",
     "judge certificates by a Sigstore of your own"},
    {"nono trust root init --trust-config trust_config.json", "the same from one file"},
}};
constexpr std::array<Example, 1> kUpdateExamples = {{
    {"nono trust root update", "fetch the authorities and logs of today"},
}};

}  // namespace

constinit const Command kTrustRootUpdate{
    .name = "trust root update",
    .summary = "fetch the trusted root of today by TUF",
    .description =
        "Fetches the trusted root of the instance that `trust root init` named, else of Sigstore's "
        "public-good instance, and verifies it from a TUF root that is trusted already: of the "
        "public-good instance it is the one that nono carries. Nothing changes unless all of it "
        "verifies.\n\nVerification never needs the network: it uses what was fetched last, or what "
        "nono carries.",
    .operands = {},
    .options = {},
    .examples = kUpdateExamples,
    .json = JsonOutput::Offered,
    .run = run_update};

constinit const Command kTrustRootInit{
    .name = "trust root init",
    .summary = "name the Sigstore instance whose trusted root judges certificates",
    .description =
        "With --root and --url: an instance of your own that has a TUF repository. Its trusted "
        "root is fetched and verified from the given TUF root; only then is the instance written "
        "to tuf-instance.json in your configuration directory, and `trust root update` refreshes "
        "it from then on.\n\nWith --trust-config: the trusted root and the signing configuration "
        "of a ClientTrustConfig become yours.\n\nEither comes before the public-good instance, and "
        "after /etc/nono/trusted_root.json. A system policy with `lock` shuts it out.",
    .operands = {},
    .options = kInitOptions,
    .examples = kInitExamples,
    .json = JsonOutput::Offered,
    .run = run_init};

}  // namespace nono::cli
