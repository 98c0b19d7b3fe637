/* Signals that a write can raise. Owns nothing; called by base/log and dump/. SIGTTOU is not raised while it is blocked. */
#include "base/write_signals.h"

#include "base/sys.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#define BIT(sig) (1ull << ((sig)-1))

void write_signals_hold(struct write_signals *ret_held)
{
    const uint64_t set = BIT(SIGPIPE) | BIT(SIGXFSZ) | BIT(SIGTTOU);

    *ret_held = (struct write_signals){0};
    SYS_CALL(SYS_rt_sigprocmask, SIG_BLOCK, &set, &ret_held->mask, sizeof(set));
    SYS_CALL(SYS_rt_sigpending, &ret_held->pending, sizeof(set), 0, 0);
}

void write_signals_release(const struct write_signals *held, int result)
{
    uint64_t raised = result == -EPIPE ? BIT(SIGPIPE) : result == -EFBIG ? BIT(SIGXFSZ) : 0;
    const struct timespec none = {0};

    raised &= ~held->pending;
    if (raised != 0)
        SYS_CALL(SYS_rt_sigtimedwait, &raised, 0, &none, sizeof(raised));
    SYS_CALL(SYS_rt_sigprocmask, SIG_SETMASK, &held->mask, 0, sizeof(held->mask));
}
