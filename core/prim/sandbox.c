/* prim/sandbox.c: enters the sandbox: a seccomp program made from prim/calls.c, and Landlock.
 *
 * Async-signal-safe throughout: no allocation, no lock. The program is a binary search over ranges
 * of calls with the same rule: the kernel runs it for every call there is when it is loaded, to
 * learn which are allowed whatever their arguments, and never again for those.
 * SPEC_ALLOW: the filter is to keep the trial from doing harm, not from reading its own memory;
 * without the flag older kernels turn mitigations on that make the trial's own code slower.
 * Landlock is told only of what changes files: reading is not limited, because libraries, data and
 * the files that a plugin's parameters name may be anywhere that the user may read. It keeps a
 * process from /proc/PID/mem, environ, maps and fd of those outside on its own account; but from
 * 6.16 on CAP_PERFMON is enough for some of them. So a trial of root's keeps the capabilities for
 * files and for calls that the filter governs, and loses all others. */
#include "prim/sandbox.h"

#include "base/error.h"
#include "base/sanitizer.h"
#include "prim/calls.h"
#include "prim/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CODE_MAX 2048u  /* instructions; the kernel takes 4096 */
#define RANGES_MAX (STW_CALLS_TABLE + 1)

const char *stw_permit_name(uint32_t bit)
{
    static const char *const names[STW_PERMITS] = {"files", "network", "processes", "scheduling"};
    return bit < STW_PERMITS ? names[bit] : "?";
}

#if defined(__x86_64__) && !STW_ASAN && !STW_TSAN
#define IS_KNOWN 1
#else
#define IS_KNOWN 0 /* sanitizers trace and start processes themselves */
#endif

/* Capabilities. */

#define KEPT                                                                                       \
    (CAP_TO_MASK(CAP_CHOWN) | CAP_TO_MASK(CAP_DAC_OVERRIDE) | CAP_TO_MASK(CAP_DAC_READ_SEARCH)     \
     | CAP_TO_MASK(CAP_FOWNER) | CAP_TO_MASK(CAP_FSETID) | CAP_TO_MASK(CAP_KILL)                   \
     | CAP_TO_MASK(CAP_NET_BIND_SERVICE) | CAP_TO_MASK(CAP_IPC_LOCK) | CAP_TO_MASK(CAP_SYS_NICE)   \
     | CAP_TO_MASK(CAP_SYS_RESOURCE))

/* no_new_privs keeps what it executes from getting them back. */
static stw_status drop_capabilities(void)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &head, sets) != 0)
        return STW_E_IO;
    for (uint32_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        uint32_t kept = i == 0 ? KEPT : 0; /* all of them are in the first */
        sets[i].effective &= kept;
        sets[i].permitted &= kept;
        sets[i].inheritable &= kept;
    }
    return syscall(SYS_capset, &head, sets) == 0 ? STW_OK : STW_E_IO;
}

/* The filter. */

struct code {
    struct sock_filter all[CODE_MAX];
    uint32_t count;
    uint32_t deny; /* what is answered for a forbidden call */
    const struct stw_sandbox *sandbox;
};

static void emit(struct code *code, uint16_t what, uint32_t value, uint8_t if_true,
                 uint8_t if_false)
{
    if (code->count < CODE_MAX)
        code->all[code->count] = (struct sock_filter){what, if_true, if_false, value};
    code->count++;
}

static void answer(struct code *code, uint32_t action)
{
    emit(code, BPF_RET | BPF_K, action, 0, 0);
}

/* Loads half of an argument; the lower is all that the kernel looks at of an int. */
static void load(struct code *code, uint32_t argument, uint32_t upper)
{
    uint32_t at = (uint32_t)offsetof(struct seccomp_data, args) + 8 * argument + 4 * upper;
    emit(code, BPF_LD | BPF_W | BPF_ABS, at, 0, 0);
}

/* Allows when what was loaded is `value`. */
static void allow_if(struct code *code, uint32_t value)
{
    emit(code, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    answer(code, SECCOMP_RET_ALLOW);
}

/* Allows when all bits of `bits` are `wanted` in what was loaded. */
static void allow_if_bits(struct code *code, uint32_t bits, uint32_t wanted)
{
    emit(code, BPF_ALU | BPF_AND | BPF_K, bits, 0, 0);
    allow_if(code, wanted);
}

/* Allows when an argument as a whole is `value`. */
static void allow_if_whole(struct code *code, uint32_t argument, uint64_t value)
{
    load(code, argument, 1);
    emit(code, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value >> 32), 0, 3);
    load(code, argument, 0);
    allow_if(code, (uint32_t)value);
}

