/* The descriptor table of leaktrace's thread. Owns the knowledge that it is separate, and how; called by dump/ and snapshot/. */
#include "base/own_fd.h"

#include "base/sys.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>
#include <time.h>

#define ROOM_OF_WAITER (64ul * 1024)
#define GROUPS_MAX 64
#define WAITER_NAME "leaktrace-wait"

static bool stays_shared, common_calls_only;
static __thread bool separate __attribute__((tls_model("initial-exec")));
static unsigned tasks = 1;

void own_fd_stay_shared(void)
{
    stays_shared = true;
}

void own_fd_use_common_calls(void)
{
    common_calls_only = true;
}

static void close_all(void)
{
    if (common_calls_only || SYS_CALL(SYS_close_range, 0, ~0u, 0, 0) == -ENOSYS)
        for (int fd = 0; fd < 65536; fd++)
            sys_close(fd);
}

struct credentials {
    uid_t uids[3]; /* real, effective, saved */
    gid_t gids[3];
    long n_groups; /* < 0: too many, or not known */
    gid_t groups[GROUPS_MAX];
};

/* Whom the waiting thread has become. */
static struct {
    unsigned version; /* odd while it is written */
    struct credentials credentials;
} waiter;

static unsigned followed; /* the version that the task beside it has taken over */

/* By the waiter, when libc's handler has run in it. */
static void note_credentials(void)
{
    struct credentials *now = &waiter.credentials;

    __atomic_fetch_add(&waiter.version, 1, __ATOMIC_ACQ_REL);
    SYS_CALL(SYS_getresuid, &now->uids[0], &now->uids[1], &now->uids[2], 0);
    SYS_CALL(SYS_getresgid, &now->gids[0], &now->gids[1], &now->gids[2], 0);
    now->n_groups = SYS_CALL(SYS_getgroups, GROUPS_MAX, now->groups, 0, 0);
    __atomic_fetch_add(&waiter.version, 1, __ATOMIC_ACQ_REL);
}

/* What gives the right to the others goes last. */
static void become(const struct credentials *whom)
{
    SYS_CALL(SYS_setgroups, whom->n_groups < 0 ? 0 : whom->n_groups, whom->groups, 0, 0);
    SYS_CALL(SYS_setresgid, whom->gids[0], whom->gids[1], whom->gids[2], 0);
    SYS_CALL(SYS_setresuid, whom->uids[0], whom->uids[1], whom->uids[2], 0);
}

void own_fd_follow(void)
{
    unsigned version = __atomic_load_n(&waiter.version, __ATOMIC_ACQUIRE);
    struct credentials whom;

    if (tasks == 1 || version == followed || version % 2 != 0)
        return;
    whom = waiter.credentials;
    if (__atomic_load_n(&waiter.version, __ATOMIC_ACQUIRE) != version)
        return;
    become(&whom);
    followed = version;
}

/* A task of this process that runs `work` and ends; `word` is its id until it has. It differs from a thread in its table of
   descriptors, which is a copy. */
static long begin_task(void (*work)(void), void *stack, int *word)
{
    const long flags = CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_PARENT_SETTID |
                       CLONE_CHILD_CLEARTID;
    register int *child_word __asm__("r10") = word;
    register void (*routine)(void) __asm__("r12") = work;
    long ret;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "call *%%r12\n\t"
                     "xor %%edi, %%edi\n\t"
                     "mov %[exit], %%eax\n\t"
                     "syscall\n"
                     "1:"
                     : "=a"(ret)
                     : "a"(SYS_clone), "D"(flags), "S"(stack), "d"(word), "r"(child_word), "r"(routine), [exit] "i"(SYS_exit)
                     : "rcx", "r11", "cc", "memory");
    return ret;
}

static void (*separated_work)(void);

static void run_separated(void)
{
    separate = true;
    close_all();
    separated_work();
}

/* False when the kernel does not let us. The waiter looks at nothing that both have: its stack is above the task's, and their
   thread-local storage is the same. The kernel wakes it as it wakes who joins a thread. */
static bool run_beside(void (*work)(void))
{
    uintptr_t stack = ((uintptr_t)__builtin_frame_address(0) - ROOM_OF_WAITER) & ~(uintptr_t)15;
    const struct timespec hour = {.tv_sec = 3600};
    int word = 0, now;

    separated_work = work;
    tasks = 2;
    SYS_CALL(SYS_prctl, PR_SET_NAME, WAITER_NAME, 0, 0);
    if (begin_task(run_separated, (void *)stack, &word) < 0) {
        tasks = 1;
        return false;
    }
    /* A handler ends a wait only if the wait has a limit. */
    while ((now = __atomic_load_n(&word, __ATOMIC_ACQUIRE)) != 0)
        if (SYS_CALL(SYS_futex, &word, FUTEX_WAIT, now, &hour) == -EINTR)
            note_credentials();
    return true;
}

void own_fd_run(void (*work)(void))
{
    tasks = 1;
    if (!stays_shared && !common_calls_only && SYS_CALL(SYS_unshare, CLONE_FILES, 0, 0, 0) == 0) {
        separated_work = work;
        run_separated();
        return;
    }
    if (stays_shared || !run_beside(work))
        work();
}

unsigned own_fd_tasks(void)
{
    return tasks;
}

bool own_fd_is_separate(void)
{
    return separate;
}

int own_fd_borrow(int fd)
{
    int process, borrowed;

    if (!separate)
        return fd;
    if (common_calls_only)
        return -EPERM;
    process = (int)SYS_CALL(SYS_pidfd_open, sys_getpid(), 0, 0, 0);
    if (process < 0)
        return process;
    borrowed = (int)SYS_CALL(SYS_pidfd_getfd, process, fd, 0, 0);
    sys_close(process);
    return borrowed;
}

void own_fd_return(int borrowed)
{
    if (separate)
        sys_close(borrowed);
}
