/* Asking traced processes. Owns nothing; called by the commands. */
#include "target/target.h"

#include "base/text.h"
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 20
#define REPEAT_MS 200
#define NOTICE_MS 1000

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000l + now.tv_nsec / 1000000;
}

static uint32_t make_nonce(void)
{
    uint32_t nonce;

    if (getrandom(&nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
        nonce = (uint32_t)now_ms() * 2654435761u + (uint32_t)getpid();
    nonce &= CONTROL_NONCE_MAX;
    return nonce == 0 ? 1 : nonce;
}

/* The first line of /proc/PID/task/TID/FILE that begins with `prefix`, without it and the newline; false when there is
 * none. */
static bool read_task_line(int pid, int tid, const char *file, const char *prefix, char *ret_line, size_t size)
{
    char path[96];
    FILE *in;
    bool found = false;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, file);
    in = fopen(path, "re");
    if (in == NULL)
        return false;
    while (!found && fgets(ret_line, (int)size, in) != NULL)
        found = begins_with(ret_line, prefix);
    fclose(in);
    if (!found)
        return false;
    ret_line[strcspn(ret_line, "\n")] = '\0';
    memmove(ret_line, ret_line + strlen(prefix), strlen(ret_line + strlen(prefix)) + 1);
    return true;
}

#define SIGNAL_BIT(sig) (1ull << ((sig)-1))

/*
 * Whether a thread with that mask takes the signal by waiting for it: one that did not would be killed by it, and the
 * program with it. While a thread waits (sigtimedwait), the kernel shows the awaited signal as not blocked, so that
 * this one bit says nothing. leaktrace's thread is known by all the others: no thread of a program blocks SIGSEGV and
 * the like.
 */
static bool is_waiting_mask(unsigned long long blocked)
{
    const unsigned long long may_be_awaited = SIGNAL_BIT(CONTROL_SIGNAL) | SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2);
    const unsigned long long never_blocked = SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP);
    const unsigned long long standard = SIGNAL_BIT(32) - 1;

    return (~blocked & standard & ~may_be_awaited & ~never_blocked) == 0;
}

static bool is_control_thread(int pid, int tid)
{
    char line[256];

    return read_task_line(pid, tid, "comm", "", line, sizeof(line)) && strcmp(line, CONTROL_THREAD) == 0 &&
           read_task_line(pid, tid, "status", "SigBlk:", line, sizeof(line)) &&
           is_waiting_mask(strtoull(line, NULL, 16));
}

/* The thread id of leaktrace's own thread; 0 when there is none. */
static int find_control_thread(int pid)
{
    char path[64];
    DIR *tasks;
    const struct dirent *entry;
    int found = 0;

    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    tasks = opendir(path);
    if (tasks == NULL)
        return 0;
    while (found == 0 && (entry = readdir(tasks)) != NULL) {
        int tid;

        if (parse_pid(entry->d_name, &tid) && is_control_thread(pid, tid))
            found = tid;
    }
    closedir(tasks);
    return found;
}

/* Sends the request once more; what the next answer is missing for goes into the outcome. */
static void send_request(struct target *target, enum control_request request)
{
    int tid = find_control_thread(target->pid);
    siginfo_t info = {.si_code = SI_QUEUE};

    target->outcome = tid == 0 ? TARGET_UNHEARD : TARGET_SILENT;
    if (tid == 0)
        return;
    info.si_signo = CONTROL_SIGNAL;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_int = control_value(request, target->nonce);
    if (syscall(SYS_rt_tgsigqueueinfo, target->pid, tid, CONTROL_SIGNAL, &info) == 0 || errno == EAGAIN ||
        errno == ESRCH)
        return;
    target->outcome = TARGET_REFUSED;
    target->error = errno;
}

static bool is_gone(int pid)
{
    return kill(pid, 0) != 0 && errno == ESRCH;
}

/* Whether there is nothing more to wait for. */
static bool is_settled(struct target *target)
{
    if (target->outcome == TARGET_ANSWERED || target->outcome == TARGET_REFUSED)
        return true;
    if (status_read(target->status_path, &target->status) == 0 &&
        status_answer(&target->status, target->nonce, &target->ok, &target->text)) {
        target->outcome = TARGET_ANSWERED;
        return true;
    }
    if (is_gone(target->pid)) {
        target->outcome = TARGET_REFUSED;
        target->error = ESRCH;
        return true;
    }
    return false;
}

static size_t count_open(struct target *targets, size_t n)
{
    size_t open = 0;

    for (size_t i = 0; i < n; i++)
        open += !is_settled(&targets[i]);
    return open;
}

/* Waits for all answers; `noticed`: nobody need be told that it takes long. */
static void ask_all(struct target *targets, size_t n, enum control_request request, int patience_ms, bool noticed)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000l};
    const int64_t start = now_ms();
    int64_t next_send = start, elapsed = 0;

    for (size_t i = 0; i < n; i++) {
        targets[i].nonce = make_nonce();
        targets[i].outcome = TARGET_SILENT;
    }
    do {
        for (size_t i = 0; i < n && start + elapsed >= next_send; i++)
            if (targets[i].outcome == TARGET_SILENT || targets[i].outcome == TARGET_UNHEARD)
                send_request(&targets[i], request);
        if (start + elapsed >= next_send)
            next_send += REPEAT_MS;
        if (!noticed && elapsed > NOTICE_MS) {
            complain("waiting for an answer ...");
            noticed = true;
        }
        nanosleep(&pause, NULL);
        elapsed = now_ms() - start;
    } while (count_open(targets, n) > 0 && elapsed < patience_ms);
}

void target_ask_all(struct target *targets, size_t n, enum control_request request, int patience_ms)
{
    ask_all(targets, n, request, patience_ms, patience_ms <= NOTICE_MS || isatty(STDERR_FILENO) == 0);
}

void target_ask_quietly(struct target *target, enum control_request request, int patience_ms)
{
    ask_all(target, 1, request, patience_ms, true);
}

static int explain_outcome(const struct target *target, struct text *ret_why)
{
    switch (target->outcome) {
    case TARGET_UNHEARD:
        text_format(ret_why, "process %d is traced, but leaktrace's thread is not there to answer", target->pid);
        break;
    case TARGET_SILENT:
        text_format(ret_why, "process %d did not answer within %d s", target->pid, TARGET_PATIENCE_MS / 1000);
        break;
    case TARGET_REFUSED:
        text_format(ret_why, target->error == ESRCH ? "process %d has ended" : "process %d may not be asked",
                    target->pid);
        break;
    case TARGET_ANSWERED:
        text_format(ret_why, "process %d: %s", target->pid, target->text[0] == '\0' ? "it failed" : target->text);
        break;
    }
    return -EIO;
}

int target_ask(struct target *target, enum control_request request, struct text *ret_why)
{
    ask_all(target, 1, request, TARGET_PATIENCE_MS, isatty(STDERR_FILENO) == 0);
    return target->outcome == TARGET_ANSWERED && target->ok ? 0 : explain_outcome(target, ret_why);
}
