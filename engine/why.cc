#include "engine/why.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/files.h"
#include "base/text.h"
#include "engine/granted_sockets.h"
#include "engine/mend.h"
#include "engine/silent_teller.h"
#include "engine/why_grants.h"
#include "engine/why_network.h"
#include "engine/why_place.h"
#include "engine/why_variable.h"
#include "sandbox/broker_execute.h"
#include "sandbox/interpreter.h"
#include "sandbox/name_rules.h"
#include "sandbox/rehearsal.h"

namespace nono::engine {

using sandbox::Access;
using sandbox::PathKind;
using sandbox::Rehearsed;
using trustpolicy::GuardClass;

namespace {

using Row = std::pair<std::string_view, Operation>;
constexpr auto kOperations = std::to_array<Row>({{"read", Operation::Read},
                                                 {"write", Operation::Write},
                                                 {"exec", Operation::Execute},
                                                 {"create", Operation::Create},
                                                 {"remove", Operation::Remove},
                                                 {"metadata", Operation::Metadata},
                                                 {"connect", Operation::Connect},
                                                 {"listen", Operation::Listen},
                                                 {"pass", Operation::Pass}});

constexpr std::string_view kOutsideGrants = "outside-grants";

Answer deny(std::string_view rule, std::string_view because, std::string_view mend = {}) {
  Answer out;
  out.rule = rule;
  out.because = because;
  out.mend = mend;
  return out;
}

// content_access is what an operation needs of the object itself; none: of its name or metadata.
Access content_access(Operation operation) {
  return operation == Operation::Read      ? Access::read()
         : operation == Operation::Write   ? Access::write()
         : operation == Operation::Execute ? Access::execute()
                                           : Access::none();
}

// Oracle answers about paths; each question goes through the rules in the order of the broker.
class Oracle {
 public:
  Oracle(const RunRequest& request, RunPlan& plan, const sandbox::Prepared& prepared)
      : request_(request),
        plan_(plan),
        prepared_(prepared),
        gate_(plan.policy, request.trust_override),
        objects_(plan.commands, &plan.capabilities) {}

  Result<Answer> answer(const Question& question) {
    const bool keep =
        question.operation == Operation::Remove || question.operation == Operation::Create;
    const LastName last = keep ? LastName::Keep : LastName::Follow;
    thing_ = look_up(request_.working_directory, question.path, last);
    auto out = thing_.error != 0 ? Result<Answer>(not_found(question.operation))
                                 : dispatch(question.operation);
    // A grant of what is behind such a link would show that, and not the way over the link.
    if (out && (out->allowed || out->rule == kOutsideGrants) && plan_.view) {
      out = through_view(*std::move(out), question, last);
    }
    if (out) {
      out->object = thing_.canonical.empty() ? thing_.requested : thing_.canonical;
    }
    return out;
  }

 private:
  Result<Answer> dispatch(Operation operation) {
    if (operation == Operation::Create) {
      return create();
    }
    if (!thing_.exists) {
      return missing(operation);
    }
    switch (operation) {
      case Operation::Read:
        return read();
      case Operation::Write:
        return write();
      case Operation::Execute:
        return execute();
      case Operation::Remove:
        return remove();
      case Operation::Metadata:
        return metadata();
      default:
        return answer_socket(plan_, thing_);
    }
  }

  // through_view: a way over a link that the view of the run does not show leads nowhere.
  Answer through_view(Answer answer, const Question& question, LastName last) const {
    const auto shows = [this](std::string_view path) { return plan_.view->shows(path); };
    const std::string hidden =
        hidden_on_way(request_.working_directory, question.path, last, shows);
    if (hidden.empty()) {
      return answer;
    }
    const bool named = last == LastName::Keep;
    const std::string path(named ? directory_name(thing_.requested) : thing_.requested);
    const Access access = content_access(question.operation);
    Answer out = outside(access == Access::none() ? Access::write() : access, path,
                         named || is_directory(thing_) ? PathKind::Directory : PathKind::File);
    out.because =
        "the view of the run does not show " + printable(hidden) + ", over which it leads";
    return out;
  }

  // missing: outside the grants a file would not help either, and that is what one can mend.
  Answer missing(Operation operation) const {
    const Access access = content_access(operation);
    if (access == Access::none() || plan_.capabilities.access_at(thing_.canonical).has(access)) {
      return deny("missing", "there is no such file; --op create asks whether it can be made");
    }
    Answer out = outside(access, thing_.canonical, PathKind::File);
    out.because += "; nor is there such a file";
    return out;
  }

