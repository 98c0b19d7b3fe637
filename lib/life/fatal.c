/*
 * Signals that end the process. Owns their names.
 *
 * For each whose default is the end, and whose disposition is the default, a handler stands in (life/disposition). It lets
 * leaktrace's own thread make the dump, for a bounded time; then the default is put back and the same signal sent once more,
 * with all that it had told, to meet the thread where it was interrupted: the status and the core dump are what they would have
 * been (decisions/0008). The handler itself only waits: it may run on a small stack.
 */
#include "life/life.h"

#include "base/sys.h"
#include "base/text.h"
#include "dump/control.h"
#include "hook/real.h"
#include "life/disposition.h"

#include <link.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>

#define SIGNALS 65

static char names[SIGNALS][16];

static bool is_fault(int sig)
{
    return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL || sig == SIGTRAP || sig == SIGSYS;
}

/* Of the signals that can be caught. SIGSTKFLT is the control channel's, and never comes to a handler. */
static bool is_fatal(int sig)
{
    return sig != SIGKILL && sig != SIGSTOP && sig != SIGCONT && sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU &&
           sig != SIGCHLD && sig != SIGURG && sig != SIGWINCH && sig != SIGSTKFLT && (sig < 32 || sig >= SIGRTMIN);
}

/* The signal is pending when the handler returns, and then nothing holds it back: what the thread had blocked meanwhile (it may
   have been in sigsuspend) does not count, for without leaktrace it would be dead. */
static void die(int sig, siginfo_t *info, ucontext_t *context)
{
    const struct sigaction end = {.sa_handler = SIG_DFL};
    pid_t pid = sys_getpid(), tid = sys_gettid();

    real_sigaction(sig, &end, NULL);
    sigdelset(&context->uc_sigmask, sig);
    if (SYS_CALL(SYS_rt_tgsigqueueinfo, pid, tid, sig, info) != 0)
        sys_tgkill(pid, tid, sig);
}

static void handle(int sig, siginfo_t *info, void *context)
{
    exit_by_signal(names[sig], context);
    die(sig, info, context);
}

/* Go's linker leaves a note of its own in each program. */
static bool has_go_note(const char *at, const char *end)
{
    while (at + sizeof(ElfW(Nhdr)) + 4 <= end) {
        const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)(const void *)at;

        if (note->n_namesz == 4 && memcmp(note + 1, "Go\0", 4) == 0)
            return true;
        at += sizeof(*note) + ((note->n_namesz + 3) & ~3u) + ((note->n_descsz + 3) & ~3u);
    }
    return false;
}

/* Go's runtime asks the kernel itself who has a signal, and hands the crashes of C code on to whom it finds there, in place of
   its own report. */
static bool is_go(void)
{
    const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    size_t n = getauxval(AT_PHNUM);
    uintptr_t bias = 0;

    for (size_t i = 0; i < n; i++)
        if (headers[i].p_type == PT_PHDR)
            bias = (uintptr_t)headers - headers[i].p_vaddr;
    for (size_t i = 0; i < n; i++) {
        const char *start = (const char *)(bias + headers[i].p_vaddr);

        if (headers[i].p_type == PT_NOTE && has_go_note(start, start + headers[i].p_memsz))
            return true;
    }
    return false;
}

/* To the first process of a pid namespace the kernel sends none whose disposition is the default, but for faults. */
void fatal_init(void)
{
    bool first = sys_getpid() == 1;

    if (is_go())
        return;
    for (int sig = 1; sig < SIGNALS; sig++) {
        struct text name = TEXT_ON(names[sig]);

        if (!is_fatal(sig) || sig == life.options.signal || (first && !is_fault(sig)))
            continue;
        text_add(&name, "SIG");
        signal_add_name(&name, sig);
        disposition_stand_in(sig, handle, 0, NULL);
    }
}
