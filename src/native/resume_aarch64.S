// As resume_x86_64.S.
#if defined(__aarch64__)
        .text
        .globl  wherry_resume
        .hidden wherry_resume
        .type   wherry_resume, %function
        .p2align 4
wherry_resume:
        ldp     x19, x20, [x0]
        ldp     x21, x22, [x0, #16]
        ldp     x23, x24, [x0, #32]
        ldp     x25, x26, [x0, #48]
        ldp     x27, x28, [x0, #64]
        ldp     x29, x9, [x0, #80]
        ldr     x10, [x0, #96]
        ldp     d8, d9, [x0, #112]
        ldp     d10, d11, [x0, #128]
        ldp     d12, d13, [x0, #144]
        ldp     d14, d15, [x0, #160]
        mov     sp, x10
        br      x9
        .size   wherry_resume, . - wherry_resume
#endif
        .section .note.GNU-stack, "", %progbits
