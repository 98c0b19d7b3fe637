/* The code of plugins that differ in their frames alone: in each, plugin_frames() and what it calls lie at the same addresses and
   return to the same ones, but what they return to is ROOM bytes out. Written by hand, with its unwind table. */
#define STRING(text) #text
#define FUNCTION(name, called, room)                                                                                           \
    __asm__(".text\n.p2align 4\n.globl " name "\n.type " name ", @function\n" name ":\n"                                      \
            ".cfi_startproc\n"                                                                                                 \
            "sub $" STRING(room) ", %rsp\n"                                                                                    \
            ".cfi_adjust_cfa_offset " STRING(room) "\n"                                                                        \
            "call " called "@PLT\n"                                                                                            \
            "add $" STRING(room) ", %rsp\n"                                                                                    \
            ".cfi_adjust_cfa_offset -" STRING(room) "\n"                                                                       \
            "ret\n"                                                                                                            \
            ".cfi_endproc\n.size " name ", . - " name "\n")
#define PLUGIN(outer, inner) FUNCTION("plugin_frames", "plugin_inner", outer); FUNCTION("plugin_inner", "malloc", inner)