  // not_found: what is never granted is not to be had there either, once it is made.
  Answer not_found(Operation operation) const {
    const Access access = content_access(operation);
    if (thing_.error == ENOENT && access != Access::none()) {
      Answer out = outside(access, thing_.requested, PathKind::File);
      if (out.rule == "never-grant") {
        out.because += "; nor does a way lead there";
        return out;
      }
    }
    return thing_.error == ENOENT || thing_.error == ENOTDIR || thing_.error == ELOOP
               ? deny("missing", "the path leads nowhere: " + text_of(thing_.error))
               : deny("file-mode", "the path is closed to you too: " + text_of(thing_.error));
  }

  static std::string text_of(int code) { return Error::from_errno(code, "open").message(); }

  Answer granted(Access access, const std::string& path) const {
    Answer out;
    out.allowed = true;
    out.rule = "grant";
    out.because = "a grant covers it, and no rule inside the grants is against it";
    for (const sandbox::PathGrant& grant : plan_.capabilities.paths()) {
      if (grant.access.has(access) && covers(grant, path)) {
        out.grant = shown_of(grant);
        out.entry = grant.access.text() + "  " + grant.shown_as + "  (" + grant.origin + ")";
      }
    }
    return out;
  }

  // outside is the answer where no grant gives `access` to `path`.
  Answer outside(Access access, const std::string& path, PathKind kind) const {
    const auto use =
        access.has(Access::write()) ? profile::GrantUse::Writing : profile::GrantUse::Reading;
    Answer out = deny(kOutsideGrants, "no grant covers " + printable(path) + " for that");
    if (const auto held_back = plan_.never_grant.find(path, use);
        held_back && held_back->relation == profile::NeverGrant::Relation::Beneath) {
      out = deny("never-grant", "it is never granted: " + std::string(held_back->why));
      out.entry = held_back->entry;
    }
    if (!mode_refuses(path, access)) {
      out.mend = way_to_grant(plan_.never_grant, path, access, kind);
    }
    out.grant = nearest_grant(plan_, path);
    return out;
  }

  // by_kernel asks the grants and the kernel; nothing where both let it through. Beneath /proc what
  // is there depends on who asks, and this is not the agent.
  Result<std::optional<Answer>> by_kernel(Access access, Rehearsed what) {
    const bool ours = beneath("/proc", thing_.canonical);
    const bool covered = plan_.capabilities.access_at(thing_.canonical).has(access);
    NONO_TRY(const int code, ours ? Result<int>(0) : rehearse(prepared_, what, thing_.canonical));
    const bool whole = what == Rehearsed::Read || what == Rehearsed::Write;
    if (!covered && (code != 0 || ours || !whole)) {
      return outside(access, thing_.canonical,
                     is_directory(thing_) ? PathKind::Directory : PathKind::File);
    }
    if (code != 0) {
      return deny("file-mode",
                  "the grants would allow it, but not the file itself: " + text_of(code));
    }
    return std::nullopt;
  }

  Rehearsed rehearsed(Rehearsed whole, Rehearsed mode) const {
    return is_regular(thing_) || is_directory(thing_) ? whole : mode;
  }

  // guard_class is what the broker would find: by names, links on the way, and by the identities
  // that the scan before a start collects: of hard links, and of what a guarded link leads to.
  Result<GuardClass> guard_class() {
    const trustpolicy::GuardedNames& names = plan_.policy->guard();
    GuardClass found =
        std::max({names.classify(thing_.canonical), names.classify(thing_.requested),
                  sandbox::class_of_links(names, thing_.requested, thing_.canonical)});
    if (found == GuardClass::Instruction || !is_regular(thing_)) {
      return found;
    }
    SilentTeller nobody;
    NONO_CHECK(scan_run(plan_, request_, nobody));
    for (const sandbox::KnownObject& known : plan_.guarded_objects) {
      if (known.id == sandbox::ObjectId{thing_.status.st_dev, thing_.status.st_ino}) {
        found = std::max(found, known.guard_class);
      }
    }
    return found;
  }

  static Answer from_judgement(const Judgement& judgement) {
    Answer out = deny(judgement.reason_code(), judgement.reason());
    out.entry = "trust policy";
    out.mend = judgement.remedy;
    return out;
  }

  // of_others: what the broker keeps back because another has it.
  std::optional<Answer> of_others() const {
    if (is_device(thing_) && beneath("/dev/pts", thing_.canonical)) {
      return deny("foreign-terminal", "a process opens its own terminal only");
    }
    if (is_of_other_process(thing_)) {
      return deny("foreign-process", "of processes outside the sandbox nothing is opened");
    }
    return std::nullopt;
  }

