// bench/bare_landlock.h: a Landlock domain with ten rules, as the bare mechanisms use it.
#pragma once

#include "bench/bare_notify.h"

static const char* const kRules[] = {"/",    "/usr", "/usr/bin", "/usr/lib", "/etc",
                                     "/dev", "/tmp", "/var",     "/proc",    "/usr/share"};
static const uint64_t kHandled = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                 LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

static void confine(void) {
  struct landlock_ruleset_attr attributes = {.handled_access_fs = kHandled};
  int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
  if (rules < 0) {
    bare_die("landlock");
  }
  for (size_t i = 0; i < sizeof kRules / sizeof *kRules; ++i) {
    struct landlock_path_beneath_attr rule = {.allowed_access = kHandled};
    rule.parent_fd = open(kRules[i], O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0 ||
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
      bare_die(kRules[i]);
    }
    close(rule.parent_fd);
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      syscall(SYS_landlock_restrict_self, rules, 0) != 0) {
    bare_die("landlock_restrict_self");
  }
  close(rules);
}
