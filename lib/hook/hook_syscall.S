/*
 * The hook of syscall(). It may return twice, or on another stack (clone by hand), so it goes to the real one with everything as it
 * was; hook_syscall_comes() is told before, with the first arguments, of those calls that leaktrace must not be surprised by.
 */
        .set    exit_number, 60
        .set    prctl_number, 157
        .set    seccomp_number, 317

        .text
        .p2align 4
        .globl  syscall
        .type   syscall, @function
syscall:
        .cfi_startproc
        cmpq    $exit_number, %rdi
        je      tell
        cmpq    $prctl_number, %rdi
        je      tell
        cmpq    $seccomp_number, %rdi
        je      tell
        jmp     *real_syscall(%rip)
tell:
        .irp    register, rdi, rsi, rdx, rcx, r8, r9
        pushq   %\register
        .cfi_adjust_cfa_offset 8
        .endr
        subq    $8, %rsp                /* for the alignment that calls need */
        .cfi_adjust_cfa_offset 8
        call    hook_syscall_comes
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        .irp    register, r9, r8, rcx, rdx, rsi, rdi
        popq    %\register
        .cfi_adjust_cfa_offset -8
        .endr
        jmp     *real_syscall(%rip)
        .cfi_endproc
        .size   syscall, . - syscall

        .section .note.GNU-stack, "", @progbits
