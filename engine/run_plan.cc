#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "base/files.h"
#include "base/mount_names.h"
#include "base/text.h"
#include "engine/destinations.h"
#include "engine/granted_sockets.h"
#include "engine/learn.h"
#include "engine/object.h"
#include "engine/project_places.h"
#include "engine/run.h"
#include "engine/run_credentials.h"
#include "engine/run_tool.h"
#include "engine/wanted_paths.h"
#include "profile/environment.h"
#include "profile/system_grants.h"
#include "sandbox/own_namespaces.h"
#include "trustpolicy/discover.h"

namespace nono::engine {

using sandbox::Access;
using sandbox::CapabilitySet;

namespace {

Result<profile::NeverGrantList> never_list(const RunRequest& request, const UserDirectories& user) {
  std::vector<std::string> overrides;
  overrides.reserve(request.override_never_grant.size());
  for (const std::string& path : request.override_never_grant) {
    overrides.push_back(absolute_in(request.working_directory, path));
  }
  return profile::NeverGrantList::for_places(protected_places(user), overrides);
}

// meets reports under which name a grant and what is denied are one, or one in the other.
std::optional<std::string> meets(const std::string& denied, const std::string& granted,
                                 const MountNames& mounts) {
  const auto one = [&](const std::string& name) {
    return beneath(denied, name) || beneath(name, denied);
  };
  if (one(granted)) {
    return granted;
  }
  for (MountNames::Name& other : mounts.of(granted)) {
    if (one(other.path)) {
      return std::move(other.path);
    }
  }
  return std::nullopt;
}

Error denied_meets(const profile::ComposedDenial& denial, const std::string& denied,
                   const sandbox::PathGrant& grant, const std::string& name) {
  const std::string mount = name == grant.shown_as
                                ? ""
                                : "; by a mount it has " + printable(name) + " under another name";
  return Error(ErrorKind::Usage, denial.origin + ": " + printable(denied) +
                                     " is denied, and meets the grant of " +
                                     printable(grant.shown_as) + " (" + grant.origin + ")" + mount)
      .mend_with("leave out one of the two");
}

// check_denials: Landlock cannot take a part out of a grant, so what a profile denies must not
// meet one, by whomever it is given and whatever a mount calls it.
Result<void> check_denials(const RunPlan& plan, const RunRequest& request) {
  if (request.denials.empty()) {
    return {};
  }
  NONO_TRY(const MountNames mounts, MountNames::read());
  for (const profile::ComposedDenial& denial : request.denials) {
    const std::string denied = resolved_path(denial.path);
    for (const sandbox::PathGrant& grant : plan.capabilities.paths()) {
      if (const auto name = meets(denied, grant.shown_as, mounts)) {
        return std::unexpected(denied_meets(denial, denied, grant, *name));
      }
    }
  }
  return {};
}

std::string switched_off() {
  const std::string setting = sandbox::namespace_switch();
  return setting.empty() ? "" : " (" + setting + ")";
}

std::string allow_namespaces() {
  return "allow user namespaces" + switched_off();
}

// choose_own_network tries whether a namespace can be made before anything is said of one.
Result<void> choose_own_network(RunPlan& plan, const RunRequest& request) {
  if (request.own_network == NamespaceWish::Off) {
    return {};
  }
  if (request.network != NetworkWish::Block) {
    return request.own_network == NamespaceWish::Auto
               ? Result<void>()
               : std::unexpected(Error(ErrorKind::Usage,
                                       "--net-namespace=on: there is nothing in a network of the "
                                       "sandbox's own, and this run is to have one")
                                     .mend_with("use it with --block-net"));
  }
  const int why = sandbox::try_own_network();
  if (why == 0) {
    plan.own_network = sandbox::OwnNetwork::Yes;
    return {};
  }
  const std::string cause = Error::from_errno(why, "no network namespace can be made").message();
  if (request.own_network == NamespaceWish::On) {
    return std::unexpected(Error(ErrorKind::Unsupported, "--net-namespace=on: " + cause)
                               .mend_with("use --net-namespace=auto, or " + allow_namespaces()));
  }
  plan.notes.push_back(cause + switched_off() + ": Landlock and seccomp block the network");
  return {};
}

// view_is_useless says why a view of the sandbox's own would be of no use, or in the way.
std::string view_is_useless(const RunPlan& plan, const RunRequest& request) {
  if (request.recorder != nullptr) {
    return "learn looks at everything";
  }
  if (request.approvals.any()) {
    return "--approve: nobody would ask for what cannot be seen";
  }
  return plan.capabilities.access_at("/") == Access::none() ? "" : "everything is granted";
}

// choose_view comes when all is granted, and tries before anything is said of a view.
Result<void> choose_view(RunPlan& plan, const RunRequest& request) {
  if (request.wish_for_mounts() == NamespaceWish::Off) {
    return {};
  }
  const bool must = request.wish_for_mounts() == NamespaceWish::On;
  if (const std::string why = view_is_useless(plan, request); !why.empty()) {
    return must ? std::unexpected(Error(ErrorKind::Usage, "--mount-namespace=on: " + why)
                                      .mend_with("leave one of the two out"))
                : Result<void>();
  }
  if (const int why = sandbox::try_own_mounts(); why != 0) {
    const std::string cause = Error::from_errno(why, "no mount namespace can be made").message();
    if (must) {
      return std::unexpected(
          Error(ErrorKind::Unsupported, "--mount-namespace=on: " + cause)
              .mend_with("use --mount-namespace=auto, or " + allow_namespaces()));
    }
    plan.notes.push_back(cause + switched_off() +
                         ": that a path outside the grants exists can be seen");
    return {};
  }
  plan.view = sandbox::MountView::of(plan.capabilities,
                                     std::array{request.working_directory, plan.user.home});
  return {};
}

}  // namespace

void RunPlan::show_way_to(const std::string& program, const std::string& working_directory) {
  if (view) {
    view->show_way(program.starts_with('/') ? program : join_path(working_directory, program));
  }
}

namespace {

Result<void> set_network(RunPlan& plan, const RunRequest& request) {
  CapabilitySet& capabilities = plan.capabilities;
  NONO_CHECK(choose_own_network(plan, request));
  if (request.network == NetworkWish::Block) {
    capabilities.block_network();
  } else if (request.limits_network()) {
    sandbox::NetworkPorts ports = request.ports;
    NONO_TRY(ports.destinations, resolve_destinations(request.connect_to, plan.notes));
    capabilities.allow_ports(std::move(ports));
  } else {
    capabilities.allow_all_network(sandbox::NoNetworkFilter::i_accept_exfiltration_risk());
  }
  return {};
}

// check_opened: a link that was turned after it was looked at leads nowhere, either.
Result<void> check_opened(const CapabilitySet& capabilities, const std::string& path,
                          const profile::NeverGrantList& never) {
  for (const sandbox::PathGrant& grant : capabilities.paths()) {
    if (grant.shown_as != path && std::ranges::find(grant.asked, path) != grant.asked.end()) {
      auto fine = never.check(grant.shown_as, profile::GrantUse::Reading);
      if (!fine) {
        return std::unexpected(
            std::move(fine).error().while_doing("git's settings: " + printable(path)));
      }
    }
  }
  return {};
}

// add_user_settings grants the settings that git reads in every command: one that it may not read
// is fatal to it. What is not there is left out, and a link to what is never granted.
Result<void> add_user_settings(RunPlan& plan, const profile::NeverGrantList& never) {
  for (const std::string_view name :
       {".gitconfig", ".config/git/config", ".config/git/ignore", ".config/git/attributes"}) {
    const std::string path = join_path(plan.user.home, name);
    const std::string real = resolved_path(path);
    if (real != path && never.find(real, profile::GrantUse::Reading)) {
      plan.notes.push_back("git's settings: " + printable(path) + " leads to " + printable(real) +
                           ", which is never granted, and was left out");
      continue;
    }
    static_cast<void>(plan.capabilities.allow_path(path, Access::read(), "built in: git's settings",
                                                   sandbox::WantedKind::File));
    NONO_CHECK(check_opened(plan.capabilities, path, never));
  }
  return {};
}

// add_pseudo_terminals: a kernel with Landlock judges TIOCGPTPEER as an open beneath /dev/pts. By
// path the broker lets each process open its own terminal only.
void add_pseudo_terminals(CapabilitySet& out, const RunRequest& request) {
  if (request.supervision == Supervision::Kept) {
    static_cast<void>(out.allow_path("/dev/pts", Access::read() | Access::write(),
                                     "built in: pseudo-terminals of the agent's own making",
                                     sandbox::WantedKind::Directory));
  }
}

Result<void> add_grants(RunPlan& plan, const RunRequest& request, const SessionPlaces& places,
                        const profile::NeverGrantList& never) {
  CapabilitySet& out = plan.capabilities;
  profile::SystemGrantOptions system;
  system.private_tmp = places.private_tmp;
  system.own_terminal = places.own_terminal;
  NONO_CHECK(profile::add_system_grants(out, never, system));
  NONO_CHECK(add_user_settings(plan, never));
  add_pseudo_terminals(out, request);
  NONO_CHECK(add_wanted(plan, request, places, never));
  return request.recorder != nullptr ? grant_all_but(out, never, "/") : Result<void>();
}

Result<void> add_capabilities(RunPlan& plan, const RunRequest& request, const SessionPlaces& places,
                              const profile::NeverGrantList& never) {
  NONO_CHECK(add_grants(plan, request, places, never));
  NONO_CHECK(set_network(plan, request));
  NONO_CHECK(check_denials(plan, request));
  return choose_view(plan, request);
}

// hold_back: a program that is named by a path must be there, and is known by where it really lies.
Result<void> hold_back(RunPlan& plan, const RunRequest& request) {
  std::vector<std::string> blocked;
  for (const std::string& name : request.block_commands) {
    if (!name.contains('/')) {
      blocked.push_back(name);
      continue;
    }
    const std::string path = resolved_path(absolute_in(request.working_directory, name));
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
      return std::unexpected(
          Error(ErrorKind::Usage, "--block-command " + printable(name) + ": there is no such file")
              .mend_with("give a program's name, or the path of one that is there"));
    }
    blocked.push_back(path);
  }
  plan.commands = sandbox::held_commands(blocked, request.allow_commands);
  for (const std::string& tree : request.keep) {
    const auto object = open_object(absolute_in(request.working_directory, tree));
    if (!object) {
      return std::unexpected(Error(object.error()).while_doing("--keep"));
    }
    NONO_TRY(std::string path, path_of(*object));
    plan.kept_trees.push_back(std::move(path));
  }
  return {};
}

// in_reach: what no grant lets the agent read needs no verdict before the start.
bool in_reach(const CapabilitySet& capabilities, const std::string& path) {
  return capabilities.access_at(path).has(Access::read());
}

class Scanner {
 public:
  Scanner(RunPlan& plan, const RunRequest& request, Teller& teller)
      : plan_(plan),
        teller_(teller),
        gate_(plan.policy, request.trust_override),
        working_directory_(request.working_directory) {
    const auto places = autoload_places(working_directory_, plan.user.home);
    autoload_.insert(places.begin(), places.end());
  }

