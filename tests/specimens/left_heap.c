/* Leaves malloc and free by siglongjmp, out of a timer's handler, as often as LEFT says, but never libc's own code: so without
   leaktrace it only ever leaves its own. There is a second thread. Then 100 blocks are acquired and stay. */
#include "specimen.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define LEFT 1000
#define BLOCKS 64

static sigjmp_buf before;
static volatile sig_atomic_t armed;
static struct dl_find_object libc;

static void leave(int sig, siginfo_t *info, void *context)
{
    const char *at = (const char *)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

    (void)sig, (void)info;
    if (!armed || (at >= (const char *)libc.dlfo_map_start && at < (const char *)libc.dlfo_map_end))
        return;
    armed = 0;
    siglongjmp(before, 1);
}

static void *waits(void *unused)
{
    pause();
    return unused;
}

/* Of many sizes, so that tables grow. */
static void acquire_and_release(void)
{
    static void *volatile blocks[BLOCKS];

    for (unsigned i = 0;; i++) {
        void *old = blocks[i % BLOCKS];

        blocks[i % BLOCKS] = NULL;
        free(old);
        blocks[i % BLOCKS] = malloc(16 + i % 1000);
    }
}

SITE void acquired_after(void)
{
    for (int i = 0; i < 100; i++)
        USE(malloc(64));
}

int main(void)
{
    const struct sigaction action = {.sa_sigaction = leave, .sa_flags = SA_SIGINFO};
    const struct itimerval soon = {.it_interval = {.tv_usec = 100}, .it_value = {.tv_usec = 100}}, never = {0};
    volatile int left = 0;
    pthread_t thread;

    MUST(_dl_find_object((void *)gnu_get_libc_version, &libc) == 0);
    MUST(pthread_create(&thread, NULL, waits, NULL) == 0);
    MUST(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &soon, NULL) == 0);
    if (sigsetjmp(before, 1) != 0)
        left++;
    if (left < LEFT) {
        armed = 1;
        acquire_and_release();
    }
    MUST(setitimer(ITIMER_REAL, &never, NULL) == 0);
    acquired_after();
    return 0;
}
