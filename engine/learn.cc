#include "engine/learn.h"

#include <array>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "engine/object.h"
#include "engine/use_recorder.h"
#include "engine/why_place.h"
#include "profile/variables.h"
#include "sandbox/mount_view.h"

namespace nono::engine {
namespace {

using profile::UsedAs;
using sandbox::Access;

// port_of takes "TCP port 443"; 0 where it is none.
std::uint16_t port_of(std::string_view object) {
  constexpr std::string_view kPrefix = "TCP port ";
  std::uint16_t port = 0;
  if (object.starts_with(kPrefix)) {
    object.remove_prefix(kPrefix.size());
    std::from_chars(object.data(), object.data() + object.size(), port);
  }
  return port;
}

class Recorder final : public UseRecorder {
 public:
  void used(const sandbox::Use& use) override {
    static constexpr std::pair<std::string_view, UsedAs> kKinds[] = {
        {"read", UsedAs::Read}, {"write", UsedAs::Write}, {"execute", UsedAs::Execute},
        {"list", UsedAs::List}, {"name", UsedAs::Name},   {"away", UsedAs::Away}};
    for (const auto& [operation, as] : kKinds) {
      if (use.operation == operation) {
        uses_.paths.push_back({use.object, as});
      }
    }
    if (use.operation == "way") {
      ways_.push_back(use.object);
    } else if (use.operation == "socket") {
      uses_.sockets.insert(use.object);
    }
    complete_ = complete_ && use.operation != sandbox::kUsedTooMuch;
    uses_.datagrams = uses_.datagrams || use.operation == "datagram";
    const std::uint16_t port = port_of(use.object);
    if (use.operation == "connect" && port != 0) {
      uses_.connected.insert(port);
    } else if (use.operation == "listen" && port != 0) {
      uses_.listened.insert(port);
    }
    uses_.free_ports = uses_.free_ports || (use.operation == "listen" && port == 0);
  }

  void wanted(const sandbox::Refusal& refusal) override {
    constexpr std::size_t kMaxRefused = 100;
    if (refused_.size() < kMaxRefused) {
      refused_.push_back("refused while it was learned: " + refusal.operation + " " +
                         printable(refusal.object) + ": " + refusal.rule);
    }
  }

  const profile::Uses& uses() const { return uses_; }
  const std::vector<std::string>& ways() const { return ways_; }
  const std::vector<std::string>& refused() const { return refused_; }
  bool complete() const { return complete_; }

 private:
  profile::Uses uses_;
  std::vector<std::string> ways_;
  std::vector<std::string> refused_;
  bool complete_ = true;
};

// why_denied says what the profile that is extended has against a grant of `path`; a grant of a
// directory is one of all that it holds.
std::string why_denied(const std::vector<profile::ComposedDenial>& denials,
                       const std::string& path) {
  for (const profile::ComposedDenial& denial : denials) {
    for (const std::string& denied : {denial.path, resolved_path(denial.path)}) {
      if (beneath(denied, path)) {
        return "it lies in what is denied (" + denial.origin + ")";
      }
      if (beneath(path, denied)) {
        return "it holds what is denied (" + denial.origin + ")";
      }
    }
  }
  return {};
}

// is_found: a run with what is known already leads by that name to what it led to here.
bool is_found(const sandbox::MountView& view, const std::string& way) {
  const auto shows = [&view](std::string_view path) { return view.shows(path); };
  return hidden_on_way("/", way, LastName::Follow, shows).empty();
}

using UsesOfPaths = std::map<std::string, std::set<UsedAs>>;

// add_way adds the uses of `path`, of its name or of what it names, by another name.
void add_way(profile::Uses& uses, const UsesOfPaths& known, const std::string& way,
             const std::string& path, bool of_name) {
  const auto met = known.find(path);
  if (path == way || met == known.end()) {
    return;
  }
  for (const UsedAs as : met->second) {
    if ((as == UsedAs::Name || as == UsedAs::Away) == of_name) {
      uses.paths.push_back({.path = way, .as = as, .way = true});
    }
  }
}

// add_ways adds what was used by the names that led there over a link.
void add_ways(profile::Uses& uses, const std::vector<std::string>& ways,
              const sandbox::MountView& view) {
  UsesOfPaths known;
  for (const profile::UsedPath& use : uses.paths) {
    known[use.path].insert(use.as);
  }
  for (const std::string& way : ways) {
    if (!is_found(view, way)) {
      const std::string directory = resolved_path(std::string(directory_name(way)));
      add_way(uses, known, way, resolved_path(way), false);
      add_way(uses, known, way, join_path(directory, base_name(way)), true);
    }
  }
}

profile::Learned proposal(const Recorder& recorder, const RunPlan& known,
                          const LearnRequest& request) {
  profile::LearnView view;
  view.variables =
      profile::variables_from(caller_environment(), known.user.home, request.run.working_directory);
  view.granted = [&known](std::string_view path) { return known.capabilities.access_at(path); };
  view.forbidden = [&](const std::string& path, Access access) -> std::string {
    const auto use =
        access.has(Access::write()) ? profile::GrantUse::Writing : profile::GrantUse::Reading;
    const auto never = known.never_grant.find(path, use);
    return never ? "it is never granted: " + std::string(never->why)
                 : why_denied(request.known.denials, path);
  };
  profile::Uses uses = recorder.uses();
  add_ways(uses, recorder.ways(),
           sandbox::MountView::of(known.capabilities,
                                  std::array{request.run.working_directory, known.user.home}));
  profile::Learned out = profile::generalise(uses, view, request.name, request.extends);
  out.notes.insert(out.notes.end(), recorder.refused().begin(), recorder.refused().end());
  return out;
}

}  // namespace

Result<LearnResult> learn(LearnRequest request, const Clock& clock, Teller& teller) {
  NONO_TRY(const RunPlan known, compose_run(request.known, {}));
  Recorder recorder;
  request.run.recorder = &recorder;
  auto outcome = run(request.run, clock, teller);
  if (!outcome) {
    return std::unexpected(std::move(outcome).error());
  }
  LearnResult out{.outcome = *std::move(outcome), .learned = {}, .complete = recorder.complete()};
  if (std::holds_alternative<RunResult>(out.outcome)) {
    out.learned = proposal(recorder, known, request);
  }
  return out;
}

}  // namespace nono::engine
