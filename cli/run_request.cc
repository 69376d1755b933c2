#include "cli/run_request.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "cli/limit_options.h"
#include "cli/options.h"
#include "cli/upstream_options.h"
#include "profile/credentials.h"

namespace nono::cli {
namespace {

using sandbox::Access;

struct PathOption {
  std::string_view name;
  Access access;
  sandbox::WantedKind kind;
};

constexpr auto kReadOnly = Access::read() | Access::execute();
constexpr auto kReadWrite = Access::read() | Access::write();
constexpr auto kPathOptions = std::to_array<PathOption>({
    {"allow", kReadWrite | Access::execute(), sandbox::WantedKind::Directory},
    {"read", kReadOnly, sandbox::WantedKind::Directory},
    {"write", Access::write(), sandbox::WantedKind::Directory},
    {"data", Access::read(), sandbox::WantedKind::Any},
    {"exec", kReadOnly, sandbox::WantedKind::Any},
    {"allow-file", kReadWrite, sandbox::WantedKind::File},
    {"read-file", Access::read(), sandbox::WantedKind::File},
    {"write-file", Access::write(), sandbox::WantedKind::File},
    {"allow-unix-socket", Access::connect(), sandbox::WantedKind::Socket},
});

Result<std::uint16_t> port_from(const std::string& option, const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--" + option + " " + printable(text) + ": not a port number")
            .mend_with("give a number from 1 to 65535"));
  }
  return port;
}

Result<std::vector<std::uint16_t>> ports_of(const Arguments& arguments, const std::string& option) {
  std::vector<std::uint16_t> out;
  for (const std::string& text : arguments.values(option)) {
    NONO_TRY(const std::uint16_t port, port_from(option, text));
    out.push_back(port);
  }
  return out;
}

// choice takes one word out of a list, the first where the option is not given.
Result<std::size_t> choice(const Arguments& arguments, const std::string& option,
                           std::span<const std::string_view> words) {
  const auto given = arguments.value(option);
  if (!given) {
    return std::size_t{0};
  }
  std::string list;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (*given == words[i]) {
      return i;
    }
    list += (list.empty() ? "" : ", ") + std::string(words[i]);
  }
  return std::unexpected(
      Error(ErrorKind::Usage, "--" + option + " " + printable(*given) + ": not one of its words")
          .mend_with("use one of: " + list));
}

Result<void> take_paths(const Arguments& arguments, engine::RunRequest& request) {
  if (arguments.has("allow-cwd") && arguments.has("read-cwd")) {
    return std::unexpected(Error(ErrorKind::Usage, "--allow-cwd and --read-cwd contradict")
                               .mend_with("use one of them"));
  }
  if (arguments.has("allow-cwd")) {
    request.paths.push_back({"--allow-cwd", request.working_directory,
                             kReadWrite | Access::execute(), sandbox::WantedKind::Directory});
  }
  if (arguments.has("read-cwd")) {
    request.paths.push_back(
        {"--read-cwd", request.working_directory, kReadOnly, sandbox::WantedKind::Directory});
  }
  for (const PathOption& option : kPathOptions) {
    for (const std::string& path : arguments.values(option.name)) {
      if (path.empty()) {
        return fail(ErrorKind::Usage, "--" + std::string(option.name) + ": the path is empty");
      }
      request.paths.push_back({"--" + std::string(option.name), path, option.access, option.kind});
    }
  }
  return {};
}

