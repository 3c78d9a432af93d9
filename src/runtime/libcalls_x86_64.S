// Libcalls that throw: each calls a C++ function with its own arguments and the registers that a function must preserve
// (runtime::ThrowRegisters) in rcx.
#if defined(__x86_64__)
.macro  throwing name
        .globl  wherry_libcall_\name
        .hidden wherry_libcall_\name
        .type   wherry_libcall_\name, @function
        .p2align 4
wherry_libcall_\name:
        .cfi_startproc
        leaq    8(%rsp), %rax
        pushq   (%rsp)
        pushq   %rax
        pushq   %r15
        pushq   %r14
        pushq   %r13
        pushq   %r12
        pushq   %rbp
        pushq   %rbx
        .cfi_adjust_cfa_offset 64
        movq    %rsp, %rcx
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        callq   wherry_\name
        ud2
        .cfi_endproc
        .size   wherry_libcall_\name, . - wherry_libcall_\name
.endm

        .text
        throwing raise
        throwing throw_tag
        throwing throw_ref
#endif
        .section .note.GNU-stack, "", @progbits
