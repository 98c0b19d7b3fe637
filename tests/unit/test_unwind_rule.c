/* Unwind rules, and the call frame information that they are read from. */
#include "../support/unit.h"

#include "record/cfi.h"
#include "record/unwind_rule.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default"), noinline))

void _start(void);

/* Functions with frames that are known to the byte: "at_x" is the address behind the instruction of that name. */
__asm__(".text\n"
        ".macro function name\n.p2align 4\n.globl \\name\n.type \\name,@function\n\\name:\n.cfi_startproc\n.endm\n"
        ".macro done name\n.cfi_endproc\n.size \\name,.-\\name\n.endm\n"

        "function by_rsp\n"
        "subq $24,%rsp\n.cfi_adjust_cfa_offset 24\nat_sub:\n"
        "nop\n"
        "addq $24,%rsp\n.cfi_adjust_cfa_offset -24\nat_add:\n"
        "ret\ndone by_rsp\n"

        "function by_rbp\n"
        "pushq %rbp\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset rbp,0\nat_push:\n"
        "movq %rsp,%rbp\n.cfi_def_cfa_register rbp\nat_mov:\n"
        "nop\n.cfi_remember_state\n"
        "popq %rbp\n.cfi_def_cfa rsp,8\n.cfi_restore rbp\nat_pop:\n"
        "ret\n.cfi_restore_state\nat_restored:\n"
        "nop\n"
        "popq %rbp\nret\ndone by_rbp\n"

        /* As gcc realigns a stack: CFA = the word at rbp-8, rbp saved at rbp+0. */
        "function by_deref\n"
        "nop\n.cfi_escape 0x0f,0x03,0x76,0x78,0x06\n.cfi_escape 0x10,0x06,0x02,0x76,0x00\nat_realigned:\n"
        "ret\ndone by_deref\n"

        /* As a simple expression: CFA = rsp + 32. */
        "function by_expression\n"
        "nop\n.cfi_escape 0x0f,0x02,0x77,0x20\nat_expression:\n"
        "ret\ndone by_expression\n"

        /* What no rule can hold: the CFA by arithmetic, by another register, the return address elsewhere. */
        "function by_arithmetic\n"
        "nop\n.cfi_escape 0x0f,0x04,0x77,0x08,0x38,0x22\nat_arithmetic:\n"
        "ret\ndone by_arithmetic\n"
        "function by_r10\n"
        "nop\n.cfi_def_cfa r10,0\nat_r10:\n"
        "ret\ndone by_r10\n"
        "function by_register\n"
        "nop\n.cfi_register rip,rdx\nat_register:\n"
        "ret\ndone by_register\n"

        "function outermost\n"
        ".cfi_undefined rip\n"
        "nop\nat_outermost:\n"
        "ret\ndone outermost\n"

        ".globl without_table\n.type without_table,@function\nwithout_table: nop\nat_without: ret\n.size "
        "without_table,.-without_table\n");

extern const char by_rsp[], at_sub[], at_add[], by_rbp[], at_push[], at_mov[], at_pop[], at_restored[], at_realigned[],
    at_expression[], at_arithmetic[], at_r10[], at_register[], at_outermost[], at_without[];

static void assert_rule(const char *pc, enum unwind_kind kind, int32_t cfa, int32_t rbp_at)
{
    /* Twice: from the table, and from the cache. */
    for (int i = 0; i < 2; i++) {
        struct unwind_rule rule = unwind_rule_get((uintptr_t)pc);

        assert_int_equal(rule.kind, kind);
        if (kind != UNWIND_RSP && kind != UNWIND_RBP && kind != UNWIND_RBP_DEREF)
            continue;
        assert_int_equal(rule.cfa, cfa);
        assert_int_equal(rule.rbp_at, rbp_at);
    }
}