Result<void> take_network(const Arguments& arguments, engine::RunRequest& request) {
  NONO_TRY(request.ports.connect, ports_of(arguments, "connect-port"));
  NONO_TRY(request.ports.listen, ports_of(arguments, "listen-port"));
  for (const std::string& text : arguments.values("connect")) {
    auto host = sandbox::parse_host_port(text);
    if (!host) {
      return std::unexpected(std::move(host).error().while_doing("--connect"));
    }
    request.connect_to.push_back(*std::move(host));
  }
  static constexpr auto kNamespaces = std::to_array<std::string_view>({"off", "auto", "on"});
  NONO_TRY(const std::size_t when, choice(arguments, "net-namespace", kNamespaces));
  request.own_network = static_cast<engine::NamespaceWish>(when);
  if (arguments.has("mount-namespace")) {
    NONO_TRY(const std::size_t mounts, choice(arguments, "mount-namespace", kNamespaces));
    request.own_mounts = static_cast<engine::NamespaceWish>(mounts);
  }
  const bool ports = request.limits_network();
  const bool block = arguments.has("block-net");
  const bool open = arguments.has("allow-net");
  if (static_cast<int>(block) + static_cast<int>(open) + static_cast<int>(ports) > 1) {
    return std::unexpected(
        Error(ErrorKind::Usage,
              "--block-net, --allow-net and the options for hosts and ports contradict each other")
            .mend_with("use one kind"));
  }
  request.network = block  ? engine::NetworkWish::Block
                    : open ? engine::NetworkWish::Open
                           : engine::NetworkWish::Default;
  return {};
}

Result<void> take_trust(const Arguments& arguments, engine::RunRequest& request) {
  static constexpr auto kScans = std::to_array<std::string_view>({"autoloaded", "all", "none"});
  NONO_TRY(const std::size_t scan, choice(arguments, "trust-scan", kScans));
  request.scan = static_cast<engine::TrustScan>(scan);
  static constexpr auto kIntercepts = std::to_array<std::string_view>({"strict", "fast", "off"});
  NONO_TRY(const std::size_t intercept, choice(arguments, "trust-intercept", kIntercepts));
  request.intercept = static_cast<engine::Intercept>(intercept);
  const char* override_word = ::getenv("NONO_TRUST_OVERRIDE");  // NOLINT(concurrency-mt-unsafe)
  const bool by_environment = override_word != nullptr && std::string_view(override_word) == "1";
  if (arguments.has("trust-override") || by_environment) {
    request.trust_override = trustpolicy::Override::DenialsBecomeWarnings;
  }
  if (arguments.has("allow-instruction-drafts")) {
    request.edit = sandbox::InstructionEdit::Drafts;
  }
  if (arguments.has("allow-instruction-edit")) {
    request.edit = sandbox::InstructionEdit::Allowed;
  }
  request.policy_file = arguments.value("policy");
  return {};
}

Result<void> take_approvals(const Arguments& arguments, engine::ApprovalWish& wish) {
  static constexpr std::string_view kRules = "rules:";
  static constexpr std::string_view kWebhook = "webhook:";
  for (const std::string& how : arguments.values("approve")) {
    if (how == "socket") {
      wish.socket = true;
    } else if (how == "terminal") {
      wish.terminal = true;
    } else if (how.starts_with(kWebhook) && how.size() > kWebhook.size() && !wish.webhook) {
      wish.webhook = how.substr(kWebhook.size());
    } else if (how.starts_with(kRules) && how.size() > kRules.size() && !wish.rules_file) {
      wish.rules_file = how.substr(kRules.size());
    } else {
      return std::unexpected(
          Error(ErrorKind::Usage, "--approve " + printable(how) + ": nobody is asked so")
              .mend_with("use terminal, socket, rules:FILE, webhook:URL, or several of them"));
    }
  }
  wish.key_file = arguments.value("approve-key").value_or("");
  if (wish.webhook.has_value() == wish.key_file.empty()) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--approve webhook:URL and --approve-key FILE need each other")
            .mend_with("give both"));
  }
  return {};
}

