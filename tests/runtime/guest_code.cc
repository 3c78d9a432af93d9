#include "guest_code.h"

#define WHERRY_GUEST [[gnu::naked, gnu::section("wherry_test_guest"), gnu::noinline, gnu::used]]

namespace wherry::platform::testing {

#if defined(__x86_64__)
WHERRY_GUEST uint32_t guest_load(void*) { asm("movzbl (%rdi), %eax\n ret"); }
WHERRY_GUEST uint32_t guest_spin(void*) { asm("1: jmp 1b"); }
WHERRY_GUEST uint32_t guest_clobber_and_load(void*) {
  asm("xorl %ebx, %ebx\n xorl %ebp, %ebp\n xorl %r12d, %r12d\n xorl %r13d, %r13d\n xorl %r14d, %r14d\n"
      "movl $0x1234, %r15d\n std\n movzbl (%rdi), %eax\n ud2");
}
WHERRY_GUEST uint32_t guest_call_host(void*) {
  asm("movq (%rdi), %rax\n movq 8(%rdi), %rdi\n subq $8, %rsp\n callq *%rax\n addq $8, %rsp\n movl $7, %eax\n ret");
}
#elif defined(__aarch64__)
WHERRY_GUEST uint32_t guest_load(void*) { asm("ldrb w0, [x0]\n ret"); }
WHERRY_GUEST uint32_t guest_spin(void*) { asm("1: b 1b"); }
WHERRY_GUEST uint32_t guest_clobber_and_load(void*) {
  asm("mov x19, #0\n mov x20, #0\n mov x21, #0\n mov x22, #0\n mov x23, #0\n mov x24, #0\n mov x25, #0\n mov x26, #0\n"
      "mov x27, #0\n mov x28, #0x1234\n mov x29, #0\n mov x30, #0\n fmov d8, xzr\n fmov d15, xzr\n ldrb w0, [x0]\n"
      "brk #0");
}
WHERRY_GUEST uint32_t guest_call_host(void*) {
  asm("stp x29, x30, [sp, #-16]!\n ldr x9, [x0]\n ldr x0, [x0, #8]\n blr x9\n mov w0, #7\n ldp x29, x30, [sp], #16\n"
      "ret");
}
#endif

}  // namespace wherry::platform::testing
