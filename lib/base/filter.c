/* Runs a filter as the kernel does: a program of classic BPF, whose jumps go forward alone. Owns nothing. */
#include "base/filter.h"

#include "base/sys.h"

#include <stddef.h>
#include <string.h>

#define PAGE 4096ul

struct machine {
    uint32_t a, x;
    uint32_t memory[BPF_MEMWORDS];
    const struct seccomp_data *call;
};

static bool is_readable(const struct sock_fprog *filter)
{
    uintptr_t at = (uintptr_t)filter->filter, end = at + filter->len * sizeof(*filter->filter);

    for (; at < end; at = (at | (PAGE - 1)) + 1)
        if (!sys_readable(at & ~7ul))
            return false;
    return filter->len != 0;
}

static uint32_t load(const struct machine *machine, const struct sock_filter *code)
{
    uint32_t value = 0;

    if (BPF_MODE(code->code) == BPF_IMM)
        return code->k;
    if (BPF_MODE(code->code) == BPF_MEM)
        return machine->memory[code->k % BPF_MEMWORDS];
    if (BPF_MODE(code->code) == BPF_LEN)
        return sizeof(*machine->call);
    if (code->k <= sizeof(*machine->call) - sizeof(value))
        memcpy(&value, (const char *)machine->call + code->k, sizeof(value));
    return value;
}

static uint32_t calculate(uint16_t code, uint32_t a, uint32_t b)
{
    switch (BPF_OP(code)) {
    case BPF_ADD:
        return a + b;
    case BPF_SUB:
        return a - b;
    case BPF_MUL:
        return a * b;
    case BPF_DIV:
        return b == 0 ? 0 : a / b;
    case BPF_OR:
        return a | b;
    case BPF_AND:
        return a & b;
    case BPF_XOR:
        return a ^ b;
    case BPF_LSH:
        return a << (b & 31);
    case BPF_RSH:
        return a >> (b & 31);
    default:
        return -a; /* BPF_NEG */
    }
}

static bool holds(uint16_t code, uint32_t a, uint32_t b)
{
    switch (BPF_OP(code)) {
    case BPF_JEQ:
        return a == b;
    case BPF_JGT:
        return a > b;
    case BPF_JGE:
        return a >= b;
    default:
        return (a & b) != 0; /* BPF_JSET */
    }
}

/* The step to take behind this instruction, which is none that returns. */
static size_t run(struct machine *machine, const struct sock_filter *code)
{
    uint32_t operand = BPF_SRC(code->code) == BPF_X ? machine->x : code->k;

    switch (BPF_CLASS(code->code)) {
    case BPF_LD:
        machine->a = load(machine, code);
        return 1;
    case BPF_LDX:
        machine->x = load(machine, code);
        return 1;
    case BPF_ST:
        machine->memory[code->k % BPF_MEMWORDS] = machine->a;
        return 1;
    case BPF_STX:
        machine->memory[code->k % BPF_MEMWORDS] = machine->x;
        return 1;
    case BPF_ALU:
        machine->a = calculate(code->code, machine->a, operand);
        return 1;
    case BPF_JMP:
        if (BPF_OP(code->code) == BPF_JA)
            return 1 + (size_t)code->k;
        return 1 + (holds(code->code, machine->a, operand) ? code->jt : (size_t)code->jf);
    default:
        if (BPF_MISCOP(code->code) == BPF_TAX)
            machine->x = machine->a;
        else
            machine->a = machine->x;
        return 1;
    }
}

bool filter_allows(const struct sock_fprog *filter, const struct seccomp_data *call)
{
    struct machine machine = {.call = call};

    if (!is_readable(filter))
        return false;
    for (size_t at = 0; at < filter->len;) {
        const struct sock_filter *code = &filter->filter[at];
        uint32_t verdict = BPF_RVAL(code->code) == BPF_A ? machine.a : code->k;

        if (BPF_CLASS(code->code) == BPF_RET)
            return (verdict & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW || (verdict & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_LOG;
        at += run(&machine, code);
    }
    return false;
}