Result<void> add_credential(std::string_view option, const std::string& source,
                            const std::string& variable, engine::RunRequest& request) {
  const auto bad = [&](const Error& error) {
    return std::unexpected(Error(ErrorKind::Usage, std::string(option) + ": " + error.message())
                               .mend_with(error.remedy()));
  };
  const auto parsed = profile::parse_credential_source(source);
  if (!parsed) {
    return bad(parsed.error());
  }
  if (const auto fine = profile::check_settable_variable(variable); !fine) {
    return bad(Error(fine.error()).mend_with("--env-credential-map SOURCE VARIABLE names another"));
  }
  const bool twice =
      std::ranges::find(request.credentials, variable, &profile::Credential::variable) !=
          request.credentials.end() ||
      std::ranges::any_of(request.environment, [&](const std::string& each) {
        return each.substr(0, each.find('=')) == variable;
      });
  if (twice) {
    return bad(Error(ErrorKind::Usage, variable + " is set by two options")
                   .mend_with("leave out one of the two"));
  }
  request.credentials.push_back({variable, *parsed, std::string(option)});
  return {};
}

Result<void> add_items(const std::string& list, engine::RunRequest& request) {
  for (std::size_t from = 0; from <= list.size();) {
    const std::string item = list.substr(from, list.find(',', from) - from);
    NONO_CHECK(add_credential("--env-credential", "keystore://" + item,
                              profile::variable_of_item(item), request));
    from += item.size() + 1;
  }
  return {};
}

// take_credentials comes after --env.
Result<void> take_credentials(const Arguments& arguments, engine::RunRequest& request) {
  const std::vector<std::string> pairs = arguments.values("env-credential-map");
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    NONO_CHECK(add_credential("--env-credential-map", pairs[i], pairs[i + 1], request));
  }
  for (const std::string& list : arguments.values("env-credential")) {
    NONO_CHECK(add_items(list, request));
  }
  return {};
}

Result<void> take_command(const Arguments& arguments, const Session& session,
                          engine::RunRequest& request) {
  NONO_TRY(request.working_directory, session.working_directory());
  if (const auto directory = arguments.value("workdir")) {
    NONO_TRY(request.working_directory, absolute_path(*directory));
    const auto there = open_directory(BorrowedFd::unowned(AT_FDCWD), request.working_directory);
    if (!there) {
      return std::unexpected(Error(there.error()).while_doing("--workdir"));
    }
  }
  request.command = arguments.program();
  return {};
}

// take_grants comes after take_command: paths may be relative to the working directory.
Result<void> take_grants(const Arguments& arguments, engine::RunRequest& request) {
  NONO_CHECK(take_paths(arguments, request));
  NONO_CHECK(take_network(arguments, request));
  return take_trust(arguments, request);
}

Result<void> take_lists(const Arguments& arguments, engine::RunRequest& request) {
  request.override_never_grant = arguments.values("override-never-grant");
  request.block_commands = arguments.values("block-command");
  request.allow_commands = arguments.values("allow-command");
  request.keep = arguments.values("keep");
  request.environment = arguments.values("env");
  request.environment_globs = arguments.values("env-allow");
  return take_credentials(arguments, request);
}

Result<void> take_session(const Arguments& arguments, engine::RunRequest& request) {
  request.name = arguments.value("name").value_or("");
  if (arguments.has("no-audit")) {
    request.record = engine::Record::None;
    request.notes.emplace_back("nothing of this session is recorded (--no-audit)");
  }
  if (!request.name.empty() && !session::is_session_name(request.name)) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--name " + printable(request.name) + ": not a name for a session")
            .mend_with("use up to 64 of A-Z a-z 0-9 . _ -, not only hexadecimal digits"));
  }
  NONO_CHECK(take_approvals(arguments, request.approvals));
  NONO_TRY(request.limits, limits_from(arguments));
  return {};
}

}  // namespace

Result<engine::RunRequest> run_request_from(const Arguments& arguments, const Session& session) {
  NONO_CHECK(refuse_upstream_environment(arguments));
  engine::RunRequest request;
  NONO_CHECK(take_command(arguments, session, request));
  NONO_CHECK(take_grants(arguments, request));
  NONO_CHECK(take_lists(arguments, request));
  NONO_CHECK(take_session(arguments, request));
  return request;
}

}  // namespace nono::cli
