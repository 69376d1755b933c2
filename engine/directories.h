// engine/directories.h: where the user's own files lie (XDG Base Directory Specification 0.8).
//
// The environment is the user's own word and is trusted; a value that is not an absolute path is
// ignored, as the specification demands.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "profile/never_grant.h"
#include "sandbox/protected_names.h"
#include "trustpolicy/discover.h"

namespace nono::engine {

struct UserDirectories {
  std::string home;    // $HOME, or the password database's word where that is not set
  std::string config;  // $XDG_CONFIG_HOME/nono, by default ~/.config/nono
  std::string state;   // $XDG_STATE_HOME/nono, by default ~/.local/state/nono
};

// caller_environment is environ(7) without the null at its end.
std::span<const char* const> caller_environment();

// find_user_directories reads the environment and, where HOME says nothing, the password database.
// NotFound where neither gives a home and a directory would have to lie in it.
Result<UserDirectories> find_user_directories();

// protected_places is what the never-grant list goes by: the caller's environment, `user` where
// HOME is not set, and where it is, also the home that /etc/passwd gives to this user (nothing more
// where it cannot be read). No other database is asked: one on the network may hang.
profile::UserPlaces protected_places(const UserDirectories& user);

// home_places is where write-deny names of the home hold: in the homes of protected_places, where
// links in them lead (home_links.h), and where XDG_CONFIG_HOME, CLAUDE_CONFIG_DIR, CODEX_HOME,
// OPENCODE_CONFIG_DIR, GIT_CONFIG_GLOBAL and ZDOTDIR put them, as spelt and as links lead there
// now.
std::vector<sandbox::HomePlace> home_places(const UserDirectories& user);

// home_in_passwd is the home directory of `uid` in the text of a passwd(5); empty where there is no
// absolute one.
std::string home_in_passwd(std::string_view passwd, uid_t uid);

// policy_places says where the trust policies of `working_directory` (absolute) are looked for.
trustpolicy::Places policy_places(const UserDirectories& user,
                                  const std::string& working_directory);

// key_directory is where the user's keys lie: <config>/trust.
std::string key_directory(const UserDirectories& user);
// user_policy_path is the user's trust policy: <config>/trust-policy.json.
std::string user_policy_path(const UserDirectories& user);
// tuf_directory holds one directory per Sigstore instance whose trusted root was fetched:
// <state>/tuf.
std::string tuf_directory(const UserDirectories& user);
// of_state is `error` about what lies in the state directory: where the system said no, its remedy
// is another one.
Error of_state(Error error);
// audit_directory holds one directory per recorded session: <state>/audit.
std::string audit_directory(const UserDirectories& user);
// session_directory holds one file per running session: <state>/sessions.
std::string session_directory(const UserDirectories& user);

}  // namespace nono::engine