  Result<Answer> read() {
    if (S_ISSOCK(thing_.status.st_mode)) {
      return deny("not-openable", "a socket is connected to, not opened");
    }
    NONO_TRY(std::optional<Answer> kernel,
             by_kernel(Access::read(), rehearsed(Rehearsed::Read, Rehearsed::ReadMode)));
    if (kernel) {
      return *std::move(kernel);
    }
    if (auto foreign = of_others()) {
      return *std::move(foreign);
    }
    NONO_TRY(const GuardClass guard, guard_class());
    if (guard == GuardClass::None || is_directory(thing_)) {
      return granted(Access::read(), thing_.canonical);
    }
    if (!is_regular(thing_)) {
      return deny("guarded-not-regular", "a guarded name must be a regular file");
    }
    const Judgement judgement = gate_.judge_path(thing_.canonical, guard);
    if (!judgement.admitted()) {
      return from_judgement(judgement);
    }
    Answer out = granted(Access::read(), thing_.canonical);
    out.because = judgement.proven()
                      ? "a guarded file, signed by " + judgement.publisher() + ", in a grant"
                      : "a guarded file that is not verified (" + judgement.reason_code() +
                            "), tolerated by the policy";
    return out;
  }

  std::optional<Answer> by_name(mode_t makes, mode_t object = 0) const {
    const auto match = sandbox::protection_of(thing_.canonical, plan_.homes);
    if (!sandbox::refuses_name(match, thing_.canonical, makes, object)) {
      return std::nullopt;
    }
    Answer out = deny("protected-name", match.why);
    out.entry = match.pattern;
    return out;
  }

  // by_draft: nothing is made yet in a session that would begin now.
  std::optional<Answer> by_draft(mode_t makes, GuardClass known_as) const {
    if (request_.edit != sandbox::InstructionEdit::Refused ||
        !sandbox::makes_instructions(plan_.policy->guard(), thing_.canonical, makes, known_as)) {
      return std::nullopt;
    }
    return deny(sandbox::kDraftRule, sandbox::kInstructsTheNext, "--allow-instruction-drafts");
  }

  // by_evidence refuses the change of what proves a verified file.
  std::optional<Answer> by_evidence() {
    const auto bundle = sandbox::bundle_name(thing_.canonical);
    if (!bundle || request_.edit == sandbox::InstructionEdit::Allowed) {
      return std::nullopt;
    }
    Answer out =
        deny("evidence", "the signatures of verified files lie in it", "--allow-instruction-edit");
    if (bundle->of_many) {
      return out;
    }
    const GuardClass guard = plan_.policy->guard().classify(bundle->signed_file);
    struct stat status{};
    const bool there =
        guard != GuardClass::None && ::lstat(bundle->signed_file.c_str(), &status) == 0;
    const bool protects = there && (!S_ISREG(status.st_mode) ||  // not looked into
                                    gate_.judge_path(bundle->signed_file, guard).unchangeable());
    return protects ? std::optional(out) : std::nullopt;
  }

  Result<std::optional<Answer>> by_verdict() {
    NONO_TRY(const GuardClass guard, guard_class());
    if (guard == GuardClass::None || request_.edit == sandbox::InstructionEdit::Allowed ||
        !gate_.judge_path(thing_.canonical, guard).unchangeable()) {
      return by_draft(0, guard);
    }
    return deny("verified-file", "a verified file is not changed by an agent",
                "--allow-instruction-edit");
  }

  Result<Answer> write() {
    if (is_directory(thing_)) {
      return deny("is-directory", "a directory is changed by making and removing names in it");
    }
    if (S_ISSOCK(thing_.status.st_mode)) {
      return deny("not-openable", "a socket is connected to, not opened");
    }
    NONO_TRY(std::optional<Answer> kernel,
             by_kernel(Access::write(), rehearsed(Rehearsed::Write, Rehearsed::WriteMode)));
    if (kernel) {
      return *std::move(kernel);
    }
    if (auto foreign = of_others()) {
      return *std::move(foreign);
    }
    if (!is_regular(thing_)) {
      NONO_TRY(const GuardClass guard, guard_class());
      return guard == GuardClass::None
                 ? granted(Access::write(), thing_.canonical)
                 : deny("guarded-not-regular", "a guarded name must be a regular file");
    }
    return write_regular();
  }

