/*
 * The cache of unwind rules. Owns a table by address, open addressing, that doubles under the lock and is published as a whole;
 * old tables stay mapped for readers that are still in them. Called by record/stack.
 *
 * A slot is a key (kind << 56 | address) and a value (cfa, rbp_at). The value is written before the key; a slot is written
 * again only after its module is gone, when nobody can be asking for its address.
 */
#include "record/unwind_rule.h"

#include "base/lock.h"
#include "base/memory.h"
#include "record/cfi.h"

#include <stdbool.h>
#include <link.h>
#include <stddef.h>
#include <sys/auxv.h>

#define FIRST_SIZE 1024u
#define ADDRESS_MASK ((1ul << 56) - 1)
#define FORGOTTEN 1ul
#define LOADER_START_SIZE 128u

struct slot {
    uint64_t key;
    uint64_t value;
};

struct rules {
    uint64_t mask;
    uint64_t used;
    struct slot slots[];
};

static struct {
    struct lock lock;
    struct rules *rules;
} cache = {.lock = LOCK_INIT(LOCK_RANK_UNWIND)};

/* Where the caller's rbp is, if the table says so in a way that a rule can hold. */
static bool rbp_rule(const struct cfi_fde *fde, const struct cfi_row *row, enum unwind_kind kind, int32_t *ret_at)
{
    const struct cfi_rule *rbp = &row->regs[CFI_RBP];
    uint32_t reg;
    bool deref;

    /* A start function declares rbp undefined; nothing lies outside of it that could need rbp. */
    if (rbp->how == CFI_SAME || rbp->how == CFI_UNDEFINED) {
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
    struct unwind_rule rule = {.kind = UNWIND_LIBUNWIND, .cfa = row->cfa_offset};
    const struct cfi_rule *ra = &row->regs[CFI_RA];
    enum unwind_kind kind = UNWIND_LIBUNWIND;
    uint32_t reg = row->cfa_reg;
    bool deref = false;

    if (ra->how == CFI_UNDEFINED)
        return (struct unwind_rule){.kind = UNWIND_END};
    if (ra->how != CFI_AT_CFA || ra->value != -8 || row->regs[CFI_RSP].how != CFI_SAME)
        return rule;
    if (row->cfa_is_expression &&
        !cfi_simple_expression(cfi_expression(fde, row->cfa_offset), &reg, &rule.cfa, &deref))
        return rule;
    if (reg == CFI_DWARF_RSP && !deref)
        kind = UNWIND_RSP;
    if (reg == CFI_DWARF_RBP)
        kind = deref ? UNWIND_RBP_DEREF : UNWIND_RBP;
    if (kind != UNWIND_LIBUNWIND && rbp_rule(fde, row, kind, &rule.rbp_at))
        rule.kind = kind;
    return rule;
}

/* The process begins in the loader, in a piece of assembly without a table, which calls the constructors of libraries. */
static bool is_loader_start(uintptr_t pc)
{
    const ElfW(Ehdr) *loader = (const ElfW(Ehdr) *)getauxval(AT_BASE);

    return loader != NULL && pc - ((uintptr_t)loader + loader->e_entry) < LOADER_START_SIZE;
}

static struct unwind_rule read_rule(uintptr_t pc)
{
    struct cfi_fde fde;
    struct cfi_row row;

    if (!cfi_find(pc, &fde))
        return (struct unwind_rule){.kind = is_loader_start(pc) ? UNWIND_END : UNWIND_UNKNOWN};
    if (fde.signal_frame)
        return (struct unwind_rule){.kind = UNWIND_SIGNAL};
    if (!cfi_row_at(&fde, pc, &row))
        return (struct unwind_rule){.kind = UNWIND_LIBUNWIND};
    return rule_of_row(&fde, &row);
}

static uint64_t hash_pc(uintptr_t pc)
{
    return pc * 0x9e3779b97f4a7c15u >> 20;
}

static bool find(const struct rules *rules, uintptr_t pc, struct unwind_rule *ret_rule)
{
    if (rules == NULL)
        return false;
    for (uint64_t i = hash_pc(pc);; i++) {
        const struct slot *slot = &rules->slots[i & rules->mask];
        uint64_t key = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);

        if (key == 0)
            return false;
        if ((key & ADDRESS_MASK) != pc)
            continue;
        *ret_rule = (struct unwind_rule){
            .kind = (enum unwind_kind)(key >> 56),
            .cfa = (int32_t)(slot->value >> 32),
            .rbp_at = (int32_t)slot->value,
        };
        return true;
    }
}

static void put(struct rules *rules, struct slot from)
{
    uint64_t i = hash_pc(from.key & ADDRESS_MASK);

    while (rules->slots[i & rules->mask].key > FORGOTTEN)
        i++;
    rules->used += rules->slots[i & rules->mask].key == 0;
    rules->slots[i & rules->mask].value = from.value;
    __atomic_store_n(&rules->slots[i & rules->mask].key, from.key, __ATOMIC_RELEASE);
}

/* Makes sure that one more rule fits with at most half of the slots used. */
static bool reserve(void)
{
    struct rules *old = cache.rules;
    uint64_t size = old == NULL ? FIRST_SIZE : (old->mask + 1) * 2;
    struct rules *rules;

    if (old != NULL && (old->used + 1) * 2 <= old->mask + 1)
        return true;
    rules = memory_map(sizeof(*rules) + size * sizeof(rules->slots[0]));
    if (rules == NULL)
        return false;
    rules->mask = size - 1;
    for (uint64_t i = 0; old != NULL && i <= old->mask; i++)
        if (old->slots[i].key > FORGOTTEN)
            put(rules, old->slots[i]);
    __atomic_store_n(&cache.rules, rules, __ATOMIC_RELEASE);
    return true;
}

struct unwind_rule unwind_rule_get(uintptr_t pc)
{
    struct unwind_rule rule, other;

    if (find(__atomic_load_n(&cache.rules, __ATOMIC_ACQUIRE), pc, &rule))
        return rule;
    if (pc > ADDRESS_MASK)
        return (struct unwind_rule){.kind = UNWIND_UNKNOWN};
    rule = read_rule(pc);
    if (rule.kind == UNWIND_UNKNOWN || !lock_acquire(&cache.lock))
        return rule;
    if (!find(cache.rules, pc, &other) && reserve())
        put(cache.rules, (struct slot){
                             .key = (uint64_t)rule.kind << 56 | pc,
                             .value = (uint64_t)(uint32_t)rule.cfa << 32 | (uint32_t)rule.rbp_at,
                         });
    lock_release(&cache.lock);
    return rule;
}

void unwind_rule_forget(uintptr_t start, uintptr_t limit)
{
    struct rules *rules;

    if (!lock_acquire(&cache.lock))
        return;
    rules = cache.rules;
    for (uint64_t i = 0; rules != NULL && i <= rules->mask; i++) {
        uintptr_t pc = rules->slots[i].key & ADDRESS_MASK;

        if (pc >= start && pc < limit)
            __atomic_store_n(&rules->slots[i].key, FORGOTTEN, __ATOMIC_RELEASE);
    }
    lock_release(&cache.lock);
}

void unwind_rule_after_fork(void)
{
    lock_reset(&cache.lock);
}
