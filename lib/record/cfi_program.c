/* The runner of call frame instructions (DWARF 5 section 6.4.2). Owns nothing; called by record/unwind_rule. */
#include "record/cfi.h"
#include "record/cfi_read.h"

#define STATES_MAX 2
#define REG_MAX 255

enum operation {
    OP_NOP = 0x00,
    OP_SET_LOC = 0x01,
    OP_ADVANCE_LOC1 = 0x02,
    OP_ADVANCE_LOC2 = 0x03,
    OP_ADVANCE_LOC4 = 0x04,
    OP_OFFSET_EXTENDED = 0x05,
    OP_RESTORE_EXTENDED = 0x06,
    OP_UNDEFINED = 0x07,
    OP_SAME_VALUE = 0x08,
    OP_REGISTER = 0x09,
    OP_REMEMBER_STATE = 0x0a,
    OP_RESTORE_STATE = 0x0b,
    OP_DEF_CFA = 0x0c,
    OP_DEF_CFA_REGISTER = 0x0d,
    OP_DEF_CFA_OFFSET = 0x0e,
    OP_DEF_CFA_EXPRESSION = 0x0f,
    OP_EXPRESSION = 0x10,
    OP_OFFSET_EXTENDED_SF = 0x11,
    OP_DEF_CFA_SF = 0x12,
    OP_DEF_CFA_OFFSET_SF = 0x13,
    OP_VAL_OFFSET = 0x14,
    OP_VAL_OFFSET_SF = 0x15,
    OP_VAL_EXPRESSION = 0x16,
    OP_GNU_ARGS_SIZE = 0x2e,
    OP_ADVANCE_LOC = 0x40, /* these three have an operand in the low 6 bits */
    OP_OFFSET = 0x80,
    OP_RESTORE = 0xc0,
};

enum { DWARF_OP_DEREF = 0x06, DWARF_OP_BREG0 = 0x70, DWARF_OP_BREG31 = 0x8f };

/* The machine that runs a program of call frame instructions. */
struct machine {
    const struct cfi_fde *fde;
    uintptr_t loc;
    uintptr_t pc;
    struct cfi_row row;
    struct cfi_row initial; /* the row after the common entry's program, for the restore operations */
    struct cfi_row states[STATES_MAX];
    unsigned n_states;
};

/* Which of the followed registers this is; CFI_REG_MAX for the others. */
static enum cfi_reg followed(uint64_t reg)
{
    if (reg == CFI_DWARF_RBP)
        return CFI_RBP;
    if (reg == CFI_DWARF_RSP)
        return CFI_RSP;
    return reg == CFI_DWARF_RA ? CFI_RA : CFI_REG_MAX;
}

static void set_rule(struct machine *m, uint64_t reg, struct cfi_rule rule)
{
    if (followed(reg) != CFI_REG_MAX)
        m->row.regs[followed(reg)] = rule;
}

static void restore_rule(struct machine *m, uint64_t reg)
{
    if (followed(reg) != CFI_REG_MAX)
        m->row.regs[followed(reg)] = m->initial.regs[followed(reg)];
}

/* Expressions lie in the same table as the common entry's program: 32 bits tell them apart. */
static int32_t place_of(const struct machine *m, const uint8_t *expression)
{
    return (int32_t)(expression - m->fde->cie_program);
}

const uint8_t *cfi_expression(const struct cfi_fde *fde, int32_t value)
{
    return fde->cie_program + value;
}

static const uint8_t *skip_block(const uint8_t *block)
{
    uint64_t len = cfi_read_uleb(&block);

    return block + len;
}

static void set_expression(struct machine *m, const uint8_t **at, enum cfi_how how)
{
    uint64_t reg = cfi_read_uleb(at);

    set_rule(m, reg, (struct cfi_rule){.how = how, .value = place_of(m, *at)});
    *at = skip_block(*at);
}

static void set_offset(struct machine *m, enum cfi_how how, uint64_t reg, int64_t factored)
{
    set_rule(m, reg, (struct cfi_rule){.how = how, .value = (int32_t)(factored * m->fde->data_align)});
}

static void define_cfa(struct machine *m, uint64_t reg, int64_t offset)
{
    m->row.cfa_reg = reg < REG_MAX ? (uint8_t)reg : REG_MAX;
    m->row.cfa_offset = (int32_t)offset;
    m->row.cfa_is_expression = false;
}

static bool run_state_operation(struct machine *m, uint8_t op)
{
    if (op == OP_REMEMBER_STATE) {
        if (m->n_states == STATES_MAX)
            return false;
        m->states[m->n_states++] = m->row;
        return true;
    }
    if (m->n_states == 0)
        return false;
    m->row = m->states[--m->n_states];
    return true;
}

/* The operations that define the CFA; false for any other. */
static bool run_cfa_operation(struct machine *m, uint8_t op, const uint8_t **at)
{
    uint64_t reg;

    switch (op) {
    case OP_DEF_CFA:
        reg = cfi_read_uleb(at);
        define_cfa(m, reg, (int64_t)cfi_read_uleb(at));
        return true;
    case OP_DEF_CFA_SF:
        reg = cfi_read_uleb(at);
        define_cfa(m, reg, cfi_read_sleb(at) * m->fde->data_align);
        return true;
    case OP_DEF_CFA_REGISTER:
        define_cfa(m, cfi_read_uleb(at), m->row.cfa_offset);
        return true;
    case OP_DEF_CFA_OFFSET:
        define_cfa(m, m->row.cfa_reg, (int64_t)cfi_read_uleb(at));
        return true;
    case OP_DEF_CFA_OFFSET_SF:
        define_cfa(m, m->row.cfa_reg, cfi_read_sleb(at) * m->fde->data_align);
        return true;
    case OP_DEF_CFA_EXPRESSION:
        m->row.cfa_is_expression = true;
        m->row.cfa_offset = place_of(m, *at);
        *at = skip_block(*at);
        return true;
    default:
        return false;
    }
}