  Result<Answer> write_regular() {
    if (auto named = by_name(0)) {
      return *std::move(named);
    }
    if (auto evidence = by_evidence()) {
      return *std::move(evidence);
    }
    NONO_TRY(const GuardClass guard, guard_class());
    const bool second_name = guard != GuardClass::None && thing_.status.st_nlink > 1 &&
                             plan_.policy->guard().classify(thing_.canonical) == GuardClass::None &&
                             plan_.policy->guard().classify(thing_.requested) == GuardClass::None;
    if (second_name) {
      return deny("guarded-hard-link", "it is a guarded file under a second name");
    }
    NONO_TRY(std::optional<Answer> verdict, by_verdict());
    return verdict ? *std::move(verdict) : granted(Access::write(), thing_.canonical);
  }

  Result<Answer> execute() {
    if (is_directory(thing_)) {
      return deny("is-directory", "a directory is not executed");
    }
    NONO_TRY(const GuardClass guard, guard_class());
    if (guard == GuardClass::Instruction) {
      return deny("guarded-execute", "an instruction file is not executed");
    }
    const sandbox::ProgramFile program = program_file();
    const auto named = objects_.named(program);
    if (named.row != nullptr && named.row->when == sandbox::CommandWhen::Always) {
      return held_back(*named.row);
    }
    NONO_TRY(std::optional<Answer> kernel, by_kernel(Access::execute(), Rehearsed::Execute));
    if (kernel) {
      return *std::move(kernel);
    }
    NONO_TRY(const int closed, named.unknown
                                   ? rehearse(prepared_, Rehearsed::Read, thing_.canonical)
                                   : Result<int>(0));
    return closed == 0 ? by_interpreter()
                       : deny("command", "it cannot be read, so that it cannot be judged");
  }

  // by_interpreter: what the kernel runs it by is a program, too.
  Result<Answer> by_interpreter() {
    Answer out = granted(Access::execute(), thing_.canonical);
    const auto file = open_regular(BorrowedFd::unowned(AT_FDCWD), thing_.canonical);
    const std::string interpreter = file ? sandbox::interpreter_of(*file) : std::string();
    if (!interpreter.empty() && ++scripts_ < 5) {
      const NamedThing script = thing_;
      NONO_TRY(Answer by, answer({Operation::Execute, interpreter, 0, {}}));
      thing_ = script;
      if (!by.allowed) {
        by.because = "its interpreter " + printable(interpreter) + ": " + by.because;
        return by;
      }
    }
    return out;
  }

  sandbox::ProgramFile program_file() const {
    return {OwnedFd(::open(thing_.canonical.c_str(), O_PATH | O_CLOEXEC)), thing_.status,
            thing_.canonical};
  }

  // held_back is for a row that holds the program back whatever its words are.
  static Answer held_back(const sandbox::HeldCommand& row) {
    const std::string why = row.name + ": " + row.why;
    return row.anywhere ? deny("blocked-command", why, "leave out --block-command")
                        : deny("command", why, "--allow-command " + shell_quote(row.name));
  }

  // in_directory: a name is made and removed by the right to its directory.
  Result<std::optional<Answer>> in_directory() {
    const std::string directory(directory_name(thing_.canonical));
    if (!plan_.capabilities.access_at(directory).has(Access::write())) {
      return outside(Access::write(), directory, PathKind::Directory);
    }
    NONO_TRY(const int code, rehearse(prepared_, Rehearsed::Change, directory));
    if (code != 0) {
      return deny("file-mode",
                  "the grants would allow it, but not its directory: " + text_of(code));
    }
    return std::nullopt;
  }

  Result<Answer> create() {
    if (thing_.exists || is_link(thing_.canonical)) {
      return deny("exists", "something is there already; --op write asks about changing it");
    }
    const mode_t makes = thing_.wants_directory ? S_IFDIR : S_IFREG;
    const auto named = by_name(makes).or_else([&] { return by_draft(makes, GuardClass::None); });
    if (named) {
      return *named;
    }
    NONO_TRY(std::optional<Answer> directory, in_directory());
    return directory ? *std::move(directory)
                     : granted(Access::write(), std::string(directory_name(thing_.canonical)));
  }

  // by_keeping: what is there now is older than a session that would begin now.
  std::optional<Answer> by_keeping() const {
    const auto holds = [this](const std::string& tree) {
      return beneath(tree, thing_.canonical) || beneath(thing_.canonical, tree);
    };
    const auto tree = std::ranges::find_if(plan_.kept_trees, holds);
    if (tree == plan_.kept_trees.end()) {
      return std::nullopt;
    }
    Answer out = deny("kept-tree", "what was there before the session is kept", "leave out --keep");
    out.entry = *tree;
    return out;
  }

