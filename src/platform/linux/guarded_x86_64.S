// uint32_t wherry_call_guarded(uint32_t (*function)(void*, void*), void* first, void* second, Activation* activation)
//
// Saves what a function must preserve, notes the stack pointer in activation->stack_pointer, and calls. The signal handler
// resumes an aborted call at wherry_guarded_landing with that stack pointer and the result in eax; everything else is
// restored here.
#if defined(__x86_64__)
        .text
        .globl  wherry_call_guarded
        .hidden wherry_call_guarded
        .type   wherry_call_guarded, @function
        .p2align 4
wherry_call_guarded:
        .cfi_startproc
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r15, 0
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        movq    %rsp, (%rcx)
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        callq   *%rax
        .globl  wherry_guarded_landing
        .hidden wherry_guarded_landing
wherry_guarded_landing:
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbp
        retq
        .cfi_endproc
        .size   wherry_call_guarded, . - wherry_call_guarded

// void wherry_land(uint32_t result, uintptr_t stack_pointer): what the signal handler does, for code that calls.
        .globl  wherry_land
        .hidden wherry_land
        .type   wherry_land, @function
        .p2align 4
wherry_land:
        movl    %edi, %eax
        movq    %rsi, %rsp
        jmp     wherry_guarded_landing
        .size   wherry_land, . - wherry_land
#endif
        .section .note.GNU-stack, "", @progbits