static void frames_by_rsp_follow_each_push_and_pop(void **state)
{
    (void)state;
    assert_rule(by_rsp, UNWIND_RSP, 8, UNWIND_RBP_SAME);
    assert_rule(at_sub, UNWIND_RSP, 32, UNWIND_RBP_SAME);
    assert_rule(at_add, UNWIND_RSP, 8, UNWIND_RBP_SAME);
}

static void frames_by_rbp_know_where_the_callers_is(void **state)
{
    (void)state;
    assert_rule(by_rbp, UNWIND_RSP, 8, UNWIND_RBP_SAME);
    assert_rule(at_push, UNWIND_RSP, 16, -16);
    assert_rule(at_mov, UNWIND_RBP, 16, -16);
    assert_rule(at_pop, UNWIND_RSP, 8, UNWIND_RBP_SAME);
    assert_rule(at_restored, UNWIND_RBP, 16, -16);
}

static void realigned_frames_are_followed_through_rbp(void **state)
{
    (void)state;
    assert_rule(at_realigned, UNWIND_RBP_DEREF, -8, 0);
}

static void simple_expressions_are_rules_and_others_go_to_libunwind(void **state)
{
    (void)state;
    assert_rule(at_expression, UNWIND_RSP, 32, UNWIND_RBP_SAME);
    assert_rule(at_arithmetic, UNWIND_LIBUNWIND, 0, 0);
    assert_rule(at_r10, UNWIND_LIBUNWIND, 0, 0);
    assert_rule(at_register, UNWIND_LIBUNWIND, 0, 0);
}

static void expressions_are_recognised_by_their_bytes(void **state)
{
    static const uint8_t plain[] = {2, 0x77, 0x20}, deref[] = {3, 0x76, 0x78, 0x06}, far[] = {3, 0x70, 0x80, 0x7f},
                         arithmetic[] = {4, 0x77, 0x08, 0x38, 0x22}, empty[] = {0}, literal[] = {1, 0x30},
                         two_derefs[] = {4, 0x76, 0x78, 0x06, 0x06};
    uint32_t reg;
    int32_t offset;
    bool is_deref;

    (void)state;
    assert_true(cfi_simple_expression(plain, &reg, &offset, &is_deref));
    assert_int_equal(reg, 7);
    assert_int_equal(offset, 32);
    assert_false(is_deref);
    assert_true(cfi_simple_expression(deref, &reg, &offset, &is_deref));
    assert_int_equal(reg, 6);
    assert_int_equal(offset, -8);
    assert_true(is_deref);
    assert_true(cfi_simple_expression(far, &reg, &offset, &is_deref));
    assert_int_equal(reg, 0);
    assert_int_equal(offset, -128);
    assert_false(cfi_simple_expression(arithmetic, &reg, &offset, &is_deref));
    assert_false(cfi_simple_expression(empty, &reg, &offset, &is_deref));
    assert_false(cfi_simple_expression(literal, &reg, &offset, &is_deref));
    assert_false(cfi_simple_expression(two_derefs, &reg, &offset, &is_deref));
}

static void start_functions_are_the_end(void **state)
{
    (void)state;
    assert_rule(at_outermost, UNWIND_END, 0, 0);
    assert_rule((const char *)_start + 4, UNWIND_END, 0, 0);
}

/* ThreadSanitizer starts threads and calls handlers in its own way. */
#ifndef __SANITIZE_THREAD__
/* Walks its own thread to the end by rules and memory alone. */
static void *end_of_thread(void *argument)
{
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0) + 16, bp = *(uintptr_t *)__builtin_frame_address(0);
    uintptr_t pc = *((uintptr_t *)__builtin_frame_address(0) + 1);

    (void)argument;
    for (int frames = 1; frames < 20; frames++) {
        struct unwind_rule rule = unwind_rule_get(pc - 1);
        uintptr_t cfa = (rule.kind == UNWIND_RSP ? sp : bp) + (uintptr_t)(intptr_t)rule.cfa;

        if (rule.kind == UNWIND_END)
            return (void *)(uintptr_t)frames;
        if (rule.kind != UNWIND_RSP && rule.kind != UNWIND_RBP)
            return NULL;
        pc = *(uintptr_t *)(cfa - 8);
        if (rule.rbp_at != UNWIND_RBP_SAME)
            bp = *(uintptr_t *)(cfa + (uintptr_t)(intptr_t)rule.rbp_at);
        sp = cfa;
    }
    return NULL;
}

