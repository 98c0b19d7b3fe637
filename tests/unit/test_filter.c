/* What a filter says is what the kernel does: programs at random, installed in a child that then makes the call. */
#include "../support/unit.h"

#include "base/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAMS 1500
#define STEPS 12
#define CELLS 4 /* of memory, filled first: the kernel refuses programs that read what they have not written */
#define CALL SYS_getppid

enum { ALLOWED = 1, REFUSED, NO_FILTER };

static const uint16_t operations[] = {
    BPF_LD | BPF_W | BPF_ABS,    BPF_LD | BPF_W | BPF_ABS,    BPF_LD | BPF_IMM,           BPF_LD | BPF_W | BPF_LEN,
    BPF_LD | BPF_MEM,            BPF_LDX | BPF_IMM,           BPF_LDX | BPF_MEM,          BPF_LDX | BPF_W | BPF_LEN,
    BPF_ST,                      BPF_STX,                     BPF_MISC | BPF_TAX,         BPF_MISC | BPF_TXA,
    BPF_ALU | BPF_ADD | BPF_K,   BPF_ALU | BPF_SUB | BPF_X,   BPF_ALU | BPF_MUL | BPF_K,  BPF_ALU | BPF_DIV | BPF_K,
    BPF_ALU | BPF_OR | BPF_X,    BPF_ALU | BPF_AND | BPF_K,   BPF_ALU | BPF_XOR | BPF_X,  BPF_ALU | BPF_LSH | BPF_K,
    BPF_ALU | BPF_RSH | BPF_K,   BPF_ALU | BPF_NEG,           BPF_JMP | BPF_JEQ | BPF_K,  BPF_JMP | BPF_JGT | BPF_K,
    BPF_JMP | BPF_JGE | BPF_X,   BPF_JMP | BPF_JSET | BPF_K,  BPF_JMP | BPF_JA,           BPF_JMP | BPF_JGT | BPF_X,
};

static unsigned draw(void)
{
    static uint64_t seed = 1;

    return (unsigned)(random_next(&seed) >> 32);
}

static struct sock_filter any_step(unsigned left)
{
    struct sock_filter step = {.code = operations[draw() % ARRAY_LEN(operations)]};

    step.k = draw() % 3 == 0 ? draw() : draw() % 16;
    if (BPF_CLASS(step.code) == BPF_ST || BPF_CLASS(step.code) == BPF_STX || BPF_MODE(step.code) == BPF_MEM)
        step.k %= CELLS;
    if (BPF_CLASS(step.code) == BPF_ALU)
        step.k = 1 + step.k % 31;
    if (step.code == (BPF_LD | BPF_W | BPF_ABS))
        step.k = draw() % (sizeof(struct seccomp_data) / 4) * 4;
    if (BPF_CLASS(step.code) == BPF_JMP) {
        step.jt = (uint8_t)(draw() % left);
        step.jf = (uint8_t)(draw() % left);
        step.k = BPF_OP(step.code) == BPF_JA ? draw() % left : step.k;
    }
    return step;
}

/* All calls but one pass, or the child could not end. */
static unsigned make_program(struct sock_filter *code)
{
    unsigned n = 0;

    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALL, 1, 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    for (unsigned i = 0; i < CELLS; i++)
        code[n++] = (struct sock_filter)BPF_STMT(BPF_ST, i);
    for (unsigned i = 0; i < STEPS; i++)
        code[n++] = any_step(STEPS - i);
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, draw(), 1, 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    return n;
}

static int ask_kernel(const struct sock_fprog *program, const struct seccomp_data *call)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        long result;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program) != 0)
            _exit(NO_FILTER);
        result = syscall(CALL, call->args[0], call->args[1], call->args[2], call->args[3], call->args[4], call->args[5]);
        _exit(result == -1 && errno == EPERM ? REFUSED : ALLOWED);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void filters_say_what_the_kernel_does(void **state)
{
    unsigned seen[NO_FILTER + 1] = {0};

    (void)state;
    for (unsigned i = 0; i < PROGRAMS; i++) {
        struct sock_filter code[STEPS + CELLS + 6];
        struct sock_fprog program = {.filter = code};
        struct seccomp_data call = {.nr = CALL, .arch = AUDIT_ARCH_X86_64};
        int truth;

        program.len = (unsigned short)make_program(code);
        /* The address of the call is the one thing that a filter sees and a test does not know. */
        for (unsigned j = 0; j < program.len; j++)
            if (code[j].code == (BPF_LD | BPF_W | BPF_ABS) && (code[j].k == 8 || code[j].k == 12))
                code[j].k = 16;
        for (unsigned j = 0; j < 6; j++)
            call.args[j] = (uint64_t)draw() << 32 | draw();
        truth = ask_kernel(&program, &call);
        seen[truth]++;
        if (truth != NO_FILTER)
            assert_int_equal(filter_allows(&program, &call), truth == ALLOWED);
    }
    assert_true(seen[ALLOWED] > PROGRAMS / 10 && seen[REFUSED] > PROGRAMS / 10);
}

static void a_filter_that_cannot_be_read_allows_nothing(void **state)
{
    const struct sock_fprog nowhere = {.len = 3, .filter = (struct sock_filter *)8}, empty = {0};
    const struct seccomp_data call = {.nr = CALL, .arch = AUDIT_ARCH_X86_64};

    (void)state;
    assert_false(filter_allows(&nowhere, &call));
    assert_false(filter_allows(&empty, &call));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_say_what_the_kernel_does),
        cmocka_unit_test(a_filter_that_cannot_be_read_allows_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
