// uint32_t wherry_call_guarded(uint32_t (*function)(void*, void*), void* first, void* second, Activation* activation)
//
// As guarded_x86_64.S; the result of an aborted call comes in w0.
#if defined(__aarch64__)
        .text
        .globl  wherry_call_guarded
        .hidden wherry_call_guarded
        .type   wherry_call_guarded, %function
        .p2align 4
wherry_call_guarded:
        .cfi_startproc
        stp     x29, x30, [sp, #-160]!
        .cfi_def_cfa_offset 160
        .cfi_offset w29, -160
        .cfi_offset w30, -152
        mov     x29, sp
        .cfi_def_cfa w29, 160
        stp     x19, x20, [sp, #16]
        .cfi_offset w19, -144
        .cfi_offset w20, -136
        stp     x21, x22, [sp, #32]
        .cfi_offset w21, -128
        .cfi_offset w22, -120
        stp     x23, x24, [sp, #48]
        .cfi_offset w23, -112
        .cfi_offset w24, -104
        stp     x25, x26, [sp, #64]
        .cfi_offset w25, -96
        .cfi_offset w26, -88
        stp     x27, x28, [sp, #80]
        .cfi_offset w27, -80
        .cfi_offset w28, -72
        stp     d8, d9, [sp, #96]
        .cfi_offset b8, -64
        .cfi_offset b9, -56
        stp     d10, d11, [sp, #112]
        .cfi_offset b10, -48
        .cfi_offset b11, -40
        stp     d12, d13, [sp, #128]
        .cfi_offset b12, -32
        .cfi_offset b13, -24
        stp     d14, d15, [sp, #144]
        .cfi_offset b14, -16
        .cfi_offset b15, -8
        mov     x9, sp
        str     x9, [x3]
        mov     x9, x0
        mov     x0, x1
        mov     x1, x2
        blr     x9
        .globl  wherry_guarded_landing
        .hidden wherry_guarded_landing
wherry_guarded_landing:
        // The frame is found from sp: after an abort x29 may hold anything.
        .cfi_def_cfa wsp, 160
        ldp     d14, d15, [sp, #144]
        ldp     d12, d13, [sp, #128]
        ldp     d10, d11, [sp, #112]
        ldp     d8, d9, [sp, #96]
        ldp     x27, x28, [sp, #80]
        ldp     x25, x26, [sp, #64]
        ldp     x23, x24, [sp, #48]
        ldp     x21, x22, [sp, #32]
        ldp     x19, x20, [sp, #16]
        ldp     x29, x30, [sp], #160
        .cfi_def_cfa_offset 0
        .cfi_restore w29
        .cfi_restore w30
        ret
        .cfi_endproc
        .size   wherry_call_guarded, . - wherry_call_guarded

// void wherry_land(uint32_t result, uintptr_t stack_pointer): as in guarded_x86_64.S.
        .globl  wherry_land
        .hidden wherry_land
        .type   wherry_land, %function
        .p2align 4
wherry_land:
        mov     sp, x1
        b       wherry_guarded_landing
        .size   wherry_land, . - wherry_land
#endif
        .section .note.GNU-stack, "", %progbits
