// void wherry_resume(const ThrowRegisters* registers): goes on at registers->pc with these registers.
#if defined(__x86_64__)
        .text
        .globl  wherry_resume
        .hidden wherry_resume
        .type   wherry_resume, @function
        .p2align 4
wherry_resume:
        movq    56(%rdi), %rax  // The registers may lie where a signal handler's frame goes once rsp is set.
        movq    0(%rdi), %rbx
        movq    8(%rdi), %rbp
        movq    16(%rdi), %r12
        movq    24(%rdi), %r13
        movq    32(%rdi), %r14
        movq    40(%rdi), %r15
        movq    48(%rdi), %rsp
        jmpq    *%rax
        .size   wherry_resume, . - wherry_resume
#endif
        .section .note.GNU-stack, "", @progbits