  Result<void> run(const RunRequest& request) {
    NONO_TRY(ScanResult loaded, scan_autoload(working_directory_, plan_.user.home,
                                              plan_.policy->guard(), ScanLimits{}));
    take(std::move(loaded));
    for (const std::string& root : roots(request)) {
      auto found = scan_tree(root, plan_.policy->guard(), ScanLimits{},
                             [this](std::uint64_t seen) { teller_.progress(seen); });
      if (!found && found.error().kind() == ErrorKind::PermissionDenied) {
        plan_.unreadable.push_back(root);  // as a directory beneath it would be
        continue;
      }
      if (!found) {
        return std::unexpected(std::move(found).error());
      }
      take(*std::move(found));
    }
    std::ranges::sort(plan_.verdicts, {}, &Verdict::path);
    return {};
  }

 private:
  // roots are the directories that options granted; the system's own are the administrator's.
  std::vector<std::string> roots(const RunRequest& request) const {
    std::vector<std::string> out;
    for (const WantedPath& wanted : request.paths) {
      const std::string path = absolute_in(request.working_directory, wanted.path);
      struct stat status{};
      const bool directory = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
      const bool system = beneath("/usr", path) || path == "/";
      const bool covered =
          std::ranges::any_of(out, [&](const std::string& root) { return beneath(root, path); });
      if (directory && !system && !covered && wanted.access.has(Access::read())) {
        out.push_back(path);
      }
    }
    return out;
  }

