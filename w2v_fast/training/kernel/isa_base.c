/* The baseline every CPU of the architecture has: SSE2 on x86-64, NEON on AArch64. */
#define ISA base
#define LANES 4
#include "isa.h"
