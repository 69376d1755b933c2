#include "engine/run_approvals.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>
#include <variant>

#include "base/files.h"
#include "base/text.h"
#include "engine/approval_rules.h"
#include "engine/approval_socket.h"
#include "engine/approval_webhook.h"
#include "engine/directories.h"
#include "engine/never_connect.h"
#include "engine/object.h"
#include "engine/profile_saver.h"
#include "engine/reach.h"

namespace nono::engine {
namespace {

constexpr std::size_t kMaxRulesFile = 1u << 20;
constexpr std::size_t kMaxKeyFile = 4096;

// open_named opens the file that an option names; `doing` is the option and its value.
Result<OwnedFd> open_named(const std::string& path, const std::string& doing) {
  auto opened = open_regular(BorrowedFd::unowned(AT_FDCWD), path);
  if (!opened) {
    return std::unexpected(std::move(opened).error().while_doing(doing));
  }
  return opened;
}

// load_rules refuses a file that the agent could write: the next run would go by the agent's rules.
Result<RuleBook> load_rules(const std::string& file, const RunPlan& plan) {
  const std::string doing = "--approve rules:" + printable(file);
  NONO_TRY(const std::string path, absolute_path(file));
  NONO_TRY(const OwnedFd opened, open_named(path, doing));
  NONO_TRY(const std::string resolved, path_of(opened));
  if (access_by_place(plan.capabilities, resolved).has(sandbox::Access::write())) {
    return std::unexpected(Error(ErrorKind::Usage, doing + ": the agent may write that file")
                               .mend_with("keep the rules outside of what is granted for writing"));
  }
  NONO_TRY(const std::string text, read_capped(opened, kMaxRulesFile, path));
  auto book = RuleBook::parse(text, plan.user.home);
  if (!book) {
    return std::unexpected(std::move(book).error().while_doing(doing));
  }
  return book;
}

Result<std::unique_ptr<TerminalBackend>> on_terminal(Teller& teller) {
  return TerminalBackend::make([&teller](TerminalBackend::Asking asking) {
    if (asking == TerminalBackend::Asking::Begins) {
      teller.hold();
    } else {
      teller.release();
    }
  });
}

// load_key refuses a key that others, or the agent, could read: they could allow themselves.
Result<crypto::Secret> load_key(const std::string& file, const RunPlan& plan) {
  const std::string doing = "--approve-key " + printable(file);
  NONO_TRY(const std::string path, absolute_path(file));
  NONO_TRY(const OwnedFd opened, open_named(path, doing));
  NONO_TRY(const std::string resolved, path_of(opened));
  NONO_TRY(const struct stat status, status_of(opened, path));
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0 || status.st_uid != ::geteuid()) {
    return std::unexpected(Error(ErrorKind::Usage, doing + ": others can read that key")
                               .mend_with("it must be yours, with mode 0600"));
  }
  if (access_by_place(plan.capabilities, resolved).has(sandbox::Access::read())) {
    return std::unexpected(Error(ErrorKind::Usage, doing + ": the agent may read that key")
                               .mend_with("keep it outside of what is granted"));
  }
  NONO_TRY(std::string text, read_capped(opened, kMaxKeyFile, path));
  while (text.ends_with('\n')) {
    text.pop_back();
  }
  if (text.size() < WebhookBackend::kLeastKey) {
    return std::unexpected(Error(ErrorKind::Usage, doing + ": the key is shorter than 32 bytes")
                               .mend_with("openssl rand -hex 32 makes one"));
  }
  return crypto::Secret::take(text);
}

// resolved_too: what is asked about is known by where it really lies, and a denial by its spelling.
std::vector<profile::ComposedDenial> resolved_too(
    const std::vector<profile::ComposedDenial>& denials) {
  std::vector<profile::ComposedDenial> out = denials;
  for (const profile::ComposedDenial& denial : denials) {
    if (std::string path = resolved_path(denial.path); path != denial.path) {
      out.push_back({std::move(path), denial.origin});
    }
  }
  return out;
}

// saver_for changes the profile that the run goes by, where a person says so.
std::unique_ptr<ProfileSaver> saver_for(const RunRequest& request, const RunPlan& plan) {
  if (!request.approvals.socket && !request.approvals.terminal) {
    return nullptr;
  }
  return std::make_unique<ProfileSaver>(
      ProfileSaver::Run{.profile = request.profile,
                        .user = plan.user,
                        .working_directory = request.working_directory,
                        .capabilities = &plan.capabilities,
                        .policy = plan.policy});
}

ApprovalBounds bounds_of(const RunRequest& request, const RunPlan& plan, Teller& teller) {
  ApprovalBounds bounds;
  bounds.never = &plan.never_grant;
  bounds.denials = resolved_too(request.denials);
  bounds.limits = request.approvals.limits;
  bounds.sockets = sockets_in(caller_environment());
  bounds.saver = saver_for(request, plan);
  bounds.tell = [&teller](const std::string& line) { teller.note(line); };
  if (const auto* ports = std::get_if<sandbox::NetworkPorts>(&plan.capabilities.network())) {
    bounds.hosts = ports->destinations;
  }
  return bounds;
}

Result<std::unique_ptr<WebhookBackend>> by_webhook(const ApprovalWish& wish, const RunPlan& plan,
                                                   const ApprovalSurroundings& with) {
  NONO_TRY(std::unique_ptr<WebhookBackend> out,
           WebhookBackend::make(wish.webhook.value_or(""), with.log.id(), with.clock));
  NONO_TRY(crypto::Secret key, load_key(wish.key_file, plan));
  out->use_key(std::move(key));
  return out;
}

}  // namespace

Result<RunApprovals> make_approvals(const RunRequest& request, const RunPlan& plan,
                                    const ApprovalSurroundings& with) {
  const ApprovalWish& wish = request.approvals;
  RunApprovals out;
  if (!wish.any()) {
    return out;
  }
  Approvals::Backends backends;
  if (wish.rules_file) {
    NONO_TRY(RuleBook book, load_rules(*wish.rules_file, plan));
    backends.push_back(std::make_unique<RulesBackend>(std::move(book)));
  }
  if (wish.socket) {
    NONO_TRY(session::ControlServer server,
             session::ControlServer::open(session_directory(plan.user), with.log.id()));
    backends.push_back(std::make_unique<SocketBackend>(std::move(server)));
  }
  if (wish.terminal) {
    NONO_TRY(std::unique_ptr<TerminalBackend> terminal, on_terminal(with.teller));
    out.terminal = terminal.get();
    backends.push_back(std::move(terminal));
  }
  if (wish.webhook) {
    NONO_TRY(std::unique_ptr<WebhookBackend> webhook, by_webhook(wish, plan, with));
    backends.push_back(std::move(webhook));
  }
  NONO_TRY(out.decider,
           Approvals::make(bounds_of(request, plan, with.teller), std::move(backends), with.log));
  return out;
}

}  // namespace nono::engine
