// cli/trust_sign.cc: trust sign, trust sign-policy.
#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/keyless.h"
#include "cli/session.h"
#include "cli/signing_key.h"
#include "engine/sign.h"

namespace nono::cli {
namespace {

// As the user would name it: relative where it lies beneath the working directory.
std::string near(const std::string& path, const std::string& working_directory) {
  return beneath(working_directory, path) ? relative_to(working_directory, path) : path;
}

Json signed_json(const engine::SignedFile& file) {
  Json json(Json::Object{});
  set_path(json, "path", file.path);
  set_path(json, "bundle", file.bundle_path);
  json.set("sha256", file.digest.hex());
  return json;
}

// SignedBy is who signed, for people and as a member of the JSON document.
struct SignedBy {
  std::string words;
  std::string member;
  Json json;
};

SignedBy by_key(const SigningKey& key) {
  const crypto::PublicKey& half = key.key.public_key();
  Json json = key_json(key.shown, half);
  json.set("made", key.made);
  return {.words = "with " + key.shown + " (" + half.fingerprint().short_form() + ")",
          .member = "key",
          .json = std::move(json)};
}

SignedBy by_certificate(const KeylessSession& keyless) {
  return {.words = "as " + keyless.shown(), .member = "certificate", .json = keyless.json()};
}

// Tells of each signed file: as a line, or as an element of a JSON document. Nothing is told before
// every bundle is in its place: a reader who goes (`| head`) ends the program by a signal.
class Signatures {
 public:
  Signatures(Session& session, SignedBy by, std::string working_directory)
      : session_(session), by_(std::move(by)), here_(std::move(working_directory)) {}
  void add(const engine::SignedFile& file) { files_.push_back(file); }
  // finish prints the lines, or the document, unless nothing was done.
  void finish(std::string_view schema) {
    if (files_.empty()) {
      return;
    }
    if (session_.wants_json()) {
      print_document(schema);
      return;
    }
    std::ranges::for_each(files_, [&](const engine::SignedFile& file) { print_line(file); });
  }

 private:
  void print_line(const engine::SignedFile& file) const {
    Render& render = session_.render();
    render.word_line("SIGNED", near(file.path, here_) + "  " + by_.words);
    if (render.verbose()) {
      render.detail("sha256", file.digest.hex());
      render.detail("bundle", file.bundle_path);
    }
  }
  void print_document(std::string_view schema) const {
    Json json = document(schema);
    json.set(by_.member, by_.json);
    Json::Array all;
    std::ranges::transform(files_, std::back_inserter(all), signed_json);
    json.set("signed", Json(std::move(all)));
    session_.render().json(json);
  }

