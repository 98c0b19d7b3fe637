/*
 * Two numbers that entries are stamped with, so that older ones can be told from newer ones. Thread-safe, without locks.
 *
 * The mark: growth is what was acquired while the current mark was. The module epoch: it goes up when code addresses begin to
 * mean another module, see snapshot/modules.h.
 */
#ifndef LEAKTRACE_STORE_EPOCH_H
#define LEAKTRACE_STORE_EPOCH_H

#include <stdint.h>

uint32_t epoch_mark(void);
void epoch_next_mark(void);

uint32_t epoch_module(void);
/* Returns the new one. */
uint32_t epoch_next_module(void);

#endif
