// tests/sandbox/attempts/kernel.c: kernel surface, the machine's state, System V and message
// queues.
//
// What would change the machine is tried with arguments that the kernel refuses after its check of
// the caller's rights.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/time.h>

#include "tests/sandbox/attempts/attempt.h"

static const char kNowhere[] = "/nonexistent-nono-attempt";

static long try_io_uring_setup(void) {
  unsigned char parameters[120] = {0};
  return syscall(425, 1, parameters);
}
ATTEMPT(io_uring_enter, syscall(426, -1, 0, 0, 0, NULL, 0))
ATTEMPT(io_uring_register, syscall(427, -1, 0, NULL, 0))

static long listener(void) {
  struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  const struct sock_fprog program = {1, &allow};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}
ATTEMPT(seccomp, listener())

ATTEMPT(bpf, syscall(SYS_bpf, 0x7fffffff, NULL, 0))
ATTEMPT(userfaultfd, syscall(SYS_userfaultfd, 0))
static long try_perf_event_open(void) {
  unsigned char attributes[128] = {0};
  attributes[0] = 1;      // PERF_TYPE_SOFTWARE
  attributes[4] = 112;    // size
  attributes[40] = 0x60;  // user mode only
  return syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0UL);
}
#ifdef SYS_modify_ldt
static long try_modify_ldt(void) {
  unsigned char entries[64];
  return syscall(SYS_modify_ldt, 0, entries, sizeof entries);
}
#endif
ATTEMPT(add_key, syscall(SYS_add_key, "user", "nono-attempt", "x", 1UL, -2))
ATTEMPT(request_key, syscall(SYS_request_key, "user", "nono-no-such-key", NULL, 0))
ATTEMPT(keyctl, syscall(SYS_keyctl, 0, -3, 0))                     // id of the session keyring
ATTEMPT(personality, syscall(SYS_personality, 0x0400000UL))        // READ_IMPLIES_EXEC
ATTEMPT(personality_16bit, syscall(SYS_personality, 0x0020000UL))  // UNAME26

ATTEMPT(kexec_load, syscall(SYS_kexec_load, 0UL, 0x7fffffffUL, NULL, 0UL))
ATTEMPT(kexec_file_load, syscall(SYS_kexec_file_load, -1, -1, 0UL, "", ~0UL))
ATTEMPT(init_module, syscall(SYS_init_module, NULL, 0UL, ""))
ATTEMPT(finit_module, syscall(SYS_finit_module, -1, "", 0))
ATTEMPT(delete_module, syscall(SYS_delete_module, "nono_no_such_module", O_NONBLOCK))
ATTEMPT(reboot, syscall(SYS_reboot, 0, 0, 0, NULL))
ATTEMPT(sethostname, syscall(SYS_sethostname, NULL, -1))
ATTEMPT(setdomainname, syscall(SYS_setdomainname, NULL, -1))
ATTEMPT(settimeofday, syscall(SYS_settimeofday, NULL, NULL))
ATTEMPT(clock_settime, syscall(SYS_clock_settime, 99, NULL))
static long try_vhangup(void) {
  setsid();  // no terminal that could be hung up
  return syscall(SYS_vhangup);
}
#ifdef SYS_iopl
ATTEMPT(iopl, syscall(SYS_iopl, 0))
ATTEMPT(ioperm, syscall(SYS_ioperm, 0UL, 1UL, 0))
#endif
ATTEMPT(syslog, syscall(SYS_syslog, 10, NULL, 0))

static long try_shmget(void) {
  const int segment = shmget(IPC_PRIVATE, 4096, 0600);
  if (segment >= 0) {
    shmctl(segment, IPC_RMID, NULL);
  }
  return segment;
}
ATTEMPT(shmat, (long)shmat(-1, NULL, 0))
ATTEMPT(shmctl, shmctl(-1, IPC_STAT, NULL))
ATTEMPT(shmdt, shmdt((void*)4096))
static long try_msgget(void) {
  const int queue = msgget(IPC_PRIVATE, 0600);
  if (queue >= 0) {
    msgctl(queue, IPC_RMID, NULL);
  }
  return queue;
}
static struct {
  long type;
  char text[1];
} message = {1, {'x'}};
ATTEMPT(msgsnd, msgsnd(-1, &message, 1, IPC_NOWAIT))
ATTEMPT(msgrcv, msgrcv(-1, &message, 1, 0, IPC_NOWAIT))
ATTEMPT(msgctl, msgctl(-1, IPC_STAT, NULL))
static long try_semget(void) {
  const int set = semget(IPC_PRIVATE, 1, 0600);
  if (set >= 0) {
    semctl(set, 0, IPC_RMID);
  }
  return set;
}
static struct sembuf operation = {0, 1, IPC_NOWAIT};
ATTEMPT(semop, syscall(SYS_semop, -1, &operation, 1))
ATTEMPT(semtimedop, syscall(SYS_semtimedop, -1, &operation, 1, NULL))
ATTEMPT(semctl, semctl(-1, 0, IPC_STAT, NULL))
ATTEMPT(mq_open, syscall(SYS_mq_open, kNowhere + 1, O_RDONLY, 0, NULL))
ATTEMPT(mq_unlink, syscall(SYS_mq_unlink, kNowhere + 1))

const struct attempt kernel_attempts[] = {
    {"io_uring_setup", try_io_uring_setup},
    {"io_uring_enter", try_io_uring_enter},
    {"io_uring_register", try_io_uring_register},
    {"seccomp", try_seccomp},
    {"bpf", try_bpf},
    {"userfaultfd", try_userfaultfd},
    {"perf_event_open", try_perf_event_open},
#ifdef SYS_modify_ldt
    {"modify_ldt", try_modify_ldt},
#endif
    {"add_key", try_add_key},
    {"request_key", try_request_key},
    {"keyctl", try_keyctl},
    {"personality", try_personality},
    {"personality:UNAME26", try_personality_16bit},
    {"kexec_load", try_kexec_load},
    {"kexec_file_load", try_kexec_file_load},
    {"init_module", try_init_module},
    {"finit_module", try_finit_module},
    {"delete_module", try_delete_module},
    {"reboot", try_reboot},
    {"sethostname", try_sethostname},
    {"setdomainname", try_setdomainname},
    {"settimeofday", try_settimeofday},
    {"clock_settime", try_clock_settime},
    {"vhangup", try_vhangup},
#ifdef SYS_iopl
    {"iopl", try_iopl},
    {"ioperm", try_ioperm},
#endif
    {"syslog", try_syslog},
    {"shmget", try_shmget},
    {"shmat", try_shmat},
    {"shmctl", try_shmctl},
    {"shmdt", try_shmdt},
    {"msgget", try_msgget},
    {"msgsnd", try_msgsnd},
    {"msgrcv", try_msgrcv},
    {"msgctl", try_msgctl},
    {"semget", try_semget},
    {"semop", try_semop},
    {"semtimedop", try_semtimedop},
    {"semctl", try_semctl},
    {"mq_open", try_mq_open},
    {"mq_unlink", try_mq_unlink},
    {NULL, NULL},
};