static void allow_if_listed(struct code *code, uint32_t rule, uint32_t argument)
{
    size_t count;
    const uint32_t *list = stw__calls_arguments(rule, &count);
    load(code, argument, 0);
    for (size_t i = 0; i < count; i++)
        allow_if(code, list[i]);
}

static void check_prlimit(struct code *code)
{
    load(code, 0, 0);
    emit(code, BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0);
    emit(code, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 1, 0);
    answer(code, code->deny);
    allow_if_whole(code, 2, 0);
    load(code, 1, 0);
    allow_if(code, RLIMIT_NOFILE);
}

/* What is left when a rule's conditions do not hold is denied. */
static void emit_rule(struct code *code, uint32_t rule)
{
    const uint32_t writes = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
    if (rule == STW_RULE_ALLOW || rule == STW_RULE_MISSING) {
        answer(code, rule == STW_RULE_ALLOW ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | ENOSYS);
        return;
    }
    switch (rule) {
    case STW_RULE_OPEN:
    case STW_RULE_OPENAT:
        load(code, rule == STW_RULE_OPEN ? 1 : 2, 0);
        allow_if_bits(code, writes, 0);
        break;
    case STW_RULE_OWN:
    case STW_RULE_OWN_THREAD:
        load(code, 0, 0);
        allow_if(code, rule == STW_RULE_OWN ? (uint32_t)getpid() : 0);
        break;
    case STW_RULE_THREAD:
        load(code, 0, 0);
        allow_if_bits(code, CLONE_THREAD | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID
                            | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
                      CLONE_THREAD);
        break;
    case STW_RULE_CONTROL: /* by then closed, and there is no other socket */
        load(code, 0, 0);
        allow_if(code, (uint32_t)code->sandbox->control);
        break;
    case STW_RULE_PRLIMIT:
        check_prlimit(code);
        break;
    case STW_RULE_FCNTL:
    case STW_RULE_IOCTL:
        allow_if_listed(code, rule, 1);
        break;
    case STW_RULE_PRCTL:
        allow_if_listed(code, rule, 0);
        break;
    case STW_RULE_PERSONALITY:
        load(code, 0, 0);
        allow_if(code, UINT32_MAX);
        break;
    case STW_RULE_EXEC:
        if (code->sandbox->program)
            allow_if_whole(code, 0, (uint64_t)(uintptr_t)code->sandbox->program);
        break;
    default:
        break;
    }
    answer(code, code->deny);
}

/* Calls up to `last` that have a rule in common. */
struct range {
    uint32_t last, rule;
};

static void emit_search(struct code *code, const struct range *ranges, uint32_t count)
{
    if (count == 1) {
        emit_rule(code, ranges->rule);
        return;
    }
    uint32_t half = count / 2, jump = code->count + 1;
    emit(code, BPF_JMP | BPF_JGT | BPF_K, ranges[half - 1].last, 0, 1);
    emit(code, BPF_JMP | BPF_JA, 0, 0, 0);
    emit_search(code, ranges, half);
    if (jump < CODE_MAX)
        code->all[jump].k = code->count - (jump + 1);
    emit_search(code, ranges + half, count - half);
}

static void make_filter(struct code *code)
{
    uint8_t rules[STW_CALLS_TABLE];
    struct range ranges[RANGES_MAX];
    uint32_t count = 0;
    stw__calls_rules(code->sandbox->permitted, rules);
    for (uint32_t i = 0; i < STW_CALLS_TABLE; i++) {
        int is_same = i > 0 && rules[i] == rules[i - 1];
        count += !is_same;
        ranges[count - 1] = (struct range){i, rules[i]};
    }
    ranges[count++] = (struct range){UINT32_MAX, STW_RULE_FORBID}; /* x32's among them */
    code->count = 0;
    emit(code, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, arch), 0, 0);
    emit(code, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
    answer(code, SECCOMP_RET_KILL_PROCESS);
    emit(code, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, nr), 0, 0);
    emit_search(code, ranges, count);
}

