/*
 * The cache of unwind rules. Owns a table by address, open addressing, that doubles under the lock and is published as a whole;
 * old tables stay mapped for readers that are still in them. Called by record/stack_walk and record/stack_exit.
 *
 * A rule is written before its address; a slot is written again only after its module is gone, when nobody can be asking for
 * its address.
 */
#include "record/unwind_rule.h"

#include "base/lock.h"
#include "base/memory.h"
#include "record/cfi.h"
#include "store/epoch.h"

#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#define FIRST_SIZE 1024u
#define LOADER_START_SIZE 128u

static struct unwind_rules no_rules = {.slots = {{.pc = 0}}};
struct unwind_rules *unwind_rules_now = &no_rules;
static struct lock lock = LOCK_INIT(LOCK_RANK_UNWIND);
static struct unwind_rules *set_aside; /* while rules are suspended */
static unsigned suspended;

/* Where the caller's rbp is, if the table says so in a way that a rule can hold. */
static bool rbp_rule(const struct cfi_fde *fde, const struct cfi_row *row, enum unwind_kind kind, int32_t *ret_at)
{
    const struct cfi_rule *rbp = &row->regs[CFI_RBP];
    uint32_t reg;
    bool deref;

    if (rbp->how == CFI_SAME) {
        *ret_at = UNWIND_RBP_SAME;
        return kind != UNWIND_RBP_DEREF;
    }
    if (rbp->how == CFI_AT_CFA) {
        *ret_at = rbp->value;
        return kind != UNWIND_RBP_DEREF;
    }
    return rbp->how == CFI_EXPRESSION && kind == UNWIND_RBP_DEREF &&
           cfi_simple_expression(cfi_expression(fde, rbp->value), &reg, ret_at, &deref) && reg == CFI_DWARF_RBP && !deref;
}

static struct unwind_rule rule_of_row(const struct cfi_fde *fde, const struct cfi_row *row)
{
    const struct unwind_rule rule = {.kind = UNWIND_LIBUNWIND};
    const struct cfi_rule *ra = &row->regs[CFI_RA];
    enum unwind_kind kind = UNWIND_LIBUNWIND;
    uint32_t reg = row->cfa_reg;
    int32_t cfa = row->cfa_offset, rbp_at;
    bool deref = false;

    /* Where a function has put another stack pointer into a register, as longjmp does before it jumps: libunwind would go on
       with the old one, and find a frame that is none. */
    if (row->regs[CFI_RSP].how != CFI_SAME)
        return (struct unwind_rule){.kind = UNWIND_UNKNOWN};
    if (ra->how == CFI_UNDEFINED)
        return (struct unwind_rule){.kind = UNWIND_END};
    if (ra->how != CFI_AT_CFA || ra->value != -8)
        return rule;
    if (row->cfa_is_expression && !cfi_simple_expression(cfi_expression(fde, row->cfa_offset), &reg, &cfa, &deref))
        return rule;
    if (reg == CFI_DWARF_RSP && !deref)
        kind = UNWIND_RSP;
    if (reg == CFI_DWARF_RBP)
        kind = deref ? UNWIND_RBP_DEREF : UNWIND_RBP;
    if (kind == UNWIND_LIBUNWIND || !rbp_rule(fde, row, kind, &rbp_at) || rbp_at < UNWIND_RBP_SAME || rbp_at > UNWIND_RBP_MAX)
        return rule;
    return (struct unwind_rule){.kind = kind, .cfa = cfa, .rbp_at = rbp_at};
}

/* The process begins in the loader, in a piece of assembly without a table, which calls the constructors of libraries. */
static bool is_loader_start(uintptr_t pc)
{
    const ElfW(Ehdr) *loader = (const ElfW(Ehdr) *)getauxval(AT_BASE);

    return loader != NULL && pc - ((uintptr_t)loader + loader->e_entry) < LOADER_START_SIZE;
}

/* The code that a handler returns to; other functions too may say of themselves that they were interrupted. */
static bool is_trampoline(const struct cfi_fde *fde)
{
    static const uint8_t code[] = {0x48, 0xc7, 0xc0, SYS_rt_sigreturn, 0, 0, 0, 0x0f, 0x05}; /* mov, syscall */
    uintptr_t size = fde->end - fde->start;

    /* The table begins a byte before it, for those who look for the call. */
    return (size == sizeof(code) && memcmp((const void *)fde->start, code, sizeof(code)) == 0) ||
           (size == sizeof(code) + 1 && memcmp((const void *)(fde->start + 1), code, sizeof(code)) == 0);
}

