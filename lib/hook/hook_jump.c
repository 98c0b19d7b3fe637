/*
 * Hooks of longjmp. Owns nothing.
 *
 * A signal handler may leave the function that it interrupted, and with it a recording. Where the thread will be tells which ones:
 * libc keeps the stack pointer in the seventh word of a jmp_buf, rotated, and mixed with a word of the thread's.
 */
#include "hook/real.h"
#include "record/record.h"

#include <setjmp.h>

#define STACK_POINTER 6
#define ROTATED_BY 17

static uintptr_t stack_pointer_of(const struct __jmp_buf_tag *env)
{
    uintptr_t word = (uintptr_t)env->__jmpbuf[STACK_POINTER], mixed_with;

    __asm__("mov %%fs:0x30, %0" : "=r"(mixed_with));
    return (word >> ROTATED_BY | word << (64 - ROTATED_BY)) ^ mixed_with;
}

HOOK void longjmp(struct __jmp_buf_tag env[1], int value)
{
    record_jump(stack_pointer_of(env));
    real_longjmp(env, value);
    __builtin_unreachable();
}

HOOK void _longjmp(struct __jmp_buf_tag env[1], int value)
{
    record_jump(stack_pointer_of(env));
    real__longjmp(env, value);
    __builtin_unreachable();
}

HOOK void siglongjmp(struct __jmp_buf_tag env[1], int value)
{
    record_jump(stack_pointer_of(env));
    real_siglongjmp(env, value);
    __builtin_unreachable();
}

HOOK void __longjmp_chk(struct __jmp_buf_tag env[1], int value)
{
    record_jump(stack_pointer_of(env));
    real___longjmp_chk(env, value);
    __builtin_unreachable();
}