/* Loads it and gives the warden its end; without one a forbidden call ends the process. */
static stw_status filter_calls(const struct stw_sandbox *sandbox)
{
    struct code code = {.deny = SECCOMP_RET_USER_NOTIF, .sandbox = sandbox};
    const uint32_t flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    make_filter(&code);
    struct sock_fprog program = {(unsigned short)code.count, code.all};
    if (code.count > CODE_MAX)
        return STW_E_STATE;
    long listener = sandbox->control < 0 ? -1
        : syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_NEW_LISTENER,
                  &program);
    if (listener >= 0)
        return stw__warden_hand_over(sandbox->control, (int)listener);
    code.deny = SECCOMP_RET_TRAP;
    make_filter(&code);
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0 ? STW_OK : STW_E_IO;
}

/* Landlock. The headers of Debian 12 know its first versions only. */

struct ruleset {
    uint64_t files, network, scoped;
};

#define RIGHT_TRUNCATE (1ull << 14)     /* from version 3 */
#define RIGHT_IOCTL_DEVICE (1ull << 15) /* 5 */
#define SCOPE_ABSTRACT_SOCKET 1u        /* 6 */
#define SCOPE_SIGNAL 2u                 /* 6 */
#define NETWORK_RIGHTS 3u               /* 4: bind and connect */

static int32_t landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int32_t)version : 0;
}

static uint64_t writing_rights(int32_t version)
{
    uint64_t rights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR
        | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR
        | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK
        | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK
        | LANDLOCK_ACCESS_FS_MAKE_SYM;
    rights |= version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
    rights |= version >= 3 ? RIGHT_TRUNCATE : 0;
    return rights | (version >= 5 ? RIGHT_IOCTL_DEVICE : 0);
}

static int allow_below(int ruleset, const char *path, uint64_t rights)
{
    struct landlock_path_beneath_attr rule = {rights, open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent_fd < 0)
        return -1;
    long failed = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
    return failed ? -1 : 0;
}

static stw_status limit_files(const struct stw_sandbox *sandbox)
{
    const uint64_t made = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK
                        | LANDLOCK_ACCESS_FS_MAKE_SOCK | RIGHT_IOCTL_DEVICE;
    int32_t version = landlock_version();
    uint64_t rights = writing_rights(version);
    struct ruleset all = {
        .files = sandbox->permitted & STW_PERMIT_FILES ? 0 : rights,
        .network = version >= 4 && !(sandbox->permitted & STW_PERMIT_NETWORK) ? NETWORK_RIGHTS : 0,
        .scoped = version < 6 ? 0
            : SCOPE_SIGNAL
              | (sandbox->permitted & STW_PERMIT_NETWORK ? 0 : SCOPE_ABSTRACT_SOCKET)};
    size_t bytes = version >= 6 ? sizeof all : version >= 4 ? 16 : 8;
    if (version == 0 || !(all.files | all.network | all.scoped))
        return STW_OK;
    long ruleset = syscall(SYS_landlock_create_ruleset, &all, bytes, 0);
    if (ruleset < 0)
        return STW_E_IO;
    int failed = 0;
    if (all.files)
        failed = allow_below((int)ruleset, ".", rights & ~made)
              || allow_below((int)ruleset, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE);
    failed = failed || syscall(SYS_landlock_restrict_self, ruleset, 0) != 0;
    close((int)ruleset);
    return failed ? STW_E_IO : STW_OK;
}

struct stw_sandbox_support stw_sandbox_support(void)
{
    uint32_t notify = SECCOMP_RET_USER_NOTIF;
    struct stw_sandbox_support support = {0, 0};
    if (!IS_KNOWN)
        return support;
    support.landlock = landlock_version();
    support.filters = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &notify) == 0;
    return support;
}

static stw_status enter(const struct stw_sandbox *sandbox)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return STW_E_IO;
    STW_TRY(drop_capabilities());
    STW_TRY(limit_files(sandbox));
    return filter_calls(sandbox);
}

stw_status stw_sandbox_enter(const struct stw_sandbox *sandbox, struct stw_error *error)
{
    if (IS_KNOWN && enter(sandbox) != STW_OK)
        return stw_error_set(error, STW_E_IO, "sandbox",
                             "cannot be entered: %s; sandbox = off runs without it",
                             strerror(errno));
    return STW_OK;
}