static struct unwind_rule read_rule(uintptr_t pc)
{
    struct cfi_fde fde;
    struct cfi_row row;

    if (!cfi_find(pc, &fde))
        return (struct unwind_rule){.kind = is_loader_start(pc) ? UNWIND_END : UNWIND_UNKNOWN};
    if (fde.signal_frame)
        return (struct unwind_rule){.kind = is_trampoline(&fde) ? UNWIND_SIGNAL : UNWIND_LIBUNWIND};
    if (!cfi_row_at(&fde, pc, &row))
        return (struct unwind_rule){.kind = UNWIND_LIBUNWIND};
    return rule_of_row(&fde, &row);
}

static void put_rule(struct unwind_rules *rules, uintptr_t pc, struct unwind_rule rule)
{
    uint64_t i = unwind_rule_hash(pc);

    while (rules->slots[i & rules->mask].pc > UNWIND_FORGOTTEN)
        i++;
    rules->used += rules->slots[i & rules->mask].pc == 0;
    rules->slots[i & rules->mask].rule = rule;
    __atomic_store_n(&rules->slots[i & rules->mask].pc, pc, __ATOMIC_RELEASE);
}

/* Makes sure that one more rule fits with at most half of the slots used. */
static bool reserve(void)
{
    struct unwind_rules *old = unwind_rules_now;
    uint64_t size = old == &no_rules ? FIRST_SIZE : (old->mask + 1) * 2;
    struct unwind_rules *rules;

    if ((old->used + 1) * 2 <= old->mask + 1)
        return true;
    rules = memory_map(sizeof(*rules) + size * sizeof(rules->slots[0]));
    if (rules == NULL)
        return false;
    rules->mask = size - 1;
    for (uint64_t i = 0; i <= old->mask; i++)
        if (old->slots[i].pc > UNWIND_FORGOTTEN)
            put_rule(rules, old->slots[i].pc, old->slots[i].rule);
    __atomic_store_n(&unwind_rules_now, rules, __ATOMIC_RELEASE);
    return true;
}

struct unwind_rule unwind_rule_read(uintptr_t pc)
{
    struct unwind_rule rule = pc <= UNWIND_FORGOTTEN ? (struct unwind_rule){.kind = UNWIND_UNKNOWN} : read_rule(pc);

    if (rule.kind == UNWIND_UNKNOWN || !lock_acquire(&lock))
        return rule;
    if (suspended == 0 && reserve() && unwind_rule_slot(unwind_rules_now, pc) == NULL)
        put_rule(unwind_rules_now, pc, rule);
    lock_release(&lock);
    return rule;
}

void unwind_rule_forget(uintptr_t start, uintptr_t limit)
{
    struct unwind_rules *rules;

    if (!lock_acquire(&lock))
        return;
    rules = suspended != 0 ? set_aside : unwind_rules_now;
    for (uint64_t i = 0; i <= rules->mask; i++)
        if (rules->slots[i].pc >= start && rules->slots[i].pc < limit)
            __atomic_store_n(&rules->slots[i].pc, UNWIND_FORGOTTEN, __ATOMIC_RELEASE);
    lock_release(&lock);
    epoch_next_code();
}

bool unwind_rule_suspend(void)
{
    if (!lock_acquire(&lock))
        return false;
    if (suspended == 0) {
        set_aside = unwind_rules_now;
        __atomic_store_n(&unwind_rules_now, &no_rules, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&suspended, suspended + 1, __ATOMIC_RELEASE);
    lock_release(&lock);
    epoch_next_code();
    return true;
}

static void use_again(void)
{
    __atomic_store_n(&unwind_rules_now, set_aside, __ATOMIC_RELEASE);
    __atomic_store_n(&suspended, 0, __ATOMIC_RELEASE);
    epoch_next_code();
}

void unwind_rule_resume(void)
{
    bool locked = lock_acquire(&lock);

    if (suspended == 1)
        use_again();
    else if (suspended > 1)
        suspended--;
    if (locked)
        lock_release(&lock);
}

bool unwind_rule_is_suspended(void)
{
    return __atomic_load_n(&suspended, __ATOMIC_ACQUIRE) != 0;
}

/* Those that had suspended them may not exist. */
void unwind_rule_after_fork(void)
{
    lock_reset(&lock);
    if (suspended != 0)
        use_again();
}
