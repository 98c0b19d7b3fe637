/*
 * The hooks of vfork and clone. A child of vfork runs on the parent's stack, so nothing may be pushed that is needed behind the
 * real call: they only note that there can be such children, and go there.
 *
 * A child that shares the memory, but not the descriptors, must not be recorded when it changes these. To ask the kernel whose
 * child one is takes a fifth of the time of an open and a close; processes that never call these functions need not ask.
 */
        .macro  hook name
        .text
        .p2align 4
        .globl  \name
        .type   \name, @function
\name:
        .cfi_startproc
        movb    $1, record_has_vforked(%rip)
        jmp     *real_\name(%rip)
        .cfi_endproc
        .size   \name, . - \name
        .endm

        hook    vfork
        hook    clone

        .section .note.GNU-stack, "", @progbits
