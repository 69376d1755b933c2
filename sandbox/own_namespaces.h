// sandbox/own_namespaces.h: moves a process into namespaces of its own.
//
// Without a user namespace where it can: root's view of users stays what it is. In one the user is
// mapped to himself and to nobody else: files of other users and groups show as those of `nobody`.
#pragma once

#include <string>

#include "sandbox/net_namespace.h"

namespace nono::sandbox {

class MountView;  // mount_view.h

// OwnNamespaces are what the sandbox has to itself. The view must outlive who is to enter it; null:
// the caller's file system as it is mounted.
struct OwnNamespaces {
  OwnNetwork network = OwnNetwork::No;
  const MountView* view = nullptr;
};

// unshare_as_oneself moves the calling process, which must have one thread, into new namespaces
// (CLONE_NEWNET, CLONE_NEWNS); 0, or the errno of what failed. It allocates nothing. The
// capabilities that a user namespace gives are left to be dropped.
int unshare_as_oneself(int namespaces) noexcept;

// namespace_switch names the setting (sysctl) beneath `settings` that keeps who is not root from
// namespaces of his own, with its value; empty: none of those that are known. AppArmor's lets the
// namespace be made and gives no capability in it, unless a profile of the program says otherwise.
std::string namespace_switch(const std::string& settings = "/proc/sys");

// errno_of_child is what `attempt` returns in a child: 0, or an errno.
int errno_of_child(int (*attempt)() noexcept);

}  // namespace nono::sandbox
