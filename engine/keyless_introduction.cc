// engine/keyless_introduction.cc: from an identity to a policy's entry.
#include "engine/keyless_introduction.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

#include "base/json.h"
#include "trustpolicy/publisher.h"

namespace nono::engine {
namespace {

constexpr std::string_view kPublicGood = "public-good";
constexpr std::string_view kGitHubIssuer = "https://token.actions.githubusercontent.com";

Error usage(std::string what, std::string remedy) {
  return Error(ErrorKind::Usage, std::move(what)).mend_with(std::move(remedy));
}

Result<Introduction> parsed(Json entry, const std::string& root, std::string verified_file) {
  if (!root.empty()) {
    entry.set("root", root);
  }
  auto publisher = trustpolicy::parse_publisher(JsonView(entry));
  if (!publisher) {
    const std::string& remedy = publisher.error().remedy();
    return std::unexpected(
        usage("no policy can hold this publisher: " + publisher.error().message(),
              remedy.empty() ? "give the whole identity, without wildcards in its owner" : remedy));
  }
  return Introduction{.publisher = *std::move(publisher),
                      .fingerprint = {},
                      .key_source = {},
                      .verified_file = std::move(verified_file)};
}

// What a certificate says is meant word for word; a policy would read these as a pattern.
Result<void> check_plain(const std::string& text) {
  if (text.find_first_of("*?[]{}\\") != std::string::npos) {
    return std::unexpected(usage("\"" + text + "\" would be read as a pattern",
                                 "add the publisher to the policy file by hand"));
  }
  return {};
}

// These pass on people of other providers, and the public-good certificates name the other.
constexpr std::array<std::string_view, 2> kGoBetweens{"https://oauth2.sigstore.dev/auth",
                                                      "https://oauth2.sigstage.dev/auth"};

Result<void> check_issuer(std::string_view issuer, const IntroductionRequest& request) {
  issuer.remove_suffix(issuer.ends_with('/') ? 1 : 0);
  if ((request.root && request.root->name != kPublicGood) ||
      std::ranges::find(kGoBetweens, issuer) == kGoBetweens.end()) {
    return {};
  }
  return std::unexpected(
      usage("no certificate names the issuer " + std::string(issuer) +
                ": it passes people on, and the certificate names where they come from",
            "give --issuer https://github.com/login/oauth, https://accounts.google.com or "
            "https://login.microsoftonline.com"));
}

std::string asked_root(const IntroductionRequest& request) {
  return request.root ? request.root->name : std::string();
}

// root_of says which root is to vouch for the publisher: the one that was asked for, else the one
// that judges where none is named, else another that did.
Result<std::string> root_of(const IntroductionRequest& request,
                            const attest::KeylessSigner& signer) {
  std::string asked = asked_root(request);
  if (std::ranges::find(signer.roots, asked) != signer.roots.end()) {
    return asked;
  }
  if (request.root) {
    return std::unexpected(
        usage("no certificate authority of " + trustpolicy::root_text(asked) +
                  " vouches for who signed it",
              "leave out --root, or look at it: nono trust root show --name " + asked));
  }
  return signer.roots.empty() ? std::string() : signer.roots.front();
}

std::string name_or(const std::string& name, const std::string& fallback) {
  return name.empty() ? fallback : name;
}

struct Workflow {
  std::string repository;
  std::string path;
  std::string ref;
};

Json workflow_entry(const std::string& name, std::string_view issuer, const Workflow& workflow) {
  return Json::Object{{"name", name_or(name, workflow.repository)},
                      {"issuer", issuer},
                      {"repository", workflow.repository},
                      {"workflow", workflow.path},
                      {"ref_pattern", workflow.ref}};
}

Json subject_entry(const std::string& name, const std::string& issuer, const std::string& subject) {
  return Json::Object{{"name", name_or(name, subject)}, {"issuer", issuer}, {"subject", subject}};
}

// begins reports whether what matches `pattern` can begin with `start`, as every such name does.
bool begins(std::string_view pattern, std::string_view start) {
  const std::string_view plain = pattern.substr(0, pattern.find_first_of("*?["));
  return plain.starts_with(start) || (plain.size() < pattern.size() && start.starts_with(plain));
}

// names_one: a repository is OWNER/NAME, and only `**` stands for no part of that.
bool names_one(std::string_view pattern) {
  return std::ranges::count_if(pattern | std::views::split('/'), [](const auto& part) {
           return std::string_view(part) != "**";
         }) <= 2;
}

// is_workflow_file: `pattern` can be the whole path of a workflow, which is a YAML file.
bool is_workflow_file(std::string_view pattern) {
  const bool plain = pattern.find_first_of("*?[") == std::string_view::npos;
  return begins(pattern, ".github/workflows/") && !pattern.ends_with('/') &&
         (!plain || pattern.ends_with(".yml") || pattern.ends_with(".yaml"));
}

// What GitHub's certificates never say is refused: as a publisher it would let nobody sign.
Result<void> check_workflow(const Workflow& workflow) {
  const auto never = [](const std::string& what, const std::string& text, std::string remedy) {
    return std::unexpected(
        usage("no certificate names the " + what + " \"" + text + "\"", std::move(remedy)));
  };
  if (!names_one(workflow.repository)) {
    return never("repository", workflow.repository, "give OWNER/NAME, such as acme/skills");
  }
  if (!is_workflow_file(workflow.path)) {
    return never("workflow", workflow.path,
                 "give its path in the repository, such as .github/workflows/sign.yml");
  }
  if (!begins(workflow.ref, "refs/")) {
    return never("ref", workflow.ref,
                 "give the whole ref, such as refs/heads/main or refs/tags/v*");
  }
  return {};
}

// A repository is a whole URI where its host is not the issuer's: no policy can hold that.
bool is_elsewhere(const attest::KeylessSigner& signer) {
  return signer.repository.contains("://");
}

// Everybody can call a workflow that is shared: its name alone is no publisher.
Result<void> check_own_workflow(const attest::KeylessSigner& signer) {
  const std::string& subject = signer.subject;
  const std::string host =
      subject.substr(0, subject.find('/', std::string_view("https://").size()));
  const std::string own = is_elsewhere(signer) ? signer.repository : host + "/" + signer.repository;
  if (signer.repository.empty() || signer.build_signer_uri.empty() ||
      subject.starts_with(own + "/")) {
    return {};
  }
  return std::unexpected(
      usage("it is signed in " + signer.repository + " by the workflow " + subject +
                " of another repository: whoever calls that one would be the publisher",
            "ask the publisher to sign by a workflow of the repository itself"));
}

Result<Introduction> introduce_github(const IntroductionRequest& request) {
  if (request.issuer || request.subject) {
    return std::unexpected(
        usage("--github says the issuer already", "leave out --issuer and --subject"));
  }
  if (!request.github || !request.workflow || !request.ref) {
    return std::unexpected(usage("a repository alone lets every workflow and branch of it sign",
                                 "give --workflow PATH and --ref REF, such as refs/heads/main"));
  }
  const Workflow workflow{*request.github, *request.workflow, *request.ref};
  NONO_CHECK(check_workflow(workflow));
  return parsed(workflow_entry(request.name, kGitHubIssuer, workflow), asked_root(request), {});
}

}  // namespace

Result<Introduction> introduce_identity(const IntroductionRequest& request) {
  if (request.from_file || request.key_file) {
    return std::unexpected(usage("an identity is given, and a file or key to take it from as well",
                                 "keep one of the two"));
  }
  if (request.github) {
    return introduce_github(request);
  }
  if (!request.issuer || !request.subject || request.workflow || request.ref) {
    return std::unexpected(usage("an identity is an issuer and a subject, or a GitHub workflow",
                                 "give --issuer and --subject, or --github, --workflow and --ref"));
  }
  NONO_CHECK(check_issuer(*request.issuer, request));
  return parsed(subject_entry(request.name, *request.issuer, *request.subject), asked_root(request),
                {});
}

Result<Introduction> introduce_signer(const IntroductionRequest& request,
                                      const attest::KeylessSigner& signer) {
  const std::string file = request.from_file.value_or("");
  NONO_TRY(const std::string root, root_of(request, signer));
  if (is_elsewhere(signer) || signer.repository.empty() || signer.workflow.empty() ||
      signer.ref.empty()) {
    NONO_CHECK(check_own_workflow(signer));
    return parsed(subject_entry(request.name, signer.issuer, signer.subject), root, file);
  }
  for (const std::string& text : {signer.repository, signer.workflow, signer.ref}) {
    NONO_CHECK(check_plain(text));
  }
  const Workflow workflow{signer.repository, signer.workflow, signer.ref};
  return parsed(workflow_entry(request.name, signer.issuer, workflow), root, file);
}

}  // namespace nono::engine
