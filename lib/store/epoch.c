/* The growth mark, the module epoch and the code epoch. Owns them; stamped by record/, read by snapshot/. */
#include "store/epoch.h"

static uint32_t mark;
static uint32_t module;
uint32_t epoch_code_now;

uint32_t epoch_mark(void)
{
    return __atomic_load_n(&mark, __ATOMIC_ACQUIRE);
}

void epoch_next_mark(void)
{
    __atomic_add_fetch(&mark, 1, __ATOMIC_RELEASE);
}

uint32_t epoch_module(void)
{
    return __atomic_load_n(&module, __ATOMIC_ACQUIRE);
}

uint32_t epoch_next_module(void)
{
    uint32_t epoch = __atomic_add_fetch(&module, 1, __ATOMIC_ACQ_REL);

    epoch_next_code();
    return epoch;
}

void epoch_next_code(void)
{
    __atomic_add_fetch(&epoch_code_now, 1, __ATOMIC_ACQ_REL);
}
