#include "sandbox/seatbelt_profile.h"

#include <array>
#include <set>
#include <string_view>

#include "base/files.h"
#include "base/text.h"
#include "sandbox/protected_names.h"
#include "sandbox/seatbelt_text.h"

namespace nono::sandbox {
namespace {

constexpr std::string_view kPackages = "(node_modules|site-packages)";

struct Essential {
  std::string_view rule;
  std::string_view why;
};

// Without these no program starts, or none that does anything. None of them reaches a file of the
// user, another program of his, or the network.
constexpr auto kEssentials = std::to_array<Essential>({
    {"(allow process-fork)", "children stay in the sandbox"},
    {"(allow signal (target same-sandbox))", "and signal each other only"},
    {"(allow process-info* (target same-sandbox))", "ps and the like, of the sandbox's processes"},
    {"(allow sysctl-read)", "the C library asks for the machine's properties at every start"},
    {"(allow pseudo-tty)", "terminals that the agent makes for its children"},
    {"(allow file-read-metadata)",
     "paths are resolved by looking at each directory; contents stay closed"},
    {"(allow file-read-data (literal \"/\"))", "the loader looks through the root directory"},
    {"(allow file-read* file-map-executable process-exec* (subpath \"/System\")"
     " (subpath \"/Library/Apple\"))",
     "the system's own libraries and programs; on a volume that is sealed"},
    {"(allow file-read* file-map-executable (subpath \"/private/var/db/dyld\")"
     " (literal \"/usr/lib/dyld\"))",
     "the loader and its cache"},
    {"(allow file-read* (subpath \"/private/var/db/timezone\"))", "time zones"},
    {"(allow mach-lookup (global-name \"com.apple.system.opendirectoryd.libinfo\"))",
     "names of users and groups"},
    {"(allow mach-lookup (global-name \"com.apple.system.notification_center\"))",
     "the C library asks whether the time zone changed"},
});

// What a program needs besides a socket where it may connect.
constexpr auto kNetworkServices = std::to_array<Essential>({
    {"(allow mach-lookup (global-name \"com.apple.SystemConfiguration.configd\"))",
     "which resolvers and proxies the system uses"},
    {"(allow mach-lookup (global-name \"com.apple.trustd.agent\"))", "certificates of servers"},
});

class Writer {
 public:
  Writer(const CapabilitySet& capabilities, const SeatbeltRules& rules)
      : capabilities_(capabilities), rules_(rules) {}

  std::string write() {
    text_ = "(version 1)\n(deny default)\n";
    essentials(kEssentials);
    heading("grants");
    for (const PathGrant& grant : capabilities_.paths()) {
      add(grant);
    }
    add_network();
    keep_roots();
    heading("guarded files: only what was verified before the start is readable");
    guard();
    heading("names that run code later are never written");
    protect_names();
    heading("instruction files are not written");
    protect_instructions();
    heading("verified files and their evidence do not change");
    protect_files();
    return std::move(text_);
  }

 private:
  void heading(std::string_view words) { text_.append("\n; ").append(words).append("\n"); }
  void line(const std::string& rule) { text_.append(rule).append("\n"); }

  template <std::size_t N>
  void essentials(const std::array<Essential, N>& rows) {
    for (const Essential& row : rows) {
      text_.append(row.rule).append("  ; ").append(row.why).append("\n");
    }
  }

  static std::string filters(std::string_view kind, std::string_view path) {
    std::string out;
    for (const std::string& spelling : seatbelt_spellings(path)) {
      out.append(" (").append(kind).append(" ").append(seatbelt_string(spelling)).append(")");
    }
    return out;
  }

  static std::string regex(std::string_view expression) {
    return "(regex " + seatbelt_string(expression) + ")";
  }

  void add(const PathGrant& grant) {
    const bool directory = grant.kind == PathKind::Directory;
    std::string operations;
    if (grant.access.has(Access::read())) {
      operations += " file-read*";
    }
    if (grant.access.has(Access::execute())) {
      add_execution(grant);
    }
    if (grant.access.has(Access::write())) {
      // A file is written; its name belongs to the directory.
      operations += directory ? " file-write*"
                              : " file-write-data file-write-flags file-write-mode "
                                "file-write-owner file-write-times file-write-xattr";
    }
    if (grant.access.has(Access::connect())) {
      operations += " network-outbound";
    }
    if (operations.empty()) {
      return;
    }
    if (beneath("/dev", grant.shown_as)) {
      operations += " file-ioctl";  // terminals and the like are of use only with it
    }
    line("(allow" + operations + place(grant) + ")  ; " + printable(grant.origin));
  }

