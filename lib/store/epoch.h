/*
 * Numbers that entries are stamped with, so that older ones can be told from newer ones. Thread-safe, without locks.
 *
 * The mark: growth is what was acquired while the current mark was. The module epoch: it goes up when code addresses begin to
 * mean another module, see snapshot/modules.h. The code epoch: it goes up whenever code has gone, or addresses have changed their
 * meaning, so that what was derived from code is derived anew.
 */
#ifndef LEAKTRACE_STORE_EPOCH_H
#define LEAKTRACE_STORE_EPOCH_H

#include <stdint.h>

uint32_t epoch_mark(void);
void epoch_next_mark(void);

uint32_t epoch_module(void);
/* Returns the new one. */
uint32_t epoch_next_module(void);

void epoch_next_code(void);

extern uint32_t epoch_code_now; /* for epoch_code() alone */

static inline uint32_t epoch_code(void)
{
    return __atomic_load_n(&epoch_code_now, __ATOMIC_ACQUIRE);
}

#endif
