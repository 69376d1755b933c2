#include "engine/run_approvals.h"

#include <fcntl.h>

#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "engine/approval_rules.h"
#include "engine/approval_socket.h"

namespace nono::engine {
namespace {

constexpr std::size_t kMaxRulesFile = 1u << 20;

// load_rules refuses a file that the agent could write: the next run would go by the agent's rules.
Result<RuleBook> load_rules(const std::string& file, const RunPlan& plan) {
  const std::string doing = "--approve rules:" + printable(file);
  NONO_TRY(const std::string path, absolute_path(file));
  NONO_TRY(const OwnedFd opened, open_regular(BorrowedFd::unowned(AT_FDCWD), path));
  NONO_TRY(const std::string resolved, path_of(opened));
  if (plan.capabilities.access_at(resolved).has(sandbox::Access::write())) {
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

}  // namespace

Result<RunApprovals> make_approvals(const RunRequest& request, const RunPlan& plan,
                                    ledger::AuditLog& log, Teller& teller) {
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
             session::ControlServer::open(session_directory(plan.user), log.id()));
    backends.push_back(std::make_unique<SocketBackend>(std::move(server)));
  }
  if (wish.terminal) {
    NONO_TRY(std::unique_ptr<TerminalBackend> terminal,
             TerminalBackend::make([&teller](TerminalBackend::Asking asking) {
               if (asking == TerminalBackend::Asking::Begins) {
                 teller.hold();
               } else {
                 teller.release();
               }
             }));
    out.terminal = terminal.get();
    backends.push_back(std::move(terminal));
  }
  ApprovalBounds bounds;
  bounds.never = &*plan.never_grant;
  bounds.denials = request.denials;
  bounds.limits = wish.limits;
  NONO_TRY(out.decider, Approvals::make(std::move(bounds), std::move(backends), log));
  return out;
}

}  // namespace nono::engine
