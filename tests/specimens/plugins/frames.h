/* The code of plugins that differ in their frames: in each, plugin_frames() and plugin_inner(), which it calls and which calls
   malloc, lie at the same addresses. Written by hand, with its unwind table. */
#define STRING(text) #text
#define FUNCTION(name, room, before, called)                                                                                   \
    __asm__(".text\n.p2align 4\n.globl " name "\n.type " name ", @function\n" name ":\n"                                       \
            ".cfi_startproc\n"                                                                                                 \
            "sub $" STRING(room) ", %rsp\n"                                                                                    \
            ".cfi_adjust_cfa_offset " STRING(room) "\n" before                                                                 \
            "call " called "@PLT\n"                                                                                            \
            "add $" STRING(room) ", %rsp\n"                                                                                    \
            ".cfi_adjust_cfa_offset -" STRING(room) "\n"                                                                       \
            "ret\n"                                                                                                            \
            ".cfi_endproc\n.size " name ", . - " name "\n")

/* For iconv_open(), which loads what is named in a file gconv-modules, and calls this. */
#define CONVERTER                                                                                                              \
    __asm__(".text\n.globl gconv\n.globl gconv_init\n.type gconv_init, @function\ngconv:\ngconv_init:\n"                       \
            ".cfi_startproc\n"                                                                                                 \
            "sub $8, %rsp\n"                                                                                                   \
            ".cfi_adjust_cfa_offset 8\n"                                                                                       \
            "mov $33, %edi\n"                                                                                                  \
            "call plugin_frames@PLT\n"                                                                                         \
            "xor %eax, %eax\n"                                                                                                 \
            "add $8, %rsp\n"                                                                                                   \
            ".cfi_adjust_cfa_offset -8\n"                                                                                      \
            "ret\n"                                                                                                            \
            ".cfi_endproc\n.size gconv_init, . - gconv_init\n")
