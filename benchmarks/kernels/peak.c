/* The peak of multiplications and additions of a core: independent chains in registers only.
 *
 * peak_ISA(rounds, x) does FLOPS_ISA floating-point operations a round. With fused multiply-add a
 * chain is a = a * x + y; SSE2 has none, so half of its chains multiply and half add. Enough chains
 * hide the latency; all fit into the registers. */

#define LANES(vec) ((int)(sizeof(vec) / sizeof(float)))
#define EVERY_CHAIN _Pragma("GCC unroll 16") for (int k = 0; k < chains; k++)

#define DEFINE_PEAK(isa, attributes, vec, chain_count, operation, operations)   \
    int flops_##isa(void) { return LANES(vec) * (chain_count) * (operations); } \
    attributes float peak_##isa(long rounds, float start)                       \
    {                                                                           \
        enum { chains = chain_count };                                          \
        vec a[chains], sum = {0};                                               \
        vec x = (1 - start * 1e-7f) - sum, y = start * 1e-7f + sum;             \
        EVERY_CHAIN a[k] = x * (float)(k + 1);                                  \
        for (long round = 0; round < rounds; round++)                           \
            EVERY_CHAIN a[k] = operation;                                       \
        EVERY_CHAIN sum += a[k];                                                \
        return sum[0];                                                          \
    }

typedef float vec4 __attribute__((vector_size(16)));
typedef float vec8 __attribute__((vector_size(32)));
typedef float vec16 __attribute__((vector_size(64)));

#if defined(__x86_64__)
DEFINE_PEAK(base, , vec4, 14, (k & 1) ? a[k] * x : a[k] + y, 1)
DEFINE_PEAK(avx2, __attribute__((target("avx2,fma"))), vec8, 12, a[k] * x + y, 2)
DEFINE_PEAK(avx512, __attribute__((target("avx512f"))), vec16, 16, a[k] * x + y, 2)
#else
DEFINE_PEAK(base, , vec4, 16, a[k] * x + y, 2)
#endif
