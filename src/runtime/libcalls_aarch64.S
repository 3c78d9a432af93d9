// As libcalls_x86_64.S; the registers come in x3.
#if defined(__aarch64__)
.macro  throwing name
        .globl  wherry_libcall_\name
        .hidden wherry_libcall_\name
        .type   wherry_libcall_\name, %function
        .p2align 4
wherry_libcall_\name:
        .cfi_startproc
        mov     x9, sp
        sub     sp, sp, #176
        .cfi_adjust_cfa_offset 176
        stp     x19, x20, [sp]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        .cfi_offset w30, -88
        str     x9, [sp, #96]
        stp     d8, d9, [sp, #112]
        stp     d10, d11, [sp, #128]
        stp     d12, d13, [sp, #144]
        stp     d14, d15, [sp, #160]
        mov     x3, sp
        bl      wherry_\name
        brk     #1
        .cfi_endproc
        .size   wherry_libcall_\name, . - wherry_libcall_\name
.endm

        .text
        throwing raise
        throwing throw_tag
        throwing throw_ref
#endif
        .section .note.GNU-stack, "", %progbits
