#include "engine/approvals.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <utility>

#include "base/encoding.h"
#include "base/files.h"
#include "base/mount_names.h"
#include "base/text.h"
#include "engine/never_connect.h"
#include "sandbox/resolve.h"

namespace nono::engine {

using sandbox::Access;
using sandbox::Expansion;
using sandbox::ExpansionKind;
using std::chrono::steady_clock;

namespace {

// A name that would have to be cut could hide what it ends in.
constexpr std::size_t kMaxShown = 8192;
constexpr std::size_t kMaxRequested = 1024;
// How long the question of a caller that was killed may stay.
constexpr long kTickNanoseconds = 250'000'000;

profile::GrantUse use_of(ExpansionKind kind) {
  return kind == ExpansionKind::Read ? profile::GrantUse::Reading : profile::GrantUse::Writing;
}

Json path_json(const std::string& path) {
  return is_utf8(path) ? Json(path) : Json("hex:" + hex_encode(as_bytes(path)));
}

Json event_of(const Expansion& expansion, const std::string& path) {
  if (expansion.to) {
    return Json::Object{{"operation", sandbox::name_of(expansion.kind)},
                        {"address", path},
                        {"requested", path_json(expansion.requested)},
                        {"agent_pid", static_cast<std::int64_t>(expansion.process)}};
  }
  struct stat status{};
  static_cast<void>(::fstat(BorrowedFd(expansion.object).raw(), &status));
  return Json::Object{{"operation", sandbox::name_of(expansion.kind)},
                      {"path", path_json(path)},
                      {"requested", path_json(expansion.requested)},
                      {"agent_pid", static_cast<std::int64_t>(expansion.process)},
                      {"device", static_cast<std::uint64_t>(status.st_dev)},
                      {"inode", static_cast<std::uint64_t>(status.st_ino)}};
}

// add_change names a change of a profile by the file and its SHA-256 before and after.
void add_change(Json& event, const ProfileChange& change) {
  event.set("profile", path_json(change.path));
  event.set("sha256_before", change.before.hex());
  event.set("sha256_after", change.after.hex());
}

void add_outcome(Json& event, bool allowed, const std::string& why, const ProfileChange* change) {
  event.set("outcome", allowed ? "allowed" : "denied");
  if (!why.empty()) {
    event.set("why", printable(why));
  }
  if (change != nullptr) {
    add_change(event, *change);
  }
}

// answer_event is what is recorded of an answer, but for what it came to.
Json answer_event(const Expansion& expansion, const ApprovalQuestion& question,
                  const ApprovalReply& reply, std::string_view by) {
  Json event = event_of(expansion, question.path);
  event.set("question", question.id);
  event.set("by", by);
  event.set("scope", name_of(reply.scope));
  if (reply.uid) {
    event.set("uid", static_cast<std::uint64_t>(*reply.uid));
  }
  return event;
}

bool watch(BorrowedFd epoll, int fd) {
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.fd = fd;
  return fd == -1 || ::epoll_ctl(epoll.raw(), EPOLL_CTL_ADD, fd, &wanted) == 0;
}

}  // namespace

std::string_view name_of(ApprovalScope scope) {
  switch (scope) {
    case ApprovalScope::Once:
      return "once";
    case ApprovalScope::Session:
      return "session";
    case ApprovalScope::Profile:
      return "profile";
  }
  std::unreachable();
}

std::optional<ApprovalScope> scope_named(std::string_view name) {
  for (const ApprovalScope scope :
       {ApprovalScope::Once, ApprovalScope::Session, ApprovalScope::Profile}) {
    if (name == name_of(scope)) {
      return scope;
    }
  }
  return std::nullopt;
}

Result<std::unique_ptr<Approvals>> Approvals::make(ApprovalBounds bounds, Backends backends,
                                                   ledger::AuditLog& log) {
  OwnedFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  OwnedFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  NONO_TRY(sandbox::Connector connector, sandbox::Connector::make());
  if (!epoll.valid() || !timer.valid() || !watch(epoll, BorrowedFd(timer).raw()) ||
      !watch(epoll, connector.watched())) {
    return fail_errno(errno, "preparing approvals");
  }
  for (const auto& backend : backends) {
    if (!watch(epoll, backend->watched())) {
      return fail_errno(errno, "preparing approvals by " + std::string(backend->name()));
    }
  }
  return std::unique_ptr<Approvals>(
      new Approvals(std::move(bounds), std::move(backends), log,
                    {std::move(epoll), std::move(timer), std::move(connector)}));
}

Approvals::Approvals(ApprovalBounds bounds, Backends backends, ledger::AuditLog& log,
                     Watched watched)
    : bounds_(std::move(bounds)),
      held_back_(*bounds_.never),
      backends_(std::move(backends)),
      log_(log),
      epoll_(std::move(watched.epoll)),
      timer_(std::move(watched.timer)),
      connector_(std::move(watched.connector)),
      bucket_(bounds_.limits.per_second, bounds_.limits.burst, steady_clock::now()) {}

Approvals::ObjectKey Approvals::key_of(const Expansion& expansion) {
  if (expansion.to) {
    return {0, 0, expansion.to->text()};  // device 0 and inode 0 are no file's
  }
  struct stat status{};
  static_cast<void>(::fstat(BorrowedFd(expansion.object).raw(), &status));
  return {status.st_dev, status.st_ino, expansion.name};
}

bool Approvals::record(std::string_view type, const Json& event, ledger::Durability durability) {
  return log_.append(type, event, durability).has_value();
}

void Approvals::refuse(const Expansion& expansion, int code) {
  answers_.push_back({expansion.cookie, code, {}});
}

// tell_denied records a denial that nobody was asked about, once for each object and reason.
void Approvals::tell_denied(const Expansion& expansion, const std::string& path,
                            std::string_view rule, const std::string& why) {
  const std::string key =
      std::string(rule) + '\n' + std::string(sandbox::name_of(expansion.kind)) + '\n' + path;
  if (told_.size() < kMaxTold && told_.insert(key).second) {
    Json event = event_of(expansion, path);
    event.set("outcome", "denied");
    event.set("by", rule);
    event.set("why", printable(why));
    record("approval", event, ledger::Durability::Lazy);
  }
  refuse(expansion);
}

// denied_by_profile looks at the names that mounts give to the path, too.
std::optional<std::string> Approvals::denied_by_profile(const std::string& path) const {
  std::vector<std::string> names = {path};
  const auto mounts = bounds_.denials.empty() ? Result<MountNames>() : MountNames::read();
  if (!mounts) {
    return mounts.error().message();
  }
  for (MountNames::Name& other : mounts->of(path)) {
    names.push_back(std::move(other.path));
  }
  for (const profile::ComposedDenial& denial : bounds_.denials) {
    if (std::ranges::any_of(names, [&](const auto& name) { return beneath(denial.path, name); })) {
      return denial.origin + " denies " + printable(denial.path);
    }
  }
  return std::nullopt;
}

std::optional<std::string> Approvals::forbidden(const Expansion& expansion,
                                                const std::string& path) const {
  if (auto denied = denied_by_profile(path)) {
    return denied;
  }
  const auto connect =
      expansion.kind == ExpansionKind::Connect ? forbidden_connect(expansion, path) : std::nullopt;
  return connect || expansion.to ? connect
                                 : held_back_.why(expansion.object, path, use_of(expansion.kind));
}

// forbidden_connect judges an address, and of a socket what the list of files does not.
std::optional<std::string> Approvals::forbidden_connect(const Expansion& expansion,
                                                        const std::string& path) const {
  if (expansion.to) {
    return why_never(*expansion.to);
  }
  struct stat status{};
  if (::fstat(BorrowedFd(expansion.object).raw(), &status) != 0 || status.st_nlink != 1) {
    return "never connected: a socket of several names, or of none";
  }
  if (is_one_of(path, bounds_.sockets)) {
    return "never connected: a variable of yours names that socket";
  }
  return why_never_socket(path);
}

// requested_of is how the agent may know what it asks for: of an address, the name that is known
// for it, which is the user's word and not the agent's.
std::string Approvals::requested_of(const Expansion& expansion) const {
  if (expansion.to) {
    for (const sandbox::Destination& host : bounds_.hosts) {
      if (!host.asked.literal &&
          std::ranges::find(host.endpoints, expansion.to->address, &sandbox::Endpoint::address) !=
              host.endpoints.end()) {
        return host.asked.host + ":" + std::to_string(expansion.to->port);
      }
    }
    return expansion.to->text();
  }
  return expansion.requested;
}

// said_of is what was said for the whole session.
std::optional<Approval> Approvals::said_of(const ObjectKey& key, ExpansionKind kind) const {
  const auto found = remembered_.find(key);
  const Access wanted = access_of(kind);
  if (found != remembered_.end() && found->second.allowed.has(wanted)) {
    return Approval::Allowed;
  }
  return found != remembered_.end() && found->second.denied.has(wanted)
             ? std::optional(Approval::Denied)
             : std::nullopt;
}

bool Approvals::answered_before(Expansion& expansion, const std::string& path) {
  const auto said = said_of(key_of(expansion), expansion.kind);
  if (!said) {
    return false;
  }
  const bool allowed = *said == Approval::Allowed;
  Json event = event_of(expansion, path);
  event.set("outcome", allowed ? "allowed" : "denied");
  event.set("by", "session");
  if (allowed && record("approval", event, ledger::Durability::Lazy)) {
    serve(expansion);
  } else {
    refuse(expansion);
  }
  return true;
}

bool Approvals::over_the_limit(const Expansion& expansion, const std::string& path) {
  if (pending_.size() < kMaxPending && bucket_.take(steady_clock::now())) {
    return false;
  }
  if (unasked_++ == 0) {  // the others of a flood are counted, and told with the next question
    Json event = event_of(expansion, path);
    event.set("outcome", "denied");
    event.set("by", "rate-limit");
    record("approval", event, ledger::Durability::Lazy);
  }
  refuse(expansion);
  return true;
}

void Approvals::consider(Expansion expansion) {
  expansion.requested = requested_of(expansion);
  const std::string path = expansion.path();
  if (path.empty()) {
    refuse(expansion);
    return;
  }
  if (printable_name(path).size() > kMaxShown) {
    tell_denied(expansion, path, "unshowable", "its name is too long to be shown");
    return;
  }
  if (const auto why = forbidden(expansion, path)) {
    tell_denied(expansion, path, "never-grant", *why);
    return;
  }
  if (const auto may = may_open(expansion); !may) {
    refuse(expansion, may.error());
    return;
  }
  if (!answered_before(expansion, path) && !over_the_limit(expansion, path)) {
    ask(std::move(expansion), path);
  }
}

void Approvals::ask(Expansion expansion, const std::string& path) {
  ApprovalQuestion question;
  question.id = ++last_id_;
  question.operation = sandbox::name_of(expansion.kind);
  question.path = path;
  question.object = printable_name(path);
  question.requested = printable_name(expansion.requested.substr(0, kMaxRequested));
  question.process = expansion.process;
  question.until = steady_clock::now() + bounds_.limits.patience;
  Json event = event_of(expansion, path);
  event.set("question", question.id);
  if (unasked_ > 0) {
    event.set("unasked_before", std::exchange(unasked_, 0));
  }
  if (!record("approval_asked", event, ledger::Durability::Durable)) {
    refuse(expansion);
    return;
  }
  Pending pending{std::move(expansion), std::move(question), nullptr};
  offer_to_save(pending);
  const std::uint64_t id = pending.question.id;
  const auto at = pending_.emplace(id, std::move(pending)).first;
  put(ApprovalQuestion(at->second.question));  // a backend may answer, and end it, at once
  collect();
  set_timer();
}

// offer_to_save makes the change that the scope Profile would write, or says why there is none.
void Approvals::offer_to_save(Pending& pending) const {
  ProfileOffer& offer = pending.question.offer;
  if (!bounds_.saver) {
    offer.why_not = "no person is asked";
    return;
  }
  const auto grant = grant_of(pending.expansion, pending.question.path);
  auto change = grant ? bounds_.saver->propose(*grant)
                      : Result<ProfileChange>(std::unexpected(grant.error()));
  offer.profile = printable(change ? change->path : bounds_.saver->path());
  if (change) {
    offer.diff = change->diff;
    pending.change = std::make_unique<const ProfileChange>(*std::move(change));
    return;
  }
  const std::string& mend = change.error().remedy();
  offer.why_not = printable(change.error().message() + (mend.empty() ? "" : " (" + mend + ")"));
}

void Approvals::put(const ApprovalQuestion& question) {
  bool waits = false;
  for (const auto& backend : backends_) {
    const auto taken = backend->put(question);
    if (taken == ApprovalBackend::Taken::Answered) {
      return;
    }
    waits = waits || taken == ApprovalBackend::Taken::Waits;
  }
  if (!waits) {
    finish(pending_.find(question.id), {.question = question.id, .why = "there is nobody to ask"},
           "nobody");
  }
}

void Approvals::collect() {
  for (const auto& backend : backends_) {
    for (const ApprovalReply& reply : backend->turn()) {
      hear(reply, backend->name());
    }
  }
}

void Approvals::hear(const ApprovalReply& reply, std::string_view backend) {
  const auto at = pending_.find(reply.question);
  if (at != pending_.end()) {  // else it was answered before, or is no longer asked
    finish(at, reply, backend);
  }
}

// objection: the caller must still wait, and the object must still be where it was shown to be, and
// still be nothing that is never granted. Only a person changes a profile, by what was shown.
std::optional<std::string> Approvals::objection(const Pending& pending,
                                                const ApprovalReply& reply) const {
  const Expansion& expansion = pending.expansion;
  if (!expansion.still_waiting()) {
    return "the call was interrupted";
  }
  if (expansion.path() != pending.question.path) {
    return "it was moved while the question stood";
  }
  if (reply.scope == ApprovalScope::Profile && (!reply.uid || !pending.change)) {
    return "there is no change of a profile that a person was shown";
  }
  return forbidden(expansion, pending.question.path);
}

void Approvals::finish(OpenQuestion at, const ApprovalReply& reply, std::string_view by) {
  const std::uint64_t id = at->first;
  const ObjectKey key = key_of(at->second.expansion);
  finish_one(at, reply, by);
  if (reply.scope != ApprovalScope::Once) {
    settle(key, id);
  }
}

// settle gives what was said for the session to the questions that are open about the same, each
// once and with a line of its own, as to those that come later.
void Approvals::settle(const ObjectKey& key, std::uint64_t answered) {
  for (auto at = pending_.begin(); at != pending_.end();) {
    const auto each = at++;
    const Expansion& expansion = each->second.expansion;
    const auto said =
        key_of(expansion) == key ? said_of(key, expansion.kind) : std::optional<Approval>();
    if (said) {
      finish_one(each,
                 {.question = each->first,
                  .approval = *said,
                  .why = "answered with question " + std::to_string(answered)},
                 "session");
    }
  }
}

// finish_one gives the answer; its line is on disk before it takes effect.
void Approvals::finish_one(OpenQuestion at, const ApprovalReply& reply, std::string_view by) {
  Pending pending = std::move(at->second);
  const ApprovalQuestion& question = pending.question;
  pending_.erase(at);
  for (const auto& backend : backends_) {
    backend->withdraw(question.id);
  }
  const bool said_yes = reply.approval == Approval::Allowed;
  const auto against = said_yes ? objection(pending, reply) : std::nullopt;
  const bool allowed = said_yes && !against;
  const bool saves = reply.scope == ApprovalScope::Profile;
  const ProfileChange* change = allowed && saves ? pending.change.get() : nullptr;
  std::string why = against.value_or(reply.why);
  Json event = answer_event(pending.expansion, question, reply, by);
  add_outcome(event, allowed, why, change);
  if (!record("approval", event, ledger::Durability::Durable)) {
    refuse(pending.expansion);
    why = "the audit log failed";
  } else {
    put_into_effect(pending, reply, against);
    why = change != nullptr ? save(question, *change) : why;
  }
  for (const auto& backend : backends_) {
    if (saves) {
      backend->conclude(question.id, why);
    }
  }
}

void Approvals::put_into_effect(Pending& pending, const ApprovalReply& reply,
                                const std::optional<std::string>& against) {
  const bool allowed = reply.approval == Approval::Allowed && !against;
  if (!allowed) {
    refuse(pending.expansion);
  } else {
    if (bounds_.saver) {
      bounds_.saver->note_allowed(pending.expansion, pending.question.path);
    }
    serve(pending.expansion);
  }
  if (reply.scope != ApprovalScope::Once && !against) {
    remember(pending.expansion, allowed ? Approval::Allowed : Approval::Denied);
  }
}

// save writes what was allowed for later runs, says what became of it, and gives why it could not
// be written: then it counts for the session all the same.
std::string Approvals::save(const ApprovalQuestion& question, const ProfileChange& change) {
  const auto saved = bounds_.saver->save(change);
  std::string why_not = saved ? "" : printable(saved.error().message());
  Json event{Json::Object{{"question", question.id}}};
  add_change(event, change);
  event.set("outcome", saved ? "saved" : "not-saved");
  if (!saved) {
    event.set("why", why_not);
  }
  record("approval_saved", event, ledger::Durability::Durable);
  const std::string profile = printable(change.path);
  bounds_.tell(saved ? "saved to " + profile + ": " + question.operation + " " + question.object
                     : "not saved to " + profile + ", it counts for this session: " + why_not);
  return why_not;
}

void Approvals::serve(Expansion& expansion) {
  if (expansion.kind == ExpansionKind::Connect) {
    if (const auto begun = connector_.begin(expansion); !begun) {
      refuse(expansion, begun.error());
    }
    return;
  }
  auto fd = open_expanded(expansion);
  if (!fd) {
    refuse(expansion, fd.error());
    return;
  }
  answers_.push_back({expansion.cookie, 0, *std::move(fd)});
}

void Approvals::remember(Expansion& expansion, Approval approval) {
  if (remembered_.size() >= kMaxRemembered) {
    return;  // it is asked again
  }
  const Access access = access_of(expansion.kind);
  Remembered& kept = remembered_[key_of(expansion)];
  Access& list = approval == Approval::Allowed ? kept.allowed : kept.denied;
  list = list | access;
  if (!kept.object.valid()) {
    kept.object = std::move(expansion.object);
  }
  if (expansion.kind == ExpansionKind::Create && approval == Approval::Allowed) {
    remember_made();
  }
}

// remember_made: who may make a file for the session may also write it again.
void Approvals::remember_made() {
  struct stat status{};
  if (answers_.empty() || !answers_.back().fd.valid() ||
      ::fstat(BorrowedFd(answers_.back().fd).raw(), &status) != 0) {
    return;
  }
  OwnedFd object(::open(sandbox::fd_path(answers_.back().fd).c_str(), O_PATH | O_CLOEXEC));
  if (object.valid()) {
    remembered_[{status.st_dev, status.st_ino, ""}] = {
        std::move(object), Access::read() | Access::write(), Access::none()};
  }
}

void Approvals::turn() {
  std::uint64_t ticks = 0;
  if (::read(BorrowedFd(timer_).raw(), &ticks, sizeof ticks) > 0) {
    look_at_time();
  }
  collect();
  std::ranges::move(connector_.finished(), std::back_inserter(answers_));
  set_timer();
}

// look_at_time ends the questions that nobody answered in time, and those of callers that are gone.
void Approvals::look_at_time() {
  std::vector<std::pair<std::uint64_t, std::string_view>> over;
  for (const auto& [id, pending] : pending_) {
    if (!pending.expansion.still_waiting()) {
      over.emplace_back(id, "the call was interrupted");
    } else if (steady_clock::now() >= pending.question.until) {
      over.emplace_back(id, "nobody answered in time");
    }
  }
  for (const auto& [id, why] : over) {
    finish(pending_.find(id), {.question = id, .why = std::string(why)}, "timeout");
  }
}

// set_timer lets the timer tick as long as anything waits; a tick under way is not put off.
void Approvals::set_timer() {
  if (ticking_ == !pending_.empty()) {
    return;
  }
  ticking_ = !pending_.empty();
  itimerspec tick{};
  if (ticking_) {
    tick.it_value.tv_nsec = kTickNanoseconds;
    tick.it_interval.tv_nsec = kTickNanoseconds;
  }
  static_cast<void>(::timerfd_settime(BorrowedFd(timer_).raw(), 0, &tick, nullptr));
}

std::vector<sandbox::Expanded> Approvals::take_answers() {
  return std::exchange(answers_, {});
}

}  // namespace nono::engine
