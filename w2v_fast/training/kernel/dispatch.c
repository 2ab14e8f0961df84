#include "dispatch.h"

#if defined(__x86_64__)
static const w2v_kernel *const kernels[] = {&w2v_kernel_avx512, &w2v_kernel_avx2, &w2v_kernel_base};
#else
static const w2v_kernel *const kernels[] = {&w2v_kernel_base};
#endif

int w2v_kernel_count(void) { return (int)(sizeof kernels / sizeof kernels[0]); }

const w2v_kernel *w2v_kernel_at(int i) { return kernels[i]; }

/* The compiler's test also asks whether the operating system saves the wide registers. */
int w2v_kernel_runs(int i)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (kernels[i] == &w2v_kernel_avx512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("fma");
    if (kernels[i] == &w2v_kernel_avx2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return i >= 0;
}

/* The widest that runs is the fastest, also where the CPU splits it in two (Zen 4). */
int w2v_kernel_best(void)
{
    int best = 0;
    while (!w2v_kernel_runs(best))
        best++;
    return best;
}
