// cli/conformance_client.cc: the protocol of the Sigstore conformance suite, a thin front to the
// same check of signatures, and the same signing, that nono uses.
//
//   conformance-client sign-bundle [--staging] [--in-toto] --identity-token TOKEN --bundle OUT
//     [--trusted-root F] --signing-config F FILE
//   conformance-client verify-bundle [--staging] --bundle F
//     (--certificate-identity ID --certificate-oidc-issuer URL | --key PEM) [--trusted-root F]
//     FILE_OR_DIGEST
//
// Exit code 0: verified, signed; 1: rejected, not to be verified, not signed; 2: wrong usage. The
// reason goes to stderr as "CODE: detail". Services are asked through nono-net.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "attest/rejection.h"
#include "base/clock.h"
#include "base/text.h"
#include "engine/foreign.h"
#include "engine/foreign_sign.h"
#include "engine/sigstore_files.h"
#include "engine/token_source.h"
#include "net/nono_net_client.h"

namespace nono::cli {
namespace {

constexpr std::array<std::string_view, 7> kValued{"--bundle",
                                                  "--certificate-identity",
                                                  "--certificate-oidc-issuer",
                                                  "--identity-token",
                                                  "--key",
                                                  "--signing-config",
                                                  "--trusted-root"};

struct Words {
  std::map<std::string, std::string, std::less<>> options;
  std::vector<std::string> operands;
  bool staging = false;
  bool in_toto = false;
};

int complain(std::string_view code, std::string_view detail, int exit_code) {
  const std::string line = std::string(code) + ": " + printable(detail) + "\n";
  static_cast<void>(std::fputs(line.c_str(), stderr));
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
    } else if (word == "--in-toto") {
      words.in_toto = true;
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

attest::RootSource embedded_root() {
  return attest::RootSource(
      [] { return attest::TrustedRoot::parse(attest::embedded_root().text); });
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
  const auto report = engine::verify_foreign(request, embedded_root());
  if (!report) {
    return complain("error", report.error().message(), 1);
  }
  if (!report->finding) {
    return complain(attest::code(report->finding.error().reason), report->finding.error().detail,
                    1);
  }
  return 0;
}

Result<std::shared_ptr<const attest::RootSource>> root_of(const Words& words) {
  if (const auto path = option(words, "--trusted-root")) {
    NONO_TRY(attest::TrustedRoot root, engine::read_trusted_root(*path));
    return std::make_shared<const attest::RootSource>(attest::RootSource::of(std::move(root)));
  }
  return std::make_shared<const attest::RootSource>(embedded_root());
}

// What sign-bundle cannot do without.
struct ToSign {
  std::string file;
  std::string bundle;
  std::string config;
  std::optional<std::string> token;
};

Result<void> sign(const Words& words, const ToSign& what) {
  const SystemClock clock;
  net::NonoNetClient client;
  const engine::ServiceCaller caller(
      client, [](std::chrono::milliseconds wait) { std::this_thread::sleep_for(wait); });
  NONO_TRY(const attest::SigningConfig config, engine::read_signing_config(what.config));
  NONO_TRY(engine::ChosenServices services, engine::ChosenServices::choose(config, clock));
  NONO_TRY(auto root, root_of(words));
  NONO_TRY(const attest::IdentityToken token,
           engine::find_token({.given = what.token}, engine::Ambient{}, caller, clock));
  NONO_TRY(const engine::KeylessAuthor author,
           engine::KeylessAuthor::certify(caller, std::move(services), std::move(root), token));
  return engine::sign_foreign(
      author, what.file,
      words.in_toto ? engine::SignedForm::Statement : engine::SignedForm::Message, what.bundle);
}

int sign_bundle(const Words& words) {
  const auto bundle = option(words, "--bundle");
  const auto token = option(words, "--identity-token");
  const auto config = option(words, "--signing-config");
  if (words.operands.size() != 1 || !bundle || !token) {
    return usage("sign-bundle needs --identity-token, --bundle and one FILE");
  }
  if (!config) {
    return usage("no instance's services are built in: give --signing-config");
  }
  if (words.staging && !option(words, "--trusted-root")) {
    return usage("the staging instance's root is not embedded: give --trusted-root");
  }
  const auto done =
      sign(words,
           {.file = words.operands.front(), .bundle = *bundle, .config = *config, .token = token});
  return done ? 0 : complain("error", done.error().message(), 1);
}

}  // namespace

int conformance(std::span<char* const> arguments) {
  constexpr std::string_view kOffered =
      "verify-bundle and sign-bundle are what this program can do";
  if (arguments.size() < 2) {
    return usage(kOffered);
  }
  const std::string_view command(arguments[1]);
  const std::optional<Words> words = read_words(arguments.subspan(2));
  if (words && command == "verify-bundle") {
    return verify_bundle(*words);
  }
  if (words && command == "sign-bundle") {
    return sign_bundle(*words);
  }
  return usage(kOffered);
}

}  // namespace nono::cli

int main(int argc, char** argv) {
  return nono::cli::conformance(std::span(argv, static_cast<std::size_t>(argc)));
}
