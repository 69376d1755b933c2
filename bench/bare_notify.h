// bench/bare_notify.h: the bare mechanism that nono's broker is compared with; it checks nothing.
//
// A child traps open and openat; the parent reads the path, opens the file itself and injects the
// descriptor. What is served is not judged in any way: for measurements only, never a sandbox.
#ifndef NONO_BENCH_BARE_NOTIFY_H
#define NONO_BENCH_BARE_NOTIFY_H

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
enum { kSyncWakeUp = 1, kPathSize = 4096, kPage = 4096 };

static void bare_die(const char* what) {
  perror(what);
  _exit(125);
}

static int bare_install_filter(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef SYS_open
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_open, 1, 0),
#endif
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    bare_die("no_new_privs");
  }
  int listener = (int)syscall(
      SYS_seccomp, SECCOMP_SET_MODE_FILTER,
      SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
  if (listener < 0) {
    bare_die("seccomp listener");
  }
  return listener;
}

static void bare_send_fd(int socket, int fd) {
  char byte = 0;
  struct iovec io = {&byte, 1};
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
  } control;
  memset(&control, 0, sizeof control);
  struct msghdr message = {
      .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  struct cmsghdr* entry = CMSG_FIRSTHDR(&message);
  entry->cmsg_level = SOL_SOCKET;
  entry->cmsg_type = SCM_RIGHTS;
  entry->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(entry), &fd, sizeof fd);
  if (sendmsg(socket, &message, 0) != 1) {
    bare_die("sendmsg");
  }
}

static int bare_receive_fd(int socket) {
  char byte;
  struct iovec io = {&byte, 1};
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message = {
      .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  int fd = -1;
  if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || CMSG_FIRSTHDR(&message) == NULL) {
    bare_die("recvmsg");
  }
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return fd;
}

// bare_path copies the path page by page: one read for nearly all paths.
static int bare_path(pid_t pid, uint64_t address, char* path) {
  size_t have = 0;
  while (have < kPathSize) {
    size_t step = kPage - (address + have) % kPage;
    if (step > kPathSize - have) {
      step = kPathSize - have;
    }
    struct iovec own = {path + have, step};
    struct iovec theirs = {(void*)(uintptr_t)(address + have), step};
    ssize_t got = process_vm_readv(pid, &own, 1, &theirs, 1, 0);
    if (got <= 0) {
      return EFAULT;
    }
    if (memchr(path + have, 0, (size_t)got) != NULL) {
      return 0;
    }
    have += (size_t)got;
  }
  return ENAMETOOLONG;
}

static int bare_open(const struct seccomp_notif* call, int* fd) {
  char path[kPathSize];
  int legacy = call->data.nr != SYS_openat;
  const __u64* args = call->data.args + (legacy ? 0 : 1);
  int base = legacy ? AT_FDCWD : (int)call->data.args[0];
  int error = bare_path((pid_t)call->pid, args[0], path);
  if (error != 0) {
    return error;
  }
  int opened_base = -1;
  if (path[0] != '/' && base != AT_FDCWD) {
    char link[64];
    snprintf(link, sizeof link, "/proc/%u/fd/%d", call->pid, base);
    base = opened_base = open(link, O_PATH | O_CLOEXEC);
  }
  *fd = openat(base, path, (int)args[1] | O_CLOEXEC, (mode_t)args[2]);
  error = *fd < 0 ? errno : 0;
  if (opened_base >= 0) {
    close(opened_base);
  }
  return error;
}

static pid_t bare_child;

static void bare_child_gone(int signal) {
  (void)signal;
  int status = 0;
  if (waitpid(bare_child, &status, WNOHANG) == bare_child) {
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
}

static void bare_serve(int listener) {
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, (unsigned long)kSyncWakeUp);
  for (;;) {
    struct seccomp_notif call;
    memset(&call, 0, sizeof call);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
      if (errno == ENOENT) {
        usleep(100);  // the last task is going: SIGCHLD ends us
      }
      continue;
    }
    int fd = -1;
    int error = bare_open(&call, &fd);
    if (error != 0) {
      struct seccomp_notif_resp answer = {.id = call.id, .error = -error};
      ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
      continue;
    }
    int legacy = call.data.nr != SYS_openat;
    struct seccomp_notif_addfd add = {
        .id = call.id,
        .flags = SECCOMP_ADDFD_FLAG_SEND,
        .srcfd = (uint32_t)fd,
        .newfd_flags = (uint32_t)call.data.args[legacy ? 1 : 2] & O_CLOEXEC};
    ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
    close(fd);
  }
}

// bare_run starts `argv` with its opens trapped; `confine` (may be NULL) runs in the child first.
// It does not return: the exit status is the program's.
static __attribute__((unused)) void bare_run(char** argv, void (*confine)(void)) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    bare_die("socketpair");
  }
  sigset_t child_signal;
  sigset_t before;
  sigemptyset(&child_signal);
  sigaddset(&child_signal, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_signal, &before);
  bare_child = fork();
  if (bare_child < 0) {
    bare_die("fork");
  }
  if (bare_child == 0) {
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (confine != NULL) {
      confine();
    }
    int listener = bare_install_filter();
    bare_send_fd(pair[1], listener);
    close(listener);
    execv(argv[0], argv);
    bare_die(argv[0]);
  }
  struct sigaction action = {.sa_handler = bare_child_gone};
  sigaction(SIGCHLD, &action, NULL);
  close(pair[1]);
  int listener = bare_receive_fd(pair[0]);
  sigprocmask(SIG_SETMASK, &before, NULL);
  bare_serve(listener);
}

#endif
