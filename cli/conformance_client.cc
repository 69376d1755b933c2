// cli/conformance_client.cc: the protocol of the Sigstore conformance suite, a thin front to the
// same check of signatures that nono uses.
//
//   conformance-client verify-bundle [--staging] --bundle F
//     (--certificate-identity ID --certificate-oidc-issuer URL | --key PEM) [--trusted-root F]
//     FILE_OR_DIGEST
//
// Exit code 0: verified; 1: rejected, or not to be verified; 2: wrong usage. The reason goes to
// stderr as "CODE: detail".
#include <array>
#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/rejection.h"
#include "base/text.h"
#include "engine/foreign.h"

namespace nono::cli {
namespace {

constexpr std::array<std::string_view, 5> kValued{
    "--bundle", "--certificate-identity", "--certificate-oidc-issuer", "--key", "--trusted-root"};

struct Words {
  std::map<std::string, std::string, std::less<>> options;
  std::vector<std::string> operands;
  bool staging = false;
};

int complain(std::string_view code, std::string_view detail, int exit_code) {
  const std::string line = std::string(code) + ": " + printable(detail) + "\n";
  std::fputs(line.c_str(), stderr);
  return exit_code;
}

int usage(std::string_view what) {
  return complain("usage", what, 2);
}

bool takes_value(std::string_view word) {
  return std::ranges::find(kValued, word) != kValued.end();
}

std::optional<Words> read_words(std::span<char* const> arguments) {
  Words words;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string word(arguments[i]);
    if (word == "--staging") {
      words.staging = true;
    } else if (takes_value(word)) {
      if (++i == arguments.size()) {
        return std::nullopt;
      }
      words.options[word] = arguments[i];
    } else if (word.starts_with("--")) {
      return std::nullopt;
    } else {
      words.operands.push_back(word);
    }
  }
  return words;
}

std::optional<std::string> option(const Words& words, std::string_view name) {
  const auto found = words.options.find(name);
  return found == words.options.end() ? std::nullopt : std::optional(found->second);
}

int verify_bundle(const Words& words) {
  const auto identity = option(words, "--certificate-identity");
  const auto issuer = option(words, "--certificate-oidc-issuer");
  const auto key = option(words, "--key");
  if (words.operands.size() != 1 || !option(words, "--bundle")) {
    return usage("verify-bundle needs --bundle and one FILE_OR_DIGEST");
  }
  if (key ? (identity || issuer) : !(identity && issuer)) {
    return usage("give either --key, or --certificate-identity and --certificate-oidc-issuer");
  }
  if (words.staging && !option(words, "--trusted-root")) {
    return usage("the staging instance's root is not embedded: give --trusted-root");
  }
  engine::ForeignRequest request{.artifact = words.operands.front(),
                                 .bundle = option(words, "--bundle"),
                                 .trusted_root = option(words, "--trusted-root"),
                                 .key = key,
                                 .identity = {}};
  if (identity) {
    request.identity.subject = *identity;
    request.identity.issuer = *issuer;
  }
  const attest::RootSource embedded(
      [] { return attest::TrustedRoot::parse(attest::embedded_root().text); });
  const auto report = engine::verify_foreign(request, embedded);
  if (!report) {
    return complain("error", report.error().message(), 1);
  }
  if (!report->finding) {
    return complain(attest::code(report->finding.error().reason), report->finding.error().detail,
                    1);
  }
  return 0;
}

}  // namespace

int conformance(std::span<char* const> arguments) {
  if (arguments.size() < 2) {
    return usage("verify-bundle is what this program can do");
  }
  const std::string_view command(arguments[1]);
  const std::optional<Words> words = read_words(arguments.subspan(2));
  if (command != "verify-bundle" || !words) {
    return usage("not understood; verify-bundle is what this program can do");
  }
  return verify_bundle(*words);
}

}  // namespace nono::cli

int main(int argc, char** argv) {
  return nono::cli::conformance(std::span(argv, static_cast<std::size_t>(argc)));
}
