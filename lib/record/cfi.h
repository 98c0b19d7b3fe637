/*
 * Call frame information: what .eh_frame says about one address, as far as unwinding needs it.
 *
 * Finds the module without a lock (_dl_find_object of glibc 2.35), so it may be called anywhere, also inside the loader and
 * after fork. Reads only the loaded module's own tables.
 */
#ifndef LEAKTRACE_RECORD_CFI_H
#define LEAKTRACE_RECORD_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DWARF's numbers of the registers that are followed. */
enum { CFI_DWARF_RBP = 6, CFI_DWARF_RSP = 7, CFI_DWARF_RA = 16 };

enum cfi_reg { CFI_RBP, CFI_RSP, CFI_RA, CFI_REG_MAX };

enum cfi_how {
    CFI_SAME,       /* also for registers that the table does not name */
    CFI_UNDEFINED,
    CFI_AT_CFA,     /* saved at CFA + offset */
    CFI_IS_CFA,     /* is CFA + offset */
    CFI_EXPRESSION, /* saved where the expression says */
    CFI_OTHER,      /* in another register, or a value by expression */
};

struct cfi_rule {
    enum cfi_how how;
    int32_t value; /* the offset, or where the expression is, see cfi_expression() */
};

/* The row of the table for one address. Small, because several of them stand on the program's stack while it is made. */
struct cfi_row {
    bool cfa_is_expression;
    uint8_t cfa_reg;    /* DWARF's number; 255: one that is above that */
    int32_t cfa_offset; /* or where the expression is */
    struct cfi_rule regs[CFI_REG_MAX];
};

struct cfi_fde {
    uintptr_t start;
    uintptr_t end;
    const uint8_t *program;
    const uint8_t *program_end;
    const uint8_t *cie_program;
    const uint8_t *cie_program_end;
    uint64_t code_align;
    int64_t data_align;
    bool signal_frame;
    uint8_t encoding; /* of the FDE's addresses */
};

/* The entry that covers `pc`; false when there is none. */
bool cfi_find(uintptr_t pc, struct cfi_fde *ret_fde);
/* Runs the entry's program up to `pc`; false when it has an operation that is not understood. */
bool cfi_row_at(const struct cfi_fde *fde, uintptr_t pc, struct cfi_row *ret_row);
/* The expression of a rule or a row: a length in ULEB128, then the operations. */
const uint8_t *cfi_expression(const struct cfi_fde *fde, int32_t value);
/* Whether the expression is "register + offset" (then `deref` is false) or "the word at register + offset". */
bool cfi_simple_expression(const uint8_t *expression, uint32_t *ret_reg, int32_t *ret_offset, bool *ret_deref);

#endif
