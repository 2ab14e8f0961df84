/* AVX-512 (F, VL, DQ, BW): Intel servers since Skylake (2017), AMD since Zen 4 (2022). */
#if defined(__x86_64__)
#define ISA avx512
#define LANES 16
#if defined(__clang__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,fma,prfchw"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,fma,prfchw")
#endif
#include "isa.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
