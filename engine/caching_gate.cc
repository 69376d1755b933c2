// engine/caching_gate.cc: judgements kept for as long as nothing that they rest on has changed.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <utility>

#include "engine/gate.h"

namespace nono::engine {
namespace {

using trustpolicy::GuardClass;

std::int64_t now_ns() {
  struct timespec now{};
  static_cast<void>(::clock_gettime(CLOCK_REALTIME, &now));  // cannot fail for this clock
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// State gathers what a judgement rests on into one comparable string.
class State {
 public:
  void add(const FileId& id) {
    char bytes[sizeof id];
    std::memcpy(bytes, &id, sizeof id);
    text_.append(bytes, sizeof bytes);
    settled_at_ = std::max(settled_at_, CachingGate::settled_at(id.ctime_ns));
  }
  // look adds the state of `path`, or its absence; it reports whether something is there.
  bool look(const std::string& path) {
    struct stat status{};
    if (::fstatat(AT_FDCWD, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      text_.push_back('-');
      return false;
    }
    text_.push_back('+');
    add(file_id_of(status));
    return true;
  }
  // mark adds only whether `path` is there.
  bool mark(const std::string& path) {
    struct stat status{};
    const bool there = ::fstatat(AT_FDCWD, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    text_.push_back(there ? '1' : '0');
    return there;
  }
  bool settled() const { return settled_at_ < now_ns(); }
  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
  std::int64_t settled_at_ = 0;
};

// The places of attest::find_evidence, all of them: up to the repository root, and outside a
// repository wherever a trust-policy.json could move the end of the search. What is returned says
// the same in fewer looks: a directory changes with what names it holds, and what is there itself.
std::vector<std::string> look_at_evidence(const std::string& path, State& state) {
  std::string probe = path;
  probe.append(attest::kSidecarSuffix);
  state.look(probe);
  std::vector<std::string> places{std::move(probe)};
  std::string directory(directory_name(path));
  while (true) {
    places.push_back(directory);
    std::string bundle = join_path(directory, attest::kMultiBundleName);
    if (state.look(bundle)) {
      places.push_back(std::move(bundle));
    }
    if (state.mark(join_path(directory, ".git")) || directory == "/") {
      return places;
    }
    state.mark(join_path(directory, "trust-policy.json"));
    directory = std::string(directory_name(directory));
  }
}

// state_of is that of an object and of places; nothing where one of them has changed too lately for
// the next change to show.
std::optional<std::string> state_of(const FileId& id, const std::vector<std::string>& places) {
  State state;
  state.add(id);
  for (const std::string& place : places) {
    state.look(place);
  }
  return state.settled() ? std::optional(std::move(state).take()) : std::nullopt;
}

}  // namespace

// A time without a part of a second is that of a file system that keeps no such part: one in a
// thousand million is it by chance, and is looked at for longer.
std::int64_t CachingGate::settled_at(std::int64_t ctime_ns) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::chrono::nanoseconds settling = ctime_ns % kSecond == 0 ? kCoarse : kSettling;
  return ctime_ns + settling.count();
}

// What is kept about an older state of the same object will never be asked for again.
void CachingGate::make_room(const FileId& id) {
  auto older = cache_.lower_bound(FileId{.device = id.device, .inode = id.inode});
  while (older != cache_.end() && older->first.device == id.device &&
         older->first.inode == id.inode) {
    older = cache_.erase(older);
  }
  if (cache_.size() >= kMaxEntries) {
    cache_.erase(cache_.begin());
  }
}

// watch keeps what unchanged compares: taken before the evidence is looked at once more, so that
// what changes in between shows in the next comparison.
void CachingGate::watch(Entry& entry, const FileId& id, std::vector<std::string> places) {
  const std::optional<std::string> before = state_of(id, places);
  State again;
  again.add(id);
  static_cast<void>(look_at_evidence(entry.judgement.path, again));
  if (before && std::move(again).take() == entry.evidence_state) {
    entry.watched = std::move(places);
    entry.watched_state = *before;
  }
}

bool CachingGate::unchanged(const Entry& entry, const FileId& id) {
  return !entry.watched.empty() && state_of(id, entry.watched) == entry.watched_state;
}

const Judgement& CachingGate::judge(BorrowedFd object, const std::string& path,
                                    GuardClass guard_class) {
  const Result<struct stat> status = status_of(object, path);
  const FileId id = status ? file_id_of(*status) : FileId{};
  const auto hit = cache_.find(id);
  const bool asked_before = status.has_value() && hit != cache_.end() &&
                            hit->second.guard_class == guard_class &&
                            hit->second.judgement.path == path;
  if (asked_before && unchanged(hit->second, id)) {
    return hit->second.judgement;
  }
  State state;
  state.add(id);
  std::vector<std::string> places = look_at_evidence(path, state);
  const bool settled = status.has_value() && state.settled();
  std::string evidence_state = settled ? std::move(state).take() : std::string();
  if (asked_before && settled && hit->second.evidence_state == evidence_state) {
    watch(hit->second, id, std::move(places));
    return hit->second.judgement;
  }
  Judgement judged = gate_.judge(object, path, guard_class);
  make_room(id);
  const auto [entry, added] =
      cache_.insert_or_assign(id, Entry{.guard_class = guard_class,
                                        .evidence_state = std::move(evidence_state),
                                        .judgement = std::move(judged)});
  return entry->second.judgement;
}

}  // namespace nono::engine
