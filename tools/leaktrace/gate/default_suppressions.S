/* The default list of suppressions, as it stands in default.supp. */
        .section .rodata
        .globl  leaktrace_default_suppressions
        .hidden leaktrace_default_suppressions
        .type   leaktrace_default_suppressions, @object
leaktrace_default_suppressions:
        .incbin "default.supp"
        .byte   0
        .size   leaktrace_default_suppressions, . - leaktrace_default_suppressions
        .section .note.GNU-stack, "", @progbits