  void take(ScanResult result) {
    plan_.scanned += result.entries;
    plan_.scan_complete = plan_.scan_complete && result.complete;
    plan_.unreadable.insert(plan_.unreadable.end(), result.unreadable.begin(),
                            result.unreadable.end());
    for (Found& found : result.found) {
      if (!seen_.insert(found.path).second || !in_reach(plan_.capabilities, found.path)) {
        continue;
      }
      found.autoloaded =
          found.autoloaded || autoload_.contains(std::string(directory_name(found.path)));
      const Judgement judgement = gate_.judge_path(found.path, found.guard_class);
      if (judgement.id.inode != 0) {
        plan_.guarded_objects.push_back(known_object(judgement.id, found));
      }
      plan_.verdicts.push_back(verdict_of(judgement, found));
    }
  }

  // known_object has the time of birth of what was judged only.
  static sandbox::KnownObject known_object(const FileId& judged, const Found& found) {
    const OwnedFd object(::open(found.path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat now{};
    const bool same = object.valid() && ::fstat(BorrowedFd(object).raw(), &now) == 0 &&
                      now.st_dev == judged.device && now.st_ino == judged.inode;
    return {{judged.device, judged.inode},
            found.guard_class,
            same ? sandbox::birth_of({object}) : sandbox::BirthTime{}};
  }

  RunPlan& plan_;
  Teller& teller_;
  Gate gate_;
  std::string working_directory_;
  std::set<std::string> autoload_;
  std::set<std::string> seen_;
};

Error no_listener(const sandbox::HostFeatures& features) {
  return Error(ErrorKind::Unsupported,
               std::string(text_of(sandbox::notify_loss(features))) +
                   ": instruction files could not be judged while the agent runs, so it was not "
                   "started")
      .mend_with(
          "nono wrap runs what needs no such judgement; nono setup --check-only shows what "
          "can be enforced here");
}

Result<void> check_host(RunPlan& plan, Supervision supervision) {
  for (const sandbox::Shortfall& missing : sandbox::shortfalls(plan.features)) {
    if (missing.fatal) {
      return std::unexpected(
          Error(ErrorKind::Unsupported, "this kernel lacks " + missing.feature + ": " +
                                            missing.consequence + "; the agent was not started")
              .mend_with("nono setup --check-only shows what this kernel can enforce"));
    }
    if (missing.feature == "seccomp.notify" && supervision == Supervision::Kept) {
      return std::unexpected(no_listener(plan.features));
    }
    plan.notes.push_back("this kernel lacks " + missing.feature + ": " + missing.consequence);
  }
  return {};
}

// check_intercept: what demands strict stands above an option.
Result<void> check_intercept(const RunPlan& plan, const RunRequest& request) {
  if (request.intercept != Intercept::Fast) {
    return {};
  }
  const bool by_policy = plan.policy->strict_intercept();
  if (!by_policy && !request.profile_demands_strict) {
    return {};
  }
  return std::unexpected(Error(ErrorKind::Usage, std::string("--trust-intercept=fast: the ") +
                                                     (by_policy ? "trust policy" : "profile") +
                                                     " demands strict")
                             .mend_with("leave the option out"));
}

void note_relaxations(RunPlan& plan, const RunRequest& request) {
  plan.notes.insert(plan.notes.begin(), request.notes.begin(), request.notes.end());
  if (request.trust_override != trustpolicy::Override::No) {
    plan.notes.emplace_back("--trust-override: denials of guarded files are only warnings");
  }
  if (request.edit == sandbox::InstructionEdit::Allowed) {
    plan.notes.emplace_back("--allow-instruction-edit: verified files may be changed");
  }
  if (request.edit == sandbox::InstructionEdit::Drafts) {
    plan.notes.emplace_back(
        "--allow-instruction-drafts: the agent may write instruction files that nobody signed");
  }
  if (request.recorder != nullptr) {
    plan.notes.emplace_back("learn: everything is granted that is not never granted");
  }
  if (request.intercept == Intercept::Off) {
    plan.notes.emplace_back(
        "--trust-intercept=off: what was verified at the start may be replaced afterwards");
  }
  if (request.intercept == Intercept::Fast) {
    plan.notes.emplace_back(
        "--trust-intercept=fast: programs open by themselves what has no guarded name; hostile "
        "ones can read guarded files");
  }
  if (request.scan == TrustScan::None) {
    plan.notes.emplace_back("--trust-scan=none: unverified files do not stop the start");
  }
  for (const std::string& name : request.allow_commands) {
    plan.notes.push_back("--allow-command " + printable(name));
  }
  if (request.approvals.any()) {
    plan.notes.emplace_back("--approve: opens outside the grants are asked about");
  }
  for (const std::string& path : request.override_never_grant) {
    plan.notes.push_back("--override-never-grant " + printable(path));
  }
}

Result<void> plan_access(RunPlan& plan, const RunRequest& request, const SessionPlaces& places) {
  NONO_CHECK(add_capabilities(plan, request, places, plan.never_grant));
  return hold_back(plan, request);
}

void describe_session(RunPlan& plan, const RunRequest& request, const SessionPlaces& places) {
  plan.session.name = request.name;
  plan.session.command = request.command;
  plan.session.working_directory = request.working_directory;
  plan.session.temporary = places.private_tmp;
  plan.session.temporary_device = places.tmp_device;
  plan.session.temporary_inode = places.tmp_inode;
}

Result<void> find_policy(RunPlan& plan, const RunRequest& request) {
  trustpolicy::Places layers = policy_places(plan.user, request.working_directory);
  layers.explicit_policy = request.policy_file;
  NONO_TRY(trustpolicy::Policy policy, trustpolicy::discover(layers));
  plan.policy = std::make_shared<const trustpolicy::Policy>(std::move(policy));
  return check_intercept(plan, request);
}

// add_java_directory: Java takes /tmp whatever TMPDIR says, unless an option names another place.
// It splits options at blanks, and takes quotes; what was named with --env stays.
void add_java_directory(profile::EnvironmentOptions& options, const RunRequest& request,
                        const std::string& directory) {
  static constexpr std::string_view kName = "JAVA_TOOL_OPTIONS";
  const auto names_it = [](const std::string& option) {
    return option == kName || (option.starts_with(kName) && option[kName.size()] == '=');
  };
  if (request.java && !directory.empty() &&
      directory.find_first_of(" \t\n\r\f\v\"'") == std::string::npos &&
      std::ranges::none_of(request.environment, names_it)) {
    options.set.emplace_back(kName, "-Djava.io.tmpdir=" + directory);
  }
}

Result<void> plan_variables(RunPlan& plan, const RunRequest& request, const SessionPlaces& places) {
  profile::EnvironmentOptions options;
  options.allow = request.environment;
  options.allow_globs = request.environment_globs;
  options.set = places.variables;
  add_java_directory(options, request, places.private_tmp);
  options.deny = request.denied_variables;
  options.only = request.only_variables;
  options.sockets = granted_addresses(plan.capabilities);
  NONO_TRY(profile::EnvironmentPlan environment,
           profile::plan_environment(caller_environment(), options));
  plan.environment = std::move(environment.kept);
  plan.dropped_variables = std::move(environment.dropped_names);
  return {};
}

// plan_rest comes when the grants are known.
Result<void> plan_rest(RunPlan& plan, const RunRequest& request, const SessionPlaces& places) {
  plan.limits = sandbox::plan_limits(request.limits);
  describe_session(plan, request, places);
  NONO_CHECK(find_policy(plan, request));
  NONO_CHECK(plan_variables(plan, request, places));
  NONO_CHECK(plan_credentials(plan, request));
  NONO_CHECK(bind_tool(plan, request));
  note_relaxations(plan, request);
  return {};
}

}  // namespace

namespace {

// add_projects comes when all is granted: names hold where a project that is written leads.
void add_projects(RunPlan& plan, const std::string& working_directory) {
  std::vector<std::string> directories = {resolved_path(working_directory)};
  for (const sandbox::PathGrant& grant : plan.capabilities.paths()) {
    if (grant.access.has(Access::write()) && grant.kind == sandbox::PathKind::Directory) {
      directories.push_back(grant.shown_as);
    }
  }
  for (sandbox::HomePlace& place : project_places(directories)) {
    plan.homes.push_back(std::move(place));
  }
}

}  // namespace

Result<RunPlan> compose_run(const RunRequest& request, const SessionPlaces& places) {
  NONO_TRY(UserDirectories user, find_user_directories());
  NONO_TRY(profile::NeverGrantList never, never_list(request, user));
  RunPlan plan(std::move(user), std::move(never));
  plan.recorder = request.recorder;
  plan.features = sandbox::probe(sandbox::HostView{}, sandbox::ProbeDepth::Quick);
  NONO_CHECK(check_host(plan, request.supervision));
  NONO_CHECK(plan_access(plan, request, places));
  NONO_CHECK(plan_rest(plan, request, places));
  add_projects(plan, request.working_directory);
  return plan;
}

Verdict verdict_of(const Judgement& judgement, const Found& found) {
  return {found.path,       found.guard_class,     judgement.admitted(),    judgement.proven(),
          found.autoloaded, judgement.publisher(), judgement.reason_code(), judgement.reason(),
          judgement.remedy};
}

Result<void> scan_run(RunPlan& plan, const RunRequest& request, Teller& teller) {
  NONO_CHECK(Scanner(plan, request, teller).run(request));
  if (!plan.scan_complete) {
    plan.notes.emplace_back(
        "the tree is too large to be scanned to the end; what was not seen is judged when it is "
        "opened");
  }
  return {};
}

std::vector<Verdict> stops_start(const RunPlan& plan, TrustScan scan) {
  std::vector<Verdict> out;
  for (const Verdict& verdict : plan.verdicts) {
    const bool counts =
        scan == TrustScan::All || (scan == TrustScan::Autoloaded && verdict.autoloaded);
    if (!verdict.admitted && counts) {
      out.push_back(verdict);
    }
  }
  return out;
}

}  // namespace nono::engine
