// The floor of a start-up measurement: a native C++ program, linked statically, that prints the same as the guest.
#include <cstdio>

int main() { std::puts("Hello, world!"); }
