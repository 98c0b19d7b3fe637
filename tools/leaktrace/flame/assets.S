/* The files of the page become strings of the command. */
.section .rodata

.macro asset name, files:vararg
    .globl \name
    .hidden \name
    .type \name, @object
\name:
    .irp file, \files
    .incbin "\file"
    .endr
    .byte 0
    .size \name, . - \name
.endm

asset flame_html, page.html
asset flame_css, page.css
asset flame_js, model.js, words.js, graph.js, table.js, page.js

.section .note.GNU-stack, "", @progbits
