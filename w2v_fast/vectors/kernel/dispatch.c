#include <stddef.h>

#include "rounded.h"

const w2v_rounded_kernel *w2v_rounded_at(int i)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vnni") && i-- == 0)
        return &w2v_rounded_vnni;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && i == 0)
        return &w2v_rounded_avx2;
#endif
    return NULL;
}