  static std::string place(const PathGrant& grant) {
    return filters(grant.kind == PathKind::Directory ? "subpath" : "literal", grant.shown_as);
  }

  // add_execution: a kernel that reads a program needs both rights, whichever grants give them.
  void add_execution(const PathGrant& grant) {
    constexpr std::string_view kAllow = "(allow process-exec* file-map-executable";
    if (capabilities_.access_at(grant.shown_as).has(Access::read())) {
      line(std::string(kAllow) + place(grant) + ")  ; " + printable(grant.origin));
      return;
    }
    for (const PathGrant& readable : capabilities_.paths()) {
      if (grant.kind == PathKind::Directory && readable.access.has(Access::read()) &&
          beneath(grant.shown_as, readable.shown_as)) {
        line(std::string(kAllow) + place(readable) + ")  ; " + printable(grant.origin));
      }
    }
  }

  void add_network() {
    const Network& network = capabilities_.network();
    if (std::holds_alternative<NetworkOpen>(network)) {
      heading("the network is open");
      essentials(kNetworkServices);
      line("(allow network-outbound (remote ip \"*:*\")" +
           filters("literal", "/private/var/run/mDNSResponder") + ")");
      line("(allow network-bind network-inbound (local ip \"*:*\"))");
      return;
    }
    const auto* const ports = std::get_if<NetworkPorts>(&network);
    if (ports == nullptr) {
      heading("the network is blocked");
      return;
    }
    heading("TCP by port; names are not resolved");
    essentials(kNetworkServices);
    if (!ports->destinations.empty()) {
      line("; hosts that were named stay closed: the language knows ports of any address only");
    }
    for (const std::uint16_t port : ports->connect) {
      line("(allow network-outbound (remote tcp \"*:" + std::to_string(port) + "\"))");
    }
    for (const std::uint16_t port : ports->listen) {
      line("(allow network-bind network-inbound (local tcp \"*:" + std::to_string(port) + "\"))");
    }
  }

  bool may_change_names_in(std::string_view directory) const {
    for (const PathGrant& grant : capabilities_.paths()) {
      if (grant.kind == PathKind::Directory && grant.access.has(Access::write()) &&
          beneath(grant.shown_as, directory)) {
        return true;
      }
    }
    return false;
  }

  // keep_roots: a directory's own name lies in its parent, and goes with that one's grant.
  void keep_roots() {
    for (const PathGrant& grant : capabilities_.paths()) {
      if (grant.kind == PathKind::Directory && grant.access.has(Access::write()) &&
          !may_change_names_in(directory_name(grant.shown_as))) {
        line("(deny file-write-create file-write-unlink" + filters("literal", grant.shown_as) +
             ")");
      }
    }
  }

  static std::string but_bundles(const GuardedPattern& pattern) {
    return pattern.but_bundles ? " (require-not " + regex("\\.bundle$") + ")" : "";
  }

  void guard() {
    constexpr std::string_view kReads = "(deny file-read-data file-map-executable process-exec*";
    for (const GuardedPattern& pattern : rules_.guarded) {
      const std::string bundles = but_bundles(pattern);
      line(std::string(kReads) + " (require-all " + regex(pattern.regex) +
           " (require-not (vnode-type DIRECTORY))" + bundles + "))");
    }
    for (const std::string& path : rules_.admitted) {
      if (capabilities_.access_at(path).has(Access::read())) {
        line("(allow file-read-data" + filters("literal", path) + ")");
      }
    }
    for (const std::string& path : rules_.not_admitted) {
      line(std::string(kReads) + filters("literal", path) + ")");
    }
  }

  void protect_names() {
    for (const ProtectedName& name : protected_names()) {
      if (!name.pattern.starts_with("~/")) {
        protect_name("/", name.pattern);
      }
    }
    for (const HomePlace& home : rules_.homes) {
      protect_home(home);
    }
  }

  void protect_home(const HomePlace& home) {
    const std::string_view place = home.path == "/" ? std::string_view() : home.path;
    const std::string beginning = at_path(place);
    bool any = false;
    for (const ProtectedName& name : protected_names()) {
      const auto rest = pattern_at(name, home);
      any |= rest.has_value();
      if (rest && rest->empty()) {
        deny("file-write*", beginning + "$", {});
      } else if (rest) {
        protect_name(beginning + "/", *rest);
      }
    }
    if (any && !home.stands_for.empty()) {
      protect_way(home);
    }
  }