static void a_thread_ends_in_libc_s_start(void **state)
{
    pthread_t thread;
    void *frames;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, end_of_thread, NULL), 0);
    assert_int_equal(pthread_join(thread, &frames), 0);
    assert_int_equal((uintptr_t)frames, 2); /* start_thread, clone3 */
}

static uintptr_t trampoline;

static void note_return_address(int sig)
{
    (void)sig;
    trampoline = (uintptr_t)__builtin_return_address(0);
}

static void the_signal_trampoline_is_known(void **state)
{
    (void)state;
    assert_true(signal(SIGUSR1, note_return_address) != SIG_ERR);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_rule((const char *)trampoline, UNWIND_SIGNAL, 0, 0);
    assert_rule((const char *)trampoline - 1, UNWIND_SIGNAL, 0, 0);
}
#endif

static void code_without_a_table_and_no_code_are_unknown(void **state)
{
    int local;

    (void)state;
    assert_rule(at_without, UNWIND_UNKNOWN, 0, 0);
    assert_rule((const char *)&local, UNWIND_UNKNOWN, 0, 0);
    assert_rule(NULL, UNWIND_UNKNOWN, 0, 0);
    assert_rule((const char *)1, UNWIND_UNKNOWN, 0, 0);
    assert_rule((const char *)-1, UNWIND_UNKNOWN, 0, 0);
    assert_rule((const char *)(1ul << 56), UNWIND_UNKNOWN, 0, 0);
}

static void the_entry_of_an_address_covers_it(void **state)
{
    struct cfi_fde fde;

    (void)state;
    assert_true(cfi_find((uintptr_t)at_sub, &fde));
    assert_int_equal(fde.start, (uintptr_t)by_rsp);
    assert_in_range((uintptr_t)at_add, fde.start, fde.end - 1);
    assert_false(fde.signal_frame);
    assert_true(cfi_find(fde.start, &fde));
    assert_int_equal(fde.start, (uintptr_t)by_rsp);
    assert_true(!cfi_find(fde.end, &fde) || fde.start != (uintptr_t)by_rsp);
    assert_false(cfi_find((uintptr_t)at_without, &fde));
}

struct text_segment {
    uintptr_t start;
    uintptr_t limit;
};

static int find_libc(struct dl_phdr_info *info, size_t size, void *context)
{
    struct text_segment *text = context;

    (void)size;
    for (unsigned i = 0; i < info->dlpi_phnum && strstr(info->dlpi_name, "/libc.so") != NULL; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X) != 0)
            *text = (struct text_segment){info->dlpi_addr + info->dlpi_phdr[i].p_vaddr,
                                          info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz};
    return 0;
}

/* Every seventh address of libc: enough for the cache to grow many times. */
static void all_of_libc_is_read_and_remembered(void **state)
{
    struct text_segment text = {0};
    unsigned kinds[UNWIND_LIBUNWIND + 1] = {0};

    (void)state;
    dl_iterate_phdr(find_libc, &text);
    assert_true(text.limit - text.start > 500000);
    for (uintptr_t pc = text.start; pc < text.limit; pc += 7)
        kinds[unwind_rule_get(pc).kind]++;
    assert_true(kinds[UNWIND_RSP] > 100000);
    assert_true(kinds[UNWIND_RBP] > 1000);
    assert_true(kinds[UNWIND_END] > 0);
    assert_true(kinds[UNWIND_SIGNAL] > 0);
    for (uintptr_t pc = text.start; pc < text.limit; pc += 7)
        kinds[unwind_rule_get(pc).kind]--;
    for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
        assert_int_equal(kinds[i], 0);
}

