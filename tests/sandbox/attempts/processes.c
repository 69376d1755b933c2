// tests/sandbox/attempts/processes.c: other processes, namespaces, terminals.
//
// "Another process" is this one by its number: the filter cannot know, and nothing else is touched.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "tests/sandbox/attempts/attempt.h"

ATTEMPT(ptrace, ptrace(PTRACE_TRACEME, 0, NULL, NULL))
static char here[1];
static char there[1];
static struct iovec local = {here, 1};
static struct iovec remote = {there, 1};
ATTEMPT(process_vm_readv, process_vm_readv(getpid(), &local, 1, &remote, 1, 0))
ATTEMPT(process_vm_writev, process_vm_writev(getpid(), &local, 1, &remote, 1, 0))
ATTEMPT(pidfd_getfd, syscall(438, -1, 0, 0))
ATTEMPT(kcmp, syscall(SYS_kcmp, getpid(), getpid(), 0, 0UL, 0UL))
ATTEMPT(process_madvise, syscall(440, -1, NULL, 0UL, 0, 0))
ATTEMPT(process_mrelease, syscall(448, -1, 0))
ATTEMPT(move_pages, syscall(SYS_move_pages, getpid(), 0UL, NULL, NULL, NULL, 0))
ATTEMPT(migrate_pages, syscall(SYS_migrate_pages, getpid(), 0UL, NULL, NULL))

static long try_prlimit64(void) {
  struct rlimit limit;
  return syscall(SYS_prlimit64, getpid(), RLIMIT_CORE, NULL, &limit);
}
static long try_prlimit64_high(void) {
  struct rlimit limit;
  return syscall(SYS_prlimit64, 0x100000000L | getpid(), RLIMIT_CORE, NULL, &limit);
}
static long try_sched_setaffinity(void) {
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) {
    return kNotHere;
  }
  return sched_setaffinity(getpid(), sizeof cpus, &cpus);
}
static const struct sched_param kNoPriority;
ATTEMPT(sched_setscheduler, sched_setscheduler(getpid(), SCHED_OTHER, &kNoPriority))
ATTEMPT(sched_setparam, sched_setparam(getpid(), &kNoPriority))
static long try_sched_setattr(void) {
  uint32_t attributes[12] = {sizeof attributes};
  return syscall(SYS_sched_setattr, getpid(), attributes, 0);
}
ATTEMPT(setpriority_who, setpriority(PRIO_PROCESS, (id_t)getpid(), getpriority(PRIO_PROCESS, 0)))
ATTEMPT(setpriority_group, setpriority(PRIO_PGRP, 0, getpriority(PRIO_PGRP, 0)))
ATTEMPT(ioprio_who, syscall(SYS_ioprio_set, 1, getpid(), 0x4004))  // best effort, 4
ATTEMPT(ioprio_group, syscall(SYS_ioprio_set, 2, 0, 0x4004))
ATTEMPT(set_mm, prctl(PR_SET_MM, PR_SET_MM_BRK, 1, 0, 0))
ATTEMPT(set_ptracer, prctl(0x59616d61, getppid(), 0, 0, 0))

static long try_setns(void) {
  const int space = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
  return space < 0 ? kNotHere : syscall(SYS_setns, space, CLONE_NEWUTS);
}
ATTEMPT(unshare_user, unshare(CLONE_NEWUSER))
ATTEMPT(unshare_mount, unshare(CLONE_NEWNS))
ATTEMPT(unshare_time, syscall(SYS_unshare, 0x80UL))

static long reaped(long child) {
  if (child == 0) {
    _exit(0);
  }
  if (child > 0) {
    waitpid((pid_t)child, NULL, 0);
  }
  return child;
}
static long clone_with(unsigned long flags) {
  return reaped(syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, 0UL));
}
ATTEMPT(clone_user, clone_with(CLONE_NEWUSER))
ATTEMPT(clone_pid, clone_with(CLONE_NEWPID))
static long try_clone3(void) {
  uint64_t arguments[8] = {0};
  arguments[4] = SIGCHLD;
  return reaped(syscall(435, arguments, sizeof arguments));
}

static int terminal(void) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || unlockpt(master) != 0) {
    return -1;
  }
  const char* const name = ptsname(master);
  return name == NULL ? -1 : open(name, O_RDWR | O_NOCTTY);
}
static long on_terminal(unsigned long request, void* argument) {
  const int end = terminal();
  return end < 0 ? kNotHere : syscall(SYS_ioctl, end, request, argument);
}
static char typed = 'x';
static int line_discipline;
ATTEMPT(tiocsti, on_terminal(0x5412, &typed))
ATTEMPT(tiocsti_high, on_terminal(0xffffffff00005412UL, &typed))
ATTEMPT(tiocsetd, on_terminal(0x5423, &line_discipline))
// On no terminal at all: the first would act on the console.
ATTEMPT(tioccons, syscall(SYS_ioctl, -1, 0x541dUL, NULL))
ATTEMPT(tioclinux, syscall(SYS_ioctl, -1, 0x541cUL, NULL))

#ifdef __x86_64__
// x32: getpid by its number with bit 30. Kernels without x32 answer ENOSYS, filter or not.
ATTEMPT(x32, syscall(0x40000000L | SYS_getpid))
static long try_int80(void) {
  long result = 20;  // getpid(2) of i386
  __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  if (result < 0) {
    errno = (int)-result;
    return -1;
  }
  return result;
}
#endif

const struct attempt process_attempts[] = {
    {"ptrace", try_ptrace},
    {"process_vm_readv", try_process_vm_readv},
    {"process_vm_writev", try_process_vm_writev},
    {"pidfd_getfd", try_pidfd_getfd},
    {"kcmp", try_kcmp},
    {"process_madvise", try_process_madvise},
    {"process_mrelease", try_process_mrelease},
    {"move_pages", try_move_pages},
    {"migrate_pages", try_migrate_pages},
    {"prlimit64:pid", try_prlimit64},
    {"prlimit64:pid-high-garbage", try_prlimit64_high},
    {"sched_setaffinity:pid", try_sched_setaffinity},
    {"sched_setscheduler:pid", try_sched_setscheduler},
    {"sched_setparam:pid", try_sched_setparam},
    {"sched_setattr:pid", try_sched_setattr},
    {"setpriority:who", try_setpriority_who},
    {"setpriority:group", try_setpriority_group},
    {"ioprio_set:who", try_ioprio_who},
    {"ioprio_set:group", try_ioprio_group},
    {"prctl:PR_SET_MM", try_set_mm},
    {"prctl:PR_SET_PTRACER", try_set_ptracer},
    {"setns", try_setns},
    {"unshare:user", try_unshare_user},
    {"unshare:mount", try_unshare_mount},
    {"unshare:time", try_unshare_time},
    {"clone:user", try_clone_user},
    {"clone:pid", try_clone_pid},
    {"clone3", try_clone3},
    {"ioctl:TIOCSTI", try_tiocsti},
    {"ioctl:TIOCSTI-high-garbage", try_tiocsti_high},
    {"ioctl:TIOCSETD", try_tiocsetd},
    {"ioctl:TIOCCONS", try_tioccons},
    {"ioctl:TIOCLINUX", try_tioclinux},
#ifdef __x86_64__
    {"x32:getpid", try_x32},
    {"int80:getpid", try_int80},
#endif
    {NULL, NULL},
};