/* The operations that say where a register is; false for any other. */
static bool run_register_operation(struct machine *m, uint8_t op, const uint8_t **at)
{
    uint64_t reg;

    switch (op) {
    case OP_OFFSET_EXTENDED:
        reg = cfi_read_uleb(at);
        set_offset(m, CFI_AT_CFA, reg, (int64_t)cfi_read_uleb(at));
        return true;
    case OP_OFFSET_EXTENDED_SF:
        reg = cfi_read_uleb(at);
        set_offset(m, CFI_AT_CFA, reg, cfi_read_sleb(at));
        return true;
    case OP_VAL_OFFSET:
        reg = cfi_read_uleb(at);
        set_offset(m, CFI_IS_CFA, reg, (int64_t)cfi_read_uleb(at));
        return true;
    case OP_VAL_OFFSET_SF:
        reg = cfi_read_uleb(at);
        set_offset(m, CFI_IS_CFA, reg, cfi_read_sleb(at));
        return true;
    case OP_RESTORE_EXTENDED:
        restore_rule(m, cfi_read_uleb(at));
        return true;
    case OP_UNDEFINED:
        set_rule(m, cfi_read_uleb(at), (struct cfi_rule){.how = CFI_UNDEFINED});
        return true;
    case OP_SAME_VALUE:
        set_rule(m, cfi_read_uleb(at), (struct cfi_rule){.how = CFI_SAME});
        return true;
    case OP_REGISTER:
        set_rule(m, cfi_read_uleb(at), (struct cfi_rule){.how = CFI_OTHER});
        cfi_read_uleb(at);
        return true;
    case OP_EXPRESSION:
        set_expression(m, at, CFI_EXPRESSION);
        return true;
    case OP_VAL_EXPRESSION:
        set_expression(m, at, CFI_OTHER);
        return true;
    default:
        return false;
    }
}

static void advance(struct machine *m, uint64_t factored)
{
    m->loc += factored * m->fde->code_align;
}

/* Operations that move on to a later address; false for any other. */
static bool run_advance(struct machine *m, uint8_t op, const uint8_t **at)
{
    uintptr_t loc;

    switch (op) {
    case OP_ADVANCE_LOC1:
        advance(m, cfi_read_unsigned(at, 1));
        return true;
    case OP_ADVANCE_LOC2:
        advance(m, cfi_read_unsigned(at, 2));
        return true;
    case OP_ADVANCE_LOC4:
        advance(m, cfi_read_unsigned(at, 4));
        return true;
    case OP_SET_LOC:
        if (!cfi_read_encoded(at, m->fde->encoding, &loc))
            return false;
        m->loc = loc;
        return true;
    default:
        return false;
    }
}

static bool run_extended(struct machine *m, uint8_t op, const uint8_t **at)
{
    if (op == OP_NOP)
        return true;
    if (op == OP_GNU_ARGS_SIZE) {
        cfi_read_uleb(at);
        return true;
    }
    if (op == OP_REMEMBER_STATE || op == OP_RESTORE_STATE)
        return run_state_operation(m, op);
    return run_cfa_operation(m, op, at) || run_register_operation(m, op, at) || run_advance(m, op, at);
}

static bool run(struct machine *m, const uint8_t *at, const uint8_t *end)
{
    while (at < end && m->loc <= m->pc) {
        uint8_t op = *at++;
        uint8_t operand = op & 0x3f;

        switch (op & 0xc0) {
        case OP_ADVANCE_LOC:
            advance(m, operand);
            break;
        case OP_OFFSET:
            set_offset(m, CFI_AT_CFA, operand, (int64_t)cfi_read_uleb(&at));
            break;
        case OP_RESTORE:
            restore_rule(m, operand);
            break;
        default:
            if (!run_extended(m, op, &at))
                return false;
        }
    }
    return true;
}

bool cfi_row_at(const struct cfi_fde *fde, uintptr_t pc, struct cfi_row *ret_row)
{
    struct machine m;

    m.fde = fde;
    m.loc = fde->start;
    m.pc = pc;
    m.row = (struct cfi_row){0};
    m.initial = (struct cfi_row){0};
    m.n_states = 0;
    if (!run(&m, fde->cie_program, fde->cie_program_end))
        return false;
    m.initial = m.row;
    if (!run(&m, fde->program, fde->program_end))
        return false;
    *ret_row = m.row;
    return true;
}

bool cfi_simple_expression(const uint8_t *expression, uint32_t *ret_reg, int32_t *ret_offset, bool *ret_deref)
{
    uint64_t len = cfi_read_uleb(&expression);
    const uint8_t *end = expression + len;

    if (len < 2 || *expression < DWARF_OP_BREG0 || *expression > DWARF_OP_BREG31)
        return false;
    *ret_reg = (uint32_t)(*expression++ - DWARF_OP_BREG0);
    *ret_offset = (int32_t)cfi_read_sleb(&expression);
    *ret_deref = expression + 1 == end && *expression == DWARF_OP_DEREF;
    return expression == end || *ret_deref;
}
