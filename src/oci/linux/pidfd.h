// glibc 2.36's header forgets that it may be read by C++.
#pragma once

extern "C" {
#include <sys/pidfd.h>
}
