/*
 * The first call of each hooked function: one pointer and one stub per row of symbols.def.
 *
 * A stub names its row and goes to the common part, which saves the six argument registers (and al, the count of vector
 * registers of a variadic call; no hooked function takes a floating-point argument), asks real_resolve(row) for the function,
 * and jumps to it with everything as it was.
 */
        .text
        .p2align 4
        .type   bootstrap, @function
bootstrap:
        .cfi_startproc
        .cfi_def_cfa_offset 16          /* the row's number lies above the return address */
        pushq   %rdi
        .cfi_adjust_cfa_offset 8
        pushq   %rsi
        .cfi_adjust_cfa_offset 8
        pushq   %rdx
        .cfi_adjust_cfa_offset 8
        pushq   %rcx
        .cfi_adjust_cfa_offset 8
        pushq   %r8
        .cfi_adjust_cfa_offset 8
        pushq   %r9
        .cfi_adjust_cfa_offset 8
        pushq   %rax
        .cfi_adjust_cfa_offset 8
        subq    $8, %rsp                /* for the alignment that calls need */
        .cfi_adjust_cfa_offset 8
        movl    64(%rsp), %edi
        call    real_resolve
        movq    %rax, %r11
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        popq    %rax
        .cfi_adjust_cfa_offset -8
        popq    %r9
        .cfi_adjust_cfa_offset -8
        popq    %r8
        .cfi_adjust_cfa_offset -8
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        popq    %rdx
        .cfi_adjust_cfa_offset -8
        popq    %rsi
        .cfi_adjust_cfa_offset -8
        popq    %rdi
        .cfi_adjust_cfa_offset -8
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        jmp     *%r11
        .cfi_endproc
        .size   bootstrap, . - bootstrap

        .set    row, 0

        .macro  symbol name
        .text
        .p2align 4
        .type   bootstrap_\name, @function
bootstrap_\name:
        .cfi_startproc
        pushq   $row
        .cfi_adjust_cfa_offset 8
        jmp     bootstrap
        .cfi_endproc
        .size   bootstrap_\name, . - bootstrap_\name

        .section .data.rel.local, "aw"
        .p2align 3
        .globl  real_\name
        .hidden real_\name
        .type   real_\name, @object
        .size   real_\name, 8
real_\name:
        .quad   bootstrap_\name
        .set    row, row + 1
        .endm

#define SYMBOL(result, name, parameters) symbol name
#include "hook/symbols.def"

        .section .note.GNU-stack, "", @progbits
