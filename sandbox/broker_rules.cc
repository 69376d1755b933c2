#include "sandbox/broker_rules.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <iterator>
#include <vector>

#include "base/files.h"
#include "sandbox/fast_gate.h"
#include "sandbox/folded_path.h"
#include "sandbox/gatekeeper.h"
#include "sandbox/name_rules.h"
#include "sandbox/subtree.h"
#include "sandbox/wire.h"
#include "trustpolicy/discover.h"

namespace nono::sandbox {

using trustpolicy::GuardClass;

namespace {

constexpr std::string_view kOutside = "outside-grants";
constexpr std::string_view kMetadataOutside = "metadata-outside-grants";
constexpr std::string_view kNotCovered = "no grant covers it for that";

// covered reports whether `canonical` is one of `places` or lies beneath one.
bool covered(const std::vector<std::string>& places, std::string_view canonical) {
  return std::ranges::any_of(places, [&](const std::string& place) {
    return place == "/" || (canonical.starts_with(place) &&
                            (canonical.size() == place.size() || canonical[place.size()] == '/'));
  });
}

BirthTime now() {
  timespec at{};
  static_cast<void>(::clock_gettime(CLOCK_REALTIME, &at));  // a clock that always exists
  return at.tv_sec * 1'000'000'000 + at.tv_nsec;
}

bool has_entry(const std::string& directory, std::string_view name) {
  struct stat status{};
  return ::lstat(join_path(directory, name).c_str(), &status) == 0;
}

// lies_under_policy reports whether a trust policy of the repository around `directory`, above it,
// holds there. A repository that begins in `directory` would end that.
bool lies_under_policy(std::string_view directory) {
  bool policy = false;
  for (std::string above(directory); above.size() > 1;) {
    above = std::string(directory_name(above));
    policy = policy || has_entry(above, trustpolicy::kPolicyFileName);
    if (has_entry(above, ".git")) {
      return policy;
    }
  }
  return false;
}

// answers_reads reads all of the file: where its server hangs, this process does, and not the
// supervisor, which reads it next.
bool answers_reads(BorrowedFd object) {
  std::array<char, 65536> piece{};
  off_t at = 0;
  ssize_t got = 0;
  while ((got = ::pread(object.raw(), piece.data(), piece.size(), at)) > 0) {
    at += got;
  }
  return got == 0;
}

}  // namespace

BrokerRules::BrokerRules(const BrokerConfig& config, OwnedFd ask, OwnedFd events)
    : config_(config), ask_(std::move(ask)), events_(std::move(events)), started_(now()) {}

void BrokerRules::know(std::span<const KnownObject> guarded) {
  for (const KnownObject& known : guarded) {
    guarded_.know(known);
    if (config_.fast != nullptr) {
      config_.fast->make_known(known.id.device, known.id.inode);
    }
  }
}

GuardClass BrokerRules::guard_of(const Touched& touched) const {
  const GuardClass found = config_.names->classify(touched.resolved);
  return touched.requested == touched.resolved
             ? found
             : std::max(found, config_.names->classify(touched.requested));
}

GuardClass BrokerRules::guard_of(const Touched& touched, const struct stat& status,
                                 const ObjectPlace& place) const {
  return std::max(guard_of(touched), recalled_class(status, place));
}

// recalled_class asks for the time of birth only where the number is known.
GuardClass BrokerRules::recalled_class(const struct stat& status, const ObjectPlace& place) const {
  const bool nameless = status.st_nlink == 0;
  Recalled of{.id = {status.st_dev, status.st_ino}};
  if (in_lane_ || guarded_.knows(of.id) || nameless) {
    of.born = birth_of(place);
  }
  const std::uint64_t found = recall(Recall::Class, of);
  return static_cast<GuardClass>(nameless ? std::max(found, recall(Recall::Removed, of)) : found);
}

std::uint64_t BrokerRules::recalled(Recall what, const Recalled& of) const {
  if (what == Recall::Made) {
    return own_.is_own(of) ? 1 : 0;
  }
  if (what == Recall::EverMade) {
    return own_.ever_own(of) ? 1 : 0;
  }
  if (what == Recall::Emptied) {
    return own_.was_emptied(of.path) ? 1 : 0;
  }
  return static_cast<std::uint64_t>(what == Recall::Removed
                                        ? guarded_.class_without_name(of.id, of.born)
                                        : guarded_.class_of(of.id, of.born));
}

std::uint64_t BrokerRules::recall(Recall what, const Recalled& of) const {
  if (!in_lane_) {
    return recalled(what, of);
  }
  WireWriter message;
  message.number(kLaneRecall)
      .number(static_cast<std::uint64_t>(what))
      .number(of.id.device)
      .number(of.id.inode)
      .number(static_cast<std::uint64_t>(of.born))
      .text(of.path);
  if (wire_send(ask_, message.bytes(), {})) {
    const auto answer = wire_receive(ask_);
    WireReader reader(answer ? answer->text : std::string_view());
    const std::uint64_t number = reader.number();
    if (reader.good()) {
      return number;
    }
  }
  ::_exit(1);  // nothing can be decided
}

void BrokerRules::remember(const struct stat& status, const ObjectPlace& place,
                           GuardClass guard_class) {
  change({.kind = StateChange::Kind::Remember,
          .id = {status.st_dev, status.st_ino},
          .guard_class = guard_class,
          .born = birth_of(place)});
  if (status.st_nlink == 0 && !hides_removed(place)) {
    forget(status);
  }
}

void BrokerRules::forget(const struct stat& status) {
  if (status.st_nlink <= 1) {
    change({.kind = StateChange::Kind::Forget, .id = {status.st_dev, status.st_ino}});
  }
}

void BrokerRules::change(const StateChange& change) {
  apply(change);
  tell_change(change);
}

void BrokerRules::apply(const StateChange& change) {
  switch (change.kind) {
    case StateChange::Kind::Remember:
      know(std::array{KnownObject{change.id, change.guard_class, change.born}});
      break;
    case StateChange::Kind::Forget:
      guarded_.forget_name(change.id);
      break;
    case StateChange::Kind::Made:
      own_.made({change.id, change.path, change.born});
      break;
    case StateChange::Kind::MovedAway:
      own_.moved_away({change.id, change.path, change.born});
      break;
    case StateChange::Kind::Removed:
      own_.removed({change.id, change.path, change.born});
      break;
    case StateChange::Kind::Lost:
      ++lost_;
      break;
    case StateChange::Kind::UseLost:
      use_lost_ = true;
      break;
    default:  // none of the rules
      break;
  }
}

void BrokerRules::in_lane(OwnedFd channel) {
  ask_ = std::move(channel);
  in_lane_ = true;
  own_.in_other_process();
}

void BrokerRules::tell_change(const StateChange& change) const {
  if (!in_lane_) {
    return;
  }
  WireWriter message;
  message.number(kLaneChange)
      .number(static_cast<std::uint64_t>(change.kind))
      .number(change.id.device)
      .number(change.id.inode)
      .number(static_cast<std::uint64_t>(change.guard_class))
      .number(static_cast<std::uint64_t>(change.born))
      .text(change.path);
  if (!wire_send(ask_, message.bytes(), {})) {
    ::_exit(1);  // what the broker would not know must not be done
  }
}

// relayed asks the supervisor what a lane asks.
WireMessage BrokerRules::relayed(const WireMessage& question) {
  std::array<int, 1> fds{question.fds.empty() ? -1 : BorrowedFd(question.fds.front()).raw()};
  if (question.fds.size() == 1 && wire_send(ask_, question.text, fds) && answered()) {
    if (auto answer = wire_receive(ask_)) {
      return *std::move(answer);
    }
  }
  WireWriter none;
  none.number(EACCES);
  return {none.bytes(), {}};
}

bool BrokerRules::hear_lane(BorrowedFd channel, std::optional<StateChange>& of_others) {
  const auto message = wire_receive(channel);
  if (!message) {
    return false;
  }
  WireReader reader(message->text);
  const std::uint64_t kind = reader.number();
  if (kind == kLaneChange) {
    StateChange change{.kind = static_cast<StateChange::Kind>(reader.number())};
    change.id.device = reader.number();
    change.id.inode = reader.number();
    change.guard_class = static_cast<GuardClass>(reader.number());
    change.born = static_cast<BirthTime>(reader.number());
    change.path = reader.text();
    own_.always_ask();
    apply(change);
    if (change.kind >= StateChange::Kind::Bound) {
      of_others = change;
    }
    return true;
  }
  if (kind == kLaneRecall) {
    const auto what = static_cast<Recall>(reader.number());
    Recalled of{.id = {.device = reader.number(), .inode = reader.number()}};
    of.born = static_cast<BirthTime>(reader.number());
    const std::string path(reader.text());
    of.path = path;
    WireWriter answer;
    answer.number(recalled(what, of));
    return wire_send(channel, answer.bytes(), {}).has_value();
  }
  const WireMessage answer = relayed(*message);
  const std::array<int, 1> fds{answer.fds.empty() ? -1 : BorrowedFd(answer.fds.front()).raw()};
  return wire_send(channel, answer.text, std::span(fds).first(answer.fds.empty() ? 0 : 1))
      .has_value();
}

bool BrokerRules::answered() {
  constexpr auto kTick = static_cast<int>(SupervisorWatch::kTick.count());
  if (comes_soon(ask_)) {
    return true;
  }
  for (;;) {
    pollfd watched{BorrowedFd(ask_).raw(), POLLIN, 0};
    const int ready = ::poll(&watched, 1, kTick);
    if (ready > 0) {
      return true;
    }
    // The caller of this very question is not stopped, so that no stop is excused.
    if (supervisor_.stopped_too_long(SupervisorWatch::Clock::now(), false)) {
      return false;
    }
  }
}

Answer<OwnedFd> BrokerRules::ask(std::uint64_t question, const Call& call, BorrowedFd object,
                                 const Touched& touched, GuardClass guard_class) {
  WireWriter message;
  const auto process = call.thread.process();
  message.number(question)
      .number(process ? static_cast<std::uint64_t>(*process) : 0)
      .number(static_cast<std::uint64_t>(guard_class))
      .text(touched.requested)
      .text(touched.resolved);
  const std::array<int, 1> fds{object.raw()};
  if (!wire_send(ask_, message.bytes(), fds)) {
    return std::unexpected(EACCES);
  }
  if (!answered()) {
    return std::unexpected(EACCES);
  }
  auto answer = wire_receive(ask_);
  if (!answer) {
    return std::unexpected(EACCES);
  }
  WireReader reader(answer->text);
  const auto code = static_cast<int>(reader.number());
  if (!reader.good() || code != 0) {
    return std::unexpected(reader.good() ? code : EACCES);
  }
  return answer->fds.empty() ? OwnedFd() : std::move(answer->fds.front());
}

Answer<OwnedFd> BrokerRules::read_verdict(const Call& call, BorrowedFd object,
                                          const Touched& touched, GuardClass guard_class) {
  if (in_lane_ && !answers_reads(object)) {
    return std::unexpected(EIO);
  }
  auto fd = ask(kAskRead, call, object, touched, guard_class);
  if (fd && !fd->valid()) {
    return std::unexpected(EACCES);
  }
  return fd;
}

Answer<void> BrokerRules::change_verdict(const Call& call, BorrowedFd object,
                                         const Touched& touched, GuardClass guard_class) {
  if (config_.edit == InstructionEdit::Allowed) {
    return {};
  }
  const Touched listed{listed_path(touched.resolved), touched.requested};  // as it was signed
  const auto answer = ask(kAskChange, call, object, listed, guard_class);
  if (!answer) {
    return std::unexpected(answer.error());
  }
  return {};
}

// made: where it cannot be told, the directory counts as made once, and not as the agent's own now.
bool BrokerRules::made(const std::string& directory, Recall how) const {
  if (directory.empty() || (!in_lane_ && own_.none())) {
    return false;
  }
  const OwnedFd object(::open(directory.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  return object.valid() && ::fstat(BorrowedFd(object).raw(), &status) == 0
             ? recall(how, {{status.st_dev, status.st_ino}, directory, origin_of({object})}) != 0
             : how == Recall::EverMade;
}

bool BrokerRules::exempt(const ProtectedMatch& match) const {
  const bool own_project = recall(Recall::Emptied, {.path = match.root}) == 0;
  return (own_project && made(match.root, Recall::Made)) ||
         made(match.git_directory, Recall::Made) || made(match.worktree, Recall::Made);
}

bool BrokerRules::ever_own(const ProtectedMatch& match) const {
  return made(match.root, Recall::EverMade) || made(match.git_directory, Recall::EverMade) ||
         made(match.worktree, Recall::EverMade);
}

Answer<void> BrokerRules::may_write_name(const Call& call, std::string_view canonical, mode_t makes,
                                         std::string_view operation, mode_t object) {
  const ProtectedMatch match = protection_of(canonical, config_.homes);
  const bool protects = refuses_name(match, canonical, makes, object);
  const bool ends_policy = !protects && match.protection == Protection::Node &&
                           canonical == match.git_directory && lies_under_policy(match.root);
  if ((!protects && !ends_policy) || exempt(match)) {
    return {};
  }
  report(call, operation, canonical, "protected-name",
         protects ? match.why : "a repository here would end what the trust policy above it says");
  return std::unexpected(EACCES);
}

void BrokerRules::made_directory(const DirectoryAt& made) {
  change(change_of(StateChange::Kind::Made, made));
}

void BrokerRules::moved_away(const DirectoryAt& moved) {
  change(change_of(StateChange::Kind::MovedAway, moved));
}

void BrokerRules::removed_directory(const DirectoryAt& removed) {
  change(change_of(StateChange::Kind::Removed, removed));
}

void BrokerRules::replaced_directory(const DirectoryAt& replaced) {
  if (recall(Recall::EverMade, recalled_at(replaced, replaced.canonical)) == 0) {
    removed_directory(replaced);
  }
}

// keeps reports whether the name, which exists, must stay in the kept tree that it lies in, or is
// the tree or above it, in whatever spelling. A file system that keeps no time of birth has nothing
// that is new.
bool BrokerRules::keeps(const std::string& canonical) const {
  const std::string name = folded_path(canonical);
  std::vector<std::string> trees;
  std::ranges::transform(config_.kept_trees, std::back_inserter(trees), folded_path);
  const bool holds_one =
      std::ranges::any_of(trees, [&](const std::string& tree) { return covered({name}, tree); });
  if (holds_one || !covered(trees, name)) {
    return holds_one;
  }
  const BirthTime born = birth_of({BorrowedFd::unowned(AT_FDCWD), canonical.c_str()});
  return born == 0 || born < started_;
}

Answer<void> BrokerRules::refuse_kept(const Call& call, std::string_view operation,
                                      const std::string& canonical) {
  report(call, operation, canonical, "kept-tree", "what was there before the session is kept");
  return std::unexpected(EACCES);
}

Answer<void> BrokerRules::may_remove(const Call& call, const std::string& canonical) {
  return config_.kept_trees.empty() || !keeps(canonical) ? Answer<void>()
                                                         : refuse_kept(call, "remove", canonical);
}

Answer<void> BrokerRules::may_move(const Call& call, const std::string& from,
                                   const std::string& to) {
  const auto stays = [&](const std::string& tree) {
    return from.size() > tree.size() && covered({tree}, from) && covered({tree}, to);
  };
  const bool free =
      config_.kept_trees.empty() || std::ranges::any_of(config_.kept_trees, stays) || !keeps(from);
  return free ? Answer<void>() : refuse_kept(call, "rename", from);
}

bool BrokerRules::moves_as_own(const DirectoryAt& moved, const std::string& to) const {
  return recall(Recall::Made, recalled_at(moved, to)) != 0 &&
         recall(Recall::Emptied, {.path = to}) == 0;
}

bool BrokerRules::protected_name(std::string_view canonical) const {
  const ProtectedMatch match = protection_of(canonical, config_.homes);
  return match.protection == Protection::Content && !exempt(match);
}

bool BrokerRules::lacks_grant(std::string_view canonical, Access wanted) const {
  return canonical.starts_with('/') && !config_.capabilities->access_at(canonical).has(wanted);
}

void BrokerRules::outside(const Call& call, std::string_view operation, std::string_view canonical,
                          Access wanted) {
  if (lacks_grant(canonical, wanted)) {
    report_once(call, operation, canonical, kOutside, kNotCovered);
  }
}

void BrokerRules::hidden(const Call& call, std::string_view operation, std::string_view path,
                         std::string_view witness, Access wanted) {
  if (lacks_grant(witness, wanted) && met_first(operation, path)) {
    const bool metadata = operation == "metadata";
    tell_refusal(call,
                 {operation, path, metadata ? kMetadataOutside : kOutside, kNotCovered, witness});
  }
}

void BrokerRules::outside_name(const Call& call, std::string_view operation,
                               std::string_view canonical) {
  if (!config_.capabilities->access_at(directory_name(canonical)).has(Access::write())) {
    report_once(call, operation, canonical, kOutside, "no grant covers its directory for writing");
  }
}

// met_first: nothing was told yet of this operation on this object, and there is room to remember.
bool BrokerRules::met_first(std::string_view operation, std::string_view object) {
  constexpr std::size_t kSpread = 0x9E3779B97F4A7C15ULL;
  const std::hash<std::string_view> hash;
  const std::size_t key = hash(object) ^ (hash(operation) * kSpread);
  return reported_.size() < kMaxReported && reported_.insert(key).second;
}

void BrokerRules::report_once(const Call& call, std::string_view operation, std::string_view object,
                              std::string_view rule, std::string_view why) {
  if (met_first(operation, object)) {
    report(call, operation, object, rule, why);
  }
}

void BrokerRules::used(std::string_view operation, std::string_view object) {
  constexpr int kPatience = 1000;  // milliseconds
  if (!config_.record || used_.size() > kMaxUsed ||
      !used_.insert(std::string(operation).append(" ").append(object)).second) {
    return;
  }
  const bool full = used_.size() > kMaxUsed;
  WireWriter message;
  message.number(kEventUsed)
      .number(0)
      .text(full ? kUsedTooMuch : operation)
      .text(object.substr(0, PATH_MAX));
  if (wire_send(events_, message.bytes(), {})) {
    return;
  }
  pollfd room{events_.valid() ? BorrowedFd(events_).raw() : -1, POLLOUT, 0};
  ::poll(&room, 1, kPatience);
  if (!wire_send(events_, message.bytes(), {})) {
    change({.kind = StateChange::Kind::UseLost});
  }
}

bool BrokerRules::is_used(std::string_view object) const {
  static constexpr std::array<std::string_view, 5> kUses{"read", "write", "list", "execute",
                                                         "name"};
  return std::ranges::any_of(kUses, [&](std::string_view operation) {
    return used_.contains(std::string(operation).append(" ").append(object));
  });
}

void BrokerRules::report(const Call& call, std::string_view operation, std::string_view object,
                         std::string_view rule, std::string_view why) {
  tell_refusal(call, {operation, object, rule, why});
}

void BrokerRules::tell_refusal(const Call& call, const RefusalTexts& texts) {
  WireWriter message;
  const auto process = call.thread.process();
  message.number(texts.witness.empty() ? kEventRefused : kEventHidden)
      .number(process ? static_cast<std::uint64_t>(*process) : 0)
      .text(texts.operation)
      .text(texts.object.substr(0, 4096))
      .text(texts.rule)
      .text(texts.why)
      .text(texts.witness.substr(0, 4096));
  // The channel does not block: a flood of refusals costs lines of the log, not the agent's time.
  // How many it cost is told, or what the agent wants to hide could be lost in one.
  if (!tell_lost() || !wire_send(events_, message.bytes(), {})) {
    change({.kind = StateChange::Kind::Lost});
  }
}

// tell_lost: what a lane lost the broker counts.
bool BrokerRules::tell_lost() {
  if (in_lane_) {
    return true;
  }
  if (use_lost_) {
    WireWriter message;
    message.number(kEventUsed).number(0).text(kUsedTooMuch).text("");
    use_lost_ = !wire_send(events_, message.bytes(), {});
  }
  if (lost_ == 0) {
    return !use_lost_;
  }
  WireWriter message;
  message.number(kEventLost).number(lost_);
  if (!wire_send(events_, message.bytes(), {})) {
    return false;
  }
  lost_ = 0;
  return true;
}

}  // namespace nono::sandbox