  Result<Answer> remove() {
    if (auto kept = by_keeping()) {
      return *std::move(kept);
    }
    const auto match = sandbox::protection_of(thing_.canonical, plan_.homes);
    const bool named = !is_directory(thing_) || match.protection == sandbox::Protection::Content;
    const mode_t object = is_link(thing_.canonical) ? S_IFLNK : thing_.status.st_mode & S_IFMT;
    if (auto refused = named ? by_name(0, object) : std::nullopt) {
      return *std::move(refused);
    }
    NONO_TRY(std::optional<Answer> signature, by_signature());
    if (signature) {
      return *std::move(signature);
    }
    NONO_TRY(std::optional<Answer> directory, in_directory());
    if (!directory && holds_entries(thing_)) {
      return deny("not-empty", "what is in the directory would have to be removed first");
    }
    return directory ? *std::move(directory)
                     : granted(Access::write(), std::string(directory_name(thing_.canonical)));
  }

  // by_signature: what is verified, and what verifies it, is not removed.
  Result<std::optional<Answer>> by_signature() {
    if (!is_regular(thing_)) {
      return by_draft(is_link(thing_.canonical) ? S_IFLNK : thing_.status.st_mode & S_IFMT,
                      GuardClass::None);
    }
    if (auto evidence = by_evidence()) {
      return evidence;
    }
    return by_verdict();
  }

  Result<Answer> metadata() {
    if (!plan_.capabilities.access_at(thing_.canonical).has(Access::write())) {
      const auto kind = is_directory(thing_) ? PathKind::Directory : PathKind::File;
      Answer out = outside(Access::write(), thing_.canonical, kind);
      out.mend = owner_refuses(thing_.canonical)
                     ? ""
                     : way_to_grant(plan_.never_grant, thing_.canonical, Access::write(), kind);
      out.rule = out.rule == kOutsideGrants ? "metadata-outside-grants" : out.rule;
      return out;
    }
    if (is_device(thing_)) {
      return deny("device", "other terminals of the user lie in the same directory");
    }
    if (auto named = by_name(is_directory(thing_) ? S_IFDIR : 0)) {
      return *std::move(named);
    }
    return thing_.status.st_uid == ::geteuid()
               ? granted(Access::write(), thing_.canonical)
               : deny("file-mode", "the grants would allow it, but it belongs to another user");
  }

  const RunRequest& request_;
  RunPlan& plan_;
  const sandbox::Prepared& prepared_;
  Gate gate_;
  sandbox::HeldObjects objects_;
  NamedThing thing_;
  int scripts_ = 0;
};

Result<void> check(const Question& question) {
  const bool port = question.operation == Operation::Listen ||
                    (question.operation == Operation::Connect && question.path.empty());
  if (question.operation == Operation::Pass) {
    return question.variable.empty() ? fail(ErrorKind::Usage, "which variable?") : Result<void>();
  }
  if (question.host) {
    return {};
  }
  if (port && question.port == 0) {
    return fail(ErrorKind::Usage, "which port?");
  }
  if (!port && (question.path.empty() || question.path.contains('\0'))) {
    return fail(ErrorKind::Usage, "which path?");
  }
  return {};
}

// settled is the request as the agent would meet it: in the directory that the kernel names.
RunRequest settled(const RunRequest& request) {
  RunRequest out = request;
  const OwnedFd directory(
      ::open(request.working_directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (const auto where = path_of(directory)) {
    out.working_directory = *where;
  }
  return out;
}

}  // namespace

std::string_view name_of(Operation operation) {
  return std::ranges::find(kOperations, operation, &Row::second)->first;
}

std::optional<Operation> operation_from(std::string_view name) {
  const auto* row = std::ranges::find(kOperations, name, &Row::first);
  return row != kOperations.end() ? std::optional(row->second) : std::nullopt;
}

Result<Answer> why(const RunRequest& request, const Question& question) {
  NONO_CHECK(check(question));
  const RunRequest asked = settled(request);
  NONO_TRY(RunPlan plan, compose_run(asked, {}));
  if (question.operation == Operation::Pass) {
    return answer_variable(plan, asked, question.variable);
  }
  if (question.host) {
    return answer_host(plan, *question.host);
  }
  if (question.port != 0) {
    return answer_port(plan, question);
  }
  NONO_TRY(const sandbox::Prepared prepared,
           sandbox::Prepared::prepare(plan.capabilities, plan.features));
  return Oracle(asked, plan, prepared).answer(question);
}

}  // namespace nono::engine
