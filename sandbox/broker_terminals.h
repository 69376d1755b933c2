// sandbox/broker_terminals.h: the other end of a pseudo-terminal, for who holds its master.
//
// Landlock judges TIOCGPTPEER as an open beneath /dev/pts. Under the fast gate the agent's own
// domain has no right to read there, since it could then open other terminals past the broker; so
// the broker, which has it, makes the call for who shows the master.
#pragma once

#include <sys/stat.h>

#include <string>

#include "sandbox/broker.h"

namespace nono::sandbox {

// terminal_peer serves a trapped ioctl(master, TIOCGPTPEER, flags).
Outcome terminal_peer(const Call& call);

// holds_master reports whether the thread's process, or one that it descends from within the
// sandbox, holds the master of the terminal that somebody holds open and of which `status` is: who
// does reaches all that the other end is for. At most kMaxLooked descriptors are looked at.
bool holds_master(const AgentThread& thread, const struct stat& status);

bool is_controlling_terminal(const struct stat& status);
bool is_pseudo_terminal(const struct stat& status);
// path_of_terminal is where a terminal number of /proc/PID/stat lies; empty where it is no
// pseudo-terminal.
std::string path_of_terminal(dev_t number);
// same_terminal compares a terminal number of /proc/PID/stat with a device.
bool same_terminal(dev_t number, const struct stat& status);

}  // namespace nono::sandbox