/* A range is forgotten; what it had is read anew, and its neighbours have kept theirs. */
static void what_is_forgotten_is_read_again(void **state)
{
    (void)state;
    assert_rule(at_sub, UNWIND_RSP, 32, UNWIND_RBP_SAME);
    for (int i = 0; i < 1000; i++) {
        unwind_rule_forget((uintptr_t)by_rsp, (uintptr_t)at_mov);
        assert_rule(at_sub, UNWIND_RSP, 32, UNWIND_RBP_SAME);
        assert_rule(at_push, UNWIND_RSP, 16, -16);
        assert_rule(at_mov, UNWIND_RBP, 16, -16);
    }
}

static void *get_rules(void *argument)
{
    const struct text_segment *text = argument;
    uintptr_t sum = 0;

    for (uintptr_t pc = text->start; pc < text->start + 200000; pc++) {
        struct unwind_rule rule = unwind_rule_get(pc);

        sum += (uintptr_t)rule.kind * 1000003 + (uint32_t)rule.cfa + (uint32_t)rule.rbp_at;
    }
    return (void *)sum;
}

static void threads_find_the_same_rules(void **state)
{
    struct text_segment text = {0};
    pthread_t threads[4];
    void *sums[4];

    (void)state;
    dl_iterate_phdr(find_libc, &text);
    for (unsigned i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, get_rules, &text), 0);
    for (unsigned i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_join(threads[i], &sums[i]), 0);
    for (unsigned i = 0; i < ARRAY_LEN(threads); i++)
        assert_ptr_equal(sums[i], get_rules(&text));
}

static bool is_kept(uintptr_t pc)
{
    return unwind_rule_slot(unwind_rules_get(), pc) != NULL;
}

static void suspended_rules_are_read_anew_and_can_be_forgotten(void **state)
{
    const uintptr_t kept = (uintptr_t)is_kept, gone = (uintptr_t)suspended_rules_are_read_anew_and_can_be_forgotten;
    const struct unwind_rule rule = unwind_rule_get(kept);

    (void)state;
    unwind_rule_get(gone);
    assert_true(is_kept(kept) && is_kept(gone));
    assert_true(unwind_rule_suspend() && unwind_rule_suspend());
    assert_int_equal(unwind_rule_get(kept).kind, rule.kind);
    assert_int_equal(unwind_rule_get(kept).cfa, rule.cfa);
    assert_false(is_kept(kept));
    unwind_rule_forget(gone, gone + 1);
    unwind_rule_resume();
    assert_true(unwind_rule_is_suspended());
    assert_false(is_kept(kept));
    unwind_rule_resume();
    assert_false(unwind_rule_is_suspended());
    assert_true(is_kept(kept));
    assert_false(is_kept(gone));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_by_rsp_follow_each_push_and_pop),
        cmocka_unit_test(frames_by_rbp_know_where_the_callers_is),
        cmocka_unit_test(realigned_frames_are_followed_through_rbp),
        cmocka_unit_test(simple_expressions_are_rules_and_others_go_to_libunwind),
        cmocka_unit_test(expressions_are_recognised_by_their_bytes),
        cmocka_unit_test(start_functions_are_the_end),
#ifndef __SANITIZE_THREAD__
        cmocka_unit_test(a_thread_ends_in_libc_s_start),
        cmocka_unit_test(the_signal_trampoline_is_known),
#endif
        cmocka_unit_test(code_without_a_table_and_no_code_are_unknown),
        cmocka_unit_test(the_entry_of_an_address_covers_it),
        cmocka_unit_test(all_of_libc_is_read_and_remembered),
        cmocka_unit_test(what_is_forgotten_is_read_again),
        cmocka_unit_test(threads_find_the_same_rules),
        cmocka_unit_test(suspended_rules_are_read_anew_and_can_be_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
