// sandbox/static_rows_calls.cc: calls that the static filter refuses, all but ioctl and sockets.
#include <array>
#include <cerrno>

#include "sandbox/kernel_abi.h"
#include "sandbox/static_table.h"

namespace nono::sandbox {
namespace {

constexpr std::string_view kRing = "its requests reach the kernel without passing any filter";
constexpr std::string_view kPointer = "its flags are behind a pointer, which a filter cannot read";
constexpr std::string_view kNewer = "newer than the broker; the C library falls back to fchmodat";
constexpr std::string_view kMountList = "shows mount tables past the rules on /proc";
constexpr std::string_view kPtracer = "names a tracer, and nobody traces here";
constexpr std::string_view kQueues = "one name space with all processes; unlinking passes Landlock";
constexpr std::string_view kListener =
    "a second listener could let through what the first one judges";
constexpr std::string_view kHandle = "names an object past the path checks";
constexpr std::string_view kMount = "changes what paths mean";
constexpr std::string_view kNamespace =
    "gives capabilities inside the new namespace: most of the kernel behind them";
constexpr std::string_view kOther = "reads, changes or slows down another process";
constexpr std::string_view kSelfOnly =
    "no kernel hook protects other processes of the user, the supervisor among them";
constexpr std::string_view kDisguise = "rewrites what /proc says about the process";
constexpr std::string_view kSurface = "kernel attack surface";
constexpr std::string_view kKeys = "keyrings are shared by all processes of the user";
constexpr std::string_view kFanotify = "watches files outside the grants";
constexpr std::string_view kPersonality = "old personalities loosen memory protection";
constexpr std::string_view kMachine = "concerns the machine and not the work";
constexpr std::string_view kUselib = "maps a file as code by its name, not judged by the broker";
constexpr std::string_view kKernelLog = "shows the kernel log";
constexpr std::string_view kLease =
    "makes everybody who opens the file wait, outside the sandbox, too";
constexpr std::string_view kNotice =
    "watches a directory, and on older kernels each terminal in /dev/pts, past the broker";
constexpr std::string_view kIdentity =
    "another user who executes it would be this one, outside the sandbox";
constexpr std::string_view kNeither = "access mode 3, without O_PATH";
constexpr std::string_view kUnjudged =
    "Landlock takes it for neither reading nor writing, and lets it open every file";
constexpr std::string_view kMakesSetId = "O_CREAT or O_TMPFILE, and mode & S_ISUID or S_ISGID";
constexpr std::string_view kSetsId = "mode & S_ISUID or S_ISGID";
constexpr std::string_view kSetsUserId = "mode & S_ISUID";
constexpr std::string_view kSysV =
    "one name space with all processes of the machine, unknown to Landlock";

// Values of the kernel's interface, spelled out: not every header that has them can be included
// beside the C library's.
constexpr std::uint32_t kSetModeFilter = 1;
constexpr std::uint32_t kNewNamespaces = 0x7e020000;  // NS, CGROUP, UTS, IPC, USER, PID, NET
constexpr std::uint32_t kNewTime = 0x80;              // means a signal number to clone(2)
constexpr std::uint32_t kPrioProcess = 0;
constexpr std::uint32_t kIoprioProcess = 1;
constexpr std::uint32_t kSetMm = 35;
constexpr std::uint32_t kSetPtracer = 0x59616d61;
constexpr std::uint32_t kAddrNoRandomize = 0x0040000;
constexpr std::uint32_t kSetLease = 1024;           // F_SETLEASE
constexpr std::uint32_t kLeaseOrDelegation = ~16u;  // F_SETDELEG is 1040 (Linux 6.19)
constexpr std::uint32_t kAccessOrPath = 010000003;  // O_ACCMODE, O_PATH
constexpr std::uint32_t kAccessNeither = 3;
constexpr std::uint32_t kMakesFile = 020000100;  // O_CREAT, O_TMPFILE without its O_DIRECTORY
constexpr std::uint32_t kUserId = 04000;         // S_ISUID
constexpr std::uint32_t kAnyId = 06000;          // S_ISUID, S_ISGID
constexpr std::uint32_t kNotify = 1026;          // F_NOTIFY
constexpr std::uint32_t kSetInodeHint = 1036;    // F_SET_RW_HINT
constexpr std::uint32_t kSetFileHint = 1038;     // F_SET_FILE_RW_HINT, before Linux 5.17

constexpr auto kRows = std::to_array<StaticRow>({
    // Ways around the two filters. ENOSYS: programs fall back to the calls that can be judged.
    refuse({"io_uring_setup", {425, 425}}, ENOSYS, kRing),
    refuse({"io_uring_enter", {426, 426}}, ENOSYS, kRing),
    refuse({"io_uring_register", {427, 427}}, ENOSYS, kRing),
    refuse({"openat2", {437, 437}}, ENOSYS, kPointer),
    refuse({"clone3", {435, 435}}, ENOSYS, kPointer),
    refuse({"fchmodat2", {452, 452}}, ENOSYS, kNewer),
    refuse_when({"seccomp", {317, 277}},
                {is(0, kSetModeFilter), has_any(1, abi::kFilterFlagNewListener)}, EBUSY,
                "operation SECCOMP_SET_MODE_FILTER, flags & NEW_LISTENER", kListener),
    // Objects by handle instead of by path.
    refuse({"name_to_handle_at", {303, 264}}, EPERM, kHandle),
    refuse({"open_by_handle_at", {304, 265}}, EPERM, kHandle),
    // Mounts and roots.
    refuse({"mount", {165, 40}}, EPERM, kMount),
    refuse({"umount2", {166, 39}}, EPERM, kMount),
    refuse({"pivot_root", {155, 41}}, EPERM, kMount),
    refuse({"chroot", {161, 51}}, EPERM, kMount),
    refuse({"open_tree", {428, 428}}, EPERM, kMount),
    refuse({"move_mount", {429, 429}}, EPERM, kMount),
    refuse({"fsopen", {430, 430}}, EPERM, kMount),
    refuse({"fsconfig", {431, 431}}, EPERM, kMount),
    refuse({"fsmount", {432, 432}}, EPERM, kMount),
    refuse({"fspick", {433, 433}}, EPERM, kMount),
    refuse({"mount_setattr", {442, 442}}, EPERM, kMount),
    refuse({"statmount", {457, 457}}, ENOSYS, kMountList),
    refuse({"listmount", {458, 458}}, ENOSYS, kMountList),
    // Namespaces.
    refuse({"setns", {308, 268}}, EPERM, kNamespace),
    refuse_when({"unshare", {272, 97}}, has_any(0, kNewNamespaces | kNewTime), EPERM,
                "flags & CLONE_NEW*", kNamespace),
    refuse_when({"clone", {56, 220}}, has_any(0, kNewNamespaces), EPERM, "flags & CLONE_NEW*",
                kNamespace),
    // Other processes: Landlock's hook covers some of these calls and some situations only.
    refuse({"ptrace", {101, 117}}, EPERM, kOther),
    refuse({"process_vm_readv", {310, 270}}, EPERM, kOther),
    refuse({"process_vm_writev", {311, 271}}, EPERM, kOther),
    refuse({"pidfd_getfd", {438, 438}}, EPERM, kOther),
    refuse({"kcmp", {312, 272}}, EPERM, kOther),
    refuse({"process_madvise", {440, 440}}, EPERM, kOther),
    refuse({"process_mrelease", {448, 448}}, EPERM, kOther),
    refuse({"move_pages", {279, 239}}, EPERM, kOther),
    refuse({"migrate_pages", {256, 238}}, EPERM, kOther),
    refuse_when({"prlimit64", {302, 261}}, is_not(0, 0), EPERM, "pid other than 0", kSelfOnly),
    refuse_when({"sched_setaffinity", {203, 122}}, is_not(0, 0), EPERM, "pid other than 0",
                kSelfOnly),
    refuse_when({"sched_setscheduler", {144, 119}}, is_not(0, 0), EPERM, "pid other than 0",
                kSelfOnly),
    refuse_when({"sched_setparam", {142, 118}}, is_not(0, 0), EPERM, "pid other than 0", kSelfOnly),
    refuse_when({"sched_setattr", {314, 274}}, is_not(0, 0), EPERM, "pid other than 0", kSelfOnly),
    refuse_when({"setpriority", {141, 140}}, is_not(0, kPrioProcess), EPERM,
                "which other than PRIO_PROCESS", kSelfOnly),
    refuse_when({"setpriority", {141, 140}}, is_not(1, 0), EPERM, "who other than 0", kSelfOnly),
    refuse_when({"ioprio_set", {251, 30}}, is_not(0, kIoprioProcess), EPERM,
                "which other than IOPRIO_WHO_PROCESS", kSelfOnly),
    refuse_when({"ioprio_set", {251, 30}}, is_not(1, 0), EPERM, "who other than 0", kSelfOnly),
    refuse_when({"prctl", {157, 167}}, is(0, kSetMm), EPERM, "PR_SET_MM", kDisguise),
    refuse_when({"prctl", {157, 167}}, is(0, kSetPtracer), EPERM, "PR_SET_PTRACER", kPtracer),
    // EINVAL, as from a file system without leases.
    refuse_when({"fcntl", {72, 25}}, masked_is(1, kLeaseOrDelegation, kSetLease), EINVAL,
                "F_SETLEASE, F_SETDELEG", kLease),
    refuse_when({"fcntl", {72, 25}}, is(1, kNotify), EINVAL, "F_NOTIFY", kNotice),
    refuse_when({"fcntl", {72, 25}}, masked_is(1, ~(kSetInodeHint ^ kSetFileHint), kSetInodeHint),
                EINVAL, "F_SET_RW_HINT, F_SET_FILE_RW_HINT", kFileAttributes),
    // Access mode 3 is for ioctls of some drivers. The descriptor tells a file's attributes, too.
    // S_ISGID means another thing on directories: of chmod the broker judges it.
    refuse_when({"open", {2, kNoSuchCall}}, masked_is(1, kAccessOrPath, kAccessNeither), EINVAL,
                kNeither, kUnjudged),
    refuse_when({"open", {2, kNoSuchCall}}, {has_any(1, kMakesFile), has_any(2, kAnyId)}, EPERM,
                kMakesSetId, kIdentity),
    refuse_when({"openat", {257, 56}}, masked_is(2, kAccessOrPath, kAccessNeither), EINVAL,
                kNeither, kUnjudged),
    refuse_when({"openat", {257, 56}}, {has_any(2, kMakesFile), has_any(3, kAnyId)}, EPERM,
                kMakesSetId, kIdentity),
    refuse_when({"creat", {85, kNoSuchCall}}, has_any(1, kAnyId), EPERM, kSetsId, kIdentity),
    refuse_when({"mknod", {133, kNoSuchCall}}, has_any(1, kAnyId), EPERM, kSetsId, kIdentity),
    refuse_when({"mknodat", {259, 33}}, has_any(2, kAnyId), EPERM, kSetsId, kIdentity),
    refuse_when({"chmod", {90, kNoSuchCall}}, has_any(1, kUserId), EPERM, kSetsUserId, kIdentity),
    refuse_when({"fchmod", {91, 52}}, has_any(1, kUserId), EPERM, kSetsUserId, kIdentity),
    refuse_when({"fchmodat", {268, 53}}, has_any(2, kUserId), EPERM, kSetsUserId, kIdentity),
    // Parts of the kernel that no agent needs and where its bugs have been.
    refuse({"bpf", {321, 280}}, EPERM, kSurface),
    refuse({"userfaultfd", {323, 282}}, EPERM, kSurface),
    refuse({"perf_event_open", {298, 241}}, EPERM, kSurface),
    refuse({"modify_ldt", {154, kNoSuchCall}}, EPERM, kSurface),
    refuse({"add_key", {248, 217}}, EPERM, kKeys),
    refuse({"request_key", {249, 218}}, EPERM, kKeys),
    refuse({"keyctl", {250, 219}}, EPERM, kKeys),
    refuse({"fanotify_init", {300, 262}}, EPERM, kFanotify),
    refuse({"fanotify_mark", {301, 263}}, EPERM, kFanotify),
    refuse({"lookup_dcookie", {212, 18}}, EPERM, kHandle),
    refuse_when({"personality", {135, 92}}, is(0, 0), 0, "PER_LINUX", kPersonality),
    refuse_when({"personality", {135, 92}}, is(0, kAddrNoRandomize), 0, "ADDR_NO_RANDOMIZE",
                kPersonality),
    refuse_when({"personality", {135, 92}}, is(0, ~0u), 0, "0xffffffff (ask)", kPersonality),
    refuse_when({"personality", {135, 92}}, {}, EPERM, "anything else", kPersonality),
    // The machine. Refused to root, too, and whatever the capabilities say.
    refuse({"kexec_load", {246, 104}}, EPERM, kMachine),
    refuse({"kexec_file_load", {320, 294}}, EPERM, kMachine),
    refuse({"init_module", {175, 105}}, EPERM, kMachine),
    refuse({"finit_module", {313, 273}}, EPERM, kMachine),
    refuse({"delete_module", {176, 106}}, EPERM, kMachine),
    refuse({"reboot", {169, 142}}, EPERM, kMachine),
    refuse({"swapon", {167, 224}}, EPERM, kMachine),
    refuse({"swapoff", {168, 225}}, EPERM, kMachine),
    refuse({"acct", {163, 89}}, EPERM, kMachine),
    refuse({"quotactl", {179, 60}}, EPERM, kMachine),
    refuse({"quotactl_fd", {443, 443}}, EPERM, kMachine),
    refuse({"sethostname", {170, 161}}, EPERM, kMachine),
    refuse({"setdomainname", {171, 162}}, EPERM, kMachine),
    refuse({"settimeofday", {164, 170}}, EPERM, kMachine),
    refuse({"clock_settime", {227, 112}}, EPERM, kMachine),
    refuse({"vhangup", {153, 58}}, EPERM, kMachine),
    refuse({"iopl", {172, kNoSuchCall}}, EPERM, kMachine),
    refuse({"ioperm", {173, kNoSuchCall}}, EPERM, kMachine),
    refuse({"uselib", {134, kNoSuchCall}}, ENOSYS, kUselib),
    refuse({"syslog", {103, 116}}, EPERM, kKernelLog),
    // Shared objects without a path. System V: ENOSYS, as from a kernel built without it.
    refuse({"shmget", {29, 194}}, ENOSYS, kSysV),
    refuse({"shmat", {30, 196}}, ENOSYS, kSysV),
    refuse({"shmctl", {31, 195}}, ENOSYS, kSysV),
    refuse({"shmdt", {67, 197}}, ENOSYS, kSysV),
    refuse({"msgget", {68, 186}}, ENOSYS, kSysV),
    refuse({"msgsnd", {69, 189}}, ENOSYS, kSysV),
    refuse({"msgrcv", {70, 188}}, ENOSYS, kSysV),
    refuse({"msgctl", {71, 187}}, ENOSYS, kSysV),
    refuse({"semget", {64, 190}}, ENOSYS, kSysV),
    refuse({"semop", {65, 193}}, ENOSYS, kSysV),
    refuse({"semtimedop", {220, 192}}, ENOSYS, kSysV),
    refuse({"semctl", {66, 191}}, ENOSYS, kSysV),
    refuse({"mq_open", {240, 180}}, EPERM, kQueues),
    refuse({"mq_unlink", {241, 181}}, EPERM, kQueues),
});

}  // namespace

std::span<const StaticRow> static_rows_of_calls() {
  return kRows;
}

}  // namespace nono::sandbox