  Session& session_;
  SignedBy by_;
  std::string here_;
  std::vector<engine::SignedFile> files_;
};

engine::Bundling bundling_of(const Arguments& arguments) {
  return arguments.has("multi-subject") ? engine::Bundling::Together : engine::Bundling::Each;
}

// Wanted is what to sign, and how many of the guarded files cannot be.
struct Wanted {
  std::vector<std::string> files;
  std::size_t unsignable = 0;
};

Result<Wanted> all_guarded(Session& session, const std::string& here, engine::Bundling bundling) {
  NONO_TRY(const engine::Gate gate, session.open_gate(std::nullopt));
  auto found =
      engine::guarded_files(gate.policy(), here, bundling, {}, scan_progress(session.render()));
  session.render().end_progress();
  NONO_CHECK(found);
  for (const std::string& path : found->left_alone) {
    session.render().note("left alone: " + near(path, here) + " is a link out of this directory");
  }
  for (Error& error : found->unsignable) {
    session.render().error(std::move(error).while_doing("left alone"));
  }
  return Wanted{.files = std::move(found->files), .unsignable = found->unsignable.size()};
}

Result<Wanted> wanted_files(const Arguments& arguments, Session& session, const std::string& here) {
  Wanted wanted;
  if (arguments.operands().empty() && !arguments.has("all")) {
    return std::unexpected(Error(ErrorKind::Usage, "it is not said which file to sign")
                               .mend_with("name a FILE, or use --all"));
  }
  for (const std::string& file : arguments.operands()) {
    wanted.files.push_back(file.starts_with('/') ? file : join_path(here, file));
  }
  if (arguments.has("all")) {
    NONO_TRY(const Wanted guarded, all_guarded(session, here, bundling_of(arguments)));
    wanted.files.insert(wanted.files.end(), guarded.files.begin(), guarded.files.end());
    wanted.unsignable = guarded.unsignable;
  }
  // Before a key is made or a bundle written, every file is known to be one that can be signed.
  NONO_TRY(wanted.files, bundling_of(arguments) == engine::Bundling::Together
                             ? engine::check_signable_together(here, wanted.files)
                             : engine::check_signable(wanted.files, here));
  return wanted;
}

Result<void> sign_files(const Arguments& arguments, Session& session, const attest::Author& author,
                        SignedBy by, const std::vector<std::string>& files) {
  NONO_TRY(const std::string here, session.working_directory());
  Signatures signatures(session, std::move(by), here);
  if (arguments.has("multi-subject")) {
    NONO_TRY(const auto done, engine::sign_together(author, here, files));
    for (const engine::SignedFile& file : done) {
      signatures.add(file);
    }
    signatures.finish("trust-sign");
    return {};
  }
  Render& render = session.render();
  const Result<void> done = engine::sign_each(
      author, files, here, [&](const engine::SignedFile& file) { signatures.add(file); },
      [&](std::size_t made) {
        render.progress("signing: " + std::to_string(made) + " of " +
                        counted(files.size(), "file"));
      });
  render.end_progress();
  signatures.finish("trust-sign");
  return done;
}

Result<void> sign_keyless(const Arguments& arguments, Session& session,
                          const std::vector<std::string>& files) {
  NONO_TRY(const auto keyless, KeylessSession::open(arguments, session));
  return sign_files(arguments, session, keyless->author(), by_certificate(*keyless), files);
}

Result<void> sign_keyed(const Arguments& arguments, Session& session,
                        const std::vector<std::string>& files) {
  NONO_TRY(const SigningKey key, signing_key(arguments, session));
  NONO_CHECK(sign_files(arguments, session, attest::KeyAuthor(key.key), by_key(key), files));
  return warn_if_foreign(key, session);
}

Result<int> run_sign(const Arguments& arguments, Session& session) {
  NONO_CHECK(check_keyless_options(arguments));
  NONO_TRY(const std::string here, session.working_directory());
  NONO_TRY(const Wanted wanted, wanted_files(arguments, session, here));
  const int code = wanted.unsignable > 0 ? kVerdict : kDone;
  if (wanted.files.empty()) {
    const std::string_view which = wanted.unsignable > 0 ? "that can be signed " : "";
    session.render().note("there is no guarded file " + std::string(which) + "beneath " + here);
    return code;
  }
  NONO_CHECK(arguments.has("keyless") ? sign_keyless(arguments, session, wanted.files)
                                      : sign_keyed(arguments, session, wanted.files));
  return code;
}

Result<int> run_sign_policy(const Arguments& arguments, Session& session) {
  NONO_TRY(const std::string here, session.working_directory());
  const std::string named =
      arguments.operands().empty() ? "trust-policy.json" : arguments.operands().front();
  const std::string path = named.starts_with('/') ? named : join_path(here, named);
  NONO_CHECK(engine::check_policy(path));
  NONO_TRY(const SigningKey key, signing_key(arguments, session));
  NONO_TRY(const engine::SignedFile done,
           engine::sign_policy(attest::KeyAuthor(key.key), path, here));
  Signatures signatures(session, by_key(key), here);
  signatures.add(done);
  signatures.finish("trust-sign-policy");
  NONO_CHECK(warn_if_foreign(key, session));
  return kDone;
}

constexpr std::array<Option, 12> kSignOptions = {{
    {"all", 'a', "", "sign every guarded file beneath the working directory"},
    {"multi-subject", 'm', "", "write one .nono-trust.bundle here instead of one bundle per file"},
    kKeyOption,
    kKeyrefOption,
    kKeylessOption,
    kIdentityTokenOption,
    kOidcIssuerOption,
    kOidcClientOption,
    kOidcFlowOption,
    kSigningConfigOption,
    kKeylessRootOption,
    kTrustConfigOption,
}};
constexpr std::array<Option, 2> kSignPolicyOptions = {kKeyOption, kKeyrefOption};
constexpr std::array<Example, 5> kSignExamples = {{
    {"nono trust sign CLAUDE.md", "the first use makes the key `default`"},
    {"nono trust sign --all --multi-subject", "everything beneath here in one bundle"},
    {"nono trust sign --keyref keystore://work AGENTS.md", "a key in the desktop's keyring"},
    {"nono trust sign --keyless CLAUDE.md", "in a CI job as its workflow, elsewhere as yourself"},
    {"nono trust sign --keyless --trust-config acme.json CLAUDE.md", "at a Sigstore of your own"},
}};
constexpr std::array<Example, 1> kSignPolicyExamples = {{
    {"nono trust sign-policy", "sign ./trust-policy.json"},
}};

}  // namespace

constinit const Command kTrustSign{
    .name = "trust sign",
    .summary = "sign instruction files with a key of yours, or as a CI job",
    .description =
        "Writes a Sigstore bundle beside each file (FILE.bundle), or one .nono-trust.bundle for "
        "all. Every file is looked at first; one that cannot be signed leaves all as it was.\n\n"
        "With --keyless nobody keeps a key: an identity token becomes a certificate of a few "
        "minutes, and the signature is logged in public with the identity in it. The services are "
        "those of the signing configuration; each answer is checked against the trusted root "
        "before anything is written (docs/keyless-signing.md).\n\n"
        "To sign says that you have read the file and that an agent may do as it says.",
    .operands = {"FILE...", 0, kAnyNumber, Completes::Files},
    .options = kSignOptions,
    .examples = kSignExamples,
    .json = JsonOutput::Offered,
    .run = run_sign};

constinit const Command kTrustSignPolicy{
    .name = "trust sign-policy",
    .summary = "sign a project's trust policy",
    .description =
        "Checks the policy (default: ./trust-policy.json) and writes its bundle. A project's "
        "publishers count for those users only who trust the signer and marked it as delegating.",
    .operands = {"FILE", 0, 1, Completes::Files},
    .options = kSignPolicyOptions,
    .examples = kSignPolicyExamples,
    .json = JsonOutput::Offered,
    .run = run_sign_policy};

}  // namespace nono::cli
