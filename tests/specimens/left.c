/* Leaves calls that leaktrace records by siglongjmp, out of a timer's handler, as often as LEFT says: POSIX allows it in the middle
   of open and close. Then 100 files are opened and stay. */
#include "specimen.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#define LEFT 3000

static sigjmp_buf before;
static volatile sig_atomic_t armed;

static void leave(int sig)
{
    (void)sig;
    if (armed) {
        armed = 0;
        siglongjmp(before, 1);
    }
}

static void open_and_close(void)
{
    for (;;)
        close(open("/dev/null", O_RDONLY));
}

SITE void opened_after(void)
{
    for (int i = 0; i < 100; i++)
        MUST(open("/dev/null", O_RDONLY) >= 0);
}

int main(void)
{
    const struct itimerval soon = {.it_interval = {.tv_usec = 100}, .it_value = {.tv_usec = 100}}, never = {0};
    volatile int left = 0;

    MUST(signal(SIGALRM, leave) != SIG_ERR && setitimer(ITIMER_REAL, &soon, NULL) == 0);
    if (sigsetjmp(before, 1) != 0)
        left++;
    if (left < LEFT) {
        close_range(3, ~0u, 0);
        armed = 1;
        open_and_close();
    }
    MUST(setitimer(ITIMER_REAL, &never, NULL) == 0);
    close_range(3, ~0u, 0);
    opened_after();
    return 0;
}