  static std::string at_path(std::string_view path) {
    return "^" + seatbelt_regex_quote(path, LetterCase::Folded);
  }

  // protect_way: what leads to a place elsewhere does not move.
  void protect_way(const HomePlace& home) {
    const bool directory = home.stands_for.ends_with('/');
    for (std::string_view at = directory ? home.path : directory_name(home.path); at.size() > 1;
         at = directory_name(at)) {
      protect_node(at_path(at) + "$", base_name(at));
    }
  }

  // protect_rest is for the end of a pattern that takes in all beneath; false: it goes on.
  bool protect_rest(std::string_view rest, const std::string& expression) {
    if (rest == "*") {
      deny("file-write*", expression + "[^/]", {});
      deny_packages(expression + "(.*/)?", "/");
      return true;
    }
    if (rest.starts_with("**/")) {
      protect_all(expression + "[^/]");
      return true;
    }
    return false;
  }

  // protect_name: `expression` is for where the pattern may start, beneath a home or any directory.
  void protect_name(std::string expression, std::string_view rest) {
    while (!protect_rest(rest, expression)) {
      const std::size_t slash = rest.find('/');
      const std::string_view component = rest.substr(0, slash);
      if (component == "*") {
        deny_packages(expression,
                      seatbelt_regex_quote(rest.substr(slash), LetterCase::Folded) + "$");
      }
      const bool open = component.starts_with('*');  // what is before an ending is any
      expression += open ? "[^/]+" : "";
      expression += seatbelt_regex_quote(component.substr(open ? 1 : 0), LetterCase::Folded);
      if (slash == std::string_view::npos) {
        deny("file-write*", expression + "$", {});
        return;
      }
      protect_node(expression + "$", component);
      expression += "/";
      rest.remove_prefix(slash + 1);
    }
  }

  // protect_node: a directory on the way may be made, and nothing else be done to it. A gitfile may
  // be made where no .git is.
  void protect_node(const std::string& expression, std::string_view component) {
    if (!nodes_.insert(expression).second) {
      return;
    }
    deny("file-write-data file-write-unlink", expression, {});
    deny("file-write-create", expression,
         component == ".git" ? " (vnode-type SYMLINK)" : " (require-not (vnode-type DIRECTORY))");
  }

  // deny_packages: those in a protected tree belong to it.
  void deny_packages(const std::string& before, const std::string& after) {
    line("(deny file-write* " + regex(before + std::string(kPackages) + after) + ")");
  }

  // protect_all: where protected names may be at any depth, all is closed, in packages, too. A rule
  // cannot tell a directory that is made from one that comes with what is in it.
  void protect_all(const std::string& expression) {
    if (nodes_.insert(expression).second) {
      line("(deny file-write* " + regex(expression) + ")");
    }
  }

  // Beneath node_modules/ packages ship such files, and nobody opens them as a project; those of
  // the home are no package's.
  void deny(std::string_view operations, const std::string& expression, std::string_view more) {
    const std::string but_packages =
        expression.starts_with('^')
            ? ""
            : " (require-not " + regex("/" + std::string(kPackages) + "/") + ")";
    line("(deny " + std::string(operations) + " (require-all " + regex(expression) +
         std::string(more) + but_packages + "))");
  }

  void protect_instructions() {
    for (const GuardedPattern& pattern : rules_.guarded) {
      if (pattern.instructs && !rules_.drafts) {
        deny("file-write*", pattern.regex,
             " (require-not (vnode-type DIRECTORY))" + but_bundles(pattern));
      }
    }
  }

  void protect_files() {
    std::set<std::string> directories;
    line("(deny file-write* " + regex("/\\.nono-trust\\.bundle$") + ")");
    for (const std::string& path : rules_.unchangeable) {
      line("(deny file-write*" + filters("literal", path) + ")");
      for (std::string_view at = directory_name(path); at.size() > 1; at = directory_name(at)) {
        directories.emplace(at);
      }
    }
    // A directory that holds one does not move.
    for (const std::string& directory : directories) {
      line("(deny file-write-unlink" + filters("literal", directory) + ")");
    }
  }

  const CapabilitySet& capabilities_;
  const SeatbeltRules& rules_;
  std::string text_;
  std::set<std::string> nodes_;
};

}  // namespace

std::string seatbelt_profile(const CapabilitySet& capabilities, const SeatbeltRules& rules) {
  return Writer(capabilities, rules).write();
}

}  // namespace nono::sandbox
