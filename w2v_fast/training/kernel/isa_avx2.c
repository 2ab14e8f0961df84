/* AVX2 and FMA: Intel since Haswell (2013), AMD since Zen (2017). */
#if defined(__x86_64__)
#define ISA avx2
#define LANES 8
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,prfchw"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,prfchw")
#endif
#include "isa.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
